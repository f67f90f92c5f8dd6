//! The tokenizer of a folder that has no `tokenizer.json`.

use serde_json::Value;

use super::{
    class::Class,
    pieces, sentence_piece,
    settings::{Read, Settings},
};
use crate::model::{ModelError, Tokenizer, tokenizer::careful};

/// Every file that it may be read from.
pub const FILES: [&str; 7] = [
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "tokenizer.model",
];
/// Vocabularies that are not read here.
const OTHERS: [&str; 5] = ["spiece.model", "sentencepiece.bpe.model", "tekken.json", "qwen.tiktoken", "vocab.bpe"];

/// The tokenizer that transformers makes of the vocabulary in a folder whose files `read` gives, for the model with this
/// `config.json`; `None` where there is no vocabulary.
///
/// # Errors
/// When a file is malformed; [`ModelError::UnsupportedTokenizer`] says what is not read of a vocabulary that is there.
pub fn in_folder(read: Read<'_>, config: &[u8]) -> Result<Option<Tokenizer>, ModelError> {
    let text = |name: &str| read(name).map_err(|cause| ModelError::Tokenizer(format!("{name}: {cause}").into()));
    let mut there = Vec::new();
    for name in FILES[3..].iter().chain(&OTHERS) {
        if text(name)?.is_some() {
            there.push(*name);
        }
    }
    if there.is_empty() {
        return Ok(None);
    }
    let config: Value = serde_json::from_slice(config).unwrap_or_default();
    let settings = Settings::read(read)?;
    // Without one transformers takes a SentencePiece model by its own settings.
    let class = match Class::of(&settings, &config)? {
        None if there.contains(&"tokenizer.model") => Class::Own,
        None => return Err(unsupported(format!("there is {}, but no tokenizer_class says how to read it", there[0]))),
        Some(class) => class,
    };
    if let Some(key) = settings.flag("split_special_tokens")?.filter(|is_on| *is_on).map(|_| "split_special_tokens") {
        return Err(unsupported(format!("{key} is not supported")));
    }
    let files = class.files().iter().map(|name| {
        let missing = || unsupported(format!("{name} is not there, which a {} is read from", class.name()));
        text(name)?.ok_or_else(missing)
    });
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let built = || match (class, &*files) {
        (Class::Bert, [vocab]) => Ok(pieces::word_pieces(vocab, &settings)),
        (_, [model]) => Ok(sentence_piece::read(model, class, &settings)),
        (_, [vocab, merges, ..]) => Ok(pieces::byte_level(vocab, merges, class, &settings)),
        (_, []) => Err("no files".into()),
    };
    careful(built)?.map(|tokenizer| Some(Tokenizer::new(tokenizer)))
}

fn unsupported(what: String) -> ModelError {
    ModelError::UnsupportedTokenizer { what }
}
