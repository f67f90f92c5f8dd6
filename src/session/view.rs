use serde::{Deserialize, Serialize};

use crate::{
    attention::Component,
    figure::{ColorNorm, Colormap, MaskedStyle, Window},
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
    pub colormap: Colormap,
    pub norm: ColorNorm,
    pub masked: MaskedStyle,
    /// The cells in view, the same in all panels; `None` for the whole matrix.
    pub window: Option<Window>,
    /// The panel that is shown alone.
    pub solo: Option<(Component, usize)>,
    /// Whether the panel with the pinned cell's numbers is open.
    pub inspector: bool,
    /// Whether the browser of all heads is open in the place of the panels.
    pub heads: bool,
    pub theme: Theme,
    /// Scale of the whole window, 0.75 to 2.5.
    pub ui_scale: f32,
}

impl Default for View {
    fn default() -> Self {
        Self {
            colormap: Colormap::default(),
            norm: ColorNorm::default(),
            masked: MaskedStyle::default(),
            window: None,
            solo: None,
            inspector: false,
            heads: false,
            theme: Theme::default(),
            ui_scale: 1.0,
        }
    }
}
