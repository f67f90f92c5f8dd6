//! Folders whose matrices have scales in tensors of their own compute what they compute with the decoded numbers, to the
//! last bit.

use std::{collections::BTreeMap, fs, path::PathBuf};

use attenuate::model::{folder, loading::unwatched, run};
use safetensors::{Dtype, SafeTensors};
use serde_json::json;

use crate::sandbox::{Raw, Sandbox};

/// Tensors of a file of the goldens.
fn goldens(file: &str) -> BTreeMap<String, Raw> {
    let bytes = fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(file)).unwrap();
    let raw = |(name, view): (&str, safetensors::tensor::TensorView<'_>)| {
        let raw = Raw { dtype: view.dtype(), shape: view.shape().to_vec(), data: view.data().to_vec() };
        (name.to_owned(), raw)
    };
    SafeTensors::deserialize(&bytes).unwrap().iter().map(raw).collect()
}

fn f32s(shape: &[usize], numbers: impl IntoIterator<Item = f32>) -> Raw {
    let data = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
    Raw { dtype: Dtype::F32, shape: shape.to_vec(), data }
}

/// Logits at every position.
fn logits(sandbox: &Sandbox) -> Vec<u32> {
    let model = folder::open(sandbox.path(), &unwatched).unwrap();
    let transformer = model.transformer();
    let residual = transformer.embed(&[3, 1, 4, 1, 5, 9, 2, 6]).unwrap();
    let layers = 0..model.shape().n_layers;
    let behind = run::advance(transformer, layers, residual, None, &|| false, &mut |_, _, _| {}).unwrap();
    transformer.logits(&behind).unwrap().iter().map(|logit| logit.to_bits()).collect()
}

const D_FF: usize = 300;

/// A matrix in FP8, its scales, and its numbers.
fn f8(seed: usize, shape: [usize; 2], scales: [usize; 2], block: [usize; 2]) -> [Raw; 3] {
    let table = goldens("encodings/blocks.safetensors").remove("F8_E4M3.numbers").unwrap().data;
    let number = |byte: u8| f32::from_le_bytes(table[4 * usize::from(byte)..][..4].try_into().unwrap());
    // All but those that are not a number.
    let byte = |i: usize| (((i + seed) * 7919 / 13 % 127) | (i % 3 / 2) << 7) as u8;
    let scale = |i: usize| 0.002 * (i + 1) as f32;
    let n = shape[0] * shape[1];
    let numbers = (0..n).map(|i| {
        let (row, column) = (i / shape[1], i % shape[1]);
        number(byte(i)) * scale(row / block[0] * scales[1] + column / block[1])
    });
    [
        Raw { dtype: Dtype::F8_E4M3, shape: shape.to_vec(), data: (0..n).map(byte).collect() },
        f32s(&scales, (0..scales[0] * scales[1]).map(scale)),
        f32s(&shape, numbers),
    ]
}

#[test]
fn fp8_is_multiplied_by_its_scales_of_blocks_and_of_the_whole() {
    let sandbox = |is_f8: bool| {
        let sandbox = Sandbox::of("llama");
        sandbox.configure("intermediate_size", D_FF.into());
        if is_f8 {
            sandbox.configure("quantization_config", json!({"quant_method": "fp8", "weight_block_size": [128, 128]}));
        }
        sandbox.change_tensors(|tensors| {
            for layer in 0..3 {
                let [d_model, whole] = [32, 400];
                for (name, shape, scales, block, ending) in [
                    ("mlp.gate_proj", [D_FF, d_model], [3, 1], [128, 128], "weight_scale_inv"),
                    ("mlp.up_proj", [D_FF, d_model], [1, 1], [whole, whole], "weight_scale"),
                    ("mlp.down_proj", [d_model, D_FF], [1, 3], [128, 128], "weight_scale_inv"),
                ] {
                    let name = format!("model.layers.{layer}.{name}");
                    let [numbers, scales, decoded] = f8(layer * 1000 + name.len(), shape, scales, block);
                    if is_f8 {
                        tensors.insert(format!("{name}.weight"), numbers);
                        tensors.insert(format!("{name}.{ending}"), scales);
                    } else {
                        tensors.insert(format!("{name}.weight"), decoded);
                    }
                }
            }
        });
        sandbox
    };
    let (f8, decoded) = (sandbox(true), sandbox(false));
    assert!(logits(&f8) == logits(&decoded));
    let notices = folder::open(f8.path(), &unwatched).unwrap().notices().to_vec();
    assert_eq!(notices[0].brief, "weights in FP8");
    f8.change_tensors(|tensors| {
        tensors.insert("model.layers.0.mlp.gate_proj.weight_scale_inv".to_owned(), f32s(&[2, 1], [1.0; 2]));
    });
    assert!(
        f8.refusal()
            .contains("tensor model.layers.0.mlp.gate_proj.weight_scale_inv: expected shape [3, 1], found [2, 1]")
    );
}

/// The reference is transformers' `convert_moe_packed_tensors`.
#[test]
fn experts_in_mxfp4_are_what_transformers_makes_of_them() {
    let sandbox = |is_packed: bool| {
        let sandbox = Sandbox::of("families/gpt_oss");
        sandbox.configure("intermediate_size", 64.into());
        if is_packed {
            sandbox.configure("quantization_config", json!({"quant_method": "mxfp4"}));
        }
        let experts = goldens("gpt_oss_mxfp4/experts.safetensors");
        sandbox.change_tensors(|tensors| {
            for layer in 0..3 {
                let below = format!("model.layers.{layer}.mlp.experts.");
                for name in ["gate_up_proj", "down_proj"] {
                    tensors.remove(&format!("{below}{name}")).unwrap();
                    let endings: &[&str] = if is_packed { &["_blocks", "_scales"] } else { &[""] };
                    for ending in endings {
                        tensors.insert(format!("{below}{name}{ending}"), experts[&format!("{name}{ending}")].clone());
                    }
                }
                let bias = (0..4 * 128).map(|i| (i % 7) as f32 * 0.01);
                tensors.insert(format!("{below}gate_up_proj_bias"), f32s(&[4, 128], bias));
            }
        });
        sandbox
    };
    let (packed, decoded) = (sandbox(true), sandbox(false));
    assert!(logits(&packed) == logits(&decoded));
    packed.change_tensors(|tensors| {
        let scales = tensors.get_mut("model.layers.1.mlp.experts.down_proj_scales").unwrap();
        scales.shape = vec![4, 16, 4];
    });
    assert!(packed.refusal().contains("down_proj_scales: expected shape [128, 2], found [64, 4]"));
}
