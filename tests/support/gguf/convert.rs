//! What `convert_hf_to_gguf.py` of llama.cpp makes of a model folder.

use std::{fs, path::Path};

use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::Value;

use super::{
    quantize::{Format, f32s},
    writer::{Gguf, Meta, Tensor},
};

/// A folder of `tests/goldens`, its matrices in `format`, its vectors in F32.
pub fn golden(family: &str, format: Format) -> Gguf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(family);
    let read = |file: &str| fs::read(folder.join(file)).unwrap();
    convert(&read("config.json"), &read("model.safetensors"), format)
}

pub fn convert(config: &[u8], weights: &[u8], format: Format) -> Gguf {
    let config: Value = serde_json::from_slice(config).unwrap();
    let number = |key: &str| config[key].as_u64().unwrap() as u32;
    let architecture = config["model_type"].as_str().unwrap();
    let n_heads = number("num_attention_heads");
    let (mut gguf, key) = (Gguf::default(), |name: &str| format!("{architecture}.{name}"));
    let theta = config["rope_parameters"]["rope_theta"].as_f64().unwrap();
    gguf = gguf
        .set("general.architecture", architecture)
        .set(&key("block_count"), number("num_hidden_layers"))
        .set(&key("context_length"), number("max_position_embeddings"))
        .set(&key("embedding_length"), number("hidden_size"))
        .set(&key("feed_forward_length"), number("intermediate_size"))
        .set(&key("attention.head_count"), n_heads)
        .set(&key("attention.head_count_kv"), number("num_key_value_heads"))
        .set(&key("rope.freq_base"), Meta::F32(theta as f32))
        .set(&key("attention.layer_norm_rms_epsilon"), Meta::F32(config["rms_norm_eps"].as_f64().unwrap() as f32));
    if let Some(head_dim) = config["head_dim"].as_u64() {
        gguf = gguf.set(&key("attention.key_length"), head_dim as u32);
        gguf = gguf.set(&key("attention.value_length"), head_dim as u32);
    }
    let weights = SafeTensors::deserialize(weights).unwrap();
    let mut names: Vec<&str> = weights.names().into_iter().collect();
    names.sort_unstable();
    for name in names {
        let view = weights.tensor(name).unwrap();
        let mut values = values(&view);
        let heads = match name {
            _ if architecture != "llama" => None,
            query if query.contains("q_proj") => Some(n_heads),
            key if key.contains("k_proj") => Some(number("num_key_value_heads")),
            _ => None,
        };
        if let Some(heads) = heads {
            values = permuted(&values, view.shape()[0], heads as usize);
        }
        let format = if view.shape().len() == 1 { Format::F32 } else { format };
        let bytes = format.bytes(&values);
        gguf.tensors.push(Tensor { name: renamed(name), shape: view.shape().to_vec(), format: format.code(), bytes });
    }
    gguf
}

/// `weights.reshape(n_heads, 2, head_dim // 2, *rest).swapaxes(1, 2)`
pub fn permuted(values: &[f32], n_rows: usize, n_heads: usize) -> Vec<f32> {
    let (row, half) = (values.len() / n_rows, n_rows / n_heads / 2);
    let mut permuted = Vec::new();
    for head in 0..n_heads {
        for pair in 0..half {
            for part in 0..2 {
                let from = head * 2 * half + part * half + pair;
                permuted.extend(&values[from * row..(from + 1) * row]);
            }
        }
    }
    permuted
}

fn renamed(name: &str) -> String {
    let mut renamed = name.replace("model.layers.", "blk.");
    for (theirs, ours) in [
        ("model.embed_tokens", "token_embd"),
        ("model.norm", "output_norm"),
        ("lm_head", "output"),
        ("input_layernorm", "attn_norm"),
        ("post_attention_layernorm", "ffn_norm"),
        ("self_attn.q_norm", "attn_q_norm"),
        ("self_attn.k_norm", "attn_k_norm"),
        ("self_attn.q_proj", "attn_q"),
        ("self_attn.k_proj", "attn_k"),
        ("self_attn.v_proj", "attn_v"),
        ("self_attn.o_proj", "attn_output"),
        ("mlp.gate_proj", "ffn_gate"),
        ("mlp.up_proj", "ffn_up"),
        ("mlp.down_proj", "ffn_down"),
    ] {
        renamed = renamed.replace(theirs, ours);
    }
    renamed
}

pub fn values(view: &TensorView<'_>) -> Vec<f32> {
    let pairs = || view.data().chunks_exact(2).map(|bytes| [bytes[0], bytes[1]]);
    match view.dtype() {
        Dtype::F32 => f32s(view.data()),
        Dtype::F16 => pairs().map(|bytes| f16::from_le_bytes(bytes).to_f32()).collect(),
        Dtype::BF16 => pairs().map(|bytes| bf16::from_le_bytes(bytes).to_f32()).collect(),
        other => panic!("{other:?}"),
    }
}
