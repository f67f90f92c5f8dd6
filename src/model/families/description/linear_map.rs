//! Description of a linear map: its name in the file, its bias, and the order of its numbers.

use crate::model::config::common_config::Bias;

/// A linear map and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    pub name: &'static str,
    pub bias: Bias,
    pub stored: Stored,
}

/// The order in which a file has a map's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// `[out, in]`
    OutIn,
    /// `[in, out]`: GPT-2's `Conv1D`.
    InOut,
}

impl Map {
    pub const fn new(name: &'static str, bias: Bias) -> Self {
        Self { name, bias, stored: Stored::OutIn }
    }

    /// Without a bias.
    pub const fn plain(name: &'static str) -> Self {
        Self::new(name, Bias::Absent)
    }

    /// With a bias.
    pub const fn biased(name: &'static str) -> Self {
        Self::new(name, Bias::Present)
    }

    /// GPT-2's `Conv1D`, with a bias.
    pub const fn conv1d(name: &'static str) -> Self {
        Self { name, bias: Bias::Present, stored: Stored::InOut }
    }
}
