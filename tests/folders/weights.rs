//! Weights that are damaged or do not fit.

use std::fs;

use attenuate::engine::{Engine, Prompt};
use proptest::prelude::*;
use safetensors::Dtype;

use crate::sandbox::{Sandbox, run};

fn ids(ids: &[u32]) -> Prompt {
    Prompt::TokenIds(ids.into())
}

fn header_length(weights: &[u8]) -> usize {
    8 + usize::try_from(u64::from_le_bytes(weights[..8].try_into().unwrap())).unwrap()
}

#[test]
fn weights_cut_off_anywhere_are_refused() {
    let sandbox = Sandbox::of("llama");
    let all = sandbox.weights();
    let header = header_length(&all);
    assert!(header > 1000 && header < all.len());
    let in_numbers = [header, header + 1, usize::midpoint(header, all.len()), all.len() - 1];
    for length in (0..header).chain(in_numbers) {
        sandbox.write("model.safetensors", &all[..length]);
        let refusal = sandbox.refusal();
        assert!(refusal.starts_with("the weights cannot be read: "), "{length}: {refusal}");
        assert!(refusal.contains("model.safetensors"), "which file: {refusal}");
    }
    sandbox.write("model.safetensors", [&all[..], b"more"].concat());
    assert!(sandbox.refusal().starts_with("the weights cannot be read: "));
}

#[test]
fn absurd_header_lengths_are_refused() {
    let sandbox = Sandbox::of("llama");
    let mut weights = sandbox.weights();
    let header = header_length(&weights) as u64 - 8;
    for length in [0, 1, header - 1, header + 1, 99_999_999, 100_000_001, 1 << 40, 1 << 60, u64::MAX - 8, u64::MAX] {
        weights[..8].copy_from_slice(&length.to_le_bytes());
        sandbox.write("model.safetensors", &weights);
        assert!(sandbox.refusal().starts_with("the weights cannot be read: "), "{length}");
    }
}

#[test]
fn offsets_and_shapes_that_contradict_the_file_are_refused() {
    for (shape, offsets) in [
        ("[4]", "[0,17]"),
        ("[4]", "[16,0]"),
        ("[4]", "[1,17]"),
        ("[4]", "[0,18446744073709551615]"),
        ("[4294967296,4294967296]", "[0,16]"),
        ("[18446744073709551615]", "[0,16]"),
        ("[]", "[0,16]"),
        ("[-4]", "[0,16]"),
    ] {
        let sandbox = Sandbox::of("llama");
        let header = format!(r#"{{"a":{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}}}"#);
        let length = (header.len() as u64).to_le_bytes();
        sandbox.write("model.safetensors", [&length, header.as_bytes(), &[0; 16]].concat());
        assert!(sandbox.refusal().starts_with("the weights cannot be read: "), "{shape} {offsets}");
    }
}

#[test]
fn files_that_are_something_else_are_refused() {
    let sandbox = Sandbox::of("llama");
    for text in ["", "{}", "\0\0\0\0\0\0\0\0"] {
        sandbox.write("model.safetensors", text);
        assert!(sandbox.refusal().starts_with("the weights cannot be read: "), "{text}");
    }
    sandbox.write("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n");
    assert!(sandbox.refusal().contains("a pointer of Git LFS in place of the file itself"), "{}", sandbox.refusal());
    fs::remove_file(sandbox.file("model.safetensors")).unwrap();
    fs::create_dir(sandbox.file("model.safetensors")).unwrap();
    assert!(sandbox.refusal().contains("model.safetensors"));
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    const NAME: &str = "model.layers.1.mlp.down_proj.weight";
    let check = |change: &dyn Fn(&mut crate::sandbox::Raw), expected: &str| {
        let sandbox = Sandbox::of("llama");
        sandbox.change_tensors(|tensors| change(tensors.get_mut(NAME).unwrap()));
        assert!(sandbox.refusal().starts_with(expected), "{}", sandbox.refusal());
    };
    check(
        &|raw| raw.shape.reverse(),
        "tensor model.layers.1.mlp.down_proj.weight: expected shape [32, 64], found [64, 32]",
    );
    check(
        &|raw| raw.shape = vec![2048],
        "tensor model.layers.1.mlp.down_proj.weight: expected shape [32, 64], found [2048]",
    );
    check(&|raw| (raw.shape, raw.data) = (vec![0], Vec::new()), "tensor model.layers.1.mlp.down_proj.weight: expected");
    for (dtype, width) in [(Dtype::U8, 1), (Dtype::F8_E5M2, 1), (Dtype::I32, 4), (Dtype::F64, 8)] {
        let expected =
            format!("number format {dtype:?} of tensor {NAME} is not supported: F32, F16, BF16 and F8_E4M3 are");
        check(&|raw| (raw.dtype, raw.data) = (dtype, vec![0; 2048 * width]), &expected);
    }

    let sandbox = Sandbox::of("llama");
    sandbox.change_tensors(|tensors| drop(tensors.remove(NAME)));
    assert!(sandbox.refusal().starts_with(&format!("the weights have no tensor {NAME}")));
    sandbox.change_tensors(std::collections::BTreeMap::clear);
    assert!(sandbox.refusal().starts_with("the weights have no tensor "));
}

#[test]
fn numbers_that_are_none_are_named_and_large_ones_computed_with() {
    for golden in ["llama", "llama_bf16", "gpt2", "gpt_neox", "bert", "qwen3"] {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
            for everywhere in [false, true] {
                let sandbox = Sandbox::of(golden);
                sandbox.change_tensors(|tensors| {
                    for raw in tensors.values_mut().filter(|raw| raw.shape.len() == 2) {
                        let bytes = match raw.dtype {
                            Dtype::F32 => bad.to_le_bytes().to_vec(),
                            _ => half::bf16::from_f32(bad).to_le_bytes().to_vec(),
                        };
                        let n = if everywhere { usize::MAX } else { 1 };
                        raw.data.chunks_exact_mut(bytes.len()).take(n).for_each(|cell| cell.copy_from_slice(&bytes));
                    }
                });
                let outcome = sandbox.run(ids(&[0, 1, 2, 3, 4]));
                // The nearest BF16 to the largest F32 is infinite.
                if bad.is_finite() && golden != "llama_bf16" {
                    assert_eq!(outcome.unwrap().n_positions(), 5, "{golden}");
                } else {
                    let error = outcome.unwrap_err().to_string();
                    assert!(error.contains(" cannot be read: expected finite values, found "), "{golden}: {error}");
                }
            }
        }
    }
}

