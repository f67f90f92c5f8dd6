//! Both texts side by side, and what they have in common.

use egui::{Align, Label, Layout, RichText, Ui};

use super::{
    Texts,
    column::{Column, LaidOut},
    controls::{controls_ui, of_ui, writing_button_ui},
    lines::{Lines, lines_ui},
    panel_texts::AllTexts,
    side_text::{Side, SideText},
    summary::summary,
};
use crate::{
    engine::{Continuation, PanelTexts},
    session::{Session, TextView, TextsOf, View},
    ui::{
        memo::{Memo, Same},
        progress::{bar_ui, cancel_ui},
        shell::{
            action::{Action, Actions},
            part::{Part, PartContext},
            sides::below,
        },
        theme::{self, space},
        widgets::{Edge, side_panel},
    },
};

/// Height of the panel until it is dragged.
const HEIGHT: f32 = 200.0;
/// It takes no more of a low window until it is dragged.
const SHARE: f32 = 0.33;
/// The summary, headings, and some lines of text.
const LEAST: f32 = 120.0;

const EXPLANATION: &str = "Tokens are counted from 0. Those of the baseline are tinted by KL(baseline ‖ modified) at their \
    step, both reading the baseline’s text up to there; those of the changed text up to the first difference, which has a \
    frame. The tint has 1 − e^(−2 KL) of its full strength.";

/// What the model writes, where it is open.
#[derive(Default)]
pub struct TextPanel {
    summary: Memo<Same<Continuation>, Compared>,
    baseline: LaidOut,
    changed: LaidOut,
    lines: Memo<Same<PanelTexts>, Lines>,
}

/// What both texts have in common.
struct Compared {
    line: String,
    first_difference: Option<usize>,
}

impl Part for TextPanel {
    fn poll(&mut self, cx: &mut PartContext<'_>) {
        cx.shown.texts.poll();
        cx.shown.all_texts.poll();
    }

    fn wants(&mut self, cx: &mut PartContext<'_>) {
        let TextView { open, of, .. } = cx.session.view().text;
        let shows = |one: TextsOf| open && of == one;
        // Of a text that is being typed, the picture is asked for first.
        let is_read = cx.shown.answer(cx.session).is_some() || cx.shown.pictures.failure().is_some();
        let source = cx.source.as_ref().filter(|_| is_read);
        if !shows(TextsOf::AllPanels) && !cx.shown.all_texts.is_drawn {
            cx.shown.all_texts.rest();
        } else if let Some(source) = source {
            cx.shown.all_texts.follow(source, cx.session);
        }
        if !shows(TextsOf::SelectedPanel) {
            cx.shown.texts.rest();
            return;
        }
        if let Some(source) = source {
            cx.shown.texts.follow(source, cx.session);
        }
        if let Some(rest) = cx.shown.texts.is_slow_in() {
            cx.egui.request_repaint_after(rest);
        }
    }

    /// Across the whole width, as the curves.
    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        if !cx.session.view().text.open {
            return;
        }
        profiling::scope!("text");
        let room = ui.available_height();
        let place = below(room, cx.sizes.text.unwrap_or(HEIGHT.min(SHARE * room)), LEAST);
        let dragged = side_panel(ui, "text", Edge::Bottom, place, |ui| match cx.session.view().text.of {
            TextsOf::SelectedPanel => self.texts_ui(ui, &cx.shown.texts, cx.session.view(), cx.actions),
            TextsOf::AllPanels => all_ui(ui, &mut self.lines, &cx.shown.all_texts, cx.session, cx.actions),
        });
        if dragged.is_some() {
            cx.sizes.text = dragged;
        }
    }

    fn act(&mut self, action: &Action, cx: &mut PartContext<'_>) {
        match action {
            Action::CancelComputing => {
                cx.shown.texts.cancel();
                cx.shown.all_texts.cancel();
            }
            Action::Compute => {
                cx.shown.texts.retry();
                cx.shown.all_texts.retry();
            }
            _ => {}
        }
    }
}

