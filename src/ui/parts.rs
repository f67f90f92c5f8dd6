//! The list of the window's parts.

use std::sync::Arc;

use crate::{
    engine::{Fingerprints, Service},
    session::Session,
    ui::{
        dialogs::{adapter_base::AdapterBase, open::Open},
        panels::{
            controls::ControlPanel,
            export::{Clipboard, Export},
            following::Following,
            grid::GridPanel,
            heads::Heads,
            inspector::Inspector,
            lessons::Lessons,
            prompt::{PromptBar, TokenStrip},
            sessions::Sessions,
            status::Status,
            sweep::SweepPanel,
            text::TextPanel,
            tour::Tour,
        },
        shell::{
            commands::{KeySheet, Menu, Palette},
            machine_fonts::MachineFonts,
            part::Part,
            setup::Setup,
        },
    },
};

/// All parts, in the order in which they take their room: bars and panels from the edges inwards, what stands in the
/// middle, dialogs over it.
pub fn parts(ctx: &egui::Context, service: &Service, session: &Session, setup: &mut Setup) -> Vec<Box<dyn Part>> {
    let fingerprints = Arc::<Fingerprints>::default();
    vec![
        Box::new(MachineFonts::new(ctx, setup.fonts.clone())),
        Box::<Clipboard>::default(),
        Box::new(Menu),
        Box::new(Sessions::new(ctx, session, setup, fingerprints.clone())),
        Box::new(Following::new(ctx, setup.clock.clone(), setup.handed_over.take())),
        Box::<PromptBar>::default(),
        Box::<Status>::default(),
        Box::<ControlPanel>::default(),
        Box::<SweepPanel>::default(),
        Box::<TextPanel>::default(),
        Box::new(Inspector::new(service)),
        Box::new(Heads::new(ctx, service)),
        Box::<TokenStrip>::default(),
        Box::<GridPanel>::default(),
        Box::new(Export::new(service, fingerprints)),
        Box::new(Open::new(setup.places.clone())),
        Box::<AdapterBase>::default(),
        Box::<KeySheet>::default(),
        Box::<Palette>::default(),
        Box::<Lessons>::default(),
        Box::new(Tour::new(setup.tour, setup.tour_seen.clone())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::panels::token_count::TokenCount;

    #[test]
    fn the_worked_example_could_stand_in_the_list() {
        let part: Box<dyn Part> = Box::new(TokenCount);
        assert!(!part.is_busy());
    }
}
