//! A head's output without its pattern: some rows of weights at a time, as a model passes through its layers.

use std::sync::Arc;

use attenuate::attention::{Component, Edit, Epsilon, LayerQkv, Mask, Operation, PositionScope, Rule};
use ndarray::{Array2, Array3, s};

use crate::support::allocations;

fn layer(n_positions: usize, rule: Rule) -> LayerQkv {
    let vectors = |seed: usize, heads: usize| {
        let number = |(head, position, d): (usize, usize, usize)| {
            ((head * 7 + position * 3 + d * 5 + seed) as f32 * 0.731).sin()
        };
        Array3::from_shape_fn((heads, n_positions, 4), number)
    };
    LayerQkv::with_rule(vectors(0, 2), vectors(1, 1), Some(vectors(2, 1)), rule).unwrap()
}

fn edits() -> Vec<Option<Edit>> {
    let edit = |component, operation, positions| {
        Some(Edit { component, operation, epsilon: Epsilon::new(0.25).unwrap(), positions })
    };
    vec![
        None,
        edit(Component::Query, Operation::Scale, PositionScope::All),
        edit(Component::Query, Operation::MeanHeads, PositionScope::All),
        edit(Component::Key, Operation::Noise { seed: 3 }, PositionScope::Rest),
        edit(Component::Value, Operation::MeanPositions, PositionScope::First),
        edit(Component::Output, Operation::MeanHeads, PositionScope::Rest),
    ]
}

/// More positions than one block of rows has.
const T: usize = 300;

#[test]
fn blocks_of_rows_have_the_bits_of_the_whole() {
    let plain = |mask| Rule::plain(0.5, mask);
    let bias = Array2::from_shape_fn((2, T), |(head, key)| -0.01 * (head + 1) as f32 * key as f32);
    let rules = [
        plain(Mask::CAUSAL),
        plain(Mask::BIDIRECTIONAL.within(20)),
        Rule { softcap: Some(2.0), sinks: Some(Arc::from([0.5_f32, -1.0])), ..plain(Mask::CAUSAL.within(70)) },
        Rule { bias: Some(Arc::new(bias)), ..plain(Mask::CAUSAL) },
    ];
    for rule in rules {
        let layer = layer(T, rule);
        for edit in edits() {
            let head_edit = layer.head_edit(3, 1, edit.as_ref());
            let pattern = Arc::new(layer.head_scores(1)).pattern(&head_edit);
            let whole = layer.head_output(1, &pattern, &head_edit).unwrap();
            let output = |queries| layer.output_of(3, 1, edit.as_ref(), queries).unwrap();
            assert_eq!(output(0..T), whole, "{edit:?} under {:?}", layer.rule());
            let last = output(T - 1..T);
            let difference = (&last - &whole.slice(s![T - 1.., ..])).mapv(f32::abs);
            assert!(difference.iter().all(|&by| by <= 1e-6), "{difference} under {edit:?}");
        }
    }
}

#[test]
fn a_long_prompts_output_takes_no_matrix_of_all_positions() {
    const LONG: usize = 3072;
    let layer = layer(LONG, Rule::plain(0.5, Mask::CAUSAL));
    for edit in edits() {
        let (bytes, output) = allocations::peak(|| layer.output_of(0, 0, edit.as_ref(), 0..LONG));
        assert_eq!(output.unwrap().nrows(), LONG);
        // Less than one matrix of weights, whatever the edit brings in.
        assert!(bytes < LONG * LONG * 4 * 3 / 5, "{bytes} bytes under {edit:?}");
    }
}
