use std::{fmt, hash, str::FromStr};

use serde::{Deserialize, Serialize};

/// The factor ε of an intervention: finite and at least 0.
///
/// 1 changes nothing, 0 removes the component, values above 1 sharpen. Written in shortest scientific
/// notation (`5e-1`, `1e-10`, `1e0`), zero as `0`. Kept as ε itself, never as its logarithm, so that zero
/// can be reached and every typed value survives unchanged.
#[derive(Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Epsilon(f64);

impl Epsilon {
    /// Removes the component.
    pub const ZERO: Self = Self(0.0);
    /// Changes nothing.
    pub const ONE: Self = Self(1.0);
    /// The three columns of the figure: 5e-1, 1e-3, 1e-10.
    pub const FIGURE: [Self; 3] = [Self(5e-1), Self(1e-3), Self(1e-10)];
    /// Halfway, nearly, and wholly at 0.
    pub const TOWARDS_ZERO: [Self; 3] = [Self(5e-1), Self(1e-1), Self(0.0)];
    /// Ends of the slider. Any ε ≥ 0 can be typed.
    pub const SLIDER: (Self, Self) = (Self(1e-12), Self(1e2));

    /// # Errors
    /// When `value` is negative, infinite or not a number.
    pub fn new(value: f64) -> Result<Self, EpsilonError> {
        if value.is_nan() {
            Err(EpsilonError::NotANumber)
        } else if value.is_infinite() {
            Err(EpsilonError::Infinite)
        } else if value < 0.0 {
            Err(EpsilonError::Negative)
        } else {
            // -0.0 becomes 0.0, so that equality and hashing agree.
            Ok(Self(value + 0.0))
        }
    }

    /// The factor as a number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Eq for Epsilon {}

impl hash::Hash for Epsilon {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl fmt::Display for Epsilon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0.0 { f.pad("0") } else { f.pad(&format!("{:e}", self.0)) }
    }
}

impl fmt::Debug for Epsilon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ε={self}")
    }
}

/// Why a text or a number is no ε. Every message says what would be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EpsilonError {
    /// Below 0, which would turn the attention around.
    #[error("ε must be 0 or more: a negative factor would flip the attention")]
    Negative,
    /// Infinite, or beyond the range of f64.
    #[error("ε must be finite")]
    Infinite,
    /// A text that is no number, or NaN.
    #[error("ε must be a number such as 3e-4, 0.02 or 0")]
    NotANumber,
}

impl TryFrom<f64> for Epsilon {
    type Error = EpsilonError;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        Self::new(value)
    }
}

impl From<Epsilon> for f64 {
    fn from(epsilon: Epsilon) -> Self {
        epsilon.0
    }
}

impl FromStr for Epsilon {
    type Err = EpsilonError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text.trim().parse().map_err(|_| EpsilonError::NotANumber)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_in_shortest_scientific_notation() {
        for (value, text) in [
            (0.5, "5e-1"),
            (1e-3, "1e-3"),
            (1e-10, "1e-10"),
            (1.0, "1e0"),
            (0.0, "0"),
            (0.025, "2.5e-2"),
            (100.0, "1e2"),
        ] {
            let epsilon = Epsilon::new(value).unwrap();
            assert_eq!(epsilon.to_string(), text);
            assert_eq!(text.parse(), Ok(epsilon), "{text} reads back");
        }
    }

    #[test]
    fn refuses_what_is_no_factor() {
        assert_eq!("-1".parse::<Epsilon>(), Err(EpsilonError::Negative));
        assert_eq!("abc".parse::<Epsilon>(), Err(EpsilonError::NotANumber));
        assert_eq!("nan".parse::<Epsilon>(), Err(EpsilonError::NotANumber));
        assert_eq!("".parse::<Epsilon>(), Err(EpsilonError::NotANumber));
        assert_eq!("inf".parse::<Epsilon>(), Err(EpsilonError::Infinite));
        assert_eq!("1e999".parse::<Epsilon>(), Err(EpsilonError::Infinite));
        assert_eq!(" 3e-4 ".parse::<Epsilon>().map(Epsilon::get), Ok(3e-4));
        assert_eq!("-0".parse::<Epsilon>().map(|e| e.to_string()), Ok("0".to_owned()));
    }
}
