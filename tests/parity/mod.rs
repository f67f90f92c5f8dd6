//! Our forward pass against PyTorch's, weight by weight: every golden in `tests/goldens`, with every intervention
//! that is stored there.

mod adapters;
mod changes;
mod chat;
mod checkpoints;
mod continuations;
mod families;
pub mod golden;
mod malformed;
mod operations;
mod others;
mod pair;
mod ships;
mod tokenizers;
mod writes;

use std::{collections::BTreeMap, fs, sync::Arc};

use attenuate::{
    attention::{Component, LayerAttention, LayerQkv, Mask, Metrics, Pattern, PositionScope},
    model::{ModelError, bundled, run},
};
use golden::{Case, goldens, goldens_folder, load};
use ndarray::{ArrayView2, Axis, s};
use serde_json::Value;

/// PyTorch's own f32 differs from its f64 by up to 3.6e-6 here (`max_f32_vs_f64` in `meta.json`).
const WEIGHT_TOLERANCE: f64 = 1e-5;

/// Relative to the largest logit of the position: a logit is a product of vectors, whose rounding error grows with
/// their lengths, not with what is left of the sum.
const LOGIT_TOLERANCE: f32 = 1e-5;

/// Over both evaluations of our pattern, in f32 and in f64.
fn largest_difference(pattern: &Pattern, golden: &ArrayView2<'_, f32>) -> f64 {
    let mut worst = 0.0_f64;
    let dense = pattern.dense();
    assert_eq!(dense.dim(), golden.dim());
    for (query, row) in golden.outer_iter().enumerate() {
        let mut exact = vec![0.0; row.len()];
        exact[pattern.span(query)].copy_from_slice(&pattern.exact_row(query));
        for ((&golden, &ours), &exact) in row.iter().zip(dense.row(query)).zip(&exact) {
            // A maximum would pass over NaN.
            assert!(ours.is_finite() && exact.is_finite());
            let golden = f64::from(golden);
            worst = worst.max((f64::from(ours) - golden).abs()).max((exact - golden).abs());
        }
    }
    worst
}

#[test]
fn every_weight_and_logit_is_pytorchs() {
    for golden in goldens() {
        let (mut worst_weight, mut worst_logit, mut n_logits) = (0.0_f64, 0.0_f32, 0);
        for (case, run) in golden.runs() {
            let expected = golden.patterns(case);
            assert_eq!(run.all().count(), expected.dim().0 * expected.dim().1);
            for (layer, head, pattern) in run.all() {
                let difference = largest_difference(&pattern, &expected.slice(s![layer, head, .., ..]));
                assert!(
                    difference <= WEIGHT_TOLERANCE,
                    "{} {case} layer {layer} head {head}: {difference:e}",
                    golden.name
                );
                worst_weight = worst_weight.max(difference);
            }
            if let Some(expected) = golden.logits(case) {
                assert_eq!(run.logits.dim(), expected.dim());
                assert!(run.logits.iter().all(|logit| logit.is_finite()));
                n_logits += expected.len();
                for (position, (ours, expected)) in run.logits.outer_iter().zip(expected.outer_iter()).enumerate() {
                    let largest = expected.iter().fold(0.0_f32, |largest, logit| largest.max(logit.abs()));
                    let difference = (&ours - &expected).iter().fold(0.0_f32, |worst, d| worst.max(d.abs())) / largest;
                    assert!(difference <= LOGIT_TOLERANCE, "{} {case} at {position}: {difference:e}", golden.name);
                    worst_logit = worst_logit.max(difference);
                }
            }
        }
        let stored = golden.logits("base").is_some();
        assert_eq!(n_logits > 0, stored, "{}: logits are compared where there are any", golden.name);
        println!("{:12} weights within {worst_weight:.1e}, {n_logits} logits within {worst_logit:.1e}", golden.name);
    }
}

