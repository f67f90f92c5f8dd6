//! What pictures show of scores, against the exact numbers, and these against a plain loop.

use std::sync::Arc;

use attenuate::attention::{Component, Edit, Epsilon, HeadEdit, LayerQkv, Mask, Operation, Pattern, PositionScope};
use ndarray::Array3;
use proptest::prelude::*;

use crate::attention::support::{any_epsilon, any_positions};

/// More than one block of rows, and a number of keys that is no multiple of any vector's length.
const POSITIONS: usize = 77;
const HEAD_DIM: usize = 40;

fn layer(mask: Mask) -> LayerQkv {
    let vectors = |n_heads: usize, rate: f32| {
        Array3::from_shape_fn((n_heads, POSITIONS, HEAD_DIM), |(head, position, dimension)| {
            let place = (1 + head + 3 * position * (1 + dimension)) as f32;
            4.0 * (place * rate).sin() * (place * 0.11).cos()
        })
    };
    LayerQkv::new(vectors(4, 0.37), vectors(2, 0.23), None, 0.16, mask).unwrap()
}

/// Of every component, operation and choice of positions, and of no edit at all.
fn patterns(mask: Mask, epsilon: f64, positions: &PositionScope) -> Vec<Pattern> {
    let layer = layer(mask);
    let scores = Arc::new(layer.head_scores(3));
    let operations = [Operation::Scale, Operation::MeanHeads, Operation::MeanPositions, Operation::Noise { seed: 5 }];
    let edits = operations.into_iter().flat_map(|operation| {
        Component::FIGURE.into_iter().filter_map(move |component| {
            let epsilon = Epsilon::new(epsilon).unwrap();
            (component != Component::Value).then(|| Edit {
                component,
                operation: operation.clone(),
                epsilon,
                positions: positions.clone(),
            })
        })
    });
    let edits = edits.map(|edit| layer.head_edit(0, 3, Some(&edit)));
    edits.chain([HeadEdit::NOTHING]).map(|edit| scores.pattern(&edit)).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "the one rounding of a picture's score")]
fn check(pattern: &Pattern) -> Result<(), TestCaseError> {
    let mut buffer = [f32::NAN; POSITIONS];
    for query in 0..POSITIONS {
        let picture = pattern.scores_into(query, &mut buffer);
        let exact: Vec<f32> = pattern.exact_scores(query).into_iter().map(|score| score as f32).collect();
        prop_assert_eq!(picture, &exact, "row {} under {:?}", query, pattern.edit());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn a_score_in_a_picture_is_the_exact_one_rounded_once(epsilon in any_epsilon(), positions in any_positions()) {
        for mask in [Mask::CAUSAL, Mask::BIDIRECTIONAL] {
            for pattern in patterns(mask, epsilon, &positions) {
                check(&pattern)?;
            }
        }
    }
}

#[test]
fn exact_scores_are_those_of_a_plain_loop_to_the_bit() {
    for mask in [Mask::CAUSAL, Mask::BIDIRECTIONAL] {
        let layer = layer(mask);
        let (scores, query_vectors, key_vectors) = (layer.head_scores(2), layer.query(2), layer.key(2));
        // Backwards and each twice: neither order nor repetition shows.
        for query in (0..POSITIONS).rev().flat_map(|query| [query, query]) {
            let product = |key: usize| {
                let terms = query_vectors.row(query).into_iter().zip(key_vectors.row(key));
                terms.map(|(&q, &k)| f64::from(q) * f64::from(k)).sum::<f64>() * 0.16
            };
            let plain: Vec<u64> = scores.span(query).map(|key| product(key).to_bits()).collect();
            let found: Vec<u64> = scores.exact_row(query).into_iter().map(f64::to_bits).collect();
            assert_eq!(found, plain, "row {query}");
        }
    }
}

#[test]
fn exact_rows_are_the_same_whoever_asks_at_the_same_time() {
    let scores = Arc::new(layer(Mask::CAUSAL).head_scores(0));
    let alone: Vec<Vec<f64>> =
        (0..POSITIONS).map(|query| layer(Mask::CAUSAL).head_scores(0).exact_row(query)).collect();
    std::thread::scope(|scope| {
        for offset in [0, 31] {
            let (scores, alone) = (&scores, &alone);
            scope.spawn(move || {
                for step in 0..4 * POSITIONS {
                    let query = (step * 5 + offset) % POSITIONS;
                    assert_eq!(scores.exact_row(query), alone[query]);
                }
            });
        }
    });
}
