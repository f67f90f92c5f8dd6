use egui::{Align, Button, Grid, Layout, RichText, Ui, vec2};

use crate::{
    attention::PanelId,
    engine::Outcome,
    session::Command,
    ui::{
        column_names, notation, numbers,
        shell::action::Actions,
        theme::{self, space},
        widgets::with_accessible_name,
    },
};

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

/// Numbers as the panels stand. A click on one selects its panel; the one of `selected` is marked.
///
/// `what` is the quantity's accessible name.
pub fn panel_table(
    ui: &mut Ui,
    what: &str,
    outcome: &Outcome,
    selected: PanelId,
    actions: &mut Actions,
    entry: impl Fn(PanelId) -> Entry,
) {
    let (shape, epsilons) = (outcome.shape(), &outcome.experiment.epsilon);
    // Without vectors the one panel is the baseline: it has neither a component nor an ε.
    let has_vectors = outcome.facts.kind.has_vectors();
    let weak = theme::of(ui).text_weak;
    let first = ui.text_style_height(&egui::TextStyle::Small) * 3.0;
    let width = ((ui.available_width() - first) / shape.n_columns() as f32 - space::XS).max(1.0);
    let cell = |ui: &mut Ui, contents: &mut dyn FnMut(&mut Ui)| {
        let size = vec2(width, ui.spacing().interact_size.y.min(theme::TARGET.y));
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            ui.set_min_width(width);
            contents(ui);
        });
    };
    Grid::new(what).num_columns(1 + shape.n_columns()).spacing([space::XS, 0.0]).min_col_width(first).show(ui, |ui| {
        ui.label("");
        for column in shape.columns() {
            let name = if has_vectors { column_names::over(column, epsilons, notation::of(ui)) } else { String::new() };
            cell(ui, &mut |ui| {
                ui.label(RichText::new(&name).small().color(weak));
            });
        }
        ui.end_row();
        for component in shape.rows().iter() {
            let name = if has_vectors { component.name() } else { "Baseline" };
            ui.label(RichText::new(name).small().color(weak));
            for column in shape.columns() {
                let id = PanelId { component, column };
                let Entry { text, hint } = entry(id);
                let panel = numbers::name_of_panel(outcome, id, notation::of(ui));
                cell(ui, &mut |ui| {
                    let label = RichText::new(&text).monospace();
                    let is_selected = selected == id;
                    let button = Button::selectable(is_selected, label).min_size(vec2(0.0, theme::TARGET.y));
                    ui.spacing_mut().button_padding.x = space::XS;
                    let response = with_accessible_name(ui.add(button), &format!("{what}, {panel}: {text}"));
                    if response.on_hover_text(format!("{panel}\n{hint}")).clicked() {
                        actions.push(Command::SelectPanel(id).into());
                    }
                });
            }
            ui.end_row();
        }
    });
}
