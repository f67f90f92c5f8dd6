//! What is computed of the session and shown by more than one part.

use egui::Rect;

use super::sides::Sides;
use crate::{
    attention::PanelId,
    engine::Outcome,
    figure::Illegible,
    session::{Cell, Session, document::Follow},
    ui::{
        jobs::pictures::{Frame, Pictures, Working},
        panels::{
            outcome::NextToken,
            sweep::Curves,
            text::{AllTexts, Texts},
        },
        widgets::{Place, Uncovered},
    },
};

/// The panels' pictures and the curves over ε; the cell under the pointer.
pub struct Shown {
    pub pictures: Pictures,
    pub curves: Curves,
    /// The model's, in the selected panel.
    pub next_token: NextToken,
    /// What the model writes behind the prompt, in the selected panel.
    pub texts: Texts,
    /// The same in all panels.
    pub all_texts: AllTexts,
    pub hovered: Option<(PanelId, Cell)>,
    /// Where the figure and the line at the bottom are in this frame; nothing where they are not.
    pub figure: Rect,
    pub status: Rect,
    /// The same of the bar with the prompt and of the tokens below it.
    pub prompt: Rect,
    pub tokens: Rect,
    /// What is free beneath the controls in this frame, where they stand beside the figure; everything where they do not.
    pub beneath_controls: Rect,
    /// Where the panels at both sides of the figure are in this frame.
    pub sides: Sides,
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

    /// What messages keep off.
    pub fn uncovered(&self) -> Uncovered {
        let docked = |place: Place| if let Place::Docked(width) = place { Some(width) } else { None };
        let side = Rect::from_x_y_ranges(self.status.x_range(), self.prompt.bottom()..=self.status.top());
        Uncovered::Figure {
            figure: self.figure,
            status: self.status,
            prompt: self.prompt,
            tokens: self.tokens,
            left: self.beneath_controls,
            controls: docked(self.sides.controls).map(|width| side.with_max_x(side.left() + width)),
            right: docked(self.sides.right).map(|width| side.with_min_x(side.right() - width)),
        }
    }

    /// What is visibly waited for.
    pub fn working(&self) -> Option<Working> {
        let of_next_token = || self.next_token.is_slow().then(|| Working::Details(self.next_token.progress()));
        self.pictures.working().or_else(of_next_token)
    }

    /// Whether something takes so long that it can be given up.
    pub fn can_be_given_up(&self) -> bool {
        self.working().is_some() || self.texts.is_slow() || self.all_texts.is_slow()
    }

    /// Whether something was given up that the session wants.
    pub fn is_given_up(&self) -> bool {
        self.pictures.is_given_up() || self.next_token.is_given_up()
    }

    /// What is on screen, once all its panels are there.
    pub fn whole_frame(&self) -> Option<&Frame> {
        self.pictures.frame().filter(|frame| frame.is_whole())
    }
}
