//! How values become colours, before the data is known.

use std::{fmt, num::NonZeroU8, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::figure::{Limits, LogLimits, NormError, NormScale};

/// How values become colours, before the data is known. Written `linear`, `LO:HI`, `log`, `log:DECADES`, `log:LO:HI`,
/// `auto`, `symmetric` or `log-symmetric`.
///
/// The last three take their limits from the unmasked finite cells and round them outwards to round numbers. The limits
/// depend on what is shown and on nothing before it: screen, command line and a second look agree, and a drag nearly
/// always finds the limits that it left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColorNorm {
    /// Fixed limits. Default: 0 to 1.
    Linear(Limits),
    /// Logarithmic, from 1 down over so many decades; smaller values are *under*.
    Log {
        /// Powers of ten from the lower limit to 1.
        decades: NonZeroU8,
    },
    /// Logarithmic between fixed limits.
    LogLimits(LogLimits),
    /// Linear between the smallest and the largest value.
    Auto,
    /// Linear with 0 in the middle, as far as the value that is farthest from it.
    Symmetric,
    /// Logarithmic with 1 in the middle, as far as the value that is farthest from it, at most 0.01 to 100.
    LogSymmetric,
}

/// Whose cells the limits come from, where they come from the cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitsFrom {
    /// All nine panels: one colour is one value everywhere.
    #[default]
    AllPanels,
    /// Each panel by itself.
    EachPanel,
}

impl Default for ColorNorm {
    fn default() -> Self {
        Self::Linear(Limits::UNIT)
    }
}

impl ColorNorm {
    /// What `log` stands for: 1e-4 to 1.
    pub const LOG: Self = Self::Log { decades: NonZeroU8::new(4).unwrap() };

    /// Whether it is logarithmic from one end to the other, with nothing in its middle.
    pub const fn is_log(self) -> bool {
        matches!(self, Self::Log { .. } | Self::LogLimits(_))
    }

    /// Whether the limits come from the cells.
    pub const fn is_automatic(self) -> bool {
        matches!(self, Self::Auto | Self::Symmetric | Self::LogSymmetric)
    }

    /// The scale, given the smallest and the largest of the finite cells, which automatic norms alone ask for. Without
    /// data it is 0 to 1, or what is symmetric like it.
    pub fn resolve(self, data: impl FnOnce() -> Option<Limits>) -> NormScale {
        match self {
            Self::Linear(limits) => NormScale::Linear(limits),
            Self::Log { decades } => NormScale::Log(Limits::down_from_one(decades)),
            Self::LogLimits(limits) => NormScale::Log(limits.decades()),
            Self::Auto => NormScale::Linear(data().unwrap_or(Limits::UNIT).rounded()),
            Self::Symmetric => NormScale::Linear(data().unwrap_or(Limits::UNIT).about_zero()),
            Self::LogSymmetric => NormScale::Log(data().unwrap_or(Limits::UNIT).about_one()),
        }
    }

    /// The norm that stays at the limits of `scale`.
    pub fn fixed(scale: NormScale) -> Self {
        match scale {
            NormScale::Linear(limits) => Self::Linear(limits),
            NormScale::Log(_) => {
                let [low, high] = scale.ends();
                #[expect(clippy::cast_possible_truncation, reason = "the precision of pictures")]
                LogLimits::new(low as f32, high as f32).map_or(Self::LOG, Self::LogLimits)
            }
        }
    }
}

impl fmt::Display for ColorNorm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear(Limits::UNIT) => f.write_str("linear"),
            Self::Linear(limits) => write!(f, "{}:{}", limits.low(), limits.high()),
            norm if *norm == Self::LOG => f.write_str("log"),
            Self::Log { decades } => write!(f, "log:{decades}"),
            Self::LogLimits(limits) => write!(f, "log:{}:{}", limits.low(), limits.high()),
            Self::Auto => f.write_str("auto"),
            Self::Symmetric => f.write_str("symmetric"),
            Self::LogSymmetric => f.write_str("log-symmetric"),
        }
    }
}

