//! What every part of a model adds to the residual stream, as the unembedding reads it.

use ndarray::{Array1, Array2};

use super::answer::Part;
use crate::engine::memory::Held;

/// All parts of the residual stream behind the last layer, as the unembedding reads them.
#[derive(Debug)]
pub(in crate::engine) struct PartRows {
    /// Who wrote each row.
    pub parts: Vec<Part>,
    /// `[parts, width]`
    pub rows: Array2<f64>,
}

impl Held for PartRows {
    fn bytes(&self) -> usize {
        size_of::<f64>() * self.rows.len() + size_of::<Part>() * self.parts.len()
    }
}

impl PartRows {
    /// The row of a head.
    pub fn head(&self, layer: usize, head: usize) -> Option<Array1<f64>> {
        let at = self.parts.iter().position(|&part| part == Part::Head { layer, head })?;
        Some(self.rows.row(at).to_owned())
    }
}
