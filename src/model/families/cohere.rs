//! Command R: attention and feed-forward block read the same normed residual stream, and logits are scaled.
//!
//! - Cohere 2024, <https://docs.cohere.com/docs/command-r>.
//! - Reference: `modeling_cohere.py` and `configuration_cohere.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/cohere>.

use super::{
    description::{Description, Norm, NormExtent, NormKind, NormPlace, Norms, Order, QkNorm},
    family::Family,
    gguf_names::{Gguf, LAYER_EPS},
    llama::{Defaults, Llama},
};
use crate::model::{ModelError, common_config::Unembedding, config::Config};

pub const COHERE: Family = Family { model_types: &["cohere"], models: "Command R, Aya", read };

pub const COHERE_GGUF: Gguf = Gguf {
    eps: Some((LAYER_EPS, "layer_norm_eps")),
    keys: &[("logit_scale", "logit_scale")],
    told_by_tensors: &[("use_qk_norm", "attn_q_norm", true)],
    ..Gguf::called("command-r", "cohere")
};

const DEFAULTS: Defaults = Defaults {
    eps_key: "layer_norm_eps",
    eps: 1e-5,
    theta: 500_000.0,
    unembedding: Unembedding::Tied,
    ..Defaults::LLAMA
};

#[expect(clippy::cast_possible_truncation, reason = "logits are computed in f32")]
fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let llama = Llama::read(config, &DEFAULTS)?.with_attention_bias(config)?;
    let norm = |name| Norm::new(name, NormKind::LayerWithoutBias, llama.eps);
    let qk_norm = config.flag("use_qk_norm")?.then(|| QkNorm {
        query: norm("self_attn.q_norm"),
        key: norm("self_attn.k_norm"),
        extent: NormExtent::EachHead,
        place: NormPlace::BeforeRotation,
    });
    let mut cohere = llama.describe();
    for layer in &mut cohere.layers {
        layer.attention.qk_norm = qk_norm;
        layer.attention.rotary = Some(llama.rotary.clone().adjacent());
        layer.attention_norms = Norms::before(norm("input_layernorm"));
        layer.feed_forward_norms = Norms::default();
        layer.order = Order::ParallelSharedNorm;
    }
    cohere.output.norm = Some(norm("norm"));
    cohere.output.multiplier = Some(config.positive("logit_scale", 0.0625)? as f32);
    Ok(cohere)
}
