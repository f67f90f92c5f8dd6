//! What of a cell is shown.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    engine::{Outcome, Panel},
    figure::{ColorNorm, Colormap},
};

/// What the panels show of every cell. Each is defined once, in [`Measure`](crate::figure::Measure).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// The attention weight A, after softmax.
    #[default]
    Weight,
    /// A less the baseline's A.
    Difference,
    /// A over the uniform weight of its row, 1/(attended keys): 1 is what a head without any preference gives.
    UniformRatio,
    /// Before softmax, after scale and ε.
    Score,
    /// A times the Euclidean length of the key position's value vector under the intervention: how much of the head's
    /// output a cell can carry (norm-based attention, Kobayashi et al. 2020, arXiv 2004.10102, here before the output
    /// projection).
    #[serde(rename = "value-norm")]
    WeightedValue,
}

impl Quantity {
    /// All of them, in the order of menus and lists.
    pub const ALL: [Self; 5] = [Self::Weight, Self::Difference, Self::UniformRatio, Self::Score, Self::WeightedValue];

    /// As written on the command line and in sessions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Difference => "difference",
            Self::UniformRatio => "uniform-ratio",
            Self::Score => "score",
            Self::WeightedValue => "value-norm",
        }
    }

    /// Whether a panel has what it is made of: scores, and the lengths of value vectors, are not there in every file.
    pub fn is_in(self, panel: &Panel) -> bool {
        match self {
            Self::Weight | Self::Difference | Self::UniformRatio => true,
            Self::Score => panel.pattern.scores().has_vectors(),
            Self::WeightedValue => panel.has_values(),
        }
    }

    /// Why it cannot be shown of a source, as a remark; `None` where it can.
    pub fn why_not(self, outcome: &Outcome) -> Option<&'static str> {
        match self {
            _ if self.is_in(&outcome.baseline) => None,
            _ if !outcome.facts.kind.has_vectors() => Some("This file holds patterns only, no query, key or value"),
            _ => Some("This capture holds no value vectors"),
        }
    }

    /// What the colour bar measures.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Weight => "Attention Weight",
            Self::Difference => "Difference from Baseline",
            Self::UniformRatio => "Weight / Uniform",
            Self::Score => "Score",
            Self::WeightedValue => "Weight × ‖Value‖",
        }
    }

    /// The value that a signed quantity is about: 0 for a difference, 1 for a ratio.
    ///
    /// Where several cells share a pixel, the one farthest from it is shown; of a quantity without a center, the
    /// largest. Either way a sink of one column never vanishes.
    pub const fn center(self) -> Option<f32> {
        match self {
            Self::Difference => Some(0.0),
            Self::UniformRatio => Some(1.0),
            Self::Weight | Self::Score | Self::WeightedValue => None,
        }
    }

    /// What a weight of 0 would be, as which masked cells may be drawn.
    pub(in crate::figure) const fn at_weight_zero(self) -> f32 {
        match self {
            Self::Score => f32::NEG_INFINITY,
            Self::Weight | Self::Difference | Self::UniformRatio | Self::WeightedValue => 0.0,
        }
    }

    /// The norm that fits until another is chosen.
    pub fn default_norm(self) -> ColorNorm {
        match self {
            Self::Weight => ColorNorm::default(),
            Self::Difference => ColorNorm::Symmetric,
            Self::UniformRatio => ColorNorm::LogSymmetric,
            Self::Score | Self::WeightedValue => ColorNorm::Auto,
        }
    }

    /// The colours that fit until others are chosen: diverging where there is a center.
    pub const fn default_colormap(self) -> Colormap {
        match self {
            Self::Weight => Colormap::BlueRed,
            Self::Difference | Self::UniformRatio => Colormap::RdBu,
            Self::Score => Colormap::Viridis,
            Self::WeightedValue => Colormap::Cividis,
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {}, found “{found}”", Quantity::ALL.map(Quantity::name).join(", "))]
pub struct ParseQuantityError {
    found: String,
}

impl FromStr for Quantity {
    type Err = ParseQuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|quantity| quantity.name().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| ParseQuantityError { found: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_others_are_told_the_choice() {
        for quantity in Quantity::ALL {
            assert_eq!(quantity.to_string().parse(), Ok(quantity));
            assert_eq!(serde_json::to_string(&quantity).unwrap(), format!("\"{quantity}\""));
        }
        let message = "logits".parse::<Quantity>().unwrap_err().to_string();
        assert_eq!(message, "expected one of weight, difference, uniform-ratio, score, value-norm, found “logits”");
    }

    #[test]
    fn the_weight_is_the_figure() {
        assert_eq!(Quantity::default(), Quantity::Weight);
        assert_eq!(Quantity::Weight.label(), crate::figure::BAR_LABEL);
        assert_eq!(Quantity::Weight.default_norm(), ColorNorm::default());
        assert_eq!(Quantity::Weight.default_colormap(), Colormap::default());
    }

    #[test]
    fn what_has_a_center_has_diverging_colours() {
        for quantity in Quantity::ALL {
            let is_diverging = quantity.default_colormap().is_diverging() && quantity != Quantity::Weight;
            assert_eq!(is_diverging, quantity.center().is_some(), "{quantity}");
        }
    }
}
