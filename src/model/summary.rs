//! What headers alone say of a model, whether or not it opens.

/// For lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// What the model calls its kind: `model_type`, or the architecture of a GGUF file.
    pub family: Option<String>,
    /// Of the files with its weights.
    pub n_bytes: u64,
}
