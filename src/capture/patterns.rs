//! Attention weights that a capture gives without the vectors: whether they are what a softmax makes, and of which mask.

use super::{content::Content, error::Problem, tensor::StoredTensor};
use crate::attention::Rule;

/// How far the sum of a row may be from 1: weights may have been rounded to bfloat16 before they were saved.
const TOLERANCE: f64 = 1e-2;

impl Content {
    /// Whether every cell above the diagonal is exactly 0, in all heads of all layers, query i standing at
    /// i + T − `T_q`. False where the weights are not given.
    pub(super) fn is_lower_triangle(&self) -> bool {
        let Self::Weights(weights) = self else { return false };
        let [n_layers, _, n_queries, n_keys] = weights.dimensions();
        let Some(first_query) = n_keys.checked_sub(n_queries) else { return false };
        (0..n_layers).all(|layer| {
            let cells = weights.layer(layer);
            cells.indexed_iter().all(|((_, query, key), &weight)| key <= query + first_query || weight == 0.0)
        })
    }

    /// Whether the weights, where they are given, are those of a softmax under the rules of their layers.
    ///
    /// # Errors
    /// With the first cell or row that is not.
    pub(super) fn check_weights<'a>(&self, rules: impl Iterator<Item = &'a Rule>) -> Result<(), Problem> {
        let Self::Weights(weights) = self else { return Ok(()) };
        rules.enumerate().try_for_each(|(layer, rule)| check_layer(weights, layer, rule))
    }
}

fn check_layer(weights: &StoredTensor, layer: usize, rule: &Rule) -> Result<(), Problem> {
    let [_, _, n_queries, n_keys] = weights.dimensions();
    let first_query = n_keys.saturating_sub(n_queries);
    for (head, rows) in weights.layer(layer).outer_iter().enumerate() {
        for (index, row) in rows.outer_iter().enumerate() {
            let query = index + first_query;
            // A query of padding has no row.
            if !rule.mask.has_row(query) {
                continue;
            }
            let keys = rule.mask.keys(query, n_keys);
            let mut sum = 0.0;
            for (key, &weight) in row.iter().enumerate() {
                let expected = if keys.contains(key) { "a number of at least 0" } else { "0 where it is masked" };
                let is_expected = if keys.contains(key) { weight >= 0.0 } else { weight == 0.0 };
                if !is_expected {
                    return Err(Problem::Weight { expected, found: weight, place: [layer, head, index], key });
                }
                sum += f64::from(weight);
            }
            // What is infinite or NaN is not near 1 either.
            if !((sum - 1.0).abs() <= TOLERANCE || keys.is_empty()) {
                return Err(Problem::RowSum { found: sum, place: [layer, head, index] });
            }
        }
    }
    Ok(())
}
