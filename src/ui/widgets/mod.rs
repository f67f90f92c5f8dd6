//! Painted, reusable widgets: plain arguments in, a small typed response out, no state of the program.
//!
//! Each follows egui's own pattern (size, allocate, interact, paint, describe) and has an accessible name, role and
//! value and a visible keyboard focus.

mod accessible_name;
mod axis_labels;
mod cell_window;
mod colorbar;
mod dialog;
mod epsilon_field;
mod epsilon_input;
mod epsilon_paint;
mod epsilon_scale;
mod epsilon_slider;
pub(super) mod focus;
mod heading;
mod heatmap;
mod segmented;
mod shortened;
mod side_panel;
mod text;
mod toasts;
mod token_chips;
mod tooltip;

pub use accessible_name::with_accessible_name;
pub use axis_labels::{AxisLabels, AxisSide};
pub use cell_window::{CellPoint, CellWindow};
pub use colorbar::{Beyond, Colorbar, swatch};
pub use dialog::{FootButton, dialog, dialog_width, foot, refusal};
pub use epsilon_field::epsilon_field;
pub(super) use epsilon_input::{EpsilonHandle, describe_epsilon};
pub(super) use epsilon_paint::tag;
pub(super) use epsilon_scale::{EpsilonScale, Snap, WHOLE, labelled_decades, rough, rounded_epsilon};
pub use epsilon_slider::EpsilonSlider;
pub use focus::{Arrows, focus_ring, keep_arrows, move_along};
pub use heading::heading;
pub use heatmap::{Freshness, Heatmap, HeatmapResponse, Zoom};
pub use segmented::{Segment, segmented, segmented_row};
pub use shortened::shortened;
pub use side_panel::{Edge, Place, side_panel};
pub use text::{button_width, quoted_token, select_all, visible_token};
pub use toasts::{Toasts, Uncovered};
pub use token_chips::{Chip, ChipKind, ChipsResponse, Tint, TokenChips};
pub use tooltip::{CardPlace, HoverCard};
