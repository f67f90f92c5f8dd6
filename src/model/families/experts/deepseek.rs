//! DeepSeek-V2 and V3: keys and values from a short vector (multi-head latent attention), and a mixture of many small
//! experts beside some that all positions go through.
//!
//! - DeepSeek-AI 2024, arXiv 2405.04434 (V2); DeepSeek-AI 2024, arXiv 2412.19437 (V3).
//! - Reference: `modeling_deepseek_v2.py`, `modeling_deepseek_v3.py` and their configurations under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models>.

use crate::model::{
    ModelError,
    config::{
        Config,
        common_config::{Bias, MOST_EXPERTS, MOST_HEAD_DIM, MOST_LAYERS, MOST_WIDTH},
        rope_config::{RopeScaling, Yarn, yarn_length},
        wrong,
    },
    families::{
        description::{
            Description, ExpertBlocks, ExpertGroups, Experts, FeedForward, Gated, LowRank, Map, Projections, Rotary,
            Router, RouterScores, Shared, usual_scale,
        },
        family::Family,
        llama_like::llama::{Defaults, Llama},
        readers::gguf_names::{Gguf, Rotated, When},
    },
    layers::rope::{Pairs, RotatedDims},
};

pub const DEEPSEEK_V2: Family =
    Family { model_types: &["deepseek_v2"], models: "DeepSeek-V2, -V2-Lite, -Coder-V2", read: read_v2 };
pub const DEEPSEEK_V3: Family = Family { model_types: &["deepseek_v3"], models: "DeepSeek-V3, -R1", read: read_v3 };

pub const DEEPSEEK_V2_GGUF: Gguf = Gguf {
    rotated: Rotated::LowRank,
    keys: &[
        ("attention.q_lora_rank", "q_lora_rank"),
        ("attention.kv_lora_rank", "kv_lora_rank"),
        ("leading_dense_block_count", "first_k_dense_replace"),
        ("expert_count", "n_routed_experts"),
        ("expert_used_count", "num_experts_per_tok"),
        ("expert_shared_count", "n_shared_experts"),
        ("expert_feed_forward_length", "moe_intermediate_size"),
        ("expert_weights_scale", "routed_scaling_factor"),
        ("expert_group_count", "n_group"),
        ("expert_group_used_count", "topk_group"),
    ],
    ..Gguf::called("deepseek2", "deepseek_v2")
};
pub const DEEPSEEK_V3_GGUF: Gguf = Gguf {
    when: When::Sigmoid,
    keys: &[
        ("attention.q_lora_rank", "q_lora_rank"),
        ("attention.kv_lora_rank", "kv_lora_rank"),
        ("leading_dense_block_count", "first_k_dense_replace"),
        ("expert_count", "n_routed_experts"),
        ("expert_used_count", "num_experts_per_tok"),
        ("expert_shared_count", "n_shared_experts"),
        ("expert_feed_forward_length", "moe_intermediate_size"),
        ("expert_weights_norm", "norm_topk_prob"),
        ("expert_weights_scale", "routed_scaling_factor"),
        ("expert_group_count", "n_group"),
        ("expert_group_used_count", "topk_group"),
    ],
    constants: &[("norm_topk_prob", false)],
    ..Gguf { model_type: "deepseek_v3", ..DEEPSEEK_V2_GGUF }
};

/// Where both versions differ.
struct Version {
    n_experts: usize,
    n_chosen: Option<usize>,
    d_expert: usize,
    n_shared: usize,
    n_dense: usize,
    scores: RouterScores,
    groups: Option<ExpertGroups>,
    renormalized: bool,
    multiplier: f64,
    pairs: Pairs,
    mlp_bias: Bias,
}

fn read_v2(config: Config<'_>) -> Result<Description, ModelError> {
    // The reference's router passes over `norm_topk_prob`.
    let groups = match config.text("topk_method")? {
        None | Some("greedy") => None,
        Some("group_limited_greedy") => Some(groups(config, None, 1)?),
        Some(other) => {
            let supported = "greedy and group_limited_greedy are";
            return Err(ModelError::Unsupported { what: "topk_method", found: other.to_owned(), supported });
        }
    };
    read(
        config,
        &Version {
            n_experts: 64,
            n_chosen: None,
            d_expert: 1407,
            n_shared: 2,
            n_dense: 0,
            scores: RouterScores::Softmax,
            groups,
            renormalized: false,
            multiplier: 1.0,
            pairs: Pairs::Adjacent,
            mlp_bias: Bias::from(config.flag("mlp_bias")?),
        },
    )
}

fn read_v3(config: Config<'_>) -> Result<Description, ModelError> {
    let is_adjacent = config.flag_or("rope_interleave", true)?;
    read(
        config,
        &Version {
            n_experts: 256,
            n_chosen: Some(8),
            d_expert: 2048,
            n_shared: 1,
            n_dense: 3,
            scores: RouterScores::Sigmoid { correction: "mlp.gate.e_score_correction_bias" },
            groups: Some(groups(config, Some([8, 4]), 2)?),
            renormalized: config.flag_or("norm_topk_prob", true)?,
            multiplier: 2.5,
            pairs: if is_adjacent { Pairs::Adjacent } else { Pairs::Halves },
            mlp_bias: Bias::Absent,
        },
    )
}

