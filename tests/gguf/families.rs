//! Every family that llama.cpp's converter knows: a file of it is the folder to the last bit.

use std::{fs, path::Path};

use attenuate::model::{folder, loading::unwatched};
use serde_json::Value;

use crate::gguf::{
    allocations::assert_small,
    files::{
        families::{CONVERTED, ENCODERS, converted, in_f32},
        quantize::Format,
        writer::{Gguf, Meta, Tensor},
    },
    golden::{Golden, goldens_folder, load},
    opening::open,
};

/// The golden with a folder of the same weights and a configuration that a file can say.
fn in_folder(of: &Path) -> Golden {
    let folder = tempfile::tempdir().unwrap();
    let mut config: Value = serde_json::from_slice(&fs::read(of.join("config.json")).unwrap()).unwrap();
    // Which layers are rotated or have a window is llama.cpp's constant, and so is the scale of Gemma's scores.
    for key in ["no_rope_layers", "no_rope_layer_interval"] {
        config.as_object_mut().unwrap().remove(key);
    }
    if ["gemma3_text", "cohere2"].iter().any(|family| config["model_type"] == *family) {
        config.as_object_mut().unwrap().remove("layer_types");
    }
    if ["gemma2", "gemma3_text"].iter().any(|family| config["model_type"] == *family) {
        config["query_pre_attn_scalar"] = config["head_dim"].clone();
    }
    fs::write(folder.path().join("config.json"), in_f32(&config).to_string()).unwrap();
    fs::copy(of.join("model.safetensors"), folder.path().join("model.safetensors")).unwrap();
    let model = folder::open(folder.path(), &unwatched).unwrap();
    load(of).unwrap().with_model(model)
}

#[test]
fn a_file_of_every_family_is_its_folder_to_the_last_bit() {
    let mut others = Vec::new();
    for family in CONVERTED {
        let folder = goldens_folder().join(family);
        let model = open(&converted(&folder).bytes()).unwrap_or_else(|error| panic!("{family}: {error}"));
        let (file, folder) = (load(&folder).unwrap().with_model(model), in_folder(&folder));
        assert_eq!(file.model.shape(), folder.model.shape(), "{family}");
        for ((case, ours), (_, theirs)) in file.runs().zip(folder.runs()) {
            if ours.bits() != theirs.bits() || ours.logits != theirs.logits {
                others.push(format!("{family} {case}"));
            }
        }
    }
    assert_eq!(others, [""; 0]);
}

#[test]
fn an_encoders_file_is_its_folder_to_the_last_bit_without_logits() {
    for family in ENCODERS {
        let folder = goldens_folder().join(family);
        let model = open(&converted(&folder).bytes()).unwrap_or_else(|error| panic!("{family}: {error}"));
        let (mut file, mut folder) = (load(&folder).unwrap().with_model(model), in_folder(&folder));
        assert_eq!(file.model.shape(), folder.model.shape(), "{family}");
        // The converter leaves out the position that RoBERTa's padding has.
        for golden in [&mut file, &mut folder] {
            golden.token_ids.retain(|&id| family != "families/roberta" || id != 1);
        }
        let changes = file.cases.iter().map(|case| Some(case.intervention()));
        for change in std::iter::once(None).chain(changes) {
            let [(ours, last), (theirs, _)] = [&file, &folder].map(|golden| golden.headless_run(change.clone()));
            assert!(ours.bits() == theirs.bits(), "{family} {change:?}");
            let message = file.model.transformer().logits(&last).unwrap_err().to_string();
            let head = if family == "families/modernbert" { "decoder" } else { "cls.predictions" };
            assert!(message.contains(&format!("no {head}, so that there are no logits")), "{message}");
        }
    }
}

/// Classes and sentence embeddings are made of what attention leaves: their weights are passed over.
#[test]
fn heads_of_other_kinds_are_passed_over_where_a_family_has_them() {
    let head = |mut gguf: Gguf, name: &str| {
        let (name, shape) = (name.to_owned(), vec![2, 32]);
        let bytes = Format::F32.bytes(&[0.5; 64]);
        gguf.tensors.push(Tensor { name, shape, format: Format::F32.code(), bytes });
        gguf
    };
    let bert = converted(&goldens_folder().join("bert"));
    assert!(open(&head(head(bert.clone(), "cls.output.weight"), "dense_2.weight").bytes()).is_ok());
    refused(&head(bert, "pooler.weight"), "pooler.weight");
    refused(&head(of("qwen3_moe"), "cls.output.weight"), "cls.output.weight");
}

