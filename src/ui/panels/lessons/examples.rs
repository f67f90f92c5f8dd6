//! The small numbers behind the illustrations: chosen by hand, computed by the program's own attention.

use std::sync::{Arc, LazyLock};

use ndarray::{Array3, array};

use crate::attention::{
    Component, Edit, Epsilon, HeadEdit, HeadScores, LayerQkv, Mask, Operation, Pattern, PositionScope, output_norm,
};

/// The prompt of the example head.
pub const TOKENS: [&str; 5] = ["<s>", "The", "cat", "sat", "down"];

/// One head over [`TOKENS`]. exp(score) is 16 on the first key, 4 on the token itself and 1 elsewhere, so that the
/// weights are small fractions at ε = 1 and at ε = 5e-1.
pub struct Toy {
    layer: LayerQkv,
    scores: Arc<HeadScores>,
}

/// The example head, made once; `None` never, as a test sees to.
pub fn toy() -> Option<&'static Toy> {
    static TOY: LazyLock<Option<Toy>> = LazyLock::new(Toy::new);
    TOY.as_ref()
}

fn edit(component: Component, operation: Operation, epsilon: Epsilon) -> Edit {
    Edit { component, operation, epsilon, positions: PositionScope::All }
}

impl Toy {
    fn new() -> Option<Self> {
        let n = TOKENS.len();
        // Queries are unit vectors, so that the score of query i with key j is number i of key j.
        let query = Array3::from_shape_fn((1, n, n), |(_, i, d)| if i == d { 1.0 } else { 0.0 });
        let key = Array3::from_shape_fn((1, n, n), |(_, j, i)| odds(i, j).ln());
        // All of length 5, and so is every mixture of them.
        let value = Array3::from_shape_fn((1, n, 2), |(_, _, d)| if d == 0 { 3.0 } else { 4.0 });
        let layer = LayerQkv::new(query, key, Some(value), 1.0, Mask::CAUSAL).ok()?;
        let scores = Arc::new(layer.head_scores(0));
        Some(Self { layer, scores })
    }

    /// With Query times `epsilon`.
    pub fn pattern(&self, epsilon: Epsilon) -> Pattern {
        self.edited(Component::Query, epsilon).0
    }

    fn edited(&self, component: Component, epsilon: Epsilon) -> (Pattern, HeadEdit) {
        let edit = self.layer.head_edit(0, 0, Some(&edit(component, Operation::Scale, epsilon)));
        (self.scores.pattern(&edit), edit)
    }

    /// With Value times `epsilon`: the pattern, and the mean length of the head's output.
    pub fn with_value(&self, epsilon: Epsilon) -> Option<(Pattern, f64)> {
        let (pattern, edit) = self.edited(Component::Value, epsilon);
        let output = self.layer.head_output(0, &pattern, &edit)?;
        Some((pattern, output_norm(&output, &Mask::CAUSAL)))
    }
}

fn odds(query: usize, key: usize) -> f32 {
    match key {
        0 => 16.0,
        key if key == query => 4.0,
        _ => 1.0,
    }
}

/// Largest distance of a weight from that of its row if it were uniform.
pub fn distance_from_uniform(pattern: &Pattern) -> f64 {
    (0..pattern.n_positions())
        .flat_map(|query| {
            let row = pattern.exact_row(query);
            let uniform = 1.0 / row.len() as f64;
            row.into_iter().map(move |weight| (weight - uniform).abs())
        })
        .fold(0.0, f64::max)
}

/// One side of (ε·q)·k = q·(ε·k).
pub struct Side {
    pub query: [f32; 2],
    pub key: [f32; 2],
    pub score: f64,
}

/// q = (1, 2) and k = (3, 1): as they are, with q halved, with k halved.
pub fn sides() -> Option<[Side; 3]> {
    let (query, key) = (array![[[1.0, 2.0]]], array![[[3.0, 1.0]]]);
    let layer = LayerQkv::new(query, key, None, 1.0, Mask::CAUSAL).ok()?;
    let scores = Arc::new(layer.head_scores(0));
    let half = Epsilon::FIGURE[0];
    let side = |component: Option<Component>| {
        let edit = component.map(|component| edit(component, Operation::Scale, half));
        let edit = layer.head_edit(0, 0, edit.as_ref());
        let vector = |component, view| {
            let applied = edit.applied(component, view);
            [applied[[0, 0]], applied[[0, 1]]]
        };
        let score = scores.pattern(&edit).exact_cell(0, 0)?.score?;
        Some(Side { query: vector(Component::Query, layer.query(0)), key: vector(Component::Key, layer.key(0)), score })
    };
    Some([side(None)?, side(Some(Component::Query))?, side(Some(Component::Key))?])
}

