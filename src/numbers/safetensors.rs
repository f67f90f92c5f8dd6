use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use ::safetensors::{Dtype, tensor::TensorInfo};
use serde::Serialize;
use serde_json::json;

use super::weights_file::WeightsFile;

/// Written in this order, so that the same numbers always make the same file; the library's own writer orders the
/// metadata by a random hash and builds the file in memory first.
#[derive(Serialize)]
struct Header {
    #[serde(rename = "__metadata__")]
    metadata: BTreeMap<&'static str, String>,
    #[serde(flatten)]
    tensors: BTreeMap<&'static str, TensorInfo>,
}

impl WeightsFile {
    /// Writes a safetensors file: `epsilon [rows, columns]` F64, `baseline [T, T]` F32, and of `query`,
    /// `key`, `value` the rows that there are, each `[columns, T, T]` F32 (column, query, key). Masked cells are 0. Where the head has a
    /// sink logit, what goes to it are `baseline_rest [T]`, and `query_rest` and so on, `[columns, T]` F32. Everything else is metadata, each entry
    /// a JSON text under the name that the JSON file gives it; `source` and `model` are plain texts.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write_safetensors(&self, out: &mut dyn Write) -> io::Result<()> {
        // F64 first, as the format asks for descending alignment.
        let shape = self.experiment.shape();
        let mut tensors = BTreeMap::new();
        let mut end = 0;
        let mut place = |name, dtype: Dtype, shape: &[usize]| {
            let start = end;
            end += shape.iter().product::<usize>() * dtype.bitsize() / 8;
            tensors.insert(name, TensorInfo { dtype, shape: shape.to_vec(), data_offsets: (start, end) });
        };
        if self.is_modified() {
            place("epsilon", Dtype::F64, &[shape.rows().count(), shape.n_columns()]);
        }
        place("baseline", Dtype::F32, self.baseline.shape());
        for (name, panels) in self.named_panels() {
            place(name, Dtype::F32, panels.shape());
        }
        if let Some(rest) = &self.rest {
            place("baseline_rest", Dtype::F32, rest.baseline.shape());
        }
        for (name, rest) in self.named_rest() {
            place(name, Dtype::F32, rest.shape());
        }

        let mut header = serde_json::to_vec(&Header { metadata: self.metadata(), tensors })?;
        // Aligns the tensors to 8 bytes.
        header.resize(header.len().next_multiple_of(8), b' ');
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(&header)?;
        for epsilon in self.experiment.epsilon.values().filter(|_| self.is_modified()) {
            out.write_all(&epsilon.get().to_le_bytes())?;
        }
        let weights = self.baseline.iter().chain(self.named_panels().flat_map(|(_, panels)| panels));
        let rest = self.rest.iter().flat_map(|rest| &rest.baseline);
        for weight in weights.chain(rest).chain(self.named_rest().flat_map(|(_, rest)| rest)) {
            out.write_all(&weight.to_le_bytes())?;
        }
        Ok(())
    }

    fn metadata(&self) -> BTreeMap<&'static str, String> {
        let mut metadata: BTreeMap<&'static str, String> = [
            ("tokens", json!(self.tokens)),
            ("token_text", json!(self.token_texts)),
            ("layer", json!(self.experiment.layer)),
            ("head", json!(self.experiment.head)),
            ("n_layers", json!(self.n_layers)),
            ("n_heads", json!(self.n_heads)),
            ("n_kv_heads", json!(self.n_kv_heads)),
            ("causal", json!(self.is_causal())),
        ]
        .into_iter()
        .map(|(name, value)| (name, value.to_string()))
        .collect();
        if self.is_modified() {
            metadata.insert("operation", json!(self.experiment.operation).to_string());
            metadata.insert("scope", json!(self.experiment.scope).to_string());
            if !self.experiment.in_force.is_empty() {
                metadata.insert("in_force", json!(self.experiment.in_force).to_string());
            }
        }
        if let Some(token_ids) = &self.token_ids {
            metadata.insert("token_ids", json!(token_ids).to_string());
        }
        metadata.insert("source", self.source.clone());
        metadata.insert("model", self.model.clone());
        metadata
    }
}
