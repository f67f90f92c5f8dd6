//! GGUF files: the same patterns as from a folder, the same tokens, and a clear error for anything damaged.

mod constants;
mod encodings;
mod families;
mod malformed;
mod model_inside;
mod opening;
mod patterns;
mod real_model;
mod split;
pub mod tokenizers;
mod word_pieces;

use crate::{gguf_files as files, parity::golden, support::allocations};
