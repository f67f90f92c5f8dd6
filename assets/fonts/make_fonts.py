"""Makes sans.ttf and serif.ttf of Liberation Sans and Liberation Serif 2.1.5 (Debian's fonts-liberation2).

    python make_fonts.py /usr/share/fonts/truetype/liberation2

Needs fonttools. Kept are Latin, Greek, Cyrillic, punctuation and mathematics, without hinting; added are the superscript
minus and zero that both lack, of their own minus and zero. As their licence asks, the results have names of their own.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.misc.transform import Transform
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

KEPT = [
    (0x20, 0x7E), (0xA0, 0x24F), (0x250, 0x2AF), (0x2B0, 0x2FF), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x52F),
    (0x1E00, 0x1EFF), (0x1F00, 0x1FFF), (0x2010, 0x205F), (0x2070, 0x209C), (0x20A0, 0x20BF), (0x2100, 0x214F),
    (0x2150, 0x218F), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2300, 0x23FF), (0x25A0, 0x25FF), (0xFB00, 0xFB06),
    (0xFFFD, 0xFFFD),
]
SUPERSCRIPTS = {0x207B: 0x2212, 0x2070: 0x30}


def raised(font, source, target):
    """Adds a glyph: `source` as small and as high as the superscript four is beside the four."""
    glyphs, cmap = font.getGlyphSet(), font.getBestCmap()
    glyf, metrics = font["glyf"], font["hmtx"]
    four, small = glyf[cmap[0x34]], glyf[cmap[0x2074]]
    scale = (small.yMax - small.yMin) / (four.yMax - four.yMin)
    lift = small.yMin - scale * four.yMin
    pen = TTGlyphPen(None)
    glyphs[cmap[source]].draw(TransformPen(pen, Transform(scale, 0, 0, scale, 0, lift)))
    name = f"uni{target:04X}"
    glyph = pen.glyph()
    glyf[name] = glyph
    glyph.recalcBounds(glyf)
    width = round(scale * metrics[cmap[source]][0])
    metrics[name] = (width, getattr(glyph, "xMin", 0))
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[target] = name


def make(path, name, to):
    font = TTFont(path)
    for target, source in SUPERSCRIPTS.items():
        raised(font, source, target)
    options = subset.Options()
    options.hinting = False
    options.layout_features = ["kern", "mark", "mkmk", "ccmp", "locl", "liga"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.name_languages = [0x409]
    options.drop_tables += ["FFTM", "DSIG", "PfEd", "LTSH", "VDMX", "hdmx", "gasp", "meta"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in KEPT for code in range(first, last + 1)])
    subsetter.subset(font)
    for number, text in {1: name, 2: "Regular", 3: f"{name} 2.1.5", 4: f"{name} Regular", 6: name.replace(" ", "") + "-Regular"}.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    font["name"].names = [record for record in font["name"].names if record.platformID == 3]
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(to)
    print(to, to.stat().st_size, len(font.getBestCmap()))


if __name__ == "__main__":
    folder, here = Path(sys.argv[1]), Path(__file__).parent
    make(folder / "LiberationSans-Regular.ttf", "Attenuate Sans", here / "sans.ttf")
    make(folder / "LiberationSerif-Regular.ttf", "Attenuate Serif", here / "serif.ttf")
