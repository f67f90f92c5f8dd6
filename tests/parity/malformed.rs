//! Configurations with values that no model has: each is refused in one sentence that names the key, before a weight is
//! read.

use std::fs;

use attenuate::model::{LanguageModel, bundled};
use serde_json::{Value, json};

use crate::parity::golden::goldens_folder;

/// The golden's configuration with another value at `path`, `a.b` being key b of object a.
fn changed(family: &str, path: &str, value: Value) -> Value {
    let folder = goldens_folder().join("families").join(family);
    let mut config: Value = serde_json::from_slice(&fs::read(folder.join("config.json")).unwrap()).unwrap();
    let mut place = &mut config;
    for key in path.split('.') {
        place = &mut place[key];
    }
    *place = value;
    config
}

#[test]
fn values_that_no_model_has_are_refused_by_their_key() {
    let huge = json!(1e300);
    for (family, path, values) in [
        // A window of nothing, less than nothing, and more than anything.
        ("mistral_window", "sliding_window", vec![json!(0), json!(-4), huge.clone(), json!("4"), json!(2.5)]),
        ("gemma2", "sliding_window", vec![json!(0), json!(-1), json!(u64::MAX)]),
        ("gpt_oss", "sliding_window", vec![json!(0), json!(-1), huge.clone()]),
        ("modernbert", "local_attention", vec![json!(0), json!(-8), huge.clone()]),
        ("modernbert", "global_attn_every_n_layers", vec![json!(-1), huge.clone()]),
        ("gpt_neo", "window_size", vec![json!(0), json!(-1), huge.clone()]),
        // Kinds of layers that are too few, too many, or unknown.
        (
            "gemma3",
            "layer_types",
            vec![json!([]), json!(vec!["full_attention"; 4]), json!(vec!["sliding"; 3]), json!("full")],
        ),
        ("olmo3", "layer_types", vec![json!(["full_attention"]), json!(vec!["linear_attention"; 3]), json!([1, 2, 3])]),
        ("modernbert", "layer_types", vec![json!(vec!["full_attention"; 2]), json!(vec!["Full_attention"; 3])]),
        ("smollm3", "no_rope_layers", vec![json!([1]), json!([1, 1, -1]), json!(1)]),
        ("gpt_neo", "attention_types", vec![json!([[["global"], 1]]), json!([[["far"], 3]]), json!(7)]),
        // Experts that do not exist.
        ("mixtral", "num_experts_per_tok", vec![json!(0), json!(5), json!(-1)]),
        ("mixtral", "num_local_experts", vec![json!(0), json!(-1), json!(1 << 20)]),
        ("qwen2_moe", "num_experts_per_tok", vec![json!(0), json!(1000)]),
        ("qwen3_moe", "mlp_only_layers", vec![json!([3]), json!([-1]), json!(1)]),
        ("qwen3_moe", "decoder_sparse_step", vec![json!(0), json!(-1)]),
        ("olmoe", "num_experts_per_tok", vec![json!(0), json!(65)]),
        ("gpt_oss", "num_experts_per_tok", vec![json!(0), json!(5)]),
        ("deepseek_v3", "num_experts_per_tok", vec![json!(0), json!(1000)]),
        ("deepseek_v3", "n_group", vec![json!(0), json!(3)]),
        ("deepseek_v3", "topk_group", vec![json!(0), json!(9)]),
        ("deepseek_v2", "moe_intermediate_size", vec![json!(0), json!(-1), huge.clone()]),
        ("deepseek_v2", "kv_lora_rank", vec![json!(0), json!(-1)]),
        ("deepseek_v2", "qk_rope_head_dim", vec![json!(3), json!(0)]),
        // Rotations that turn nothing, or less than nothing.
        ("phi3_longrope", "rope_parameters.short_factor", vec![json!([1.0]), json!([0, 0, 0, 0]), json!("1")]),
        ("phi3_longrope", "rope_parameters.long_factor", vec![json!([]), json!([-1.0, 1, 1, 1]), json!(null)]),
        ("llama_yarn", "rope_parameters.factor", vec![json!(0), json!(-2), json!("NaN")]),
        ("llama_linear", "rope_parameters.factor", vec![json!(0), json!(null)]),
        ("gemma3", "rope_parameters.full_attention.rope_theta", vec![json!(0), json!(-1), json!("big")]),
        ("llama_partial", "partial_rotary_factor", vec![json!(0), json!(-1)]),
        ("gptj", "rotary_dim", vec![json!(3), json!(-2), json!(1000)]),
        // Bounds and multipliers of nothing.
        ("gemma2", "attn_logit_softcapping", vec![json!(0), json!(-50), json!("50")]),
        ("gemma2", "final_logit_softcapping", vec![json!(0), json!(-1)]),
        ("gemma2", "query_pre_attn_scalar", vec![json!(0), json!(-1)]),
        ("gpt_oss", "swiglu_limit", vec![json!(0), json!(-7)]),
        ("cohere2", "logit_scale", vec![json!(0), json!(-1)]),
        ("cohere2", "sliding_window_pattern", vec![json!(0), json!(-1), json!("LLLG")]),
        ("granite", "residual_multiplier", vec![json!(0), json!("1")]),
        ("granite", "attention_multiplier", vec![json!(0), json!(-1)]),
        ("olmo", "clip_qkv", vec![json!(0), json!(-8)]),
        ("mpt", "attn_config.clip_qkv", vec![json!(-8)]),
        ("mpt", "attn_config.alibi_bias_max", vec![json!(0), json!(4)]),
        ("mpt", "attn_config.softmax_scale", vec![json!(0), json!(-1)]),
        ("mpt", "attn_config", vec![json!(7)]),
    ] {
        let key = path.rsplit('.').next().unwrap();
        for value in values {
            let config = changed(family, path, value.clone()).to_string();
            let refusal =
                LanguageModel::from_bytes(config.as_bytes(), bundled::WEIGHTS, None).err().unwrap().to_string();
            let says = |word| refusal.contains(word);
            assert!(says(key) && (says(" must ") || says(" is not supported: ")), "{family} {path} {value}: {refusal}");
            assert!(refusal.len() < 300, "{refusal}");
        }
    }
}

/// What Python writes, and JSON does not know.
#[test]
fn numbers_that_are_none_are_refused_where_they_are_read() {
    let config = String::from_utf8(bundled::CONFIG.to_vec()).unwrap();
    let open = |from: &str, to: &str| {
        assert!(config.contains(from), "{from}");
        LanguageModel::from_bytes(config.replacen(from, to, 1).as_bytes(), bundled::WEIGHTS, None)
    };
    let read = open("\"rms_norm_eps\": ", "\"rms_norm_eps\": NaN, \"not_read\": ").err().unwrap().to_string();
    assert_eq!(read, "config.json: rms_norm_eps must be a number above 0, found \"NaN\"");
    assert!(open("{", "\u{feff}{\"not_read\": [NaN, -Infinity], ").is_ok(), "with a byte-order mark in front");
}
