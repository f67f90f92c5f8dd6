//! Weights that are small fractions, worked out by hand.

use attenuate::attention::{Component, Mask, PositionScope};

use crate::attention::support::{baseline, row, rows, scaled, scores, scores_of_keys};

const LN: fn(f32) -> f32 = f32::ln;

fn assert_rows(pattern: &attenuate::attention::Pattern, expected: &[&[f64]]) {
    assert_eq!(pattern.n_positions(), expected.len());
    for (query, ((picture, exact), expected)) in rows(pattern).zip(expected).enumerate() {
        assert_eq!((picture.len(), exact.len()), (expected.len(), expected.len()), "row {query}");
        for (key, &weight) in expected.iter().enumerate() {
            // The scores are logarithms rounded to f32: 1e-7 is what that leaves of the fraction.
            assert!((exact[key] - weight).abs() < 1e-7, "[{query}, {key}]: {} for {weight}", exact[key]);
            assert!((f64::from(picture[key]) - weight).abs() < 2e-7, "[{query}, {key}]: {} for {weight}", picture[key]);
        }
    }
}

#[test]
fn scores_of_logarithms_make_fractions() {
    // exp of the scores is 1, 2, 3.
    let head = scores_of_keys(&[0.0, LN(2.0), LN(3.0)], Mask::CAUSAL);
    assert_rows(&baseline(&head), &[&[1.0], &[1.0 / 3.0, 2.0 / 3.0], &[1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0]]);
}

#[test]
fn without_a_causal_mask_every_row_sees_every_key() {
    let head = scores_of_keys(&[0.0, LN(2.0), LN(3.0)], Mask::BIDIRECTIONAL);
    let row: &[f64] = &[1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0];
    assert_rows(&baseline(&head), &[row, row, row]);
}

#[test]
fn epsilon_is_an_exponent_on_the_odds() {
    // ε = 1/2 takes the square root of the odds, ε = 2 squares them: 1 : 3 from 1 : 9, and 1 : 81.
    let head = scores_of_keys(&[0.0, LN(9.0)], Mask::CAUSAL);
    let scaled = |component, epsilon| scaled(&head, component, epsilon, PositionScope::All);
    for component in [Component::Query, Component::Key] {
        assert_rows(&scaled(component, 0.5), &[&[1.0], &[1.0 / 4.0, 3.0 / 4.0]]);
        assert_rows(&scaled(component, 2.0), &[&[1.0], &[1.0 / 82.0, 81.0 / 82.0]]);
        assert_rows(&scaled(component, 0.0), &[&[1.0], &[0.5, 0.5]]);
    }
    assert_rows(&scaled(Component::Value, 0.0), &[&[1.0], &[0.1, 0.9]]);
}

#[test]
fn a_scaled_query_changes_its_row_and_a_scaled_key_its_column() {
    // exp of the scores is 4, 9 in every row.
    let head = scores_of_keys(&[LN(4.0), LN(9.0)], Mask::BIDIRECTIONAL);
    let scaled = |component, positions| scaled(&head, component, 0.5, positions);
    let (all, root) = (&[4.0 / 13.0, 9.0 / 13.0][..], &[2.0 / 5.0, 3.0 / 5.0][..]);
    assert_rows(&scaled(Component::Query, PositionScope::First), &[root, all]);
    assert_rows(&scaled(Component::Query, PositionScope::Rest), &[all, root]);
    // Key 0 at the square root of 4: 2 : 9. The other keys at the square root of 9: 4 : 3.
    let (first, rest) = (&[2.0 / 11.0, 9.0 / 11.0][..], &[4.0 / 7.0, 3.0 / 7.0][..]);
    assert_rows(&scaled(Component::Key, PositionScope::First), &[first, first]);
    assert_rows(&scaled(Component::Key, PositionScope::Rest), &[rest, rest]);
}

