//! The prompt as a chat: the switch, what the model is told to be, and positions by who says them.

use std::collections::BTreeSet;

use egui::{RichText, TextEdit, Ui};

use crate::{
    attention::{PositionScope, Scope},
    base::Date,
    engine::{Chat, Prompt, Role, Token},
    session::{Command, Session},
    ui::{
        shell::action::Actions,
        theme,
        widgets::{ChipKind, with_accessible_name},
    },
};

/// What the switch is called.
pub const CHAT: &str = "Chat";
const SWITCH: &str = "Put the prompt through the model's chat template, as what a user says: the model answers it";
const DATE: &str = "What a template that asks for today is told: YYYY-MM-DD";
const DATE_WIDTH: f32 = 84.0;
const SYSTEM: &str = "What the model is told to be; empty for what its template says by itself";

/// Whether what is typed goes through the model's chat template. `typed` is what the box of the prompt says.
pub fn switch_ui(ui: &mut Ui, session: &Session, typed: &str, actions: &mut Actions) {
    let mut is_on = matches!(session.prompt(), Prompt::Chat(_));
    if ui.checkbox(&mut is_on, CHAT).on_hover_text(SWITCH).changed() {
        let command = if is_on {
            Command::StartChat { typed: typed.to_owned(), date: Date::today() }
        } else {
            Command::LeaveChat
        };
        actions.push(command.into());
    }
}

/// What the model of a chat is told to be.
pub fn system_ui(ui: &mut Ui, chat: &Chat, actions: &mut Actions) {
    let mut system = chat.system.as_deref().unwrap_or_default().to_owned();
    let field = TextEdit::multiline(&mut system)
        .id_salt("system text")
        .desired_rows(1)
        .desired_width(f32::INFINITY)
        .hint_text("System text…");
    let response = with_accessible_name(ui.add(field), "System text");
    if response.on_hover_text(format!("{SYSTEM}.")).changed() {
        actions.push(Command::SetSystem((!system.is_empty()).then_some(system)).into());
    }
}

/// The day that a template is told which asks for today.
pub fn date_ui(ui: &mut Ui, chat: &Chat, actions: &mut Actions) {
    let id = ui.make_persistent_id("date of the chat");
    let typed = ui.data(|data| data.get_temp::<String>(id));
    let mut text = typed.unwrap_or_else(|| chat.date.to_string());
    let colors = theme::of(ui);
    ui.label(RichText::new("Date").small().color(colors.text_weak));
    let is_date = text.parse::<Date>().is_ok();
    let mut field = TextEdit::singleline(&mut text).id(id).desired_width(DATE_WIDTH);
    if !is_date {
        field = field.text_color(colors.error).background_color(colors.error_soft);
    }
    let response = with_accessible_name(ui.add(field), "Date of the chat").on_hover_text(DATE);
    match text.parse::<Date>() {
        Ok(date) if response.changed() => actions.push(Command::SetDate(date).into()),
        Ok(_) | Err(_) => {}
    }
    // What is half a date is so as long as it is typed.
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, text));
    } else {
        ui.data_mut(|data| data.remove::<String>(id));
    }
}

/// How a token looks by whose it is.
pub const fn kind(role: Role) -> ChipKind {
    match role {
        Role::Text | Role::System => ChipKind::Text,
        Role::Added | Role::Template => ChipKind::Special,
        Role::User => ChipKind::User,
    }
}

/// The positions of whoever says something, to be chosen at once.
pub fn roles_ui(ui: &mut Ui, session: &Session, tokens: &[Token], actions: &mut Actions) {
    if !matches!(session.prompt(), Prompt::Chat(_)) {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new("Choose").small().color(theme::of(ui).text_weak));
        for (role, name) in [(Role::User, "User"), (Role::System, "System"), (Role::Template, "Template")] {
            let positions = tokens.iter().enumerate().filter(|(_, token)| token.role == role);
            let positions: BTreeSet<usize> = positions.map(|(position, _)| position).collect();
            if positions.is_empty() {
                continue;
            }
            let button = ui.small_button(name).on_hover_text("Their tokens, in the place of those that are chosen");
            if with_accessible_name(button, &format!("Choose tokens: {name}")).clicked() {
                let positions = PositionScope::Selection(positions.into());
                actions.push(Command::SetScope(Scope { positions, ..session.scope().clone() }).into());
            }
        }
    });
}
