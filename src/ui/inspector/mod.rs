//! The pinned cell: its numbers in all panels, how one of them comes about, its row, and what the interventions do to
//! the model's output.

mod contributions;
mod digits;
mod effect;
mod next_tokens;
mod panel_table;
mod profile;
mod profile_keys;
mod reading;
mod steps;
mod why;

use egui::{CollapsingHeader, RichText, Ui};

use super::{
    action::{Action, Actions},
    numbers,
    pictures::{Details, Frame},
    theme::{self, space},
};
use crate::{
    attention::PanelId,
    engine::Outcome,
    figure,
    session::{Cell, Command, Session},
};
use contributions::Contributions;
use panel_table::{Entry, panel_table};
use profile::Profile;
use reading::Reading;

/// What the inspector remembers between frames.
#[derive(Default)]
pub struct Inspector {
    /// Of the pinned cell, evaluated when what it shows has changed.
    reading: Option<Reading>,
    contributions: Contributions,
    profile: Profile,
}

impl Inspector {
    /// All parts, one below the other.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        session: &Session,
        frame: &Frame,
        details: Option<&Details>,
        actions: &mut Actions,
    ) {
        profiling::scope!("inspector");
        // While another number of columns is computed, the grid on screen is the old one.
        let selected = frame.outcome.shape().nearest(session.selected());
        self.reading = session.pinned().and_then(|cell| Reading::renewed(self.reading.take(), frame, cell, selected));
        section(ui, "Pinned cell", |ui| {
            pinned_ui(ui, session.pinned(), frame, self.reading.as_ref(), selected, actions);
        });
        if let Some(reading) = &self.reading {
            if frame.outcome.facts.kind.has_vectors() {
                section(ui, "Why this weight", |ui| why::why_ui(ui, reading, frame, actions));
                section(ui, "Contributions to the score", |ui| self.contributions.show(ui, reading, &frame.outcome));
            }
            section(ui, "Row profile", |ui| self.profile.show(ui, reading, frame));
        }
        section(ui, "Effect on the output", |ui| effect::effect_ui(ui, &frame.outcome, selected, details, actions));
        ui.add_space(space::L);
    }
}

/// A part that folds away under its title.
fn section(ui: &mut Ui, title: &str, contents: impl FnOnce(&mut Ui)) {
    ui.add_space(space::S);
    let text = RichText::new(title).strong().color(theme::of(ui).text_strong);
    CollapsingHeader::new(text).id_salt(("inspector", title)).default_open(true).show_unindented(ui, contents);
}

/// The pinned cell in all panels.
fn pinned_ui(
    ui: &mut Ui,
    pinned: Option<Cell>,
    frame: &Frame,
    reading: Option<&Reading>,
    selected: PanelId,
    actions: &mut Actions,
) {
    let outcome = &frame.outcome;
    let Some(cell) = pinned else {
        hint(ui, "Click a cell to keep its numbers here.");
        return;
    };
    let Cell { query, key } = cell;
    ui.label(format!("{query} {} → {key} {}", numbers::token(outcome, query), numbers::token(outcome, key)));
    let Some(reading) = reading else {
        ui.label(numbers::masked(outcome, cell));
        return;
    };
    ui.label(format!("baseline {}", numbers::weight(reading.baseline_weight())));
    panel_table(ui, "weight", outcome, selected, actions, |panel| {
        reading.weight(panel).map_or_else(Entry::awaited, |weight| Entry {
            text: numbers::steady(weight),
            hint: numbers::weight(weight),
        })
    });
    ui.horizontal(|ui| {
        if ui
            .add_enabled(frame.is_whole(), egui::Button::new("Copy numbers"))
            .on_hover_text("Tab-separated (Ctrl+C)")
            .clicked()
            && let Some(text) = numbers::cell_table(outcome, cell)
        {
            actions.push(Action::Copy { text, what: "The pinned cell’s numbers" });
        }
        if ui.button("Unpin").on_hover_text("Esc").clicked() {
            actions.push(Command::Unpin.into());
        }
    });
}

/// A panel by what is done in it: `Query, ε = 5e-1`.
fn panel_name(outcome: &Outcome, panel: PanelId) -> String {
    if !outcome.facts.kind.has_vectors() {
        return figure::outcome_panel_title(outcome, panel);
    }
    let epsilon = outcome.experiment.epsilon.get(panel).map_or_else(String::new, ToString::to_string);
    format!("{}, ε = {epsilon}", panel.component)
}

/// A remark in the quiet style.
fn hint(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).small().color(theme::of(ui).text_weak));
}
