//! A figure as a file: what the window exports and the command line writes.

use std::path::Path;

use crate::{
    attention::{Components, Shape},
    engine::Outcome,
    figure::{Figure, FigureError, FigureSpec, FigureStyle, Quantity, layout, to_pdf, to_png, to_svg},
};

/// The kinds of file that a figure is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// A raster.
    Png,
    /// A vector graphic for browsers and editors.
    Svg,
    /// A vector graphic for papers.
    Pdf,
}

impl FileFormat {
    /// All of them, in the order of menus and lists.
    pub const ALL: [Self; 3] = [Self::Png, Self::Svg, Self::Pdf];

    /// Without a dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Pdf => "pdf",
        }
    }

    /// As the file's name ends, in any case.
    ///
    /// # Errors
    /// When it ends otherwise; the message names the file and the endings.
    pub fn of(path: &Path) -> Result<Self, FigureError> {
        let ending = path.extension().unwrap_or_default();
        let format = Self::ALL.into_iter().find(|format| ending.eq_ignore_ascii_case(format.extension()));
        format.ok_or_else(|| FigureError::Format(path.to_owned()))
    }
}

/// The figure of `outcome`, laid out.
///
/// # Errors
/// When the page is too small for its content, when the quantity needs vectors that a capture does not have,
/// or when rows or columns are named that the grid does not have.
pub fn figure(outcome: &Outcome, style: &FigureStyle) -> Result<Figure, FigureError> {
    match style.look.quantity {
        quantity if quantity.is_in(&outcome.baseline) => {}
        Quantity::Score => return Err(FigureError::NoScores),
        _ => return Err(FigureError::NoValues),
    }
    check_panels(outcome.shape(), style)?;
    layout(&FigureSpec::from_outcome(outcome, style))
}

/// Whether the grid has the rows and columns that are named.
fn check_panels(shape: Shape, style: &FigureStyle) -> Result<(), FigureError> {
    let rows = shape.rows();
    // Earlier versions wrote the paper's three rows where all were meant.
    let named = style.rows.filter(|&named| named != Components::FIGURE);
    if let Some(named) = named.filter(|named| !named.iter().all(|component| rows.contains(component))) {
        return Err(FigureError::NoPanels { what: "row", there: rows.to_string(), found: named.to_string() });
    }
    let last = shape.n_columns() - 1;
    if style.columns.named().into_iter().flatten().any(|column| column > last) {
        let (there, found) = (format!("0 to {last}"), style.columns.to_string());
        return Err(FigureError::NoPanels { what: "column", there, found });
    }
    Ok(())
}

/// The bytes of a file with the figure of `outcome`, and with `payload`, the session that it shows (see
/// [`payload`](crate::figure::payload)). The same arguments give the same bytes.
///
/// ```
/// use attenuate::{
///     engine::{Bundled, Engine},
///     figure::{FigureStyle, FileFormat, draw},
///     session::Session,
/// };
///
/// let session = Session::example(Bundled::Smollm2Capture);
/// let outcome = Engine::default().run(&session.run_spec(), &|| false)?;
/// let style = FigureStyle { page: "120x110".parse()?, font_size: Some("6".parse()?), ..FigureStyle::default() };
/// let svg = String::from_utf8(draw(&outcome, &style, FileFormat::Svg, None)?)?;
/// assert!(svg.contains("</svg>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`figure`]; when a PNG would have too many pixels; when the figure cannot be encoded.
pub fn draw(
    outcome: &Outcome,
    style: &FigureStyle,
    format: FileFormat,
    payload: Option<&str>,
) -> Result<Vec<u8>, FigureError> {
    encode(&figure(outcome, style)?, style, format, payload)
}

/// The bytes of a file with a figure that is laid out; of `style` resolution and texts matter.
///
/// # Errors
/// When a PNG would have too many pixels; when the figure cannot be encoded.
pub fn encode(
    figure: &Figure,
    style: &FigureStyle,
    format: FileFormat,
    payload: Option<&str>,
) -> Result<Vec<u8>, FigureError> {
    match format {
        FileFormat::Png => to_png(figure, style.dpi, payload),
        FileFormat::Svg => Ok(to_svg(figure, style.text, payload)?.into_bytes()),
        FileFormat::Pdf => to_pdf(figure, style.text, payload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_in_its_format() {
        for (name, format) in [("a.png", FileFormat::Png), ("b/a.SVG", FileFormat::Svg), ("a.png.pdf", FileFormat::Pdf)]
        {
            assert_eq!(FileFormat::of(Path::new(name)).unwrap(), format);
        }
        for name in ["a", "a.jpeg", ".png", "png", "a.", ""] {
            let message = FileFormat::of(Path::new(name)).unwrap_err().to_string();
            assert_eq!(message, format!("{name}: the name must end in .png, .svg or .pdf"));
        }
    }
}
