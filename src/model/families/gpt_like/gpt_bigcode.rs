//! GPT `BigCode`, among them `StarCoder` and `SantaCoder`: GPT-2 whose query heads share one key and one value head.
//!
//! - Li et al. 2023, arXiv 2305.06161 (StarCoder); Ben Allal et al. 2023, arXiv 2301.03988 (SantaCoder).
//! - Reference: `modeling_gpt_bigcode.py` and `configuration_gpt_bigcode.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/gpt_bigcode>.

use super::gpt2::{Block, scale};
use crate::model::{
    ModelError,
    config::{Config, common_config::ShapeKeys},
    families::{
        description::{Description, Layout, Map, Projections},
        family::Family,
        readers::gguf_names::{Gguf, LAYER_EPS, ShapeNames},
    },
};

pub const GPT_BIGCODE: Family = Family { model_types: &["gpt_bigcode"], models: "SantaCoder, StarCoder", read };

pub const GPT_BIGCODE_GGUF: Gguf = Gguf {
    shape: ShapeNames::GPT2,
    eps: Some((LAYER_EPS, "layer_norm_epsilon")),
    ..Gguf::called("starcoder", "gpt_bigcode")
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    config.refuse_flag("add_cross_attention", "only attention within the prompt is")?;
    // `attention_softmax_in_fp32` and its like compute the same in f32, as is done here always.
    let mut block = Block::read(config, ShapeKeys::GPT2, "n_inner")?;
    if config.flag_or("multi_query", true)? {
        block.shape.n_kv_heads = 1;
    }
    let scale = scale(config, &block.shape)?;
    let mut bigcode = block.describe();
    for layer in &mut bigcode.layers {
        // With one kv head a group is all there is.
        layer.attention.projections = Projections::Fused { map: Map::biased("attn.c_attn"), layout: Layout::Groups };
        layer.attention.rule.scale = scale;
    }
    Ok(bigcode)
}
