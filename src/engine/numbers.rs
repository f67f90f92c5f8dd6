use super::{Outcome, RunSpec};
use crate::{
    attention::Experiment,
    numbers::{Rest, WeightsFile, exact_weights},
};

impl Outcome {
    /// The numbers of the grid, evaluated in f64, for a file. `spec` is the request that this answers.
    pub fn numbers(&self, spec: &RunSpec) -> WeightsFile {
        let patterns = self.panels.each_ref().map(|panel| panel.pattern.clone());
        WeightsFile {
            tokens: self.tokens.iter().map(|token| token.piece.clone()).collect(),
            token_texts: self.tokens.iter().map(|token| token.text.clone()).collect(),
            token_ids: self.tokens.iter().map(|token| token.id).collect(),
            // Panels may be older than the request; their ε are those of the answer.
            experiment: Experiment {
                layer: self.facts.layers.of(spec.experiment.layer),
                epsilon: self.experiment.epsilon.clone(),
                ..spec.experiment.clone()
            },
            n_layers: self.facts.n_layers,
            n_heads: self.facts.n_heads,
            n_kv_heads: self.facts.n_kv_heads,
            mask: self.mask().clone(),
            source: spec.source.to_string(),
            model: self.facts.title.clone(),
            baseline: exact_weights(&self.baseline.pattern),
            panels: if self.facts.kind.has_vectors() {
                patterns.rows().map(|(_, row)| WeightsFile::panels_of(row)).collect()
            } else {
                Vec::new()
            },
            rest: Rest::of(&self.baseline.pattern, &patterns),
            patterns,
        }
    }
}
