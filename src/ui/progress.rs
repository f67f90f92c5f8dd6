//! How far something is that takes its time, and the button that ends it.

use egui::{ProgressBar, RichText, Ui};

use crate::{
    engine::Progress,
    ui::{
        jobs::pictures::Working,
        shell::{
            action::{Action, Actions},
            opener::Opening,
        },
        theme,
        widgets::with_accessible_name,
    },
};

const BAR_WIDTH: f32 = 96.0;
const BAR_HEIGHT: f32 = 8.0;

/// What is being opened, how far it is, and Cancel.
pub fn opening_ui(ui: &mut Ui, opening: &Opening, actions: &mut Actions) {
    let name = opening.source.name();
    let text = match opening.loaded {
        Some(Progress { done, of }) if of > 0 => format!("Opening {name}: {done} of {of} tensors"),
        _ => format!("Opening {name}: reading"),
    };
    bar_ui(ui, opening.fraction(), &format!("Opening {name}"));
    ui.label(RichText::new(text).small()).on_hover_text(opening.source.to_string());
    if cancel_ui(ui, "Cancel opening", "What is on screen stays (Esc)") {
        actions.push(Action::CancelOpening);
    }
}

/// How far the computation is, and Cancel.
pub fn working_ui(ui: &mut Ui, working: Working, actions: &mut Actions) {
    let (what, progress) = match working {
        Working::Panels(progress) => ("Computing", progress),
        Working::Details(progress) => ("Effect on the output", progress),
    };
    let text =
        progress.map_or_else(|| format!("{what}…"), |Progress { done, of }| format!("{what}: {done}/{of} layers"));
    let fraction = progress.map_or(0.0, |Progress { done, of }| done as f32 / of.max(1) as f32);
    let mut cancel = |ui: &mut Ui| {
        if cancel_ui(ui, "Cancel computing", "What is on screen stays, marked as older (Esc)") {
            actions.push(Action::CancelComputing);
        }
    };
    let label = |ui: &mut Ui| _ = ui.label(RichText::new(&text).small());
    if ui.layout().prefer_right_to_left() {
        cancel(ui);
        label(ui);
        bar_ui(ui, fraction, what);
    } else {
        bar_ui(ui, fraction, what);
        label(ui);
        cancel(ui);
    }
}

/// A bar that stands still between two words about it: it costs nothing while others compute.
pub fn bar_ui(ui: &mut Ui, fraction: f32, name: &str) {
    let bar = ProgressBar::new(fraction).desired_width(BAR_WIDTH).desired_height(BAR_HEIGHT).fill(theme::of(ui).accent);
    let bar = with_accessible_name(ui.add(bar), name);
    ui.ctx().accesskit_node_builder(bar.id, |node| {
        node.set_numeric_value(f64::from((fraction * 100.0).round()));
        node.set_min_numeric_value(0.0);
        node.set_max_numeric_value(100.0);
    });
}

/// The button that ends it, under an accessible name. Returns whether it was clicked.
pub fn cancel_ui(ui: &mut Ui, name: &str, hint: &str) -> bool {
    with_accessible_name(ui.small_button("Cancel"), name).on_hover_text(hint).clicked()
}