#[test]
fn an_encoder_attends_in_both_directions() {
    let bert = || converted(&goldens_folder().join("bert"));
    let expected = "bert.attention.causal true is not supported: only attention in both directions is";
    refused(&bert().set("bert.attention.causal", Meta::Flag(true)), expected);
    assert!(open(&bert().without("bert.attention.causal").bytes()).is_ok());
    let mut without = bert();
    without.tensors.retain(|tensor| tensor.name != "blk.1.attn_output_norm.bias");
    refused(&without, "the weights have no tensor blk.1.attn_output_norm.bias");
}

fn of(family: &str) -> Gguf {
    converted(&goldens_folder().join("families").join(family))
}

#[track_caller]
fn refused(gguf: &Gguf, expected: &str) {
    let message = open(&gguf.bytes()).err().expect("refused");
    assert!(message.contains(expected), "{message}\nexpected: {expected}");
    assert_small();
}

#[test]
fn new_keys_out_of_bounds_are_refused_by_name() {
    for (family, key, value, expected) in [
        ("gemma", "gemma.expert_count", 8.into(), "gemma.expert_count 8 is not supported: one feed-forward block"),
        ("mixtral", "llama.expert_count", 9.into(), "tensor blk.0.ffn_down_exps.weight is [4, 32, 48], expected 9"),
        ("mixtral", "llama.expert_count", 100_000.into(), "llama.expert_count must be a whole number from 1 to 4096"),
        ("mixtral", "llama.expert_used_count", 5.into(), "llama.expert_used_count must be a whole number from 1 to 4"),
        ("qwen3_moe", "qwen3moe.expert_feed_forward_length", 0.into(), "qwen3moe.expert_feed_forward_length must be"),
        ("qwen2_moe", "qwen2moe.expert_weights_scale", Meta::F32(2.5), "expert_weights_scale 2.5 is not supported"),
        ("qwen2_moe", "qwen2moe.expert_gating_func", 2.into(), "qwen2moe.expert_gating_func 2 is not supported"),
        ("olmo", "olmo.attention.clamp_kqv", Meta::F32(-8.0), "olmo.attention.clamp_kqv must be a number above 0"),
        (
            "granite",
            "granite.attention.sliding_window",
            4.into(),
            "granite.attention.sliding_window 4 is not supported",
        ),
        (
            "granite",
            "granite.rope.scaling.finetuned",
            Meta::Flag(false),
            "granite.rope.scaling.finetuned false is not supported: only models with a rotary embedding are",
        ),
        (
            "modernbert",
            "modern-bert.attention.sliding_window_pattern",
            5_000.into(),
            "must be a whole number from 0 to 4096",
        ),
        (
            "modernbert",
            "modern-bert.rope.freq_base_swa",
            Meta::F32(0.0),
            "modern-bert.rope.freq_base_swa must be a number above 0",
        ),
        ("granite", "granite.residual_scale", Meta::F32(0.0), "granite.residual_scale must be a number above 0"),
        ("granite", "granite.attention.scale", "much".into(), "granite.attention.scale must be a number, found “much”"),
        ("phi", "phi2.rope.dimension_count", 3.into(), "phi2.rope.dimension_count must be an even number of the 8"),
        ("phi", "phi2.rope.dimension_count", 16.into(), "must be an even number of the 8 dimensions, found 16"),
        ("phi3_longrope", "phi3.rope.scaling.attn_factor", Meta::F32(0.0), "phi3.rope.scaling.attn_factor must be"),
        ("phi3", "phi3.rope.scaling.type", "longrope".into(), "the file has no tensor rope_factors_long.weight"),
        ("phi3", "phi3.rope.scaling.attn_factor", Meta::F32(1.5), "phi3.rope.scaling.attn_factor 1.5 is not supported"),
        ("llama_linear", "llama.rope.scaling.factor", Meta::F32(-1.0), "llama.rope.scaling.factor must be a number"),
        ("deepseek_v2", "deepseek2.attention.key_length_mla", 2.into(), "key_length_mla must be more than deepseek2"),
        ("deepseek_v2", "deepseek2.attention.kv_lora_rank", 0.into(), "deepseek2.attention.kv_lora_rank must be"),
        ("deepseek_v2", "deepseek2.expert_weights_norm", Meta::Flag(true), "expert_weights_norm true is not supported"),
        ("gemma", "gemma.attn_logit_softcapping", Meta::F32(50.0), "gemma.attn_logit_softcapping 50 is not supported"),
        ("gemma2", "gemma2.attn_logit_softcapping", Meta::F32(0.0), "gemma2.attn_logit_softcapping must be a number"),
        ("gemma2", "gemma2.attention.sliding_window", "wide".into(), "gemma2.attention.sliding_window must be a whole"),
        ("gemma3", "gemma3.rope.freq_base_swa", Meta::F32(-1.0), "gemma3.rope.freq_base_swa must be a number above 0"),
        ("gpt_oss", "gpt-oss.rope.freq_base_swa", Meta::F32(9.0), "gpt-oss.rope.freq_base_swa 9 is not supported"),
        (
            "gpt_oss",
            "gpt-oss.expert_used_count",
            5.into(),
            "gpt-oss.expert_used_count must be a whole number from 1 to",
        ),
        (
            "exaone4",
            "exaone4.attention.sliding_window_pattern",
            Meta::Flags(vec![true]),
            "a list of 3 truth values, one",
        ),
        ("olmo3", "olmo2.attention.sliding_window_pattern", 5_000.into(), "must be a whole number from 0 to 4096"),
        ("olmo3", "olmo2.block_count", u32::MAX.into(), "olmo2.block_count must be a whole number from 1 to 4096"),
        ("cohere2", "cohere2.logit_scale", Meta::F32(-1.0), "cohere2.logit_scale must be a number above 0"),
        ("mpt", "mpt.attention.max_alibi_bias", Meta::F32(4.0), "mpt.attention.max_alibi_bias 4 is not supported"),
        (
            "mpt",
            "mpt.attention.max_alibi_bias",
            Meta::F32(0.0),
            "mpt.attention.max_alibi_bias must be a number above 0",
        ),
        ("mpt", "mpt.attention.clamp_kqv", Meta::F32(-8.0), "mpt.attention.clamp_kqv must be a number above 0"),
        ("apertus", "xielu.alpha_p", Meta::F32s(vec![1.0]), "xielu.alpha_p must be a list of 3 numbers, one for each"),
        ("apertus", "xielu.eps", "small".into(), "xielu.eps must be a list of 3 numbers, one for each layer, found"),
    ] {
        refused(&of(family).set(key, value), expected);
    }
}

