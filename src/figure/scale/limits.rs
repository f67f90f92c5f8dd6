//! The ends of a scale.

use std::num::NonZeroU8;

use serde::{Deserialize, Serialize};

use crate::figure::NormError;

/// Limits of a linear scale: finite, the lower below the upper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f32; 2]", into = "[f32; 2]")]
pub struct Limits {
    low: f32,
    high: f32,
}

/// Automatic limits are rounded outwards to this part of the range or more, and never in: the next step of a drag
/// finds the same limits nearly always, and nothing is cut off.
const ROUNDED_TO: f64 = 1.0 / 20.0;
/// Automatic limits about zero reach so far at least: f32 rows are good to a few 1e-7, and what is smaller would show
/// their rounding.
const LEAST_ABOUT_ZERO: f64 = 1e-6;
/// Automatic limits about one are this factor at least, likewise…
const LEAST_FACTOR: f64 = 1.0 + 1e-4;
/// …and this factor at most: there is no end to how small a weight can be, and a sink's ratio, which its row's length
/// bounds, should keep its colour.
const MOST_FACTOR: f64 = 1e2;

impl Limits {
    /// 0 to 1, where weights live.
    pub const UNIT: Self = Self { low: 0.0, high: 1.0 };

    /// # Errors
    /// When a limit is infinite or not a number, or `low` is not below `high`.
    pub fn new(low: f32, high: f32) -> Result<Self, NormError> {
        // A difference that overflows would make every value fall on the low end.
        if low < high && (high - low).is_finite() { Ok(Self { low, high }) } else { Err(NormError::Limits(low, high)) }
    }

    /// The lower limit.
    pub const fn low(self) -> f32 {
        self.low
    }

    /// The upper limit.
    pub const fn high(self) -> f32 {
        self.high
    }

    /// The smallest limits around all finite values; `None` where there are none. A single value gets room on both
    /// sides, so that it has a place in the middle.
    pub fn around(values: impl IntoIterator<Item = f32>) -> Option<Self> {
        let (low, high) = values
            .into_iter()
            .filter(|value| value.is_finite())
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let room = match low.abs() {
            _ if low < high => 0.0,
            0.0 => 0.5,
            magnitude => magnitude * 0.5,
        };
        Self::new(low - room, high + room).ok()
    }

    /// So many decades from 1 down.
    pub fn down_from_one(decades: NonZeroU8) -> Self {
        Self { low: -f32::from(decades.get()), high: 0.0 }
    }

    /// These limits, rounded outwards.
    #[must_use]
    pub fn rounded(self) -> Self {
        let (low, high) = (f64::from(self.low), f64::from(self.high));
        let step = round_up((high - low) * ROUNDED_TO);
        narrowed((low / step).floor() * step, (high / step).ceil() * step).unwrap_or(self)
    }

    /// The limits with 0 in their middle that hold these, rounded outwards.
    #[must_use]
    pub fn about_zero(self) -> Self {
        let reach = f64::from(self.low.abs().max(self.high.abs())).max(LEAST_ABOUT_ZERO);
        let step = round_up(2.0 * reach * ROUNDED_TO);
        let reach = (reach / step).ceil() * step;
        narrowed(-reach, reach).unwrap_or(self)
    }

    /// Decades down and up from 1 that hold these limits, rounded outwards to a factor of 1, 2 or 5 times a power of
    /// ten, and at most 100: whatever is smaller or larger lies beyond.
    #[must_use]
    pub fn about_one(self) -> Self {
        let down = if self.low > 0.0 { 1.0 / f64::from(self.low) } else { MOST_FACTOR };
        let factor = down.max(f64::from(self.high)).clamp(LEAST_FACTOR, MOST_FACTOR);
        let factor = if factor >= 2.0 { round_up(factor) } else { 1.0 + round_up(factor - 1.0) };
        narrowed(-factor.log10(), factor.log10()).unwrap_or(Self { low: -1.0, high: 1.0 })
    }
}

