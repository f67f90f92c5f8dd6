/// Why a figure cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    #[error("a page must be 60 to 2000 mm wide and high, found {0}×{1} mm")]
    PageSize(f64, f64),
    #[error("a page size is WIDTH or WIDTHxHEIGHT in millimetres, such as 178 or 178x160; found “{0}”")]
    PageSizeText(String),
    #[error("the font size must be 4 to 24 points, found {0}")]
    FontSize(f64),
    #[error("the resolution must be 36 to 2400 dpi, found {0}")]
    Dpi(String),
    #[error(
        "the page has no room for nine panels, which would be {found:.0} points wide instead of {needed:.0} or more: \
         make the page larger or the font smaller"
    )]
    NoRoom { found: f64, needed: f64 },
    #[error("the picture would have {width}×{height} pixels, more than {most}: lower the resolution")]
    TooManyPixels { width: u64, height: u64, most: u64 },
    #[error("weight × ‖value‖ needs value vectors, and the capture holds none: expected a tensor v or value")]
    NoValues,
    #[error("cannot render the figure: {0}")]
    Render(#[from] resvg::usvg::Error),
    #[error("cannot encode the picture as PNG: {0}")]
    Encode(#[from] ::png::EncodingError),
}
