//! The tokenizer out of a file's metadata: byte-level as GPT-2's, or `SentencePiece` as Llama's.
//!
//! Reference: `llama_vocab::impl::load` in <https://github.com/ggml-org/llama.cpp/blob/master/src/llama-vocab.cpp>.

use tokenizers::{decoders::byte_level::ByteLevel, models::bpe::BPE};

use super::{
    error::Defect,
    metadata::{Metadata, short, wrong},
    pre_tokenizer::Words,
    sentence_piece,
    vocabulary::{MERGES, Vocabulary, merges, put_around},
};
use crate::model::Tokenizer;

const KIND: &str = "tokenizer.ggml.model";
const WORDS: &str = "tokenizer.ggml.pre";

/// What the file has for a tokenizer.
pub enum Found {
    Nothing,
    Tokenizer(Box<Tokenizer>),
    /// One that is not read here, described for people.
    Unsupported(String),
}

/// Reads the tokenizer that the metadata describes.
///
/// # Errors
/// When what there is is malformed.
pub fn read(metadata: &Metadata<'_>) -> Result<Found, Defect> {
    let tokenizer = match metadata.text(KIND)? {
        None | Some("none" | "no_vocab") => return Ok(Found::Nothing),
        Some("gpt2") => {
            let name = metadata.text(WORDS)?.unwrap_or("default");
            let Some(words) = Words::named(name) else {
                let supported = Words::SUPPORTED;
                return Ok(Found::Unsupported(format!("{WORDS} {} is not supported: {supported}", short(name))));
            };
            byte_level(metadata, words)?
        }
        Some("llama") => sentence_piece::read(metadata)?,
        Some(other) => {
            let other = short(other);
            return Ok(Found::Unsupported(format!("{KIND} {other} is not supported: gpt2 and llama are")));
        }
    };
    Ok(Found::Tokenizer(Box::new(Tokenizer::new(tokenizer))))
}

fn byte_level(metadata: &Metadata<'_>, words: Words) -> Result<tokenizers::Tokenizer, Defect> {
    let vocabulary = Vocabulary::read(metadata)?;
    let ids = vocabulary.ids();
    let merges = merges(metadata, &ids)?.ok_or_else(|| wrong(MERGES, "a list of texts", "nothing"))?;
    let model = BPE::builder().vocab_and_merges(ids, merges).ignore_merges(words.ignores_merges());
    let mut tokenizer = tokenizers::Tokenizer::new(model.build().map_err(Defect::Tokenizer)?);
    tokenizer.with_normalizer(words.normalizer()).map_err(Defect::Tokenizer)?;
    tokenizer.with_pre_tokenizer(Some(words.pre_tokenizer().map_err(Defect::Tokenizer)?));
    tokenizer.with_decoder(Some(ByteLevel::default()));
    vocabulary.add_whole_tokens(&mut tokenizer)?;
    put_around(&mut tokenizer, metadata, &vocabulary, words.adds_bos())?;
    Ok(tokenizer)
}
