use serde::{Deserialize, Serialize};

use super::{ColorNorm, Colormap, LimitsFrom, MaskedStyle, Pooling, Quantity};

/// How numbers become colours: shared by the window's view, its pictures and the exported figure. Changes no number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    pub quantity: Quantity,
    /// What a pixel shows that covers many cells.
    pub pooling: Pooling,
    pub colormap: Colormap,
    pub norm: ColorNorm,
    pub limits_from: LimitsFrom,
    pub masked: MaskedStyle,
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
