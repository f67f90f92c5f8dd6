//! The nonlinear functions of feed-forward blocks.

use ndarray::Array2;
use pulp::Arch;

use super::rows::for_each_row;
use crate::{
    attention::exp_in_place,
    model::{ModelError, config::Config},
};

/// A function of each number by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// The Gaussian error linear unit (Hendrycks and Gimpel 2016, arXiv 1606.08415): x·Φ(x), where Φ is the distribution
    /// function of the standard normal distribution.
    Gelu,
    /// Its approximation x·½(1 + tanh(√(2/π)·(x + 0.044715·x³)))
    GeluTanh,
    /// x / (1 + exp(−x)), the sigmoid linear unit, also called swish.
    Silu,
    /// x / (1 + exp(−1.702·x))
    QuickGelu,
    /// max(x, 0)
    Relu,
    /// max(x, 0)²
    SquaredRelu,
    Tanh,
}

impl Activation {
    /// By the names of transformers' `activations.py`; `default` where the key is absent.
    ///
    /// # Errors
    /// When it is another function.
    pub fn read(config: Config<'_>, key: &'static str, default: Self) -> Result<Self, ModelError> {
        match config.text(key)? {
            None => Ok(default),
            Some("gelu" | "gelu_python") => Ok(Self::Gelu),
            Some("gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" | "gelu_python_tanh" | "gelu_accurate") => {
                Ok(Self::GeluTanh)
            }
            Some("silu" | "swish") => Ok(Self::Silu),
            Some("quick_gelu") => Ok(Self::QuickGelu),
            Some("relu") => Ok(Self::Relu),
            Some("relu2") => Ok(Self::SquaredRelu),
            Some("tanh") => Ok(Self::Tanh),
            Some(other) => Err(ModelError::Unsupported {
                what: key,
                found: other.to_owned(),
                supported: "gelu, gelu_new, gelu_fast, gelu_pytorch_tanh, quick_gelu, silu, relu, relu2 and tanh are",
            }),
        }
    }

    /// Of every element.
    pub fn of(self, mut x: Array2<f32>) -> Array2<f32> {
        for_each_row(&mut x, |_, row| self.in_place(row));
        x
    }

    /// Of every element.
    pub fn in_place(self, x: &mut [f32]) {
        match self {
            Self::Gelu => with_exp(x, |x| -0.5 * x * x, |x, exp| x * normal_distribution(x, exp)),
            // ½(1 + tanh u) is the logistic function of 2u, and u has the sign of x.
            Self::GeluTanh => with_exp(x, |x| -(2.0 * tanh_argument(x)).abs(), times_logistic),
            Self::Silu => with_exp(x, |x| -x.abs(), times_logistic),
            Self::QuickGelu => with_exp(x, |x| -(QUICK * x).abs(), times_logistic),
            Self::Relu => x.iter_mut().for_each(|x| *x = x.max(0.0)),
            Self::SquaredRelu => x.iter_mut().for_each(|x| *x = x.max(0.0).powi(2)),
            Self::Tanh => x.iter_mut().for_each(|x| *x = x.tanh()),
        }
    }
}

/// Replaces each x by `of(x, exp(exponent(x)))`, where no exponent is above 0.
fn with_exp(x: &mut [f32], exponent: impl Fn(f32) -> f32, of: impl Fn(f32, f32) -> f32) {
    /// As many as stay in the smallest cache.
    const AT_ONCE: usize = 1024;
    let mut exps = [0.0; AT_ONCE];
    for x in x.chunks_mut(AT_ONCE) {
        let exps = &mut exps[..x.len()];
        Arch::new().dispatch(
            #[inline(always)]
            || exps.iter_mut().zip(&*x).for_each(|(exp, &x)| *exp = exponent(x)),
        );
        exp_in_place(exps);
        Arch::new().dispatch(
            #[inline(always)]
            || x.iter_mut().zip(&*exps).for_each(|(x, &exp)| *x = of(*x, exp)),
        );
    }
}

/// 1/(1 + exp(−x))
pub fn logistic(x: f32) -> f32 {
    if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
}

/// What the quick approximation of gelu multiplies x by.
const QUICK: f32 = 1.702;

/// The function of Huang and Schlag 2024, arXiv 2411.13010, with learned parameters:
/// alpha₊·x² + beta·x above 0, alpha₋·(exp(x) − 1 − x) + beta·x below.
#[derive(Clone, Copy, Debug)]
pub struct Xielu {
    alpha_p: f32,
    alpha_n: f32,
    beta: f32,
    eps: f32,
}

impl Xielu {
    /// From the numbers that a file has: both alphas before softplus, that below 0 without beta.
    pub fn new(alpha_p: f32, alpha_n: f32, beta: f32, eps: f32) -> Self {
        let softplus = |x: f32| if x > 20.0 { x } else { x.exp().ln_1p() };
        Self { alpha_p: softplus(alpha_p), alpha_n: beta + softplus(alpha_n), beta, eps }
    }

    /// Of every element.
    pub fn of(&self, mut x: Array2<f32>) -> Array2<f32> {
        let of_number = |x: f32| {
            let curved = if x > 0.0 { self.alpha_p * x * x } else { (x.min(self.eps).exp_m1() - x) * self.alpha_n };
            curved + self.beta * x
        };
        for_each_row(&mut x, |_, row| row.iter_mut().for_each(|x| *x = of_number(*x)));
        x
    }
}

/// √(2/π)·(x + 0.044715·x³)
fn tanh_argument(x: f32) -> f32 {
    const ROOT: f32 = std::f32::consts::FRAC_2_SQRT_PI * std::f32::consts::FRAC_1_SQRT_2;
    ROOT * (x + 0.044_715 * x * x * x)
}

