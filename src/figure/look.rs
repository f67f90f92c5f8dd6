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
    /// The diverging colours that a logarithmic norm has replaced by sequential ones: another norm brings them back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Colormap>,
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
        (self.quantity, self.norm, self.colormap, self.replaced) = (quantity, norm, colormap, None);
    }

    /// Scales values by `norm`. On a logarithmic scale the pale middle of diverging colours means nothing (of 1e-4 to 1 it
    /// is 1e-2), so that sequential ones take their place, until the scale is another one or colours are chosen.
    pub fn scale_by(&mut self, norm: ColorNorm) {
        let (was_log, is_log) = (self.norm.is_log(), norm.is_log());
        self.norm = norm;
        if is_log && !was_log && self.quantity.center().is_none() && self.colormap.is_diverging() {
            self.replaced = Some(std::mem::replace(&mut self.colormap, Colormap::Viridis));
        } else if was_log && !is_log {
            self.colormap = self.linear_colormap();
            self.replaced = None;
        }
    }

    /// Colours values by `colormap`.
    pub fn color_by(&mut self, colormap: Colormap) {
        (self.colormap, self.replaced) = (colormap, None);
    }

    /// The colours of a norm that is not logarithmic.
    pub fn linear_colormap(&self) -> Colormap {
        self.replaced.unwrap_or(self.colormap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_scale_has_sequential_colours_until_others_are_chosen() {
        let mut look = Look::default();
        look.scale_by(ColorNorm::LOG);
        assert_eq!(look.colormap, Colormap::Viridis);
        look.scale_by("log:1e-3:1".parse().unwrap());
        assert_eq!(look.colormap, Colormap::Viridis);
        look.scale_by(ColorNorm::Auto);
        assert_eq!((look.colormap, look.replaced), (Colormap::BlueRed, None));
        look.scale_by(ColorNorm::LOG);
        look.color_by(Colormap::PuOr);
        look.scale_by(ColorNorm::default());
        assert_eq!(look.colormap, Colormap::PuOr, "what was chosen stays");
        look.color_by(Colormap::Viridis);
        look.scale_by(ColorNorm::LOG);
        look.scale_by(ColorNorm::default());
        assert_eq!(look.colormap, Colormap::Viridis);
        // Of a ratio, 1 is in the middle.
        let mut ratio = Look::of(Quantity::UniformRatio);
        ratio.scale_by("log:0.1:10".parse().unwrap());
        assert_eq!(ratio.colormap, Colormap::RdBu);
        let written = serde_json::to_string(&Look::default()).unwrap();
        assert!(!written.contains("replaced"), "{written}");
    }
}
