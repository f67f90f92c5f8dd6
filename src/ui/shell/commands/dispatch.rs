//! From keys to the commands that they belong to.

use egui::{Context, Event, Modifiers};

use super::{
    entry::{Entry, Situation},
    keys::{Keys, take},
    table::table,
};
use crate::ui::shell::action::Actions;

/// The actions of key combinations, most of which work also while text is being edited. Asked before any widget, so
/// that none takes an arrow that was pressed together with Alt.
pub fn combinations(ctx: &Context, situation: &Situation<'_>) -> Actions {
    if !is_any_pressed(ctx) {
        return Actions::new();
    }
    let is_typing = ctx.text_edit_focused();
    let mut found: Vec<_> = table(situation)
        .into_iter()
        .filter_map(|entry| match entry.keys()? {
            Keys::Combination { shortcut, in_text } if in_text || !is_typing => Some((shortcut, entry)),
            _ => None,
        })
        .collect();
    // The longer combination first: a shortcut is also met where more modifiers are held. One that cannot be done now
    // takes its keys all the same, or redo would undo where there is nothing to redo.
    found.sort_by_key(|(shortcut, _)| std::cmp::Reverse(shortcut.modifiers.shift));
    found.retain(|(shortcut, _)| ctx.input_mut(|input| take(input, *shortcut)));
    found.into_iter().filter(|(_, entry)| entry.is_possible()).map(|(_, entry)| entry.action).collect()
}

/// The actions of plain keys. Asked after the widgets, which take theirs first, and only while none wants text.
pub fn plain_keys(ctx: &Context, situation: &Situation<'_>) -> Actions {
    if !is_any_pressed(ctx) {
        return Actions::new();
    }
    let mut actions = Actions::new();
    for entry in table(situation).into_iter().filter(Entry::is_possible) {
        let is_pressed = match entry.keys() {
            Some(Keys::Plain(key)) => ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key)),
            Some(Keys::Character(wanted)) => {
                let is_it = |event: &Event| matches!(event, Event::Text(text) if text == wanted);
                ctx.input(|input| input.events.iter().any(is_it))
            }
            Some(Keys::Copy) => ctx.input(|input| input.events.iter().any(|event| matches!(event, Event::Copy))),
            Some(Keys::Combination { .. }) | None => false,
        };
        if is_pressed {
            actions.push(entry.action);
        }
    }
    actions
}

/// Most frames have no key: nothing is asked of the table then.
fn is_any_pressed(ctx: &Context) -> bool {
    let is_key = |event: &Event| matches!(event, Event::Key { pressed: true, .. } | Event::Text(_) | Event::Copy);
    ctx.input(|input| input.events.iter().any(is_key))
}
