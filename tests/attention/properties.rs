//! What must hold for every input.

use std::sync::Arc;

use attenuate::attention::{Component, HeadScores, LayerQkv, Mask, PositionScope};
use ndarray::{Array3, s};
use proptest::prelude::*;

use crate::attention::support::{
    any_epsilon, any_mask, any_positions, baseline, check_rows, row, rows, scaled, scores, vectors,
};

const QUERY_AND_KEY: [Component; 2] = [Component::Query, Component::Key];

fn any_head(limit: f32) -> impl Strategy<Value = Arc<HeadScores>> {
    (1_usize..9, 1_usize..6, any_mask()).prop_flat_map(move |(n_positions, head_dim, mask)| {
        let shape = (1, n_positions, head_dim);
        (vectors(shape, limit), vectors(shape, limit), 0.1_f64..1.0).prop_map(move |(query, key, scale)| {
            Arc::new(LayerQkv::new(query, key, None, scale, mask.clone()).unwrap().head_scores(0))
        })
    })
}

proptest! {
    #[test]
    fn rows_are_distributions_over_the_keys_before_them(
        head in any_head(3.0), epsilon in any_epsilon(), positions in any_positions(),
    ) {
        for component in Component::FIGURE {
            let pattern = scaled(&head, component, epsilon, positions.clone());
            check_rows(&pattern)?;
            for query in 0..pattern.n_positions() {
                let attended = if *head.mask() == Mask::CAUSAL { query + 1 } else { pattern.n_positions() };
                prop_assert_eq!(row(&pattern, query).len(), attended, "masked cells are absent");
            }
        }
    }

    #[test]
    fn at_zero_every_row_is_exactly_uniform(head in any_head(1e4)) {
        for component in QUERY_AND_KEY {
            for (picture, exact) in rows(&scaled(&head, component, 0.0, PositionScope::All)) {
                let n = picture.len();
                prop_assert!(picture.iter().all(|&weight| weight == 1.0 / n as f32), "{:?}", picture);
                prop_assert!(exact.iter().all(|&weight| weight == 1.0 / n as f64), "{:?}", exact);
            }
        }
    }

    #[test]
    fn scaling_all_queries_is_scaling_all_keys_to_the_bit(head in any_head(3.0), epsilon in any_epsilon()) {
        let [query, key] = QUERY_AND_KEY.map(|component| scaled(&head, component, epsilon, PositionScope::All));
        prop_assert_eq!(&query, &key);
        for ((picture, exact), (other_picture, other_exact)) in rows(&query).zip(rows(&key)) {
            prop_assert_eq!(picture, other_picture);
            prop_assert_eq!(exact, other_exact);
        }
    }

    #[test]
    fn at_one_nothing_changes_to_the_bit(head in any_head(30.0), positions in any_positions()) {
        for component in Component::FIGURE {
            let pattern = scaled(&head, component, 1.0, positions.clone());
            prop_assert_eq!(&pattern, &baseline(&head));
            for ((picture, exact), (base_picture, base_exact)) in rows(&pattern).zip(rows(&baseline(&head))) {
                prop_assert_eq!(picture, base_picture);
                prop_assert_eq!(exact, base_exact);
            }
        }
    }

    #[test]
    fn a_scaled_value_changes_no_weight(head in any_head(30.0), epsilon in any_epsilon(), positions in any_positions()) {
        prop_assert_eq!(scaled(&head, Component::Value, epsilon, positions), baseline(&head));
    }

    /// Every key is 1 in an extra dimension, so that what is added to a query there is added to its whole row.
    #[test]
    fn a_constant_on_a_row_changes_nothing(
        query in vectors((1, 6, 3), 3.0), key in vectors((1, 6, 3), 3.0), added in -100.0_f32..100.0, mask in any_mask(),
    ) {
        let head = |added: f32| {
            let mut key = key.clone();
            key.slice_mut(s![.., .., 2]).fill(1.0);
            let mut query = query.clone();
            query.slice_mut(s![.., .., 2]).fill(added);
            baseline(&Arc::new(LayerQkv::new(query, key, None, 0.5, mask.clone()).unwrap().head_scores(0)))
        };
        for ((picture, exact), (moved_picture, moved_exact)) in rows(&head(0.0)).zip(rows(&head(added))) {
            for key in 0..exact.len() {
                prop_assert!((exact[key] - moved_exact[key]).abs() <= 1e-12);
                prop_assert!((picture[key] - moved_picture[key]).abs() <= 1e-6);
            }
        }
    }

    #[test]
    fn huge_scores_are_stable(
        query in prop::collection::vec(-1.0_f32..1.0, 7), key in prop::collection::vec(-1e4_f32..1e4, 7),
        epsilon in any_epsilon(), positions in any_positions(), mask in any_mask(),
    ) {
        let head = scores(&query, &key, mask);
        for component in QUERY_AND_KEY {
            check_rows(&scaled(&head, component, epsilon, positions.clone()))?;
        }
    }

    /// Small differences on top of a large common score, as a bias makes them.
    #[test]
    fn small_differences_between_large_scores_survive(
        differences in prop::collection::vec(-3.0_f32..3.0, 7), common in -1e4_f32..1e4,
        epsilon in any_epsilon(), positions in any_positions(), mask in any_mask(),
    ) {
        let key: Vec<f32> = differences.iter().map(|difference| common + difference).collect();
        let head = scores(&[1.0; 7], &key, mask);
        for component in QUERY_AND_KEY {
            check_rows(&scaled(&head, component, epsilon, positions.clone()))?;
        }
    }

    #[test]
    fn a_dense_pattern_is_its_rows_with_zero_where_masked(head in any_head(3.0), epsilon in any_epsilon()) {
        let pattern = scaled(&head, Component::Query, epsilon, PositionScope::All);
        let dense = pattern.dense();
        for ((query, key), &weight) in dense.indexed_iter() {
            prop_assert_eq!(weight, row(&pattern, query).get(key).copied().unwrap_or(0.0));
            let exact = pattern.exact_cell(query, key);
            let expected = pattern.exact_row(query).get(key).map(|&weight| weight as f32);
            prop_assert_eq!(exact.map(|cell| cell.weight), expected);
        }
    }
}

#[test]
fn heads_read_their_own_kv_head() {
    // Kv head 0 prefers key 0, kv head 1 prefers key 1.
    let query = Array3::ones((4, 2, 1));
    let key = Array3::from_shape_vec((2, 2, 1), vec![5.0, 0.0, 0.0, 5.0]).unwrap();
    let layer = LayerQkv::new(query, key, None, 1.0, Mask::CAUSAL).unwrap();
    for head in 0..4 {
        let weights = baseline(&Arc::new(layer.head_scores(head))).exact_row(1);
        assert_eq!(weights[0] > weights[1], head < 2, "head {head}: {weights:?}");
    }
}
