//! Parses the choices of a figure's style from their names, as the command line takes them.

use std::str::FromStr;

use crate::figure::{AxisLabels, FigureError, Ground, LabelRotation, TextMode};

/// The choice that `text` names.
fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, FigureError> {
    let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim()));
    found.map(|&(_, value)| value).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|&(name, _)| name).collect();
        FigureError::Word { expected: format!("one of {}", names.join(", ")), found: text.to_owned() }
    })
}

impl FromStr for AxisLabels {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        choice(text, &[("tokens", Self::Tokens), ("positions", Self::Positions), ("none", Self::Hidden)])
    }
}

impl FromStr for LabelRotation {
    type Err = FigureError;

    /// A word or its degrees.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words = [("upwards", Self::Upwards), ("slanted", Self::Slanted), ("level", Self::Level)];
        let degrees = [("90", Self::Upwards), ("45", Self::Slanted), ("0", Self::Level)];
        choice(text, &degrees).or_else(|_| choice(text, &words))
    }
}

impl FromStr for Ground {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        choice(text, &[("light", Self::Light), ("dark", Self::Dark), ("transparent", Self::Transparent)])
    }
}

impl FromStr for TextMode {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        choice(text, &[("embedded", Self::Embedded), ("paths", Self::Paths)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_choices_and_others_are_told_them() {
        assert_eq!("None".parse::<AxisLabels>().unwrap(), AxisLabels::Hidden);
        assert_eq!("45".parse::<LabelRotation>().unwrap(), LabelRotation::Slanted);
        assert_eq!("level".parse::<LabelRotation>().unwrap(), LabelRotation::Level);
        assert_eq!("transparent".parse::<Ground>().unwrap(), Ground::Transparent);
        assert_eq!("paths".parse::<TextMode>().unwrap(), TextMode::Paths);
        let message = "grey".parse::<Ground>().unwrap_err().to_string();
        assert_eq!(message, "expected one of light, dark, transparent, found “grey”");
    }
}
