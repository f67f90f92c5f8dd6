//! The chips above the panels: tinted by what a token reads, who reads it, and what ε changes in that.

use attenuate::{
    attention::Component,
    session::{Cell, TokenTint},
};
use egui::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::support::Window;
use crate::support::grids::at;

/// What a screen reader says of each chip's colour, by position.
fn tints(window: &Window) -> Vec<Option<String>> {
    let chips = window.harness.get_all_by_role(Role::Button);
    let chips = chips.filter(|node| node.accesskit_node().label().is_some_and(|name| name.starts_with("token ")));
    chips.map(|node| node.accesskit_node().description()).collect()
}

/// The number in it: a part of 1, or a difference.
fn number(said: &str) -> f64 {
    let word = said.split(' ').find_map(|word| word.parse::<f64>().ok()).unwrap();
    if said.contains('%') { word / 100.0 } else { word }
}

/// Every chip says its value, and none where there is too little of it to be seen.
#[track_caller]
fn assert_said(window: &Window, expected: impl Fn(usize) -> f64) {
    let tints = tints(window);
    assert_eq!(tints.len(), window.outcome().n_positions());
    for (position, said) in tints.iter().enumerate() {
        let value = expected(position);
        match said {
            Some(said) => assert!((number(said) - value).abs() < 1e-4, "{position}: {said}, {value}"),
            None => assert!(value.abs() < 0.002, "{position}: {value}"),
        }
    }
}

fn weight(window: &Window, query: usize, key: usize) -> f64 {
    let pattern = &window.outcome().panels[at(Component::Query, 0)].pattern;
    pattern.exact_cell(query, key).map_or(0.0, |cell| f64::from(cell.weight))
}

fn baseline(window: &Window, query: usize, key: usize) -> f64 {
    window.outcome().baseline.pattern.exact_cell(query, key).map_or(0.0, |cell| f64::from(cell.weight))
}

#[test]
fn they_follow_the_cell_the_switch_and_epsilon() {
    let mut window = Window::figure();
    assert!(tints(&window).iter().all(Option::is_none), "of no token");
    let cell = Cell { query: 9, key: 3 };
    let position = window.cell_position(Component::Query, 0, cell);
    window.click_at(position);
    window.leave();
    assert_said(&window, |key| weight(&window, 9, key));
    assert!(tints(&window)[0].as_deref().unwrap().contains(" of what “ a” reads"), "{:?}", tints(&window)[0]);

    window.click(Role::RadioButton, "Who reads it");
    assert_eq!(window.session().view().token_tint, TokenTint::ReadBy);
    assert_said(&window, |query| weight(&window, query, 3));

    window.click(Role::RadioButton, "What changes under ε");
    for epsilon in ["0.1", "0"] {
        window.enter_epsilon(epsilon);
        assert_said(&window, |key| weight(&window, 9, key) - baseline(&window, 9, key));
    }
    window.menu(&["View", "Tokens tinted by"]);
    // The switch beside the tokens has the same choices.
    let entries = window.harness.get_all_by_label("What it reads");
    entries.last().unwrap().click();
    window.settle();
    window.close_menus();
    assert_eq!(window.session().view().token_tint, TokenTint::Reads);
}

#[test]
fn a_chip_that_is_pointed_at_tints_the_others() {
    let mut window = Window::figure();
    let chip = window.harness.get_by_label("token 11: looks").rect().center();
    window.hover(chip);
    assert_said(&window, |key| weight(&window, 11, key));
    window.leave();
    assert!(tints(&window).iter().all(Option::is_none));
}
