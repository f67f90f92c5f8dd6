use serde::{Deserialize, Serialize};

use crate::{
    attention::Component,
    figure::{ColorNorm, Colormap, FigureStyle, LimitsFrom, MaskedStyle, Quantity, Window},
};

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the desktop has it.
    #[default]
    System,
    Light,
    Dark,
}

/// How the numbers are shown; changes none of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    pub quantity: Quantity,
    pub colormap: Colormap,
    pub norm: ColorNorm,
    pub limits_from: LimitsFrom,
    pub masked: MaskedStyle,
    /// The cells in view, the same in all panels; `None` for the whole matrix.
    pub window: Option<Window>,
    /// The panel that is shown alone.
    pub solo: Option<(Component, usize)>,
    /// Whether the panel with the pinned cell's numbers is open.
    pub inspector: bool,
    pub theme: Theme,
    /// Scale of the whole window, 0.75 to 2.5.
    pub ui_scale: f32,
}

impl Default for View {
    fn default() -> Self {
        Self {
            quantity: Quantity::default(),
            colormap: Colormap::default(),
            norm: ColorNorm::default(),
            limits_from: LimitsFrom::default(),
            masked: MaskedStyle::default(),
            window: None,
            solo: None,
            inspector: false,
            theme: Theme::default(),
            ui_scale: 1.0,
        }
    }
}

impl View {
    /// Shows `quantity` in the norm and the colours that fit it.
    pub fn show(&mut self, quantity: Quantity) {
        self.quantity = quantity;
        self.norm = quantity.default_norm();
        self.colormap = quantity.default_colormap();
    }

    /// The figure that looks as the view does.
    pub fn figure_style(&self) -> FigureStyle {
        FigureStyle {
            quantity: self.quantity,
            colormap: self.colormap,
            norm: self.norm,
            limits_from: self.limits_from,
            masked: self.masked,
            ..FigureStyle::default()
        }
    }
}
