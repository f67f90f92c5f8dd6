//! The pinned cell: its numbers in all panels, how one of them comes about, its row, and what the interventions do to
//! the model's output.

mod contributions;
mod digits;
mod effect;
mod metrics;
mod next_tokens;
mod panel_table;
mod profile;
mod profile_keys;
mod reading;
mod steps;
mod texts;
mod why;
mod written_tokens;

pub use digits::significant;
pub use next_tokens::{asked_name, distributions_ui, next_tokens_ui};

use egui::{CollapsingHeader, RichText, ScrollArea, Ui};

use crate::{
    attention::PanelId,
    engine::Service,
    session::{Cell, Command, Session},
    ui::{
        jobs::pictures::{Details, Frame},
        numbers,
        panels::{
            controls::{Turn, turns_ui},
            outcome::Answer,
        },
        shell::{
            action::{Action, Actions},
            part::{Part, PartContext},
        },
        theme::{self, space},
        widgets::{Edge, side_panel},
    },
};
use contributions::Contributions;
use panel_table::{Entry, panel_table};
use profile::Profile;
use reading::Reading;
use texts::hint;
use why::WhyTable;
use written_tokens::HeadTokens;

/// What is on the clipboard afterwards.
const PINNED_NUMBERS: &str = "The pinned cell’s numbers";

/// What the inspector remembers between frames.
pub struct Inspector {
    /// Of the pinned cell, evaluated when what it shows has changed.
    reading: Option<Reading>,
    why: WhyTable,
    contributions: Contributions,
    profile: Profile,
    head_tokens: HeadTokens,
}

impl Part for Inspector {
    fn poll(&mut self, _: &mut PartContext<'_>) {
        self.head_tokens.poll();
    }

    fn wants(&mut self, cx: &mut PartContext<'_>) {
        if let Some(source) = &cx.source {
            self.head_tokens.follow(source, cx.session);
        }
    }

    fn is_busy(&self) -> bool {
        self.head_tokens.is_busy()
    }

    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        let (session, shown) = (cx.session, &*cx.shown);
        let Some(frame) = shown.pictures.frame().filter(|_| session.view().inspector) else { return };
        let dragged = side_panel(ui, "inspector", Edge::Right, shown.sides.right, |ui| {
            turns_ui(ui, Turn::Inspector, (session.view(), &shown.sides), cx.actions);
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                self.sections_ui(ui, session, frame, (shown.pictures.details(), shown.next_token.answer()), cx.actions);
            });
        });
        if dragged.is_some() {
            cx.sizes.inspector = dragged;
        }
    }

    /// The pinned cell's numbers of all panels, once they are all there.
    fn act(&mut self, action: &Action, cx: &mut PartContext<'_>) {
        if *action != Action::CopyPinned {
            return;
        }
        let outcome = cx.shown.whole_frame().map(|frame| &frame.outcome);
        let cell = cx.session.pinned();
        if let Some(text) = cell.zip(outcome).and_then(|(cell, outcome)| numbers::cell_table(outcome, cell)) {
            cx.actions.push(Action::Copy { text, what: PINNED_NUMBERS });
        } else if cell.is_none() && cx.egui.output(|output| output.commands.is_empty()) {
            // Unless a label’s marked text was copied.
            cx.toasts.info("No cell is pinned: click one, and its numbers are copied.");
        }
    }
}

impl Inspector {
    pub fn new(service: &Service) -> Self {
        Self {
            reading: None,
            why: WhyTable::default(),
            contributions: Contributions::default(),
            profile: Profile::default(),
            head_tokens: HeadTokens::new(service),
        }
    }

    /// All parts, one below the other.
    fn sections_ui(
        &mut self,
        ui: &mut Ui,
        session: &Session,
        frame: &Frame,
        (details, next_token): (Option<&Details>, Answer<'_>),
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
                section(ui, "Why this weight", |ui| self.why.show(ui, reading, frame, actions));
                section(ui, "Contributions to the score", |ui| self.contributions.show(ui, reading, &frame.outcome));
            }
            section(ui, "Row profile", |ui| self.profile.show(ui, reading, frame));
        }
        section(ui, "Effect on the output", |ui| {
            let next_token = (next_token, &session.view().target);
            effect::effect_ui(ui, &frame.outcome, selected, details, next_token, actions);
        });
        folded_section(ui, "What the head writes", |ui| self.head_tokens.list_ui(ui, &frame.outcome));
        section(ui, "Metrics", |ui| metrics::metrics_ui(ui, &frame.outcome, selected, details, actions));
        ui.add_space(space::L);
    }
}

/// A part that folds away under its title.
fn section(ui: &mut Ui, title: &str, contents: impl FnOnce(&mut Ui)) {
    header(ui, title).default_open(true).show_unindented(ui, contents);
}

/// The same, folded away until it is wanted: it takes a run of the model.
fn folded_section(ui: &mut Ui, title: &str, contents: impl FnOnce(&mut Ui)) {
    header(ui, title).show_unindented(ui, contents);
}

fn header(ui: &mut Ui, title: &str) -> CollapsingHeader {
    ui.add_space(space::S);
    let text = RichText::new(title).strong().color(theme::of(ui).text_strong);
    CollapsingHeader::new(text).id_salt(("inspector", title))
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
            actions.push(Action::Copy { text, what: PINNED_NUMBERS });
        }
        if ui.button("Unpin").on_hover_text("Esc").clicked() {
            actions.push(Command::Unpin.into());
        }
    });
}
