//! StableLM: Llama with layer norms and a partial rotation.
//!
//! - Bellagente et al. 2024, arXiv 2402.17834 (StableLM 2).
//! - Reference: `modeling_stablelm.py` and `configuration_stablelm.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/stablelm>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{Config, common_config::Bias},
    families::{
        description::{Description, Norm, NormExtent, NormKind, NormPlace, Norms, Order, QkNorm},
        family::Family,
        readers::gguf_names::{Gguf, LAYER_EPS, Rotated},
    },
};

pub const STABLELM: Family = Family { model_types: &["stablelm"], models: "StableLM 3B, StableLM 2", read };

/// `use_parallel_residual` is in the file too, but true where the configuration says nothing.
pub const STABLELM_GGUF: Gguf = Gguf {
    eps: Some((LAYER_EPS, "layer_norm_eps")),
    rotated: Rotated::Some,
    told_by_tensors: &[("use_parallel_residual", "ffn_norm", false), ("qk_layernorm", "attn_q_norm", true)],
    ..Gguf::named("stablelm")
};

const DEFAULTS: Defaults = Defaults {
    n_kv_heads: Some(32),
    eps_key: "layer_norm_eps",
    eps: 1e-5,
    rotated_share: Some(0.25),
    ..Defaults::LLAMA
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let qkv_bias = Bias::from(config.flag("use_qkv_bias")?);
    let llama = Llama { qkv_bias, ..Llama::read(config, &DEFAULTS)? };
    let is_parallel = config.flag("use_parallel_residual")?;
    let qk_norm = config.flag("qk_layernorm")?.then(|| {
        let norm = |name| Norm::new(name, NormKind::LayerWithoutBias, llama.eps);
        QkNorm {
            query: norm("self_attn.q_layernorm.norms"),
            key: norm("self_attn.k_layernorm.norms"),
            extent: NormExtent::NamedHead,
            place: NormPlace::BeforeRotation,
        }
    });
    let mut stablelm = llama.describe();
    for layer in &mut stablelm.layers {
        layer.attention.qk_norm = qk_norm;
        layer.attention_norms = Norms::before(Norm::layer("input_layernorm", llama.eps));
        (layer.feed_forward_norms, layer.order) = if is_parallel {
            (Norms::default(), Order::ParallelSharedNorm)
        } else {
            (Norms::before(Norm::layer("post_attention_layernorm", llama.eps)), Order::Sequential)
        };
    }
    stablelm.output.norm = Some(Norm::layer("norm", llama.eps));
    Ok(stablelm)
}