/// Φ(x), given exp(−x²/2): Abramowitz and Stegun 1964, formula 7.1.26, for whose error function Φ(−|x|) is
/// (1 − erf(|x|/√2))/2. Within 0.75e-7; in f64, because the terms cancel.
#[expect(clippy::cast_possible_truncation, reason = "activations are computed in f32")]
fn normal_distribution(x: f32, exp: f32) -> f32 {
    const P: f64 = 0.327_591_1 * std::f64::consts::FRAC_1_SQRT_2;
    const A: [f64; 5] = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    let t = 1.0 / (1.0 + P * f64::from(x).abs());
    let series = t * (A[0] + t * (A[1] + t * (A[2] + t * (A[3] + t * A[4]))));
    let tail = 0.5 * series * f64::from(exp);
    if x < 0.0 { tail as f32 } else { (1.0 - tail) as f32 }
}

/// x·1/(1 + exp(−z)), given e = exp(−|z|), which cannot overflow, of a z with the sign of x.
fn times_logistic(x: f32, e: f32) -> f32 {
    let numerator = if x < 0.0 { x * e } else { x };
    numerator / (1.0 + e)
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use serde_json::json;

    use super::*;

    #[test]
    fn silu_is_the_input_times_its_sigmoid() {
        let gates = [-200.0_f32, -3.0, -0.0, 0.0, 0.5, 3.0, 200.0];
        for gate in gates {
            let ours = 2.0 * Activation::Silu.of(array![[gate]])[[0, 0]];
            let truth = 2.0 * f64::from(gate) / (1.0 + (-f64::from(gate)).exp());
            assert!((f64::from(ours) - truth).abs() <= 1e-6 * truth.abs() + 1e-37, "{gate}: {ours}, not {truth}");
        }
    }

    /// erf z = 2/√π · Σ (−1)ⁿ z²ⁿ⁺¹ / (n!(2n + 1)), in f64 good to 1e-10 for |z| ≤ 3.
    fn erf(z: f64) -> f64 {
        let (mut term, mut sum) = (z, z);
        for n in 1..100 {
            term *= -z * z / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    }

    #[test]
    fn gelu_is_the_input_times_the_normal_distribution_function() {
        for step in -420..=420 {
            let x = step as f32 / 100.0;
            let truth = f64::from(x) * 0.5 * (1.0 + erf(f64::from(x) * std::f64::consts::FRAC_1_SQRT_2));
            let ours = f64::from(Activation::Gelu.of(array![[x]])[[0, 0]]);
            assert!((ours - truth).abs() <= 1.5e-7 * f64::from(x.abs()), "{x}: {ours}, not {truth}");
        }
        assert_eq!(Activation::Gelu.of(array![[-40.0, -0.0, 40.0, 1e30]]), array![[0.0, 0.0, 40.0, 1e30]]);
    }

    #[test]
    fn gelu_new_is_its_formula_with_tanh() {
        for step in -600..=600 {
            let x = step as f32 / 100.0;
            let wide = f64::from(x);
            let u = (2.0 / std::f64::consts::PI).sqrt() * (wide + 0.044_715 * wide.powi(3));
            let truth = 0.5 * wide * (1.0 + u.tanh());
            let ours = f64::from(Activation::GeluTanh.of(array![[x]])[[0, 0]]);
            assert!((ours - truth).abs() <= 2e-7 * wide.abs(), "{x}: {ours}, not {truth}");
        }
        assert_eq!(Activation::GeluTanh.of(array![[-40.0, -0.0, 40.0, 1e30]]), array![[0.0, 0.0, 40.0, 1e30]]);
    }

    #[test]
    fn activations_are_known_by_name() {
        let read = |name: &str| {
            let config = json!({ "hidden_act": name });
            Activation::read(Config::new(config.as_object().unwrap()), "hidden_act", Activation::Gelu)
        };
        assert_eq!(read("gelu").unwrap(), Activation::Gelu);
        assert_eq!(read("gelu_fast").unwrap(), Activation::GeluTanh);
        assert_eq!(read("swish").unwrap(), Activation::Silu);
        let refused = read("mish").unwrap_err().to_string();
        assert!(refused.starts_with("hidden_act mish is not supported: gelu, "), "{refused}");
    }

    #[test]
    fn simple_functions_are_their_definitions() {
        for step in -40..=40 {
            let x = step as f32 / 8.0;
            let of = |activation: Activation| activation.of(array![[x]])[[0, 0]];
            assert_eq!(of(Activation::Relu), x.max(0.0));
            assert_eq!(of(Activation::SquaredRelu), if x > 0.0 { x * x } else { 0.0 });
            assert_eq!(of(Activation::Tanh), x.tanh());
            assert!((of(Activation::QuickGelu) - x * logistic(1.702 * x)).abs() <= 1e-6 * x.abs());
            assert!((f64::from(logistic(x)) - 1.0 / (1.0 + (-f64::from(x)).exp())).abs() < 1e-7);
        }
        assert_eq!([logistic(-200.0), logistic(200.0)], [0.0, 1.0]);
    }

    #[test]
    fn xielu_is_a_square_above_zero_and_an_exponential_below() {
        // softplus(0) = ln 2.
        let xielu = Xielu::new(0.0, 0.0, 0.5, -1e-6);
        let ln_2 = std::f32::consts::LN_2;
        let found = xielu.of(array![[2.0, -1.0, 0.0]]);
        let below = (-1.0_f32).exp_m1() + 1.0;
        for (found, expected) in found.iter().zip([4.0 * ln_2 + 1.0, below * (0.5 + ln_2) - 0.5, 0.0]) {
            assert!((found - expected).abs() < 2e-6, "{found}, expected {expected}");
        }
    }
}
