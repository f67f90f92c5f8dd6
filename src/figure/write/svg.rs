//! A resolved figure as SVG. Matches items exhaustively and decides nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use rustybuzz::ttf_parser::GlyphId;

use super::{
    color_runs::{Run, color_runs},
    picture_png::encode_picture,
};
use crate::{
    base::xml,
    figure::{
        Anchor, Detail, Figure, FigureError, HeatmapItem, Item, Picture, Rect, Text, TextMode,
        payload::{XML_NAMESPACE, xml_element},
        text::{
            fonts::Font,
            outlines::{UNITS, outline, svg_path},
            shaping::{Line, one_line, shape},
        },
    },
};

/// What is written of a figure, and for whom.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// A file of its own.
    File(TextMode),
    /// What lies above the heatmaps but for texts, on a transparent page, for the renderer.
    Items,
}

/// The figure as an SVG document, with the session that it shows as `payload` (see [`payload`](crate::figure::payload)). The same
/// figure gives the same text.
///
/// # Errors
/// When a heatmap's picture cannot be encoded, or a font is damaged.
pub fn to_svg(figure: &Figure, text: TextMode, payload: Option<&str>) -> Result<String, FigureError> {
    write(figure, Medium::File(text), payload)
}

pub fn write(figure: &Figure, medium: Medium, payload: Option<&str>) -> Result<String, FigureError> {
    let mut out = Svg { out: String::new(), lines: BTreeMap::new(), glyphs: BTreeMap::new() };
    let (width, height) = (Number(figure.width), Number(figure.height));
    out.line(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{width}pt\" height=\"{height}pt\" \
         viewBox=\"0 0 {width} {height}\">"
    ));
    if medium != Medium::Items {
        out.metadata(figure, payload);
    }
    if medium != Medium::Items {
        out.define_texts(figure);
    }
    if medium != Medium::Items {
        if let Some(ground) = figure.ground {
            out.line(format_args!("<rect width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>"));
        }
        for heatmap in &figure.heatmaps {
            out.heatmap(heatmap)?;
        }
    }
    for item in &figure.items {
        match item {
            // The renderer draws them by itself.
            Item::Text(_) if medium == Medium::Items => {}
            item => out.item(item),
        }
    }
    if medium == Medium::File(TextMode::Embedded) {
        out.words(figure);
    }
    out.line(format_args!("</svg>"));
    Ok(out.out)
}

/// A document as it grows. Its references are `xlink:href`, which every program reads: Inkscape 1.2 knows no `href`.
struct Svg<'a> {
    out: String,
    /// All texts, which are defined in this order.
    lines: BTreeMap<&'a str, Line>,
    /// Their glyphs, as they are numbered.
    glyphs: BTreeMap<(Font, u16), usize>,
}

