//! Language models: tokens in, query, key and value vectors of every layer out, with [`crate::attention`]'s
//! interventions acting on the way.
//!
//! A model's architecture implements [`Transformer`]: all but attention, which is the same for all of them and lives
//! in [`run`]. Everything is computed in f32 on [`ndarray`] arrays; weights stay in their files ([`folder`]).

mod bert;
pub mod bundled;
mod common_config;
mod config;
mod contain;
mod dot_products;
mod error;
mod family;
mod feed_forward;
pub mod folder;
pub mod gguf;
mod gpt2;
mod gpt_neox;
mod heads;
mod language_model;
mod linear;
mod llama;
mod llama_config;
pub mod loading;
mod mapped_file;
mod matrix;
mod number_format;
mod ops;
mod piece;
mod rope;
pub mod run;
mod safetensors_file;
mod tokenizer;
mod transformer;
mod weights;

pub use error::ModelError;
pub use language_model::LanguageModel;
pub use piece::readable;
pub use tokenizer::{Token, Tokenizer};
pub use transformer::{ModelShape, PositionLimit, Residual, Transformer};
