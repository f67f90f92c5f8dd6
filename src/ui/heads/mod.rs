//! The browser of all layers and heads: thumbnails or a table in the place of the grid.

mod atlas;
mod bar;
mod export;
mod filter;
mod gallery;
mod listing;
mod ranking;
mod table;
mod thumbnails;

use std::{path::PathBuf, sync::Arc};

use egui::{Context, Key, Modifiers, Ui};

use super::{
    action::{Action, Actions},
    theme::space,
};
use crate::{
    engine::{HeadsQuestion, OpenSource, Ranking, Service, ShipsOf, Under},
    figure::{Ground, Palette, Quantity},
    session::{Command, Session, document::Inputs},
};
use export::TableExport;
use gallery::{Gallery, Thumbnails};
use listing::{Choice, Listing, Tab};
use ranking::Ships;

/// The browser's own state; what it shows besides is the session's.
pub struct Heads {
    gallery: Gallery,
    ships: Ships,
    choice: Choice,
    listing: Listing,
    cursor: Cursor,
    export: TableExport,
}

/// Where the keyboard is.
#[derive(Default)]
struct Cursor {
    /// Layer · `n_heads` + head; `None` until the browser opens.
    at: Option<usize>,
    /// It has moved: the list scrolls to it and gives it the focus.
    moved: bool,
    /// The list has to show it, as when the browser opens.
    wanted: bool,
    has_focus: bool,
    /// Heads beside each other, as laid out last.
    columns: usize,
    /// Rows of heads in view, as laid out last.
    rows: usize,
}

impl Heads {
    pub fn new(ctx: &Context, service: &Service) -> Self {
        Self {
            gallery: Gallery::new(ctx, service),
            ships: Ships::new(service),
            choice: Choice::default(),
            listing: Listing::default(),
            cursor: Cursor::default(),
            export: TableExport::default(),
        }
    }

    /// Asks for what the browser shows, while it is open. Does nothing where that was asked already.
    pub fn ask(&mut self, ctx: &Context, session: &Session, source: &Arc<OpenSource>) {
        let spec = session.run_spec();
        self.ships.keep_if(source, &spec);
        if !session.view().heads {
            if self.gallery.is_busy() {
                self.gallery.retry();
            }
            self.cursor.at = None;
            return;
        }
        let view = session.view();
        let ground = if ctx.global_style().visuals.dark_mode { Ground::Dark } else { Ground::Light };
        // Limits that follow the data would be another picture's for every head: weights lie between 0 and 1.
        let (norm, colormap) = match view.look.quantity {
            Quantity::Weight => (view.look.norm, view.look.colormap),
            // The thumbnails show weights, whatever the panels do.
            _ => (Quantity::Weight.default_norm(), Quantity::Weight.default_colormap()),
        };
        let palette = Palette::new(colormap, norm.resolve(|| None), view.look.masked, ground);
        let side = thumbnails::side_pixels(ctx.pixels_per_point());
        let under = if source.facts().kind.has_vectors() {
            self.choice.shows.under(selected_under(session))
        } else {
            Under::Baseline
        };
        let heads = HeadsQuestion { source: source.id(), spec, under };
        self.gallery.ask(source, Thumbnails { heads, palette, side });
        if self.cursor.at.is_none() {
            self.cursor.at = Some(session.layer() * source.facts().n_heads + session.head());
            self.cursor.wanted = true;
        }
    }

    /// Takes in what the threads have sent. Returns what went wrong.
    pub fn poll(&mut self) -> Option<String> {
        self.ships.poll().or(self.gallery.poll())
    }

    /// Where the table was written since the last look, or why it was not.
    pub fn poll_saved(&mut self) -> Option<Result<PathBuf, String>> {
        self.export.poll()
    }

    /// Whether the thumbnails answer the session, and nothing is being ranked or written.
    pub fn is_settled(&self) -> bool {
        !self.gallery.is_busy() && !self.ships.is_busy() && !self.export.is_saving()
    }

    /// Whether a dialog wants the keyboard.
    pub fn is_asking(&self) -> bool {
        self.export.is_open()
    }

