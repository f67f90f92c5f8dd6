//! GGUF files: a whole model in one file, header, tokenizer and mostly quantized tensors.
//!
//! The header is parsed here, with every size checked against the file, because the file may be anybody's; candle is
//! given the bytes of blocks, one tensor at a time, to make f32 of.

mod config;
mod cursor;
mod error;
mod header;
mod metadata;
mod names;
mod number_format;
mod pre_tokenizer;
mod sentence_piece;
mod tensors;
mod tokenizer;
mod vocabulary;

use std::{
    fs::File,
    io::{self, Read, Seek as _},
    path::Path,
};

pub use error::{Defect, GgufError};

use self::{cursor::Stop, header::Header, tensors::Tensors};
use super::{
    LanguageModel, ModelError,
    families::{llama::Llama, network::Network},
    loading::Watch,
    rope_config::RopeScaling,
    weights::Weights,
};
use crate::base::regular_file;

/// A first look at a file; twice as much is read until the header is in it.
const FIRST_BYTES: u64 = 1 << 22;
/// Larger than any header there is: vocabularies take a few megabytes.
const MOST_HEADER: u64 = 256 << 20;

/// Opens the model, converting its weights to f32.
///
/// # Errors
/// When the file is unreadable or malformed, or the model is not supported, which is known before its weights are
/// read, or `watch` gave up.
pub fn open(path: &Path, watch: Watch<'_>) -> Result<LanguageModel, GgufError> {
    let unreadable = |cause| GgufError::Unreadable { path: path.to_owned(), cause };
    let malformed = |cause| GgufError::Malformed { path: path.to_owned(), cause };
    let file = regular_file::open(path).map_err(|error| unreadable(error.into()))?;
    let file_len = file.metadata().map_err(unreadable)?.len();
    let bytes = header_bytes(&file, file_len).map_err(unreadable)?;
    let header = Header::parse(&bytes, file_len).map_err(|stop| malformed(defect(stop)))?;
    let (architecture, config) = config::read(&header).map_err(malformed)?;
    let tokenizer = tokenizer::read(&header.metadata).map_err(malformed)?;
    let tensors = Tensors::new(&file, &header, architecture, &config.shape).map_err(malformed)?;
    let model = load(config, &tensors, watch);
    let transformer =
        model.map_err(|cause| GgufError::Model { path: path.to_owned(), cause: in_files_names(cause) })?;
    Ok(match tokenizer {
        tokenizer::Found::Nothing => LanguageModel::new(Box::new(transformer), None),
        tokenizer::Found::Tokenizer(tokenizer) => LanguageModel::new(Box::new(transformer), Some(*tokenizer)),
        tokenizer::Found::Unsupported(what) => LanguageModel::with_unsupported_tokenizer(Box::new(transformer), what),
    })
}

fn load(mut config: Llama, tensors: &Tensors<'_>, watch: Watch<'_>) -> Result<Network, ModelError> {
    if let Some(factors) = tensors.rope_factors(config.shape.head_dim)? {
        config.rotary.rope.scaling = RopeScaling::Divided(factors);
    }
    Network::load(&config.describe(), &Weights::watched(tensors, watch))
}

/// As many of the file's first bytes as its header takes, or all that are worth reading.
fn header_bytes(mut file: &File, file_len: u64) -> io::Result<Vec<u8>> {
    let most = file_len.min(MOST_HEADER);
    let mut wanted = most.min(FIRST_BYTES);
    loop {
        let mut bytes = Vec::new();
        file.rewind()?;
        file.take(wanted).read_to_end(&mut bytes)?;
        if wanted == most || !matches!(Header::parse(&bytes, file_len), Err(Stop::More)) {
            return Ok(bytes);
        }
        wanted = wanted.saturating_mul(2).min(most);
    }
}

fn defect(stop: Stop) -> Defect {
    match stop {
        Stop::Defect(defect) => defect,
        Stop::More => Defect::TooLarge { most: MOST_HEADER },
    }
}

/// Errors about tensors call them what the file does.
fn in_files_names(mut error: ModelError) -> ModelError {
    if let ModelError::MissingTensor { name }
    | ModelError::TensorShape { name, .. }
    | ModelError::UnexpectedTensor { name } = &mut error
        && let Some(in_file) = names::in_file(name)
    {
        *name = in_file;
    }
    error
}
