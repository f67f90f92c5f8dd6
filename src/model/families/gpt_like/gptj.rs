//! GPT-J: attention and feed-forward block read the same normed residual stream; the first dimensions of query and key are
//! rotated, neighbours together.
//!
//! - Wang and Komatsuzaki 2021, <https://github.com/kingoflolz/mesh-transformer-jax>.
//! - Reference: `modeling_gptj.py` and `configuration_gptj.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/gptj>.

use super::gpt2::Block;
use crate::model::{
    ModelError,
    config::{
        Config,
        common_config::{ShapeKeys, Unembedding},
        rope_config::{RopeConfig, RopeScaling},
        wrong,
    },
    families::{
        description::{Description, FeedForward, Map, Norms, Order, Projections, Rotary},
        family::Family,
    },
};

pub const GPTJ: Family = Family { model_types: &["gptj"], models: "GPT-J", read };

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let block = Block::read(config, ShapeKeys::GPT2, "n_inner")?;
    let rotary = rotary(config, block.shape.head_dim)?;
    let mut gptj = block.describe();
    gptj.embedding.positions = None;
    for layer in &mut gptj.layers {
        layer.attention.projections = Projections::Separate {
            query: Map::plain("attn.q_proj"),
            key: Map::plain("attn.k_proj"),
            value: Map::plain("attn.v_proj"),
        };
        layer.attention.output = Map::plain("attn.out_proj");
        layer.attention.rotary = Some(rotary.clone());
        if let FeedForward::Plain { up, down, .. } = &mut layer.feed_forward {
            (*up, *down) = (Map::biased("mlp.fc_in"), Map::biased("mlp.fc_out"));
        }
        layer.feed_forward_norms = Norms::default();
        layer.order = Order::ParallelSharedNorm;
    }
    gptj.output.unembedding = Unembedding::read(config, Unembedding::Own)?;
    gptj.output.bias = Some("lm_head.bias");
    Ok(gptj)
}

fn rotary(config: Config<'_>, head_dim: usize) -> Result<Rotary, ModelError> {
    const KEY: &str = "rotary_dim";
    let n_dims = if config.has(KEY) { config.required_count(KEY, 2..=head_dim)? } else { 64 };
    if !n_dims.is_multiple_of(2) || n_dims > head_dim {
        return Err(wrong(KEY, format!("an even number of {head_dim} dimensions"), n_dims));
    }
    let rope = RopeConfig { theta: 10_000.0, scaling: RopeScaling::None };
    Ok(Rotary::halves(rope, n_dims).adjacent())
}