    /// Everything, into all the room there is. A saved table replaces nothing of `inputs`.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        session: &Session,
        source: &Arc<OpenSource>,
        inputs: &Inputs,
        actions: &mut Actions,
    ) {
        profiling::scope!("heads");
        ui.spacing_mut().item_spacing.y = space::XS;
        let order = self.choice.ranking;
        bar::bar_ui(ui, self, session, source, actions);
        self.arrange(order);
        if let Some(message) = self.gallery.failure() {
            ui.label(message);
        }
        match self.choice.tab {
            Tab::Thumbnails => thumbnails::thumbnails_ui(ui, self, session, actions),
            Tab::Table => table::table_ui(ui, self, session, actions),
        }
        self.cursor.moved = false;
        self.export.show(ui.ctx(), inputs, || self.listing.table(&self.gallery, &self.ships));
    }

    /// Brings the list up to date with what was chosen.
    fn arrange(&mut self, before: Ranking) {
        self.listing.update(&self.choice, &self.gallery, &self.ships);
        if self.choice.ranking != before {
            // Another order is asked for to see what comes first in it.
            self.cursor.at = self.listing.indices().first().copied();
            self.cursor.wanted = true;
        }
    }

    /// The keys that move through the list. Asked while no text is edited and no dialog is open. `was_typing`: a text was
    /// edited when the keys were pressed; Enter in a field, which gives the keyboard up, is not for the list.
    pub fn keys(&mut self, ctx: &Context, was_typing: bool, actions: &mut Actions) {
        let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Escape) {
            actions.push(Command::ToggleHeads.into());
        }
        // A control that has the focus wants its keys for itself: Enter, and arrows, which lead to the next one.
        let focused = ctx.memory(egui::Memory::focused);
        let is_elsewhere = focused.is_some() && !self.cursor.has_focus;
        let count = self.listing.indices().len();
        let at = self.cursor.at.and_then(|index| self.listing.position(index)).unwrap_or(0);
        let (columns, page) = (self.cursor.columns.max(1), self.cursor.columns.max(1) * self.cursor.rows.max(1));
        let last = count.saturating_sub(1);
        let mut target = None;
        let arrows = [
            (Key::ArrowLeft, at.saturating_sub(1)),
            (Key::ArrowRight, at + 1),
            (Key::ArrowUp, at.checked_sub(columns).unwrap_or(at)),
            (Key::ArrowDown, if at + columns <= last { at + columns } else { at }),
        ];
        let others =
            [(Key::PageUp, at.saturating_sub(page)), (Key::PageDown, at + page), (Key::Home, 0), (Key::End, last)];
        for (key, to) in arrows.into_iter().filter(|_| !is_elsewhere).chain(others) {
            if pressed(key) {
                target = Some(to.min(last));
            }
        }
        if let Some(&index) = target.and_then(|target| self.listing.indices().get(target)) {
            self.cursor.at = Some(index);
            self.cursor.moved = true;
            ctx.request_repaint();
        }
        // One that has the focus is clicked by Enter anyway.
        if focused.is_none()
            && !was_typing
            && pressed(Key::Enter)
            && let Some(index) = self.cursor.at.filter(|&index| self.listing.position(index).is_some())
        {
            self.choose(index, actions);
        }
    }

    /// Shows a head, and the grid.
    fn choose(&self, index: usize, actions: &mut Actions) {
        let n_heads = self.gallery.n_heads().max(1);
        let commands = [Command::SetLayer(index / n_heads), Command::SetHead(index % n_heads), Command::ToggleHeads];
        actions.extend(commands.map(Action::from));
    }

    /// Layer and head.
    fn place(&self, index: usize) -> (usize, usize) {
        let n_heads = self.gallery.n_heads().max(1);
        (index / n_heads, index % n_heads)
    }
}

impl Cursor {
    /// Whether the list has to scroll to it now.
    fn is_called(&mut self) -> bool {
        std::mem::take(&mut self.wanted) || self.moved
    }
}

/// What the selected panel does.
fn selected(session: &Session) -> ShipsOf {
    let component = session.selected().component;
    ShipsOf { component, operation: session.operation(), epsilon: session.selected_epsilon() }
}

fn selected_under(session: &Session) -> Under {
    let ShipsOf { component, epsilon, .. } = selected(session);
    Under::Change(component, epsilon)
}
