//! The tokenizer out of a file's metadata: byte-level as GPT-2's, `SentencePiece` as Llama's, or word pieces as BERT's.
//!
//! Reference: `llama_vocab::impl::load` in <https://github.com/ggml-org/llama.cpp/blob/master/src/llama-vocab.cpp>.

mod chat;
mod sentence_piece;
mod vocabulary;
mod word_pieces;

pub use chat::template;

use self::vocabulary::{MERGES, Vocabulary, merges, put_around};
use super::{
    error::Defect,
    metadata::{Metadata, short, wrong},
};
use crate::model::{
    Notice, Tokenizer,
    lazy_tokenizer::LazyTokenizer,
    vocabularies::{assembly, pre_tokenizers::Words},
};

const KIND: &str = "tokenizer.ggml.model";
const WORDS: &str = "tokenizer.ggml.pre";

/// What the file has for a tokenizer.
pub enum Found {
    Nothing,
    Tokenizer {
        tokenizer: Box<LazyTokenizer>,
        /// What is uncertain about it.
        notice: Option<Notice>,
    },
    /// One that is not read here, described for people.
    Unsupported(String),
}

impl Found {
    /// The id of a piece.
    pub fn id(&self, piece: &str) -> Option<u32> {
        match self {
            Self::Tokenizer { tokenizer, .. } => tokenizer.get().ok()?.id(piece),
            Self::Nothing | Self::Unsupported(_) => None,
        }
    }
}

/// Reads the tokenizer that the metadata describes.
///
/// # Errors
/// When what there is is malformed.
pub fn read(metadata: &Metadata<'_>) -> Result<Found, Defect> {
    let mut notice = None;
    let vocabulary;
    let tokenizer = match metadata.text(KIND)? {
        None | Some("none" | "no_vocab") => return Ok(Found::Nothing),
        Some("gpt2") => {
            let named = metadata.text(WORDS)?;
            notice = named.is_none().then(words_not_told);
            let name = named.unwrap_or("default");
            let Some(words) = Words::named(name) else {
                let supported = Words::supported();
                return Ok(Found::Unsupported(format!("{WORDS} {} is not supported: {supported}", short(name))));
            };
            vocabulary = Vocabulary::read(metadata)?;
            byte_level(metadata, &vocabulary, words)?
        }
        Some("llama") => {
            vocabulary = Vocabulary::read(metadata)?;
            sentence_piece::read(metadata, &vocabulary)?
        }
        Some("bert") => {
            vocabulary = Vocabulary::read(metadata)?.respelled(word_pieces::respelled);
            word_pieces::read(metadata, &vocabulary)?
        }
        Some(other) => {
            let other = short(other);
            return Ok(Found::Unsupported(format!("{KIND} {other} is not supported: gpt2, llama and bert are")));
        }
    };
    let tokenizer = Tokenizer::new(tokenizer).with_repeated(vocabulary.repeated());
    Ok(Found::Tokenizer { tokenizer: Box::new(tokenizer.into()), notice })
}

/// The ids behind which a text ends.
///
/// # Errors
/// When one of them is no id.
pub fn ends(metadata: &Metadata<'_>) -> Result<Vec<u32>, Defect> {
    let keys = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"];
    let ids = keys.map(|key| metadata.count(key, 0..=u32::MAX as usize));
    let ids = ids.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(ids.into_iter().flatten().filter_map(|id| u32::try_from(id).ok()).collect())
}

/// Of files from before converters said so.
fn words_not_told() -> Notice {
    Notice {
        brief: "how words are cut is a guess",
        sentence: format!(
            "the file does not tell how words are cut, as it has no {WORDS}: a default is used, and a prompt may become \
             other tokens than the model was trained on; give token ids, or convert the model anew"
        ),
    }
}

fn byte_level(
    metadata: &Metadata<'_>,
    vocabulary: &Vocabulary<'_>,
    words: Words,
) -> Result<tokenizers::Tokenizer, Defect> {
    let ids = vocabulary.ids();
    let merges = merges(metadata, &ids)?.ok_or_else(|| wrong(MERGES, "a list of texts", "nothing"))?;
    let mut tokenizer = assembly::byte_level(ids, merges, words).map_err(Defect::Tokenizer)?;
    vocabulary.add_whole_tokens(&mut tokenizer)?;
    put_around(&mut tokenizer, metadata, vocabulary, words.adds_bos)?;
    Ok(tokenizer)
}
