//! What the model writes in every panel, a line each.

use egui::{Grid, Label, RichText, ScrollArea, Ui};

use super::{panel_texts::AllTexts, token_text::visible};
use crate::{
    attention::PanelId,
    engine::{Continuation, Written},
    session::{Command, Session},
    ui::{
        notation, numbers,
        panels::inspector::significant,
        shell::action::Actions,
        theme::{self, space},
    },
};

/// Digits of a mean KL.
const DIGITS: usize = 2;

/// The baseline's text and that of each panel; a click on a panel's name selects it.
pub fn lines_ui(ui: &mut Ui, texts: &AllTexts, session: &Session, actions: &mut Actions) {
    let Some((question, written)) = texts.shown() else {
        ui.label(RichText::new("What the model writes behind the prompt…").color(theme::of(ui).text_weak));
        return;
    };
    let epsilon = &question.spec.experiment.epsilon;
    let selected = session.selected();
    ScrollArea::vertical().id_salt("lines of texts").auto_shrink(false).show(ui, |ui| {
        Grid::new("lines of texts").num_columns(3).spacing([space::M, space::XS]).show(ui, |ui| {
            ui.label(RichText::new("Baseline").small().strong());
            ui.label("");
            if let Some(baseline) = written.baseline() {
                line_ui(ui, "Baseline", baseline);
            }
            ui.end_row();
            for panel in epsilon.shape().panels() {
                let name = numbers::panel_name(panel.component, epsilon[panel], notation::of(ui));
                panel_ui(ui, (panel, &name), panel == selected, written.get(panel).map(AsRef::as_ref), actions);
                ui.end_row();
            }
        });
    });
}

/// Name, first difference with KL, and text.
fn panel_ui(
    ui: &mut Ui,
    (panel, name): (PanelId, &str),
    is_selected: bool,
    written: Option<&Continuation>,
    actions: &mut Actions,
) {
    let colors = theme::of(ui);
    let text = RichText::new(name).small().color(colors.components[panel.component.row()]);
    let label = ui.selectable_label(is_selected, text).on_hover_text("Select this panel");
    if label.clicked() {
        actions.push(Command::SelectPanel(panel).into());
    }
    let Some(written) = written else {
        ui.label("");
        ui.label(RichText::new("…").color(colors.text_weak));
        return;
    };
    let first = written.first_difference().map_or_else(|| "same".to_owned(), |token| format!("from {token}"));
    let kl = written.mean_kl().map_or_else(String::new, |kl| format!(", KL {}", significant(kl, DIGITS)));
    let hint = "The first token that is another one, counted from 0, and the mean KL(baseline ‖ modified) in nats";
    ui.label(RichText::new(format!("{first}{kl}")).small().color(colors.text_weak)).on_hover_text(hint);
    line_ui(ui, name, &written.modified);
}

/// A text on one line, as much of it as has room.
fn line_ui(ui: &mut Ui, name: &str, written: &Written) {
    let text = visible(&written.text()).replace('\n', "");
    let response = ui.add(Label::new(&text).truncate());
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Label, true, format!("{name} writes: {}", written.text()))
    });
}
