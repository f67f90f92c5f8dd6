//! Word pieces, as BERT cuts words into them, the longest first (Wu et al. 2016, arXiv 1609.08144).
//!
//! A file writes `▁` in front of pieces that begin a word and nothing in front of those that go on with it, where a
//! vocabulary of a folder has nothing and `##`. Reference: `llm_tokenizer_wpm` in
//! <https://github.com/ggml-org/llama.cpp/blob/master/src/llama-vocab.cpp>, and `BertModel.set_vocab` of its converter.

use tokenizers::normalizers::BertNormalizer;

use super::vocabulary::{TOKENS, Vocabulary};
use crate::model::{
    gguf::{
        error::Defect,
        metadata::{Metadata, wrong},
    },
    vocabularies::assembly::{self, GOES_ON},
};

const BEGINS: char = '▁';

/// A token as the vocabulary of a folder writes it.
pub fn respelled(token: &str) -> String {
    match token.strip_prefix(BEGINS) {
        Some(piece) => piece.to_owned(),
        // Files of older converters have such tokens as they are.
        None if is_bracketed(token) => token.to_owned(),
        None => format!("{GOES_ON}{token}"),
    }
}

/// `[CLS]`, `[unused7]`
fn is_bracketed(token: &str) -> bool {
    token.len() > 2 && token.starts_with('[') && token.ends_with(']')
}

/// # Errors
/// When there is no token for what has no pieces, or one that is named does not exist.
pub fn read(metadata: &Metadata<'_>, vocabulary: &Vocabulary<'_>) -> Result<tokenizers::Tokenizer, Defect> {
    let ids = vocabulary.ids();
    let token = |keys: &[&str], usual: &str| {
        for key in keys {
            if let Some((id, token)) = vocabulary.token(metadata, key)? {
                return Ok(Some((id, token.to_owned())));
            }
        }
        Ok::<_, Defect>(ids.get(usual).map(|&id| (id, usual.to_owned())))
    };
    let first = token(&["tokenizer.ggml.bos_token_id", "tokenizer.ggml.cls_token_id"], "[CLS]")?;
    // llama.cpp's spelling.
    let last = token(&["tokenizer.ggml.seperator_token_id"], "[SEP]")?;
    let unknown = token(&["tokenizer.ggml.unknown_token_id"], "[UNK]")?;
    let (_, unknown) = unknown.ok_or_else(|| wrong(TOKENS, "one for words without pieces, [UNK]", "none"))?;
    // No file says whether letters are made small; a vocabulary that was made of small ones has no others.
    let is_cased = vocabulary.normal().any(|(_, piece)| !is_bracketed(piece) && piece.chars().any(char::is_uppercase));
    // Accents go where capitals go.
    let (cleans, cuts_chinese, strips_accents) = (true, true, None);
    let normalizer = BertNormalizer::new(cleans, cuts_chinese, strips_accents, !is_cased);
    let mut tokenizer = assembly::word_pieces(ids, unknown, normalizer).map_err(Defect::Tokenizer)?;
    vocabulary.add_whole_tokens(&mut tokenizer)?;
    let [first, last] = [&first, &last].map(|token| token.as_ref().map(|(id, token)| (*id, &**token)));
    assembly::enclose(&mut tokenizer, [first, last]).map_err(Defect::Tokenizer)?;
    Ok(tokenizer)
}
