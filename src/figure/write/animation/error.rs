use crate::{base::WriteError, engine::EngineError, figure::FigureError};

/// Why there is no animation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnimationError {
    #[error("expected two different ε above 0, such as 1..=1e-3, found “{0}”")]
    Range(String),
    #[error("expected back-and-forth, loop or once, found “{0}”")]
    Play(String),
    #[error("{}: the name must end in .png, .apng or .gif", .0.display())]
    Format(std::path::PathBuf),
    #[error("the grid has columns 0 to {last}: expected one of them to move, found {found}")]
    Column { last: usize, found: usize },
    #[error("a GIF has no half-transparent pixels: choose a light or dark ground, or a PNG")]
    Transparent,
    #[error("a GIF is at most 65535 pixels wide and high, found {0}×{1}: lower the resolution")]
    TooLarge(usize, usize),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Figure(#[from] FigureError),
    #[error(transparent)]
    File(#[from] WriteError),
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
