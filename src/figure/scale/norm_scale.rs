//! From a value to a place on the colour bar, the limits known.

use super::ticks;
use crate::figure::{Limits, Tick};

/// Where a value lies on a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NormPosition {
    /// In `[0, 1]`, from the lower limit to the upper.
    Within(f32),
    /// Below the lower limit.
    Under,
    /// Above the upper limit.
    Over,
    /// Not a number.
    Bad,
}

/// A [`ColorNorm`](crate::figure::ColorNorm) with its limits known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormScale {
    /// Proportional to the value.
    Linear(Limits),
    /// From 10^low to 10^high: the limits count decades.
    Log(Limits),
}

impl NormScale {
    /// Where `value` lies. The limits themselves are within.
    #[inline]
    pub fn position(self, value: f32) -> NormPosition {
        let (limits, at) = match self {
            Self::Linear(limits) => (limits, value),
            // log10 of a negative number is NaN, but the number is merely under.
            Self::Log(_) if value < 0.0 => return NormPosition::Under,
            Self::Log(decades) => (decades, value.log10()),
        };
        let t = (at - limits.low()) / (limits.high() - limits.low());
        if t.is_nan() {
            NormPosition::Bad
        } else if t < 0.0 {
            NormPosition::Under
        } else if t > 1.0 {
            NormPosition::Over
        } else {
            NormPosition::Within(t)
        }
    }

    /// Ticks for a colour bar, from low to high, at most seven. 0 to 1 has 0.0, 0.2, … 1.0; a logarithm has decades.
    pub fn ticks(self) -> Vec<Tick> {
        match self {
            Self::Linear(limits) => ticks::linear(limits),
            Self::Log(decades) => ticks::logarithmic(decades),
        }
    }

    /// Both limits as values.
    pub fn ends(self) -> [f64; 2] {
        match self {
            Self::Linear(limits) => [limits.low(), limits.high()].map(f64::from),
            Self::Log(decades) => [decades.low(), decades.high()].map(|decade| 10_f64.powf(f64::from(decade))),
        }
    }

    /// Both limits for a reader: `0.0 to 1.0`.
    pub fn range_text(self) -> String {
        match self {
            Self::Linear(limits) => format!("{:?} to {:?}", limits.low(), limits.high()),
            Self::Log(_) => {
                let [low, high] = self.ends().map(ticks::short);
                format!("{low} to {high}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linear(low: f32, high: f32) -> NormScale {
        NormScale::Linear(Limits::new(low, high).unwrap())
    }

    fn log(low: f32, high: f32) -> NormScale {
        NormScale::Log(Limits::new(low, high).unwrap())
    }

    #[test]
    fn limits_are_within_and_the_rest_is_named() {
        let scale = linear(0.0, 1.0);
        assert_eq!(scale.position(0.25), NormPosition::Within(0.25));
        assert_eq!(scale.position(0.0), NormPosition::Within(0.0));
        assert_eq!(scale.position(1.0), NormPosition::Within(1.0));
        for (value, position) in [
            (-0.1, NormPosition::Under),
            (1.1, NormPosition::Over),
            (f32::NEG_INFINITY, NormPosition::Under),
            (f32::INFINITY, NormPosition::Over),
            (f32::NAN, NormPosition::Bad),
        ] {
            assert_eq!(scale.position(value), position, "{value}");
        }
    }

    #[test]
    fn a_logarithm_has_equal_decades() {
        let scale = log(-4.0, 0.0);
        assert_eq!(scale.position(1.0), NormPosition::Within(1.0));
        assert_eq!(scale.position(1e-2), NormPosition::Within(0.5));
        for (value, position) in [
            (1e-5, NormPosition::Under),
            (0.0, NormPosition::Under),
            (-1.0, NormPosition::Under),
            (1.1, NormPosition::Over),
            (f32::INFINITY, NormPosition::Over),
            (f32::NAN, NormPosition::Bad),
        ] {
            assert_eq!(scale.position(value), position, "{value}");
        }
        assert_eq!(log(-1.5, 1.5).position(1.0), NormPosition::Within(0.5));
    }

    #[test]
    fn the_range_is_the_limits_not_the_ticks() {
        assert_eq!(linear(0.0, 1.0).range_text(), "0.0 to 1.0");
        assert_eq!(linear(-0.65, 0.65).range_text(), "-0.65 to 0.65");
        assert_eq!(log(-4.0, 0.0).range_text(), "1e-4 to 1");
        assert_eq!(log(-50.0_f32.log10(), 50.0_f32.log10()).range_text(), "0.02 to 50");
    }
}
