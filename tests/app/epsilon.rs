//! Choosing rows and a column, and every way of setting ε.

use attenuate::{attention::Component, engine::Outcome, session::figure_grid};
use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable as _;

use super::support::Window;
use crate::support::grids::at;

type Spoken = [[String; 3]; 3];

/// The panels that say something else than before.
fn moved(before: &Spoken, after: &Spoken) -> Vec<(Component, usize)> {
    let all = Component::FIGURE.into_iter().flat_map(|component| (0..3).map(move |column| (component, column)));
    all.filter(|&(component, column)| before[component.row()][column] != after[component.row()][column]).collect()
}

#[test]
fn moves_only_the_chosen_row() {
    let mut window = Window::figure();
    window.metrics();
    let before = window.spoken();
    window.click(Role::RadioButton, "Query");
    assert!(window.is_chosen("Query") && !window.is_chosen("All"));
    window.enter_epsilon("0.02");
    window.metrics();
    assert_eq!(moved(&before, &window.spoken()), [(Component::Query, 0)]);
    assert_eq!(window.panel_names()[0], "Modifying Query with ε = 2e-2");
    assert_eq!(window.panel_names()[3], "Modifying Key with ε = 5e-1");

    let before = window.spoken();
    window.click(Role::RadioButton, "Key");
    window.click(Role::RadioButton, "Right");
    assert_eq!(window.value(Role::Slider, "epsilon"), "1e-10", "the slider stands for the chosen panel");
    window.enter_epsilon("3");
    window.metrics();
    assert_eq!(moved(&before, &window.spoken()), [(Component::Key, 2)]);
    window.assert_text("ε > 1 spreads the scores apart");
}

#[test]
fn moves_all_rows_together() {
    let mut window = Window::figure();
    window.metrics();
    let before = window.spoken();
    window.click(Role::RadioButton, "Middle");
    window.enter_epsilon("0.3");
    window.metrics();
    // All three have the new ε; the pattern of the Value row cannot follow in a capture.
    assert_eq!(moved(&before, &window.spoken()), [(Component::Query, 1), (Component::Key, 1)]);
    for (row, component) in Component::FIGURE.into_iter().enumerate() {
        let epsilons = window.session().epsilon().row(component);
        assert_eq!(epsilons.iter().map(ToString::to_string).collect::<Vec<_>>(), ["5e-1", "3e-1", "1e-10"]);
        assert!(window.panel_names()[3 * row + 1].ends_with("with ε = 3e-1"));
    }
}

#[test]
fn rows_and_columns_have_keys() {
    let mut window = Window::figure();
    for (key, name) in [(Key::Q, "Query"), (Key::K, "Key"), (Key::V, "Value"), (Key::A, "All")] {
        window.press(key);
        assert!(window.is_chosen(name), "{name}");
    }
    for (key, name) in [(Key::Num2, "Middle"), (Key::Num3, "Right"), (Key::Num1, "Left column")] {
        window.press(key);
        assert!(window.is_chosen(name), "{name}");
    }
}

#[test]
fn the_slider_follows_the_keyboard_to_both_ends() {
    let mut window = Window::figure();
    window.press(Key::Q);
    window.press(Key::Num2);
    window.harness.get_by_role_and_label(Role::Slider, "epsilon").focus();
    window.settle();
    for (modifiers, key, written) in [
        (Modifiers::NONE, Key::ArrowRight, "1.26e-3"),
        (Modifiers::NONE, Key::ArrowLeft, "1e-3"),
        (Modifiers::CTRL, Key::ArrowRight, "1e-2"),
        (Modifiers::NONE, Key::End, "1e2"),
        (Modifiers::NONE, Key::Home, "0"),
    ] {
        window.press_with(modifiers, key);
        assert_eq!(window.panel_names()[1], format!("Modifying Query with ε = {written}"));
        assert_eq!(window.value(Role::Slider, "epsilon"), written);
        assert_eq!(window.value(Role::TextInput, "epsilon value"), written);
        window.metrics();
    }
    // ε = 0: every row is exactly uniform, so that the entropy is at its maximum.
    assert!(window.spoken()[0][1].ends_with("normalized entropy 1.0000"));
}

#[test]
fn the_slider_takes_values_by_accessibility() {
    let mut window = Window::figure();
    for (asked, written) in [(1e-5, "1e-5"), (0.0, "0"), (0.25, "2.5e-1"), (1e9, "1e2")] {
        window.harness.get_by_role_and_label(Role::Slider, "epsilon").set_value_accesskit(asked);
        window.settle();
        for row in 0..3 {
            assert!(window.panel_names()[3 * row].ends_with(&format!("with ε = {written}")));
        }
        window.metrics();
    }
}

