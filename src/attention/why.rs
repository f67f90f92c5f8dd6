//! One weight, taken apart.

use super::{Component, Operation, OperationKind, Pattern};

/// How a weight comes about, each number from those above it:
///
/// ```text
/// dot         q·k of the unmodified vectors
/// unmodified  dot · scale
/// product     unmodified after the edit: ε times it, or on the line towards `other`
/// capped      cap · tanh(product / cap), where there is a soft cap
/// score       capped + bias, where there is a bias
/// exp         exp(score − row_max)
/// weight      exp / row_sum
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// q·k of the unmodified vectors.
    pub dot: f64,
    /// What multiplies q·k, usually `1/√head_dim`.
    pub scale: f64,
    /// The unmodified score.
    pub unmodified: f64,
    /// What ε does to the score; `None` where this cell is not edited.
    pub change: Option<ScoreChange>,
    /// The score after the edit, before soft cap and bias.
    pub product: f64,
    /// The bound and what the soft cap makes of the product.
    pub softcap: Option<Capped>,
    /// What is added to the score of this key.
    pub bias: Option<f64>,
    /// The score that enters the softmax.
    pub score: f64,
    /// The head's sink logit, and `exp(sink − row_max)`, which is in the row's sum.
    pub sink: Option<[f64; 2]>,
    /// The largest score of the row, or the sink logit where that is larger.
    pub row_max: f64,
    /// `exp(score − row_max)`
    pub exp: f64,
    /// The sum of all exp of the row.
    pub row_sum: f64,
    /// After the softmax, 0 to 1.
    pub weight: f64,
    /// The query vector as it enters the score, `[head_dim]`: after the edit where that is one of the query.
    pub query: Vec<f64>,
    /// The key vector as it enters the score, `[head_dim]`: after the edit where that is one of the key.
    pub key: Vec<f64>,
    /// What each dimension adds to the score, `[head_dim]`: `q_d·k_d·scale` of the edited vectors. They sum to `product`.
    pub contributions: Vec<f64>,
}

/// A soft cap and what it makes of one score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capped {
    /// The bound: results lie between −cap and cap.
    pub cap: f64,
    /// The score behind the cap.
    pub score: f64,
}

/// What ε does to one score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreChange {
    /// What takes the place of the vector.
    pub operation: OperationKind,
    /// How much is left of the vector.
    pub epsilon: f64,
    /// The score of what the operation brings in, the mean's or the noise's; `None` for scaling.
    pub other: Option<f64>,
}

