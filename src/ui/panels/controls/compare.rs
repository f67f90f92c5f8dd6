//! What differences are taken from: the baseline, another head, or a view that was kept.

use egui::{DragValue, RichText, Ui};

use super::epsilon::layer_value;
use crate::{
    engine::{Outcome, Reference},
    session::{Command, Session},
    ui::{jobs::pictures::Frame, shell::action::Actions, theme, widgets::with_accessible_name},
};

/// Another head, by its numbers.
pub fn head_ui(ui: &mut Ui, session: &Session, frame: Option<&Frame>, actions: &mut Actions) {
    let reference = &session.reference();
    ui.horizontal(|ui| {
        let is_head = matches!(reference, Reference::Head { .. });
        let (mut layer, mut head) = match reference {
            Reference::Head { layer, head } => (*layer, *head),
            Reference::Baseline | Reference::Base | Reference::InForce | Reference::View(_) => {
                (session.layer(), session.head())
            }
        };
        let hint = "The same panel of another head: this head minus that head";
        let chosen = ui.radio(is_head, "Another head: layer").on_hover_text(hint).clicked();
        let counts = frame.map(|frame| (frame.outcome.facts.n_layers, frame.outcome.facts.n_heads));
        let (n_layers, n_heads) = counts.unwrap_or((layer + 1, head + 1));
        let layers = frame.map(|frame| frame.outcome.facts.layers.clone()).unwrap_or_default();
        let layer_field = layer_value(&mut layer, &layers).range(0..=n_layers.saturating_sub(1)).speed(0.1);
        let moved = with_accessible_name(ui.add(layer_field), "Layer to compare with").changed();
        ui.label("head");
        let head_field = DragValue::new(&mut head).range(0..=n_heads.saturating_sub(1)).speed(0.1);
        let turned = with_accessible_name(ui.add(head_field), "Head to compare with").changed();
        if chosen || moved || turned {
            actions.push(Command::Compare(Reference::Head { layer, head }).into());
        }
    });
}

/// One line, while something else than the baseline is compared with.
pub fn note_ui(ui: &mut Ui, session: &Session, outcome: Option<&Outcome>, actions: &mut Actions) {
    if *session.reference() == Reference::Baseline {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().interact_size.y = 0.0;
        let layers = outcome.map(|outcome| outcome.facts.layers.clone()).unwrap_or_default();
        let text = format!("Differences are from {}.", layers.named(session.reference()).name());
        ui.label(RichText::new(text).small().color(theme::of(ui).text_weak));
        if ui.link(RichText::new("Stop comparing").small()).clicked() {
            actions.push(Command::Compare(Reference::Baseline).into());
        }
    });
}
