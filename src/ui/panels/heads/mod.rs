//! The browser of all layers and heads: thumbnails, a table or a map, beside the panels or in their place.

mod atlas;
mod bar;
mod browser;
mod cursor;
mod effects;
mod export;
mod filter;
mod gallery;
mod gestures;
mod listing;
mod map;
mod presets;
mod ranking;
mod table;
mod target;
mod thumbnails;
mod ticking;
mod ticks;
mod written;

use std::sync::Arc;

use egui::{CentralPanel, Context, Key, Modifiers, Ui};

use crate::{
    engine::{HeadsQuestion, OpenSource, Question as _, Service, ShipsOf, SourceId, Under},
    figure::{Ground, Palette, Quantity},
    session::{Command, HeadsPlace, Session},
    ui::{
        memo::{Memo, Same},
        panels::controls::{Turn, turns_ui},
        shell::{
            action::Actions,
            part::{Modality, Part, PartContext},
            preferences::{HeadsList, HeadsTab as Tab},
            sides::HeadsAt,
        },
        theme::space,
        widgets::{Edge, side_panel},
    },
};
use browser::{Browser, selected};
use gallery::Thumbnails;
use listing::Shows;

/// The browser of heads, where it is open.
pub struct Heads {
    browser: Browser,
    /// The head on screen that the list was led to last.
    followed: Option<usize>,
    /// How heads were listed when that was looked at last.
    kept: Option<HeadsList>,
    wanted: Memo<(Same<Session>, SourceId, Ground, usize, Shows), Thumbnails>,
}

impl Heads {
    pub fn new(ctx: &Context, service: &Service) -> Self {
        Self { browser: Browser::new(ctx, service), followed: None, kept: None, wanted: Memo::default() }
    }

    /// At the start lists heads as before; then keeps how they are listed.
    fn remember(&mut self, kept: &mut HeadsList) {
        if self.kept == Some(*kept) {
            *kept = self.browser.choice.list();
        } else {
            self.browser.choice.recall(*kept);
        }
        self.kept = Some(*kept);
    }

    /// Asks for what the browser shows, while it is open. Does nothing where that was asked already.
    fn ask(&mut self, source: &Arc<OpenSource>, cx: &PartContext<'_>) {
        let (session, browser) = (cx.session, &mut self.browser);
        browser.effects.ships.keep_if(source, session.prompt());
        if !session.view().heads {
            if browser.gallery.is_busy() {
                browser.gallery.retry();
            }
            browser.cursor.at = None;
            return;
        }
        let (ground, side) = (cx.ground(), thumbnails::side_pixels(cx.egui.pixels_per_point()));
        let shows = browser.choice.shows;
        let wanted = self.wanted.get((Same::of(session), source.id(), ground, side, shows), || {
            let under =
                if source.facts().kind.has_vectors() { shows.under(selected_under(session)) } else { Under::Baseline };
            let heads = HeadsQuestion { source: source.id(), spec: session.run_spec(), under };
            Thumbnails { heads, palette: palette(session, ground), side }.canonical()
        });
        browser.gallery.ask(source, wanted);
        let under = wanted.heads.under;
        browser.effects.written.follow(source, session, under, &session.view().target);
        let shown = session.layer() * source.facts().n_heads + session.head();
        // Beside the panels the list follows what they show.
        let follows = browser.at == HeadsAt::Beside && self.followed != Some(shown);
        self.followed = Some(shown);
        if browser.cursor.at.is_none() || (follows && browser.cursor.at != Some(shown)) {
            browser.cursor.at = Some(shown);
            browser.cursor.wanted = true;
        }
    }

    /// Everything, into all the room there is.
    fn browser_ui(&mut self, ui: &mut Ui, session: &Session, source: &Arc<OpenSource>, actions: &mut Actions) {
        profiling::scope!("heads");
        ui.spacing_mut().item_spacing.y = space::XS;
        let order = self.browser.choice.ranking;
        bar::bar_ui(ui, &mut self.browser, session, source, actions);
        self.browser.arrange(order);
        if let Some(message) = self.browser.gallery.failure() {
            ui.label(message);
        }
        match self.browser.choice.tab {
            Tab::Thumbnails => thumbnails::thumbnails_ui(ui, &mut self.browser, session, actions),
            Tab::Table => table::table_ui(ui, &mut self.browser, session, source.facts().kind, actions),
            Tab::Map => map::map_ui(ui, &mut self.browser, session, actions),
        }
        self.browser.cursor.moved = false;
    }

