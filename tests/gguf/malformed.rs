//! Files that are not what they say: an error that names the file and what is wrong, and never much memory.

use std::{cell::Cell, ops::ControlFlow, path::Path};

use attenuate::model::{LanguageModel, ModelError, gguf, gguf::GgufError};
use proptest::prelude::*;

use crate::gguf::{
    allocations::assert_small,
    files::{
        convert::golden,
        quantize::Format,
        writer::{Gguf, Meta, Tensor},
    },
    opening::{open, open_path},
};

const QUERY: &str = "blk.1.attn_q.weight";

fn llama() -> Gguf {
    golden("llama", Format::F32)
}

#[track_caller]
fn refused(bytes: &[u8], expected: &str) {
    let message = open(bytes).err().expect("refused");
    assert!(message.contains(expected), "{message}\nexpected: {expected}");
    assert_small();
}

#[test]
fn every_truncation_of_the_header_is_refused() {
    let gguf = llama().set("tokenizer.ggml.tokens", Meta::Texts(vec!["a".to_owned(), "b".to_owned()]));
    let (bytes, header) = (gguf.bytes(), gguf.header().len());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("short.gguf");
    for length in 0..header {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let message = open_path(&path).err().expect("refused");
        let named = ["not a GGUF file", "header", "behind the end of the file"];
        assert!(named.iter().any(|part| message.contains(part)), "{length}: {message}");
    }
    for length in [header, bytes.len() - 1] {
        refused(&bytes[..length], "behind the end of the file");
    }
    assert_small();
}

#[test]
fn what_is_no_gguf_file_is_said_to_be_none() {
    refused(b"", "not a GGUF file: expected it to begin with “GGUF”, found “”");
    refused(b"GG", "found “GG”");
    refused(b"# Notes\n\nThis is a text file.\n", "found “# No”");
    refused(b"PK\x03\x04rest of a zip", r"found “PK\x03\x04”");
    let with_version = |version| Gguf { version, ..llama() }.bytes();
    refused(&with_version(1), "GGUF version 1 is not supported: 2 and 3 are");
    refused(&with_version(4), "GGUF version 4");
    refused(&with_version(3_u32.swap_bytes()), "big-endian byte order is not supported");
    let message = open_path(Path::new("/nowhere/model.gguf")).err().unwrap();
    assert!(message.starts_with("cannot read ("), "{message}");
    let folder = tempfile::tempdir().unwrap();
    let message = gguf::open(folder.path(), &attenuate::model::loading::unwatched).err().unwrap().to_string();
    assert!(message.starts_with("cannot read ("), "{message}");
}

#[test]
fn absurd_counts_and_lengths_are_not_believed() {
    for count in [u64::MAX, 1 << 62, 1 << 40] {
        for at in [8, 16] {
            let mut bytes = llama().bytes();
            bytes[at..at + 8].copy_from_slice(&count.to_le_bytes());
            refused(&bytes, &format!("the header announces {count}"));
        }
        let mut key = llama().bytes();
        key[24..32].copy_from_slice(&count.to_le_bytes());
        refused(&key, "the header ends inside a key of the metadata");
        let value = |kind: &[u32]| {
            let mut raw: Vec<u8> = kind.iter().flat_map(|kind| kind.to_le_bytes()).collect();
            raw.extend(count.to_le_bytes());
            llama().set("a", Meta::Raw(raw)).bytes()
        };
        refused(&value(&[8]), "the header ends inside a text");
        for item in [0, 4, 8, 12] {
            refused(&value(&[9, item]), &format!("the header announces {count} list items"));
        }
        refused(&value(&[9, 9]), "a is a list of lists");
        refused(&value(&[13]), "the value of a has type 13, expected one from 0 to 12");
        refused(&value(&[9, 99]), "the value of a has type 99");
    }
    let mut texts = Vec::new();
    for part in [&9_u32.to_le_bytes()[..], &8_u32.to_le_bytes(), &3_u64.to_le_bytes(), &u64::MAX.to_le_bytes()] {
        texts.extend(part);
    }
    refused(&llama().set("a", Meta::Raw(texts)).bytes(), "the header ends inside a list of texts");
}

