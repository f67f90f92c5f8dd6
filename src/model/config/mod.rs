//! Configurations of models: `config.json` and what is common to the families in it.

pub mod common_config;
mod keys;
pub mod rope_config;

pub use keys::{Config, parse_config, wrong};
