//! `vocab.json` with `merges.txt`, and `vocab.txt`.

use tokenizers::{
    Tokenizer,
    decoders::wordpiece::WordPiece,
    models::bpe::{Merges, Vocab},
    normalizers::BertNormalizer,
    pre_tokenizers::byte_level::ByteLevel,
};

use super::{assembly, class::Class, pre_tokenizers::Words, settings::Settings};
use crate::{base::Excerpt, model::ModelError};

/// Bytes merged to pieces, as GPT-2 has them, out of the texts of `vocab.json` and `merges.txt`.
///
/// # Errors
/// When they are malformed or do not fit together.
pub fn byte_level(vocab: &[u8], merges: &[u8], class: Class, settings: &Settings) -> Result<Tokenizer, ModelError> {
    let ids: std::collections::HashMap<String, u32> =
        serde_json::from_slice(vocab).map_err(|cause| malformed(format!("vocab.json: {cause}")))?;
    let ids: Vocab = ids.into_iter().collect();
    let (name, has_front) = if class == Class::Qwen2 { ("qwen2", false) } else { ("gpt-2", true) };
    let unknown = || ModelError::UnsupportedTokenizer { what: format!("words as {name} cuts them") };
    let words = Words::named(name).ok_or_else(unknown)?;
    let mut tokenizer =
        assembly::byte_level(ids, merges_in(merges)?, words).map_err(|cause| malformed(cause.to_string()))?;
    if settings.flag("add_prefix_space")?.unwrap_or(false) {
        if !has_front {
            let what = format!("add_prefix_space is not supported with a {}", class.name());
            return Err(ModelError::UnsupportedTokenizer { what });
        }
        let (space_in_front, trim_offsets, cut_to_words) = (true, true, true);
        tokenizer.with_pre_tokenizer(Some(ByteLevel::new(space_in_front, trim_offsets, cut_to_words)));
    }
    settings.add_to(&mut tokenizer, class.named(), Vec::new())?;
    match class {
        Class::Roberta => enclose(&mut tokenizer, [Some("cls_token"), Some("sep_token")], settings, class.named())?,
        _ => enclose_as_set(&mut tokenizer, settings, class.named())?,
    }
    Ok(tokenizer)
}

/// Word pieces out of the text of `vocab.txt`, one a line.
///
/// # Errors
/// When it is malformed.
pub fn word_pieces(vocab: &[u8], settings: &Settings) -> Result<Tokenizer, ModelError> {
    let vocab = str::from_utf8(vocab).map_err(|cause| malformed(format!("vocab.txt: expected UTF-8: {cause}")))?;
    let ids: Vocab = vocab.lines().zip(0..).map(|(piece, id)| (piece.trim_end().to_owned(), id)).collect();
    let usual = Class::Bert.named();
    let unknown = settings.named("unk_token", usual).unwrap_or("[UNK]").to_owned();
    let (cleans, lowercase) = (true, settings.flag("do_lower_case")?.unwrap_or(true));
    let cuts_chinese = settings.flag("tokenize_chinese_chars")?.unwrap_or(true);
    let normalizer = BertNormalizer::new(cleans, cuts_chinese, settings.flag("strip_accents")?, lowercase);
    let mut tokenizer =
        assembly::word_pieces(ids, unknown, normalizer).map_err(|cause| malformed(cause.to_string()))?;
    let cleans_up = true;
    tokenizer.with_decoder(Some(WordPiece::new(assembly::GOES_ON.to_owned(), cleans_up)));
    settings.add_to(&mut tokenizer, usual, Vec::new())?;
    enclose(&mut tokenizer, [Some("cls_token"), Some("sep_token")], settings, usual)?;
    Ok(tokenizer)
}

/// Pairs of pieces that become one, a line each.
fn merges_in(text: &[u8]) -> Result<Merges, ModelError> {
    let text = str::from_utf8(text).map_err(|cause| malformed(format!("merges.txt: expected UTF-8: {cause}")))?;
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.starts_with("#version") && !line.is_empty());
    let pair = |(line, number): (&str, usize)| {
        let found =
            || malformed(format!("merges.txt, line {number}: expected two pieces, found {}", Excerpt::new(line)));
        let (left, right) = line.split_once(' ').filter(|(_, right)| !right.contains(' ')).ok_or_else(found)?;
        Ok((left.to_owned(), right.to_owned()))
    };
    lines.map(pair).collect()
}

/// Puts tokens around every sequence where `add_bos_token` and `add_eos_token` say so.
///
/// # Errors
/// When they are neither on nor off, or a token does not exist.
pub fn enclose_as_set(
    tokenizer: &mut Tokenizer,
    settings: &Settings,
    usual: &[(&str, &str)],
) -> Result<(), ModelError> {
    let wanted = |name, key| Ok::<_, ModelError>(settings.flag(key)?.unwrap_or(false).then_some(name));
    enclose(tokenizer, [wanted("bos_token", "add_bos_token")?, wanted("eos_token", "add_eos_token")?], settings, usual)
}

/// Puts special tokens around every sequence, by transformers' names for them.
fn enclose(
    tokenizer: &mut Tokenizer,
    names: [Option<&str>; 2],
    settings: &Settings,
    usual: &[(&str, &str)],
) -> Result<(), ModelError> {
    let around = names.map(|name| {
        let content = settings.named(name?, usual)?;
        Some((tokenizer.token_to_id(content)?, content))
    });
    assembly::enclose(tokenizer, around).map_err(ModelError::Tokenizer)
}

fn malformed(what: String) -> ModelError {
    ModelError::Tokenizer(what.into())
}
