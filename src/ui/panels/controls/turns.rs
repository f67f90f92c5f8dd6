//! The choice between controls and inspector where there is room for one of them.

use egui::Ui;

use crate::{
    session::View,
    ui::{
        shell::{
            action::{Action, Actions},
            sides::Sides,
        },
        theme::space,
        widgets::segmented,
    },
};

/// A panel that takes turns with the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Controls,
    Inspector,
}

/// Above the panel whose turn it is: both names. Nothing where both panels have a place.
pub fn turns_ui(ui: &mut Ui, now: Turn, (view, sides): (&View, &Sides), actions: &mut Actions) {
    if !sides.take_turns(view) {
        return;
    }
    ui.add_space(space::XS);
    let mut turn = now;
    let choices = [
        (Turn::Controls, "Controls", "ε, scope and head"),
        (Turn::Inspector, "Inspector", "The pinned cell’s numbers"),
    ];
    if segmented(ui, "Side panel", &mut turn, &choices) {
        actions.push(Action::ToggleControls);
    }
    ui.add_space(space::XS);
}
