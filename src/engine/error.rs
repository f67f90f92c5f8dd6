use super::{PATTERNS_ONLY, SourceFacts};
use crate::{
    base::byte_count,
    capture::CaptureError,
    model::{ModelError, folder::FolderError, gguf::GgufError, on_disk::OnDiskError},
};

/// Why a request has no answer. Messages are for people, in lower case and without a full stop, as all of the library's.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The source has no such layer; layers by the numbers that they are called by.
    #[error("there is no layer {layer}: {title} has layers {there}")]
    NoSuchLayer {
        /// Layer that was asked for, by the number that the model calls it by.
        layer: usize,
        /// Numbers of the layers that there are, listed or as a range.
        there: String,
        /// Name of the model, as it is shown to people.
        title: String,
    },
    /// The source has no such query head.
    #[error("there is no head {head}: {title} has heads 0 to {} in each layer", n_heads.saturating_sub(1))]
    NoSuchHead {
        /// Query head that was asked for, counted from 0.
        head: usize,
        /// Number of query heads that were found.
        n_heads: usize,
        /// Name of the model, as it is shown to people.
        title: String,
    },
    /// The scope names layers that the source does not have.
    #[error("the layers {first} to {last} do not exist: {title} has layers 0 to {}", n_layers.saturating_sub(1))]
    NoSuchRange {
        /// First layer of the scope, counted from 0.
        first: usize,
        /// Last layer of the scope, counted from 0.
        last: usize,
        /// Number of layers that there are in the model.
        n_layers: usize,
        /// Name of the model, as it is shown to people.
        title: String,
    },
    /// A head set names what the source does not have.
    #[error(
        "there is no {named}: {title} has layers 0 to {}, each with heads 0 to {}",
        n_layers.saturating_sub(1), n_heads.saturating_sub(1)
    )]
    NoSuchHeads {
        /// What is named, as it is written: `head 30:0`.
        named: String,
        /// Number of layers that there are.
        n_layers: usize,
        /// Number of query heads in each layer.
        n_heads: usize,
        /// Name of the model, as it is shown to people.
        title: String,
    },
    /// The scope names a position behind the prompt.
    #[error("there is no position {position}: the prompt has {n_positions} tokens, counted from 0")]
    NoSuchPosition {
        /// Last position that the scope names, counted from 0.
        position: usize,
        /// T, the number of tokens of the prompt.
        n_positions: usize,
    },
    /// A program that uses the library without [`super::ModelInside`].
    #[error("bundled:smollm2 is not at hand: its bytes are part of the program attenuate alone (ModelInside)")]
    NoModelInside,
    /// The scores of so long a prompt do not fit into the memory that is free.
    #[error("{n_positions} tokens need {} of memory, {} are free", byte_count(*needed), byte_count(*available))]
    TooLarge {
        /// T, the number of tokens of the prompt.
        n_positions: usize,
        /// Number of bytes that the request would have to make.
        needed: u64,
        /// Number of bytes of memory that are free.
        available: u64,
    },
    /// The model cannot read the prompt or be computed.
    #[error(transparent)]
    Model(ModelError),
    /// The model folder cannot be opened.
    #[error(transparent)]
    Folder(FolderError),
    /// The GGUF file cannot be opened.
    #[error(transparent)]
    Gguf(GgufError),
    /// The model of a cache is not there, or not whole.
    #[error(transparent)]
    OnDisk(#[from] OnDiskError),
    /// The capture cannot be opened or read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// A change of what holds no vectors.
    #[error("{PATTERNS_ONLY}, so that nothing can be changed: {title}")]
    PatternsOnly {
        /// Name of the model, as it is shown to people.
        title: String,
    },
    /// A change that needs a model to read another prompt.
    #[error(
        "{operation} takes what the model makes of other prompts: {title} is a capture of one, and no model is there to read another"
    )]
    NeedsModel {
        /// What the operation is called on the command line.
        operation: &'static str,
        /// Name of the capture, as it is shown to people.
        title: String,
    },
    /// A prompt that vectors are taken from cannot be read.
    #[error("vectors cannot be taken from {what}: {cause}")]
    OtherPrompt {
        /// Which prompt it is, for people.
        what: String,
        /// Why it cannot be read.
        cause: Box<EngineError>,
    },
    /// No token is there that a mean over prompts would be of.
    #[error("there is nothing to take the mean of: expected prompts with tokens besides their first, found {found}")]
    NothingToMean {
        /// The prompts, for people.
        found: String,
    },
    /// Queries and keys of another position, which the model norms as they are turned to it.
    #[error(
        "{title} norms queries and keys behind their rotary embedding, so that those of another position cannot be put \
         here: expected another prompt of {expected} tokens, found one of {found}"
    )]
    NormBehindRotation {
        /// Name of the model, as it is shown to people.
        title: String,
        /// T, the number of tokens of the prompt.
        expected: usize,
        /// Number of tokens of the other prompt.
        found: usize,
    },
    /// A source behind whose prompt no token follows.
    #[error("{title} writes no text: {why}")]
    WritesNothing {
        /// Name of the source, as it is shown to people.
        title: String,
        /// What it is that has no next token.
        why: &'static str,
    },
    /// A comparison with the model beneath an adapter, or that model itself, where there is no adapter.
    #[error(
        "{title} has no adapter, so that there is no base beneath it: expected a model with a LoRA adapter, in one folder or \
         over its base"
    )]
    NoAdapter {
        /// Name of the source, as it is shown to people.
        title: String,
    },
    /// A capture or a model without an output, whose next tokens nobody knows.
    #[error("this model has no output to compare: there is nothing to rank by")]
    NoOutput,
    /// A capture, which ends with its heads' attention.
    #[error("{title} is a capture, without the weights that make logits of what a head writes: open a model")]
    NoLogits {
        /// Name of the source, as it is shown to people.
        title: String,
    },
    /// A text in the place of a token.
    #[error(
        "“{text}” must be one token: it is {}{}", listed(found),
        if *with_space { format!("; “ {text}”, with a space in front, is one") } else { String::new() }
    )]
    NotOneToken {
        /// What was given.
        text: String,
        /// The tokens that it is, with their ids.
        found: Vec<String>,
        /// Whether it is one with a space in front.
        with_space: bool,
    },
    /// Given up: a newer request has made this one pointless, or nobody wants it any more.
    #[error("given up before it was done")]
    Cancelled,
}

impl EngineError {
    /// What went wrong with a prompt that vectors are taken from; giving up is no fault of it.
    pub(super) fn of_other_prompt(what: String, cause: Self) -> Self {
        match cause {
            Self::Cancelled => cause,
            cause => Self::OtherPrompt { what, cause: Box::new(cause) },
        }
    }

    /// A layer's number that the source does not have.
    pub fn no_such_layer(layer: usize, facts: &SourceFacts) -> Self {
        Self::NoSuchLayer { layer, there: facts.layers.text(facts.n_layers), title: facts.title.clone() }
    }
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

/// `3 tokens, “a” (5), “b” (6) and “c” (7)`
fn listed(tokens: &[String]) -> String {
    match tokens {
        [] => "none".to_owned(),
        [rest @ .., last] => format!("{} tokens, {} and {last}", tokens.len(), rest.join(", ")),
    }
}
