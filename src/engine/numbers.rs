use super::{Outcome, RunSpec};
use crate::capture::{WeightsFile, exact_weights};

impl Outcome {
    /// The numbers of the grid, evaluated in f64, for a file. `spec` is the request that this answers.
    pub fn numbers(&self, spec: &RunSpec) -> WeightsFile {
        let patterns = self.panels.each_ref().map(|row| row.each_ref().map(|panel| panel.pattern.clone()));
        WeightsFile {
            tokens: self.tokens.iter().map(|token| token.piece.clone()).collect(),
            token_ids: self.tokens.iter().map(|token| token.id).collect(),
            layer: self.layer,
            head: self.head,
            n_layers: self.facts.n_layers,
            n_heads: self.facts.n_heads,
            n_kv_heads: self.facts.n_kv_heads,
            mask: self.mask(),
            source: spec.source.to_string(),
            model: self.facts.title.clone(),
            operation: spec.operation,
            scope: spec.scope.clone(),
            epsilon: self.epsilon.map(|row| row.map(f64::from)),
            baseline: exact_weights(&self.baseline.pattern),
            panels: patterns.each_ref().map(|row| WeightsFile::panels_of(row.each_ref())),
            patterns,
        }
    }
}