#[test]
fn every_intervention_changes_what_it_should() {
    for golden in goldens() {
        let baseline = golden.run(None);
        let unchanged = baseline.bits();
        let (n_heads, mask) = (golden.model.shape().n_heads, golden.mask());
        for case in &golden.cases {
            let bits = golden.run(Some(case.intervention())).bits();
            let first = case.intervention().first_layer();
            assert_eq!(bits[..first * n_heads], unchanged[..first * n_heads], "{}: nothing before it", case.name);
            let own_layer = first * n_heads..(first + 1) * n_heads;
            let only_first = |position| case.reach.positions.contains(position) == (position == 0);
            match case.component {
                Component::Value | Component::Output => {
                    assert_eq!(bits[own_layer.clone()], unchanged[own_layer], "{}: its own softmax", case.name);
                    assert_ne!(bits, unchanged, "{}: later layers", case.name);
                }
                // Under a causal mask row 0 has one key, whose weight is 1 whatever the score.
                Component::Query if mask == Mask::CAUSAL && (0..golden.token_ids.len()).all(only_first) => {
                    assert_eq!(bits, unchanged, "{}", case.name);
                }
                Component::Query | Component::Key => assert_ne!(bits[own_layer.clone()], unchanged[own_layer]),
            }
        }
    }
}

#[test]
fn scaling_all_queries_is_scaling_all_keys() {
    for golden in goldens() {
        let mut compared = 0;
        for key_case in golden.cases.iter().filter(|case| case.component == Component::Key) {
            if key_case.reach.positions != PositionScope::All {
                continue;
            }
            let query_case = Case {
                name: key_case.name.replacen('k', "q", 1),
                component: Component::Query,
                operation: key_case.operation.clone(),
                epsilon: key_case.epsilon,
                reach: key_case.reach.clone(),
            };
            let [of_query, of_key] = [&query_case, key_case].map(|case| golden.run(Some(case.intervention())));
            assert_eq!(of_query.bits(), of_key.bits(), "{} {}", golden.name, key_case.name);
            assert_eq!(of_query.logits, of_key.logits);
            // PyTorch rounds the two products differently.
            let difference = (golden.patterns(&query_case.name) - golden.patterns(&key_case.name)).mapv(f32::abs);
            assert!(difference.iter().all(|&d| f64::from(d) <= WEIGHT_TOLERANCE));
            compared += 1;
        }
        assert!(compared >= 3);
    }
}

#[test]
fn continuing_from_a_kept_residual_is_the_whole_run() {
    for golden in goldens() {
        let transformer = golden.model.transformer();
        let n_layers = golden.model.shape().n_layers;
        let mut kept = Vec::new();
        let start = transformer.embed(&golden.token_ids).unwrap();
        let mut keep = |_, residual: &_, _: &Arc<LayerQkv>| kept.push(Clone::clone(residual));
        run::advance(transformer, 0..n_layers, start, None, &|| false, &mut keep).unwrap();
        for case in &golden.cases {
            let intervention = case.intervention();
            let first = intervention.first_layer();
            let (residual, mut bits) = (kept[first].clone(), Vec::new());
            let mut collect = |layer: usize, _: &_, qkv: &Arc<LayerQkv>| {
                for head in 0..qkv.n_heads() {
                    let attention = LayerAttention::Vectors(qkv.clone());
                    let weights = attention.pattern(layer, head, &intervention).dense();
                    bits.push(weights.iter().map(|weight| weight.to_bits()).collect::<Vec<_>>());
                }
            };
            let layers = first..n_layers;
            run::advance(transformer, layers, residual, Some(&intervention), &|| false, &mut collect).unwrap();
            let whole = golden.run(Some(intervention)).bits();
            assert_eq!(bits, whole[first * golden.model.shape().n_heads..], "{} {}", golden.name, case.name);
        }
    }
}

#[test]
fn a_cancelled_run_stops_before_its_next_layer() {
    let model = bundled::load().unwrap();
    let residual = model.transformer().embed(&[0, 1, 2]).unwrap();
    let seen = std::cell::Cell::new(0);
    let outcome = run::advance(
        model.transformer(),
        0..model.shape().n_layers,
        residual.clone(),
        None,
        &|| seen.get() == 2,
        &mut |_, _, _| seen.set(seen.get() + 1),
    );
    assert!(matches!(outcome, Err(ModelError::Cancelled)));
    assert_eq!(seen.get(), 2);
    let n_layers = model.shape().n_layers;
    let beyond =
        run::advance(model.transformer(), n_layers..n_layers + 1, residual, None, &|| false, &mut |_, _, _| {});
    assert!(matches!(beyond, Err(ModelError::UnknownLayer { .. })));
}

