//! What the browser of heads keeps between frames.

use egui::Context;

use super::{
    cursor::Cursor,
    effects::Effects,
    export::{TableDialog, table_dialog},
    gallery::Gallery,
    listing::{Cells, Choice, Listing},
    ticking::Ticks,
};
use crate::{
    engine::{Ranking, Service, ShipsOf},
    figure::Ground,
    session::{Command, HeadsPlace, Session},
    ui::{
        memo::{Memo, Revision},
        shell::{
            action::{Action, Actions},
            sides::HeadsAt,
        },
    },
};

/// The browser's own state; what it shows besides is the session's.
pub struct Browser {
    pub at: HeadsAt,
    pub gallery: Gallery,
    pub effects: Effects,
    pub choice: Choice,
    pub listing: Listing,
    pub cursor: Cursor,
    pub export: TableDialog,
    pub ticks: Ticks,
    pub map: Memo<(Option<Revision>, Ground), Cells>,
}

impl Browser {
    pub fn new(ctx: &Context, service: &Service) -> Self {
        Self {
            at: HeadsAt::default(),
            gallery: Gallery::new(ctx, service),
            effects: Effects::new(service),
            choice: Choice::default(),
            listing: Listing::default(),
            cursor: Cursor::default(),
            export: table_dialog(),
            ticks: Ticks::default(),
            map: Memo::default(),
        }
    }

    /// Brings the list up to date with what was chosen.
    pub fn arrange(&mut self, before: Ranking) {
        self.listing.update(&self.choice, &self.gallery, &self.effects);
        if self.choice.ranking != before {
            // Another order is asked for to see what comes first in it.
            self.cursor.at = self.listing.indices().first().copied();
            self.cursor.wanted = true;
        }
    }

    /// Shows a head, and where it is not the grid.
    pub fn choose(&self, index: usize, actions: &mut Actions) {
        let (layer, head) = self.place(index);
        actions.extend([Command::SetLayer(layer), Command::SetHead(head)].map(Action::from));
        self.leave_centre(actions);
    }

    /// Back to the grid: the list stays beside it where it has room.
    pub fn leave_centre(&self, actions: &mut Actions) {
        match self.at {
            HeadsAt::Centre => actions.push(Command::PlaceHeads(HeadsPlace::Beside).into()),
            HeadsAt::OnlyCentre => actions.push(Command::ToggleHeads.into()),
            HeadsAt::Beside | HeadsAt::Closed => {}
        }
    }

    /// Layer and head.
    pub fn place(&self, index: usize) -> (usize, usize) {
        let n_heads = self.gallery.n_heads().max(1);
        (index / n_heads, index % n_heads)
    }
}

/// What the selected panel does.
pub fn selected(session: &Session) -> ShipsOf {
    let component = session.selected().component;
    ShipsOf { component, operation: session.operation().clone(), epsilon: session.selected_epsilon() }
}