/// In f32, where those are limits. Rounding to the nearest cannot pass an f32 that lay inside.
#[expect(clippy::cast_possible_truncation, reason = "the precision of pictures")]
fn narrowed(low: f64, high: f64) -> Option<Limits> {
    Limits::new(low as f32, high as f32).ok()
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `length`, which is above zero.
fn round_up(length: f64) -> f64 {
    let decade = 10_f64.powf(length.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|factor| factor * decade);
    steps.into_iter().find(|step| *step >= length * (1.0 - 1e-9)).unwrap_or(10.0 * decade)
}

impl Eq for Limits {}

impl TryFrom<[f32; 2]> for Limits {
    type Error = NormError;

    fn try_from([low, high]: [f32; 2]) -> Result<Self, Self::Error> {
        Self::new(low, high)
    }
}

impl From<Limits> for [f32; 2] {
    fn from(limits: Limits) -> Self {
        [limits.low, limits.high]
    }
}

/// Limits of a logarithmic scale: finite, above zero, the lower below the upper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "[f32; 2]", into = "[f32; 2]")]
pub struct LogLimits(Limits);

impl LogLimits {
    /// # Errors
    /// When `low` is not above zero, or the two are no [`Limits`].
    pub fn new(low: f32, high: f32) -> Result<Self, NormError> {
        // So near to each other that their logarithms are the same, they are no limits either.
        match Limits::new(low, high) {
            Ok(limits) if low > 0.0 && low.log10() < high.log10() => Ok(Self(limits)),
            _ => Err(NormError::LogLimits(low, high)),
        }
    }

    /// The lower limit.
    pub const fn low(self) -> f32 {
        self.0.low
    }

    /// The upper limit.
    pub const fn high(self) -> f32 {
        self.0.high
    }

    /// Their decimal logarithms.
    pub fn decades(self) -> Limits {
        Limits { low: self.low().log10(), high: self.high().log10() }
    }
}

impl TryFrom<[f32; 2]> for LogLimits {
    type Error = NormError;

    fn try_from([low, high]: [f32; 2]) -> Result<Self, Self::Error> {
        Self::new(low, high)
    }
}

impl From<LogLimits> for [f32; 2] {
    fn from(limits: LogLimits) -> Self {
        limits.0.into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(low: f32, high: f32) -> Limits {
        Limits::new(low, high).unwrap()
    }

    #[test]
    fn around_leaves_out_what_is_not_finite() {
        assert_eq!(Limits::around([0.5, f32::NAN, 0.25, f32::INFINITY]), Some(limits(0.25, 0.5)));
        assert_eq!(Limits::around([]), None);
        assert_eq!(Limits::around([1.0]), Some(limits(0.5, 1.5)));
        assert_eq!(Limits::around([0.0]), Some(limits(-0.5, 0.5)));
    }

    #[test]
    fn rounding_goes_outwards_to_round_numbers() {
        assert_eq!(limits(0.012_3, 0.637).rounded(), limits(0.0, 0.65));
        assert_eq!(limits(-11.3, 4.72).rounded(), limits(-12.0, 5.0));
        assert_eq!(limits(0.0, 1.0).rounded(), limits(0.0, 1.0));
        assert_eq!(limits(-0.613, 0.21).about_zero(), limits(-0.7, 0.7));
        assert_eq!(limits(-1e-9, 0.0).about_zero(), limits(-1e-6, 1e-6), "rounding is not blown up");
    }

    #[test]
    fn about_one_goes_as_far_down_as_up_and_ends_somewhere() {
        let factor = |low, high| 10_f32.powf(limits(low, high).about_one().high());
        for (low, high, expected) in
            [(0.04, 18.3, 50.0), (0.3, 1.9, 5.0), (0.9, 1.19, 1.2), (1.0, 1.000_000_1, 1.000_1), (0.0, 3.0, 100.0)]
        {
            assert!((factor(low, high) / expected - 1.0).abs() < 1e-5, "{low} to {high}: {}", factor(low, high));
        }
        let decades = limits(0.04, 18.3).about_one();
        assert_eq!(decades.low(), -decades.high());
    }

    #[test]
    fn logarithmic_limits_are_above_zero() {
        assert_eq!(LogLimits::new(0.01, 10.0).unwrap().decades(), limits(-2.0, 1.0));
        for (low, high) in [(0.0, 1.0), (-1.0, 1.0), (1.0, 1.0), (f32::NAN, 1.0), (1.0, f32::INFINITY)] {
            assert!(LogLimits::new(low, high).is_err(), "{low}:{high}");
        }
        assert!(serde_json::from_str::<LogLimits>("[0.0, 1.0]").is_err());
    }

    proptest! {
        #[test]
        fn automatic_limits_hold_all_that_they_are_made_of(a in -1e6_f32..1e6, b in -1e6_f32..1e6) {
            prop_assume!(a != b);
            let data = limits(a.min(b), a.max(b));
            let rounded = data.rounded();
            prop_assert!(rounded.low() <= data.low() && data.high() <= rounded.high());
            prop_assert!(rounded.high() - rounded.low() <= 1.3 * (data.high() - data.low()), "{:?}", rounded);
            let about_zero = data.about_zero();
            prop_assert!(about_zero.low() <= data.low() && data.high() <= about_zero.high());
            prop_assert_eq!(about_zero.low(), -about_zero.high());
        }
    }
}
