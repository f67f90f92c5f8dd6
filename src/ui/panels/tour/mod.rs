//! Five steps through the window: a card beside what it speaks of, and a ring around that. Nothing is blocked: what a
//! step describes can be tried at once.

mod card;
mod landmark;
mod steps;

use std::path::PathBuf;

use egui::{Context, Key, Modifiers};

use crate::{
    session::Command,
    ui::shell::{
        action::Action,
        part::{Modality, Part, PartContext},
        tour_start::{Seen, TourStart},
    },
};
use card::Move;
use landmark::Landmarks;
pub use landmark::{Landmark, landmark, mark};
use steps::STEPS;

/// The guided tour.
pub struct Tour {
    state: State,
    seen: Seen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Off,
    /// The first step waits for the first picture.
    Offered,
    /// The step on screen.
    At(usize),
}

impl Tour {
    /// `seen` is the file that is there once it has been seen.
    pub fn new(start: TourStart, seen: Option<PathBuf>) -> Self {
        let state = match start {
            TourStart::Offer => State::Offered,
            TourStart::Never => State::Off,
        };
        Self { state, seen: Seen::new(seen) }
    }

    /// The card and the rings of the step, after everything else of the frame was drawn. `has_keys` says that no field,
    /// menu or dialog wants Enter, Esc and the arrows for itself; `has_arrows` that no pinned cell does.
    fn card_ui(&mut self, ctx: &Context, has_keys: bool, has_arrows: bool) {
        let landmarks = Landmarks::take(ctx);
        let index = match self.state {
            State::Off => return,
            State::Offered if landmarks.rect(Landmark::Grid).is_none() => return,
            State::Offered => {
                self.state = State::At(0);
                bring_into_view(ctx, 0);
                0
            }
            State::At(index) => index,
        };
        let Some(step) = STEPS.get(index) else { return };
        let targets: Vec<egui::Rect> = step.landmarks.iter().filter_map(|&mark| landmarks.rect(mark)).collect();
        card::rings_ui(ctx, &targets);
        let clicked = card::card_ui(ctx, index, step, &targets);
        let pressed = if has_keys { pressed(ctx, has_arrows) } else { None };
        if let Some(moved) = clicked.or(pressed) {
            self.go(ctx, index, moved);
        }
    }

    fn go(&mut self, ctx: &Context, index: usize, moved: Move) {
        let next = match moved {
            Move::Back => Some(index.saturating_sub(1)),
            Move::Next => Some(index + 1).filter(|&next| next < STEPS.len()),
            Move::Skip => None,
        };
        if let Some(next) = next {
            self.state = State::At(next);
            bring_into_view(ctx, next);
        } else {
            self.state = State::Off;
            self.seen.remember(ctx);
            // The controls are left as they begin.
            Landmarks::want(ctx, Landmark::Slider);
        }
        ctx.request_repaint();
    }
}

impl Part for Tour {
    fn poll(&mut self, cx: &mut PartContext<'_>) {
        if let Some(message) = self.seen.poll() {
            cx.toasts.not_remembered(message);
        }
    }

    fn over_ui(&mut self, cx: &mut PartContext<'_>) {
        if cx.modality == Modality::Middle {
            // The card would lie over what stands there.
            Landmarks::take(cx.egui);
            return;
        }
        let has_arrows = cx.session.pinned().is_none() && !cx.session.view().heads;
        self.card_ui(cx.egui, cx.has_keys(), has_arrows);
    }

    fn act(&mut self, action: &Action, cx: &mut PartContext<'_>) {
        if *action != Action::StartTour {
            return;
        }
        // It speaks of the panels.
        let view = cx.session.view();
        if view.heads {
            cx.actions.push(Command::ToggleHeads.into());
        }
        if let Some(panel) = view.solo {
            cx.actions.push(Command::ToggleSolo(panel).into());
        }
        self.state = State::At(0);
        bring_into_view(cx.egui, 0);
    }

    fn is_busy(&self) -> bool {
        self.seen.is_busy()
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
        let (ctx, folder) = (Context::default(), tempfile::tempdir().unwrap());
        let file = folder.path().join("tour-seen");
        let mut tour = Tour::new(TourStart::Offer, Some(file.clone()));
        assert_eq!((tour.state, STEPS.len()), (State::Offered, 5));
        tour.go(&ctx, 0, Move::Back);
        assert_eq!(tour.state, State::At(0));
        for index in 0..4 {
            tour.go(&ctx, index, Move::Next);
            assert_eq!(tour.state, State::At(index + 1));
        }
        assert!(!tour.is_busy() && !file.exists(), "not seen to its end");
        for (index, moved) in [(4, Move::Next), (0, Move::Skip)] {
            tour.go(&ctx, index, moved);
            assert_eq!(tour.state, State::Off);
            while tour.is_busy() {
                assert_eq!(tour.seen.poll(), None);
                std::thread::yield_now();
            }
            std::fs::remove_file(&file).unwrap();
        }
        assert_eq!(Tour::new(TourStart::Never, None).state, State::Off);
    }
}
