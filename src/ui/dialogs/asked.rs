//! What became of what a dialog asked to open: the dialog stays until it is there, and says why it is not.

use egui::Ui;

use crate::{
    engine::SourceSpec,
    ui::{
        shell::{navigation::Navigation, opener::Opening},
        widgets::{FootButton, foot, refusal},
    },
};

/// Why what was asked for did not open, and below it the button that opens. Returns whether that was clicked.
pub fn open_foot(ui: &mut Ui, asked: &Asked, navigation: &Navigation) -> bool {
    if !asked.is_pending() {
        asked.show_ui(ui, navigation);
    }
    let button = FootButton::new("Open", ()).only_if(!asked.is_pending(), "It is being opened");
    let clicked = foot(ui, &[button], |ui| {
        if asked.is_pending() {
            asked.show_ui(ui, navigation);
        }
    });
    clicked.is_some()
}

/// What a dialog asked to open, and why it did not.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Asked {
    #[default]
    Nothing,
    Source(SourceSpec),
    /// A file with a session, whose source is known once it was read.
    Session,
    Refused(String),
}

impl Asked {
    /// Whether it is still to come.
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::Source(_) | Self::Session)
    }

    /// Whether the source is open, or given up. A session says so by actions.
    pub fn is_over(&self, navigation: &Navigation) -> bool {
        let opening = navigation.opening().map(|opening| &opening.source);
        matches!(self, Self::Source(source) if opening != Some(source))
    }

    /// Takes the reason why it did not open. Returns whether it was asked for.
    pub fn take_refusal(&mut self, why: &str) -> bool {
        let is_asked = self.is_pending();
        if is_asked {
            *self = Self::Refused(why.to_owned());
        }
        is_asked
    }

    /// Why it did not open, or that it takes its time: how far it is, and *Cancel*, stand in the line at the bottom.
    fn show_ui(&self, ui: &mut Ui, navigation: &Navigation) {
        match self {
            Self::Refused(why) => refusal(ui, why),
            Self::Source(_) | Self::Session => {
                if navigation.opening().is_some_and(Opening::is_noticeable) {
                    ui.spinner();
                }
            }
            Self::Nothing => {}
        }
    }
}
