//! What leaves the window.

use egui::Context;

use super::App;
use crate::{
    session::Command,
    ui::{
        action::Actions,
        export::{Clipping, Exported, Shown},
    },
};

impl App {
    /// Curves are computed while their panel is open.
    pub(super) fn open_export(&mut self, exported: Exported) {
        if exported == Exported::Sweep && !self.session().view().sweep.open {
            self.apply(Command::ToggleSweep);
        }
        self.export.open(exported);
    }

    pub(super) fn export_ui(&mut self, ctx: &Context, actions: &mut Actions) {
        if !self.export.is_open() {
            return;
        }
        let session = self.timeline.session();
        let shown = Shown {
            session,
            frame: self.pictures.frame().filter(|frame| frame.is_whole() && frame.spec == session.run_spec()),
            sweep: self.sweep.shown().filter(|_| !self.sweep.is_old() && !self.sweep.is_busy()),
            fingerprints: self.sessions.fingerprints(),
            inputs: self.sessions.inputs(),
        };
        self.export.show(ctx, &shown, actions);
    }

    /// What the window shows, in the colours that it has.
    pub(super) fn copy_out(&mut self, ctx: &Context, clipping: Clipping) {
        match self.pictures.frame().filter(|frame| frame.is_whole()) {
            Some(frame) => self.copies.start(ctx, clipping, frame, self.timeline.session().view().figure_style()),
            None => self.toasts.info("The panels are still being computed.".to_owned()),
        }
    }

    /// Asked while the window is drawn: outside, a command for the clipboard goes nowhere.
    pub(super) fn receive_copies(&mut self, ctx: &Context) {
        while let Some(copied) = self.copies.poll(ctx) {
            match copied {
                Ok(message) => self.toasts.success(message.to_owned()),
                Err(message) => self.toasts.error(message),
            }
        }
    }
}
