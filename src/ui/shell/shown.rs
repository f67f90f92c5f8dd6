//! What is computed of the session and shown by more than one part.

use crate::{
    engine::Outcome,
    figure::Illegible,
    session::{Cell, Session, document::Follow},
    ui::{
        jobs::pictures::{Frame, Pictures},
        panels::sweep::Curves,
    },
};

/// The panels' pictures and the curves over ε; the cell under the pointer.
pub struct Shown {
    pub pictures: Pictures,
    pub curves: Curves,
    pub hovered: Option<Cell>,
    /// Which token labels no font of the machine can show.
    pub illegible: Option<Illegible>,
    /// What happens when the source changes on the disk.
    pub follow: Follow,
}

impl Shown {
    /// What is on screen, if it answers the session's source and prompt.
    pub fn answer(&self, session: &Session) -> Option<&Outcome> {
        let frame = self.pictures.frame()?;
        let is_answer = frame.spec.source == *session.source() && frame.spec.prompt == *session.prompt();
        is_answer.then_some(&frame.outcome)
    }

    /// What is on screen, once all its panels are there.
    pub fn whole_frame(&self) -> Option<&Frame> {
        self.pictures.frame().filter(|frame| frame.is_whole())
    }
}
