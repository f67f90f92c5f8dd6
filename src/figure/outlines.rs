//! Texts as outlines.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use resvg::usvg::{self, tiny_skia_path::PathSegment};

use super::{
    FigureError,
    svg_text::escape,
    text::{FONT_FAMILY, FONT_WEIGHT, svg_options},
};

/// Units of an outline in an em.
pub(super) const UNITS: f64 = 1000.0;

/// A text's outline, from the start of its baseline, in thousandths of an em.
pub(super) struct Outline {
    /// As in an SVG path.
    pub path: String,
    pub width: f64,
}

/// The outline of each of the texts.
///
/// # Errors
/// When the renderer cannot read the texts.
pub(super) fn outlines<'a>(texts: impl Iterator<Item = &'a str>) -> Result<BTreeMap<&'a str, Outline>, FigureError> {
    let texts: BTreeSet<&str> = texts.collect();
    let mut source = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1' \
         font-family='{FONT_FAMILY}' font-weight='{FONT_WEIGHT}' font-size='{UNITS}'>"
    );
    for (index, text) in texts.iter().enumerate() {
        let _ = write!(source, "<text id='{index}' xml:space='preserve'>{}</text>", escape(text));
    }
    source.push_str("</svg>");
    let tree = usvg::Tree::from_str(&source, &svg_options())?;
    let outline = |(index, text): (usize, &'a str)| {
        let outline = match tree.node_by_id(&index.to_string()) {
            Some(usvg::Node::Text(text)) => {
                let mut path = String::new();
                trace(text.flattened(), &mut path);
                Outline { path, width: f64::from(text.bounding_box().width()) }
            }
            _ => Outline { path: String::new(), width: 0.0 },
        };
        (text, outline)
    };
    Ok(texts.into_iter().enumerate().map(outline).collect())
}

fn trace(group: &usvg::Group, out: &mut String) {
    for node in group.children() {
        match node {
            usvg::Node::Group(group) => trace(group, out),
            usvg::Node::Path(path) => {
                let Some(path) = path.data().clone().transform(path.abs_transform()) else { continue };
                for segment in path.segments() {
                    // Writing to a string cannot fail.
                    let _ = match segment {
                        PathSegment::MoveTo(p) => write!(out, "M{:.0} {:.0}", p.x, p.y),
                        PathSegment::LineTo(p) => write!(out, "L{:.0} {:.0}", p.x, p.y),
                        PathSegment::QuadTo(a, p) => write!(out, "Q{:.0} {:.0} {:.0} {:.0}", a.x, a.y, p.x, p.y),
                        PathSegment::CubicTo(a, b, p) => {
                            write!(out, "C{:.0} {:.0} {:.0} {:.0} {:.0} {:.0}", a.x, a.y, b.x, b.y, p.x, p.y)
                        }
                        PathSegment::Close => write!(out, "Z"),
                    };
                }
            }
            usvg::Node::Image(_) | usvg::Node::Text(_) => {}
        }
    }
}
