//! What llama.cpp's converter makes of the folder of any family: names, metadata, and the order of the numbers.
//!
//! Reference: `conversion` and `gguf-py/gguf/tensor_mapping.py` in <https://github.com/ggml-org/llama.cpp>.

use std::{collections::BTreeMap, fs, path::Path};

use safetensors::SafeTensors;
use serde_json::{Value, json};

use super::{
    convert::{permuted, values},
    quantize::Format,
    writer::{Gguf, Meta, Tensor},
};

/// Families that the converter knows, by the folders of their goldens.
pub const CONVERTED: [&str; 32] = [
    "families/cohere",
    "families/deepseek_v2",
    "families/deepseek_v3",
    "families/ernie4_5",
    "families/falcon",
    "families/falcon_new",
    "families/gemma",
    "families/glm4",
    "families/gpt_bigcode",
    "families/granite",
    "families/hunyuan_v1_dense",
    "families/llama_linear",
    "families/llama_yarn",
    "families/mixtral",
    "families/nemotron",
    "families/olmo",
    "families/olmo2",
    "families/olmoe",
    "families/phi",
    "families/phi3",
    "families/phi3_longrope",
    "families/qwen2_moe",
    "families/qwen3_moe",
    "families/smollm3",
    "families/stablelm",
    "families/starcoder2",
    "gpt2",
    "gpt_neox",
    "llama",
    "llama_bf16",
    "qwen2",
    "qwen3",
];

