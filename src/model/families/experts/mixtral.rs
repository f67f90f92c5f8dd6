//! Mixtral: Mistral with a mixture of experts.
//!
//! - Jiang et al. 2024, arXiv 2401.04088.
//! - Reference: `modeling_mixtral.py` and `configuration_mixtral.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/mixtral>.

use crate::model::{
    ModelError,
    config::{Config, common_config::MOST_EXPERTS},
    families::{
        description::{Description, ExpertBlocks, Experts, FeedForward, GateUp, Gated, Map, Router, RouterScores},
        family::Family,
        llama_like::llama::{Defaults, Llama},
        readers::{
            gguf_names::{Gguf, RowOrder, When},
            windows::window,
        },
    },
};

pub const MIXTRAL: Family = Family { model_types: &["mixtral"], models: "Mixtral 8x7B, 8x22B", read };

pub const MIXTRAL_GGUF: Gguf = Gguf {
    when: When::Experts,
    keys: &[
        ("expert_count", "num_local_experts"),
        ("expert_used_count", "num_experts_per_tok"),
        ("attention.sliding_window", "sliding_window"),
    ],
    rows: RowOrder::Interleaved,
    ..Gguf::called("llama", "mixtral")
};

const DEFAULTS: Defaults = Defaults { n_kv_heads: Some(8), eps: 1e-5, theta: 1_000_000.0, ..Defaults::LLAMA };

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let llama = Llama::read(config, &DEFAULTS)?;
    let n_experts = config.count("num_local_experts", 1..=MOST_EXPERTS)?.unwrap_or(8);
    let experts = Experts {
        router: Router {
            map: Map::plain("block_sparse_moe.gate"),
            n_experts,
            n_chosen: config.count("num_experts_per_tok", 1..=n_experts)?.unwrap_or(2),
            scores: RouterScores::Softmax,
            groups: None,
            renormalized: true,
            multiplier: 1.0,
        },
        blocks: ExpertBlocks::Numbered {
            prefix: "block_sparse_moe.experts.",
            expert: Gated {
                gate_up: GateUp::Separate { gate: Map::plain("w1"), up: Map::plain("w3") },
                activation: llama.activation,
                down: Map::plain("w2"),
                d_ff: llama.d_ff,
            },
        },
        shared: None,
    };
    let window = window(config, "sliding_window", None)?;
    let mut mixtral = llama.describe().within(window, |_| true);
    for layer in &mut mixtral.layers {
        layer.feed_forward = FeedForward::Experts(Box::new(experts.clone()));
    }
    Ok(mixtral)
}
