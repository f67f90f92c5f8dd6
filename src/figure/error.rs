/// Why a figure cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    #[error("a page must be 20 to 2000 mm wide and high, found {0}×{1} mm")]
    PageSize(f64, f64),
    #[error("a page must be 100 to 20000 whole pixels wide and high, found {0}×{1}")]
    PagePixels(f64, f64),
    #[error(
        "a page size is WIDTH or WIDTHxHEIGHT in mm, or in pixels with px, such as 178x160 or 1200x900px; found “{0}”"
    )]
    PageSizeText(String),
    #[error("the font size must be 4 to 24 points, found {0}")]
    FontSize(f64),
    #[error("the font size must be 4 to 24 points, found “{0}”")]
    FontSizeText(String),
    #[error("expected columns such as 0,2 or left,right, one or more of them separated by commas, or all; found “{0}”")]
    Columns(String),
    #[error("the grid has no {what} that the figure shows: expected some of {there}, found {found}")]
    NoPanels { what: &'static str, there: String, found: String },
    #[error("expected sink, entropy or kl, found “{0}”")]
    Metric(String),
    #[error("expected {expected}, found “{found}”")]
    Word { expected: String, found: String },
    #[error("{}: the name must end in .png, .svg or .pdf", .0.display())]
    Format(std::path::PathBuf),
    #[error("the resolution must be 36 to 2400 dpi, found {0}")]
    Dpi(String),
    #[error(
        "the page has no room for its panels, which would be {found:.0} points wide instead of {needed:.0} or more: \
         make the page larger or the font smaller"
    )]
    NoRoom { found: f64, needed: f64 },
    #[error(
        "the page has no room for a colour bar, which would be {found:.0} points high instead of {needed:.0} or more: \
         make the page larger or the font smaller"
    )]
    NoRoomForBar { found: f64, needed: f64 },
    #[error(
        "the picture would have {width}×{height} pixels, more than {most}: make the page smaller or lower the resolution"
    )]
    TooManyPixels { width: u64, height: u64, most: u64 },
    #[error("weight × ‖value‖ needs value vectors, and the capture holds none: expected a tensor v or value")]
    NoValues,
    #[error("cannot render the figure: {0}")]
    Render(#[from] resvg::usvg::Error),
    #[error("cannot write the figure as PDF: {0}")]
    Pdf(String),
    #[error("cannot embed the font {0}: it is damaged")]
    Font(String),
    #[error("cannot encode the picture as PNG: {0}")]
    Encode(#[from] ::png::EncodingError),
}
