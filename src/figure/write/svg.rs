//! A resolved figure as SVG. Matches items exhaustively and decides nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{
    color_runs::{Run, color_runs},
    picture_png::encode_picture,
};
use crate::{
    base::xml,
    figure::{
        Anchor, Detail, Figure, FigureError, HeatmapItem, Item, Picture, Rect, Text, TextMode,
        payload::xml_element,
        text::{
            fonts::{FONT_FAMILY, FONT_WEIGHT},
            outlines::{Outline, UNITS},
            shaping::printable,
            web_fonts::web_fonts,
        },
    },
};

/// What is written of a figure, and for whom.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// A file of its own.
    File(TextMode),
    /// What lies above the heatmaps, on a transparent page, for the renderer.
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
    let texts = || figure.items.iter().filter_map(Item::text).map(|text| text.text.as_str());
    let outlines = match medium {
        Medium::File(TextMode::Paths) => {
            texts().collect::<BTreeSet<_>>().into_iter().map(|text| (text, Outline::of(text))).collect()
        }
        Medium::File(TextMode::Embedded) | Medium::Items => BTreeMap::new(),
    };
    let mut out = Svg { out: String::new(), outlines, medium };
    let (width, height) = (Number(figure.width), Number(figure.height));
    out.line(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}pt\" height=\"{height}pt\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FONT_FAMILY}\" font-weight=\"{FONT_WEIGHT}\">"
    ));
    if let Some(payload) = payload {
        out.line(format_args!("<metadata>{}</metadata>", xml_element(payload)));
    }
    if medium == Medium::File(TextMode::Embedded) {
        out.fonts(texts())?;
    }
    out.define_outlines();
    if medium != Medium::Items {
        if let Some(ground) = figure.ground {
            out.line(format_args!("<rect width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>"));
        }
        for heatmap in &figure.heatmaps {
            out.heatmap(heatmap)?;
        }
    }
    for item in &figure.items {
        out.item(item);
    }
    out.line(format_args!("</svg>"));
    Ok(out.out)
}

/// A document as it grows.
struct Svg<'a> {
    out: String,
    /// Of all texts, where they are written as such.
    outlines: BTreeMap<&'a str, Outline>,
    medium: Medium,
}

impl Svg<'_> {
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
            Item::Text(text) => self.text(text),
        }
    }

    fn fonts<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> Result<(), FigureError> {
        self.line(format_args!("<style>"));
        for font in web_fonts(texts)? {
            self.line(format_args!(
                "@font-face{{font-family:{};font-weight:{};src:url(data:font/woff;base64,{}) format(\"woff\")}}",
                font.family,
                font.weight,
                BASE64_STANDARD.encode(&font.woff)
            ));
        }
        self.line(format_args!("</style>"));
        Ok(())
    }

    fn define_outlines(&mut self) {
        if self.outlines.is_empty() {
            return;
        }
        self.line(format_args!("<defs>"));
        let paths: Vec<String> = self.outlines.values().map(|outline| outline.path.clone()).collect();
        for (index, path) in paths.iter().enumerate() {
            self.line(format_args!("<path id=\"t{index}\" d=\"{path}\"/>"));
        }
        self.line(format_args!("</defs>"));
    }

    fn text(&mut self, text: &Text) {
        match self.medium {
            Medium::File(TextMode::Paths) => self.outlined(text),
            Medium::File(TextMode::Embedded) | Medium::Items => self.spelled(text),
        }
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
        self.line(format_args!(
            "<text {place} font-size=\"{}\" text-anchor=\"{anchor}\" fill=\"{}\" xml:space=\"preserve\">{}</text>",
            Number(text.size),
            text.color,
            escape(&printable(&text.text))
        ));
    }

    fn outlined(&mut self, text: &Text) {
        let Some((index, outline)) =
            self.outlines.iter().enumerate().find(|(_, (words, _))| **words == text.text).map(|(i, (_, o))| (i, o))
        else {
            return;
        };
        let start = 0.0 - text.anchor.part() * outline.width;
        let [x, y] = text.at.map(Number);
        let turn = match text.turn.degrees() {
            0 => String::new(),
            degrees => format!(" rotate({degrees})"),
        };
        let scale = text.size / UNITS;
        self.line(format_args!(
            "<use href=\"#t{index}\" transform=\"translate({x} {y}){turn} scale({scale}) translate({} 0)\" fill=\"{}\"/>",
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
             style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{png}\"/>",
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