#[test]
fn new_tensors_of_wrong_shapes_are_refused_by_name() {
    let name = "rope_factors_short.weight";
    let short = of("phi3_longrope").change(name, |tensor| {
        tensor.shape = vec![2];
        tensor.bytes.truncate(8);
    });
    refused(&short, "tensor rope_factors_short.weight: expected shape");
    let without = |family: &str, name: &str| {
        let mut gguf = of(family);
        gguf.tensors.retain(|tensor| tensor.name != name);
        gguf
    };
    refused(&without("phi3_longrope", name), "the file has no tensor rope_factors_short.weight");
    refused(&without("deepseek_v2", "blk.1.attn_v_b.weight"), "the file has no tensor blk.1.attn_v_b.weight");
    refused(&without("deepseek_v2", "blk.1.attn_k_b.weight"), "the file has no tensor blk.1.attn_k_b.weight");
    refused(&without("mixtral", "blk.1.ffn_up_exps.weight"), "the weights have no tensor blk.1.ffn_up_exps.weight");
    refused(&without("deepseek_v3", "blk.2.exp_probs_b.bias"), "the weights have no tensor blk.2.exp_probs_b.bias");
    refused(&without("gpt_oss", "blk.1.attn_sinks.weight"), "the weights have no tensor blk.1.attn_sinks.weight");
    refused(&without("gpt_oss", "blk.1.ffn_gate_exps.bias"), "the weights have no tensor blk.1.ffn_gate_exps.bias");
    refused(&without("gpt_oss", "blk.0.post_attention_norm.weight"), "no tensor blk.0.post_attention_norm.weight");
    refused(&without("bloom", "token_embd_norm.bias"), "the weights have no tensor token_embd_norm.bias");
    let packed = of("gpt_oss").change("blk.0.ffn_up_exps.weight", |tensor| tensor.format = 18);
    refused(&packed, "tensor blk.0.ffn_up_exps.weight has number format IQ3_XXS, which is not supported");
    let flat = of("deepseek_v2").change("blk.0.attn_k_b.weight", |tensor| {
        tensor.shape = vec![tensor.shape[0], tensor.shape[1] * tensor.shape[2]];
    });
    refused(&flat, "tensor blk.0.attn_k_b.weight: expected shape [");
    let flat = of("mixtral").change("blk.0.ffn_up_exps.weight", |tensor| {
        tensor.shape = vec![tensor.shape.iter().product()];
    });
    refused(&flat, "tensor blk.0.ffn_up_exps.weight is [6144], expected 4 tensors in one");
}
