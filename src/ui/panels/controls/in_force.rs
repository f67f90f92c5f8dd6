//! Heads that the scope names, and changes that stay in force, as chips.

use egui::{RichText, Ui};

use crate::{
    attention::{HeadSet, Heads, Scope, Shown},
    base::Excerpt,
    session::{Command, Session},
    ui::{
        shell::action::Actions,
        theme::{self, space},
        widgets::with_accessible_name,
    },
};

/// Most heads that have a chip each.
const CHIPS: usize = 24;

/// The heads of a set, each of which can be taken out; the last one leads back to the head on screen.
pub fn set_ui(ui: &mut Ui, scope: &mut Scope, shown: Shown) {
    let Some(set) = &scope.set else { return };
    let heads = set.resolve(shown.n_layers, shown.n_heads);
    let mut left: Option<Heads> = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(space::XS, space::XS);
        for (layer, head) in heads.iter().take(CHIPS) {
            let chip = ui.small_button(format!("{layer}:{head} ×")).on_hover_text("Takes this head out of the scope");
            if with_accessible_name(chip, &format!("Take out layer {layer}, head {head}")).clicked() {
                left = Some(heads.iter().filter(|place| *place != (layer, head)).collect());
            }
        }
        if heads.len() > CHIPS {
            ui.label(RichText::new(format!("and {} more", heads.len() - CHIPS)).small());
        }
        if ui.small_button("Clear").on_hover_text("The scope is the head on screen again").clicked() {
            left = Some(Heads::default());
        }
    });
    if let Some(left) = left {
        scope.set = HeadSet::of(&left, shown.n_heads);
    }
}

/// What is in force beneath the panels, in its order; nothing where nothing is.
pub fn in_force_ui(ui: &mut Ui, session: &Session, actions: &mut Actions) {
    let in_force = session.in_force();
    if in_force.is_empty() {
        return;
    }
    ui.add_space(space::XS);
    ui.label(RichText::new("In force").strong().color(theme::of(ui).text_strong))
        .on_hover_text("Changes that act in every panel, in this order, beneath the panel’s own");
    for (place, change) in in_force.iter().enumerate() {
        // Prompts that vectors are taken from may be long.
        let change = Excerpt::new(&change.to_string());
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            ui.label(RichText::new(change.to_string()).monospace().small());
            if place > 0 {
                let up = ui.small_button("↑").on_hover_text("Acts before the one above it");
                if with_accessible_name(up, &format!("Move up {change}")).clicked() {
                    actions.push(Command::SetInForce(in_force.with_earlier(place)).into());
                }
            }
            let out = ui.small_button("×").on_hover_text("No longer in force");
            if with_accessible_name(out, &format!("Remove {change}")).clicked() {
                actions.push(Command::SetInForce(in_force.without(place)).into());
            }
        });
    }
    let hint = "The selected panel’s change acts in every panel from now on, its heads by their numbers";
    if ui.small_button("Keep this change").on_hover_text(hint).clicked() {
        actions.push(Command::KeepChange.into());
    }
}
