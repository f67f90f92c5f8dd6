//! Qwen2: Llama with biases on query, key and value. Qwen3: with norms of query and key instead. Both also as mixtures of
//! experts.
//!
//! - Yang et al. 2024, arXiv 2407.10671 (Qwen2); Yang et al. 2025, arXiv 2505.09388 (Qwen3).
//! - Reference: `modeling_qwen2.py`, `modeling_qwen3.py`, `modeling_qwen2_moe.py`, `modeling_qwen3_moe.py` and their
//!   configurations under <https://github.com/huggingface/transformers/tree/main/src/transformers/models>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{
        Config,
        common_config::{Bias, MOST_EXPERTS, MOST_NAMED_POSITIONS, MOST_WIDTH},
        wrong,
    },
    families::{
        description::{
            Description, ExpertBlocks, Experts, FeedForward, Gated, Layer, Map, Router, RouterScores, Shared,
        },
        family::Family,
        readers::{
            gguf_names::Gguf,
            windows::{sliding_layers, window},
        },
    },
};

pub const QWEN2: Family =
    Family { model_types: &["qwen2"], models: "Qwen1.5, Qwen2, Qwen2.5, DeepSeek-R1-Distill-Qwen", read: read_qwen2 };
pub const QWEN3: Family = Family { model_types: &["qwen3"], models: "Qwen3", read: read_qwen3 };
pub const QWEN2_MOE: Family =
    Family { model_types: &["qwen2_moe"], models: "Qwen1.5-MoE, Qwen2-57B-A14B", read: read_qwen2_moe };
pub const QWEN3_MOE: Family =
    Family { model_types: &["qwen3_moe"], models: "Qwen3-30B-A3B and its like", read: read_qwen3_moe };

pub const QWEN2_GGUF: Gguf = Gguf::named("qwen2");
pub const QWEN3_GGUF: Gguf = Gguf::named("qwen3");
pub const QWEN2_MOE_GGUF: Gguf = Gguf {
    keys: &[
        ("expert_count", "num_experts"),
        ("expert_used_count", "num_experts_per_tok"),
        ("expert_feed_forward_length", "moe_intermediate_size"),
        ("expert_shared_feed_forward_length", "shared_expert_intermediate_size"),
        ("expert_weights_norm", "norm_topk_prob"),
    ],
    dense_layers: Some("mlp_only_layers"),
    ..Gguf::called("qwen2moe", "qwen2_moe")
};
/// All published ones renormalize, and no file says so.
pub const QWEN3_MOE_GGUF: Gguf = Gguf {
    keys: &[
        ("expert_count", "num_experts"),
        ("expert_used_count", "num_experts_per_tok"),
        ("expert_feed_forward_length", "moe_intermediate_size"),
        ("expert_weights_norm", "norm_topk_prob"),
    ],
    constants: &[("norm_topk_prob", true)],
    dense_layers: Some("mlp_only_layers"),
    ..Gguf::called("qwen3moe", "qwen3_moe")
};

fn read_qwen2(config: Config<'_>) -> Result<Description, ModelError> {
    let llama = Llama::read(config, &Defaults { n_kv_heads: Some(32), ..Defaults::LLAMA })?;
    with_window(config, Llama { qkv_bias: Bias::Present, ..llama }.describe())
}

fn read_qwen3(config: Config<'_>) -> Result<Description, ModelError> {
    let defaults = Defaults { head_dim: Some(128), n_kv_heads: Some(32), ..Defaults::LLAMA };
    let llama = Llama::read(config, &defaults)?.with_attention_bias(config)?;
    with_window(config, Llama { has_qk_norm: true, ..llama }.describe())
}

