//! Tokenizers out of vocabularies: what GGUF files and the files from before `tokenizer.json` have in common
//! ([`assembly`], [`words`]), and the latter themselves ([`in_folder`]).

pub mod assembly;
pub mod words;
