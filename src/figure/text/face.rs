//! The face that a figure's texts are set in.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::fonts::{Font, OwnFonts};
use crate::figure::FigureError;

/// What a figure's texts are set in; for what a face lacks the others stand in, and then the machine's fonts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Face {
    /// Ubuntu Light, as in the window.
    #[default]
    Light,
    /// Of regular weight, with the widths of Helvetica and Arial.
    Sans,
    /// Of regular weight, with the widths of Times.
    Serif,
}

impl Face {
    /// All of them, in the order of menus and lists.
    pub const ALL: [Self; 3] = [Self::Light, Self::Sans, Self::Serif];

    /// As on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Sans => "sans",
            Self::Serif => "serif",
        }
    }

    /// The program's fonts, the face itself first.
    pub(in crate::figure) fn fonts(self) -> impl Iterator<Item = Font> {
        let OwnFonts { light, sans, serif, mono } = *Font::own();
        let order = match self {
            Self::Light => [light, sans, mono, serif],
            Self::Sans => [sans, light, mono, serif],
            Self::Serif => [serif, sans, light, mono],
        };
        order.into_iter().flatten()
    }

    /// As a `font-family` and a `font-weight`: what a program has that comes near it.
    pub(in crate::figure) const fn css(self) -> [&'static str; 2] {
        match self {
            Self::Light => ["Ubuntu, Hack, sans-serif", "300"],
            Self::Sans => ["Liberation Sans, Arial, Helvetica, sans-serif", "400"],
            Self::Serif => ["Liberation Serif, Times New Roman, Times, serif", "400"],
        }
    }
}

impl FromStr for Face {
    type Err = FigureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|face| face.word().eq_ignore_ascii_case(text.trim()));
        let expected = || Self::ALL.map(Self::word).join(", ");
        found.ok_or_else(|| FigureError::Word { expected: format!("one of {}", expected()), found: text.to_owned() })
    }
}
