//! The tabs above the panel at the right, and the choice between it and the controls where there is room for one of both.

use egui::Ui;

use crate::{
    session::{Command, View},
    ui::{
        shell::{
            action::{Action, Actions},
            sides::{HeadsAt, Sides},
        },
        theme::space,
        widgets::segmented,
    },
};

/// A panel that has its place in turn with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Controls,
    Inspector,
    Heads,
}

/// Above the panel whose turn it is: the names of those that have its place in turn. Nothing above controls that have
/// their own.
pub fn turns_ui(ui: &mut Ui, now: Turn, (view, sides): (&View, &Sides), actions: &mut Actions) {
    let take_turns = sides.take_turns(view);
    if now == Turn::Controls && !take_turns {
        return;
    }
    let choices = [
        (Turn::Controls, "Controls", "ε, scope and head"),
        (Turn::Inspector, "Inspector", "The pinned cell’s numbers"),
        (Turn::Heads, "Heads", "All layers and heads"),
    ];
    let mut turn = now;
    ui.add_space(space::XS);
    if segmented(ui, "Side panel", &mut turn, if take_turns { &choices } else { &choices[1..] }) {
        let open = if sides.heads == HeadsAt::Beside { Turn::Heads } else { Turn::Inspector };
        match turn {
            Turn::Inspector if open != turn => actions.push(Command::ToggleInspector.into()),
            Turn::Heads if open != turn => actions.push(Command::ToggleHeads.into()),
            _ => {}
        }
        if now == Turn::Controls || turn == Turn::Controls {
            actions.push(Action::ToggleControls);
        }
    }
    ui.add_space(space::XS);
}
