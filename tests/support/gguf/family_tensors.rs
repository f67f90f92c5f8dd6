//! Names and order of the numbers of tensors, as llama.cpp's converter makes them of the folder of any family.
//!
//! Reference: `conversion` and `gguf-py/gguf/tensor_mapping.py` in <https://github.com/ggml-org/llama.cpp>.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    convert::permuted,
    families::{Folder, N_HEADS},
};

/// Names of a layer's parts, the longest first where one is the end of another.
const PARTS: [(&str, &str); 85] = [
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
    ("mlp.router", "ffn_gate_inp"),
    ("pre_feedforward_layernorm", "ffn_norm"),
    ("attention_layernorm", "attn_norm"),
    ("attn_norm", "attn_norm"),
    ("feedforward_layernorm", "ffn_norm"),
    ("norm_1", "attn_norm"),
    ("norm_2", "ffn_norm"),
    ("attn.Wqkv", "attn_qkv"),
    ("attn.out_proj", "attn_output"),
    ("attn.Wo", "attn_output"),
    ("mlp.Wi", "ffn_up"),
    ("mlp.Wo", "ffn_down"),
    ("mlp_norm", "ffn_norm"),
    ("ffn.up_proj", "ffn_up"),
    ("ffn.down_proj", "ffn_down"),
    ("attention.self.query", "attn_q"),
    ("attention.self.key", "attn_k"),
    ("attention.self.value", "attn_v"),
    ("attention.output.dense", "attn_output"),
    ("attention.output.LayerNorm", "attn_output_norm"),
    ("intermediate.dense", "ffn_up"),
    ("output.dense", "ffn_down"),
    ("output.LayerNorm", "layer_output_norm"),
    ("attention.q_lin", "attn_q"),
    ("attention.k_lin", "attn_k"),
    ("attention.v_lin", "attn_v"),
    ("attention.out_lin", "attn_output"),
    ("sa_layer_norm", "attn_output_norm"),
    ("output_layer_norm", "layer_output_norm"),
];

fn part(model_type: &str, name: &str) -> &'static str {
    match (model_type, name) {
        ("olmo2" | "olmo3" | "exaone4" | "gemma2" | "gemma3_text" | "gpt_oss", "post_attention_layernorm") => {
            "post_attention_norm"
        }
        (_, "ffn.lin1") => "ffn_up",
        (_, "mlp.dense_4h_to_h" | "ffn.lin2" | "shared_mlp.output_linear") => "ffn_down",
        _ => PARTS.iter().find(|(theirs, _)| *theirs == name).unwrap_or_else(|| panic!("{name}")).1,
    }
}

const OUTSIDE: [(&str, &str); 18] = [
    ("model.embed_tokens", "token_embd"),
    ("transformer.word_embeddings", "token_embd"),
    ("transformer.word_embeddings_layernorm", "token_embd_norm"),
    ("transformer.norm_f", "output_norm"),
    ("transformer.wte", "token_embd"),
    ("transformer.wpe", "position_embd"),
    ("gpt_neox.embed_in", "token_embd"),
    ("model.norm", "output_norm"),
    ("model.final_layernorm", "output_norm"),
    ("transformer.ln_f", "output_norm"),
    ("gpt_neox.final_layer_norm", "output_norm"),
    ("model.final_norm", "output_norm"),
    ("head.dense", "cls"),
    ("head.norm", "cls.norm"),
    ("lm_head", "output"),
    ("embed_out", "output"),
    ("wte", "token_embd"),
    ("wpe", "position_embd"),
];

const IN_EMBEDDINGS: [(&str, &str); 6] = [
    ("embeddings.word_embeddings", "token_embd"),
    ("embeddings.position_embeddings", "position_embd"),
    ("embeddings.token_type_embeddings", "token_types"),
    ("embeddings.LayerNorm", "token_embd_norm"),
    ("embeddings.tok_embeddings", "token_embd"),
    ("embeddings.norm", "token_embd_norm"),
];

fn is_encoder(model_type: &str) -> bool {
    matches!(model_type, "bert" | "distilbert" | "modernbert" | "roberta")
}

/// Whether the converter leaves it out: what an activation has learned, and an encoder's output.
fn is_left_out(model_type: &str, name: &str) -> bool {
    let is_of_output = ["cls.", "decoder.", "lm_head.", "vocab_"].iter().any(|head| name.starts_with(head));
    name.contains(".act_fn.") || is_of_output && is_encoder(model_type)
}

type Values = (Vec<usize>, Vec<f32>);

