//! The panels in the middle, or what is there before them.

mod colorbar;
mod grid_layout;
mod grid_view;
mod hover_card;
mod hovered;
mod scene;
mod spoken;
#[cfg(test)]
mod tests;
mod textures;
mod titles;

use std::collections::BTreeSet;

use egui::{CentralPanel, Frame, Margin, Rect, Ui};

use crate::{
    attention::{PositionScope, Scope},
    engine::{Bundled, EngineError},
    figure::Ground,
    session::{Command, Session},
    ui::{
        jobs::{
            Failure,
            pictures::{self, Presentation, Request},
        },
        memo::{Memo, Same},
        progress,
        shell::{
            action::Action,
            part::{Part, PartContext},
        },
    },
};
use grid_view::GridState;

/// Left and right of everything in the middle, in points.
const SIDE_MARGIN: i8 = 8;
/// Side of a panel before the first layout is known.
const FIRST_SIDE: usize = 192;

/// The grid; it asks for the pictures that all parts share.
#[derive(Default)]
pub struct GridPanel {
    grid: GridState,
    request: Memo<(Same<Session>, [usize; 2], Ground), Request>,
}

impl Part for GridPanel {
    fn poll(&mut self, cx: &mut PartContext<'_>) {
        let arrivals = cx.shown.pictures.poll();
        if arrivals.frame
            && let Some(frame) = cx.shown.pictures.frame()
        {
            self.grid.textures.update(cx.egui, &frame.pictures);
        }
        if let Some(failure) = arrivals.failure {
            fail(&failure, cx);
        }
    }

    fn wants_first(&mut self, cx: &mut PartContext<'_>) {
        let Some(source) = &cx.source else { return };
        let (session, size, ground) = (cx.session, self.grid.picture_size().unwrap_or([FIRST_SIDE; 2]), cx.ground());
        let request = self.request.get((Same::of(session), size, ground), || {
            let picture = session.view().picture_spec(size, ground);
            let presentation =
                Presentation { picture, selected: session.selected(), inspector: session.view().inspector };
            Request { spec: session.run_spec(), presentation }
        });
        cx.shown.pictures.ask(source, request);
    }

    fn middle_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        cx.shown.figure = Rect::NOTHING;
        if cx.shows_heads() {
            return;
        }
        profiling::scope!("grid");
        // What the panels keep free around them is enough above and below.
        let frame = Frame::central_panel(ui.style()).inner_margin(Margin::symmetric(SIDE_MARGIN, 0));
        CentralPanel::default().frame(frame).show(ui, |ui| match cx.shown.pictures.frame() {
            Some(frame) => {
                let (details, freshness) = (cx.shown.pictures.details(), cx.shown.pictures.freshness(frame));
                let figure = grid_view::grid_ui(ui, &mut self.grid, cx.session, frame, details, freshness, cx.actions);
                cx.shown.figure = figure;
            }
            None => waiting_ui(ui, cx),
        });
        cx.shown.hovered = self.grid.hovered().map(|hovered| (hovered.panel, hovered.cell));
    }

    fn act(&mut self, action: &Action, cx: &mut PartContext<'_>) {
        match action {
            Action::CancelComputing => cx.shown.pictures.cancel(),
            Action::Compute => cx.shown.pictures.retry(),
            _ => {}
        }
    }
}

/// In the place of the first picture.
fn waiting_ui(ui: &mut Ui, cx: &mut PartContext<'_>) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.4);
        if let Some(opening) = cx.navigation.opening().filter(|opening| opening.is_noticeable()) {
            progress::opening_ui(ui, opening, cx.actions);
        } else if let Some(working) = cx.shown.pictures.working() {
            progress::working_ui(ui, working, cx.actions);
        } else if let Some(failure) = cx.shown.pictures.failure() {
            ui.label(failure);
        } else if let Some(message) = cx.navigation.unopened() {
            ui.label(message);
            if ui.button("Try again").clicked() {
                cx.actions.push(Action::Reopen);
            }
            if ui.button("Open the figure").clicked() {
                cx.actions.push(Command::OpenExample(Bundled::Smollm2).into());
            }
        }
    });
}

/// What does not fit the prompt is said beside its box; positions that it does not have leave the scope.
fn fail(failure: &Failure, cx: &mut PartContext<'_>) {
    match failure {
        Failure::Refused(error @ EngineError::NoSuchPosition { n_positions, .. }) => {
            let scope = cx.session.scope();
            let chosen = (0..*n_positions).filter(|&position| scope.positions.contains(position));
            let positions = PositionScope::Selection(chosen.collect::<BTreeSet<_>>().into());
            cx.actions.push(Action::Amend(Command::SetScope(Scope { positions, ..scope.clone() })));
            cx.toasts.info(format!("{error}; it is no longer chosen"));
        }
        Failure::Refused(_) => {}
        Failure::Panicked(_) => cx.toasts.error(pictures::message(failure)),
    }
}
