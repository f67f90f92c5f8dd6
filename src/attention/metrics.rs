//! What a pattern is summed up by. All are means over query positions, accumulated in f64.

use ndarray::Array2;

use super::Pattern;

/// The figures under a panel and in the table of heads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// See [`sink_mass`].
    pub sink_mass: Option<f64>,
    /// See [`normalized_entropy`].
    pub normalized_entropy: Option<f64>,
    /// Mean weight of a token on itself.
    pub diagonal: f64,
}

impl Metrics {
    pub fn of(pattern: &Pattern) -> Self {
        let mut diagonal = 0.0;
        for_each_row(pattern, |query, row| diagonal += row.get(query).copied().map_or(0.0, f64::from));
        Self {
            sink_mass: sink_mass(pattern),
            normalized_entropy: normalized_entropy(pattern),
            diagonal: diagonal / pattern.n_positions() as f64,
        }
    }
}

fn for_each_row(pattern: &Pattern, mut visit: impl FnMut(usize, &[f32])) {
    let mut buffer = vec![0.0; pattern.n_positions()];
    for query in 0..pattern.n_positions() {
        visit(query, pattern.row_into(query, &mut buffer));
    }
}

/// Mean over the rows that `term` gives a number for; `None` where there is none.
fn mean_of_rows(pattern: &Pattern, mut term: impl FnMut(usize, &[f32]) -> Option<f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u32);
    for_each_row(pattern, |query, row| {
        if let Some(value) = term(query, row) {
            sum += value;
            count += 1;
        }
    });
    (count > 0).then(|| sum / f64::from(count))
}

/// Mean weight on key 0 over query positions ≥ 3, where a row has room to look elsewhere (the attention sink of
/// Xiao et al. 2023, arXiv 2309.17453). `None` for fewer than four tokens.
pub fn sink_mass(pattern: &Pattern) -> Option<f64> {
    mean_of_rows(pattern, |query, row| (query >= 3).then(|| f64::from(row[0])))
}

/// Row entropy over its largest possible value ln(number of attended keys), mean over rows ≥ 1: 0 for one-hot
/// rows, 1 for uniform ones. `None` for a single token.
pub fn normalized_entropy(pattern: &Pattern) -> Option<f64> {
    mean_of_rows(pattern, |query, row| {
        (query >= 1 && row.len() > 1).then(|| {
            let entropy: f64 = row.iter().map(|&w| f64::from(w)).filter(|&w| w != 0.0).map(|w| -w * w.ln()).sum();
            entropy / (row.len() as f64).ln()
        })
    })
}

/// Mean weight on the token before, over rows ≥ 1: near 1 for a previous-token head. `None` for a single token.
pub fn previous_token(pattern: &Pattern) -> Option<f64> {
    mean_of_rows(pattern, |query, row| row.get(query.checked_sub(1)?).copied().map(f64::from))
}

/// Mean weight on `key_after[query]`, over the rows that have one: the key right after the latest earlier occurrence of
/// the query's token. Near 1 for an induction head where the prompt repeats, as such a head looks at what followed last
/// time (Olsson et al. 2022, arXiv 2209.11895, *prefix matching*). `None` where no token repeats.
pub fn induction(pattern: &Pattern, key_after: &[Option<usize>]) -> Option<f64> {
    mean_of_rows(pattern, |query, row| row.get((*key_after.get(query)?)?).copied().map(f64::from))
}

/// Mean over rows of KL(baseline ‖ modified), in nats. Both have the same positions and mask.
///
/// From the scores rather than the weights, as ln weight = score - ln Σ exp score: a key that the modified pattern all
/// but ignores has a finite divergence even where its weight is below the range of f32.
pub fn kl_from_baseline(baseline: &Pattern, modified: &Pattern) -> f64 {
    let n_positions = baseline.n_positions();
    let [mut base, mut other] = [vec![0.0; n_positions], vec![0.0; n_positions]];
    let rows = (0..n_positions).map(|query| {
        let ln_weights = baseline.ln_row(query, &mut base).zip(modified.ln_row(query, &mut other));
        ln_weights
            .map(|(p, q)| (p.exp(), p - q))
            .filter(|&(p, _)| p != 0.0)
            .map(|(p, ln_ratio)| p * ln_ratio)
            .sum::<f64>()
    });
    rows.sum::<f64>() / n_positions as f64
}

/// Mean over rows of the Jensen–Shannon divergence between baseline and modified, in nats: KL of each from the mean of
/// both, averaged. At most ln 2, also where KL explodes.
pub fn js_from_baseline(baseline: &Pattern, modified: &Pattern) -> f64 {
    let n_positions = baseline.n_positions();
    let [mut base, mut other] = [vec![0.0; n_positions], vec![0.0; n_positions]];
    let rows = (0..n_positions).map(|query| {
        let ln_weights = baseline.ln_row(query, &mut base).zip(modified.ln_row(query, &mut other));
        let term = |p: f64, ln_p: f64, ln_mean: f64| if p == 0.0 { 0.0 } else { 0.5 * p * (ln_p - ln_mean) };
        ln_weights
            .map(|(ln_p, ln_q)| {
                let (p, q) = (ln_p.exp(), ln_q.exp());
                let ln_mean = (0.5 * (p + q)).ln();
                term(p, ln_p, ln_mean) + term(q, ln_q, ln_mean)
            })
            .sum::<f64>()
    });
    let mean = rows.sum::<f64>() / n_positions as f64;
    // Rounding may leave a difference of two equal numbers below zero; what is not a number stays so.
    if mean < 0.0 { 0.0 } else { mean }
}

/// Mean over rows ≥ 1 of the row's largest weight. `None` for a single token.
pub fn max_weight(pattern: &Pattern) -> Option<f64> {
    let larger = |a: f32, b: f32| if a.is_nan() || a > b { a } else { b };
    mean_of_rows(pattern, |query, row| (query >= 1).then(|| f64::from(row.iter().copied().fold(0.0, larger))))
}

/// KL(p ‖ q) = Σ p·ln(p/q) in nats; terms with p = 0 count 0.
pub fn kl_divergence(p: impl IntoIterator<Item = f64>, q: impl IntoIterator<Item = f64>) -> f64 {
    p.into_iter().zip(q).filter(|&(p, _)| p != 0.0).map(|(p, q)| p * (p / q).ln()).sum()
}

/// Mean over positions of the Euclidean length of a head's output, given `[T, value_dim]`.
pub fn output_norm(output: &Array2<f32>) -> f64 {
    let norms = output.outer_iter().map(|row| row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt());
    norms.sum::<f64>() / output.nrows().max(1) as f64
}