impl Why {
    /// In f64; `None` where the cell is masked or outside, and where weights are given.
    pub fn of(pattern: &Pattern, query: usize, key: usize) -> Option<Self> {
        let place = pattern.place(query, key)?;
        let scores = pattern.scores();
        let edit = pattern.edit().filter(|edit| edit.acts_on(query, key));
        let row = pattern.exact_scores(query);
        let product = *pattern.exact_products(query).get(place)?;
        let rule = scores.rule();
        let row_max = row.iter().copied().fold(rule.sink.unwrap_or(f64::NEG_INFINITY), f64::max);
        let [q, k] = scores.vectors(query, key)?;
        let dot: f64 = q.iter().zip(&k).map(|(q, k)| q * k).sum();
        let other = pattern.other_vector(query, key);
        let other_score = other.as_ref().map(|other| {
            let partner = if edit.is_some_and(|edit| edit.component == Component::Query) { &k } else { &q };
            other.iter().zip(partner).map(|(x, y)| x * y).sum::<f64>() * scores.scale()
        });
        let edited = |component: Component, vector: &[f64]| -> Vec<f64> {
            let brought_in = |d: usize| other.as_ref().map_or(0.0, |other| other[d]);
            let along = |(d, &x): (usize, &f64)| match edit {
                Some(edit) if edit.component == component => edit.along(x, brought_in(d)),
                _ => x,
            };
            vector.iter().enumerate().map(along).collect()
        };
        let (query, key_vector) = (edited(Component::Query, &q), edited(Component::Key, &k));
        let contributions = query.iter().zip(&key_vector).map(|(q, k)| q * k * scores.scale()).collect();
        let exp = |score: f64| (score - row_max).exp();
        let sink = rule.sink.map(|sink| [sink, exp(sink)]);
        let row_sum: f64 = row.iter().copied().map(exp).sum::<f64>() + sink.map_or(0.0, |[_, exp]| exp);
        Some(Self {
            dot,
            scale: scores.scale(),
            unmodified: dot * scores.scale(),
            change: edit.map(|edit| ScoreChange {
                operation: edit.operation.kind(),
                epsilon: edit.epsilon.get(),
                other: other_score.filter(|_| edit.operation != Operation::Scale),
            }),
            product,
            softcap: rule.softcap.map(|cap| Capped { cap, score: rule.capped(product) }),
            bias: rule.bias.as_ref().map(|_| rule.bias_of(key)),
            score: row[place],
            sink,
            row_max,
            exp: exp(row[place]),
            row_sum,
            weight: exp(row[place]) / row_sum,
            query,
            key: key_vector,
            contributions,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ndarray::array;

    use super::*;
    use crate::attention::{Edit, Epsilon, LayerQkv, Mask, PositionScope, Rule};

    /// Two heads, two positions, two dimensions; scale ½.
    fn layer() -> LayerQkv {
        let query = array![[[1.0, 2.0], [3.0, 4.0]], [[5.0, 0.0], [1.0, 2.0]]];
        let key = array![[[1.0, 0.0], [0.5, 2.0]], [[0.0, 1.0], [1.0, 1.0]]];
        LayerQkv::new(query, key, None, 0.5, Mask::CAUSAL).unwrap()
    }

    fn why(component: Component, operation: Operation, epsilon: f64) -> Why {
        let layer = layer();
        let edit =
            Edit { component, operation, epsilon: Epsilon::new(epsilon).unwrap(), positions: PositionScope::All };
        let pattern = Arc::new(layer.head_scores(0)).pattern(&layer.head_edit(0, 0, Some(&edit)));
        Why::of(&pattern, 1, 1).unwrap()
    }

    /// Every number follows from those above it.
    fn check(why: &Why) {
        assert_eq!(why.unmodified, why.dot * why.scale);
        let score = match why.change {
            None => why.unmodified,
            Some(ScoreChange { operation: OperationKind::Scale, epsilon, other: None }) => epsilon * why.unmodified,
            Some(ScoreChange { operation: OperationKind::Noise, epsilon, other: Some(other) }) => {
                why.unmodified + epsilon * other
            }
            Some(ScoreChange { epsilon, other: Some(other), .. }) => other + epsilon * (why.unmodified - other),
            Some(change) => panic!("{change:?}"),
        };
        assert!((why.product - score).abs() < 1e-12, "{} for {score}", why.product);
        assert!((why.contributions.iter().sum::<f64>() - why.product).abs() < 1e-12);
        let capped = why.softcap.map_or(why.product, |capped| {
            assert_eq!(capped.score, capped.cap * (why.product / capped.cap).tanh());
            capped.score
        });
        assert_eq!(why.score, capped + why.bias.unwrap_or(0.0));
        assert_eq!(why.exp, (why.score - why.row_max).exp());
        assert_eq!(why.weight, why.exp / why.row_sum);
    }

    #[test]
    fn a_scaled_weight_multiplies_out() {
        // q = (3, 4): q·k₀ = 3, q·k₁ = 1.5 + 8 = 9.5; with scale ½ and ε = ½ the scores are 0.75 and 2.375.
        let why = why(Component::Key, Operation::Scale, 0.5);
        check(&why);
        assert_eq!((why.dot, why.unmodified, why.score, why.row_max), (9.5, 4.75, 2.375, 2.375));
        assert_eq!(why.row_sum, 1.0 + (0.75_f64 - 2.375).exp());
        assert_eq!(why.contributions, [0.375, 2.0]);
        let products: f64 = why.query.iter().zip(&why.key).map(|(q, k)| q * k).sum();
        assert_eq!(products * why.scale, why.score);
    }

    #[test]
    fn a_weight_under_every_rule_multiplies_out() {
        let (query, key) = (array![[[1.0, 2.0], [3.0, 4.0]]], array![[[1.0, 0.0], [0.5, 2.0]]]);
        let rule = Rule {
            softcap: Some(2.0),
            sinks: Some([3.0].into()),
            bias: Some(Arc::new(array![[0.25, 0.75]])),
            ..Rule::plain(0.5, Mask::CAUSAL)
        };
        let layer = LayerQkv::with_rule(query, key, None, rule).unwrap();
        let edit = Edit {
            component: Component::Key,
            operation: Operation::Scale,
            epsilon: Epsilon::new(0.5).unwrap(),
            positions: PositionScope::All,
        };
        for edit in [None, Some(&edit)] {
            let pattern = Arc::new(layer.head_scores(0)).pattern(&layer.head_edit(0, 0, edit));
            let why = Why::of(&pattern, 1, 0).unwrap();
            check(&why);
            let product = if edit.is_some() { 0.75 } else { 1.5 };
            assert_eq!((why.product, why.bias), (product, Some(0.25)));
            assert_eq!(why.softcap.unwrap().score, 2.0 * (product / 2.0).tanh());
            assert_eq!((why.row_max, why.sink), (3.0, Some([3.0, 1.0])), "the sink is the largest");
            let [of_keys, rest] = [pattern.exact_row(1).iter().sum::<f64>(), pattern.exact_rest(1).unwrap()];
            assert!((of_keys + rest - 1.0).abs() < 1e-15);
            assert!((why.weight - pattern.exact_row(1)[0]).abs() < 1e-15);
        }
    }

    #[test]
    fn a_mean_and_a_noise_multiply_out() {
        // The mean query at position 1 is (2, 3): (2·0.5 + 3·2)·½ = 3.5.
        let mean = why(Component::Query, Operation::MeanHeads, 0.25);
        check(&mean);
        assert_eq!(mean.change.unwrap().other, Some(3.5));
        assert_eq!(mean.score, 3.5 + 0.25 * (4.75 - 3.5));
        check(&why(Component::Key, Operation::MeanPositions, 0.25));
        check(&why(Component::Key, Operation::Noise { seed: 4 }, 0.5));
    }

    #[test]
    fn masked_cells_have_no_why_and_cells_beside_the_scope_no_change() {
        let layer = layer();
        let first = PositionScope::First;
        let edit = Edit {
            component: Component::Query,
            operation: Operation::MeanHeads,
            epsilon: Epsilon::ZERO,
            positions: first,
        };
        let pattern = Arc::new(layer.head_scores(0)).pattern(&layer.head_edit(0, 0, Some(&edit)));
        assert_eq!(Why::of(&pattern, 0, 1), None);
        assert_eq!(Why::of(&pattern, 2, 0), None);
        let beside = Why::of(&pattern, 1, 1).unwrap();
        check(&beside);
        assert_eq!((beside.change, beside.score), (None, 4.75));
    }
}
