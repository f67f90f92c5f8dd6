//! Blocked edges, by hand.

use std::sync::Arc;

use attenuate::attention::{
    Blocked, Change, Component, Edit, Epsilon, Heads, Intervention, LayerAttention, LayerQkv, Mask, Metrics, Operation,
    Pattern, PositionScope, Rule,
};
use ndarray::{Array3, array};

const LN_3: f32 = 1.098_612_3;

/// Two query heads that share one kv head; in every row the scores are 0, ln 3 and 0, the values 1, 2 and 4.
fn layer(sink: Option<f32>) -> LayerQkv {
    let (query, key) = (Array3::ones((2, 3, 1)), array![[[0.0], [LN_3], [0.0]]]);
    let sinks = sink.map(|sink| vec![sink; 2].into());
    let rule = Rule { sinks, ..Rule::plain(1.0, Mask::CAUSAL) };
    LayerQkv::with_rule(query, key, Some(array![[[1.0], [2.0], [4.0]]]), rule).unwrap()
}

fn blocking(edges: &str) -> Intervention {
    let heads = Heads::block(0..1, 0..1);
    Intervention::default().blocking([Blocked { edges: edges.parse().unwrap(), heads }])
}

fn pattern(layer: &LayerQkv, head: usize, intervention: &Intervention) -> Pattern {
    LayerAttention::Vectors(Arc::new(layer.clone())).pattern(0, head, intervention)
}

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-7), "{found:?} for {expected:?}");
}

#[test]
fn what_is_left_of_a_row_sums_to_1_and_a_query_without_keys_has_none() {
    let layer = layer(None);
    let blocked = pattern(&layer, 0, &blocking("*->0"));
    assert!(blocked.keys(0).is_empty());
    assert_near(&blocked.exact_row(0), &[0.0]);
    assert_near(&blocked.exact_row(1), &[0.0, 1.0]);
    assert_near(&blocked.exact_row(2), &[0.0, 0.75, 0.25]);
    // The other head shares the keys, and sees them all.
    assert_near(&pattern(&layer, 1, &blocking("*->0")).exact_row(2), &[0.2, 0.6, 0.2]);
    let one = pattern(&layer, 0, &blocking("2->1"));
    assert_near(&one.exact_row(1), &[0.25, 0.75]);
    assert_near(&one.exact_row(2), &[0.5, 0.0, 0.5]);
    assert!(Metrics::of(&blocked).sink_mass.is_none_or(|mass| mass == 0.0));
    // 0.75·2 + 0.25·4, and nothing without keys.
    let output = layer.output_under(0, 0, &blocking("*->0")).unwrap();
    assert_near(&output.mapv(f64::from).into_raw_vec_and_offset().0, &[0.0, 2.0, 2.5]);
}

#[test]
fn under_a_sink_all_of_a_row_without_keys_is_rest() {
    let blocked = pattern(&layer(Some(0.0)), 0, &blocking("*->0"));
    assert_eq!((blocked.exact_rest(0), blocked.exact_row(0)), (Some(1.0), vec![0.0]));
    assert_near(&blocked.exact_row(2), &[0.0, 0.6, 0.2]);
    assert!((blocked.exact_rest(2).unwrap() - 0.2).abs() < 1e-7);
}

#[test]
fn a_change_acts_on_what_is_not_blocked() {
    let edit = Edit {
        component: Component::Query,
        operation: Operation::Scale,
        epsilon: Epsilon::ZERO,
        positions: PositionScope::All,
    };
    let change = Change { edit, heads: Heads::block(0..1, 0..2) };
    let both = Intervention::of([change])
        .blocking([Blocked { edges: "2->0".parse().unwrap(), heads: Heads::block(0..1, 0..1) }]);
    assert_near(&pattern(&layer(None), 0, &both).exact_row(2), &[0.0, 0.5, 0.5]);
    assert_near(&pattern(&layer(None), 1, &both).exact_row(2), &[1.0 / 3.0; 3]);
    assert_eq!(both.upstream_of(0), None);
    assert_eq!((both.upstream_of(1), both.first_layer()), (Some(both.clone()), 0));
    assert_eq!(both.blocked_at(0, 0).count() + both.blocked_at(0, 1).count() + both.blocked_at(1, 0).count(), 1);
}
