//! Models.

pub mod transformer;

#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("{0}")]
    Tensor(#[from] candle_core::Error),
}
