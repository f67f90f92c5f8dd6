//! GGUF files: a whole model in one file, header, tokenizer and mostly quantized tensors.
//!
//! The header is parsed with every size checked against the file, because the file may be anybody's; tensors stay in the
//! file and are decoded in each product, as those of folders are.

mod config;
mod converted;
mod cursor;
mod encodings;
mod error;
mod extent;
mod header;
mod keys;
mod metadata;
mod names;
mod parts;
mod refusals;
mod roles;
mod rotation;
mod tensors;
mod tokenizer;
mod translation;
mod windows;

use std::{path::Path, sync::Arc};

pub use error::{Defect, GgufError};
pub use parts::paths;

use self::{header::Header, metadata::Metadata, names::Names, parts::Part, tensors::Tensors};
use super::{
    LanguageModel, ModelError, Tokenizer,
    families::{description::Description, network::Network, readers::gguf_names::Gguf},
    language_model::Separator,
    lazy_tokenizer::{LazyTokenizer, Preview},
    loading::Watch,
    summary::Summary,
    weights::{TensorStore as _, Weights},
};
use crate::base::MappedFile;

/// Opens the model. Its weights stay in the file, which is mapped into memory: only norms and biases are copied. Of a split
/// file any part opens all.
///
/// # Errors
/// When a file is missing, unreadable or malformed, or the model is not supported, which is known before its weights
/// are read, or `watch` gave up.
pub fn open(path: &Path, watch: Watch<'_>) -> Result<LanguageModel, GgufError> {
    read(&parts::open(path)?, path, tokenizer::read, watch)
}

/// Opens a model that is a file by itself, mapped already; messages call it `name`. Its tokenizer is built when it is
/// needed for more than `preview` tells.
///
/// # Errors
/// As [`open`], but for what is wrong with its tokenizer, which is said when that is needed.
pub(super) fn open_mapped(
    file: Arc<MappedFile>,
    name: &'static str,
    preview: Preview,
    watch: Watch<'_>,
) -> Result<LanguageModel, GgufError> {
    let name = Path::new(name);
    let part = Part::of(file.clone(), name);
    let later = LazyTokenizer::later(preview, move || tokenizer_of(&Part::of(file.clone(), name)));
    read(&[part], name, |_| Ok(tokenizer::Found::Tokenizer { tokenizer: Box::new(later), notice: None }), watch)
}

/// The tokenizer alone.
fn tokenizer_of(part: &Part) -> Result<Tokenizer, ModelError> {
    let unsupported = |what: String| ModelError::UnsupportedTokenizer { what };
    let header = parts::header(std::slice::from_ref(part)).map_err(|error| unsupported(error.to_string()))?;
    match tokenizer::read(&header.metadata).map_err(|defect| unsupported(defect.to_string()))? {
        tokenizer::Found::Tokenizer { tokenizer, .. } => tokenizer.into_built(),
        tokenizer::Found::Unsupported(what) => Err(unsupported(what)),
        tokenizer::Found::Nothing => Err(ModelError::NoTokenizer),
    }
}

/// What the header says of the model, and whether it is that of one that opens. Neither weights nor tokenizer are read.
pub fn summary(path: &Path) -> (Summary, Result<(), GgufError>) {
    let sizes = paths(path).into_iter().filter_map(|part| Some(part.metadata().ok()?.len()));
    let mut summary = Summary { family: None, n_bytes: sizes.sum() };
    let parts = match parts::open(path) {
        Ok(parts) => parts,
        Err(error) => return (summary, Err(error)),
    };
    let header = match parts::header(&parts) {
        Ok(header) => header,
        Err(error) => return (summary, Err(error)),
    };
    summary.family = config::architecture(&header).map(metadata::short);
    let opens = described(&parts, &header, path).and_then(|(gguf, description)| {
        let names = Names::new(&description, gguf);
        let tensors = Tensors::new(&parts, &header, &description, &names, gguf.architecture);
        tensors.map(|_| ()).map_err(|cause| GgufError::Malformed { path: path.to_owned(), cause })
    });
    (summary, opens)
}

/// The family, and the model as its tensors are in the file.
fn described(parts: &[Part], header: &Header<'_>, path: &Path) -> Result<(&'static Gguf, Description), GgufError> {
    let malformed = |cause| GgufError::Malformed { path: path.to_owned(), cause };
    let (gguf, description) = config::read(header).map_err(malformed)?;
    let mut description = converted::described(description, header, gguf);
    rotation::read(parts, header, gguf, &mut description).map_err(|error| error.at(path))?;
    Ok((gguf, description))
}

fn read(
    parts: &[Part],
    path: &Path,
    tokenizer: impl FnOnce(&Metadata<'_>) -> Result<tokenizer::Found, Defect>,
    watch: Watch<'_>,
) -> Result<LanguageModel, GgufError> {
    let malformed = |cause| GgufError::Malformed { path: path.to_owned(), cause };
    let header = parts::header(parts)?;
    let (gguf, description) = described(parts, &header, path)?;
    let tokenizer = tokenizer(&header.metadata).map_err(malformed)?;
    let names = Names::new(&description, gguf);
    let tensors = Tensors::new(parts, &header, &description, &names, gguf.architecture).map_err(malformed)?;
    let separator = Separator::of(&description, |piece| tokenizer.id(piece));
    let model = Network::load(&description, &Weights::watched(&tensors, watch), separator.id);
    let transformer =
        model.map_err(|cause| GgufError::Model { path: path.to_owned(), cause: in_files_names(cause, &names) })?;
    let model = match tokenizer {
        tokenizer::Found::Nothing => LanguageModel::new(Box::new(transformer), None),
        tokenizer::Found::Tokenizer { tokenizer, notice } => {
            LanguageModel::tokenized_by(Box::new(transformer), Some(*tokenizer)).with_notices(notice)
        }
        tokenizer::Found::Unsupported(what) => LanguageModel::with_unsupported_tokenizer(Box::new(transformer), what),
    };
    let ends = tokenizer::ends(&header.metadata).map_err(malformed)?;
    let chat = tokenizer::template(&header.metadata);
    Ok(model.with_chat(chat).with_ends(ends).with_files(tensors.files()).with_notices(separator.notice()))
}

/// Errors about tensors call them what the file does.
fn in_files_names(mut error: ModelError, names: &Names<'_>) -> ModelError {
    if let ModelError::MissingTensor { name }
    | ModelError::TensorShape { name, .. }
    | ModelError::UnexpectedTensor { name } = &mut error
        && let Some(in_file) = names.in_file(name)
    {
        *name = in_file;
    }
    error
}
