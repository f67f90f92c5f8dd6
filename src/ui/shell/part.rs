//! What the window is made of: panels, bars and dialogs, each a [`Part`].

use std::{path::PathBuf, sync::Arc};

use super::{
    action::{Action, Actions},
    navigation::Navigation,
    preferences::{HeadsList, Sizes},
    shown::Shown,
};
use crate::{engine::OpenSource, figure::Ground, session::Session, ui::widgets::Toasts};

/// A panel, bar or dialog of the window. It keeps its own state, asks for what it shows, draws itself and emits actions;
/// it changes nothing else. A new one is a folder of its own and a line in [`parts`](super::parts::parts).
pub trait Part {
    /// Takes in what has arrived for it.
    fn poll(&mut self, _cx: &mut PartContext<'_>) {}

    /// Asks for what goes before everything else: in each frame, before any part is asked what it [wants](Self::wants).
    fn wants_first(&mut self, _cx: &mut PartContext<'_>) {}

    /// Asks for what the session wants of it. Called in every frame: what was asked already is not asked again.
    fn wants(&mut self, _cx: &mut PartContext<'_>) {}

    /// Draws itself into what the parts before it have left of `ui`.
    fn show_ui(&mut self, _ui: &mut egui::Ui, _cx: &mut PartContext<'_>) {}

    /// Draws itself in the middle, into what all parts have left of `ui`.
    fn middle_ui(&mut self, _ui: &mut egui::Ui, _cx: &mut PartContext<'_>) {}

    /// Draws what lies over all panels: dialogs.
    fn over_ui(&mut self, _cx: &mut PartContext<'_>) {}

    /// Takes keys that no widget has taken. Called while no text is edited and no part is modal.
    fn keys(&mut self, _cx: &mut PartContext<'_>) {}

    /// Carries out an action, if it is one of its own.
    fn act(&mut self, _action: &Action, _cx: &mut PartContext<'_>) {}

    /// Takes the reason why something does not open, where its dialog has asked for it: a message belongs to its dialog.
    /// Returns whether it did.
    fn takes_refusal(&mut self, _why: &str) -> bool {
        false
    }

    /// What it keeps from the other parts while it is open.
    fn modality(&self) -> Modality {
        Modality::None
    }

    /// Whether something that it shows or writes is still to come.
    fn is_busy(&self) -> bool {
        false
    }
}

/// What an open part keeps from the others; each keeps what those before it keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Modality {
    #[default]
    None,
    /// Keys that no widget takes: a dialog.
    Keys,
    /// The middle of the window too: a short question.
    Middle,
}

/// What a part looks at, and where it says what it wants.
pub struct PartContext<'a> {
    pub egui: &'a egui::Context,
    /// Another session has another address: what depends on it alone is made once for each.
    pub session: &'a Arc<Session>,
    /// The session's source, once it is open.
    pub source: Option<Arc<OpenSource>>,
    pub navigation: &'a Navigation,
    pub shown: &'a mut Shown,
    /// Of panels that can be dragged.
    pub sizes: &'a mut Sizes,
    /// How heads are listed, from one start to the next.
    pub heads_list: &'a mut HeadsList,
    pub toasts: &'a mut Toasts,
    /// What the gestures of this frame ask for, in order.
    pub actions: &'a mut Actions,
    pub keyboard: Keyboard,
    /// Of all parts.
    pub modality: Modality,
}

/// Who has the keyboard besides dialogs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keyboard {
    pub is_menu_open: bool,
    /// Whether text was being edited at the end of the last frame: then Esc, and Enter in a field, are for that.
    pub was_typing: bool,
}

impl PartContext<'_> {
    /// Whether the browser of heads stands in the place of the grid.
    pub fn shows_heads(&self) -> bool {
        self.shown.sides.heads.is_in_centre() && self.source.is_some()
    }

    /// The ground that pictures are drawn on.
    pub fn ground(&self) -> Ground {
        if self.egui.global_style().visuals.dark_mode { Ground::Dark } else { Ground::Light }
    }

    /// Whether no field, menu or dialog wants keys for itself.
    pub fn has_keys(&self) -> bool {
        let is_typing = self.egui.text_edit_focused() || self.keyboard.was_typing;
        self.modality == Modality::None && !is_typing && !self.keyboard.is_menu_open
    }

    /// Says where something was written, or why it was not.
    pub fn tell_saved(&mut self, saved: Result<PathBuf, String>) {
        match saved {
            Ok(path) => self.toasts.success(format!("Saved {}", path.display())),
            Err(message) => self.toasts.error(message),
        }
    }
}
