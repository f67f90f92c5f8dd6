//! ELECTRA: BERT with embeddings of a width of their own; only the generator makes logits.
//!
//! - Clark et al. 2020, arXiv 2003.10555.
//! - Reference: `modeling_electra.py` and `configuration_electra.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/electra>.

use super::bert::Bert;
use crate::model::{
    ModelError,
    config::{Config, common_config::MOST_WIDTH},
    families::{
        description::{Description, Map, Names, Output, Transform},
        family::Family,
    },
    layers::activation::Activation,
};

pub const ELECTRA: Family = Family { model_types: &["electra"], models: "ELECTRA (no causal mask)", read };

const NAMES: Names = Names {
    prefix: "electra.",
    layers: "encoder.layer.",
    complete: &["embeddings.", "embeddings_project."],
    // The numbers 0, 1, 2 … and a zero for each.
    redundant: &[".position_ids", ".token_type_ids"],
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let bert = Bert::read(config)?;
    let output = Output {
        transform: Some(Transform {
            map: Map::biased("generator_predictions.dense"),
            activation: Activation::Gelu,
            norm: bert.norm("generator_predictions.LayerNorm"),
        }),
        bias: Some("generator_lm_head.bias"),
        ..Output::new(None, "generator_lm_head", bert.unembedding)
    };
    let mut electra = bert.describe(NAMES, output);
    let width = config.count("embedding_size", 1..=MOST_WIDTH)?.unwrap_or(128);
    if width != electra.shape.d_model {
        electra.embedding.width = width;
        electra.embedding.projection = Some(Map::biased("embeddings_project"));
    }
    Ok(electra)
}
