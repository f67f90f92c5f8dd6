//! Tokenizers out of vocabularies: what GGUF files and the files from before `tokenizer.json` have in common
//! ([`assembly`], [`pre_tokenizers`]), and the latter themselves ([`in_folder`]).

pub mod assembly;
mod class;
mod in_folder;
mod pieces;
pub mod pre_tokenizers;
mod proto;
mod sentence_piece;
mod settings;

pub use in_folder::{FILES, in_folder};
