//! The definition, carried out on the vectors themselves in f64: scale, multiply, mask, softmax, multiply.

use std::sync::Arc;

use attenuate::attention::{
    Component, Epsilon, HeadScope, Intervention, LayerQkv, LayerScope, Mask, Operation, PositionScope, Scope, Shown,
};
use ndarray::{Array2, Array3};
use proptest::prelude::*;

use crate::support::{any_epsilon, any_mask, any_positions, row, vectors};

const SCALE: f64 = 0.5;

#[derive(Clone, Debug)]
struct Layer {
    query: Array3<f32>,
    key: Array3<f32>,
    value: Array3<f32>,
    mask: Mask,
}

fn any_layer() -> impl Strategy<Value = Layer> {
    (1_usize..3, 1_usize..4, 1_usize..8, 1_usize..5, any_mask()).prop_flat_map(
        |(n_kv_heads, per_group, n_positions, head_dim, mask)| {
            let kv_shape = (n_kv_heads, n_positions, head_dim);
            let shape = (n_kv_heads * per_group, n_positions, head_dim);
            (vectors(shape, 3.0), vectors(kv_shape, 3.0), vectors(kv_shape, 3.0))
                .prop_map(move |(query, key, value)| Layer { query, key, value, mask })
        },
    )
}

fn any_head_scope() -> impl Strategy<Value = HeadScope> {
    prop_oneof![Just(HeadScope::Shown), Just(HeadScope::Group), Just(HeadScope::All)]
}

/// Pattern and output of `head` with the vectors of its own copy of Q, K and V multiplied by `factors`, `[component]
/// [position]`.
fn reference(layer: &Layer, head: usize, factors: &[Vec<f64>; 3]) -> (Array2<f64>, Array2<f64>) {
    let (n_heads, n, head_dim) = layer.query.dim();
    let kv_head = head / (n_heads / layer.key.dim().0);
    let scaled = |x: &Array3<f32>, head: usize, component: Component| {
        Array2::from_shape_fn((n, head_dim), |(i, d)| f64::from(x[[head, i, d]]) * factors[component.row()][i])
    };
    let query = scaled(&layer.query, head, Component::Query);
    let key = scaled(&layer.key, kv_head, Component::Key);
    let value = scaled(&layer.value, kv_head, Component::Value);
    let mut weights = Array2::zeros((n, n));
    for i in 0..n {
        let n_keys = if layer.mask == Mask::Causal { i + 1 } else { n };
        let dot = |j: usize| (0..head_dim).map(|d| query[[i, d]] * key[[j, d]]).sum::<f64>();
        let scores: Vec<f64> = (0..n_keys).map(|j| dot(j) * SCALE).collect();
        let max = scores.iter().copied().fold(f64::MIN, f64::max);
        let exps: Vec<f64> = scores.iter().map(|score| (score - max).exp()).collect();
        let sum: f64 = exps.iter().sum();
        for (j, exp) in exps.iter().enumerate() {
            weights[[i, j]] = exp / sum;
        }
    }
    let output = weights.dot(&value);
    (weights, output)
}

/// Whether `scope` reaches `head` when `shown` is on screen: the definition in words, not as a range.
fn reached(scope: HeadScope, head: usize, shown: usize, per_group: usize) -> bool {
    match scope {
        HeadScope::Shown => head == shown,
        HeadScope::Group => head / per_group == shown / per_group,
        HeadScope::All => true,
    }
}

proptest! {
    #[test]
    fn scaling_scores_is_scaling_the_vectors(
        layer in any_layer(), shown in any::<prop::sample::Index>(), heads in any_head_scope(),
        positions in any_positions(), epsilon in any_epsilon(),
    ) {
        let (n_heads, n, _) = layer.query.dim();
        let n_kv_heads = layer.key.dim().0;
        let shown = Shown { layer: 1, head: shown.index(n_heads), n_layers: 3, n_heads, n_kv_heads };
        let scope = Scope { layers: LayerScope::Shown, heads, positions: positions.clone() };
        let qkv =
            LayerQkv::new(layer.query.clone(), layer.key.clone(), Some(layer.value.clone()), SCALE, layer.mask).unwrap();

        for component in Component::ALL {
            let reach = scope.resolve(shown);
            let intervention = Intervention::new(component, Operation::Scale, Epsilon::new(epsilon).unwrap(), reach);
            for head in 0..n_heads {
                prop_assert!(intervention.at(0, head).is_identity() && intervention.at(2, head).is_identity());
                let mut factors = [vec![1.0; n], vec![1.0; n], vec![1.0; n]];
                if reached(heads, head, shown.head, n_heads / n_kv_heads) {
                    for (position, factor) in factors[component.row()].iter_mut().enumerate() {
                        let scaled = match &positions {
                            PositionScope::First => position == 0,
                            PositionScope::Rest => position > 0,
                            other => other.contains(position),
                        };
                        *factor = if scaled { epsilon } else { 1.0 };
                    }
                }
                let (weights, output) = reference(&layer, head, &factors);

                let edit = intervention.at(1, head);
                let pattern = Arc::new(qkv.head_scores(head)).pattern(edit.scores.clone());
                for i in 0..n {
                    let (picture, exact) = (row(&pattern, i), pattern.exact_row(i));
                    for j in 0..exact.len() {
                        let expected = weights[[i, j]];
                        prop_assert!((exact[j] - expected).abs() <= 1e-12, "{} [{}, {}]", component, i, j);
                        prop_assert!((f64::from(picture[j]) - expected).abs() <= 1e-6, "{} [{}, {}]", component, i, j);
                    }
                }

                // Values reach 3, under ε 300: an f32 product of up to seven of them is within 1e-6 of that size.
                let tolerance = 1e-6 * 3.0 * factors[Component::Value.row()].iter().copied().fold(1.0, f64::max);
                let found = qkv.head_output(head, &pattern, edit).unwrap();
                for (&found, &expected) in found.iter().zip(&output) {
                    prop_assert!((f64::from(found) - expected).abs() <= tolerance, "{} for {}", found, expected);
                }
            }
        }
    }
}
