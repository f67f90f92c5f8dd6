//! How ε is written on screen: the session's notation, known to whatever draws a text.

use egui::{Context, Id, Ui};

use crate::attention::Notation;

fn id() -> Id {
    Id::unique("notation of ε")
}

/// From the next text on.
pub fn set(ctx: &Context, notation: Notation) {
    ctx.data_mut(|data| data.insert_temp(id(), notation));
}

/// What was set last; before, the paper's.
pub fn of(ui: &Ui) -> Notation {
    ui.data(|data| data.get_temp(id())).unwrap_or_default()
}
