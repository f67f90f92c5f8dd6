//! The definition, carried out on the vectors themselves in f64: scale, multiply, mask, softmax, multiply.

use std::sync::Arc;

use attenuate::attention::{
    self, Beneath, Component, Edit, Epsilon, HeadEdit, HeadScope, Intervention, LayerQkv, LayerScope, Mask, Operation,
    PositionScope, Rule, Scope, Shown,
};
use ndarray::{Array2, Array3};
use proptest::prelude::*;

use crate::attention::support::{any_epsilon, any_positions, any_rule, row, vectors};

const SCALE: f64 = 0.5;

#[derive(Clone, Debug)]
struct Layer {
    query: Array3<f32>,
    key: Array3<f32>,
    value: Array3<f32>,
    rule: Rule,
}

fn any_layer() -> impl Strategy<Value = Layer> {
    (1_usize..3, 1_usize..4, 1_usize..8, 1_usize..5).prop_flat_map(|(n_kv_heads, per_group, n_positions, head_dim)| {
        let kv_shape = (n_kv_heads, n_positions, head_dim);
        let shape = (n_kv_heads * per_group, n_positions, head_dim);
        let rule = any_rule(n_kv_heads * per_group, n_positions, SCALE);
        (vectors(shape, 3.0), vectors(kv_shape, 3.0), vectors(kv_shape, 3.0), rule)
            .prop_map(|(query, key, value, rule)| Layer { query, key, value, rule })
    })
}

fn any_head_scope() -> impl Strategy<Value = HeadScope> {
    prop_oneof![Just(HeadScope::Shown), Just(HeadScope::Group), Just(HeadScope::All)]
}

/// An operation on one component at some positions, spelled out.
struct Change {
    component: Component,
    operation: Operation,
    epsilon: f64,
    positions: Vec<bool>,
}

/// The vectors of one component that `head` reads, in its own copy after GQA repetition, under `change`. `noise` is what
/// rms(X)·N(0,1) came out as.
fn edited(
    layer: &Layer,
    head: usize,
    component: Component,
    change: Option<&Change>,
    noise: Option<&Array2<f32>>,
) -> Array2<f64> {
    let (n_heads, n, head_dim) = layer.query.dim();
    let per_group = n_heads / layer.key.dim().0;
    let x = |head: usize, i: usize, d: usize| {
        f64::from(match component {
            Component::Query => layer.query[[head, i, d]],
            Component::Key => layer.key[[head / per_group, i, d]],
            Component::Value => layer.value[[head / per_group, i, d]],
            Component::Output => unreachable!("made from the others"),
        })
    };
    with_change(&x, [n_heads, n, head_dim], &tokens(layer), head, change.filter(|c| c.component == component), noise)
}

/// What `head` makes of the values, `[T, head_dim]`, under `change`, which may be of the output itself: `output` is what
/// it is before that. Means over heads and positions are of the unmodified outputs.
fn output_under(
    layer: &Layer,
    head: usize,
    output: Array2<f64>,
    change: Option<&Change>,
    noise: Option<&Array2<f32>>,
) -> Array2<f64> {
    let Some(change) = change.filter(|change| change.component == Component::Output) else { return output };
    let (n_heads, n, head_dim) = layer.query.dim();
    let unmodified: Vec<_> = (0..n_heads).map(|head| reference(layer, head, None, None).output).collect();
    let x = |head: usize, i: usize, d: usize| unmodified[head][[i, d]];
    with_change(&x, [n_heads, n, head_dim], &tokens(layer), head, Some(change), noise)
}

/// The positions of the prompt, of which padding is none.
fn tokens(layer: &Layer) -> Vec<usize> {
    (0..layer.query.dim().1).filter(|&position| layer.rule.mask.is_token(position)).collect()
}

/// The vectors `x(head, position, dimension)` of `head` under `change`.
fn with_change(
    x: &dyn Fn(usize, usize, usize) -> f64,
    [n_heads, n, head_dim]: [usize; 3],
    tokens: &[usize],
    head: usize,
    change: Option<&Change>,
    noise: Option<&Array2<f32>>,
) -> Array2<f64> {
    Array2::from_shape_fn((n, head_dim), |(i, d)| {
        let unmodified = x(head, i, d);
        let Some(Change { operation, epsilon, .. }) = change.filter(|c| c.positions[i]) else {
            return unmodified;
        };
        let towards = |mean: f64| epsilon * unmodified + (1.0 - epsilon) * mean;
        match operation {
            Operation::Scale => epsilon * unmodified,
            Operation::MeanHeads => towards((0..n_heads).map(|h| x(h, i, d)).sum::<f64>() / n_heads as f64),
            Operation::MeanPositions => {
                let count = tokens.len().max(1) as f64;
                towards(tokens.iter().map(|&j| x(head, j, d)).sum::<f64>() / count)
            }
            Operation::Noise { .. } => unmodified + epsilon * f64::from(noise.unwrap()[[i, d]]),
            other => unreachable!("{other} needs more than the prompt"),
        }
    })
}

