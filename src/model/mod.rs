//! Language models: tokens in, query, key and value vectors of every layer out, with [`crate::attention`]'s
//! interventions acting on the way.
//!
//! A model's architecture is described by data (`families`) and computed by one implementation of [`Transformer`]: all
//! but attention, where interventions act ([`run`]). Everything is computed in f32 on [`ndarray`] arrays; weights stay in their files ([`folder`]).

mod activation;
pub mod bundled;
mod common_config;
mod config;
mod dot_products;
mod error;
mod families;
pub mod folder;
mod folder_error;
pub mod gguf;
mod heads;
mod language_model;
mod linear;
pub mod loading;
mod matrix;
mod norms;
mod notice;
mod number_format;
mod piece;
mod position_limit;
mod rope;
mod rope_config;
pub mod run;
mod safetensors_file;
mod tokenizer;
mod transformer;
mod weights;

pub use error::ModelError;
pub use language_model::LanguageModel;
pub use notice::Notice;
pub use piece::{Spelling, readable};
pub use position_limit::PositionLimit;
pub use tokenizer::{Token, Tokenizer};
pub use transformer::{ModelShape, Residual, Transformer};