pub fn tensors(folder: &Folder) -> Vec<(String, Values)> {
    let model_type = folder.model_type();
    let n_heads = folder.number(&N_HEADS) as usize;
    let mut stacks: BTreeMap<String, BTreeMap<usize, Values>> = BTreeMap::new();
    let mut converted = Vec::new();
    for (name, (shape, values)) in &folder.tensors {
        let (mut shape, mut values) = (shape.clone(), values.clone());
        if let Some((layer, stacked)) = name.split_once(".mlp.experts.").filter(|_| model_type == "gpt_oss") {
            converted.extend(stacked_experts(layer.rsplit('.').next().unwrap(), stacked, &shape, &values));
            continue;
        }
        if is_left_out(model_type, name) {
            continue;
        }
        let (base, kind) = name.rsplit_once('.').unwrap();
        if let Some((_, ours)) = IN_EMBEDDINGS.iter().find(|(theirs, _)| base.ends_with(theirs)) {
            if *ours == "position_embd" {
                values.drain(..folder.unused_positions() * shape[1]);
                shape[0] -= folder.unused_positions();
            }
            converted.push((format!("{ours}.{kind}"), (shape, values)));
            continue;
        }
        if kind == "sinks" {
            let layer = base.trim_end_matches(".self_attn").rsplit('.').next().unwrap();
            converted.push((format!("blk.{layer}.attn_sinks.weight"), (shape, values)));
            continue;
        }
        if let Some((_, ours)) = OUTSIDE.iter().find(|(theirs, _)| *theirs == base) {
            if *ours == "output" && folder.config["tie_word_embeddings"] == true {
                continue;
            }
            plus_one(model_type, name, &mut values);
            converted.push((format!("{ours}.{kind}"), (shape, values)));
            continue;
        }
        let below = [".layers.", ".h.", ".blocks.", ".layer."].into_iter().find_map(|layers| base.split_once(layers));
        let (_, rest) = below.unwrap_or_else(|| panic!("{name}"));
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
        if rest == "shared_mlp.input_linear" {
            converted.extend(gate_and_up(layer, &shape, &values));
            continue;
        }
        plus_one(model_type, name, &mut values);
        if model_type == "gpt2" && shape.len() == 2 {
            let columns = shape[1];
            values = (0..columns).flat_map(|column| values.iter().skip(column).step_by(columns).copied()).collect();
            shape.reverse();
        }
        if rest.ends_with("query_key_value") {
            let kv = if matches!(model_type, "gpt_neox" | "bloom") { n_heads } else { fused_kv_heads(folder, n_heads) };
            values = in_blocks(&values, shape[0], n_heads, kv);
        }
        let is_permuted =
            matches!(model_type, "llama" | "mixtral" | "granite" | "granitemoehybrid" | "smollm3" | "olmo");
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
    converted.extend(rope_factors(folder));
    converted
}

/// Both halves of a joined projection apart.
fn gate_and_up(layer: &str, shape: &[usize], values: &[f32]) -> [(String, Values); 2] {
    let (gate, up) = values.split_at(values.len() / 2);
    let half = vec![shape[0] / 2, shape[1]];
    [("ffn_gate", gate), ("ffn_up", up)]
        .map(|(part, values)| (format!("blk.{layer}.{part}.weight"), (half.clone(), values.to_vec())))
}

fn rope_factors(folder: &Folder) -> Vec<(String, Values)> {
    let mut converted = Vec::new();
    if folder.rope("rope_type").is_some_and(|kind| kind == "llama3") {
        let factors = llama3_factors(folder);
        converted.push(("rope_freqs.weight".to_owned(), (vec![factors.len()], factors)));
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
    if matches!(model_type, "gemma" | "gemma2" | "gemma3_text" | "nemotron") && name.ends_with("norm.weight") {
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

/// From `[expert, in, out]` to `[expert, out, in]`, and gate and up projection, which take turns, apart.
fn stacked_experts(layer: &str, name: &str, shape: &[usize], values: &[f32]) -> Vec<(String, Values)> {
    let (part, kind) = name.strip_suffix("_bias").map_or((name, "weight"), |part| (part, "bias"));
    let d_out = *shape.last().unwrap();
    let d_in = if kind == "bias" { 1 } else { shape[1] };
    // Of each expert and output, what the inputs are multiplied by.
    let rows: Vec<Vec<f32>> = values
        .chunks_exact(d_in * d_out)
        .flat_map(|expert| (0..d_out).map(|row| expert.iter().skip(row).step_by(d_out).copied().collect()))
        .collect();
    let of_turn = |file: &str, turn: usize, of: usize| {
        let numbers = rows.iter().enumerate().filter(|(row, _)| row % of == turn).flat_map(|(_, row)| row.clone());
        let shape: Vec<usize> = [&[shape[0], d_out / of][..], if kind == "bias" { &[] } else { &shape[1..2] }].concat();
        (format!("blk.{layer}.{file}.{kind}"), (shape, numbers.collect()))
    };
    match part {
        "gate_up_proj" => vec![of_turn("ffn_gate_exps", 0, 2), of_turn("ffn_up_exps", 1, 2)],
        _ => vec![of_turn("ffn_down_exps", 0, 1)],
    }
}

/// What Llama 3.1's scaling divides each frequency by.
fn llama3_factors(folder: &Folder) -> Vec<f32> {
    let number = |key| folder.rope(key).and_then(Value::as_f64).unwrap();
    let head_dim = folder.number(&["hidden_size"]) / folder.number(&N_HEADS);
    let (theta, factor, original) =
        (number("rope_theta"), number("factor"), number("original_max_position_embeddings"));
    let (low, high) = (number("low_freq_factor"), number("high_freq_factor"));
    (0..head_dim / 2)
        .map(|pair| {
            let wavelength = std::f64::consts::TAU * theta.powf(f64::from(2 * pair) / f64::from(head_dim));
            let smooth = ((original / wavelength - low) / (high - low)).clamp(0.0, 1.0);
            (1.0 / ((1.0 - smooth) / factor + smooth)) as f32
        })
        .collect()
}
