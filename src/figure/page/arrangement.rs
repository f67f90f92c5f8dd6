//! How a figure is arranged on its page: which titles its panels have, how large the text is, and what stands at the axes.

use crate::figure::{Fonts, text::shaping::cut_to};

/// Texts smaller than this are hard to read in print, in points.
pub const LEGIBLE: f64 = 6.0;
/// Labels are cut to so many em.
pub const CUTS: [u8; 2] = [8, 5];

/// Which of the ways to lay out a figure is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrangement {
    pub(super) titles: PanelTitles,
    /// Of panel titles and captions, in points.
    pub(super) font: f64,
    pub(super) labels: LabelForm,
    /// Numbers under a panel that stand on one line.
    pub(super) numbers: usize,
}

/// What stands above the panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PanelTitles {
    /// `Modifying Query with ε = 5e-1`
    Long,
    /// `Query, ε = 5e-1`
    Short,
    /// `ε = 5e-1` above the columns, `Query` beside the rows.
    Heads,
}

impl PanelTitles {
    pub const ALL: [Self; 3] = [Self::Long, Self::Short, Self::Heads];
    pub const COUNT: usize = Self::ALL.len();

    pub const fn index(self) -> usize {
        match self {
            Self::Long => 0,
            Self::Short => 1,
            Self::Heads => 2,
        }
    }
}

/// What becomes of the labels at the axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelForm {
    /// As they are.
    Whole,
    /// Cut to so many em.
    Cut(u8),
    /// 0, 1, 2, … in their place.
    Positions,
    /// Nothing.
    Hidden,
}

impl LabelForm {
    /// From the most that is said to nothing.
    pub const ALL: [Self; 5] = [Self::Whole, Self::Cut(CUTS[0]), Self::Cut(CUTS[1]), Self::Positions, Self::Hidden];
    pub const COUNT: usize = Self::ALL.len();

    /// What stands at the axes in the place of `labels`.
    pub fn of(self, labels: &[String], fonts: &Fonts) -> Vec<String> {
        match self {
            Self::Whole => labels.to_vec(),
            Self::Cut(em) => labels.iter().map(|label| cut_to(label, f64::from(em), fonts)).collect(),
            Self::Positions => (0..labels.len()).map(|position| position.to_string()).collect(),
            Self::Hidden => Vec::new(),
        }
    }
}
