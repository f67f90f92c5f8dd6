//! The window with each of its panels.

use attenuate::{
    attention::{Component, Epsilon, Operation, Preset},
    engine::{Bundled, Writing},
    session::{Cell, Command, HeadsPlace, Session},
};
use egui::{Key, Role};
use egui_kittest::kittest::Queryable as _;

use super::window;
use crate::app::support::Window;
use crate::support::captured_figure;

/// From “ strongly” to “<|endoftext|>”.
const SINK: Cell = Cell { query: 5, key: 0 };

fn figure() -> Session {
    captured_figure()
}

fn austen() -> Session {
    Session::example(Bundled::Austen)
}

fn pin(window: &mut Window, cell: Cell) {
    let position = window.cell_position(Component::Query, 0, cell);
    window.click_at(position);
    window.leave();
}

#[test]
fn as_it_opens() {
    window("figure", &figure(), |_| {});
}

#[test]
fn a_prompt_that_was_typed() {
    window("prompt", &figure(), |window| {
        window.type_over(Role::MultilineTextInput, "Prompt", "It was a truth universally acknowledged.");
        // Where the next token takes long, Esc would give it up.
        window.wait_anyhow("the next token", |window| window.harness.state().is_complete());
        window.press(Key::Escape);
    });
}

#[test]
fn the_hover_card_and_the_crosshair() {
    window("hover-card", &figure(), |window| {
        let position = window.cell_position(Component::Query, 1, Cell { query: 10, key: 3 });
        window.hover(position);
    });
}

#[test]
fn the_inspector_of_a_pinned_cell() {
    window("inspector", &figure(), |window| {
        pin(window, SINK);
        window.press(Key::I);
    });
}

#[test]
fn the_inspector_of_a_model() {
    window("inspector-model", &austen(), |window| {
        pin(window, Cell { query: 9, key: 4 });
        window.press(Key::I);
    });
}

#[test]
fn the_sweep() {
    window("sweep", &figure(), |window| {
        window.press(Key::W);
        window.leave();
    });
}

#[test]
fn both_texts() {
    let commands = [
        Command::ToggleText,
        Command::SetWriting(Writing::greedy(16)),
        Command::SetScope(Preset::AllLayers.scope()),
        Command::SetEpsilon(Epsilon::ZERO),
    ];
    window("text", &austen().with(commands), |_| {});
}

#[test]
fn noise() {
    let session = figure().with([Command::SetOperation(Operation::Noise { seed: 3 })]);
    window("noise", &session, |_| {});
}

#[test]
fn all_heads_as_thumbnails() {
    window("heads", &figure().with([Command::PlaceHeads(HeadsPlace::Centre)]), |_| {});
}

#[test]
fn all_heads_beside_the_panels() {
    window("heads-beside", &figure(), |window| window.press(Key::H));
}

#[test]
fn all_heads_as_a_table() {
    window("heads-table", &austen().with([Command::PlaceHeads(HeadsPlace::Centre)]), |window| {
        window.click(Role::RadioButton, "Table");
        window.leave();
    });
}

#[test]
fn one_panel_alone() {
    window("solo", &figure(), |window| {
        window.press(Key::K);
        window.press(Key::S);
    });
}

#[test]
fn compared_with_another_head() {
    window("compare", &figure(), |window| {
        window.menu(&["View", "Compare with", "Another head: layer"]);
        window.close_menus();
        window.click(Role::Button, "Head up");
        window.leave();
    });
}

#[test]
fn every_scope_control() {
    window("scope", &austen(), |window| {
        window.click(Role::RadioButton, "Layers: range");
        window.click(Role::RadioButton, "Heads: KV group");
        window.click(Role::RadioButton, "Positions: chosen tokens");
        for token in ["token 3: be", "token 5: of"] {
            window.harness.get_by_label(token).click();
            window.settle();
        }
        window.leave();
    });
}

#[test]
fn the_logarithm_of_the_weights() {
    window("logarithmic", &figure(), |window| {
        window.menu(&["View", "Colour scale", "Logarithmic, 1e-4 to 1"]);
        window.close_menus();
    });
}

#[test]
fn scores() {
    window("score", &figure(), |window| {
        window.menu(&["View", "Quantity", "Score"]);
        window.close_menus();
    });
}

#[test]
fn a_part_of_the_matrix() {
    window("zoomed", &figure(), |window| {
        let position = window.cell_position(Component::Query, 0, Cell { query: 12, key: 4 });
        window.hover(position);
        window.harness.event(egui::Event::Zoom(3.0));
        window.settle();
        window.leave();
    });
}

#[test]
fn the_palette() {
    window("palette", &figure(), |window| {
        window.press_with(egui::Modifiers::COMMAND, Key::K);
        window.harness.event(egui::Event::Text("colour".to_owned()));
        window.settle();
    });
}

#[test]
fn other_rows_and_columns() {
    window("grid", &figure(), |window| {
        window.click(Role::Button, "Add a column");
        window.menu(&["View", "Rows"]);
        window.harness.get_by_role_and_label(Role::CheckBox, "Key").click();
        window.settle();
        window.close_menus();
        window.leave();
    });
}