/// The first head's query (4, 2) at the first position, after `operation` with `epsilon`. The other head's is (0, 4)
/// there, and the first head's (2, 0) at the other position.
pub fn operated(operation: Operation, epsilon: Epsilon) -> Option<[f32; 2]> {
    let query = array![[[4.0, 2.0], [2.0, 0.0]], [[0.0, 4.0], [1.0, 1.0]]];
    let layer = LayerQkv::new(query.clone(), query, None, 1.0, Mask::CAUSAL).ok()?;
    let edit = layer.head_edit(0, 0, Some(&edit(Component::Query, operation, epsilon)));
    let applied = edit.applied(Component::Query, layer.query(0));
    Some([applied[[0, 0]], applied[[0, 1]]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attention::{normalized_entropy, sink_mass};

    #[track_caller]
    fn assert_row(pattern: &Pattern, query: usize, expected: &[f64]) {
        let row = pattern.exact_row(query);
        assert_eq!(row.len(), expected.len());
        for (weight, expected) in row.iter().zip(expected) {
            // Scores are logarithms rounded to f32.
            assert!((weight - expected).abs() < 1e-7, "{row:?} for {expected}");
        }
    }

    #[test]
    fn the_sink_is_made_of_small_fractions() {
        let pattern = toy().unwrap().pattern(Epsilon::ONE);
        assert_row(&pattern, 0, &[1.0]);
        assert_row(&pattern, 1, &[16.0 / 20.0, 4.0 / 20.0]);
        assert_row(&pattern, 4, &[16.0 / 23.0, 1.0 / 23.0, 1.0 / 23.0, 1.0 / 23.0, 4.0 / 23.0]);
        let sink = sink_mass(&pattern).unwrap();
        let expected = f64::midpoint(16.0 / 22.0, 16.0 / 23.0);
        assert!((sink - expected).abs() < 1e-6, "rows 3 and 4: {sink} for {expected}");
    }

    #[test]
    fn half_takes_the_square_root_of_the_odds_and_zero_makes_rows_uniform() {
        let toy = toy().unwrap();
        let half = toy.pattern(Epsilon::FIGURE[0]);
        assert_row(&half, 4, &[4.0 / 9.0, 1.0 / 9.0, 1.0 / 9.0, 1.0 / 9.0, 2.0 / 9.0]);
        let zero = toy.pattern(Epsilon::ZERO);
        for query in 0..5 {
            assert_row(&zero, query, &vec![1.0 / (query as f64 + 1.0); query + 1]);
        }
        assert!((normalized_entropy(&zero).unwrap() - 1.0).abs() < 1e-6);
        assert!(distance_from_uniform(&zero) < 1e-12);
        // Row 3 holds 4/8, 1/8, 1/8 and 2/8; rows 2 and 4 come close with 4/7 - 1/3 and 4/9 - 1/5.
        assert!((distance_from_uniform(&half) - (4.0 / 8.0 - 1.0 / 4.0)).abs() < 1e-7);
    }

    #[test]
    fn the_second_and_third_column_are_near_uniform() {
        let [_, second, third] = Epsilon::FIGURE.map(|epsilon| distance_from_uniform(&toy().unwrap().pattern(epsilon)));
        assert!((1e-4..1e-3).contains(&second), "{second}");
        assert!(third < 1e-9, "{third}");
    }

    #[test]
    fn value_moves_the_output_and_not_the_pattern() {
        let toy = toy().unwrap();
        let (whole, length) = toy.with_value(Epsilon::ONE).unwrap();
        let (halved, half_length) = toy.with_value(Epsilon::FIGURE[0]).unwrap();
        assert_eq!(whole, halved);
        assert!((length - 5.0).abs() < 1e-5 && (half_length - 2.5).abs() < 1e-5, "{length}, {half_length}");
    }

    #[test]
    fn both_sides_have_the_same_score() {
        let [whole, query, key] = sides().unwrap();
        assert_eq!((whole.score, query.score, key.score), (5.0, 2.5, 2.5));
        assert_eq!((query.query, query.key), ([0.5, 1.0], [3.0, 1.0]));
        assert_eq!((key.query, key.key), ([1.0, 2.0], [1.5, 0.5]));
    }

    #[test]
    fn operations_go_where_their_formulas_say() {
        let at = |operation, epsilon| operated(operation, Epsilon::new(epsilon).unwrap()).unwrap();
        for operation in [Operation::Scale, Operation::MeanHeads, Operation::MeanPositions] {
            assert_eq!(at(operation.clone(), 1.0), [4.0, 2.0], "{operation:?}");
        }
        assert_eq!(at(Operation::Scale, 0.5), [2.0, 1.0]);
        assert_eq!(at(Operation::MeanHeads, 0.0), [2.0, 3.0]);
        assert_eq!(at(Operation::MeanHeads, 0.5), [3.0, 2.5]);
        assert_eq!(at(Operation::MeanPositions, 0.0), [3.0, 1.0]);
        assert_eq!(at(Operation::Noise { seed: 0 }, 0.0), [4.0, 2.0]);
    }
}
