//! From a value to a place on the colour bar.

use std::{fmt, num::NonZeroU8, str::FromStr};

use serde::{Deserialize, Serialize};

/// Limits of a linear scale: finite, the lower below the upper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f32; 2]", into = "[f32; 2]")]
pub struct Limits {
    low: f32,
    high: f32,
}

impl Limits {
    /// 0 to 1, where weights live.
    pub const UNIT: Self = Self { low: 0.0, high: 1.0 };

    /// # Errors
    /// When a limit is infinite or not a number, or `low` is not below `high`.
    pub fn new(low: f32, high: f32) -> Result<Self, NormError> {
        // A difference that overflows would make every value fall on the low end.
        if low < high && (high - low).is_finite() { Ok(Self { low, high }) } else { Err(NormError::Limits(low, high)) }
    }

    pub const fn low(self) -> f32 {
        self.low
    }

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

/// How values become colours, before the data is known. Written `linear`, `LO:HI`, `log`, `log:DECADES` or `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColorNorm {
    /// Fixed limits, locked across panels. Default: 0 to 1.
    Linear(Limits),
    /// Logarithmic, from 1 down over so many decades; smaller values are *under*.
    Log { decades: NonZeroU8 },
    /// Linear between the smallest and the largest value of all panels; masked and non-finite cells do not count.
    Auto,
}

impl Default for ColorNorm {
    fn default() -> Self {
        Self::Linear(Limits::UNIT)
    }
}

impl ColorNorm {
    /// What `log` stands for: 1e-4 to 1.
    pub const LOG: Self = Self::Log { decades: NonZeroU8::new(4).unwrap() };

    /// The scale, given the limits of the data, which [`ColorNorm::Auto`] alone asks for. Without data it is 0 to 1.
    pub fn resolve(self, data: impl FnOnce() -> Option<Limits>) -> NormScale {
        match self {
            Self::Linear(limits) => NormScale::Linear(limits),
            Self::Log { decades } => NormScale::Log { decades },
            Self::Auto => NormScale::Linear(data().unwrap_or(Limits::UNIT)),
        }
    }
}

impl fmt::Display for ColorNorm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear(Limits::UNIT) => f.write_str("linear"),
            Self::Linear(Limits { low, high }) => write!(f, "{low}:{high}"),
            norm if *norm == Self::LOG => f.write_str("log"),
            Self::Log { decades } => write!(f, "log:{decades}"),
            Self::Auto => f.write_str("auto"),
        }
    }
}

/// A text or pair of numbers that is no colour norm.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NormError {
    #[error("the lower limit must be below the upper one and both finite, found {0}:{1}")]
    Limits(f32, f32),
    #[error("expected linear, log, auto or limits LO:HI such as 0:0.5, found “{0}”")]
    Unknown(String),
}

impl FromStr for ColorNorm {
    type Err = NormError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || NormError::Unknown(text.to_owned());
        match text.trim() {
            "linear" => Ok(Self::default()),
            "log" => Ok(Self::LOG),
            "auto" => Ok(Self::Auto),
            other => match other.split_once(':').ok_or_else(unknown)? {
                ("log", decades) => Ok(Self::Log { decades: decades.parse().map_err(|_| unknown())? }),
                (low, high) => {
                    let parse = |limit: &str| limit.trim().parse::<f32>().map_err(|_| unknown());
                    Ok(Self::Linear(Limits::new(parse(low)?, parse(high)?)?))
                }
            },
        }
    }
}

/// Where a value lies on a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NormPosition {
    /// In `[0, 1]`, from the lower limit to the upper.
    Within(f32),
    Under,
    Over,
    /// Not a number.
    Bad,
}

/// A label on the colour bar, and its place in `[0, 1]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub position: f32,
    pub label: String,
}

/// A [`ColorNorm`] with its limits known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormScale {
    Linear(Limits),
    /// From 10^-decades to 1.
    Log {
        decades: NonZeroU8,
    },
}

