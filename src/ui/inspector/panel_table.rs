use egui::{Align, Button, Grid, Layout, RichText, Ui, vec2};

use super::panel_name;
use crate::{
    attention::Component,
    engine::Outcome,
    session::Command,
    ui::{
        action::Actions,
        controls::named,
        theme::{self, space},
    },
};

/// Columns whose ε differ between the rows have no ε to be called by.
const COLUMNS: [&str; 3] = ["left", "middle", "right"];

/// A number of one panel.
pub struct Entry {
    pub text: String,
    /// With all digits, for the pointer.
    pub hint: String,
}

impl Entry {
    pub fn awaited() -> Self {
        Self { text: "…".to_owned(), hint: "not computed yet".to_owned() }
    }

    /// Where there is no such number.
    pub fn none() -> Self {
        Self { text: "–".to_owned(), hint: "not defined here".to_owned() }
    }
}

/// Nine numbers as the panels stand. A click on one selects its panel; the one of `selected` is marked.
///
/// `what` is the quantity's accessible name.
pub fn panel_table(
    ui: &mut Ui,
    what: &str,
    outcome: &Outcome,
    selected: (Component, usize),
    actions: &mut Actions,
    entry: impl Fn(Component, usize) -> Entry,
) {
    let weak = theme::of(ui).text_weak;
    let first = ui.text_style_height(&egui::TextStyle::Small) * 3.0;
    let width = ((ui.available_width() - first) / 3.0 - space::XS).max(1.0);
    let cell = |ui: &mut Ui, contents: &mut dyn FnMut(&mut Ui)| {
        let size = vec2(width, ui.spacing().interact_size.y.min(theme::TARGET.y));
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            ui.set_min_width(width);
            contents(ui);
        });
    };
    Grid::new(what).num_columns(4).spacing([space::XS, 0.0]).min_col_width(first).show(ui, |ui| {
        ui.label("");
        for (column, name) in COLUMNS.iter().enumerate() {
            let epsilon = outcome.epsilon[0][column];
            let is_shared = outcome.epsilon.iter().all(|row| row[column] == epsilon);
            let name = if is_shared { format!("ε = {epsilon}") } else { (*name).to_owned() };
            cell(ui, &mut |ui| {
                ui.label(RichText::new(&name).small().color(weak));
            });
        }
        ui.end_row();
        for component in Component::ALL {
            ui.label(RichText::new(component.name()).small().color(weak));
            for column in 0..3 {
                let Entry { text, hint } = entry(component, column);
                let panel = panel_name(outcome, component, column);
                cell(ui, &mut |ui| {
                    let label = RichText::new(&text).monospace();
                    let is_selected = selected == (component, column);
                    let button = Button::selectable(is_selected, label).min_size(vec2(0.0, theme::TARGET.y));
                    ui.spacing_mut().button_padding.x = space::XS;
                    let response = named(ui.add(button), &format!("{what}, {panel}: {text}"));
                    if response.on_hover_text(format!("{panel}\n{hint}")).clicked() {
                        actions.push(Command::SelectPanel { component, column }.into());
                    }
                });
            }
            ui.end_row();
        }
    });
}
