use super::position_limit::PositionLimit;
use crate::base::FileChanged;

/// What can go wrong between a model's files and its attention. Messages name what was read, what was found and what
/// would have been accepted; the file's path is added by whoever opened it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Arrays that were computed apart do not fit together.
    #[error("{operation}: expected {expected:?}, found {found:?}")]
    Operand {
        /// What was to be computed.
        operation: &'static str,
        /// What there should be.
        expected: [usize; 2],
        /// The shape that was found.
        found: [usize; 2],
    },

    /// The configuration is no JSON object.
    #[error("config.json cannot be read: {0}")]
    ConfigSyntax(serde_json::Error),

    /// A value of the configuration that is absent, of another type, or outside its bounds.
    #[error("config.json: {key} must be {expected}, found {found}")]
    Config {
        /// Key of the configuration or metadata.
        key: &'static str,
        /// What there should be.
        expected: String,
        /// What was found.
        found: String,
    },

    /// Valid, but not what this program computes; refused rather than ignored.
    #[error("{what} {found} is not supported: {supported}")]
    Unsupported {
        /// What is not supported.
        what: &'static str,
        /// What was found.
        found: String,
        /// What is supported, in words.
        supported: &'static str,
    },

    /// A safetensors file that does not hold.
    #[error("the weights cannot be read: {0}")]
    WeightsFile(safetensors::SafeTensorError),

    /// Metadata of a safetensors file that is not texts by name.
    #[error("the weights cannot be read: __metadata__ must be an object of texts, found {found}")]
    WeightsMetadata {
        /// What stands there.
        found: String,
    },

    /// Somebody wrote to the weights after they were opened.
    #[error(transparent)]
    FileChanged(#[from] FileChanged),

    /// A tensor that the configuration asks for is not in the files.
    #[error("the weights have no tensor {name}")]
    MissingTensor {
        /// Name of the tensor.
        name: String,
    },

    /// A tensor of another shape than the configuration says.
    #[error("tensor {name}: expected shape {expected:?}, found {found:?}")]
    TensorShape {
        /// Name of the tensor.
        name: String,
        /// What there should be.
        expected: Vec<usize>,
        /// The shape that was found.
        found: Vec<usize>,
    },

    /// A tensor in a number format that is not read, or damaged.
    #[error("tensor {name} cannot be read: {cause}")]
    UnreadableTensor {
        /// Name of the tensor.
        name: String,
        /// What the system or the reader said.
        cause: String,
    },

    /// The program would compute something else than the model's authors if it left this tensor out.
    #[error("the weights have a tensor {name} that the configuration does not account for")]
    UnexpectedTensor {
        /// Name of the tensor.
        name: String,
    },

    /// The model has no such layer.
    #[error("the model has {n_layers} layers, there is no layer {layer}")]
    UnknownLayer {
        /// 0-based layer that was asked for.
        layer: usize,
        /// Number of layers that there are.
        n_layers: usize,
    },

    /// Query, key and value vectors of a layer that do not fit together.
    #[error("layer {layer}: {cause}")]
    Qkv {
        /// 0-based layer.
        layer: usize,
        /// What the system or the reader said.
        cause: crate::attention::ShapeError,
    },

    /// A layer without value vectors, behind which nothing can be computed.
    #[error("layer {layer} has no value vectors, so that nothing behind it can be computed")]
    NoValues {
        /// 0-based layer.
        layer: usize,
    },

    /// Attention can be shown all the same.
    #[error(
        "the weights have no {head}, so that there are no logits: the model was saved without the head it was \
             trained with"
    )]
    NoLogits {
        /// Name of the tensors that an output would need.
        head: &'static str,
    },

    /// A prompt without tokens.
    #[error("the prompt is empty: at least one token is needed")]
    EmptyPrompt,

    /// More tokens than are read.
    #[error("the prompt has {found} tokens, {limit} {max}")]
    PromptTooLong {
        /// Number of tokens of the prompt.
        found: usize,
        /// Most tokens that are read.
        max: usize,
        /// Why no more.
        limit: PositionLimit,
    },

    /// A token id outside of the vocabulary.
    #[error("there is no token {id}: the vocabulary has {vocab_size} tokens, from 0")]
    UnknownToken {
        /// The token id.
        id: u32,
        /// Number of tokens in the vocabulary.
        vocab_size: usize,
    },

    /// Text for a model that has none of the files that a tokenizer needs.
    #[error("the model has no tokenizer: give token ids instead of text")]
    NoTokenizer,

    /// Text for a model whose tokenizer this program does not have.
    #[error("the tokenizer cannot be used ({what}): give token ids instead of text")]
    UnsupportedTokenizer {
        /// What it is.
        what: String,
    },

    /// The tokenizer cannot be read, or refuses the text.
    #[error("the tokenizer: {0}")]
    Tokenizer(tokenizers::Error),

    /// Not a failure: a newer request made this one pointless.
    #[error("cancelled")]
    Cancelled,
}
