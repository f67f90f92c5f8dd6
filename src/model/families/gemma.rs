//! Gemma: Llama with norms of 1 + weight and an embedding that is multiplied by the root of its width.
//!
//! - Gemma team 2024, arXiv 2403.08295.
//! - Reference: `modeling_gemma.py` and `configuration_gemma.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/gemma>.

use super::{
    description::{Description, Norm, NormKind, Norms},
    family::Family,
    gguf_names::Gguf,
    llama::{Defaults, Llama},
};
use crate::model::{ModelError, activation::Activation, common_config::Unembedding, config::Config};

pub const GEMMA: Family = Family { model_types: &["gemma"], models: "Gemma 1", read };

pub const GEMMA_GGUF: Gguf = Gguf::named("gemma");

const DEFAULTS: Defaults = Defaults {
    head_dim: Some(256),
    n_kv_heads: Some(16),
    activation: Activation::GeluTanh,
    unembedding: Unembedding::Tied,
    ..Defaults::LLAMA
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    config.refuse_flag("use_bidirectional_attention", "only causal attention is")?;
    let mut llama = Llama::read(config, &DEFAULTS)?.with_attention_bias(config)?;
    // As the reference does, since the first files said gelu and meant its approximation.
    if llama.activation == Activation::Gelu {
        llama.activation = Activation::GeluTanh;
    }
    let norm = |name| Norm::new(name, NormKind::RmsPlusOne, llama.eps);
    let mut gemma = llama.describe();
    gemma.embedding.multiplier = Some(embedding_multiplier(gemma.shape.d_model));
    for layer in &mut gemma.layers {
        layer.attention_norms = Norms::before(norm("input_layernorm"));
        layer.feed_forward_norms = Norms::before(norm("post_attention_layernorm"));
    }
    gemma.output.norm = Some(norm("norm"));
    Ok(gemma)
}

/// √`d_model`
#[expect(clippy::cast_possible_truncation, reason = "activations are computed in f32")]
fn embedding_multiplier(d_model: usize) -> f32 {
    (d_model as f64).sqrt() as f32
}