#[test]
fn tensors_must_be_where_the_file_is() {
    let gguf = llama();
    let place = |offsets: &[u64]| {
        let header = gguf.header_with_offsets(offsets);
        let values = gguf.bytes().split_off(gguf.header().len());
        [header, values].concat()
    };
    let offsets = gguf.offsets();
    let (last, name) = (offsets.len() - 1, &gguf.tensors.last().unwrap().name);
    let moved = |offset| {
        let mut moved = offsets.clone();
        moved[last] = offset;
        place(&moved)
    };
    for offset in [u64::MAX - 31, 1 << 40, offsets[last] + 32] {
        refused(&moved(offset), &format!("tensor {name} ends"));
    }
    refused(&moved(offsets[last] + 1), &format!("tensor {name} starts at {}, expected a multiple", offsets[last] + 1));
    refused(&moved(offsets[last - 1]), "overlap");
    refused(&moved(0), "overlap");
    refused(&place(&vec![0; offsets.len()]), "overlap");
}

#[test]
fn tensors_must_have_sizes_and_formats_that_there_are() {
    let shaped = |shape: &[usize]| llama().change(QUERY, |tensor| tensor.shape = shape.to_vec()).bytes();
    refused(&shaped(&[]), &format!("tensor {QUERY} has 0 dimensions, expected 1 to 4"));
    refused(&shaped(&[1; 5]), "has 5 dimensions");
    refused(&shaped(&[32, 0]), &format!("tensor {QUERY} is [0, 32], expected dimensions of at least 1"));
    refused(&shaped(&[usize::MAX, 2]), "that fit into memory");
    refused(&shaped(&[1 << 32, 1 << 32]), "that fit into memory");
    refused(&shaped(&[1 << 20, 1 << 20]), "behind the end of the file");
    refused(&shaped(&[32, 31]), &format!("tensor {QUERY}: expected shape [32, 32], found [32, 31]"));
    refused(&shaped(&[32 * 32]), "expected shape [32, 32], found [1024]");
    let formatted = |format| llama().change(QUERY, |tensor| tensor.format = format).bytes();
    refused(&formatted(18), &format!("tensor {QUERY} has number format IQ3_XXS, which is not supported: F32, F16"));
    refused(&formatted(9), "number format Q8_1");
    refused(&formatted(u32::MAX), "number format 4294967295");
    // Rows of 32 are no whole blocks of 256.
    refused(&formatted(12), "has rows of 32 values, expected a multiple of 256 in number format Q4_K");
}

/// Why layer 1 cannot be computed, again and again, while layer 0 can.
#[track_caller]
fn query_refusal(model: &LanguageModel) -> String {
    let residual = model.transformer().embed(&[0, 1]).unwrap();
    assert!(model.transformer().qkv(0, &residual).is_ok());
    let refusal = || model.transformer().qkv(1, &residual).unwrap_err().to_string();
    assert_eq!(refusal(), refusal());
    refusal()
}

#[test]
fn what_is_not_a_number_is_found() {
    for (value, named) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        let change = |tensor: &mut Tensor| tensor.bytes[400..404].copy_from_slice(&value.to_le_bytes());
        let expected = |name| format!("tensor {name} cannot be read: expected finite values, found {named}");
        // Matrices are looked at where they are first used.
        let model = open(&llama().change(QUERY, change).bytes()).unwrap();
        let refusal = query_refusal(&model);
        assert!(refusal.starts_with(&expected(QUERY)), "{refusal}");
        refused(
            &llama()
                .change("blk.1.attn_norm.weight", |tensor| tensor.bytes[4..8].copy_from_slice(&value.to_le_bytes()))
                .bytes(),
            &expected("blk.1.attn_norm.weight"),
        );
    }
    let scale = golden("llama", Format::Q8_0).change(QUERY, |tensor| tensor.bytes[..2].copy_from_slice(&[0, 0x7C]));
    let message = query_refusal(&open(&scale.bytes()).unwrap());
    assert!(message.contains("expected finite values, found"), "{message}");
    for (key, value) in [("llama.rope.freq_base", f32::NAN), ("llama.attention.layer_norm_rms_epsilon", -1.0)] {
        refused(&llama().set(key, Meta::F32(value)).bytes(), &format!("{key} must be a number above 0, found "));
    }
}

