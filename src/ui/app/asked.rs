//! What is asked by name: by menu, key or palette.

use egui::Context;

use super::App;
use crate::ui::{
    action::{Action, Actions},
    commands::{self, Situation},
    numbers,
};

impl App {
    /// What commands depend on.
    pub(super) fn situation<'a>(&'a self, given_up: Option<&'a Action>) -> Situation<'a> {
        Situation {
            session: self.timeline.session(),
            frame: self.pictures.frame(),
            recent: self.recent.sources(),
            previous: self.timeline.before_source().map(|(_, session)| session),
            can_undo: self.timeline.before().is_some(),
            can_redo: self.timeline.after().is_some(),
            given_up,
        }
    }

    /// The sheet of keys and the palette, where they are open.
    pub(super) fn commands_ui(&mut self, ctx: &Context, given_up: Option<&Action>, actions: &mut Actions) {
        let mut shortcuts_open = self.shortcuts_open;
        commands::sheet_ui(ctx, &mut shortcuts_open, &self.situation(given_up));
        self.shortcuts_open = shortcuts_open;
        let mut palette = std::mem::take(&mut self.palette);
        palette.show(ctx, &self.situation(given_up), actions);
        self.palette = palette;
    }

    /// The pinned cell's numbers of all panels, once they are all there.
    pub(super) fn copy_pinned(&mut self, ctx: &Context) {
        let outcome = self.pictures.frame().filter(|frame| frame.is_whole()).map(|frame| &frame.outcome);
        let cell = self.session().pinned();
        if let Some(text) = cell.zip(outcome).and_then(|(cell, outcome)| numbers::cell_table(outcome, cell)) {
            self.act(ctx, Action::Copy { text, what: "The pinned cell’s numbers" });
        }
    }

    /// What Esc gives up when nothing else takes it.
    pub(super) fn escape(&self) -> Option<Action> {
        if self.opener.opening().is_some() {
            Some(Action::CancelOpening)
        } else {
            self.pictures.working().map(|_| Action::CancelComputing)
        }
    }
}

/// Whether no button and no key is held: what comes next is another gesture.
pub(super) fn is_at_rest(ctx: &Context) -> bool {
    ctx.input(|input| !input.pointer.any_down() && input.keys_down.is_empty())
}
