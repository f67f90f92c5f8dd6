//! The bar at the top: menus out of the table of commands, the way back, and what is shown.

use egui::{
    Align, Atom, Atoms, Button, Layout, MenuBar, Panel, RadioButton, RectAlign, Response, RichText, TextStyle, Tooltip,
    Ui, UiBuilder, Widget as _,
};

use super::{
    bindings::hint,
    entry::{Entry, Mark, Situation, back_to},
    limits,
    table::{controls, panels, table},
};
use crate::{
    session::Command,
    ui::{
        panels::{
            controls::compared_head_ui,
            tour::{Landmark, mark},
        },
        shell::{
            action::{Action, Actions, Exported},
            part::{Part, PartContext},
        },
        theme::{self, space},
        widgets::{button_width, shortened, swatch, with_accessible_name},
    },
};

/// The menus; what the table has under other names is in none.
const MENUS: [&str; 4] = ["File", "Edit", "View", "Help"];

/// Where the hint of an item stands that has no room at its right.
const BESIDE: [RectAlign; 3] = [RectAlign::RIGHT_END, RectAlign::LEFT_START, RectAlign::LEFT_END];

/// The bar.
pub struct Menu;

impl Part for Menu {
    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        let situation = Situation::new(cx.navigation, cx.shown);
        Panel::top("menu").show(ui, |ui| menu_ui(ui, &situation, cx.actions));
    }
}

/// Menus, the way back, and what is shown.
fn menu_ui(ui: &mut Ui, situation: &Situation<'_>, actions: &mut Actions) {
    MenuBar::new().ui(ui, |ui| {
        for menu in MENUS {
            ui.menu_button(menu, |ui| submenu_ui(ui, &[menu], &table(situation), situation, actions));
        }
        if !situation.has_controls {
            let entry = controls(situation);
            let button = ui.button(&*entry.name).on_hover_text(hint(&entry.hint, &entry.action));
            if button.clicked() {
                actions.push(entry.action);
            }
        }
        if let Some(previous) = situation.previous {
            ui.separator();
            let text = format!("← {}", back_to(previous.source()));
            let hint = hint(&format!("{}: the view before this source was opened", previous.source()), &Action::Back);
            let text = if has_room(ui, &text) { text } else { "← Back".to_owned() };
            if ui.button(text).on_hover_text(hint).clicked() {
                actions.push(Action::Back);
            }
        }
        toolbar_ui(ui, situation, actions);
    });
}

/// Whether a button of that name fits into the bar.
fn has_room(ui: &Ui, name: &str) -> bool {
    button_width(ui, name) <= ui.available_width()
}

/// What is shown, and the buttons at the right end. In a small window the menus alone have what does not fit.
fn toolbar_ui(ui: &mut Ui, situation: &Situation<'_>, actions: &mut Actions) {
    let export = Entry::new(&["File"], "Export figure…", Action::Export(Exported::Figure));
    let mut room = ui.available_width();
    // From the right the one that is wanted most; drawn from left to right, which is how the keyboard goes.
    let mut fitting = Vec::new();
    for entry in [export.hint("The figure, drawn for print")].into_iter().chain(panels(situation.session.view())) {
        let width = button_width(ui, &entry.name);
        if width <= room {
            room -= width;
            fitting.push(entry);
        }
    }
    let size = egui::vec2(room, ui.spacing().interact_size.y);
    let (place, _) = ui.allocate_exact_size(size, egui::Sense::hover());
    if let Some(frame) = situation.frame {
        let in_place = UiBuilder::new().max_rect(place).layout(Layout::right_to_left(Align::Center));
        let color = theme::of(ui).text_weak;
        shortened(&mut ui.new_child(in_place), &frame.outcome.facts.title, TextStyle::Body, color);
    }
    for entry in fitting.into_iter().rev() {
        let button = match entry.mark {
            Mark::Check(mut is_open) => ui.toggle_value(&mut is_open, &*entry.name),
            Mark::None | Mark::Radio(_) => ui.button(&*entry.name),
        };
        let button = button.on_hover_text(hint(&entry.hint, &entry.action));
        match entry.action {
            Action::Session(Command::ToggleInspector) => mark(ui, Landmark::Inspector, button.rect),
            Action::Session(Command::ToggleSweep) => mark(ui, Landmark::Sweep, button.rect),
            Action::Export(_) => mark(ui, Landmark::Export, button.rect),
            _ => {}
        }
        if button.clicked() {
            actions.push(entry.action);
        }
    }
}

/// The items and submenus of the menu at `place`, in the order of the table.
fn submenu_ui(ui: &mut Ui, place: &[&str], entries: &[Entry], situation: &Situation<'_>, actions: &mut Actions) {
    let mut shown: Vec<&str> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.place.starts_with(place)) {
        match entry.place.get(place.len()) {
            None => {
                if let Some(group) = entry.group {
                    ui.separator();
                    if !group.is_empty() {
                        ui.label(RichText::new(group).small().color(theme::of(ui).text_weak));
                    }
                }
                item_ui(ui, entry, actions);
            }
            Some(&submenu) if !shown.contains(&submenu) => {
                shown.push(submenu);
                let place = [place, &[submenu]].concat();
                ui.menu_button(submenu, |ui| submenu_ui(ui, &place, entries, situation, actions));
            }
            Some(_) => {}
        }
    }
    // What has fields of its own cannot be an entry.
    match place {
        ["View", "Limits"] => limits::limits_ui(ui, situation.frame, actions),
        ["View", "Compare with"] => compared_head_ui(ui, situation.session, situation.frame, actions),
        _ => {}
    }
}

fn item_ui(ui: &mut Ui, entry: &Entry, actions: &mut Actions) {
    let at_the_right = entry.detail.clone().or_else(|| entry.keys().map(|keys| keys.to_string()));
    let mut atoms = Atoms::new(&*entry.name);
    if let Some(colormap) = entry.swatch {
        atoms.push_left(swatch(theme::ramp(colormap)));
    }
    if let Some(text) = &at_the_right {
        atoms.push_right(Atom::grow());
        atoms.push_right(RichText::new(text).small().color(theme::of(ui).text_weak));
    }
    let response = ui
        .add_enabled_ui(entry.is_possible(), |ui| match entry.mark {
            Mark::None => Button::new(atoms).ui(ui),
            Mark::Radio(is_chosen) => RadioButton::new(is_chosen, atoms).ui(ui),
            Mark::Check(mut is_on) => ui.checkbox(&mut is_on, atoms),
        })
        .inner;
    let response = with_accessible_name(response, &entry.label());
    match entry.why_not {
        Some(why_not) => hint_ui(&response, Tooltip::for_disabled(&response), why_not),
        None if entry.hint.is_empty() => {}
        None => hint_ui(&response, Tooltip::for_enabled(&response), &entry.hint),
    }
    if response.clicked() {
        actions.push(entry.action.clone());
        if entry.mark == Mark::None {
            ui.close();
        }
    }
}

/// Says beside an item what it does: below it would be the next one.
fn hint_ui(item: &Response, mut tooltip: Tooltip<'_>, text: &str) {
    item.ctx.accesskit_node_builder(item.id, |node| node.set_description(text));
    tooltip.popup = tooltip.popup.align(RectAlign::RIGHT_START).align_alternatives(&BESIDE);
    tooltip.gap(space::M).show(|ui| {
        ui.set_max_width(ui.spacing().tooltip_width);
        ui.label(text);
    });
}
