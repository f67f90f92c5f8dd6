//! Metrics, against values by hand and against plain evaluations in f64.

use std::sync::Arc;

use attenuate::attention::{
    Component, HeadEdit, LayerQkv, Mask, Metrics, Pattern, PositionScope, SinkQueries, induction, js_from_baseline,
    kl_divergence, kl_from_baseline, max_weight, normalized_entropy, output_norm, previous_token, sink_mass,
};
use ndarray::{Array3, arr2};
use proptest::prelude::*;

use crate::attention::support::{any_epsilon, any_mask, any_rule, baseline, scaled, scores, scores_of_keys, vectors};

fn close(found: Option<f64>, expected: f64) {
    assert!(found.is_some_and(|found| (found - expected).abs() < 1e-6), "{found:?} for {expected}");
}

fn uniform(n: usize, mask: Mask) -> Pattern {
    baseline(&scores_of_keys(&vec![0.0; n], mask))
}

/// Every query attends to key 0 alone.
fn one_hot(n: usize) -> Pattern {
    let mut key = vec![0.0; n];
    key[0] = 1e4;
    baseline(&scores_of_keys(&key, Mask::CAUSAL))
}

#[test]
fn a_uniform_causal_pattern() {
    let metrics = Metrics::of(&uniform(6, Mask::CAUSAL));
    close(metrics.normalized_entropy, 1.0);
    // Rows 3, 4 and 5 give key 0 a quarter, a fifth and a sixth: 37/60 over three rows.
    close(metrics.sink_mass, 37.0 / 180.0);
    // 1 + 1/2 + 1/3 + 1/4 + 1/5 + 1/6 = 49/20 over six rows.
    close(Some(metrics.diagonal), 49.0 / 120.0);
}

#[test]
fn a_uniform_bidirectional_pattern() {
    let metrics = Metrics::of(&uniform(5, Mask::BIDIRECTIONAL));
    close(metrics.normalized_entropy, 1.0);
    close(metrics.sink_mass, 0.2);
    close(Some(metrics.diagonal), 0.2);
}

#[test]
fn previous_token_by_hand() {
    // Uniform: rows 1 to 5 give the token before a half, a third, …, a sixth: 87/60 over five rows.
    close(previous_token(&uniform(6, Mask::CAUSAL)), 87.0 / 300.0);
    close(previous_token(&uniform(5, Mask::BIDIRECTIONAL)), 0.2);
    // One-hot on key 0: only row 1 looks at the token before.
    close(previous_token(&one_hot(5)), 0.25);
    assert_eq!(previous_token(&uniform(1, Mask::CAUSAL)), None);
}

#[test]
fn induction_by_hand() {
    // Tokens a b a b b: position 2 repeats 0 and looks for key 1, 3 repeats 1 and looks for 2, 4 repeats 3 and looks
    // for itself. Uniform rows give a third, a quarter and a fifth: 47/60 over three rows.
    let key_after = [None, None, Some(1), Some(2), Some(4)];
    close(induction(&uniform(5, Mask::CAUSAL), &key_after), 47.0 / 180.0);
    close(induction(&uniform(5, Mask::BIDIRECTIONAL), &key_after), 0.2);
    assert_eq!(induction(&one_hot(5), &key_after), Some(0.0));
    assert_eq!(induction(&uniform(5, Mask::CAUSAL), &[None; 5]), None, "nothing repeats");
}

#[test]
fn a_one_hot_pattern() {
    let metrics = Metrics::of(&one_hot(5));
    assert_eq!(metrics.normalized_entropy, Some(0.0));
    assert_eq!(metrics.sink_mass, Some(1.0));
    // Only position 0 looks at itself.
    assert_eq!(metrics.diagonal, 0.2);
}

#[test]
fn few_tokens_have_no_sink_and_one_has_no_entropy() {
    for n in 1..4 {
        assert_eq!(sink_mass(&uniform(n, Mask::CAUSAL)), None, "{n} tokens");
    }
    assert!(sink_mass(&uniform(4, Mask::CAUSAL)).is_some());
    let one = uniform(1, Mask::CAUSAL);
    assert_eq!(Metrics::of(&one), Metrics { sink_mass: None, normalized_entropy: None, diagonal: 1.0, rest: None });
    assert_eq!(kl_from_baseline(&one, &one), 0.0);
}

