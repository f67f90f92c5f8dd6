use crate::{
    attention::ShapeError,
    capture::CaptureError,
    model::{ModelError, folder::FolderError, gguf::GgufError},
};

/// Why a request has no answer. Messages are for people, in lower case and without a full stop, as all of the library's.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("there is no layer {layer}: {title} has layers 0 to {}", n_layers.saturating_sub(1))]
    NoSuchLayer { layer: usize, n_layers: usize, title: String },
    #[error("there is no head {head}: {title} has heads 0 to {} in each layer", n_heads.saturating_sub(1))]
    NoSuchHead { head: usize, n_heads: usize, title: String },
    #[error("the layers {first} to {last} do not exist: {title} has layers 0 to {}", n_layers.saturating_sub(1))]
    NoSuchRange { first: usize, last: usize, n_layers: usize, title: String },
    #[error("there is no position {position}: the prompt has {n_positions} tokens, counted from 0")]
    NoSuchPosition { position: usize, n_positions: usize },
    #[error(transparent)]
    Model(ModelError),
    #[error(transparent)]
    Folder(FolderError),
    #[error(transparent)]
    Gguf(GgufError),
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Given up: a newer request has made this one pointless, or nobody wants it any more.
    #[error("given up before it was done")]
    Cancelled,
}

impl From<ModelError> for EngineError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Cancelled => Self::Cancelled,
            error => Self::Model(error),
        }
    }
}

impl From<GgufError> for EngineError {
    fn from(error: GgufError) -> Self {
        match error {
            GgufError::Model { cause: ModelError::Cancelled, .. } => Self::Cancelled,
            error => Self::Gguf(error),
        }
    }
}

impl From<FolderError> for EngineError {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Model { cause: ModelError::Cancelled, .. } => Self::Cancelled,
            error => Self::Folder(error),
        }
    }
}