struct Folder {
    config: Value,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Folder {
    fn read(folder: &Path) -> Self {
        let config = serde_json::from_slice(&fs::read(folder.join("config.json")).unwrap()).unwrap();
        let bytes = fs::read(folder.join("model.safetensors")).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = file.iter().map(|(name, view)| (name.to_owned(), (view.shape().to_vec(), values(&view))));
        Self { config, tensors: tensors.collect() }
    }

    fn get(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().find_map(|key| self.config.get(key).filter(|value| !value.is_null()))
    }

    fn number(&self, keys: &[&str]) -> u32 {
        self.get(keys).unwrap_or_else(|| panic!("{keys:?}")).as_u64().unwrap() as u32
    }

    fn rope(&self, key: &str) -> Option<&Value> {
        self.config.get("rope_parameters")?.get(key).filter(|value| !value.is_null())
    }

    fn model_type(&self) -> &str {
        self.config["model_type"].as_str().unwrap()
    }
}

fn architecture(model_type: &str) -> &str {
    match model_type {
        "mixtral" | "mistral" => "llama",
        "qwen2_moe" => "qwen2moe",
        "qwen3_moe" => "qwen3moe",
        "deepseek_v2" | "deepseek_v3" => "deepseek2",
        "cohere" => "command-r",
        "phi" => "phi2",
        "gpt_neox" => "gptneox",
        "gpt_bigcode" => "starcoder",
        "hunyuan_v1_dense" => "hunyuan-dense",
        other => other,
    }
}

/// The file, in F32.
pub fn converted(folder: &Path) -> Gguf {
    let folder = Folder::read(folder);
    let mut gguf = metadata(&folder);
    for (name, (shape, values)) in tensors(&folder) {
        let bytes = Format::F32.bytes(&values);
        gguf.tensors.push(Tensor { name, shape, format: Format::F32.code(), bytes });
    }
    gguf
}

/// A configuration whose numbers a file can hold: those that are not whole are f32.
pub fn in_f32(config: &Value) -> Value {
    match config {
        Value::Number(number) if number.is_f64() => json!(f64::from(number.as_f64().unwrap() as f32)),
        Value::Array(list) => list.iter().map(in_f32).collect(),
        Value::Object(keys) => keys.iter().map(|(key, value)| (key.clone(), in_f32(value))).collect(),
        other => other.clone(),
    }
}

fn metadata(folder: &Folder) -> Gguf {
    let architecture = architecture(folder.model_type()).to_owned();
    let mut gguf = Gguf::default().set("general.architecture", &*architecture);
    let mut set = |name: &str, value: Meta| gguf = gguf.clone().set(&format!("{architecture}.{name}"), value);
    let (d_model, n_heads) =
        (folder.number(&["hidden_size", "n_embd"]), folder.number(&["num_attention_heads", "n_head"]));
    set("block_count", folder.number(&["num_hidden_layers", "n_layer"]).into());
    let positions = folder.get(&["max_position_embeddings", "n_positions"]).and_then(Value::as_u64);
    set("context_length", (positions.unwrap_or(2048) as u32).into());
    set("embedding_length", d_model.into());
    let d_ff = folder.get(&["intermediate_size", "n_inner", "ffn_hidden_size"]).and_then(Value::as_u64);
    set("feed_forward_length", d_ff.map_or(4 * d_model, |d_ff| d_ff as u32).into());
    set("attention.head_count", n_heads.into());
    let is_low_rank = architecture == "deepseek2";
    let kv = match folder.model_type() {
        "falcon" if folder.config["new_decoder_architecture"] != true => 1,
        "gpt_bigcode" => 1,
        _ if is_low_rank => 1,
        _ => folder.get(&["num_key_value_heads", "num_kv_heads"]).map_or(n_heads, |kv| kv.as_u64().unwrap() as u32),
    };
    set("attention.head_count_kv", kv.into());
    let head_dim = folder.get(&["head_dim"]).map_or(d_model / n_heads, |head_dim| head_dim.as_u64().unwrap() as u32);
    if is_low_rank {
        let [plain, rotated, value, rank] =
            ["qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim", "kv_lora_rank"].map(|key| folder.number(&[key]));
        for (name, number) in [
            ("attention.key_length", rank + rotated),
            ("attention.value_length", rank),
            ("attention.key_length_mla", plain + rotated),
            ("attention.value_length_mla", value),
            ("attention.kv_lora_rank", rank),
            ("rope.dimension_count", rotated),
        ] {
            set(name, number.into());
        }
    } else if folder.get(&["head_dim"]).is_some() {
        set("attention.key_length", head_dim.into());
        set("attention.value_length", head_dim.into());
    }
    if let Some(share) = folder.rope("partial_rotary_factor").or(folder.get(&["partial_rotary_factor", "rotary_pct"])) {
        set("rope.dimension_count", ((share.as_f64().unwrap() * f64::from(head_dim)) as u32).into());
    }
    if let Some(theta) = folder.rope("rope_theta").or(folder.get(&["rope_theta"])) {
        set("rope.freq_base", Meta::F32(theta.as_f64().unwrap() as f32));
    }
    let layer_norm = ["layer_norm_eps", "norm_epsilon", "norm_eps", "layer_norm_epsilon"];
    for (name, keys) in
        [("attention.layer_norm_rms_epsilon", &["rms_norm_eps"][..]), ("attention.layer_norm_epsilon", &layer_norm)]
    {
        if let Some(eps) = folder.get(keys) {
            set(name, Meta::F32(eps.as_f64().unwrap() as f32));
        }
    }
    for (name, keys) in [
        ("attention.q_lora_rank", &["q_lora_rank"][..]),
        ("leading_dense_block_count", &["first_k_dense_replace"]),
        ("expert_count", &["num_local_experts", "num_experts", "n_routed_experts"]),
        ("expert_used_count", &["num_experts_per_tok"]),
        ("expert_shared_count", &["n_shared_experts"]),
        ("expert_feed_forward_length", &["moe_intermediate_size"]),
        ("expert_shared_feed_forward_length", &["shared_expert_intermediate_size"]),
        ("expert_group_count", &["n_group"]),
        ("expert_group_used_count", &["topk_group"]),
    ] {
        if let Some(number) = folder.get(keys).and_then(Value::as_u64) {
            set(name, (number as u32).into());
        }
    }
    numbers(folder, gguf)
}

/// Multipliers, the router, and the scaling of the rotation.
fn numbers(folder: &Folder, mut gguf: Gguf) -> Gguf {
    let architecture = architecture(folder.model_type()).to_owned();
    let mut set = |name: &str, value: Meta| gguf = gguf.clone().set(&format!("{architecture}.{name}"), value);
    for (name, key) in [
        ("attention.scale", "attention_multiplier"),
        ("embedding_scale", "embedding_multiplier"),
        ("residual_scale", "residual_multiplier"),
        ("logit_scale", "logits_scaling"),
        ("logit_scale", "logit_scale"),
        ("expert_weights_scale", "routed_scaling_factor"),
        ("attention.clamp_kqv", "clip_qkv"),
    ] {
        if let Some(number) = folder.get(&[key]).and_then(Value::as_f64) {
            set(name, Meta::F32(number as f32));
        }
    }
    if folder.model_type() == "deepseek_v3" {
        set("expert_gating_func", 2.into());
        set("expert_weights_norm", Meta::Flag(folder.config["norm_topk_prob"] != false));
    }
    if folder.model_type() == "gpt_neox" {
        set("use_parallel_residual", Meta::Flag(folder.config["use_parallel_residual"] != false));
    }
    if folder.model_type() == "phi3" {
        set("attention.sliding_window", 0.into());
    }
    match folder.rope("rope_type").and_then(Value::as_str) {
        Some(kind @ ("linear" | "yarn")) => {
            set("rope.scaling.type", kind.into());
            set("rope.scaling.factor", Meta::F32(folder.rope("factor").unwrap().as_f64().unwrap() as f32));
            if let Some(original) = folder.rope("original_max_position_embeddings") {
                set("rope.scaling.original_context_length", (original.as_u64().unwrap() as u32).into());
            }
            if let Some(all) = folder.rope("mscale_all_dim") {
                set("rope.scaling.yarn_log_multiplier", Meta::F32((0.1 * all.as_f64().unwrap()) as f32));
            }
        }
        Some("longrope") => {
            let original = folder.rope("original_max_position_embeddings").unwrap().as_f64().unwrap();
            let scale = f64::from(folder.number(&["max_position_embeddings"])) / original;
            let length = if scale > 1.0 { (1.0 + scale.ln() / original.ln()).sqrt() } else { 1.0 };
            set("rope.scaling.attn_factor", Meta::F32(length as f32));
            set("rope.scaling.original_context_length", (original as u32).into());
        }
        _ => {}
    }
    gguf
}

/// Names of a layer's parts, the longest first where one is the end of another.
const PARTS: [(&str, &str); 56] = [
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("self_attn.dense", "attn_output"),
    ("self_attn.qkv_proj", "attn_qkv"),
    ("self_attn.q_norm", "attn_q_norm"),
    ("self_attn.k_norm", "attn_k_norm"),
    ("self_attn.q_layernorm", "attn_q_norm"),
    ("self_attn.k_layernorm", "attn_k_norm"),
    ("self_attn.query_layernorm", "attn_q_norm"),
    ("self_attn.key_layernorm", "attn_k_norm"),
    ("self_attn.q_a_proj", "attn_q_a"),
    ("self_attn.q_a_layernorm", "attn_q_a_norm"),
    ("self_attn.q_b_proj", "attn_q_b"),
    ("self_attn.kv_a_proj_with_mqa", "attn_kv_a_mqa"),
    ("self_attn.kv_a_layernorm", "attn_kv_a_norm"),
    ("self_attention.query_key_value", "attn_qkv"),
    ("self_attention.dense", "attn_output"),
    ("attention.query_key_value", "attn_qkv"),
    ("attention.dense", "attn_output"),
    ("attn.c_attn", "attn_qkv"),
    ("attn.c_proj", "attn_output"),
    ("input_layernorm", "attn_norm"),
    ("ln_1", "attn_norm"),
    ("ln_2", "ffn_norm"),
    ("ln_mlp", "attn_norm"),
    ("ln_attn", "attn_norm_2"),
    ("post_feedforward_layernorm", "post_ffw_norm"),
    ("post_mlp_layernorm", "post_ffw_norm"),
    ("post_self_attn_layernorm", "post_attention_norm"),
    ("post_attention_layernorm", "ffn_norm"),
    ("block_sparse_moe.gate", "ffn_gate_inp"),
    ("block_sparse_moe.experts.w1", "ffn_gate_exps"),
    ("block_sparse_moe.experts.w2", "ffn_down_exps"),
    ("block_sparse_moe.experts.w3", "ffn_up_exps"),
    ("mlp.experts.gate_proj", "ffn_gate_exps"),
    ("mlp.experts.down_proj", "ffn_down_exps"),
    ("mlp.experts.up_proj", "ffn_up_exps"),
    ("mlp.shared_expert_gate", "ffn_gate_inp_shexp"),
    ("mlp.shared_expert.gate_proj", "ffn_gate_shexp"),
    ("mlp.shared_expert.down_proj", "ffn_down_shexp"),
    ("mlp.shared_expert.up_proj", "ffn_up_shexp"),
    ("mlp.shared_experts.gate_proj", "ffn_gate_shexp"),
    ("mlp.shared_experts.down_proj", "ffn_down_shexp"),
    ("mlp.shared_experts.up_proj", "ffn_up_shexp"),
    ("mlp.gate_up_proj", "ffn_up"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
    ("mlp.gate", "ffn_gate_inp"),
    ("mlp.fc1", "ffn_up"),
    ("mlp.fc2", "ffn_down"),
    ("mlp.c_fc", "ffn_up"),
    ("mlp.c_proj", "ffn_down"),
    ("mlp.dense_h_to_4h", "ffn_up"),
];

fn part(model_type: &str, name: &str) -> &'static str {
    match (model_type, name) {
        ("olmo2", "post_attention_layernorm") => "post_attention_norm",
        (_, "mlp.dense_4h_to_h") => "ffn_down",
        _ => PARTS.iter().find(|(theirs, _)| *theirs == name).unwrap_or_else(|| panic!("{name}")).1,
    }
}

const OUTSIDE: [(&str, &str); 13] = [
    ("model.embed_tokens", "token_embd"),
    ("transformer.word_embeddings", "token_embd"),
    ("transformer.wte", "token_embd"),
    ("transformer.wpe", "position_embd"),
    ("gpt_neox.embed_in", "token_embd"),
    ("model.norm", "output_norm"),
    ("model.final_layernorm", "output_norm"),
    ("transformer.ln_f", "output_norm"),
    ("gpt_neox.final_layer_norm", "output_norm"),
    ("lm_head", "output"),
    ("embed_out", "output"),
    ("wte", "token_embd"),
    ("wpe", "position_embd"),
];

type Values = (Vec<usize>, Vec<f32>);

fn tensors(folder: &Folder) -> Vec<(String, Values)> {
    let model_type = folder.model_type();
    let n_heads = folder.number(&["num_attention_heads", "n_head"]) as usize;
    let mut stacks: BTreeMap<String, BTreeMap<usize, Values>> = BTreeMap::new();
    let mut converted = Vec::new();
    for (name, (shape, values)) in &folder.tensors {
        let (mut shape, mut values) = (shape.clone(), values.clone());
        let (base, kind) = name.rsplit_once('.').unwrap();
        if let Some((_, ours)) = OUTSIDE.iter().find(|(theirs, _)| *theirs == base) {
            if *ours == "output" && folder.config["tie_word_embeddings"] == true {
                continue;
            }
            plus_one(model_type, name, &mut values);
            converted.push((format!("{ours}.{kind}"), (shape, values)));
            continue;
        }
        let (_, rest) =
            base.split_once(".layers.").or_else(|| base.split_once(".h.")).unwrap_or_else(|| panic!("{name}"));
        let (layer, rest) = rest.split_once('.').unwrap_or_else(|| panic!("{name}"));
        if name.ends_with("mlp.gate.e_score_correction_bias") {
            converted.push((format!("blk.{layer}.exp_probs_b.bias"), (shape, values)));
            continue;
        }
        // Several in one, by their numbers.
        let words: Vec<&str> = rest.split('.').collect();
        if let Some(at) = words.iter().position(|word| word.parse::<usize>().is_ok()) {
            let number = words[at].parse().unwrap();
            let without: Vec<&str> = words
                .iter()
                .enumerate()
                .filter(|&(i, word)| i != at && *word != "norms")
                .map(|(_, word)| *word)
                .collect();
            let stacked = format!("blk.{layer}.{}.{kind}", part(model_type, &without.join(".")));
            stacks.entry(stacked).or_default().insert(number, (shape, values));
            continue;
        }
        if rest == "self_attn.kv_b_proj" {
            let [plain, value] = ["qk_nope_head_dim", "v_head_dim"].map(|key| folder.number(&[key]) as usize);
            let rank = shape[1];
            let (mut keys, mut of_values) = (Vec::new(), Vec::new());
            for head in values.chunks_exact((plain + value) * rank) {
                let (key, value) = head.split_at(plain * rank);
                keys.extend((0..rank).flat_map(|column| key.iter().skip(column).step_by(rank)));
                of_values.extend(value);
            }
            converted.push((format!("blk.{layer}.attn_k_b.weight"), (vec![n_heads, rank, plain], keys)));
            converted.push((format!("blk.{layer}.attn_v_b.weight"), (vec![n_heads, value, rank], of_values)));
            continue;
        }
        plus_one(model_type, name, &mut values);
        if model_type == "gpt2" && shape.len() == 2 {
            let columns = shape[1];
            values = (0..columns).flat_map(|column| values.iter().skip(column).step_by(columns).copied()).collect();
            shape.reverse();
        }
        if rest.ends_with("query_key_value") {
            let kv = if model_type == "gpt_neox" { n_heads } else { fused_kv_heads(folder, n_heads) };
            values = in_blocks(&values, shape[0], n_heads, kv);
        }
        let is_permuted = matches!(model_type, "llama" | "mixtral" | "granite" | "smollm3" | "olmo");
        if is_permuted && (rest.ends_with("q_proj") || rest.ends_with("k_proj")) {
            let kv = folder.get(&["num_key_value_heads"]).map_or(n_heads, |kv| kv.as_u64().unwrap() as usize);
            values = permuted(&values, shape[0], if rest.ends_with("q_proj") { n_heads } else { kv });
        }
        let ours = part(model_type, rest);
        if ours == "ffn_gate_inp_shexp" {
            shape.remove(0);
        }
        converted.push((format!("blk.{layer}.{ours}.{kind}"), (shape, values)));
    }
    for (name, stack) in stacks {
        let shape = [&[stack.len()][..], &stack[&0].0].concat();
        converted.push((name, (shape, stack.into_values().flat_map(|(_, values)| values).collect())));
    }
    for (key, name) in [("long_factor", "rope_factors_long.weight"), ("short_factor", "rope_factors_short.weight")] {
        if let Some(factors) = folder.rope(key).and_then(Value::as_array) {
            let factors: Vec<f32> = factors.iter().map(|factor| factor.as_f64().unwrap() as f32).collect();
            converted.push((name.to_owned(), (vec![factors.len()], factors)));
        }
    }
    converted
}

fn plus_one(model_type: &str, name: &str, values: &mut [f32]) {
    if matches!(model_type, "gemma" | "nemotron") && name.ends_with("norm.weight") {
        for value in values {
            *value += 1.0;
        }
    }
}

fn fused_kv_heads(folder: &Folder, n_heads: usize) -> usize {
    if folder.config["new_decoder_architecture"] == true {
        folder.get(&["num_kv_heads"]).map_or(n_heads, |kv| kv.as_u64().unwrap() as usize)
    } else {
        1
    }
}

/// From the queries, the key and the value of each group to all queries, all keys, all values.
fn in_blocks(values: &[f32], n_rows: usize, n_heads: usize, kv: usize) -> Vec<f32> {
    let slot = values.len() / (n_heads + 2 * kv);
    assert_eq!(n_rows % (n_heads + 2 * kv), 0);
    let per_group = n_heads / kv + 2;
    let slots: Vec<&[f32]> = values.chunks_exact(slot).collect();
    let of = |is: &dyn Fn(usize) -> bool| -> Vec<f32> {
        slots.iter().enumerate().filter(|(i, _)| is(i % per_group)).flat_map(|(_, slot)| slot.to_vec()).collect()
    };
    [of(&|i| i < per_group - 2), of(&|i| i == per_group - 2), of(&|i| i == per_group - 1)].concat()
}
