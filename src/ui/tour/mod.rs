//! Five steps through the window: a card beside what it speaks of, and a ring around that. Nothing is blocked: what a
//! step describes can be tried at once.

mod card;
mod landmark;
mod seen;
mod steps;

use egui::{Context, Key, Modifiers};

use landmark::Landmarks;
pub use landmark::{Landmark, landmark, mark};
pub use seen::Seen;
use steps::STEPS;

/// Whether the tour is offered when the window opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TourStart {
    /// As soon as there is a picture to speak of.
    Offer,
    #[default]
    Never,
}

/// The guided tour.
#[derive(Debug, Default)]
pub struct Tour {
    /// The step on screen; `None` while there is no tour.
    step: Option<usize>,
    /// Whether the first step waits for the first picture.
    is_waiting: bool,
    is_finished: bool,
}

/// What was done on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    Back,
    Next,
    Skip,
}

impl Tour {
    pub fn new(start: TourStart) -> Self {
        let is_offered = start == TourStart::Offer;
        Self { step: is_offered.then_some(0), is_waiting: is_offered, is_finished: false }
    }

    /// From the first step, at once.
    pub fn start(&mut self, ctx: &Context) {
        (self.step, self.is_waiting) = (Some(0), false);
        bring_into_view(ctx, 0);
    }

    /// Whether the tour has come to its end or was skipped since this was asked last.
    pub fn take_finished(&mut self) -> bool {
        std::mem::take(&mut self.is_finished)
    }

    /// The card and the rings of the step, after everything else of the frame was drawn. `has_keys` says that no field,
    /// menu or dialog wants Enter, Esc and the arrows for itself; `has_arrows` that no pinned cell does.
    pub fn show(&mut self, ctx: &Context, has_keys: bool, has_arrows: bool) {
        let landmarks = Landmarks::take(ctx);
        let Some(index) = self.step else { return };
        let Some(step) = STEPS.get(index) else { return };
        if self.is_waiting {
            if landmarks.rect(Landmark::Grid).is_none() {
                return;
            }
            self.is_waiting = false;
            bring_into_view(ctx, index);
        }
        let targets: Vec<egui::Rect> = step.landmarks.iter().filter_map(|&mark| landmarks.rect(mark)).collect();
        card::rings_ui(ctx, &targets);
        let clicked = card::card_ui(ctx, index, step, &targets);
        let pressed = if has_keys { pressed(ctx, has_arrows) } else { None };
        if let Some(moved) = clicked.or(pressed) {
            self.go(ctx, index, moved);
        }
    }

    /// In place of [`Self::show`] while something else is in the foreground.
    pub fn stand_back(ctx: &Context) {
        Landmarks::take(ctx);
    }

    fn go(&mut self, ctx: &Context, index: usize, moved: Move) {
        self.step = match moved {
            Move::Back => Some(index.saturating_sub(1)),
            Move::Next => Some(index + 1).filter(|&next| next < STEPS.len()),
            Move::Skip => None,
        };
        match self.step {
            Some(index) => bring_into_view(ctx, index),
            None => self.is_finished = true,
        }
        ctx.request_repaint();
    }
}

/// Scrolls to the step's first landmark in the next frame.
fn bring_into_view(ctx: &Context, step: usize) {
    if let Some(&first) = STEPS.get(step).and_then(|step| step.landmarks.first()) {
        Landmarks::want(ctx, first);
    }
}

/// A widget that has the focus wants Enter and the arrows for itself.
fn pressed(ctx: &Context, has_arrows: bool) -> Option<Move> {
    let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    if pressed(Key::Escape) {
        return Some(Move::Skip);
    }
    if ctx.memory(egui::Memory::focused).is_some() {
        return None;
    }
    if pressed(Key::Enter) || has_arrows && pressed(Key::ArrowRight) {
        Some(Move::Next)
    } else if has_arrows && pressed(Key::ArrowLeft) {
        Some(Move::Back)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tour_has_five_steps_back_skip_and_an_end() {
        let ctx = Context::default();
        let mut tour = Tour::new(TourStart::Offer);
        assert_eq!((tour.step, STEPS.len()), (Some(0), 5));
        tour.go(&ctx, 0, Move::Back);
        assert_eq!(tour.step, Some(0));
        for index in 0..4 {
            tour.go(&ctx, index, Move::Next);
            assert_eq!(tour.step, Some(index + 1));
        }
        assert!(!tour.take_finished());
        tour.go(&ctx, 4, Move::Next);
        assert_eq!(tour.step, None);
        assert!(tour.take_finished() && !tour.take_finished(), "said once");
        tour.start(&ctx);
        tour.go(&ctx, 0, Move::Skip);
        assert!(tour.step.is_none() && tour.take_finished());
        assert_eq!(Tour::new(TourStart::Never).step, None);
    }
}