fn read(config: Config<'_>, version: &Version) -> Result<Description, ModelError> {
    let dimension = |key, default| -> Result<usize, ModelError> {
        Ok(config.count(key, 1..=MOST_HEAD_DIM / 2)?.unwrap_or(default))
    };
    let n_plain = dimension("qk_nope_head_dim", 128)?;
    let n_rotated = dimension("qk_rope_head_dim", 64)?;
    let value_dim = dimension("v_head_dim", 128)?;
    if !n_rotated.is_multiple_of(2) {
        return Err(wrong("qk_rope_head_dim", "even, for the rotary embedding turns pairs of dimensions", n_rotated));
    }
    // The configuration's own `head_dim` is that of the rotated part.
    let llama = Llama::read(config, &Defaults { head_dim: Some(n_rotated), ..Defaults::LLAMA })?;
    let (n_heads, head_dim) = (llama.shape.n_heads, n_plain + n_rotated);
    if llama.shape.n_kv_heads != n_heads {
        return Err(wrong("num_key_value_heads", format!("num_attention_heads, {n_heads}"), llama.shape.n_kv_heads));
    }
    let bias = Bias::from(config.flag("attention_bias")?);
    let query_rank = if config.has("q_lora_rank") { config.count("q_lora_rank", 1..=MOST_WIDTH)? } else { Some(1536) };
    let low_rank = LowRank {
        query_rank,
        rank: config.count("kv_lora_rank", 1..=MOST_WIDTH)?.unwrap_or(512),
        n_plain,
        n_rotated,
        value_dim,
        bias,
    };
    let rotary = Rotary {
        rope: llama.rotary.rope.clone(),
        dims: RotatedDims { first: n_plain, n: n_rotated, pairs: version.pairs },
    };
    let scale = usual_scale(head_dim) * score_multiplier(config, &rotary.rope.scaling)?;
    let n_dense = config.count("first_k_dense_replace", 0..=MOST_LAYERS)?.unwrap_or(version.n_dense);
    let experts = experts(config, version, &llama)?;
    let mut deepseek = Llama { mlp_bias: version.mlp_bias, ..llama }.describe();
    deepseek.shape.head_dim = head_dim;
    for (index, layer) in deepseek.layers.iter_mut().enumerate() {
        layer.attention.projections = Projections::LowRank(low_rank);
        layer.attention.rotary = Some(rotary.clone());
        layer.attention.rule.scale = scale;
        layer.attention.output = Map::new("self_attn.o_proj", bias);
        if index >= n_dense {
            layer.feed_forward = FeedForward::Experts(Box::new(experts.clone()));
        }
    }
    Ok(deepseek)
}

fn experts(config: Config<'_>, version: &Version, llama: &Llama) -> Result<Experts, ModelError> {
    let n_experts = config.count("n_routed_experts", 1..=MOST_EXPERTS)?.unwrap_or(version.n_experts);
    let d_ff = config.count("moe_intermediate_size", 1..=MOST_WIDTH)?.unwrap_or(version.d_expert);
    let n_shared = config.count("n_shared_experts", 1..=MOST_EXPERTS)?.unwrap_or(version.n_shared);
    let n_chosen = config.count("num_experts_per_tok", 1..=n_experts)?.or(version.n_chosen);
    if let Some(ExpertGroups { n_groups, .. }) = version.groups
        && !n_experts.is_multiple_of(n_groups)
    {
        return Err(wrong("n_group", format!("a divisor of n_routed_experts, {n_experts}"), n_groups));
    }
    #[expect(clippy::cast_possible_truncation, reason = "activations are computed in f32")]
    let multiplier = config.positive("routed_scaling_factor", version.multiplier)? as f32;
    let with_bias = |gated: Gated| gated.with_bias(version.mlp_bias);
    Ok(Experts {
        router: Router {
            map: Map::plain("mlp.gate"),
            n_experts,
            n_chosen: n_chosen.ok_or_else(|| wrong("num_experts_per_tok", "a whole number", "nothing"))?,
            scores: version.scores,
            groups: version.groups,
            renormalized: version.renormalized,
            multiplier,
        },
        blocks: ExpertBlocks::Numbered { prefix: "mlp.experts.", expert: Gated::usual(llama.activation, d_ff) },
        shared: Some(Shared {
            prefix: "mlp.shared_experts.",
            block: with_bias(Gated::usual(llama.activation, d_ff * n_shared)),
            gate: None,
        }),
    })
}

fn groups(config: Config<'_>, default: Option<[usize; 2]>, n_best: usize) -> Result<ExpertGroups, ModelError> {
    let nothing = |key| move || wrong(key, "a whole number", "nothing");
    let n_groups = config.count("n_group", 1..=MOST_EXPERTS)?.or(default.map(|[n_groups, _]| n_groups));
    let n_groups = n_groups.ok_or_else(nothing("n_group"))?;
    let n_chosen = config.count("topk_group", 1..=n_groups)?.or(default.map(|[_, n_chosen]| n_chosen));
    Ok(ExpertGroups { n_groups, n_chosen: n_chosen.ok_or_else(nothing("topk_group"))?, n_best })
}

/// The reference multiplies scores where a scaled rotation names `mscale_all_dim`.
fn score_multiplier(config: Config<'_>, scaling: &RopeScaling) -> Result<f64, ModelError> {
    let parameters =
        config.object("rope_scaling")?.map_or_else(|| config.object("rope_parameters"), |o| Ok(Some(o)))?;
    let all = match parameters {
        Some(parameters) => parameters.number("mscale_all_dim")?.unwrap_or(0.0),
        None => 0.0,
    };
    match scaling {
        _ if all == 0.0 => Ok(1.0),
        RopeScaling::None => Ok(1.0),
        RopeScaling::Yarn(Yarn { factor, .. }) => Ok(yarn_length(*factor, all).powi(2)),
        _ => Err(ModelError::Unsupported {
            what: "mscale_all_dim",
            found: all.to_string(),
            supported: "with yarn alone it is",
        }),
    }
}
