//! The scales of panels whose limits come from their cells.

use crate::figure::{ColorNorm, Limits, LimitsFrom, Measure, NormScale};

/// The smallest and the largest of all unmasked, finite values; `None` where there are none.
pub fn range(measure: &Measure) -> Option<[f32; 2]> {
    range_of_rows(measure, 0..measure.n_positions())
}

/// [`range`] of some rows.
pub fn range_of_rows(measure: &Measure, queries: impl Iterator<Item = usize>) -> Option<[f32; 2]> {
    let [mut low, mut high] = [f32::INFINITY, f32::NEG_INFINITY];
    let mut buffer = vec![0.0; measure.n_positions()];
    let mut rows = measure.rows();
    for query in queries {
        for keys in rows.row_into(query, &mut buffer).segments() {
            for &value in buffer[keys].iter().filter(|value| value.is_finite()) {
                (low, high) = (low.min(value), high.max(value));
            }
        }
    }
    (low <= high).then_some([low, high])
}

/// One scale for each of `ranges`: all the same, or each its own.
pub fn scales(norm: ColorNorm, from: LimitsFrom, ranges: &[Option<[f32; 2]>]) -> Vec<NormScale> {
    match from {
        LimitsFrom::AllPanels => {
            let scale = norm.resolve(|| Limits::around(ranges.iter().flatten().flatten().copied()));
            vec![scale; ranges.len()]
        }
        LimitsFrom::EachPanel => {
            ranges.iter().map(|range| norm.resolve(|| Limits::around(range.iter().flatten().copied()))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_locked_or_each_panels_own() {
        let ranges = [Some([0.0, 0.25]), None, Some([0.5, 1.0])];
        let ends = |from| scales(ColorNorm::Auto, from, &ranges).into_iter().map(NormScale::range_text).collect();
        let locked: Vec<String> = ends(LimitsFrom::AllPanels);
        assert_eq!(locked, ["0.0 to 1.0"; 3]);
        let own: Vec<String> = ends(LimitsFrom::EachPanel);
        assert_eq!(own, ["0.0 to 0.26", "0.0 to 1.0", "0.5 to 1.0"]);
        let fixed = scales(ColorNorm::LOG, LimitsFrom::EachPanel, &[None; 9]);
        assert!(fixed.iter().all(|scale| scale.range_text() == "1e-4 to 1"));
    }
}
