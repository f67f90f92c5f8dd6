use std::sync::Arc;

use attenuate::attention::{
    Cell, Component, Epsilon, HeadEdit, HeadScores, Heads, Intervention, LayerQkv, Mask, Operation, Pattern,
    PositionScope, Reach, Rule,
};
use ndarray::{Array2, Array3};
use proptest::prelude::*;

/// Scores `[i, j] = query[i] · key[j]` of one head with one dimension and scale 1.
pub fn scores(query: &[f32], key: &[f32], mask: Mask) -> Arc<HeadScores> {
    let vectors = |x: &[f32]| Array3::from_shape_vec((1, x.len(), 1), x.to_vec()).unwrap();
    Arc::new(LayerQkv::new(vectors(query), vectors(key), None, 1.0, mask).unwrap().head_scores(0))
}

/// Every row of this head has the scores `key[0], key[1], …`.
pub fn scores_of_keys(key: &[f32], mask: Mask) -> Arc<HeadScores> {
    scores(&vec![1.0; key.len()], key, mask)
}

pub fn baseline(scores: &Arc<HeadScores>) -> Pattern {
    scores.pattern(&HeadEdit::NOTHING)
}

/// The pattern of head 0 of layer 0 when `component` is scaled by ε at `positions`.
pub fn scaled(scores: &Arc<HeadScores>, component: Component, epsilon: f64, positions: PositionScope) -> Pattern {
    let reach = Reach { heads: Heads::block(0..1, 0..1), positions };
    let intervention = Intervention::new(component, Operation::Scale, Epsilon::new(epsilon).unwrap(), reach);
    scores.pattern(&HeadEdit::new(intervention.at(0, 0).next(), None))
}

/// One row as the pictures have it.
pub fn row(pattern: &Pattern, query: usize) -> Vec<f32> {
    let mut buffer = vec![0.0; pattern.n_positions()];
    pattern.row_into(query, &mut buffer).to_vec()
}

/// All rows, each as the pictures have it and in f64.
pub fn rows(pattern: &Pattern) -> impl Iterator<Item = (Vec<f32>, Vec<f64>)> {
    (0..pattern.n_positions()).map(|query| (row(pattern, query), pattern.exact_row(query)))
}

/// Checks that both evaluations are distributions over the attended keys and agree within 1e-6.
pub fn check_rows(pattern: &Pattern) -> Result<(), TestCaseError> {
    for (query, (picture, exact)) in rows(pattern).enumerate() {
        prop_assert_eq!(picture.len(), pattern.span(query).len());
        prop_assert_eq!(exact.len(), pattern.span(query).len());
        let sum: f64 = picture.iter().copied().map(f64::from).sum();
        prop_assert!((sum - 1.0).abs() <= 1e-6, "row {} of the picture sums to {}", query, sum);
        let sum: f64 = exact.iter().sum();
        prop_assert!((sum - 1.0).abs() <= 1e-6, "row {} sums to {}", query, sum);
        for (key, (&picture, &exact)) in picture.iter().zip(&exact).enumerate() {
            prop_assert!(exact >= 0.0 && picture >= 0.0);
            let difference = (f64::from(picture) - exact).abs();
            prop_assert!(difference <= 1e-6, "[{}, {}]: {} in the picture, exactly {}", query, key, picture, exact);
        }
    }
    Ok(())
}

pub fn any_mask() -> impl Strategy<Value = Mask> {
    prop_oneof![Just(Mask::CAUSAL), Just(Mask::BIDIRECTIONAL)]
}

pub fn any_positions() -> impl Strategy<Value = PositionScope> {
    prop_oneof![
        Just(PositionScope::All),
        Just(PositionScope::First),
        Just(PositionScope::Rest),
        prop::collection::btree_set(0_usize..8, 0..5).prop_map(|chosen| PositionScope::Selection(chosen.into())),
    ]
}

/// Every decade of the slider, its ends, and zero.
pub fn any_epsilon() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1.0), Just(1e2), (-12.0_f64..2.0).prop_map(|exponent| 10_f64.powf(exponent))]
}

/// Vectors `[heads, positions, dimensions]` with entries in ±`limit`.
pub fn vectors(shape: (usize, usize, usize), limit: f32) -> impl Strategy<Value = Array3<f32>> {
    prop::collection::vec(-limit..limit, shape.0 * shape.1 * shape.2)
        .prop_map(move |entries| Array3::from_shape_vec(shape, entries).unwrap())
}

/// Causal or not, within a window or not, over all positions or some of them, with padding anywhere and blocked cells.
pub fn any_narrowed_mask(n_positions: usize) -> impl Strategy<Value = Mask> {
    let window = prop_oneof![Just(None), (1..n_positions + 2).prop_map(Some)];
    let all = (Just(0), Just(usize::MAX));
    let range = prop_oneof![all, (0..n_positions + 1, 0..n_positions + 2)];
    let is_token = prop::option::of(prop::collection::vec(any::<bool>(), n_positions));
    let cell = (0..n_positions, 0..n_positions).prop_map(|(query, key)| Cell { query, key });
    let blocked = prop_oneof![Just(Vec::new()), prop::collection::vec(cell, 0..3 * n_positions)];
    (any_mask(), window, range, is_token, blocked).prop_map(|(mask, window, (first, end), is_token, blocked)| {
        let mask = match window {
            Some(window) => mask.within(window),
            None => mask,
        };
        let mask = match is_token {
            Some(is_token) => mask.over_tokens(&is_token),
            None if end == usize::MAX => mask,
            None => mask.over(first..end),
        };
        if blocked.is_empty() { mask } else { mask.without(blocked) }
    })
}

/// Any rule of a layer of so many heads and positions.
pub fn any_rule(n_heads: usize, n_positions: usize, scale: f64) -> impl Strategy<Value = Rule> {
    let softcap = prop_oneof![Just(None), (0.5..60.0_f64).prop_map(Some)];
    // Some far above all scores, some far below.
    let sinks = prop::option::of(prop::collection::vec(-60.0..60.0_f32, n_heads));
    let bias = prop::option::of(prop::collection::vec(-4.0..4.0_f32, n_heads * n_positions));
    (any_narrowed_mask(n_positions), softcap, sinks, bias).prop_map(move |(mask, softcap, sinks, bias)| Rule {
        scale,
        mask,
        softcap,
        sinks: sinks.map(Into::into),
        bias: bias.map(|bias| Arc::new(Array2::from_shape_vec((n_heads, n_positions), bias).unwrap())),
    })
}