#[test]
fn a_tokenizer_larger_than_the_embedding_is_said_of_the_first_token_outside() {
    let sandbox = Sandbox::of("llama");
    sandbox.write("tokenizer.json", attenuate::model::bundled::TOKENIZER);
    let prompt = Prompt::Text { text: "To be fond of dancing".into(), bos: true };
    let error = sandbox.run(prompt).unwrap_err().to_string();
    assert!(
        error.starts_with("there is no token ") && error.ends_with("the vocabulary has 256 tokens, from 0"),
        "{error}"
    );
    assert!(sandbox.run(ids(&[255])).is_ok());
    assert!(sandbox.run(ids(&[256])).is_err());
}

#[test]
fn weights_written_to_while_open_are_read_anew() {
    let sandbox = Sandbox::of("llama");
    let mut engine = Engine::default();
    let weight = |engine: &mut Engine| {
        let outcome = run(engine, sandbox.path(), ids(&[5, 6, 7, 8])).unwrap();
        outcome.baseline.pattern.exact_row(3)
    };
    let before = weight(&mut engine);
    assert_eq!(weight(&mut engine), before);
    // In place and shorter: half the bytes of every matrix are gone from below the map.
    sandbox.change_tensors(|tensors| {
        for raw in tensors.values_mut() {
            let numbers: Vec<f32> = raw.data.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
            raw.data = numbers.iter().rev().flat_map(|&x| half::bf16::from_f32(x).to_le_bytes()).collect();
            raw.dtype = Dtype::BF16;
        }
    });
    let after = weight(&mut engine);
    assert_ne!(after, before);
    assert_eq!(weight(&mut Engine::default()), after);
    // No longer a model at all.
    sandbox.write("model.safetensors", b"gone");
    let error = run(&mut engine, sandbox.path(), ids(&[5, 6, 7, 8])).unwrap_err().to_string();
    assert!(error.starts_with("the weights cannot be read: "), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_damaged_file_is_refused_or_harmless(at in 0_usize..4_000, byte: u8) {
        let sandbox = Sandbox::of("llama");
        let mut weights = sandbox.weights();
        weights[at] = byte;
        sandbox.write("model.safetensors", &weights);
        if let Err(error) = sandbox.run(ids(&[1, 2, 3])) {
            let error = error.to_string();
            prop_assert!(error.contains(&sandbox.path().display().to_string()), "{}", error);
        }
    }
}
