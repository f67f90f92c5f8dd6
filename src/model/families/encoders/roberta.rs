//! `RoBERTa` and XLM-RoBERTa: BERT whose positions count from behind the padding's id, and leave padding out.
//!
//! - Liu et al. 2019, arXiv 1907.11692; Conneau et al. 2019, arXiv 1911.02116 (XLM-RoBERTa).
//! - Reference: `modeling_roberta.py` and `configuration_roberta.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/roberta>.

use super::bert::Bert;
use crate::model::{
    ModelError,
    config::{Config, common_config::MOST_TOKENS, wrong},
    families::{
        description::{Description, Map, Names, Output, PositionRows, Transform},
        family::Family,
    },
    layers::activation::Activation,
    transformer::PositionLimit,
};

pub const ROBERTA: Family = Family {
    model_types: &["roberta", "xlm-roberta", "camembert"],
    models: "RoBERTa, XLM-RoBERTa, CamemBERT (no causal mask)",
    read,
};

const NAMES: Names = Names {
    prefix: "roberta.",
    layers: "encoder.layer.",
    complete: &["embeddings."],
    // The numbers 0, 1, 2 … and a zero for each; the head's bias under its other name.
    redundant: &[".position_ids", ".token_type_ids", "lm_head.decoder.bias"],
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let bert = Bert::read(config)?;
    let output = Output {
        transform: Some(Transform {
            map: Map::biased("lm_head.dense"),
            activation: Activation::Gelu,
            norm: bert.norm("lm_head.layer_norm"),
        }),
        bias: Some("lm_head.bias"),
        head: "lm_head",
        ..Output::new(None, "lm_head.decoder", bert.unembedding)
    };
    let n_rows = bert.n_positions;
    let mut roberta = bert.describe(NAMES, output);
    // Its tokenizer calls every token of a pair type 0.
    if let Some(types) = &mut roberta.embedding.token_types {
        types.separator = None;
    }
    let padding = config.count("pad_token_id", 0..=MOST_TOKENS)?.unwrap_or(1);
    let Some(left) = n_rows.checked_sub(padding + 1).filter(|&left| left > 0) else {
        return Err(wrong("pad_token_id", format!("below max_position_embeddings − 1, {}", n_rows - 1), padding));
    };
    if let Some(positions) = &mut roberta.embedding.positions {
        positions.rows = PositionRows::WithoutPadding { padding: u32::try_from(padding).unwrap_or(u32::MAX) };
    }
    if left < roberta.shape.max_positions {
        (roberta.shape.max_positions, roberta.shape.position_limit) = (left, PositionLimit::Model);
    }
    Ok(roberta)
}
