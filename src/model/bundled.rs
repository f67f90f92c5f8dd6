//! The live language model inside the program: see `assets/model/README.md`.

use super::{LanguageModel, ModelError};

/// `config.json`
pub const CONFIG: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/model/config.json"));
/// In safetensors format.
pub const WEIGHTS: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/model/model.safetensors"));
/// `tokenizer.json`
pub const TOKENIZER: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/model/tokenizer.json"));

/// Its name for people.
pub const TITLE: &str = "Austen, 1.4 M parameters";

/// What it reads until a prompt is typed.
pub const DEFAULT_PROMPT: &str = "To be fond of dancing was a certain step towards falling in love.";

/// Layer of the default view, where scaling values shows.
pub const DEFAULT_LAYER: usize = 5;

/// Head of the default view.
pub const DEFAULT_HEAD: usize = 1;

/// Unpacks the model; takes a few milliseconds.
///
/// # Errors
/// Never, as long as the tests pass: the files are compiled in.
pub fn load() -> Result<LanguageModel, ModelError> {
    LanguageModel::from_bytes(CONFIG, WEIGHTS, Some(TOKENIZER))
}