#[test]
fn divergence_by_hand() {
    // KL of (1/4, 3/4) from (1/2, 1/2): ln 2 less the entropy, 3/4·ln 3 - ln 2.
    let expected = 0.75 * 3_f64.ln() - 2_f64.ln();
    assert!((kl_divergence([0.25, 0.75], [0.5, 0.5]) - expected).abs() < 1e-15);
    assert_eq!(kl_divergence([0.0, 1.0], [0.5, 0.5]), 2_f64.ln(), "a weight of 0 counts 0");
    assert_eq!(kl_divergence([0.5, 0.5], [0.0, 1.0]), f64::INFINITY);
    assert_eq!(kl_divergence([0.3, 0.7], [0.3, 0.7]), 0.0);

    // As a pattern: row 0 has one key and no divergence, row 1 has the one above.
    let head = scores_of_keys(&[0.0, 3_f32.ln()], Mask::CAUSAL);
    let flat = scaled(&head, Component::Query, 0.0, PositionScope::All);
    close(Some(kl_from_baseline(&baseline(&head), &flat)), expected / 2.0);
    assert_eq!(kl_from_baseline(&baseline(&head), &baseline(&head)), 0.0);
}

/// A pattern sharpened by ε = 1e2 has weights below the range of f32, and still a finite divergence.
#[test]
fn divergence_is_finite_however_much_a_pattern_is_sharpened() {
    // Baseline (1/3, 2/3), sharpened odds 1 : 2^200; KL = 1/3·ln(1/3) + 2/3·ln(2/3) + 200/3·ln 2.
    let head = scores_of_keys(&[0.0, 2_f32.ln()], Mask::CAUSAL);
    let sharp = scaled(&head, Component::Query, 200.0, PositionScope::All);
    let ln2 = f64::from(2_f32.ln());
    let expected = (1.0 / 3.0) * (1.0 / 3_f64).ln() + (2.0 / 3.0) * (2.0 / 3_f64).ln() + 200.0 / 3.0 * ln2;
    let found = kl_from_baseline(&baseline(&head), &sharp);
    assert!((found - expected / 2.0).abs() < 1e-5, "{found} for {}", expected / 2.0);
}

#[test]
fn nan_is_not_hidden() {
    let pattern = baseline(&scores(&[1.0, 1.0, 1.0, f32::NAN], &[1.0, 2.0, 3.0, 4.0], Mask::CAUSAL));
    let metrics = Metrics::of(&pattern);
    assert!(metrics.sink_mass.is_some_and(f64::is_nan), "{metrics:?}");
    assert!(metrics.normalized_entropy.is_some_and(f64::is_nan) && metrics.diagonal.is_nan(), "{metrics:?}");
    assert!(kl_from_baseline(&pattern, &pattern).is_nan());
    assert!(js_from_baseline(&pattern, &pattern).is_nan());
    assert!(max_weight(&pattern).is_some_and(f64::is_nan));
    assert!(previous_token(&pattern).is_some_and(f64::is_nan));
    assert!(induction(&pattern, &[None, None, None, Some(1)]).is_some_and(f64::is_nan));
}

#[test]
fn output_norm_is_the_mean_length() {
    // Lengths 5 and 13.
    assert_eq!(output_norm(&arr2(&[[3.0, 4.0], [5.0, -12.0]]), &Mask::CAUSAL), 9.0);
    assert_eq!(output_norm(&arr2(&[[0.0, 0.0], [3.0, 4.0]]), &Mask::CAUSAL.over(1..2)), 5.0, "of tokens");
}

/// One row's outcomes as ln weight, from the scores, so that none is too small: the keys, and the sink logit's.
fn ln_weights(pattern: &Pattern, query: usize) -> Vec<f64> {
    let sink = pattern.scores().rule().sink;
    let (keys, entering) = (pattern.keys(query), pattern.exact_scores(query));
    let of_keys = keys.iter().map(|key| entering[key - keys.span().start]);
    let scores: Vec<f64> = of_keys.chain(sink).collect();
    let max = scores.iter().copied().fold(f64::MIN, f64::max);
    let ln_sum = max + scores.iter().map(|score| (score - max).exp()).sum::<f64>().ln();
    scores.into_iter().map(|score| score - ln_sum).collect()
}

/// `None` without any.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