#[test]
fn the_picture_follows_the_slider_while_the_pointer_is_down() {
    let mut window = Window::figure();
    window.metrics();
    let rail = window.harness.get_by_role_and_label(Role::Slider, "epsilon").rect();
    let y = rail.top() + attenuate::ui::widgets::EpsilonSlider::RAIL_CENTER;
    let mut seen = vec![window.metrics()[0][0].sink_mass.unwrap()];
    let start = egui::pos2(rail.right() - 60.0, y);
    window.hover(start);
    window.harness.drag_at(start);
    for left in [90.0, 120.0, 150.0] {
        window.hover(egui::pos2(rail.right() - left, y));
        seen.push(window.metrics()[0][0].sink_mass.unwrap());
    }
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "leftwards the sink fades: {seen:?}");
    window.harness.drop_at(egui::pos2(rail.right() - 150.0, y));
    window.settle();
    assert_eq!(window.metrics()[0][0].sink_mass.unwrap(), seen[3]);
}

#[test]
fn the_field_takes_any_epsilon() {
    let mut window = Window::figure();
    for (text, written) in
        [("3e-4", "3e-4"), ("0", "0"), ("0.02", "2e-2"), ("1234.5", "1.2345e3"), ("1e-300", "1e-300")]
    {
        window.enter_epsilon(text);
        assert_eq!(window.panel_names()[0], format!("Modifying Query with ε = {written}"));
        assert_eq!(window.value(Role::TextInput, "epsilon value"), written);
        window.metrics();
    }
}

#[test]
fn a_huge_epsilon_leaves_one_key_in_each_row() {
    let mut window = Window::figure();
    for text in ["1e10", "1e30", "1e39", "1e308"] {
        window.enter_epsilon(text);
        let query = window.metrics()[0][0];
        assert_eq!(query.normalized_entropy, Some(0.0), "at ε = {text}");
        let rows: Vec<Vec<f64>> =
            (0..24).map(|query| window.outcome().panels[at(Component::Query, 0)].pattern.exact_row(query)).collect();
        assert!(
            rows.iter().all(|row| row.iter().filter(|&&weight| weight == 1.0).count() == 1),
            "at ε = {text}: {rows:?}"
        );
    }
}

#[test]
fn the_field_refuses_what_is_no_epsilon_and_keeps_the_old_value() {
    let mut window = Window::figure();
    window.metrics();
    let before = (window.session().clone(), window.spoken(), window.panel_names());
    for (text, hint) in [
        ("-1", "ε must be 0 or more: a negative factor would flip the attention"),
        ("abc", "ε must be a number such as 3e-4, 0.02 or 0"),
        ("nan", "ε must be a number such as 3e-4, 0.02 or 0"),
        ("1e999", "ε must be finite"),
    ] {
        window.enter_epsilon(text);
        assert_eq!(window.announced(Role::Alert), [hint], "for “{text}”");
        assert_eq!((window.session(), &window.spoken(), &window.panel_names()), (&before.0, &before.1, &before.2));
    }
    window.enter_epsilon("1e-2");
    assert!(window.announced(Role::Alert).is_empty());
    assert_eq!(window.panel_names()[0], "Modifying Query with ε = 1e-2");
}

#[test]
fn reset_brings_the_figure_back() {
    let mut window = Window::figure();
    window.metrics();
    let (figure, names) = (window.spoken(), window.panel_names());
    window.enter_epsilon("7");
    window.press(Key::Tab);
    window.click(Role::RadioButton, "Key");
    window.click(Role::RadioButton, "Right");
    window.enter_epsilon("0.7");
    window.metrics();
    assert_ne!(window.spoken(), figure);
    window.click(Role::Button, "Reset to figure");
    window.metrics();
    assert_eq!(*window.session().epsilon(), figure_grid());
    assert_eq!((window.spoken(), window.panel_names()), (figure, names));
}

#[test]
fn value_in_a_capture_explains_itself_and_its_output_follows() {
    let mut window = Window::figure();
    window.metrics();
    let before = window.spoken();
    window.click(Role::RadioButton, "Value");
    window.assert_text("The pattern stays: Value does not enter its own layer’s softmax.");
    // The output is linear in V: its norm follows ε as it is.
    for (text, percent) in [("5e-1", "50.00 %"), ("1e-2", "1.00 %"), ("0", "0.00 %"), ("2", "200.00 %")] {
        window.enter_epsilon(text);
        let sentence = norm_sentence(&window.expected(), percent);
        window.wait(&sentence, |window| window.has_text(&sentence));
        window.metrics();
        assert_eq!(window.spoken(), before, "ε = {text}");
    }
    window.click(Role::RadioButton, "All layers");
    window.assert_text("A capture holds this prompt’s vectors but no model: the pattern stays");
    window.metrics();
    assert_eq!(window.spoken()[2], before[2]);
}

fn norm_sentence(outcome: &Outcome, percent: &str) -> String {
    let (baseline, now) =
        (outcome.baseline.output_norm().unwrap(), outcome.panels[at(Component::Value, 0)].output_norm().unwrap());
    format!(
        "What follows ε is the head’s output: its mean norm is {now:.4}, {percent} of the baseline’s {baseline:.4}."
    )
}
