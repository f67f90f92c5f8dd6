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
        /// The operation that was to be computed.
        operation: &'static str,
        /// Shape or number that was expected, outermost axis first.
        expected: [usize; 2],
        /// Shape that was found, outermost axis first.
        found: [usize; 2],
    },

    /// The configuration is no JSON object.
    #[error("config.json cannot be read: {0}")]
    ConfigSyntax(serde_json::Error),

    /// A value of the configuration that is absent, of another type, or outside its bounds.
    #[error("config.json: {key} must be {expected}, found {found}")]
    Config {
        /// Key of the configuration or metadata that the error is about.
        key: &'static str,
        /// What was expected in its place.
        expected: String,
        /// The value that was found, as text.
        found: String,
    },

    /// Valid, but not what this program computes; refused rather than ignored.
    #[error("{what} {found} is not supported: {supported}")]
    Unsupported {
        /// The feature or setting that is not supported.
        what: &'static str,
        /// The value that was found, as text.
        found: String,
        /// The values that are supported, in words.
        supported: &'static str,
    },

    /// A safetensors file that does not hold.
    #[error("the weights cannot be read: {0}")]
    WeightsFile(safetensors::SafeTensorError),

    /// Metadata of a safetensors file that is not texts by name.
    #[error("the weights cannot be read: __metadata__ must be an object of texts, found {found}")]
    WeightsMetadata {
        /// The value that was found in its place.
        found: String,
    },

    /// Somebody wrote to the weights after they were opened.
    #[error(transparent)]
    FileChanged(#[from] FileChanged),

    /// A tensor that the configuration asks for is not in the files.
    #[error("the weights have no tensor {name}")]
    MissingTensor {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
    },

    /// A tensor of another shape than the configuration says.
    #[error("tensor {name}: expected shape {expected:?}, found {found:?}")]
    TensorShape {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
        /// Shape or number that was expected, outermost axis first.
        expected: Vec<usize>,
        /// Shape that was found, outermost axis first.
        found: Vec<usize>,
    },

    /// A tensor in a number format that is not read, or damaged.
    #[error("tensor {name} cannot be read: {cause}")]
    UnreadableTensor {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
        /// The underlying error, as the operating system or the reader reported it.
        cause: String,
    },

    /// The program would compute something else than the model's authors if it left this tensor out.
    #[error("the weights have a tensor {name} that the configuration does not account for")]
    UnexpectedTensor {
        /// Name of the tensor that the error is about, as the file has it.
        name: String,
    },

    /// The model has no such layer.
    #[error("the model has {n_layers} layers, there is no layer {layer}")]
    UnknownLayer {
        /// Layer that was asked for, counted from 0.
        layer: usize,
        /// Number of layers that there are in the model.
        n_layers: usize,
    },

    /// Query, key and value vectors of a layer that do not fit together.
    #[error("layer {layer}: {cause}")]
    Qkv {
        /// Layer that the error is about, counted from 0.
        layer: usize,
        /// The underlying error, as the operating system or the reader reported it.
        cause: crate::attention::ShapeError,
    },

    /// A layer without value vectors, behind which nothing can be computed.
    #[error("layer {layer} has no value vectors, so that nothing behind it can be computed")]
    NoValues {
        /// Layer that the error is about, counted from 0.
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

    /// Nothing that is written into the residual stream is a part of a logit.
    #[error("what a head writes is no part of a logit in this model: {why}")]
    NoParts {
        /// What it is that is not linear, in words.
        why: &'static str,
    },

    /// A prompt without tokens.
    #[error("the prompt is empty: at least one token is needed")]
    EmptyPrompt,

    /// More tokens than are read.
    #[error("the prompt has {found} tokens, {limit} {max}")]
    PromptTooLong {
        /// T, the number of tokens of the prompt.
        found: usize,
        /// Largest number of tokens that is read.
        max: usize,
        /// What sets that limit.
        limit: PositionLimit,
    },

    /// A token id outside of the vocabulary.
    #[error("there is no token {id}: the vocabulary has {vocab_size} tokens, from 0")]
    UnknownToken {
        /// Token id that the vocabulary does not have.
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
        /// Kind of tokenizer that is not supported, in words.
        what: String,
    },

    /// A chat with a model that has no template.
    #[error("the model has no chat template: give the prompt as a text without one")]
    NoChatTemplate,

    /// The template is none, or fails at what was said; a text without it can be read all the same.
    #[error("the chat template, {place}{}{what}", line_of(*line, what))]
    ChatTemplate {
        /// The file or key that it is from.
        place: String,
        /// Where it fails, from 1, where that is known.
        line: Option<usize>,
        /// Why, in words.
        what: String,
    },

    /// The tokenizer cannot be read, or refuses the text.
    #[error("the tokenizer: {0}")]
    Tokenizer(tokenizers::Error),

    /// Not a failure: a newer request made this one pointless.
    #[error("cancelled")]
    Cancelled,
}

/// `, line 3: `; `, line 3, ` in front of what the template itself does.
fn line_of(line: Option<usize>, what: &str) -> String {
    let is_verb = what.starts_with("refuses: ");
    let line = line.map_or_else(String::new, |line| format!(", line {line}"));
    format!("{line}{}", if is_verb { ", " } else { ": " })
}
