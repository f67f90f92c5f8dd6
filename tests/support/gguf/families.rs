//! What llama.cpp's converter makes of the folder of any family: names, metadata, and the order of the numbers.
//!
//! Reference: `conversion` and `gguf-py/gguf/tensor_mapping.py` in <https://github.com/ggml-org/llama.cpp>.

use std::{collections::BTreeMap, fs, path::Path};

use safetensors::SafeTensors;
use serde_json::{Value, json};

use super::{
    convert::values,
    family_tensors::tensors,
    quantize::Format,
    writer::{Gguf, Meta, Tensor},
};

/// Families that the converter knows, by the folders of their goldens.
pub const CONVERTED: [&str; 42] = [
    "families/apertus",
    "families/bloom",
    "families/cohere",
    "families/cohere2",
    "families/deepseek_v2",
    "families/deepseek_v3",
    "families/ernie4_5",
    "families/exaone4",
    "families/falcon",
    "families/falcon_new",
    "families/gemma",
    "families/gemma2",
    "families/gemma3",
    "families/glm4",
    "families/gpt_bigcode",
    "families/gpt_oss",
    "families/granite",
    "families/granitemoehybrid",
    "families/hunyuan_v1_dense",
    "families/llama_linear",
    "families/llama_yarn",
    "families/mixtral",
    "families/mpt",
    "families/nemotron",
    "families/olmo",
    "families/olmo2",
    "families/olmo3",
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

/// Those without an output head in a file, though the converter writes one name for all of them.
pub const ENCODERS: [&str; 4] = ["bert", "families/distilbert", "families/modernbert", "families/roberta"];

pub struct Folder {
    pub config: Value,
    pub tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Folder {
    fn read(folder: &Path) -> Self {
        let config = serde_json::from_slice(&fs::read(folder.join("config.json")).unwrap()).unwrap();
        let bytes = fs::read(folder.join("model.safetensors")).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let tensors = file.iter().map(|(name, view)| (name.to_owned(), (view.shape().to_vec(), values(&view))));
        Self { config, tensors: tensors.collect() }
    }

    pub fn get(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().find_map(|key| self.config.get(key).filter(|value| !value.is_null()))
    }

    pub fn number(&self, keys: &[&str]) -> u32 {
        self.get(keys).unwrap_or_else(|| panic!("{keys:?}")).as_u64().unwrap() as u32
    }

    pub fn rope(&self, key: &str) -> Option<&Value> {
        let parameters = self.config.get("rope_parameters")?;
        parameters.get("full_attention").unwrap_or(parameters).get(key).filter(|value| !value.is_null())
    }

    /// Rows of the table of positions that are cut off: the padding's and those before it.
    pub fn unused_positions(&self) -> usize {
        if self.model_type() == "roberta" { self.number(&["pad_token_id"]) as usize + 1 } else { 0 }
    }

    pub fn model_type(&self) -> &str {
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
        "gemma3_text" => "gemma3",
        "olmo3" => "olmo2",
        "granitemoehybrid" => "granite",
        "gpt_oss" => "gpt-oss",
        "distilbert" | "roberta" => "bert",
        "modernbert" => "modern-bert",
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

pub const N_HEADS: [&str; 3] = ["num_attention_heads", "n_head", "n_heads"];

fn metadata(folder: &Folder) -> Gguf {
    let architecture = architecture(folder.model_type()).to_owned();
    let mut gguf = Gguf::default().set("general.architecture", &*architecture);
    let mut set = |name: &str, value: Meta| gguf = gguf.clone().set(&format!("{architecture}.{name}"), value);
    let (d_model, n_heads) = (folder.number(&["hidden_size", "n_embd", "d_model", "dim"]), folder.number(&N_HEADS));
    set("block_count", folder.number(&["num_hidden_layers", "n_layer", "n_layers"]).into());
    let positions = folder.get(&["max_position_embeddings", "n_positions", "max_seq_len"]).and_then(Value::as_u64);
    set("context_length", (positions.unwrap_or(2048) as u32 - folder.unused_positions() as u32).into());
    set("embedding_length", d_model.into());
    let d_ff = folder
        .get(&["shared_intermediate_size", "intermediate_size", "n_inner", "ffn_hidden_size", "hidden_dim"])
        .and_then(Value::as_u64);
    set("feed_forward_length", d_ff.map_or(4 * d_model, |d_ff| d_ff as u32).into());
    set("attention.head_count", n_heads.into());
    let is_low_rank = architecture == "deepseek2";
    let kv = match folder.model_type() {
        "falcon" if folder.config["new_decoder_architecture"] != true => 1,
        "gpt_bigcode" => 1,
        _ if is_low_rank => 1,
        _ => folder.get(&["num_key_value_heads", "num_kv_heads"]).map_or(n_heads, |kv| kv.as_u64().unwrap() as u32),
    };
    if architecture != "bert" {
        set("attention.head_count_kv", kv.into());
    }
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
        ("attn_logit_softcapping", "attn_logit_softcapping"),
        ("final_logit_softcapping", "final_logit_softcapping"),
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
    match folder.model_type() {
        "phi3" => set("attention.sliding_window", 0.into()),
        "gemma2" | "gemma3_text" | "cohere2" | "olmo3" | "exaone4" | "gpt_oss" => {
            set("attention.sliding_window", folder.number(&["sliding_window"]).into());
        }
        "modernbert" => {
            set("attention.causal", Meta::Flag(false));
            set("attention.sliding_window", folder.number(&["local_attention"]).into());
            set("attention.sliding_window_pattern", folder.number(&["global_attn_every_n_layers"]).into());
            set("rope.scaling.type", "none".into());
        }
        "mpt" => set("attention.max_alibi_bias", Meta::F32(8.0)),
        "bert" | "roberta" => set("attention.causal", Meta::Flag(false)),
        "distilbert" => {
            set("attention.causal", Meta::Flag(false));
            set("attention.layer_norm_epsilon", Meta::F32(1e-12));
        }
        _ => {}
    }
    if matches!(folder.model_type(), "olmo3" | "exaone4") {
        let types = folder.config["layer_types"].as_array().unwrap().iter();
        set("attention.sliding_window_pattern", Meta::Flags(types.map(|kind| kind == "sliding_attention").collect()));
    }
    if matches!(folder.model_type(), "olmo3" | "modernbert") {
        let theta = folder.config["rope_parameters"]["sliding_attention"]["rope_theta"].as_f64().unwrap();
        set("rope.freq_base_swa", Meta::F32(theta as f32));
    }
    if folder.model_type() == "gpt_oss" {
        set("expert_feed_forward_length", folder.number(&["intermediate_size"]).into());
    }
    match folder.rope("rope_type").and_then(Value::as_str) {
        Some(kind @ ("linear" | "yarn")) => {
            set("rope.scaling.type", kind.into());
            set("rope.scaling.factor", Meta::F32(folder.rope("factor").unwrap().as_f64().unwrap() as f32));
            if let Some(original) = folder.rope("original_max_position_embeddings") {
                set("rope.scaling.original_context_length", (original.as_u64().unwrap() as u32).into());
            }
            for (name, key) in
                [("attn_factor", "attention_factor"), ("beta_fast", "beta_fast"), ("beta_slow", "beta_slow")]
            {
                if let Some(number) = folder.rope(key).and_then(Value::as_f64) {
                    set(&format!("rope.scaling.yarn_{name}"), Meta::F32(number as f32));
                }
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
    if folder.model_type() == "apertus" {
        for parameter in ["alpha_n", "alpha_p", "beta", "eps"] {
            let number = |layer| folder.tensors[&format!("model.layers.{layer}.mlp.act_fn.{parameter}")].1[0];
            let layers = 0..folder.number(&["num_hidden_layers"]);
            gguf = gguf.set(&format!("xielu.{parameter}"), Meta::F32s(layers.map(number).collect()));
        }
    }
    gguf
}
