//! Lessons and the guided tour.

use egui::Context;

use super::App;
use crate::{session::Command, ui::tour::Tour};

impl App {
    /// Both, over everything else. Dialogs, menus and fields take their keys first.
    pub(super) fn help_ui(&mut self, ctx: &Context, is_menu_open: bool) {
        let is_asking = self.export.is_open() || self.open_file.is_open() || self.heads.is_asking();
        let is_typing = ctx.text_edit_focused() || self.was_typing;
        let has_keys = !is_asking && !is_typing && !is_menu_open;
        self.lessons.show(ctx, self.pictures.frame().map(|frame| &frame.outcome), has_keys);
        let session = self.timeline.session();
        let has_arrows = session.pinned().is_none() && !session.view().heads;
        if self.palette.is_open() {
            // It is a short question in the middle of the window: the card would lie over it.
            Tour::stand_back(ctx);
        } else {
            self.tour.show(ctx, has_keys, has_arrows);
        }
        if self.tour.take_finished() {
            self.tour_seen.remember(ctx);
        }
    }

    /// The tour speaks of the panels.
    pub(super) fn start_tour(&mut self, ctx: &Context) {
        let view = self.session().view();
        let (heads, solo) = (view.heads, view.solo);
        if heads {
            self.apply(Command::ToggleHeads);
        }
        if let Some(panel) = solo {
            self.apply(Command::ToggleSolo(panel));
        }
        self.tour.start(ctx);
    }

    /// Whether a file is being written that the window has a part in.
    pub(super) fn is_writing(&self) -> bool {
        self.export.is_busy()
            || self.copies.is_busy()
            || self.recent.is_busy()
            || self.tour_seen.is_busy()
            || self.preferences.is_busy()
    }
}