/// What `head` comes to: the weights, what goes to the sink logit, what enters the softmax, and the output.
struct Expected {
    weights: Array2<f64>,
    rest: Vec<f64>,
    entering: Array2<f64>,
    output: Array2<f64>,
}

/// Whether `query` may attend to `key`, in the words of the definition.
fn is_allowed(mask: &Mask, query: usize, key: usize) -> bool {
    let are_tokens = mask.is_token(query) && mask.is_token(key);
    let is_late = mask.is_causal() && key > query;
    let is_blocked = mask.reason(query, key).is_some_and(|reason| reason.contains("blocked"));
    are_tokens && !is_late && !is_blocked && mask.window().is_none_or(|window| query.abs_diff(key) < window)
}

/// What `head` comes to under `change`.
fn reference(layer: &Layer, head: usize, change: Option<&Change>, noise: Option<&Array2<f32>>) -> Expected {
    let (_, n, head_dim) = layer.query.dim();
    let [query, key, value] = Component::FIGURE.map(|component| edited(layer, head, component, change, noise));
    let (mut weights, mut entering, mut rest) = (Array2::zeros((n, n)), Array2::zeros((n, n)), vec![0.0; n]);
    let rule = &layer.rule;
    let sink = rule.sinks.as_ref().map_or(f64::NEG_INFINITY, |sinks| sinks[head].into());
    for i in 0..n {
        let dot = |j: usize| (0..head_dim).map(|d| query[[i, d]] * key[[j, d]]).sum::<f64>();
        let keys: Vec<usize> = (0..n).filter(|&j| is_allowed(&rule.mask, i, j)).collect();
        if keys.is_empty() {
            // All goes to the sink.
            rest[i] = if rule.mask.is_token(i) && rule.sinks.is_some() { 1.0 } else { 0.0 };
            continue;
        }
        for &j in &keys {
            let score = dot(j) * SCALE;
            let capped = rule.softcap.map_or(score, |cap| cap * (score / cap).tanh());
            entering[[i, j]] = capped + rule.bias.as_ref().map_or(0.0, |bias| f64::from(bias[[head, j]]));
        }
        let max = keys.iter().map(|&j| entering[[i, j]]).fold(sink, f64::max);
        let sum = keys.iter().map(|&j| (entering[[i, j]] - max).exp()).sum::<f64>() + (sink - max).exp();
        for &j in &keys {
            weights[[i, j]] = (entering[[i, j]] - max).exp() / sum;
        }
        rest[i] = (sink - max).exp() / sum;
    }
    let output = output_under(layer, head, weights.dot(&value), change, noise);
    Expected { weights, rest, entering, output }
}

/// Whether `scope` reaches `head` when `shown` is on screen: the definition in words, not as a range.
fn reached(scope: HeadScope, head: usize, shown: usize, per_group: usize) -> bool {
    match scope {
        HeadScope::Shown => head == shown,
        HeadScope::Group => head / per_group == shown / per_group,
        HeadScope::All => true,
    }
}

fn any_operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        Just(Operation::Scale),
        Just(Operation::MeanHeads),
        Just(Operation::MeanPositions),
        any::<u64>().prop_map(|seed| Operation::Noise { seed }),
    ]
}

