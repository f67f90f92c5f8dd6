//! Chat templates: how the files of an instruct model put a user's words between its special tokens.
//!
//! Reference: `utils/chat_template_utils.py` and `apply_chat_template` of
//! <https://github.com/huggingface/transformers>.

mod environment;
mod in_folder;
mod json;
mod rendered;
mod said;
mod source;
mod strftime;
mod template;

pub(super) use self::{
    in_folder::in_folder,
    rendered::Rendered,
    template::{ChatTemplate, SpecialToken},
};
pub use said::Chat;
