use crate::{base::WriteError, engine::EngineError, figure::FigureError};

/// Why there is no animation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnimationError {
    /// A text that is no range of ε.
    #[error("expected two different ε above 0, such as 1..=1e-3, found “{0}”")]
    Range(String),
    /// A word that names no way to play.
    #[error("expected back-and-forth, loop or once, found “{0}”")]
    Play(String),
    /// A file name with an ending that is no format of animations.
    #[error("{}: the name must end in .png, .apng or .gif", .0.display())]
    Format(std::path::PathBuf),
    /// The grid does not have the column that is to move.
    #[error("the grid has columns 0 to {last}: expected one of them to move, found {found}")]
    Column {
        /// Last column that there is, counted from 0.
        last: usize,
        /// Column that was asked for, counted from 0.
        found: usize,
    },
    /// A GIF without a ground.
    #[error("a GIF has no half-transparent pixels: choose a light or dark ground, or a PNG")]
    Transparent,
    /// More pixels across or down than a GIF can have.
    #[error("a GIF is at most 65535 pixels wide and high, found {0}×{1}: lower the resolution")]
    TooLarge(usize, usize),
    /// A frame cannot be computed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A frame cannot be drawn.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] WriteError),
    /// The encoder cannot write.
    #[error("cannot write the animation: {0}")]
    Write(#[from] std::io::Error),
}

impl From<png::EncodingError> for AnimationError {
    fn from(error: png::EncodingError) -> Self {
        match error {
            png::EncodingError::IoError(error) => Self::Write(error),
            error => Self::Figure(error.into()),
        }
    }
}

impl From<gif::EncodingError> for AnimationError {
    fn from(error: gif::EncodingError) -> Self {
        match error {
            gif::EncodingError::Io(error) => Self::Write(error),
            error @ gif::EncodingError::Format(_) => Self::Write(std::io::Error::other(error)),
        }
    }
}
