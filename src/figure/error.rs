use crate::engine::PATTERNS_ONLY;

/// Why a figure cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// A page in mm that is too small or too large.
    #[error("a page must be 20 to 2000 mm wide and high, found {0}×{1} mm")]
    PageSize(f64, f64),
    /// A page in pixels that is too small or too large.
    #[error("a page must be 100 to 20000 whole pixels wide and high, found {0}×{1}")]
    PagePixels(f64, f64),
    /// A text that is no page size.
    #[error(
        "a page size is WIDTH or WIDTHxHEIGHT in mm, or in pixels with px, such as 178x160 or 1200x900px; found “{0}”"
    )]
    PageSizeText(String),
    /// A font size outside of its range, in points.
    #[error("the font size must be 4 to 24 points, found {0}")]
    FontSize(f64),
    /// A text that is no font size.
    #[error("the font size must be 4 to 24 points, found “{0}”")]
    FontSizeText(String),
    /// A smallest size outside of its range, in points.
    #[error("the smallest text must have 4 to 12 points, found {0}")]
    LeastText(f64),
    /// A text that is no smallest size.
    #[error("the smallest text must have 4 to 12 points, found “{0}”")]
    LeastTextText(String),
    /// A range of ε that is none, or is not swept.
    #[error("a range of ε is FROM..=TO with FROM below TO, both from 1e-12 to 1e2, such as 1e-4..=1e1; found “{0}”")]
    SweepRange(String),
    /// A text that names no columns.
    #[error("expected columns such as 0,2 or left,right, one or more of them separated by commas, or all; found “{0}”")]
    Columns(String),
    /// None of the chosen rows or columns is in the grid.
    #[error("the grid has no {what} that the figure shows: expected some of {there}, found {found}")]
    NoPanels {
        /// What was chosen: `row` or `column`.
        what: &'static str,
        /// Rows or columns that the grid has, listed.
        there: String,
        /// Rows or columns that were asked for, listed.
        found: String,
    },
    /// A word that names no metric.
    #[error("expected sink, entropy or kl, found “{0}”")]
    Metric(String),
    /// A word that names none of the choices.
    #[error("expected {expected}, found “{found}”")]
    Word {
        /// What would be accepted, in words.
        expected: String,
        /// The value that was found, as text.
        found: String,
    },
    /// A file name with an ending that is no format of figures.
    #[error("{}: the name must end in .png, .svg or .pdf", .0.display())]
    Format(std::path::PathBuf),
    /// A resolution outside of its range.
    #[error("the resolution must be 36 to 2400 dpi, found {0}")]
    Dpi(u32),
    /// A text that is no resolution.
    #[error("the resolution must be 36 to 2400 dpi, found “{0}”")]
    DpiText(String),
    /// Labels and margins leave no room for panels.
    #[error(
        "the page has no room for its panels, which would be {found:.0} points wide instead of {needed:.0} or more: \
         make the page larger or the font smaller"
    )]
    NoRoom {
        /// Width that a panel would have, in points.
        found: f64,
        /// Least width that a panel needs, in points.
        needed: f64,
    },
    /// Labels and margins leave no room for a colour bar.
    #[error(
        "the page has no room for a colour bar, which would be {found:.0} points high instead of {needed:.0} or more: \
         make the page larger or the font smaller"
    )]
    NoRoomForBar {
        /// Height that the colour bar would have, in points.
        found: f64,
        /// Least height that the colour bar needs, in points.
        needed: f64,
    },
    /// Labels and margins leave no room for plots over each other.
    #[error(
        "the page has no room for its plots, which would be {found:.0} points high instead of {needed:.0} or more: make \
         the page larger or the font smaller, or leave a metric out"
    )]
    NoRoomForPlots {
        /// Height that a plot would have, in points.
        found: f64,
        /// Least height that a plot and its name need, in points.
        needed: f64,
    },
    /// A raster that would be too large for memory and viewers.
    #[error(
        "the picture would have {width}×{height} pixels, more than {most}: make the page smaller or lower the resolution"
    )]
    TooManyPixels {
        /// Width of the picture, in pixels.
        width: u64,
        /// Height of the picture, in pixels.
        height: u64,
        /// Largest number of pixels that a picture may have in all.
        most: u64,
    },
    /// Scores of a file that holds weights alone.
    #[error("the score needs query and key vectors: {PATTERNS_ONLY}")]
    NoScores,
    /// A quantity of value vectors, of a capture without them.
    #[error("weight × ‖value‖ needs value vectors, and the capture holds none: expected a tensor v or value")]
    NoValues,
    /// The renderer refuses the figure.
    #[error("cannot render the figure: {0}")]
    Render(#[from] resvg::usvg::Error),
    /// The PDF writer refuses the figure.
    #[error("cannot write the figure as PDF: {0}")]
    Pdf(String),
    /// A font of the program cannot be read.
    #[error("cannot embed the font {0}: it is damaged")]
    Font(String),
    /// The PNG encoder refuses the picture.
    #[error("cannot encode the picture as PNG: {0}")]
    Encode(#[from] ::png::EncodingError),
}