#[test]
fn the_bundled_model_reads_its_default_prompt_as_the_reference_does() {
    let meta = fs::read(goldens_folder().join("bundled/meta.json")).unwrap();
    let meta: Value = serde_json::from_slice(&meta).unwrap();
    assert_eq!(meta["prompt"], bundled::DEFAULT_PROMPT);
    let tokens = bundled::load().unwrap().tokenize(bundled::DEFAULT_PROMPT, true).unwrap();
    let pieces: Vec<&str> = tokens.iter().map(|token| token.piece.as_str()).collect();
    let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
    assert_eq!(meta["tokens"], serde_json::json!(pieces));
    assert_eq!(meta["token_ids"], serde_json::json!(ids));
    let text: String = tokens[1..].iter().map(|token| token.text.as_str()).collect();
    assert_eq!(text, bundled::DEFAULT_PROMPT);
}

/// Sink mass and normalized entropy of PyTorch's pattern, straight from their definitions.
fn reference_metrics(pattern: &ArrayView2<'_, f32>, mask: Mask) -> (f64, f64) {
    let n = pattern.nrows();
    let sink = (3..n).map(|i| f64::from(pattern[[i, 0]])).sum::<f64>() / (n - 3) as f64;
    let entropy = |i: usize| -> f64 {
        let attended = if mask.is_causal() { i + 1 } else { n };
        let weights = (0..attended).map(|j| f64::from(pattern[[i, j]])).filter(|&w| w > 0.0);
        weights.map(|w| -w * w.ln()).sum::<f64>() / (attended as f64).ln()
    };
    (sink, (1..n).map(entropy).sum::<f64>() / (n - 1) as f64)
}

#[test]
fn metrics_are_those_of_pytorchs_patterns() {
    for golden in goldens() {
        for (case, run) in golden.runs() {
            let expected = golden.patterns(case);
            for (layer, head, pattern) in run.all() {
                let (sink, entropy) = reference_metrics(&expected.slice(s![layer, head, .., ..]), golden.mask());
                let ours = Metrics::of(&pattern);
                let (our_sink, our_entropy) = (ours.sink_mass.unwrap(), ours.normalized_entropy.unwrap());
                assert!((our_sink - sink).abs() <= 1e-5, "{case}: sink mass {our_sink}, not {sink}");
                assert!((our_entropy - entropy).abs() <= 1e-5, "{case}: entropy {our_entropy}, not {entropy}");
            }
        }
    }
}

/// What the bundled model's card and the program's own explanation say of its default view.
#[test]
fn the_default_view_shows_what_its_card_says() {
    let golden = load(&goldens_folder().join("bundled")).unwrap();
    let (layer, head) = (bundled::DEFAULT_LAYER, bundled::DEFAULT_HEAD);
    let metrics: BTreeMap<&str, Metrics> =
        golden.runs().map(|(case, run)| (case, Metrics::of(&run.pattern(layer, head)))).collect();
    for (case, metrics) in &metrics {
        println!("{case:12} {metrics:?}");
    }
    let sink = |case: &str| metrics[case].sink_mass.unwrap();
    let by_falling_epsilon = |component: Component| {
        let mut cases: Vec<&Case> = golden.cases.iter().filter(|case| case.component == component).collect();
        cases.sort_by(|a, b| b.epsilon.partial_cmp(&a.epsilon).unwrap());
        cases
    };
    // The sink grows as values are turned down …
    let mut last = sink("base");
    for case in by_falling_epsilon(Component::Value) {
        assert!(sink(&case.name) > last - 1e-4, "{}", case.name);
        last = last.max(sink(&case.name));
    }
    assert!(last > sink("base") + 0.05);
    // … and turning queries down ends in the uniform causal pattern.
    let n = golden.token_ids.len();
    let uniform = (3..n).map(|i| 1.0 / (i + 1) as f64).sum::<f64>() / (n - 3) as f64;
    let smallest = by_falling_epsilon(Component::Query).pop().unwrap();
    assert!((sink(&smallest.name) - uniform).abs() < 1e-6);
    assert!((metrics[smallest.name.as_str()].normalized_entropy.unwrap() - 1.0).abs() < 1e-6);
    assert_eq!(golden.patterns("base").len_of(Axis(0)), golden.model.shape().n_layers);
}