#[test]
fn dimensions_that_are_none_are_refused_by_key() {
    for (key, value, expected) in [
        ("attention.head_count", 0, "must be a whole number from 1 to 4096, found 0"),
        ("attention.head_count", u32::MAX, "must be a whole number from 1 to 4096, found 4294967295"),
        (
            "attention.head_count",
            3,
            "attention.head_count_kv must be a divisor of llama.attention.head_count, 3, found 2",
        ),
        ("attention.head_count_kv", 0, "must be a whole number from 1 to 4, found 0"),
        ("attention.key_length", 7, "must be even"),
        ("attention.value_length", 16, "llama.attention.value_length 16 is not supported"),
        (
            "rope.dimension_count",
            4,
            "llama.rope.dimension_count 4 is not supported: only the rotation of whole heads is",
        ),
        ("block_count", 0, "must be a whole number from 1 to 4096"),
        ("embedding_length", 0, "must be a whole number from 1 to 1048576"),
        ("context_length", 0, "must be a whole number from 1"),
        ("feed_forward_length", 0, "must be a whole number from 1"),
        ("vocab_size", 255, "llama.vocab_size must be the rows of token_embd.weight, 256, found 255"),
        ("embedding_length", 64, "tensor token_embd.weight: expected shape [256, 64], found [256, 32]"),
        ("block_count", 2, "tensor blk.2.attn_norm.weight has no place in a model of architecture llama with 2 layers"),
        ("block_count", 4, "the weights have no tensor blk.3.attn_q.weight"),
        ("block_count", 4096, "the weights have no tensor blk.3.attn_q.weight"),
    ] {
        refused(&llama().set(&format!("llama.{key}"), value).bytes(), expected);
    }
    let uneven = llama().without("llama.attention.key_length").set("llama.attention.head_count", 6);
    refused(&uneven.bytes(), "llama.embedding_length must be a multiple of llama.attention.head_count, 6, found 32");
    for key in ["block_count", "attention.head_count", "embedding_length", "attention.layer_norm_rms_epsilon"] {
        let key = format!("llama.{key}");
        refused(&llama().without(&key).bytes(), &format!("{key} must be "));
    }
    let per_layer = llama().set("llama.attention.head_count_kv", Meta::I32s(vec![2, 2, 2]));
    refused(&per_layer.bytes(), "found a list of 3");
    refused(&llama().set("general.alignment", 48).bytes(), "general.alignment must be a power of two, found 48");
    refused(&llama().set("general.alignment", 0).bytes(), "general.alignment must be a whole number from 1");
}

