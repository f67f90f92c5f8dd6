//! What the model writes in every panel, a line each.

use egui::{Grid, Label, RichText, ScrollArea, Ui};

use super::{panel_texts::AllTexts, token_text::visible};
use crate::{
    attention::PanelId,
    engine::{Continuation, PanelTexts, PanelTextsQuestion, Written},
    session::{Command, Session},
    ui::{
        memo::{Memo, Same},
        notation, numbers,
        panels::inspector::significant,
        shell::action::Actions,
        theme::{self, space},
    },
};

/// Digits of a mean KL.
const DIGITS: usize = 2;

/// The lines of texts: written once for them.
#[derive(Default)]
pub struct Lines {
    baseline: Option<Line>,
    /// In the order of the panels; `None` of a panel that nothing is written for yet.
    panels: Vec<(PanelId, Option<(String, Line)>)>,
}

/// A text on one line, and as it is read aloud.
struct Line {
    shown: String,
    spoken: String,
}

impl Line {
    fn of(written: &Written) -> Self {
        let text = written.text();
        Self { shown: visible(&text).replace('\n', ""), spoken: text }
    }
}

impl Lines {
    pub fn of(question: &PanelTextsQuestion, texts: &PanelTexts) -> Self {
        let panel = |panel| (panel, texts.get(panel).map(|written| (compared(written), Line::of(&written.modified))));
        Self {
            baseline: texts.baseline().map(Line::of),
            panels: question.spec.experiment.epsilon.shape().panels().map(panel).collect(),
        }
    }
}

/// First difference and mean KL.
fn compared(written: &Continuation) -> String {
    let first = written.first_difference().map_or_else(|| "same".to_owned(), |token| format!("from {token}"));
    let kl = written.mean_kl().map_or_else(String::new, |kl| format!(", KL {}", significant(kl, DIGITS)));
    first + &kl
}

/// The baseline's text and that of each panel; a click on a panel's name selects it.
pub fn lines_ui(
    ui: &mut Ui,
    laid_out: &mut Memo<Same<PanelTexts>, Lines>,
    texts: &AllTexts,
    session: &Session,
    actions: &mut Actions,
) {
    let Some((question, written)) = texts.shown() else {
        ui.label(RichText::new("What the model writes behind the prompt…").color(theme::of(ui).text_weak));
        return;
    };
    let lines = laid_out.get(Same::of(written), || Lines::of(question, written));
    let epsilon = &question.spec.experiment.epsilon;
    let selected = session.selected();
    ScrollArea::vertical().id_salt("lines of texts").auto_shrink(false).show(ui, |ui| {
        Grid::new("lines of texts").num_columns(3).spacing([space::M, space::XS]).show(ui, |ui| {
            ui.label(RichText::new("Baseline").small().strong());
            ui.label("");
            if let Some(baseline) = &lines.baseline {
                line_ui(ui, "Baseline", baseline);
            }
            ui.end_row();
            for (panel, line) in &lines.panels {
                let name = numbers::panel_name(panel.component, epsilon[*panel], notation::of(ui));
                panel_ui(ui, (*panel, &name), *panel == selected, line.as_ref(), actions);
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
    written: Option<&(String, Line)>,
    actions: &mut Actions,
) {
    let colors = theme::of(ui);
    let text = RichText::new(name).small().color(colors.components[panel.component.row()]);
    let label = ui.selectable_label(is_selected, text).on_hover_text("Select this panel");
    if label.clicked() {
        actions.push(Command::SelectPanel(panel).into());
    }
    let Some((compared, line)) = written else {
        ui.label("");
        ui.label(RichText::new("…").color(colors.text_weak));
        return;
    };
    let hint = "The first token that is another one, counted from 0, and the mean KL(baseline ‖ modified) in nats";
    ui.label(RichText::new(compared).small().color(colors.text_weak)).on_hover_text(hint);
    line_ui(ui, name, line);
}

/// As much of it as has room.
fn line_ui(ui: &mut Ui, name: &str, line: &Line) {
    let response = ui.add(Label::new(&line.shown).truncate());
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, format!("{name} writes: {}", line.spoken)));
}