impl<'a> Svg<'a> {
    fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "{line}");
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Rect { rect, fill } => {
                self.line(format_args!("<rect {} fill=\"{fill}\" shape-rendering=\"crispEdges\"/>", Place(*rect)));
            }
            Item::Triangle { corners, fill } => {
                let [a, b, c] = corners.map(|[x, y]| format!("{},{}", Number(x), Number(y)));
                self.line(format_args!("<polygon points=\"{a} {b} {c}\" fill=\"{fill}\"/>"));
            }
            Item::Frame { rect, width, color } => self.line(format_args!(
                "<rect {} fill=\"none\" stroke=\"{color}\" stroke-width=\"{}\"/>",
                Place(*rect),
                Number(*width)
            )),
            Item::Line { from, to, width, color } => self.line(format_args!(
                "<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{color}\" stroke-width=\"{}\"/>",
                Number(from[0]),
                Number(from[1]),
                Number(to[0]),
                Number(to[1]),
                Number(*width)
            )),
            Item::Text(text) => self.outlined(text),
        }
    }

    /// The session, and which fonts of the machine the figure is drawn with.
    fn metadata(&mut self, figure: &Figure, payload: Option<&str>) {
        let session = payload.map(xml_element).unwrap_or_default();
        let fonts = figure.machine_fonts().into_iter().collect::<Vec<_>>().join(", ");
        let fonts = if fonts.is_empty() {
            String::new()
        } else {
            format!("<attenuate:fonts xmlns:attenuate=\"{XML_NAMESPACE}\">{}</attenuate:fonts>", escape(&fonts))
        };
        if !session.is_empty() || !fonts.is_empty() {
            self.line(format_args!("<metadata>{session}{fonts}</metadata>"));
        }
    }

    /// Every glyph, and every text as glyphs beside each other, once.
    fn define_texts(&mut self, figure: &'a Figure) {
        let texts: BTreeSet<&str> = figure.texts().map(|text| text.text.as_str()).collect();
        if texts.is_empty() {
            return;
        }
        let lines = texts.into_iter().map(|text| (text, shape(&one_line(text), &figure.fonts)));
        self.lines = lines.collect();
        let glyphs: BTreeSet<(Font, u16)> =
            self.lines.values().flat_map(|line| &line.glyphs).map(|glyph| (glyph.font, glyph.id.0)).collect();
        self.line(format_args!("<defs>"));
        for (font, id) in glyphs {
            let steps = outline(font, GlyphId(id));
            if !steps.is_empty() {
                let number = self.glyphs.len();
                self.glyphs.insert((font, id), number);
                self.line(format_args!("<path id=\"g{number}\" d=\"{}\"/>", svg_path(&steps)));
            }
        }
        let texts: Vec<String> = self.lines.values().map(|line| self.text_of_glyphs(line)).collect();
        for (number, text) in texts.into_iter().enumerate() {
            self.line(format_args!("<g id=\"t{number}\">{text}</g>"));
        }
        self.line(format_args!("</defs>"));
    }

    fn text_of_glyphs(&self, line: &Line) -> String {
        let mut text = String::new();
        for glyph in &line.glyphs {
            let Some(number) = self.glyphs.get(&(glyph.font, glyph.id.0)) else { continue };
            let [x, y] = [glyph.x + glyph.offset[0], 0.0 - glyph.offset[1]].map(|em| Number(em * UNITS));
            // Writing to a string cannot fail.
            let _ = write!(text, "<use xlink:href=\"#g{number}\" x=\"{x}\"");
            let _ = if glyph.offset[1] == 0.0 { write!(text, "/>") } else { write!(text, " y=\"{y}\"/>") };
        }
        text
    }

    /// The texts as such over their outlines, unseen: to be searched, selected and read aloud. No program draws them,
    /// since each would draw them with a font of its own.
    fn words(&mut self, figure: &Figure) {
        let [family, weight] = figure.fonts.face().css();
        self.line(format_args!("<g fill-opacity=\"0\" font-family=\"{family}\" font-weight=\"{weight}\">"));
        for text in figure.texts() {
            self.spelled(text);
        }
        self.line(format_args!("</g>"));
    }

    fn spelled(&mut self, text: &Text) {
        let [x, y] = text.at.map(Number);
        let anchor = match text.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let place = match text.turn.degrees() {
            0 => format!("x=\"{x}\" y=\"{y}\""),
            degrees => format!("transform=\"translate({x} {y}) rotate({degrees})\""),
        };
        let length = self.lines.get(text.text.as_str()).map_or(0.0, |line| line.advance * text.size);
        let length = Number(length);
        self.line(format_args!(
            "<text {place} font-size=\"{}\" text-anchor=\"{anchor}\" textLength=\"{length}\" \
             lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\">{}</text>",
            Number(text.size),
            escape(&one_line(&text.text))
        ));
    }

    fn outlined(&mut self, text: &Text) {
        let mut lines = self.lines.iter().enumerate();
        let Some((index, advance)) =
            lines.find(|(_, (words, _))| **words == text.text).map(|(index, (_, line))| (index, line.advance))
        else {
            return;
        };
        let start = 0.0 - text.anchor.part() * advance * UNITS;
        let [x, y] = text.at.map(Number);
        let turn = match text.turn.degrees() {
            0 => String::new(),
            degrees => format!(" rotate({degrees})"),
        };
        let scale = text.size / UNITS;
        self.line(format_args!(
            "<use xlink:href=\"#t{index}\" transform=\"translate({x} {y}){turn} scale({scale}) translate({} 0)\" fill=\"{}\"/>",
            Number(start),
            text.color
        ));
    }

    fn heatmap(&mut self, heatmap: &HeatmapItem) -> Result<(), FigureError> {
        let n_positions = heatmap.measure.n_positions();
        match heatmap.detail {
            Detail::Shapes => self.shapes(&heatmap.picture([n_positions; 2]), heatmap.rect),
            Detail::Picture { side } => self.image(&heatmap.picture([side; 2]), heatmap.rect)?,
        }
        Ok(())
    }

    fn image(&mut self, picture: &Picture, rect: Rect) -> Result<(), FigureError> {
        let png = BASE64_STANDARD.encode(encode_picture(picture)?);
        // The attribute for SVG 1.1 renderers, the style for browsers: cells keep their edges in both.
        self.line(format_args!(
            "<image {} preserveAspectRatio=\"none\" image-rendering=\"optimizeSpeed\" \
             style=\"image-rendering:pixelated\" xlink:href=\"data:image/png;base64,{png}\"/>",
            Place(rect)
        ));
        Ok(())
    }

    /// One path for each colour, of runs of equal cells, in units of a cell.
    fn shapes(&mut self, picture: &Picture, rect: Rect) {
        let [across, down] = [(rect.width, picture.width), (rect.height, picture.height)]
            .map(|(length, cells)| length / cells.max(1) as f64);
        self.line(format_args!(
            "<g transform=\"translate({} {}) scale({across} {down})\" shape-rendering=\"crispEdges\">",
            Number(rect.x),
            Number(rect.y)
        ));
        for (color, runs) in color_runs(picture) {
            let mut path = String::new();
            for Run { x, y, width } in runs {
                // Writing to a string cannot fail.
                let _ = write!(path, "M{x} {y}h{width}v1h-{width}z");
            }
            self.line(format_args!("<path fill=\"{color}\" d=\"{path}\"/>"));
        }
        self.line(format_args!("</g>"));
    }
}

/// The attributes of a rectangle.
struct Place(Rect);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rect { x, y, width, height } = self.0;
        let [x, y, width, height] = [x, y, width, height].map(Number);
        write!(f, "x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
    }
}

/// Thousandths of a point, without trailing zeros.
#[derive(Clone, Copy)]
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.3}", self.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// A text as XML; characters that XML cannot hold become U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    xml::push_text(&mut escaped, text, |escaped, _| escaped.push(char::REPLACEMENT_CHARACTER));
    escaped
}
