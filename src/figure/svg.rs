//! A resolved figure as SVG. Matches items exhaustively and decides nothing.

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{
    Anchor, Detail, Figure, FigureError, Heatmap, Item, Picture, Rect, Text, Turn, png,
    text::{FONT_FAMILY, FONT_WEIGHT},
};

/// What of a figure is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layers {
    /// Page, heatmaps and items.
    All,
    /// What lies above the heatmaps, on a transparent page.
    Items,
}

/// The figure as an SVG document. The same figure gives the same text.
///
/// # Errors
/// When a heatmap's picture cannot be encoded.
pub fn to_svg(figure: &Figure) -> Result<String, FigureError> {
    write(figure, Layers::All)
}

pub(super) fn write(figure: &Figure, layers: Layers) -> Result<String, FigureError> {
    let mut out = Svg(String::new());
    let (width, height) = (Number(figure.width), Number(figure.height));
    out.line(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}pt\" height=\"{height}pt\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FONT_FAMILY}\" font-weight=\"{FONT_WEIGHT}\">"
    ));
    if layers == Layers::All {
        out.line(format_args!("<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>", figure.ground));
        for heatmap in &figure.heatmaps {
            out.heatmap(heatmap)?;
        }
    }
    for item in &figure.items {
        out.item(item);
    }
    out.line(format_args!("</svg>"));
    Ok(out.0)
}

/// A document as it grows.
struct Svg(String);

impl Svg {
    fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{line}");
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

    fn text(&mut self, text: &Text) {
        let [x, y] = text.at.map(Number);
        let anchor = match text.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let place = match text.turn {
            Turn::Level => format!("x=\"{x}\" y=\"{y}\""),
            Turn::Upwards => format!("transform=\"translate({x} {y}) rotate(-90)\""),
        };
        self.line(format_args!(
            "<text {place} font-size=\"{}\" text-anchor=\"{anchor}\" fill=\"{}\" xml:space=\"preserve\">{}</text>",
            Number(text.size),
            text.color,
            escape(&text.text)
        ));
    }

    fn heatmap(&mut self, heatmap: &Heatmap) -> Result<(), FigureError> {
        let n_positions = heatmap.measure.n_positions();
        let picture = |side| heatmap.picture([side, side]);
        match heatmap.detail {
            Detail::Shapes => self.shapes(&picture(n_positions), heatmap.rect),
            Detail::Picture { side } => {
                let png = BASE64_STANDARD.encode(png::encode_picture(&picture(side))?);
                // The attribute for SVG 1.1 renderers, the style for browsers: cells keep their edges in both.
                self.line(format_args!(
                    "<image {} preserveAspectRatio=\"none\" image-rendering=\"optimizeSpeed\" \
                     style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{png}\"/>",
                    Place(heatmap.rect)
                ));
            }
        }
        Ok(())
    }

    /// One path for each colour, of runs of equal cells, in units of a cell.
    fn shapes(&mut self, picture: &Picture, rect: Rect) {
        let mut paths = BTreeMap::<_, String>::new();
        for y in 0..picture.height {
            let mut x = 0;
            while let Some(color) = picture.pixel(x, y) {
                let run = (x..picture.width).take_while(|&x| picture.pixel(x, y) == Some(color)).count();
                let _ = write!(paths.entry(color).or_default(), "M{x} {y}h{run}v1h-{run}z");
                x += run;
            }
        }
        let [across, down] = [(rect.width, picture.width), (rect.height, picture.height)]
            .map(|(length, cells)| length / cells.max(1) as f64);
        self.line(format_args!(
            "<g transform=\"translate({} {}) scale({across} {down})\" shape-rendering=\"crispEdges\">",
            Number(rect.x),
            Number(rect.y)
        ));
        for (color, path) in paths {
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

/// A text as XML; characters that XML cannot hold become U+FFFD, and ‖ two strokes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // Ubuntu Light lacks it, and for one missing glyph the renderer sets the whole text in the other font.
            '‖' => escaped.push_str("||"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            other => escaped.push(other),
        }
    }
    escaped
}
