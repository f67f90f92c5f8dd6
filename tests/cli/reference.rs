//! Patterns of the bundled capture computed from its vectors by the definition, without the program's own code.

use std::{fs, path::Path};

use half::f16;
use safetensors::SafeTensors;

/// `[layers, heads, T, d]`, as the README of the capture describes it.
struct Tensor {
    shape: [usize; 4],
    values: Vec<f64>,
}

impl Tensor {
    fn vector(&self, layer: usize, head: usize, position: usize) -> &[f64] {
        let [_, n_heads, n_positions, d] = self.shape;
        let start = ((layer * n_heads + head) * n_positions + position) * d;
        &self.values[start..start + d]
    }
}

/// Queries and keys of SmolLM2-135M.
pub struct Smollm2 {
    query: Tensor,
    key: Tensor,
}

impl Smollm2 {
    pub fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/captures/smollm2-135m.safetensors");
        let file = fs::read(path).unwrap();
        let tensors = SafeTensors::deserialize(&file).unwrap();
        let tensor = |name: &str| {
            let tensor = tensors.tensor(name).unwrap();
            let values = tensor.data().chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f64()).collect();
            Tensor { shape: tensor.shape().try_into().unwrap(), values }
        };
        Self { query: tensor("q"), key: tensor("k") }
    }

    /// Row `query` of softmax(factor(query, key) · q·k / √64) over the keys up to it.
    pub fn row(&self, [layer, head, query]: [usize; 3], factor: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        let kv_head = head / (self.query.shape[1] / self.key.shape[1]);
        let q = self.query.vector(layer, head, query);
        let exps: Vec<f64> = (0..=query)
            .map(|key| {
                let k = self.key.vector(layer, kv_head, key);
                let dot: f64 = q.iter().zip(k).map(|(q, k)| q * k).sum();
                (factor(query, key) * dot / 8.0).exp()
            })
            .collect();
        let sum: f64 = exps.iter().sum();
        exps.into_iter().map(|exp| exp / sum).collect()
    }
}
