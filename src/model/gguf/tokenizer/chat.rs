//! The chat template out of a file's metadata.

use super::super::metadata::Metadata;
use crate::model::chat::{ChatTemplate, SpecialToken};

const TEMPLATE: &str = "tokenizer.chat_template";
/// What templates call a token, and its key here; llama.cpp spells it so.
const SPECIAL: [(&str, &str); 7] = [
    ("bos_token", "tokenizer.ggml.bos_token_id"),
    ("eos_token", "tokenizer.ggml.eos_token_id"),
    ("unk_token", "tokenizer.ggml.unknown_token_id"),
    ("sep_token", "tokenizer.ggml.seperator_token_id"),
    ("pad_token", "tokenizer.ggml.padding_token_id"),
    ("cls_token", "tokenizer.ggml.cls_token_id"),
    ("mask_token", "tokenizer.ggml.mask_token_id"),
];

/// The template; `None` where the file has none.
pub fn template(metadata: &Metadata<'_>) -> Option<ChatTemplate> {
    let template = match metadata.text(TEMPLATE) {
        Ok(source) => ChatTemplate::new(TEMPLATE, source?),
        Err(defect) => ChatTemplate::unreadable(TEMPLATE, defect.to_string()),
    };
    let special = SPECIAL.iter().filter_map(|(name, key)| {
        // What is wrong with these ids is said where the tokenizer is read.
        let id = metadata.count(key, 0..=u32::MAX as usize).ok().flatten()?;
        Some(((*name).to_owned(), SpecialToken::Id(u32::try_from(id).ok()?)))
    });
    Some(template.with_special(special))
}