fn read_qwen2_moe(config: Config<'_>) -> Result<Description, ModelError> {
    let llama = Llama::read(config, &Defaults { n_kv_heads: Some(16), ..Defaults::LLAMA })?;
    let llama = Llama { qkv_bias: Bias::from(config.flag_or("qkv_bias", true)?), ..llama };
    let d_shared = config.count("shared_expert_intermediate_size", 1..=MOST_WIDTH)?.unwrap_or(5632);
    let shared = Shared {
        prefix: "mlp.shared_expert.",
        block: Gated::usual(llama.activation, d_shared),
        gate: Some("mlp.shared_expert_gate"),
    };
    let experts = Experts { shared: Some(shared), ..experts(config, &llama, [60, 4, 1408])? };
    let first_full = max_window_layers(config)?;
    let is_sliding = sliding_layers(config, llama.shape.n_layers, |layer| layer < first_full && layer % 2 == 0)?;
    let window = used_window(config)?;
    Ok(with_experts(config, llama.describe(), &experts)?.within(window, |layer| is_sliding[layer]))
}

fn read_qwen3_moe(config: Config<'_>) -> Result<Description, ModelError> {
    let llama = Llama::read(config, &Defaults { n_kv_heads: Some(4), ..Defaults::LLAMA })?;
    let llama = Llama { has_qk_norm: true, ..llama.with_attention_bias(config)? };
    let experts = experts(config, &llama, [128, 8, 768])?;
    Ok(with_experts(config, llama.describe(), &experts)?.within(used_window(config)?, |_| true))
}

/// `defaults`: how many experts there are, how many a position has, and how wide they are.
fn experts(config: Config<'_>, llama: &Llama, [n_experts, n_chosen, d_ff]: [usize; 3]) -> Result<Experts, ModelError> {
    let named = config.count("num_experts", 1..=MOST_EXPERTS)?;
    let n_experts = named.or(config.count("num_local_experts", 1..=MOST_EXPERTS)?).unwrap_or(n_experts);
    let d_ff = config.count("moe_intermediate_size", 1..=MOST_WIDTH)?.unwrap_or(d_ff);
    Ok(Experts {
        router: Router {
            map: Map::plain("mlp.gate"),
            n_experts,
            n_chosen: config.count("num_experts_per_tok", 1..=n_experts)?.unwrap_or(n_chosen),
            scores: RouterScores::Softmax,
            groups: None,
            renormalized: config.flag("norm_topk_prob")?,
            multiplier: 1.0,
        },
        blocks: ExpertBlocks::Numbered { prefix: "mlp.experts.", expert: Gated::usual(llama.activation, d_ff) },
        shared: None,
    })
}

/// In every `decoder_sparse_step`-th layer but those of `mlp_only_layers`.
fn with_experts(config: Config<'_>, mut described: Description, experts: &Experts) -> Result<Description, ModelError> {
    let step = config.count("decoder_sparse_step", 1..=MOST_NAMED_POSITIONS)?.unwrap_or(1);
    let dense = config.counts("mlp_only_layers")?.unwrap_or_default();
    let n_layers = described.shape.n_layers;
    if let Some(layer) = dense.iter().find(|&&layer| layer >= n_layers) {
        return Err(wrong("mlp_only_layers", format!("a list of layers below {n_layers}"), layer));
    }
    let is_sparse = |&(index, _): &(usize, &mut Layer)| !dense.contains(&index) && (index + 1).is_multiple_of(step);
    for (_, layer) in described.layers.iter_mut().enumerate().filter(is_sparse) {
        layer.feed_forward = FeedForward::Experts(Box::new(experts.clone()));
    }
    Ok(described)
}

/// Qwen2's and Qwen3's windows are in the layers from the `max_window_layers`-th on.
fn with_window(config: Config<'_>, described: Description) -> Result<Description, ModelError> {
    let (window, first_sliding) = (used_window(config)?, max_window_layers(config)?);
    let is_sliding = sliding_layers(config, described.shape.n_layers, |layer| layer >= first_sliding)?;
    Ok(described.within(window, |layer| is_sliding[layer]))
}

fn used_window(config: Config<'_>) -> Result<Option<usize>, ModelError> {
    if config.flag("use_sliding_window")? { window(config, "sliding_window", Some(4096)) } else { Ok(None) }
}

fn max_window_layers(config: Config<'_>) -> Result<usize, ModelError> {
    Ok(config.count("max_window_layers", 0..=MOST_NAMED_POSITIONS)?.unwrap_or(28))
}
