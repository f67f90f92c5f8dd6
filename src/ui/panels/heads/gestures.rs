//! What is done to a head of a list: it is shown, compared, ticked, copied.

use egui::{Button, Key, Response, Ui};

use super::{browser::Browser, ticks};
use crate::{
    engine::Reference,
    session::{Command, HeadsPlace, Session},
    ui::shell::{
        action::{Action, Actions},
        sides::HeadsAt,
    },
};

/// Carries out what was done to the head at `index`. A click shows it; beside the panels a second click, or Enter, has
/// the list fill the window.
pub fn gestures_ui(response: &Response, heads: &mut Browser, session: &Session, index: usize, actions: &mut Actions) {
    let is_beside = heads.at == HeadsAt::Beside;
    if response.clicked() {
        heads.cursor.at = Some(index);
        let is_entered = response.ctx.input(|input| input.key_pressed(Key::Enter));
        if is_beside && (is_entered || response.double_clicked()) {
            actions.push(Command::PlaceHeads(HeadsPlace::Centre).into());
        } else {
            heads.choose(index, actions);
        }
    }
    response.context_menu(|ui| menu_ui(ui, heads, session, index, actions));
}

fn menu_ui(ui: &mut Ui, heads: &mut Browser, session: &Session, index: usize, actions: &mut Actions) {
    let (layer, head) = heads.place(index);
    let name = format!("layer {}, head {head}", heads.gallery.layers().of(layer));
    let is_shown = (layer, head) == (session.layer(), session.head());
    if ui.button("Show").clicked() {
        heads.choose(index, actions);
    }
    let reference = Reference::Head { layer, head };
    if *session.reference() == reference {
        if ui.button("Stop comparing").clicked() {
            actions.push(Command::Compare(Reference::Baseline).into());
        }
    } else {
        let hint = "Differences are of the head on screen minus this one";
        let button = ui.add_enabled(!is_shown, Button::new("Compare with this head")).on_hover_text(hint);
        if button.on_disabled_hover_text("It is the head on screen").clicked() {
            actions.push(Command::Compare(reference).into());
        }
    }
    let is_ticked = ticks::ticked(heads, session).contains(layer, head);
    let text = if is_ticked { "Take out of the scope" } else { "Add to the scope" };
    if ui.button(text).on_hover_text("The heads that are changed together").clicked() {
        heads.ticks.are_shown = true;
        let position = heads.listing.position(index);
        let command = position.and_then(|position| ticks::after_click(heads, session, position, false));
        actions.extend(command.map(Into::into));
    }
    if ui.button("Copy its name").on_hover_text(&name).clicked() {
        actions.push(Action::Copy { text: name, what: "Layer and head" });
    }
}