#[test]
fn what_is_not_computed_is_refused_by_name() {
    for (key, value, expected) in [
        ("general.architecture", "gemma4".into(), "general.architecture gemma4 is not supported: llama (also Mistral"),
        (
            "llama.expert_count",
            8.into(),
            "tensor blk.0.ffn_down.weight has no place in a model of architecture llama with 3 layers",
        ),
        ("llama.attn_logit_softcapping", Meta::F32(50.0), "llama.attn_logit_softcapping 50 is not supported"),
        ("llama.rope.scaling.type", "yarn".into(), "llama.rope.scaling.factor must be a number above 0, found nothing"),
        ("llama.rope.scale_linear", Meta::F32(4.0), "llama.rope.scale_linear 4 is not supported: only 1 is"),
        ("llama.logit_scale", Meta::F32(0.5), "llama.logit_scale 0.5 is not supported: only 1 is"),
        ("llama.attention.causal", Meta::Flag(false), "llama.attention.causal false is not supported"),
    ] {
        refused(&llama().set(key, value).bytes(), expected);
    }
    refused(&llama().without("general.architecture").bytes(), "general.architecture must be a text, found nothing");
    let mut sinks = llama();
    sinks.tensors.push(Tensor {
        name: "blk.0.attn_sinks.weight".to_owned(),
        shape: vec![4],
        format: 0,
        bytes: vec![0; 16],
    });
    refused(
        &sinks.bytes(),
        "tensor blk.0.attn_sinks.weight has no place in a model of architecture llama with 3 layers",
    );
    let mut bias = llama();
    bias.tensors.push(Tensor { name: "blk.2.attn_v.bias".to_owned(), shape: vec![16], format: 0, bytes: vec![0; 64] });
    refused(&bias.bytes(), "the weights have a tensor blk.2.attn_v.bias that the configuration does not account for");
}

#[test]
fn missing_and_double_names_are_refused() {
    for name in [QUERY, "output_norm.weight", "blk.2.ffn_down.weight"] {
        let mut gguf = llama();
        gguf.tensors.retain(|tensor| tensor.name != name);
        refused(&gguf.bytes(), &format!("the weights have no tensor {name}"));
    }
    let mut gguf = llama();
    gguf.tensors.retain(|tensor| tensor.name != "token_embd.weight");
    refused(&gguf.bytes(), "the file has no tensor token_embd.weight");
    let twice = llama().change("blk.1.attn_k.weight", |tensor| tensor.name = QUERY.to_owned());
    refused(&twice.bytes(), &format!("tensor {QUERY} is there twice"));
    let mut key = llama();
    key.pairs.push(("llama.block_count".to_owned(), 3.into()));
    refused(&key.bytes(), "llama.block_count is there twice");
    let long = llama().change(QUERY, |tensor| tensor.name = "é".repeat(10_000));
    refused(&long.bytes(), "has no place");
    let lines = llama().change(QUERY, |tensor| tensor.name = "blk.\n0\u{1b}[2J".to_owned());
    refused(&lines.bytes(), "tensor blk.\\n0\\u{1b}[2J has no place");
    let mut name = llama().bytes();
    name[32] = 0xFF;
    refused(&name, "a key of the metadata must be UTF-8");
}

#[test]
fn loading_is_watched_and_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    std::fs::write(&path, llama().bytes()).unwrap();
    let seen = Cell::new(0);
    gguf::open(&path, &|loaded| {
        assert_eq!((loaded.tensors, loaded.of), (seen.get() + 1, llama().tensors.len()));
        seen.set(loaded.tensors);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(seen.get(), llama().tensors.len());
    let given_up = gguf::open(&path, &|loaded| {
        if loaded.tensors == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(given_up, Err(GgufError::Model { cause: ModelError::Cancelled, .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_damaged_header_is_refused_or_harmless(flips in prop::collection::vec((0.0..1.0_f64, any::<u8>()), 1..4)) {
        let tokens = Meta::Texts(["a", "b", "ab"].map(str::to_owned).to_vec());
        let gguf = llama()
            .set("tokenizer.ggml.model", "gpt2")
            .set("tokenizer.ggml.tokens", tokens)
            .set("tokenizer.ggml.merges", Meta::Texts(vec!["a b".to_owned()]));
        let (mut bytes, header) = (gguf.bytes(), gguf.header().len());
        for (at, byte) in flips {
            bytes[(at * header as f64) as usize] = byte;
        }
        if let Ok(model) = open(&bytes) {
            let residual = model.transformer().embed(&[0, 1]).unwrap();
            prop_assert!(model.transformer().qkv(0, &residual).is_ok());
            let _ = model.tokenize("ab", true);
        }
        assert_small();
    }
}