impl NormScale {
    /// Where `value` lies. The limits themselves are within.
    #[inline]
    pub fn position(self, value: f32) -> NormPosition {
        let t = match self {
            Self::Linear(Limits { low, high }) => (value - low) / (high - low),
            // log10 of a negative number is NaN, but the number is merely under.
            Self::Log { .. } if value < 0.0 => return NormPosition::Under,
            Self::Log { decades } => 1.0 + value.log10() / f32::from(decades.get()),
        };
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
            Self::Linear(limits) => linear_ticks(limits),
            Self::Log { decades } => {
                let decades = decades.get();
                let step = decades.div_ceil(6);
                let mut ticks: Vec<_> = (0..=decades)
                    .step_by(usize::from(step))
                    .map(|below| Tick {
                        position: 1.0 - f32::from(below) / f32::from(decades),
                        label: if below == 0 { "1".to_owned() } else { format!("1e-{below}") },
                    })
                    .collect();
                ticks.reverse();
                ticks
            }
        }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten that lie within the limits: the smallest step that gives at most six
/// intervals.
#[expect(clippy::cast_possible_truncation, reason = "a handful of ticks, and exponents of f32")]
fn linear_ticks(Limits { low, high }: Limits) -> Vec<Tick> {
    let (low, high) = (f64::from(low), f64::from(high));
    let raw = (high - low) / 6.0;
    let decade = raw.log10().floor() as i32;
    // Limits such as 0.2 are not exact in binary; a tick may miss them by less than anyone can see.
    let slack = (high - low) * 1e-6;
    let candidates = [(1.0, decade), (2.0, decade), (5.0, decade), (1.0, decade + 1)];
    let (step, exponent) = candidates
        .into_iter()
        .map(|(factor, exponent)| (factor * 10f64.powi(exponent), exponent))
        .find(|(step, _)| *step >= raw - slack)
        .unwrap_or((raw, decade));
    let magnitude = low.abs().max(high.abs());
    // Enough digits to tell neighbours apart.
    let decimals = usize::try_from(-exponent).unwrap_or(0).max(1);
    let digits = usize::try_from(magnitude.log10().floor() as i32 - exponent).unwrap_or(0);
    let label = |value: f64| match value {
        0.0 => "0.0".to_owned(),
        _ if (1e-3..1e5).contains(&magnitude) => format!("{value:.decimals$}"),
        _ => format!("{value:.digits$e}"),
    };
    let first = ((low - slack) / step).ceil() as i64;
    let last = ((high + slack) / step).floor() as i64;
    (first..=last)
        .map(|multiple| {
            let value = multiple as f64 * step;
            Tick { position: (((value - low) / (high - low)) as f32).clamp(0.0, 1.0), label: label(value) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(norm: &str) -> Vec<String> {
        let scale = norm.parse::<ColorNorm>().unwrap().resolve(|| None);
        scale.ticks().into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn the_default_is_the_figures_scale() {
        let scale = ColorNorm::default().resolve(|| unreachable!("only auto asks for the data"));
        assert_eq!(scale.position(0.25), NormPosition::Within(0.25));
        assert_eq!(scale.position(0.0), NormPosition::Within(0.0));
        assert_eq!(scale.position(1.0), NormPosition::Within(1.0));
        assert_eq!(scale.position(-0.1), NormPosition::Under);
        assert_eq!(scale.position(1.1), NormPosition::Over);
        assert_eq!(scale.position(f32::NAN), NormPosition::Bad);
        assert_eq!(labels("linear"), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        for (tick, expected) in scale.ticks().iter().zip([0.0, 0.2, 0.4, 0.6, 0.8, 1.0]) {
            assert!((tick.position - expected).abs() < 1e-6, "{tick:?}");
        }
    }

    #[test]
    fn a_logarithm_has_equal_decades() {
        let scale = ColorNorm::LOG.resolve(|| None);
        assert_eq!(scale.position(1.0), NormPosition::Within(1.0));
        assert_eq!(scale.position(1e-2), NormPosition::Within(0.5));
        assert_eq!(scale.position(1e-5), NormPosition::Under);
        assert_eq!(scale.position(0.0), NormPosition::Under);
        assert_eq!(scale.position(-1.0), NormPosition::Under);
        assert_eq!(scale.position(f32::NAN), NormPosition::Bad);
        assert_eq!(labels("log"), ["1e-4", "1e-3", "1e-2", "1e-1", "1"]);
        assert_eq!(labels("log:12").len(), 7);
    }

    #[test]
    fn auto_takes_the_limits_of_the_data() {
        let data = Limits::around([0.5, f32::NAN, 0.25, f32::INFINITY]);
        assert_eq!(data, Limits::new(0.25, 0.5).ok());
        assert_eq!(ColorNorm::Auto.resolve(|| data).position(0.375), NormPosition::Within(0.5));
        assert_eq!(Limits::around([]), None);
        let single = Limits::around([1.0]).unwrap();
        assert_eq!(NormScale::Linear(single).position(1.0), NormPosition::Within(0.5));
        assert_eq!(Limits::around([0.0]), Limits::new(-0.5, 0.5).ok());
    }

    #[test]
    fn ticks_are_round_numbers_within_the_limits() {
        assert_eq!(labels("0:0.5"), ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]);
        assert_eq!(labels("-1:1"), ["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(labels("0.03:0.11"), ["0.04", "0.06", "0.08", "0.10"]);
        assert_eq!(labels("0:3e-7"), ["0.0", "5.0e-8", "1.0e-7", "1.5e-7", "2.0e-7", "2.5e-7", "3.0e-7"]);
    }

    #[test]
    fn norms_parse_back_and_others_are_told_the_choice() {
        for text in ["linear", "log", "auto", "log:7", "0:0.5", "-1:1"] {
            let norm: ColorNorm = text.parse().unwrap();
            assert_eq!(norm.to_string(), text);
            let json = serde_json::to_string(&norm).unwrap();
            assert_eq!(serde_json::from_str::<ColorNorm>(&json).unwrap(), norm, "{json}");
        }
        assert!(matches!("1:0".parse::<ColorNorm>(), Err(NormError::Limits(..))));
        assert!(matches!("0:inf".parse::<ColorNorm>(), Err(NormError::Limits(..))));
        assert!(matches!("nan:1".parse::<ColorNorm>(), Err(NormError::Limits(..))));
        for text in ["", "cubic", "log:0", "a:b"] {
            assert!(matches!(text.parse::<ColorNorm>(), Err(NormError::Unknown(_))), "{text}");
        }
        assert!(serde_json::from_str::<Limits>("[1.0, 0.0]").is_err());
    }
}
