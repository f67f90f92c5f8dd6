//! Models whose matrices are in quantized blocks compute what they compute with the blocks' numbers, to the last bit.

use attenuate::model::LanguageModel;
use safetensors::SafeTensors;

use crate::gguf::{
    files::{convert::golden, quantize::Format},
    opening::open,
};

/// With rows that llama.cpp's converter has put in another order.
const QUERY: &str = "blk.1.attn_q.weight";
const DOWN: &str = "blk.1.ffn_down.weight";

/// Those with blocks of 32, which the tiny models' rows have.
const BLOCKS_OF_32: [(u32, &str); 7] =
    [(2, "Q4_0"), (3, "Q4_1"), (6, "Q5_0"), (7, "Q5_1"), (8, "Q8_0"), (20, "IQ4_NL"), (39, "MXFP4")];

/// Random blocks and their numbers by ggml's reference: `tests/goldens/encodings`.
fn blocks(name: &str, n_numbers: usize) -> (Vec<u8>, Vec<u8>) {
    let path = format!("{}/tests/goldens/encodings/blocks.safetensors", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let [bytes, numbers] = ["bytes", "numbers"].map(|part| tensors.tensor(&format!("{name}.{part}")).unwrap());
    let n_blocks = numbers.shape()[0];
    let cycle = |data: &[u8], block: usize| -> Vec<u8> {
        // Another block in each row.
        let place = |row: usize| row * 5 % n_blocks * block;
        (0..n_numbers / 32).flat_map(|row| data[place(row)..place(row) + block].to_vec()).collect()
    };
    (cycle(bytes.data(), bytes.data().len() / n_blocks), cycle(numbers.data(), 128))
}

/// Query vectors of layer 1, and the residual stream behind it.
fn computed(model: &LanguageModel) -> (Vec<u32>, Vec<u32>) {
    let transformer = model.transformer();
    let residual = transformer.embed(&[3, 1, 4, 1, 5]).unwrap();
    let qkv = std::sync::Arc::new(transformer.qkv(1, &residual).unwrap());
    let heads = attenuate::model::run::attend(&qkv, 1, None).unwrap();
    let behind = transformer.finish(1, &residual, heads).unwrap();
    let queries = (0..qkv.n_heads()).flat_map(|head| qkv.query(head).iter().map(|x| x.to_bits()).collect::<Vec<_>>());
    let logits = transformer.logits(&behind).unwrap();
    (queries.collect(), logits.iter().map(|x| x.to_bits()).collect())
}

#[test]
fn quantized_matrices_are_multiplied_as_their_numbers() {
    for (code, name) in BLOCKS_OF_32 {
        for tensor in [QUERY, DOWN] {
            let plain = golden("llama", Format::F32);
            let n_numbers = plain.tensors.iter().find(|other| other.name == tensor).unwrap().bytes.len() / 4;
            let (bytes, numbers) = blocks(name, n_numbers);
            let quantized = plain.clone().change(tensor, |tensor| (tensor.format, tensor.bytes) = (code, bytes));
            let decoded = plain.change(tensor, |tensor| tensor.bytes = numbers);
            let [found, expected] = [quantized, decoded].map(|gguf| computed(&open(&gguf.bytes()).unwrap()));
            assert!(found == expected, "{name} in {tensor}");
        }
    }
}
