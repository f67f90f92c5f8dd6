//! What a pattern is summed up by. All are means over query positions, accumulated in f64 in the order of the rows,
//! whichever core has gone through them.

use ndarray::Array2;
use rayon::prelude::*;

use super::{
    Cell, Mask, Pattern,
    row_terms::{Numerators, RowTerms},
    simd::exp::weighted_sum,
};

/// Below so many cells one thread is done before another has begun.
const LARGE: usize = 1 << 16;

/// The figures under a panel and in the table of heads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// See [`sink_mass`].
    pub sink_mass: Option<f64>,
    /// See [`normalized_entropy`].
    pub normalized_entropy: Option<f64>,
    /// Mean weight of a token on itself.
    pub diagonal: f64,
    /// Mean of what goes to the head's sink logit and to no key; `None` where it has none.
    pub rest: Option<f64>,
}

/// Of how many queries the sink mass is the mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinkQueries {
    /// Those that see the first token, three or more behind it.
    pub counted: usize,
    /// Those that are three or more behind it.
    pub of: usize,
}

impl SinkQueries {
    /// In a prompt of `n_positions`.
    pub fn of(mask: &Mask, n_positions: usize) -> Self {
        let first = mask.tokens(n_positions).start;
        let behind = mask.queries(n_positions).filter(|&query| is_behind(mask.place(query)));
        let sees = |query: &usize| mask.allows(Cell { query: *query, key: first }, n_positions);
        Self { counted: behind.clone().filter(sees).count(), of: behind.count() }
    }

    /// Whether a window or a gap hides the first token from some.
    pub fn is_partial(self) -> bool {
        self.counted < self.of
    }
}

/// Whether the query in this place among the tokens has room to look elsewhere than at the first.
const fn is_behind(place: usize) -> bool {
    place >= 3
}

impl Metrics {
    /// Metrics of a pattern, from its rows in f32; in one pass.
    pub fn of(pattern: &Pattern) -> Self {
        let row = |query, row: &RowTerms<'_>| [sink(row), entropy(row), diagonal(query, row), Some(rest(row))];
        let means = means_of_rows(pattern, row);
        Self::of_means(pattern, means)
    }

    fn of_means(pattern: &Pattern, [sink_mass, normalized_entropy, diagonal, rest]: [Option<f64>; 4]) -> Self {
        let has_rest = pattern.scores().rule().sink.is_some();
        Self { sink_mass, normalized_entropy, diagonal: diagonal.unwrap_or(0.0), rest: rest.filter(|_| has_rest) }
    }
}

/// A pattern beside its baseline, summed up in one pass over both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Metrics of the pattern on its own.
    pub metrics: Metrics,
    /// See [`max_weight`].
    pub max_weight: Option<f64>,
    /// See [`kl_from_baseline`].
    pub kl: f64,
    /// See [`js_from_baseline`].
    pub js: f64,
}

impl Comparison {
    /// Metrics of `pattern`, and its divergences from `baseline`, which has as many positions.
    pub fn of(baseline: &Pattern, pattern: &Pattern) -> Self {
        let row = |query, base: &RowTerms<'_>, row: &RowTerms<'_>| {
            let [kl, js] = [kl_of_row(base, row), js_of_row(base, row)].map(Some);
            [sink(row), entropy(row), diagonal(query, row), Some(rest(row)), largest(row), kl, js]
        };
        let [sink, entropy, diagonal, rest, max_weight, kl, js] = means_of_pairs(baseline, pattern, row);
        let metrics = Metrics::of_means(pattern, [sink, entropy, diagonal, rest]);
        Self { metrics, max_weight, kl: kl.unwrap_or(0.0), js: non_negative(js.unwrap_or(0.0)) }
    }
}

/// On the first token, seen from the fourth on.
fn sink(row: &RowTerms<'_>) -> Option<f64> {
    is_behind(row.place).then(|| row.weight(row.first_token)).flatten()
}

/// H = −Σ w·ln w = ln Σ exp − Σ exp·below / Σ exp: one logarithm. Of the keys alone, where a sink takes a part.
fn entropy(row: &RowTerms<'_>) -> Option<f64> {
    let (length, sum) = (row.keys.len(), row.numerators.of_keys);
    let of_keys = || sum.ln() - weighted_sum(row.exps, row.below) / sum;
    (row.place >= 1 && length > 1).then(|| of_keys() / (length as f64).ln())
}

fn diagonal(query: usize, row: &RowTerms<'_>) -> Option<f64> {
    row.weight(query)
}

/// What goes to the sink logit.
fn rest(row: &RowTerms<'_>) -> f64 {
    row.numerators.rest / row.numerators.sum
}

/// The largest of the keys' numerators is exp(0).
fn largest(row: &RowTerms<'_>) -> Option<f64> {
    (row.place >= 1).then(|| row.numerator(1.0) / row.numerators.sum)
}

