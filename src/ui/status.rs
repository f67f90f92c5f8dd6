//! The line at the bottom: what is shown, and how long the last recompute took.

use egui::{RichText, Ui};

use super::{
    studio::Studio,
    theme::{self, space},
};
use crate::{attention::Operation, session::Session};

pub fn status_ui(ui: &mut Ui, session: &Session, studio: &Studio) {
    let colors = theme::of(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        let Some(frame) = studio.frame() else {
            // After a failure there is nothing to wait for; the reason stands where the picture would be.
            let is_failed = studio.failure().is_some();
            if !is_failed {
                ui.spinner();
            }
            ui.label(RichText::new(if is_failed { "Not opened" } else { "Opening…" }).small());
            return;
        };
        let outcome = &frame.outcome;
        let text = format!(
            "{}  ·  T = {}  ·  layer {} (0 to {}), head {} (0 to {})  ·  scope: {}{}",
            outcome.facts.source,
            outcome.n_positions(),
            outcome.layer,
            outcome.facts.n_layers.saturating_sub(1),
            outcome.head,
            outcome.facts.n_heads.saturating_sub(1),
            session.scope,
            operation(outcome.operation),
        );
        ui.add(egui::Label::new(RichText::new(text).small().color(colors.text_weak)).truncate());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let milliseconds = frame.elapsed.as_secs_f64() * 1e3;
            ui.label(RichText::new(format!("recomputed in {milliseconds:7.2} ms")).small().monospace());
            if studio.failure().is_some() {
                ui.label(RichText::new("shown: the last result").small().color(colors.warning));
            } else if studio.is_slow() {
                ui.spinner();
            }
        });
    });
}

/// Nothing for scaling, which is what is expected.
fn operation(operation: Operation) -> String {
    match operation {
        Operation::Scale => String::new(),
        other => format!("  ·  {other}"),
    }
}