    /// The keys that move through the list. Asked while no text is edited and no dialog is open. `was_typing`: a text was
    /// edited when the keys were pressed; Enter in a field, which gives the keyboard up, is not for the list.
    fn take_keys(&mut self, ctx: &Context, session: &Session, was_typing: bool, actions: &mut Actions) {
        let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        // A control that has the focus wants its keys for itself: Enter, and arrows, which lead to the next one.
        let focused = ctx.memory(egui::Memory::focused);
        let is_elsewhere = focused.is_some() && !self.browser.cursor.has_focus;
        let is_beside = self.browser.at == HeadsAt::Beside;
        if is_beside {
            // Beside the panels the list shares the keys with them: a pinned cell is moved, unless the list was used last.
            let is_of_panels = focused.is_none() && session.pinned().is_some();
            if is_elsewhere || is_of_panels {
                return;
            }
        } else if pressed(Key::Escape) {
            self.browser.leave_centre(actions);
        }
        let count = self.browser.listing.indices().len();
        let at = self.browser.cursor.at.and_then(|index| self.browser.listing.position(index)).unwrap_or(0);
        let (columns, page) =
            (self.browser.cursor.columns.max(1), self.browser.cursor.columns.max(1) * self.browser.cursor.rows.max(1));
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
        if let Some(&index) = target.and_then(|target| self.browser.listing.indices().get(target)) {
            self.browser.cursor.at = Some(index);
            self.browser.cursor.moved = true;
            if is_beside {
                self.browser.choose(index, actions);
            }
            ctx.request_repaint();
        }
        // One that has the focus is clicked by Enter anyway.
        if focused.is_none()
            && !was_typing
            && pressed(Key::Enter)
            && let Some(index) = self.browser.cursor.at.filter(|&index| self.browser.listing.position(index).is_some())
        {
            if is_beside {
                actions.push(Command::PlaceHeads(HeadsPlace::Centre).into());
            } else {
                self.browser.choose(index, actions);
            }
        }
    }
}

impl Part for Heads {
    fn poll(&mut self, cx: &mut PartContext<'_>) {
        let browser = &mut self.browser;
        let failures = [browser.effects.ships.poll(), browser.effects.written.poll(), browser.gallery.poll()];
        for message in failures.into_iter().flatten() {
            cx.toasts.error(message);
        }
        if let Some(saved) = self.browser.export.poll() {
            cx.tell_saved(saved);
        }
    }

    fn wants(&mut self, cx: &mut PartContext<'_>) {
        self.remember(cx.heads_list);
        if let Some(source) = cx.source.clone() {
            self.ask(&source, cx);
        }
    }

    /// Beside the panels.
    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        let before = std::mem::replace(&mut self.browser.at, cx.shown.sides.heads);
        // Elsewhere the list is laid out otherwise.
        self.browser.cursor.wanted |= before != self.browser.at;
        if self.browser.at != HeadsAt::Beside {
            return;
        }
        let sides = cx.shown.sides;
        let dragged = side_panel(ui, "heads", Edge::Right, sides.right, |ui| {
            turns_ui(ui, Turn::Heads, (cx.session.view(), &sides), cx.actions);
            if let Some(source) = cx.source.clone() {
                self.browser_ui(ui, cx.session, &source, cx.actions);
            }
        });
        if dragged.is_some() {
            cx.sizes.heads = dragged;
        }
    }

    /// In their place.
    fn middle_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        if let Some(source) = cx.source.clone().filter(|_| cx.shows_heads()) {
            CentralPanel::default().show(ui, |ui| self.browser_ui(ui, cx.session, &source, cx.actions));
        }
    }

    fn over_ui(&mut self, cx: &mut PartContext<'_>) {
        let browser = &mut self.browser;
        let chosen = browser.export.show(cx.egui);
        browser.saving =
            chosen.or_else(|| browser.saving.take()).filter(|_| browser.export.modality() != Modality::None);
        if browser.saving.is_none() {
            return;
        }
        let Some(tokens) = browser.effects.written.tokens_of_all() else { return };
        if let Some(path) = browser.saving.take() {
            let table = browser.listing.table(&browser.gallery, &browser.effects, tokens);
            let inputs = cx.navigation.inputs().clone();
            browser.export.start(cx.egui, "export", move || export::write(&path, &table, &inputs).map(|()| path));
        }
    }

    fn keys(&mut self, cx: &mut PartContext<'_>) {
        if cx.session.view().heads {
            self.take_keys(cx.egui, cx.session, cx.keyboard.was_typing, cx.actions);
        }
    }

    fn modality(&self) -> Modality {
        self.browser.export.modality()
    }

    /// Whether thumbnails that answer the session are still to come, or something is being ranked or written.
    fn is_busy(&self) -> bool {
        self.browser.gallery.is_busy()
            || self.browser.effects.is_busy()
            || self.browser.saving.is_some()
            || self.browser.export.is_saving()
    }
}

/// Limits that follow the data would be another picture's for every head: weights lie between 0 and 1.
fn palette(session: &Session, ground: Ground) -> Palette {
    let look = session.view().look;
    let (norm, colormap) = match look.quantity {
        Quantity::Weight => (look.norm, look.colormap),
        // The thumbnails show weights, whatever the panels do.
        _ => (Quantity::Weight.default_norm(), Quantity::Weight.default_colormap()),
    };
    Palette::new(colormap, norm.resolve(|| None), look.masked, ground)
}

fn selected_under(session: &Session) -> Under {
    let ShipsOf { component, epsilon, .. } = selected(session);
    Under::Change(component, epsilon)
}
