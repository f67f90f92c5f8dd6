//! The files that `attenuate weights` writes, read back and checked for everything that holds for all of them.

use std::{collections::HashMap, fs};

use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::sandbox::Sandbox;

/// `[query][key]`; `None` where masked.
pub type Panel = Vec<Vec<Option<f32>>>;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    pub tokens: Vec<String>,
    pub token_text: Vec<String>,
    pub token_ids: Option<Vec<u32>>,
    pub layer: usize,
    pub head: usize,
    pub n_layers: usize,
    pub n_heads: usize,
    pub n_kv_heads: usize,
    pub causal: bool,
    pub source: String,
    pub model: String,
    pub operation: Value,
    pub scope: Value,
    /// `[component][column]`
    pub epsilon: [[f64; 3]; 3],
    pub baseline: Panel,
    pub query: [Panel; 3],
    pub key: [Panel; 3],
    pub value: [Panel; 3],
}

impl Weights {
    /// Runs `attenuate weights` into a JSON file.
    pub fn from_json(arguments: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        let written = fs::read(sandbox.path(written(&sandbox, "weights.json", arguments))).unwrap();
        let weights: Self = serde_json::from_slice(&written).unwrap();
        weights.check();
        weights
    }

    /// Runs `attenuate weights` into both formats, which must agree to the last bit.
    pub fn from_both(arguments: &[&str]) -> Self {
        let weights = Self::from_json(arguments);
        let sandbox = Sandbox::new();
        let tensors = fs::read(sandbox.path(written(&sandbox, "weights.safetensors", arguments))).unwrap();
        weights.check_tensors(&tensors);
        weights
    }

    /// T
    pub fn n_positions(&self) -> usize {
        self.tokens.len()
    }

    /// The rows of the grid.
    pub fn components(&self) -> [(&'static str, &[Panel; 3]); 3] {
        [("query", &self.query), ("key", &self.key), ("value", &self.value)]
    }

    /// Shapes, masks and sums.
    fn check(&self) {
        let n = self.n_positions();
        assert!(n > 0 && self.token_ids.as_ref().is_none_or(|ids| ids.len() == n));
        assert!(self.layer < self.n_layers && self.head < self.n_heads);
        let panels = self.components().into_iter().flat_map(|(name, columns)| columns.iter().map(move |p| (name, p)));
        for (name, panel) in panels.chain([("baseline", &self.baseline)]) {
            assert_eq!(panel.len(), n, "{name}");
            for (query, row) in panel.iter().enumerate() {
                assert_eq!(row.len(), n, "{name}");
                for (key, weight) in row.iter().enumerate() {
                    assert_eq!(weight.is_none(), self.causal && key > query, "{name} {query} {key}");
                    assert!(weight.is_none_or(|weight| (0.0..=1.0).contains(&weight)), "{name} {query} {key}");
                }
                let sum: f64 = row.iter().flatten().copied().map(f64::from).sum();
                // Each of at most n weights was rounded once, by at most half a unit in its last place.
                assert!((sum - 1.0).abs() <= f64::from(f32::EPSILON), "{name} row {query} sums to {sum}");
            }
        }
    }

    fn check_tensors(&self, file: &[u8]) {
        let tensors = SafeTensors::deserialize(file).unwrap();
        let n = self.n_positions();
        let same = |name: &str, shape: &[usize], panels: &[&Panel]| {
            let tensor = tensors.tensor(name).unwrap();
            assert_eq!((tensor.dtype(), tensor.shape()), (Dtype::F32, shape), "{name}");
            let bits = tensor.data().chunks_exact(4).map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()));
            let expected = panels.iter().flat_map(|panel| panel.iter().flatten());
            assert!(bits.eq(expected.map(|weight| weight.unwrap_or(0.0).to_bits())), "{name}");
        };
        same("baseline", &[n, n], &[&self.baseline]);
        for (name, columns) in self.components() {
            same(name, &[3, n, n], &columns.iter().collect::<Vec<_>>());
        }
        let epsilon = tensors.tensor("epsilon").unwrap();
        assert_eq!((epsilon.dtype(), epsilon.shape()), (Dtype::F64, &[3, 3][..]));
        let expected: Vec<u8> = self.epsilon.as_flattened().iter().flat_map(|e| e.to_le_bytes()).collect();
        assert_eq!(epsilon.data(), expected);
        assert_eq!(tensors.len(), 5);

        let (_, header) = SafeTensors::read_metadata(file).unwrap();
        let mut found: HashMap<String, Value> = header
            .metadata()
            .as_ref()
            .unwrap()
            .iter()
            .map(|(name, text)| (name.clone(), serde_json::from_str(text).unwrap_or_else(|_| json!(text))))
            .collect();
        found.entry("token_ids".to_owned()).or_insert(Value::Null);
        let expected = json!({
            "tokens": self.tokens, "token_text": self.token_text, "token_ids": self.token_ids, "layer": self.layer, "head": self.head,
            "n_layers": self.n_layers, "n_heads": self.n_heads, "n_kv_heads": self.n_kv_heads,
            "causal": self.causal, "source": self.source, "model": self.model,
            "operation": self.operation, "scope": self.scope,
        });
        assert_eq!(json!(found), expected);
    }
}

fn written(sandbox: &Sandbox, name: &'static str, arguments: &[&str]) -> &'static str {
    let ran = sandbox.run(&[&["weights", "-o", name], arguments].concat());
    ran.assert_done();
    assert_eq!(ran.stdout, "");
    assert_eq!(sandbox.names(), [name]);
    name
}

/// Every weight as its bits.
pub fn bits(panel: &Panel) -> Vec<Option<u32>> {
    panel.iter().flatten().map(|weight| weight.map(f32::to_bits)).collect()
}
