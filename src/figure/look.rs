use serde::{Deserialize, Serialize};

use super::{ColorNorm, Colormap, LimitsFrom, MaskedStyle, Pooling, Quantity};
use crate::attention::Notation;

/// How numbers become colours: shared by the window's view, its pictures and the exported figure. Changes no number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// What is shown of each cell.
    pub quantity: Quantity,
    /// What a pixel shows that covers many cells.
    pub pooling: Pooling,
    /// Colours of the values.
    pub colormap: Colormap,
    /// How a value becomes a place in the colormap.
    pub norm: ColorNorm,
    /// Whether automatic limits are of all panels or of each.
    pub limits_from: LimitsFrom,
    /// How masked cells look.
    pub masked: MaskedStyle,
    /// How titles write ε. Stored where it is not the paper's.
    #[serde(skip_serializing_if = "Notation::is_usual")]
    pub notation: Notation,
}

impl Look {
    /// The default look of `quantity`.
    pub fn of(quantity: Quantity) -> Self {
        Self { colormap: quantity.default_colormap(), norm: quantity.default_norm(), quantity, ..Self::default() }
    }

    /// Shows `quantity` in the norm and the colours that fit it.
    pub fn show(&mut self, quantity: Quantity) {
        let Self { colormap, norm, .. } = Self::of(quantity);
        (self.quantity, self.norm, self.colormap) = (quantity, norm, colormap);
    }
}