proptest! {
    #[test]
    fn metrics_are_what_their_definitions_say_under_every_rule(
        (query, key, rule) in (vectors((1, 7, 3), 2.0), vectors((1, 7, 3), 2.0), any_rule(1, 7, 0.5)),
        epsilon in any_epsilon(),
    ) {
        let close = |found: Option<f64>, expected: Option<f64>| match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() <= 1e-6 * expected.max(1.0),
            (found, expected) => found == expected,
        };
        let mask = rule.mask.clone();
        let head = Arc::new(LayerQkv::with_rule(query, key, None, rule).unwrap().head_scores(0));
        let base = baseline(&head);
        let pattern = scaled(&head, Component::Query, epsilon, PositionScope::All);
        let weight = |i: usize, j: usize| pattern.exact_cell(i, j).map(|cell| cell.weight_f64);
        let first = mask.tokens(7).start;
        let has_keys = |&i: &usize| !pattern.keys(i).is_empty();
        let behind = |n: usize| (0..7).filter(|&i| mask.is_token(i)).skip(n).filter(has_keys);

        prop_assert!(close(sink_mass(&pattern), mean(behind(3).filter_map(|i| weight(i, first)))));
        let queries = SinkQueries::of(&mask, 7);
        prop_assert_eq!(queries.counted, behind(3).filter_map(|i| weight(i, first)).count());
        let rest = mean((0..7).filter(has_keys).filter_map(|i| pattern.exact_rest(i)));
        prop_assert!(close(Metrics::of(&pattern).rest, rest));
        prop_assert!(close(previous_token(&pattern), mean((1..7).filter_map(|i| weight(i, i - 1)))));
        let diagonal = mean((0..7).filter_map(|i| weight(i, i))).unwrap_or(0.0);
        prop_assert!(close(Some(Metrics::of(&pattern).diagonal), Some(diagonal)));

        let entropy = |i: usize| {
            let keys = pattern.keys(i);
            let row: Vec<f64> = keys.iter().filter_map(|j| weight(i, j)).collect();
            // Renormalised: what goes to the sink logit has no say in how even the rest is. A row that has all but gone
            // there is in f32 no more.
            let ln = ln_weights(&pattern, i);
            let ln_sum = row.iter().sum::<f64>().ln();
            let sum: f64 = row.iter().zip(ln).map(|(w, ln)| w * (ln_sum - ln)).sum::<f64>() / row.iter().sum::<f64>();
            (row.len() > 1).then(|| sum / (row.len() as f64).ln())
        };
        let (found, expected) = (normalized_entropy(&pattern), mean(behind(1).filter_map(entropy)));
        prop_assert!(close(found, expected), "{:?} for {:?}", found, expected);

        let largest = |i: usize| pattern.exact_row(i).into_iter().reduce(f64::max);
        prop_assert!(close(max_weight(&pattern), mean(behind(1).filter_map(largest))));

        let kl = |i: usize| {
            let (p, q) = (ln_weights(&base, i), ln_weights(&pattern, i));
            p.iter().zip(&q).map(|(p, q)| p.exp() * (p - q)).sum::<f64>()
        };
        let expected = mean((0..7).filter(has_keys).map(kl)).unwrap_or(0.0);
        let found = kl_from_baseline(&base, &pattern);
        prop_assert!(close(Some(found), Some(expected)), "{} for {}", found, expected);
        prop_assert!(found >= -1e-6);

        let js = |i: usize| {
            let [p, q] = [&base, &pattern].map(|x| ln_weights(x, i).into_iter().map(f64::exp).collect::<Vec<f64>>());
            let kl_to_mean = |x: &[f64]| -> f64 {
                let mean = p.iter().zip(&q).map(|(p, q)| 0.5 * (p + q));
                x.iter().zip(mean).filter(|(x, _)| **x > 0.0).map(|(x, mean)| x * (x / mean).ln()).sum()
            };
            0.5 * (kl_to_mean(&p) + kl_to_mean(&q))
        };
        let expected = mean((0..7).filter(has_keys).map(js)).unwrap_or(0.0);
        let found = js_from_baseline(&base, &pattern);
        prop_assert!(close(Some(found), Some(expected)), "{} for {}", found, expected);
    }

    #[test]
    fn metrics_are_what_their_definitions_say(
        query in vectors((1, 7, 3), 2.0), key in vectors((1, 7, 3), 2.0), mask in any_mask(), epsilon in any_epsilon(),
    ) {
        let head = Arc::new(LayerQkv::new(query, key, None, 0.5, mask).unwrap().head_scores(0));
        let base = baseline(&head);
        let pattern = scaled(&head, Component::Query, epsilon, PositionScope::All);
        let rows: Vec<Vec<f64>> = (0..7).map(|i| pattern.exact_row(i)).collect();

        let sink = (3..7).map(|i| rows[i][0]).sum::<f64>() / 4.0;
        prop_assert!((sink_mass(&pattern).unwrap() - sink).abs() <= 1e-6);

        let previous = (1..7).map(|i| rows[i][i - 1]).sum::<f64>() / 6.0;
        prop_assert!((previous_token(&pattern).unwrap() - previous).abs() <= 1e-6);
        let key_after = [None, None, Some(1), None, Some(3), None, Some(2)];
        let after = (rows[2][1] + rows[4][3] + rows[6][2]) / 3.0;
        prop_assert!((induction(&pattern, &key_after).unwrap() - after).abs() <= 1e-6);

        let entropy = |row: &Vec<f64>| -row.iter().filter(|&&w| w > 0.0).map(|w| w * w.ln()).sum::<f64>();
        let normalized = rows[1..].iter().map(|row| entropy(row) / (row.len() as f64).ln()).sum::<f64>() / 6.0;
        prop_assert!((normalized_entropy(&pattern).unwrap() - normalized).abs() <= 1e-6);

        let diagonal = (0..7).map(|i| rows[i][i]).sum::<f64>() / 7.0;
        prop_assert!((Metrics::of(&pattern).diagonal - diagonal).abs() <= 1e-6);

        // From the scores, so that no weight is too small: ln weight = score - ln Σ exp score.
        let ln_weights = |pattern: &Pattern, i: usize| {
            let scores = pattern.exact_scores(i);
            let max = scores.iter().copied().fold(f64::MIN, f64::max);
            let ln_sum = max + scores.iter().map(|score| (score - max).exp()).sum::<f64>().ln();
            scores.into_iter().map(move |score| score - ln_sum).collect::<Vec<_>>()
        };
        let kl = (0..7)
            .map(|i| {
                let (p, q) = (ln_weights(&base, i), ln_weights(&pattern, i));
                p.iter().zip(&q).map(|(p, q)| p.exp() * (p - q)).sum::<f64>()
            })
            .sum::<f64>()
            / 7.0;
        let found = kl_from_baseline(&base, &pattern);
        prop_assert!((found - kl).abs() <= 1e-6 * kl.max(1.0), "{} for {}", found, kl);

        let js = (0..7)
            .map(|i| {
                let (p, q) = (base.exact_row(i), pattern.exact_row(i));
                let kl_to_mean = |x: &[f64]| -> f64 {
                    let mean = p.iter().zip(&q).map(|(p, q)| 0.5 * (p + q));
                    x.iter().zip(mean).filter(|(x, _)| **x > 0.0).map(|(x, mean)| x * (x / mean).ln()).sum()
                };
                0.5 * (kl_to_mean(&p) + kl_to_mean(&q))
            })
            .sum::<f64>()
            / 7.0;
        let found = js_from_baseline(&base, &pattern);
        prop_assert!((found - js).abs() <= 1e-6, "{} for {}", found, js);
        prop_assert!((0.0..=std::f64::consts::LN_2 + 1e-9).contains(&found));

        let largest = rows[1..].iter().map(|row| row.iter().copied().fold(0.0, f64::max)).sum::<f64>() / 6.0;
        prop_assert!((max_weight(&pattern).unwrap() - largest).abs() <= 1e-6);
    }
}

