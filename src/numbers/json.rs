use std::io::{self, Write};

use ndarray::{ArrayView1, ArrayView2, Axis};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::weights_file::WeightsFile;
use crate::attention::Mask;

impl WeightsFile {
    /// Writes one JSON object, a cell at a time. Panels are lists of rows, rows lists of T cells.
    ///
    /// A masked cell is `null`. Where the head has a sink logit, what goes to it of every row is in `baseline_rest`, and
    /// for each column in `query_rest` and so on. A number is the shortest decimal that reads back as the same f32; JSON has no word for
    /// the others, which are the texts `"NaN"`, `"Infinity"` and `"-Infinity"`.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }
}

impl Serialize for WeightsFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("tokens", &self.tokens)?;
        map.serialize_entry("token_text", &self.token_texts)?;
        map.serialize_entry("token_ids", &self.token_ids)?;
        map.serialize_entry("layer", &self.experiment.layer)?;
        map.serialize_entry("head", &self.experiment.head)?;
        map.serialize_entry("n_layers", &self.n_layers)?;
        map.serialize_entry("n_heads", &self.n_heads)?;
        map.serialize_entry("n_kv_heads", &self.n_kv_heads)?;
        map.serialize_entry("causal", &self.is_causal())?;
        map.serialize_entry("source", &self.source)?;
        map.serialize_entry("model", &self.model)?;
        if self.is_modified() {
            map.serialize_entry("operation", &self.experiment.operation)?;
            map.serialize_entry("scope", &self.experiment.scope)?;
            if !self.experiment.in_force.is_empty() {
                map.serialize_entry("in_force", &self.experiment.in_force)?;
            }
            map.serialize_entry("epsilon", &self.epsilon())?;
        }
        map.serialize_entry("baseline", &Panel { weights: self.baseline.view(), mask: &self.mask })?;
        for (name, columns) in self.named_panels() {
            map.serialize_entry(name, &Columns { panels: columns.axis_iter(Axis(0)), mask: &self.mask })?;
        }
        if let Some(rest) = &self.rest {
            map.serialize_entry("baseline_rest", &Numbers(rest.baseline.view()))?;
        }
        for (name, rest) in self.named_rest() {
            let columns: Vec<Numbers<'_>> = rest.outer_iter().map(Numbers).collect();
            map.serialize_entry(name, &columns)?;
        }
        map.end()
    }
}

struct Numbers<'a>(ArrayView1<'a, f32>);

impl Serialize for Numbers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|&weight| Weight(weight)))
    }
}

struct Columns<'a, I> {
    panels: I,
    mask: &'a Mask,
}

impl<'a, I: Iterator<Item = ArrayView2<'a, f32>> + Clone> Serialize for Columns<'a, I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.panels.clone().map(|weights| Panel { weights, mask: self.mask }))
    }
}

struct Panel<'a> {
    weights: ArrayView2<'a, f32>,
    mask: &'a Mask,
}

impl Serialize for Panel<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.weights.outer_iter().enumerate();
        serializer.collect_seq(rows.map(|(query, weights)| Row { weights, mask: self.mask, query }))
    }
}

struct Row<'a> {
    weights: ArrayView1<'a, f32>,
    mask: &'a Mask,
    query: usize,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys = self.mask.keys(self.query, self.weights.len());
        let cells = self.weights.iter().enumerate();
        serializer.collect_seq(cells.map(|(key, &weight)| keys.contains(key).then_some(Weight(weight))))
    }
}

struct Weight(f32);

impl Serialize for Weight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() {
            serializer.serialize_f32(self.0)
        } else {
            JsonNumber(self.0.into()).serialize(serializer)
        }
    }
}

/// A number in JSON, which has no word for those that are not finite: they are the texts `"NaN"`, `"Infinity"` and
/// `"-Infinity"`, so that none is taken for what is missing, `null`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JsonNumber(pub f64);

impl Serialize for JsonNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() {
            serializer.serialize_f64(self.0)
        } else if self.0.is_nan() {
            serializer.serialize_str("NaN")
        } else {
            serializer.serialize_str(if self.0 > 0.0 { "Infinity" } else { "-Infinity" })
        }
    }
}
