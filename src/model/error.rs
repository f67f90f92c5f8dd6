use super::position_limit::PositionLimit;
use crate::base::FileChanged;

/// What can go wrong between a model's files and its attention. Messages name what was read, what was found and what
/// would have been accepted; the file's path is added by whoever opened it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Arrays that were computed apart do not fit together.
    #[error("{operation}: expected {expected:?}, found {found:?}")]
    Operand { operation: &'static str, expected: [usize; 2], found: [usize; 2] },

    #[error("config.json cannot be read: {0}")]
    ConfigSyntax(serde_json::Error),

    /// A value of the configuration that is absent, of another type, or outside its bounds.
    #[error("config.json: {key} must be {expected}, found {found}")]
    Config { key: &'static str, expected: String, found: String },

    /// Valid, but not what this program computes; refused rather than ignored.
    #[error("{what} {found} is not supported: {supported}")]
    Unsupported { what: &'static str, found: String, supported: &'static str },

    #[error("the weights cannot be read: {0}")]
    WeightsFile(safetensors::SafeTensorError),

    #[error(transparent)]
    FileChanged(#[from] FileChanged),

    #[error("the weights have no tensor {name}")]
    MissingTensor { name: String },

    #[error("tensor {name}: expected shape {expected:?}, found {found:?}")]
    TensorShape { name: String, expected: Vec<usize>, found: Vec<usize> },

    #[error("tensor {name} cannot be read: {cause}")]
    UnreadableTensor { name: String, cause: String },

    /// The program would compute something else than the model's authors if it left this tensor out.
    #[error("the weights have a tensor {name} that the configuration does not account for")]
    UnexpectedTensor { name: String },

    #[error("the model has {n_layers} layers, there is no layer {layer}")]
    UnknownLayer { layer: usize, n_layers: usize },

    #[error("layer {layer}: {cause}")]
    Qkv { layer: usize, cause: crate::attention::ShapeError },

    #[error("layer {layer} has no value vectors, so that nothing behind it can be computed")]
    NoValues { layer: usize },

    /// Attention can be shown all the same.
    #[error(
        "the weights have no {head}, so that there are no logits: the model was saved without the head it was \
             trained with"
    )]
    NoLogits { head: &'static str },

    #[error("the prompt is empty: at least one token is needed")]
    EmptyPrompt,

    #[error("the prompt has {found} tokens, {limit} {max}")]
    PromptTooLong { found: usize, max: usize, limit: PositionLimit },

    #[error("there is no token {id}: the vocabulary has {vocab_size} tokens, from 0")]
    UnknownToken { id: u32, vocab_size: usize },

    #[error("the model has no tokenizer: give token ids instead of text")]
    NoTokenizer,

    #[error("the tokenizer cannot be used ({what}): give token ids instead of text")]
    UnsupportedTokenizer { what: String },

    #[error("the tokenizer: {0}")]
    Tokenizer(tokenizers::Error),

    /// Not a failure: a newer request made this one pointless.
    #[error("cancelled")]
    Cancelled,
}