/// The whole panel, where it has the texts of all panels.
fn all_ui(
    ui: &mut Ui,
    laid_out: &mut Memo<Same<PanelTexts>, Lines>,
    texts: &AllTexts,
    session: &Session,
    actions: &mut Actions,
) {
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        ui.set_min_height(theme::TARGET.y);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let TextView { writing, of, .. } = session.view().text;
            writing_button_ui(ui, writing, actions);
            of_ui(ui, of, actions);
            if texts.is_given_up() {
                if ui.small_button("Write on").on_hover_text("Write what was cancelled").clicked() {
                    actions.push(Action::Compute);
                }
            } else if texts.is_slow() && cancel_ui(ui, "Cancel writing", "What is there stays (Esc)") {
                actions.push(Action::CancelComputing);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let told = texts.shown().map_or_else(String::new, |(_, texts)| {
                    let [done, of] = texts.progress();
                    if done < of { format!("{done} of {of} panels") } else { format!("{of} panels") }
                });
                ui.add(Label::new(RichText::new(told).small().color(theme::of(ui).text_weak)).truncate());
            });
        });
    });
    match texts.failure() {
        Some(failure) => message_ui(ui, &failure),
        None => lines_ui(ui, laid_out, texts, session, actions),
    }
}

impl TextPanel {
    /// The whole panel, where it has the selected panel's texts.
    fn texts_ui(&mut self, ui: &mut Ui, texts: &Texts, view: &View, actions: &mut Actions) {
        ui.add_space(space::XS);
        let failure = texts.failure();
        let compared = texts.shown().map(|shown| {
            self.summary.get(Same::of(&shown.written), || Compared {
                line: summary(&shown.written),
                first_difference: shown.written.first_difference(),
            })
        });
        ui.horizontal(|ui| {
            // As high with the button as without.
            ui.set_min_height(theme::TARGET.y);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                controls_ui(ui, texts, view.text, actions);
                progress_ui(ui, texts, actions);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let line = compared.filter(|_| failure.is_none()).map_or("", |compared| &*compared.line);
                    let color = if texts.is_outdated() { theme::of(ui).text_weak } else { theme::of(ui).text };
                    ui.add(Label::new(RichText::new(line).small().color(color)).truncate()).on_hover_text(EXPLANATION);
                });
            });
        });
        match (failure, texts.shown().zip(compared)) {
            (Some(failure), _) => message_ui(ui, &failure),
            (None, Some((shown, &Compared { first_difference, .. }))) => {
                let is_outdated = texts.is_outdated();
                let sides = [(Side::Baseline, &mut self.baseline), (Side::Changed, &mut self.changed)];
                ui.spacing_mut().item_spacing = egui::vec2(space::L, space::XS);
                ui.columns(2, |places| {
                    for (ui, (side, laid_out)) in places.iter_mut().zip(sides) {
                        let text = SideText { side, shown, first_difference, target: &view.target };
                        Column { text, is_outdated }.show_ui(ui, laid_out, actions);
                    }
                });
            }
            (None, None) if texts.is_given_up() => {}
            (None, None) => message_ui(ui, "What the model writes behind the prompt…"),
        }
    }
}

/// How far it is and Cancel, or that it was cancelled and the way back; from right to left.
fn progress_ui(ui: &mut Ui, texts: &Texts, actions: &mut Actions) {
    let small = |text: String| RichText::new(text).small();
    if texts.is_given_up() {
        if ui.small_button("Write on").on_hover_text("Write what was cancelled").clicked() {
            actions.push(Action::Compute);
        }
        ui.label(small("cancelled".to_owned()).color(theme::of(ui).warning));
    } else if texts.is_slow() {
        let [done, of] = texts.progress();
        if cancel_ui(ui, "Cancel writing", "What is there stays (Esc)") {
            actions.push(Action::CancelComputing);
        }
        ui.label(small(format!("{done} of {of} tokens")));
        bar_ui(ui, done as f32 / of.max(1) as f32, "Writing");
    }
}

fn message_ui(ui: &mut Ui, message: &str) {
    ui.add(Label::new(RichText::new(message).color(theme::of(ui).text_weak)).wrap());
}