/// Σ p·ln(p/q) of a row. ln(p/q) comes from the scores, and where a weight is below the range of f32 it counts 0.
fn kl_of_row(base: &RowTerms<'_>, row: &RowTerms<'_>) -> f64 {
    if base.keys != row.keys {
        return kl_of_other_keys(base, row);
    }
    let between = row.ln_sum - base.ln_sum;
    let terms = base.exps.iter().zip(base.below).zip(row.below);
    let sum: f64 =
        terms.map(|((&e, &p), &q)| if e == 0.0 { 0.0 } else { f64::from(e) * (f64::from(p) - f64::from(q)) }).sum();
    let (of_base, of_row) = (base.numerators, row.numerators);
    let rest = if of_base.rest == 0.0 { 0.0 } else { of_base.rest * (of_base.rest_below - of_row.rest_below) };
    (sum * of_base.share + rest) / of_base.sum + between
}

/// [`kl_of_row`] where the two do not see the same keys: infinite where one has weight that the other may not attend to.
fn kl_of_other_keys(base: &RowTerms<'_>, row: &RowTerms<'_>) -> f64 {
    let between = row.ln_sum - base.ln_sum;
    let term = |key: usize| match base.outcome(key) {
        [0.0, _] => 0.0,
        [exp, below] => exp / base.numerators.sum * (below - row.outcome(key)[1] + between),
    };
    let Numerators { rest, rest_below, sum, .. } = base.numerators;
    let rest = if rest == 0.0 { 0.0 } else { rest / sum * (rest_below - row.numerators.rest_below + between) };
    base.keys.iter().map(term).sum::<f64>() + rest
}

/// ½·Σ [p·ln(p/m) + q·ln(q/m)] of a row, with m = (p + q)/2. With the larger of the two, w, and the logarithm of their
/// ratio, d ≤ 0, a term is w·[e^d·(d − l) − l], l = ln((1 + e^d)/2): nothing that nearly cancels has been rounded.
fn js_of_row(base: &RowTerms<'_>, row: &RowTerms<'_>) -> f64 {
    let between = row.ln_sum - base.ln_sum;
    let term = |[base_exp, base_below]: [f64; 2], [exp, below]: [f64; 2]| {
        let d = below - base_below - between;
        let weight = if d > 0.0 { exp / row.numerators.sum } else { base_exp / base.numerators.sum };
        if weight == 0.0 {
            return 0.0;
        }
        let d = -d.abs();
        let ratio = d.exp();
        let l = (0.5 + 0.5 * ratio).ln();
        // 0·∞ is not a number, and e^d·d has the limit 0.
        weight * (if ratio == 0.0 { 0.0 } else { ratio * (d - l) } - l)
    };
    let terms = base.exps.iter().zip(base.below).zip(row.exps.iter().zip(row.below));
    let sum: f64 = if base.keys == row.keys {
        let both = |((&base_exp, &base_below), (&exp, &below)): ((&f32, &f32), (&f32, &f32))| {
            term([base.numerator(base_exp), base_below.into()], [row.numerator(exp), below.into()])
        };
        terms.map(both).sum()
    } else {
        let (base_span, span) = (base.keys.span(), row.keys.span());
        let keys = base_span.start.min(span.start)..base_span.end.max(span.end);
        keys.map(|key| term(base.outcome(key), row.outcome(key))).sum()
    };
    let [of_base, of_row] = [base, row].map(|row| [row.numerators.rest, row.numerators.rest_below]);
    let rest = if of_base[0] > 0.0 || of_row[0] > 0.0 { term(of_base, of_row) } else { 0.0 };
    0.5 * (sum + rest)
}

/// Rounding may leave a difference of two equal numbers below zero; what is not a number stays so.
fn non_negative(divergence: f64) -> f64 {
    if divergence < 0.0 { 0.0 } else { divergence }
}

