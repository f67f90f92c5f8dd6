//! Language models: tokens in, query, key and value vectors of every layer out, with [`crate::attention`]'s
//! interventions acting on the way.
//!
//! A model's architecture is described by data (`families`) and computed by one implementation of [`Transformer`]: all
//! but attention, where interventions act ([`run`]). Everything is computed in f32 on [`ndarray`] arrays; weights stay in their files ([`folder`]).

pub mod bundled;
mod chat;
mod config;
mod ends;
mod error;
mod families;
pub mod folder;
mod folder_error;
pub mod gguf;
mod language_model;
mod layers;
mod lazy_tokenizer;
pub mod loading;
mod notice;
pub mod on_disk;
mod parts;
mod piece;
mod position_limit;
mod reading;
mod role;
pub mod run;
pub mod smollm2;
pub mod summary;
mod text_stream;
mod tokenizer;
mod transformer;
mod vocabularies;
mod weights;

pub use chat::Chat;
pub use error::ModelError;
pub use language_model::{Adapter, LanguageModel};
pub use layers::{heads::Vectors, norm_input::NormInput};
pub use notice::Notice;
pub use parts::{LayerParts, Parts};
pub use piece::{Spelling, readable};
pub use position_limit::PositionLimit;
pub use reading::Reading;
pub use role::Role;
pub use text_stream::TextStream;
pub use tokenizer::{Tokenizer, VocabularyToken};
pub use transformer::{ModelShape, Residual, Transformer};
