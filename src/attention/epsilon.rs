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
    /// One of ten parts is left.
    pub const TENTH: Self = Self(1e-1);
    /// Of rankings by effect: one of ten thousand parts is left.
    pub const TEN_THOUSANDTH: Self = Self(1e-4);
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

impl Epsilon {
    /// Text for a reader: `5e-1`, `0.5` or `10⁻³`.
    pub fn written(self, notation: Notation) -> String {
        let (mantissa, exponent) = self.parts();
        let is_plain = match notation {
            Notation::Scientific => return self.to_string(),
            Notation::Decimal => (-4..6).contains(&exponent),
            Notation::Powers => (-1..3).contains(&exponent),
        };
        if is_plain {
            return self.0.to_string();
        }
        let power: String = exponent.to_string().chars().map(superscript).collect();
        if mantissa == "1" { format!("10{power}") } else { format!("{mantissa}·10{power}") }
    }

    /// Text that can be typed: [`Self::written`] where that is a plain decimal, else `1e-10`.
    pub fn typed(self, notation: Notation) -> String {
        let written = self.written(notation);
        if written.parse() == Ok(self) { written } else { self.to_string() }
    }

    /// The mantissa as it is written, and the power of ten; 0 is `0` times 10⁰.
    fn parts(self) -> (String, i32) {
        let text = format!("{:e}", self.0);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        (mantissa.to_owned(), exponent.parse().unwrap_or_default())
    }
}

/// How ε is written. The numbers are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notation {
    /// `5e-1`, `1e-3`, `1e-10`: the paper's.
    #[default]
    Scientific,
    /// `0.5`, `0.001`, `10⁻¹⁰`.
    Decimal,
    /// `0.5`, `10⁻³`, `10⁻¹⁰`.
    Powers,
}

impl Notation {
    /// All of them, in the order of menus.
    pub const ALL: [Self; 3] = [Self::Scientific, Self::Decimal, Self::Powers];

    /// As written on the command line and in sessions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scientific => "scientific",
            Self::Decimal => "decimal",
            Self::Powers => "powers",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// A word that names no notation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected scientific, decimal or powers, found “{0}”")]
pub struct ParseNotationError(String);

impl FromStr for Notation {
    type Err = ParseNotationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|notation| notation.name().eq_ignore_ascii_case(text.trim()));
        named.ok_or_else(|| ParseNotationError(text.to_owned()))
    }
}

/// A digit or sign of an exponent.
const fn superscript(character: char) -> char {
    match character {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        other => other,
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
    fn is_written_in_three_notations_and_can_be_typed_in_each() {
        for (value, decimal, powers) in [
            (0.5, "0.5", "0.5"),
            (1e-3, "0.001", "10⁻³"),
            (1e-10, "10⁻¹⁰", "10⁻¹⁰"),
            (2.5e-2, "0.025", "2.5·10⁻²"),
            (1.26e-7, "1.26·10⁻⁷", "1.26·10⁻⁷"),
            (0.0, "0", "0"),
            (1.0, "1", "1"),
            (100.0, "100", "100"),
            (1e300, "10³⁰⁰", "10³⁰⁰"),
        ] {
            let epsilon = Epsilon::new(value).unwrap();
            assert_eq!(epsilon.written(Notation::Scientific), epsilon.to_string());
            assert_eq!((&*epsilon.written(Notation::Decimal), &*epsilon.written(Notation::Powers)), (decimal, powers));
            for notation in Notation::ALL {
                assert_eq!(epsilon.typed(notation).parse(), Ok(epsilon), "{notation:?}");
            }
        }
    }

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
