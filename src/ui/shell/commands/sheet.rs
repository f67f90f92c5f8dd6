//! The sheet under `?`: every command that has a key, and what keys and pointer do within a widget.

use egui::{RichText, Ui};

use super::{entry::Situation, table::table};
use crate::ui::{
    shell::{
        action::Action,
        part::{Part, PartContext},
    },
    theme::space,
    widgets::dialog,
};

/// What is no command: it is done to the widget that has the focus, or with the pointer.
const GESTURES: &[(&str, &str)] = &[
    ("Click", "select the panel and pin the cell"),
    ("Scroll, pinch", "zoom all panels"),
    ("Right drag", "move the zoomed view"),
    ("Double-click", "show the whole matrix again; on a title, one panel alone, and back"),
    ("← →  on the slider", "ε by a tenth of a decade (Shift: finer, Ctrl: a decade)"),
    ("Home  End  on the slider", "ε = 0, ε = 1e2"),
    ("← →  Space  on a token", "move along the tokens; choose it, where the scope’s positions are chosen"),
    ("Arrows, Home, End, Enter  in Heads", "move, and show that head; Esc back to the panels"),
    ("PageUp  PageDown  in a lesson", "scroll"),
];

/// Whether the sheet is open.
#[derive(Debug, Default)]
pub enum KeySheet {
    #[default]
    Closed,
    Open,
}

impl Part for KeySheet {
    /// Esc closes it.
    fn over_ui(&mut self, cx: &mut PartContext<'_>) {
        if matches!(self, Self::Closed) {
            return;
        }
        let situation = Situation::new(cx.navigation, cx.shown);
        let (_, stays) = dialog(cx.egui, "Keyboard and mouse", |ui| {
            ui.horizontal_top(|ui| {
                ui.vertical(|ui| commands_ui(ui, &situation));
                ui.add_space(space::L);
                ui.vertical(gestures_ui);
            });
        });
        if !stays {
            *self = Self::Closed;
        }
    }

    fn act(&mut self, action: &Action, _cx: &mut PartContext<'_>) {
        if *action == Action::ToggleShortcuts {
            *self = match self {
                Self::Closed => Self::Open,
                Self::Open => Self::Closed,
            };
        }
    }
}

fn commands_ui(ui: &mut Ui, situation: &Situation<'_>) {
    egui::Grid::new("keys of commands").num_columns(2).spacing([18.0, 2.0]).show(ui, |ui| {
        for entry in table(situation) {
            let Some(keys) = entry.keys() else { continue };
            ui.label(RichText::new(keys.to_string()).strong());
            ui.label(entry.full_name());
            ui.end_row();
        }
    });
}

fn gestures_ui(ui: &mut Ui) {
    egui::Grid::new("gestures").num_columns(2).spacing([18.0, 2.0]).show(ui, |ui| {
        for &(gesture, meaning) in GESTURES {
            ui.label(RichText::new(gesture).strong());
            ui.label(meaning);
            ui.end_row();
        }
    });
}
