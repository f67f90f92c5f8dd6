//! Quantities, scales and limits: from the menu to the picture, the card and the colour bar.

use attenuate::{
    attention::Component,
    engine::Fingerprints,
    figure::{ColorNorm, Colormap, FigureStyle, FileFormat, LimitsFrom, Look, Measure, Quantity, draw},
    session::{Cell, document::payload},
};
use egui::{Key, Modifiers, Role, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::support::{Window, shortest};
use crate::support::captured_figure;
use crate::support::grids::at;

const SINK: Cell = Cell { query: 5, key: 0 };

const CHOICES: [(Quantity, &str, &str); 5] = [
    (Quantity::Difference, "Difference from baseline", "difference"),
    (Quantity::UniformRatio, "Ratio to uniform", "ratio to uniform"),
    (Quantity::Score, "Score", "score"),
    (Quantity::WeightedValue, "Weight × ‖value‖", "weight × ‖value‖"),
    (Quantity::Weight, "Attention weight", "weight"),
];

fn exact(window: &mut Window, quantity: Quantity, component: Component, column: usize) -> f64 {
    let outcome = window.expected();
    let measure = Measure::new(quantity, &outcome.panels[at(component, column)], &outcome.baseline).unwrap();
    measure.exact(SINK.query, SINK.key).unwrap()
}

/// What a number among the card's begins with; a unit may follow.
fn number(text: &str) -> f64 {
    text.split([' ', ',']).next().unwrap().parse().unwrap()
}

#[test]
fn every_quantity_is_chosen_by_menu_and_reaches_bar_card_and_screen_reader() {
    let mut window = Window::figure();
    for (quantity, entry, name) in CHOICES {
        window.menu(&["View", "Quantity", entry]);
        window.close_menus();
        let view = window.session().view();
        assert_eq!((view.look.quantity, view.look.norm), (quantity, quantity.default_norm()));
        assert_eq!(view.look.colormap, quantity.default_colormap());
        window.wait("the bar follows", |window| {
            window.harness.query_by_role_and_label(Role::Image, quantity.label()).is_some()
        });
        for (component, column) in [(Component::Query, 0), (Component::Value, 1)] {
            let expected = exact(&mut window, quantity, component, column);
            let position = window.cell_position(component, column, SINK);
            window.hover(position);
            let texts = window.texts();
            let from = texts.iter().position(|text| text.starts_with("query 5 ")).unwrap();
            assert_eq!(texts[from + 1], name, "the quantity comes first");
            let shown = number(&texts[from + 2]);
            assert!((shown - expected).abs() <= 1e-3 * expected.abs() + 1e-6, "{name}: {shown}, {expected}");
            let weight = texts.iter().rposition(|text| text == "weight").map(|at| number(&texts[at + 1])).unwrap();
            let exact_weight = exact(&mut window, Quantity::Weight, component, column);
            assert!((weight - exact_weight).abs() < 1e-7, "the weight as always");
            let said = window.spoken()[component.row()][column].clone();
            let cell = window.outcome().panels[at(component, column)].pattern.exact_cell(SINK.query, SINK.key).unwrap();
            assert!(said.ends_with(&shortest(cell.weight)), "{said}");
            if quantity != Quantity::Weight {
                assert!(said.contains(&format!(": {name} ")), "{said}");
            }
        }
        let masked = window.cell_position(Component::Query, 0, Cell { query: 3, key: 10 });
        window.hover(masked);
        window.assert_text("masked: a token cannot attend to a later one");
        window.leave();
    }
    assert_eq!(*window.session(), captured_figure(), "back at the figure");
}

#[test]
fn the_value_row_offers_the_quantity_that_moves() {
    let mut window = Window::figure();
    assert!(window.harness.query_by_label("Show weight × ‖value‖").is_none());
    window.press(Key::V);
    window.click(Role::Link, "Show weight × ‖value‖");
    assert_eq!(window.session().view().look.quantity, Quantity::WeightedValue);
    let position = window.cell_position(Component::Value, 0, SINK);
    window.click_at(position);
    window.leave();
    let before = window.spoken()[2][0].clone();
    window.enter_epsilon("0.25");
    let halved = exact(&mut window, Quantity::WeightedValue, Component::Value, 0);
    window.wait("the Value row follows ε", |window| window.spoken()[2][0] != before);
    let said = window.spoken()[2][0].clone();
    let value = number(said.split("‖value‖ ").nth(1).unwrap());
    assert!((value - halved).abs() < 1e-5, "{said}: {halved}");
    window.click(Role::Link, "Show the weight");
    assert_eq!(window.session().view().look.quantity, Quantity::Weight);
    window.press(Key::Q);
    assert!(window.harness.query_by_label("Show weight × ‖value‖").is_none(), "Query moves by itself");
}

#[test]
fn limits_are_typed_kept_and_refused() {
    let mut window = Window::figure();
    for name in ["View", "Limits"] {
        window.harness.get_by_label(name).click();
        window.settle();
    }
    assert_eq!(window.value(Role::TextInput, "Highest"), "1");
    window.type_over(Role::TextInput, "Highest", "-2");
    window.assert_text("the lower limit must be below the upper one and both finite, found 0:-2");
    assert!(window.is_disabled(Role::Button, "Use these limits"));
    window.type_over(Role::TextInput, "Highest", "0.5");
    window.click(Role::Button, "Use these limits");
    assert_eq!(window.session().view().look.norm, "0:0.5".parse::<ColorNorm>().unwrap());
    window.close_menus();
    window.leave();
    assert_eq!(window.value(Role::Image, "Attention Weight"), "0.0 to 0.5");
    let bar = window.harness.get_by_role_and_label(Role::Image, "Attention Weight");
    let spread = bar.accesskit_node().description().unwrap();
    assert!(spread.contains(" more.") && !spread.contains(" less"), "{spread}");
}

#[test]
fn limits_of_each_panel_need_an_automatic_scale_and_the_bar_names_its_panel() {
    let mut window = Window::figure();
    let open_limits = |window: &mut Window| {
        for name in ["View", "Limits"] {
            window.harness.get_by_label(name).click();
            window.settle();
        }
    };
    open_limits(&mut window);
    assert!(window.is_disabled(Role::RadioButton, "Of each panel by itself"));
    window.close_menus();
    window.menu(&["View", "Quantity", "Weight × ‖value‖"]);
    window.close_menus();
    open_limits(&mut window);
    window.click(Role::RadioButton, "Of each panel by itself");
    window.close_menus();
    assert_eq!(window.session().view().look.limits_from, LimitsFrom::EachPanel);
    let range = |window: &Window, panel: &str| window.value(Role::Image, &format!("Weight × ‖Value‖ ({panel})"));
    window.leave();
    window.wait("the bar of the selected panel", |window| {
        window.harness.query_by_role_and_label(Role::Image, "Weight × ‖Value‖ (Query, ε = 5e-1)").is_some()
    });
    let query = range(&window, "Query, ε = 5e-1");
    let position = window.cell_position(Component::Value, 1, SINK);
    window.hover(position);
    assert_ne!(range(&window, "Value, ε = 1e-3"), query);
}

#[test]
fn the_exported_figure_is_that_of_the_quantity() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("difference.png");
    let mut window = Window::figure();
    window.menu(&["View", "Quantity", "Difference from baseline"]);
    window.close_menus();
    window.menu(&["View", "Colours", "puor"]);
    window.close_menus();
    window.press_with(Modifiers::COMMAND, Key::E);
    window.type_over(Role::TextInput, "Figure file", &path.display().to_string());
    window.press(Key::Enter);
    window.wait("saved", |_| path.exists());
    let look = Look { colormap: Colormap::PuOr, ..Look::of(Quantity::Difference) };
    let style = FigureStyle { look, ..FigureStyle::default() };
    let outcome = window.expected();
    let session = payload(window.session(), &outcome, &path, &Fingerprints::default()).unwrap();
    let expected = draw(&outcome, &style, FileFormat::Png, Some(&session)).unwrap();
    assert!(std::fs::read(&path).unwrap() == expected);
}

#[test]
fn small_and_large_windows_show_every_quantity() {
    for size in [vec2(900.0, 600.0), vec2(2560.0, 1440.0)] {
        let mut window = Window::sized(captured_figure(), size);
        for (quantity, entry, _) in CHOICES {
            window.menu(&["View", "Quantity", entry]);
            window.close_menus();
            let bar = window.harness.get_by_role_and_label(Role::Image, quantity.label()).rect();
            assert!(bar.right() <= size.x && bar.bottom() <= size.y, "{quantity}: {bar:?}");
            let last = window.panel_rect(Component::Value, 2);
            assert!(bar.left() >= last.right(), "{quantity}: {bar:?} over {last:?}");
        }
    }
}