impl FromStr for ColorNorm {
    type Err = NormError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || NormError::Unknown(text.to_owned());
        let limit = |limit: &str| limit.trim().parse::<f32>().map_err(|_| unknown());
        match text.trim() {
            "linear" => Ok(Self::default()),
            "log" => Ok(Self::LOG),
            "auto" => Ok(Self::Auto),
            "symmetric" => Ok(Self::Symmetric),
            "log-symmetric" => Ok(Self::LogSymmetric),
            other => match other.split_once(':').ok_or_else(unknown)? {
                ("log", rest) => match rest.split_once(':') {
                    None => Ok(Self::Log { decades: rest.parse().map_err(|_| unknown())? }),
                    Some((low, high)) => Ok(Self::LogLimits(LogLimits::new(limit(low)?, limit(high)?)?)),
                },
                (low, high) => Ok(Self::Linear(Limits::new(limit(low)?, limit(high)?)?)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::NormPosition;

    fn limits(low: f32, high: f32) -> Option<Limits> {
        Limits::new(low, high).ok()
    }

    #[test]
    fn fixed_norms_do_not_ask_for_the_data() {
        let scale = ColorNorm::default().resolve(|| unreachable!("only automatic norms ask for the data"));
        assert_eq!(scale, NormScale::Linear(Limits::UNIT));
        for norm in ["log", "log:2", "log:0.5:8", "-1:1"] {
            let norm: ColorNorm = norm.parse().unwrap();
            assert!(!norm.is_automatic());
            norm.resolve(|| unreachable!("only automatic norms ask for the data"));
        }
    }

    #[test]
    fn automatic_norms_take_the_limits_of_the_data_rounded_outwards() {
        let auto = ColorNorm::Auto.resolve(|| limits(0.012, 0.49));
        assert_eq!(auto, NormScale::Linear(Limits::new(0.0, 0.5).unwrap()));
        let symmetric = ColorNorm::Symmetric.resolve(|| limits(-0.61, 0.2));
        assert_eq!(symmetric, NormScale::Linear(Limits::new(-0.7, 0.7).unwrap()));
        assert_eq!(symmetric.position(0.0), NormPosition::Within(0.5));
        let ratio = ColorNorm::LogSymmetric.resolve(|| limits(0.04, 18.3));
        assert_eq!(ratio.position(1.0), NormPosition::Within(0.5));
        assert_eq!(ratio.range_text(), "0.02 to 50");
        let nothing =
            [ColorNorm::Auto, ColorNorm::Symmetric, ColorNorm::LogSymmetric].map(|norm| norm.resolve(|| None));
        assert_eq!(nothing.map(NormScale::range_text), ["0.0 to 1.0", "-1.0 to 1.0", "0.01 to 100"]);
    }

    #[test]
    fn a_drag_nearly_always_finds_the_limits_that_it_left() {
        // Half a decade in a hundred steps, as a hand moves.
        let data = |step: i32| limits(0.0, 0.7 * 10_f32.powf(-0.005 * step as f32));
        for norm in [ColorNorm::Auto, ColorNorm::Symmetric] {
            let scales: Vec<NormScale> = (0..100).map(|step| norm.resolve(|| data(step))).collect();
            let changes = scales.windows(2).filter(|pair| pair[0] != pair[1]).count();
            assert!((1..=20).contains(&changes), "{norm}: {changes}");
        }
    }

    #[test]
    fn present_limits_can_be_kept() {
        let auto = ColorNorm::Symmetric.resolve(|| limits(-0.61, 0.2));
        assert_eq!(ColorNorm::fixed(auto).to_string(), "-0.7:0.7");
        let ratio = ColorNorm::LogSymmetric.resolve(|| limits(0.04, 18.3));
        assert_eq!(ColorNorm::fixed(ratio).resolve(|| None).range_text(), "0.02 to 50");
    }

    #[test]
    fn norms_parse_back_and_others_are_told_the_choice() {
        for text in ["linear", "log", "auto", "log:7", "0:0.5", "-1:1", "symmetric", "log-symmetric", "log:0.5:8"] {
            let norm: ColorNorm = text.parse().unwrap();
            assert_eq!(norm.to_string(), text);
            let json = serde_json::to_string(&norm).unwrap();
            assert_eq!(serde_json::from_str::<ColorNorm>(&json).unwrap(), norm, "{json}");
        }
        assert!(matches!("1:0".parse::<ColorNorm>(), Err(NormError::Limits(..))));
        assert!(matches!("0:inf".parse::<ColorNorm>(), Err(NormError::Limits(..))));
        assert!(matches!("nan:1".parse::<ColorNorm>(), Err(NormError::Limits(..))));
        assert!(matches!("log:0:1".parse::<ColorNorm>(), Err(NormError::LogLimits(..))));
        assert!(matches!("log:2:1".parse::<ColorNorm>(), Err(NormError::LogLimits(..))));
        for text in ["", "cubic", "log:0", "a:b", "log:a:b", "log:1:2:3"] {
            assert!(matches!(text.parse::<ColorNorm>(), Err(NormError::Unknown(_))), "{text}");
        }
        assert!(serde_json::from_str::<Limits>("[1.0, 0.0]").is_err());
    }
}
