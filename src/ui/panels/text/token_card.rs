//! What is known of a token that was clicked: both distributions at its step, and the way on from it.

use egui::{Popup, PopupCloseBehavior, Response, RichText, Ui};

use super::side_text::SideText;
use crate::{
    engine::Prompt,
    session::Command,
    ui::{notation, panels::inspector::distributions_ui, shell::action::Actions, theme},
};

/// In points.
const WIDTH: f32 = 320.0;

const ANEW: &str = "The prompt and the text up to this token become the prompt. Means over positions, the size of noise and \
    the like are those of a prompt: they are taken anew.";

/// The card at a token, open from a click on it to a click elsewhere.
pub fn token_card_ui(at: &Response, text: &SideText<'_>, token: usize, actions: &mut Actions) {
    Popup::from_toggle_button_response(at)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .width(WIDTH)
        .show(|ui| contents_ui(ui, text, token, actions));
}

fn contents_ui(ui: &mut Ui, text: &SideText<'_>, token: usize, actions: &mut Actions) {
    ui.set_width(WIDTH);
    ui.label(text.described(token));
    let changed = text.shown.changed_name(notation::of(ui));
    match text.top(token) {
        Some(tokens) => {
            weak_ui(ui, &format!("Next token at this step: baseline above, {changed} below"));
            let color = theme::of(ui).components[text.shown.question.component.row()];
            distributions_ui(ui, tokens, color, text.target, actions);
        }
        None if text.is_behind_difference(token) => {
            let hint = "Both distributions are those behind the baseline’s text. From the first difference on this text is \
                another one: click a token of the baseline’s.";
            weak_ui(ui, hint);
        }
        None => weak_ui(ui, "Both distributions are still to come."),
    }
    if ui.button("Continue from here").on_hover_text(ANEW).clicked() {
        actions.push(Command::Read(Prompt::TokenIds(text.ids_up_to(token))).into());
        ui.close();
    }
    weak_ui(ui, ANEW);
}

fn weak_ui(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).small().color(theme::of(ui).text_weak));
}
