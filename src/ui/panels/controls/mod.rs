//! The controls at the left: operation, ε, scope, and what is shown.

mod compare;
mod epsilon;
mod explain;
mod in_force;
mod others;
mod play;
mod row;
mod rule_facts;
mod scope;
mod turns;

use egui::{Rect, ScrollArea, Ui};

use super::tour::{Landmark, landmark};
use crate::{
    session::Session,
    ui::{
        memo::{Memo, Revision, Same},
        shell::{
            action::Action,
            part::{Part, PartContext},
        },
        widgets::{Edge, Place, side_panel},
    },
};
pub use compare::head_ui as compared_head_ui;
use explain::Explanations;
pub use explain::reaches_earlier_layers;
use others::OthersEditor;
use play::Play;
use scope::ScopeEditor;
pub use scope::after_click;
pub use turns::{Turn, turns_ui};

/// The panel at the left.
#[derive(Default)]
pub struct ControlPanel {
    others: OthersEditor,
    scope: ScopeEditor,
    explanations: Memo<Explained, Explanations>,
    play: Play,
}

/// What is explained: the session, and revisions of frame and details.
type Explained = (Same<Session>, Option<Revision>, Option<Revision>);

impl Part for ControlPanel {
    fn wants(&mut self, cx: &mut PartContext<'_>) {
        // Of a slow source each step is seen before the next; what is typed into the field stays.
        if !cx.shown.pictures.is_busy() && !cx.egui.text_edit_focused() {
            cx.actions.extend(self.play.step(cx.egui, cx.session));
        }
    }

    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        let place = cx.shown.sides.controls;
        let mut beneath = Rect::EVERYTHING;
        let dragged = side_panel(ui, "controls", Edge::Left, place, |ui| {
            turns_ui(ui, Turn::Controls, (cx.session.view(), &cx.shown.sides), cx.actions);
            let drawn = ScrollArea::vertical().auto_shrink(false).show(ui, |ui| self.controls_ui(ui, cx));
            beneath = drawn.inner_rect.with_min_y(drawn.inner_rect.top() + drawn.content_size.y);
        });
        cx.shown.beneath_controls = if matches!(place, Place::Docked(_)) { beneath } else { Rect::EVERYTHING };
        if dragged.is_some() {
            cx.sizes.controls = dragged;
        }
    }

    fn act(&mut self, action: &Action, cx: &mut PartContext<'_>) {
        if *action == Action::ToggleControls
            && let Some(command) = cx.shown.sides.toggle_controls(cx.session.view())
        {
            cx.actions.push(command.into());
        }
        if *action == Action::TogglePlay {
            self.play.toggle(cx.egui, cx.session);
        }
    }
}

impl ControlPanel {
    fn controls_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        profiling::scope!("controls");
        let (session, shown, actions) = (cx.session, &*cx.shown, &mut *cx.actions);
        let (frame, details) = (shown.pictures.frame(), shown.pictures.details());
        let outcome = frame.map(|frame| &frame.outcome);
        let transition = shown.curves.transition(session.rows());
        landmark(ui, Landmark::Slider, |ui| {
            let (motion, others) = (self.play.motion(), &mut self.others);
            epsilon::only_with_vectors(ui, outcome, |ui| {
                epsilon::operation_ui(ui, others, session, outcome, actions);
                epsilon::epsilon_ui(ui, session, transition, motion, actions);
            });
        });
        let said_of = (Same::of(session), frame.map(|frame| frame.revision), details.map(|details| details.revision));
        let explanations = self.explanations.get(said_of, || Explanations::of(session, frame, details));
        epsilon::notes_ui(ui, explanations, actions);
        landmark(ui, Landmark::Scope, |ui| {
            let scope = &mut self.scope;
            epsilon::only_with_vectors(ui, outcome, |ui| scope::scope_ui(ui, scope, session, frame, actions));
        });
        epsilon::shown_ui(ui, session, outcome, explanations.sink.as_ref(), actions);
        compare::note_ui(ui, session, outcome, actions);
    }
}