#[test]
fn an_exact_cell_shows_its_scaled_score_and_is_none_where_masked() {
    let head = scores_of_keys(&[0.0, LN(9.0)], Mask::CAUSAL);
    let pattern = scaled(&head, Component::Query, 0.5, PositionScope::All);
    let cell = pattern.exact_cell(1, 1).unwrap();
    assert!((cell.score.unwrap() - 3.0_f64.ln()).abs() < 1e-7 && (cell.weight - 0.75).abs() < 1e-7, "{cell:?}");
    assert_eq!(pattern.exact_cell(0, 1), None, "a later key");
    assert_eq!(pattern.exact_cell(2, 0), None, "no such query");
}

#[test]
fn one_token_attends_to_itself() {
    for mask in [Mask::CAUSAL, Mask::BIDIRECTIONAL] {
        let head = scores(&[3.0], &[-2.0], mask);
        for epsilon in [0.0, 0.5, 1.0, 100.0] {
            assert_rows(&scaled(&head, Component::Key, epsilon, PositionScope::First), &[&[1.0]]);
        }
    }
}

/// A sink of weight near 1 and 2047 keys whose weights are each below the rounding of an f32 sum of 1.
#[test]
fn many_small_weights_are_not_lost_from_the_sum() {
    let mut key = vec![-16.7; 2048];
    key[0] = 0.0;
    let pattern = baseline(&scores_of_keys(&key, Mask::BIDIRECTIONAL));
    let (picture, exact) = rows(&pattern).next().unwrap();
    let sum: f64 = picture.iter().copied().map(f64::from).sum();
    assert!((sum - 1.0).abs() < 1e-6, "sums to {sum}");
    assert!((f64::from(picture[0]) - exact[0]).abs() < 1e-6, "{} for {}", picture[0], exact[0]);
}

/// Key 0 outshines the others by so much that their differences are small beside it; turned down, it no longer does,
/// and they must come out as they are.
#[test]
fn what_a_sink_hides_comes_out_exactly_when_the_sink_is_turned_down() {
    let key = [20_000.0, 0.0, LN(2.0), LN(5.0)];
    let head = scores_of_keys(&key, Mask::BIDIRECTIONAL);
    // exp of the scores is then 1, 1, 2, 5.
    let pattern = scaled(&head, Component::Key, 0.0, PositionScope::First);
    for (picture, exact) in rows(&pattern) {
        for (key, expected) in [1.0, 1.0, 2.0, 5.0].into_iter().enumerate() {
            assert!((exact[key] - expected / 9.0).abs() < 1e-7, "{exact:?}");
            assert!((f64::from(picture[key]) - expected / 9.0).abs() < 1e-6, "{picture:?}");
        }
    }
}

#[test]
fn nan_in_a_query_stays_in_its_row() {
    let pattern = baseline(&scores(&[1.0, f32::NAN, 1.0], &[1.0, 2.0, 3.0], Mask::CAUSAL));
    for query in 0..3 {
        assert_eq!(row(&pattern, query).iter().all(|w| w.is_nan()), query == 1);
        assert_eq!(row(&pattern, query).iter().any(|w| w.is_nan()), query == 1);
        assert_eq!(pattern.exact_row(query).iter().any(|w| w.is_nan()), query == 1);
    }
}

#[test]
fn nan_in_a_key_reaches_the_rows_that_attend_to_it() {
    for positions in [PositionScope::All, PositionScope::First, PositionScope::Rest] {
        for epsilon in [0.0, 0.5, 1.0] {
            let head = scores(&[1.0; 4], &[1.0, 2.0, f32::NAN, 3.0], Mask::CAUSAL);
            let pattern = scaled(&head, Component::Key, epsilon, positions.clone());
            for query in 0..4 {
                assert_eq!(row(&pattern, query).iter().all(|w| w.is_nan()), query >= 2, "{positions:?} {epsilon}");
                assert_eq!(row(&pattern, query).iter().any(|w| w.is_nan()), query >= 2, "{positions:?} {epsilon}");
                assert_eq!(pattern.exact_row(query).iter().any(|w| w.is_nan()), query >= 2);
            }
        }
    }
}