/// Means over the rows that `row` gives numbers for; `None` where there is none.
fn means_of_rows<const N: usize>(
    pattern: &Pattern,
    row: impl Fn(usize, &RowTerms<'_>) -> [Option<f64>; N] + Sync,
) -> [Option<f64>; N] {
    means(pattern, |query, [below, exps, ..]| row(query, &pattern.terms(query, [below, exps])))
}

/// [`means_of_rows`] of two patterns' rows side by side.
fn means_of_pairs<const N: usize>(
    baseline: &Pattern,
    pattern: &Pattern,
    row: impl Fn(usize, &RowTerms<'_>, &RowTerms<'_>) -> [Option<f64>; N] + Sync,
) -> [Option<f64>; N] {
    means(pattern, |query, [below, exps, base_below, base_exps]| {
        row(query, &baseline.terms(query, [base_below, base_exps]), &pattern.terms(query, [below, exps]))
    })
}

/// `row` gets four buffers of T numbers; it is not asked for queries without keys.
fn means<const N: usize>(
    pattern: &Pattern,
    row: impl Fn(usize, [&mut [f32]; 4]) -> [Option<f64>; N] + Sync,
) -> [Option<f64>; N] {
    let n_positions = pattern.n_positions();
    let room = || vec![0.0; 4 * n_positions];
    let of_row = |room: &mut Vec<f32>, query: usize| {
        if pattern.keys(query).is_empty() {
            return [None; N];
        }
        let (front, back) = room.split_at_mut(2 * n_positions);
        let ((a, b), (c, d)) = (front.split_at_mut(n_positions), back.split_at_mut(n_positions));
        row(query, [a, b, c, d])
    };
    let rows: Vec<[Option<f64>; N]> = if n_positions * n_positions < LARGE {
        let mut room = room();
        (0..n_positions).map(|query| of_row(&mut room, query)).collect()
    } else {
        // A causal row is as long as its number: short pieces keep all cores busy to the end.
        (0..n_positions).into_par_iter().with_max_len(64).map_init(room, of_row).collect()
    };
    std::array::from_fn(|term| {
        let values = rows.iter().filter_map(|row| row[term]);
        let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    })
}

/// Mean weight on key 0, or the first that is no padding, over the queries three or more behind it that see it, where a
/// row has room to look elsewhere (the attention sink of Xiao et al. 2023, arXiv 2309.17453). `None` for fewer than four
/// tokens, and where no such row sees it.
pub fn sink_mass(pattern: &Pattern) -> Option<f64> {
    let [mean] = means_of_rows(pattern, |_, row| [sink(row)]);
    mean
}

/// Row entropy, of the keys alone, over its largest possible value ln(number of attended keys), mean over rows ≥ 1: 0 for
/// one-hot rows, 1 for uniform ones. `None` for a single token.
pub fn normalized_entropy(pattern: &Pattern) -> Option<f64> {
    let [mean] = means_of_rows(pattern, |_, row| [entropy(row)]);
    mean
}

/// Mean weight on the token before, over rows ≥ 1: near 1 for a previous-token head. `None` for a single token.
pub fn previous_token(pattern: &Pattern) -> Option<f64> {
    let [mean] = means_of_rows(pattern, |query, row| [query.checked_sub(1).and_then(|before| row.weight(before))]);
    mean
}

/// Mean weight on `key_after[query]`, over the rows that have one: the key right after the latest earlier occurrence of
/// the query's token. Near 1 for an induction head where the prompt repeats, as such a head looks at what followed last
/// time (Olsson et al. 2022, arXiv 2209.11895, *prefix matching*). `None` where no token repeats.
pub fn induction(pattern: &Pattern, key_after: &[Option<usize>]) -> Option<f64> {
    let after = |query: usize| key_after.get(query).copied().flatten();
    let [mean] = means_of_rows(pattern, |query, row| [after(query).and_then(|key| row.weight(key))]);
    mean
}

/// Mean over rows of KL(baseline ‖ modified), in nats. Both have the same positions; where the baseline has weight on a
/// key that the modified pattern masks, it is infinite.
///
/// From the scores rather than the weights, as ln weight = score - ln Σ exp score: a key that the modified pattern all
/// but ignores has a finite divergence even where its weight is below the range of f32.
pub fn kl_from_baseline(baseline: &Pattern, modified: &Pattern) -> f64 {
    let [mean] = means_of_pairs(baseline, modified, |_, base, row| [Some(kl_of_row(base, row))]);
    mean.unwrap_or(0.0)
}

/// Mean over rows of the Jensen–Shannon divergence between baseline and modified, in nats: KL of each from the mean of
/// both, averaged. At most ln 2, also where KL explodes.
pub fn js_from_baseline(baseline: &Pattern, modified: &Pattern) -> f64 {
    let [mean] = means_of_pairs(baseline, modified, |_, base, row| [Some(js_of_row(base, row))]);
    non_negative(mean.unwrap_or(0.0))
}

/// Mean over rows ≥ 1 of the row's largest weight. `None` for a single token.
pub fn max_weight(pattern: &Pattern) -> Option<f64> {
    let [mean] = means_of_rows(pattern, |_, row| [largest(row)]);
    mean
}

/// KL(p ‖ q) = Σ p·ln(p/q) in nats; terms with p = 0 count 0.
pub fn kl_divergence(p: impl IntoIterator<Item = f64>, q: impl IntoIterator<Item = f64>) -> f64 {
    p.into_iter().zip(q).filter(|&(p, _)| p != 0.0).map(|(p, q)| p * (p / q).ln()).sum()
}

/// Mean of the Euclidean lengths of a head's output over the positions that have a row, given `[T, value_dim]`.
pub fn output_norm(output: &Array2<f32>, mask: &Mask) -> f64 {
    let queries = mask.queries(output.nrows());
    let n_queries = queries.clone().count().max(1) as f64;
    let norms = queries.map(|i| output.row(i).iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt());
    norms.sum::<f64>() / n_queries
}
