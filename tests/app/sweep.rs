//! Metrics over ε: the panel, its markers, and what the slider shows of them.

use std::time::Duration;

use attenuate::{
    attention::{Component, Preset},
    engine::{Bundled, Engine, SourceSpec, Sweep, SweepMetric},
    session::{Cell, Command, OnScreen, Session, SliderRange},
};
use egui::{Key, Modifiers, Role, pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::{slow::slow, support::Window};
use crate::support::captured_figure;
use crate::support::grids::at;

const PLOT: &str = "sink mass over ε";
/// Of the slider, where nothing is measured.
const USUAL: &str = "transition from 1.0e-1 to 1.0e0";

fn expected(session: &Session) -> Sweep {
    Engine::default().sweep(&session.run_spec(), None, None, &mut |_| {}, &|| false).unwrap()
}

/// What a screen reader says of the curves.
fn said(sweep: &Sweep) -> String {
    let of = |component: Component| match sweep.transition(component) {
        Some([from, to]) => format!("{component} is steep from {:.1e} to {:.1e}", from.get(), to.get()),
        None => format!("{component} stays"),
    };
    format!("{} points; {}", sweep.curves[2].len(), Component::FIGURE.map(of).join("; "))
}

/// With the panel open.
fn open(mut session: Session) -> Window {
    session.apply(Command::ToggleSweep, OnScreen::default());
    Window::open(session)
}

fn marker(column: usize) -> String {
    format!("ε of column {}", column + 1)
}

fn epsilons(window: &Window) -> [String; 3] {
    [0, 1, 2].map(|column| window.value(Role::Slider, &marker(column)))
}

fn described(window: &Window, column: usize) -> String {
    let name = marker(column);
    window.harness.get_by_role_and_label(Role::Slider, &name).accesskit_node().description().unwrap()
}

fn written(window: &Window, component: Component) -> [String; 3] {
    [0, 1, 2].map(|column| window.session().epsilon()[at(component, column)].to_string())
}

#[test]
fn opens_and_closes_by_key_and_by_button() {
    let mut window = Window::figure();
    assert!(!window.has(Role::Image, PLOT));
    window.press(Key::W);
    assert_eq!(window.value(Role::Image, PLOT), said(&expected(window.session())));
    assert_eq!(epsilons(&window), ["5e-1", "1e-3", "1e-10"]);
    window.click(Role::Button, "Sweep");
    assert!(!window.has(Role::Image, PLOT) && !window.session().view().sweep.open);
}

#[test]
fn a_dragged_marker_is_the_slider() {
    let mut window = open(captured_figure());
    window.click(Role::RadioButton, "Query");
    let from = window.harness.get_by_role_and_label(Role::Slider, &marker(1)).rect().center();
    let to = window.harness.get_by_role_and_label(Role::Slider, &marker(0)).rect().center();
    let halfway = pos2(f32::midpoint(from.x, to.x), from.y);
    window.hover(from);
    window.harness.drag_at(from);
    window.hover(pos2(from.x + 5.0, from.y));
    assert_eq!(window.session().column().index(), 1, "the marker that is held is the slider's column");
    window.hover(halfway);
    let during = epsilons(&window)[1].clone();
    window.harness.drop_at(halfway);
    window.settle();
    let epsilon = window.session().epsilon()[at(Component::Query, 1)].get();
    // Halfway on a logarithmic axis is the geometric mean of 1e-3 and 5e-1; a point is 0.02 decades at most.
    assert!((epsilon.log10() - (5e-4_f64).sqrt().log10()).abs() < 0.1, "{epsilon}");
    assert_eq!(epsilons(&window)[1], during);
    assert_eq!(window.value(Role::Slider, "epsilon"), during);
    assert_eq!(written(&window, Component::Query), ["5e-1".to_owned(), during, "1e-10".to_owned()]);
    assert_eq!(written(&window, Component::Key), ["5e-1", "1e-3", "1e-10"], "only the chosen row moves");
    window.metrics();
}

#[test]
fn of_markers_at_one_place_the_chosen_one_is_held() {
    for (chosen, key) in [(0, Key::Num1), (1, Key::Num2), (2, Key::Num3)] {
        let mut window = open(captured_figure());
        for key in [Key::Num1, Key::Num2, Key::Num3] {
            window.press(key);
            window.enter_epsilon("1e-3");
            window.press(Key::Tab);
        }
        window.press(key);
        let from = window.harness.get_by_role_and_label(Role::Slider, &marker(chosen)).rect().center();
        let to = pos2(from.x + 40.0, from.y);
        window.hover(from);
        window.harness.drag_at(from);
        window.hover(to);
        window.harness.drop_at(to);
        window.settle();
        assert_eq!(window.session().column().index(), chosen);
        let moved = epsilons(&window).map(|epsilon| epsilon != "1e-3");
        assert_eq!(moved, [0, 1, 2].map(|column| column == chosen), "{:?}", epsilons(&window));
    }
}

#[test]
fn a_moved_slider_moves_its_marker_in_the_same_frame() {
    let mut window = open(captured_figure());
    window.press(Key::Num2);
    window.harness.get_by_role_and_label(Role::Slider, "epsilon").set_value_accesskit(0.02);
    window.harness.step();
    assert_eq!(window.value(Role::Slider, "epsilon"), "2e-2");
    assert_eq!(epsilons(&window), ["5e-1", "2e-2", "1e-10"]);
    window.settle();
    window.click(Role::Button, "Reset to figure");
    assert_eq!(epsilons(&window), ["5e-1", "1e-3", "1e-10"]);
}

#[test]
fn markers_move_by_keyboard_and_by_accessibility() {
    let mut window = open(captured_figure());
    window.harness.get_by_role_and_label(Role::Slider, &marker(2)).focus();
    window.settle();
    for (modifiers, key, text) in [
        (Modifiers::NONE, Key::ArrowRight, "1.26e-10"),
        (Modifiers::CTRL, Key::ArrowRight, "1.26e-9"),
        (Modifiers::NONE, Key::Home, "0"),
        (Modifiers::NONE, Key::End, "1e2"),
    ] {
        window.press_with(modifiers, key);
        assert_eq!(epsilons(&window)[2], text);
        assert_eq!((window.session().column().index(), window.value(Role::Slider, "epsilon")), (2, text.to_owned()));
    }
    window.harness.get_by_role_and_label(Role::Slider, &marker(0)).set_value_accesskit(0.25);
    window.settle();
    assert_eq!((window.session().column().index(), epsilons(&window)[0].clone()), (0, "2.5e-1".to_owned()));
    window.metrics();
}

#[test]
fn zero_stands_left_of_everything() {
    let mut window = open(captured_figure());
    window.press(Key::Num3);
    let x = |window: &Window| window.harness.get_by_role_and_label(Role::Slider, &marker(2)).rect().center().x;
    window.enter_epsilon("1e-12");
    let least = x(&window);
    window.enter_epsilon("0");
    assert!(x(&window) < least - 10.0);
    window.enter_epsilon("1e-300");
    assert!((x(&window) - least).abs() < 0.5, "above 0 is never at 0");
}

#[test]
fn each_metric_has_its_curves() {
    let mut window = open(captured_figure());
    for (choice, name, metric) in [
        ("normalized entropy over ε", "normalized entropy over ε", SweepMetric::NormalizedEntropy),
        ("KL over ε", "KL from baseline (nats) over ε", SweepMetric::Kl),
        ("JS over ε", "Jensen–Shannon divergence (nats) over ε", SweepMetric::Js),
        ("max weight over ε", "max weight over ε", SweepMetric::MaxWeight),
        ("sink mass over ε", PLOT, SweepMetric::SinkMass),
    ] {
        window.click(Role::RadioButton, choice);
        assert_eq!(window.session().view().sweep.metric, metric);
        assert!(window.is_chosen(choice) && window.has(Role::Image, name), "{name}");
        let sweep = expected(window.session());
        let nearest = sweep.nearest(Component::Query, window.session().epsilon()[at(Component::Query, 0)]).unwrap();
        let value = metric.of(&nearest.metrics).unwrap();
        let description = described(&window, 0);
        assert!(description.contains(&format!("Query {value:.4}")), "{name}: {description}");
    }
}

#[test]
fn the_pinned_cell_is_followed() {
    let mut window = open(captured_figure());
    window.click(Role::RadioButton, "pinned weight over ε");
    window.assert_text("Click a cell to follow its weight over ε.");
    let cell = Cell { query: 6, key: 2 };
    window.click_at(window.cell_position(Component::Query, 0, cell));
    assert_eq!(window.session().pinned(), Some(cell));
    assert!(window.has(Role::Image, "weight of the cell over ε"));
    let spec = window.session().run_spec();
    let sweep = Engine::default().sweep(&spec, Some([6, 2]), None, &mut |_| {}, &|| false).unwrap();
    let lead = window.session().rows().lead();
    let nearest = sweep.nearest(lead, window.session().epsilon()[at(Component::Query, 0)]).unwrap();
    let description = described(&window, 0);
    assert!(description.contains(&format!("{lead} {:.4}", nearest.metrics.weight.unwrap())), "{description}");
}

#[test]
fn the_newest_question_is_answered() {
    let mut window = open(Session::example(Bundled::Austen));
    for key in [Key::OpenBracket, Key::OpenBracket, Key::Period, Key::CloseBracket, Key::Comma, Key::OpenBracket] {
        window.press_now(key);
    }
    window.settle();
    assert_eq!(window.value(Role::Image, PLOT), said(&expected(window.session())));
    window.click(Role::RadioButton, "All layers");
    let all = said(&expected(window.session()));
    assert_eq!(*window.session().scope(), Preset::AllLayers.scope());
    assert_eq!(window.value(Role::Image, PLOT), all);
    window.click(Role::RadioButton, "This head");
    window.click(Role::RadioButton, "All layers");
    assert_eq!(window.value(Role::Image, PLOT), all, "what was computed is kept");
}

#[test]
fn the_slider_zooms_to_the_transition_and_back() {
    let mut window = Window::figure();
    let zoom = "zoom slider to transition";
    let [from, to] = expected(window.session()).transition(Component::Query).unwrap();
    let description = |window: &Window| {
        let slider = window.harness.get_by_role_and_label(Role::Slider, "epsilon");
        slider.accesskit_node().description().unwrap_or_default()
    };
    let transition = format!("transition from {:.1e} to {:.1e}", from.get(), to.get());
    assert_eq!(description(&window), transition);
    window.click(Role::Button, zoom);
    let SliderRange::Around(middle) = window.session().view().slider else { panic!("not zoomed") };
    assert!(from < middle && middle < to);
    assert!(description(&window).starts_with(&format!("{transition}, zoomed to ")), "{}", description(&window));
    // Whatever the zoom, the slider says and takes the same values.
    window.press(Key::Num3);
    assert_eq!(window.value(Role::Slider, "epsilon"), "1e-10");
    let rail = window.harness.get_by_role_and_label(Role::Slider, "epsilon").rect();
    // 52 points from the left and 12 from the right the rail ends: the middle of the two decades.
    let x = f32::midpoint(rail.left() + 52.0, rail.right() - 12.0);
    window.click_at(pos2(x, rail.top() + attenuate::ui::widgets::EpsilonSlider::RAIL_CENTER));
    let chosen = window.session().epsilon()[at(Component::Query, 2)];
    assert!((chosen.get().log10() - middle.get().log10()).abs() < 0.12, "{chosen} at {middle}");
    window.click(Role::Button, zoom);
    assert_eq!(window.session().view().slider, SliderRange::Whole);
    window.press(Key::V);
    assert_eq!(description(&window), USUAL, "of Value in a capture the output alone follows ε");
    window.click(Role::RadioButton, "All layers");
    window.press(Key::Q);
    assert_eq!(description(&window), transition);
}

#[test]
fn before_it_is_measured_the_decade_is_tinted_where_most_happens() {
    let scope = Command::SetScope(Preset::AllLayers.scope());
    let mut window = Window::open(Session::example(Bundled::Austen).with([scope]));
    let description = |window: &Window| {
        let slider = window.harness.get_by_role_and_label(Role::Slider, "epsilon");
        slider.accesskit_node().description().unwrap_or_default()
    };
    assert_eq!(description(&window), USUAL, "each ε would read the model anew");
    window.click(Role::Button, "zoom slider to transition");
    assert!(matches!(window.session().view().slider, SliderRange::Around(_)));
    window.click(Role::Button, "zoom slider to transition");
    window.press(Key::W);
    let of_all_layers = description(&window);
    assert_ne!(of_all_layers, USUAL);
    window.press(Key::W);
    window.click(Role::RadioButton, "This head");
    // Of the shown layer it takes a moment.
    window.wait("the head's own", |window| ![USUAL, &of_all_layers].contains(&&*description(window)));
    let measured = description(&window);
    // The last layer is shown.
    window.press(Key::OpenBracket);
    assert_ne!(description(&window), measured);
    window.press(Key::CloseBracket);
    assert_eq!(description(&window), measured);
}

#[test]
fn pictures_go_before_curves() {
    let session =
        Session::example(Bundled::Austen).with([Command::Locate(slow()), Command::SetScope(Preset::AllLayers.scope())]);
    let mut window = Window::gated(session);
    window.gates.tensors.open();
    window.gates.layers.open();
    window.settle();
    window.gates.layers.close();
    let before = window.gates.layers.begun();
    window.harness.get_by_role_and_label(Role::Slider, "epsilon").set_value_accesskit(0.1);
    window.until("a layer at the gate", |window| window.gates.layers.begun() > before);
    let begun = window.gates.layers.begun();
    window.press_now(Key::W);
    window.until("the panel", |window| window.has_text("0 of 62 points"));
    window.advance(Duration::from_millis(150));
    assert_eq!(window.gates.layers.begun(), begun, "the sweep waits while the picture is computed");
    window.gates.layers.open();
    window.settle();
    let session = window.session().clone().with([Command::Locate(SourceSpec::Bundled(Bundled::Austen))]);
    assert_eq!(window.value(Role::Image, PLOT), said(&expected(&session)));
    // Closing the panel gives up what is being computed.
    window.gates.layers.close();
    window.press_now(Key::OpenBracket);
    window.until("a layer at the gate", |window| window.gates.layers.begun() > begun);
    window.press_now(Key::W);
    window.gates.layers.open();
    window.settle();
    assert!(!window.has(Role::Image, PLOT));
}
