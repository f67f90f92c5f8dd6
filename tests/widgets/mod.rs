//! The widgets of the window, driven by pointer, keyboard and accessibility requests, without a screen.

mod choices;
mod field;
mod heatmap;
mod reading;
mod slider;
mod toasts;

use attenuate::{
    attention::Epsilon,
    session::Cell,
    ui::{
        theme,
        widgets::{
            AxisLabels, AxisSide, Beyond, CellPoint, CellWindow, Chip, ChipKind, ChipsResponse, Colorbar,
            EpsilonSlider, Freshness, Heatmap, HoverCard, Segment, Toasts, TokenChips, Uncovered, Zoom, epsilon_field,
            segmented, segmented_row,
        },
    },
};
use egui::{Color32, Event, Key, Modifiers, PointerButton, Pos2, Rect, Role, Ui, Vec2, pos2, vec2};
use egui_kittest::{
    Harness,
    kittest::{NodeT as _, Queryable as _},
};

fn epsilon(text: &str) -> Epsilon {
    text.parse().unwrap()
}

fn harness<'a, State>(ui: impl FnMut(&mut Ui, &mut State) + 'a, state: State) -> Harness<'a, State> {
    Harness::builder().with_size(vec2(800.0, 400.0)).with_context_setup(theme::apply).build_ui_state(ui, state)
}