proptest! {
    #[test]
    fn lines_of_scores_are_lines_of_vectors(
        layer in any_layer(), shown in any::<prop::sample::Index>(), heads in any_head_scope(),
        positions in any_positions(), operation in any_operation(), epsilon in any_epsilon(),
    ) {
        let (n_heads, n, _) = layer.query.dim();
        let n_kv_heads = layer.key.dim().0;
        let shown = Shown { layer: 1, head: shown.index(n_heads), n_layers: 3, n_heads, n_kv_heads };
        let scope = Scope { layers: LayerScope::Shown, heads, set: None, positions: positions.clone() };
        let (query, key, value, rule) =
            (layer.query.clone(), layer.key.clone(), Some(layer.value.clone()), layer.rule.clone());
        let qkv = LayerQkv::with_rule(query, key, value, rule).unwrap();
        let in_scope = |position| match &positions {
            PositionScope::First => position == 0,
            PositionScope::Rest => position > 0,
            other => other.contains(position),
        };

        for component in Component::ALL {
            let reach = scope.resolve(shown);
            let intervention = Intervention::new(component, operation.clone(), Epsilon::new(epsilon).unwrap(), reach);
            let change = Change { component, operation: operation.clone(), epsilon, positions: (0..n).map(in_scope).collect() };
            for head in 0..n_heads {
                prop_assert!(intervention.at(0, head).chain(intervention.at(2, head)).next().is_none());
                let reached = reached(heads, head, shown.head, n_heads / n_kv_heads);
                let edit = qkv.head_edit(1, head, intervention.at(1, head).next());
                let noise = edit.other().map(|other| other.vectors.to_owned());
                // At the ε that changes nothing there is no edit to bring noise in.
                let change = Some(&change).filter(|_| reached && edit.edit().is_some());
                prop_assert_eq!(edit.edit().is_some(), reached && epsilon != operation.neutral().get());
                let expected = reference(&layer, head, change, noise.as_ref());

                // The means are rounded to f32, once, and scores reach 3·3·5·0.5 = 22.5: f32 has 24 bits. Under a large ε
                // the rounding is as much larger.
                let rounding = if operation == Operation::Scale { 1e-12 } else { 3e-6 * epsilon.max(1.0) };
                let pattern = Arc::new(qkv.head_scores(head)).pattern(&edit);
                for i in 0..n {
                    let (picture, exact) = (row(&pattern, i), pattern.exact_row(i));
                    let entering = pattern.exact_scores(i);
                    let (keys, span) = (pattern.keys(i), pattern.span(i));
                    prop_assert_eq!((picture.len(), exact.len(), entering.len()), (span.len(), span.len(), span.len()));
                    prop_assert!((0..n).all(|j| keys.contains(j) == is_allowed(&layer.rule.mask, i, j)));
                    for hole in keys.holes().iter().map(|hole| hole - span.start) {
                        prop_assert_eq!((picture[hole], exact[hole], entering[hole]), (0.0, 0.0, f64::NEG_INFINITY));
                    }
                    for (place, j) in keys.iter().map(|j| (j - span.start, j)) {
                        let weight = expected.weights[[i, j]];
                        prop_assert!(
                            (exact[place] - weight).abs() <= rounding, "{} {} [{}, {}]", operation, component, i, j
                        );
                        let picture = f64::from(picture[place]);
                        prop_assert!((picture - exact[place]).abs() <= 1e-6, "{} [{}, {}]", component, i, j);
                        let score = expected.entering[[i, j]];
                        let tolerance = 10.0 * rounding * score.abs().max(1.0);
                        prop_assert!((entering[place] - score).abs() <= tolerance, "{} for {}", entering[place], score);
                    }
                    let rest = pattern.exact_rest(i);
                    let has_rest = layer.rule.sinks.is_some() && layer.rule.mask.has_row(i);
                    prop_assert_eq!(rest.is_some(), has_rest);
                    prop_assert!((rest.unwrap_or(0.0) - expected.rest[i]).abs() <= rounding);
                }

                // Values reach 3, under ε = 1e2 300, twice that as a distance from the mean, and noise several times
                // that: an f32 product of up to seven of them is within 1e-6 of that size, the pattern within `rounding`.
                let times = match &operation {
                    Operation::Scale => 1.0,
                    Operation::MeanHeads | Operation::MeanPositions => 2.0,
                    Operation::Noise { .. } => 6.0,
                    other => unreachable!("{other} needs more than the prompt"),
                };
                let size = 3.0 * times * if component.makes_scores() { 1.0 } else { epsilon.max(1.0) };
                let found = qkv.head_output(head, &pattern, &edit).unwrap();
                for (&found, &expected) in found.iter().zip(&expected.output) {
                    let tolerance = (1e-6 + 7.0 * rounding) * size;
                    prop_assert!((f64::from(found) - expected).abs() <= tolerance, "{} for {}", found, expected);
                }
            }
        }
    }

    /// What lies beneath a change is made in the vectors, what is on top moves along lines: both are the definition.
    #[test]
    fn a_change_that_is_made_is_a_change_along_the_line(
        layer in any_layer(), heads in prop::collection::vec((Just(1_usize), 0_usize..6), 1..4),
        positions in any_positions(), operation in any_operation(), epsilon in any_epsilon(),
    ) {
        let n_heads = layer.query.dim().0;
        let qkv = LayerQkv::with_rule(layer.query, layer.key, Some(layer.value), layer.rule).unwrap();
        // A large ε makes rounding as much larger, and tells nothing more.
        let epsilon = Epsilon::new(epsilon.min(2.0)).unwrap();
        for component in Component::ALL {
            let edit = Edit { component, operation: operation.clone(), epsilon, positions: positions.clone() };
            let change = attention::Change { edit, heads: heads.iter().copied().collect() };
            let made = qkv.under(1, &Beneath { changes: vec![&change], ..Beneath::default() });
            for head in 0..n_heads {
                let edit = qkv.head_edit(1, head, change.at(1, head));
                let [line, beneath] = [(&qkv, &edit), (&made, &HeadEdit::NOTHING)].map(|(qkv, edit)| {
                    let pattern = Arc::new(qkv.head_scores(head)).pattern(edit);
                    let output = qkv.head_output(head, &pattern, edit).unwrap();
                    (pattern.dense(), output)
                });
                for (a, b) in line.0.iter().zip(&beneath.0).chain(line.1.iter().zip(&beneath.1)) {
                    prop_assert!((a - b).abs() <= 1e-4 || (a.is_nan() && b.is_nan()), "{} {}: {} {}", component, head, a, b);
                }
            }
        }
    }
}
