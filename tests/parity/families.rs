//! Every family's forward pass against PyTorch's: baseline, each component at all heads of all layers, and one head alone.

use ndarray::s;

use crate::parity::{
    golden::{Golden, family_goldens},
    largest_difference,
};

/// Of a weight, or four times the difference between PyTorch's own f32 and f64 where that is more.
const WEIGHT_TOLERANCE: f64 = 1e-5;

/// Of a logit: PyTorch's own f32 and f64 differ by 1.3e-5.
const LOGIT_TOLERANCE: f32 = 1e-4;

/// The largest differences of weights and logits from PyTorch's, over all cases.
fn differences(golden: &Golden) -> (f64, f32) {
    let (mut worst_weight, mut worst_logit) = (0.0_f64, 0.0_f32);
    for (case, run) in golden.runs() {
        let expected = golden.patterns(case);
        assert_eq!(run.all().count(), expected.dim().0 * expected.dim().1);
        for (layer, head, pattern) in run.all() {
            worst_weight = worst_weight.max(largest_difference(&pattern, &expected.slice(s![layer, head, .., ..])));
        }
        let expected = golden.logits(case).unwrap();
        assert_eq!(run.logits.dim(), expected.dim());
        assert!(run.logits.iter().all(|logit| logit.is_finite()));
        worst_logit = (&run.logits - &expected).iter().fold(worst_logit, |worst, d| worst.max(d.abs()));
    }
    (worst_weight, worst_logit)
}

#[test]
fn every_weight_and_logit_of_every_family_is_pytorchs() {
    let mut wrong = Vec::new();
    for golden in family_goldens() {
        let (weight, logit) = differences(&golden);
        let line = format!("{:18} weights within {weight:.1e}, logits within {logit:.1e}", golden.name);
        println!("{line}");
        if weight > WEIGHT_TOLERANCE.max(4.0 * golden.rounding) || logit > LOGIT_TOLERANCE {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