/// Two masks: what one sees and the other not.
#[test]
fn weight_on_a_key_that_is_masked_elsewhere_is_infinitely_far() {
    let pattern = |mask: Mask| {
        let query = Array3::from_shape_fn((1, 5, 2), |(_, i, d)| (i + 2 * d) as f32 / 4.0);
        let key = Array3::from_shape_fn((1, 5, 2), |(_, i, d)| (3 * i + d) as f32 / 5.0);
        Pattern::new(LayerQkv::new(query, key, None, 1.0, mask).unwrap().head_scores(0).into(), &HeadEdit::NOTHING)
    };
    let (whole, within) = (pattern(Mask::CAUSAL), pattern(Mask::CAUSAL.within(2)));
    assert_eq!(kl_from_baseline(&whole, &within), f64::INFINITY);
    // The other way round each row is renormalized: KL is −ln of the weight that the window has of the whole.
    let of_row = |query: usize| {
        let row = whole.exact_row(query);
        -row[within.span(query).start..].iter().sum::<f64>().ln()
    };
    let expected = (0..5).map(of_row).sum::<f64>() / 5.0;
    assert!((kl_from_baseline(&within, &whole) - expected).abs() < 1e-6);
    let of_row = |query: usize| {
        let (p, q) = (whole.exact_row(query), within.exact_row(query));
        let first = within.span(query).start;
        let term = |x: f64, m: f64| if x == 0.0 { 0.0 } else { x * (x / m).ln() };
        let cells = p.iter().enumerate().map(|(key, &p)| {
            let q = key.checked_sub(first).map_or(0.0, |place| q[place]);
            0.5 * (term(p, 0.5 * (p + q)) + term(q, 0.5 * (p + q)))
        });
        cells.sum::<f64>()
    };
    let expected = (0..5).map(of_row).sum::<f64>() / 5.0;
    for (a, b) in [(&whole, &within), (&within, &whole)] {
        assert!((js_from_baseline(a, b) - expected).abs() < 1e-6);
    }
}
