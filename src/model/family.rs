//! From a configuration to the architecture it describes.

use super::{
    ModelError,
    bert::{Bert, BertConfig},
    config::{Config, parse_config},
    gpt_neox::{GptNeox, GptNeoxConfig},
    gpt2::{Gpt2, Gpt2Config},
    llama::Llama,
    llama_config::LlamaConfig,
    transformer::Transformer,
    weights::Weights,
};

/// A supported architecture with its configuration.
#[derive(Debug)]
pub enum Family {
    Llama(LlamaConfig),
    Gpt2(Gpt2Config),
    GptNeox(GptNeoxConfig),
    Bert(BertConfig),
}

impl Family {
    /// From the text of `config.json`.
    ///
    /// # Errors
    /// When it is malformed or the model is not supported.
    pub fn parse(config: &[u8]) -> Result<Self, ModelError> {
        Self::read(Config::new(&parse_config(config)?))
    }

    /// By `model_type`.
    ///
    /// # Errors
    /// When there is no such family, or its configuration is not supported.
    pub fn read(config: Config<'_>) -> Result<Self, ModelError> {
        match config.text("model_type")? {
            Some("gpt2") => Gpt2Config::read(config).map(Self::Gpt2),
            Some("gpt_neox") => GptNeoxConfig::read(config).map(Self::GptNeox),
            Some("bert") => BertConfig::read(config).map(Self::Bert),
            // Which also refuses what nobody knows.
            _ => LlamaConfig::read(config).map(Self::Llama),
        }
    }

    /// # Errors
    /// When a tensor is missing, has another shape than the configuration says, or is not accounted for.
    pub fn load(&self, weights: &Weights<'_>) -> Result<Box<dyn Transformer>, ModelError> {
        Ok(match self {
            Self::Llama(config) => Box::new(Llama::load(config, weights)?),
            Self::Gpt2(config) => Box::new(Gpt2::load(config, weights)?),
            Self::GptNeox(config) => Box::new(GptNeox::load(config, weights)?),
            Self::Bert(config) => Box::new(Bert::load(config, weights)?),
        })
    }
}
