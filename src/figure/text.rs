//! The figure's fonts, and how wide a text is in them: as the renderer itself lays it out.

use std::{
    fmt::Write,
    sync::{Arc, LazyLock},
};

use resvg::usvg::{self, fontdb};

use super::{FigureError, svg_text::escape};

/// Fonts by preference, as in an SVG `font-family`: Ubuntu Light, and Hack for what it lacks.
pub(super) const FONT_FAMILY: &str = "Ubuntu, Hack, sans-serif";
pub(super) const FONT_WEIGHT: u16 = 300;

/// Extents of Ubuntu Light's printable ASCII in em: the tallest glyph above the baseline, the deepest below it.
pub(super) const ASCENT: f64 = 0.783;
pub(super) const DESCENT: f64 = 0.196;
/// From the baseline up to the middle between it and the top of a capital or a digit.
pub(super) const MIDDLE: f64 = 0.345;

/// What the renderer reads an SVG with: fonts from memory only, so that a figure looks the same everywhere.
pub(super) fn svg_options() -> usvg::Options<'static> {
    static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
        let mut fonts = fontdb::Database::new();
        for font in [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR] {
            fonts.load_font_source(fontdb::Source::Binary(Arc::new(font)));
        }
        Arc::new(fonts)
    });
    usvg::Options { fontdb: FONTS.clone(), font_family: "Ubuntu".to_owned(), ..usvg::Options::default() }
}

/// Width of each text in em. A text without a visible glyph is 0 wide.
///
/// # Errors
/// When the renderer cannot read the texts.
pub(super) fn widths(texts: &[&str]) -> Result<Vec<f64>, FigureError> {
    /// Large, so that no rounding of the renderer shows.
    const SIZE: f64 = 100.0;
    let mut source = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1' \
         font-family='{FONT_FAMILY}' font-weight='{FONT_WEIGHT}' font-size='{SIZE}'>"
    );
    for (index, text) in texts.iter().enumerate() {
        let _ = write!(source, "<text id='{index}' xml:space='preserve'>{}</text>", escape(text));
    }
    source.push_str("</svg>");
    let tree = usvg::Tree::from_str(&source, &svg_options())?;
    Ok((0..texts.len())
        .map(|index| match tree.node_by_id(&index.to_string()) {
            Some(usvg::Node::Text(text)) => f64::from(text.bounding_box().width()) / SIZE,
            _ => 0.0,
        })
        .collect())
}

/// Width of one text in em.
///
/// # Errors
/// When the renderer cannot read the text.
pub(super) fn width(text: &str) -> Result<f64, FigureError> {
    Ok(widths(&[text])?.iter().sum())
}

/// A text cut so that it and an ellipsis fit into `width` em; unchanged where it fits as it is.
///
/// # Errors
/// When the renderer cannot read the text.
pub(super) fn cut_to(text: &str, width: f64) -> Result<String, FigureError> {
    let mut text = text.to_owned();
    let mut kept = text.clone();
    while self::width(&text)? > width && !kept.is_empty() {
        kept.pop();
        text = format!("{}…", kept.trim_end());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_embedded_fonts() {
        let widths = widths(&["i", "W", "WW", "", "<|&'\"|>", "…", "ε", "a b"]).unwrap();
        assert!(widths[0] > 0.15 && widths[0] < 0.35, "{widths:?}");
        assert!(widths[1] > 0.75 && widths[1] < 1.0, "{widths:?}");
        // The font kerns this pair by 0.012 em.
        assert!((widths[2] - 2.0 * widths[1] - 0.012).abs() < 1e-3, "{widths:?}");
        assert_eq!(widths[3], 0.0);
        assert!(widths[4] > 1.0 && widths[5] > 0.3 && widths[6] > 0.3 && widths[7] > 1.0, "{widths:?}");
    }

    #[test]
    fn a_long_text_is_cut_with_an_ellipsis() {
        assert_eq!(cut_to("short", 10.0).unwrap(), "short");
        let cut = cut_to("a title that goes on and on and on", 8.0).unwrap();
        assert!(cut.starts_with("a title") && cut.ends_with('…'), "{cut}");
        assert!(width(&cut).unwrap() <= 8.0);
    }
}
