//! Scopes, layers and heads.

use attenuate::{
    attention::{Component, LayerScope, Metrics, Preset},
    engine::Bundled,
    session::Session,
};
use egui::{Key, Role};
use egui_kittest::kittest::Queryable as _;

use super::support::Window;

fn set(window: &mut Window, spinner: &str, value: f64) {
    window.harness.get_by_role_and_label(Role::SpinButton, spinner).set_value_accesskit(value);
    window.settle();
}

fn sink(metrics: &[[Metrics; 3]; 3], component: Component) -> [f64; 3] {
    metrics[component.row()].map(|panel| panel.sink_mass.unwrap())
}

#[test]
fn value_moves_the_pattern_only_through_earlier_layers() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    window.click(Role::RadioButton, "Value");
    let baseline = Metrics::of(&window.expected().baseline.pattern).sink_mass.unwrap();
    assert_eq!(sink(&window.metrics(), Component::Value), [baseline; 3], "this head");
    window.assert_text("The pattern stays: Value does not enter its own layer’s softmax.");

    window.click(Role::RadioButton, "This layer");
    assert_eq!(window.session().scope, Preset::ThisLayer.scope());
    assert_eq!(sink(&window.metrics(), Component::Value), [baseline; 3], "this layer");

    window.click(Role::RadioButton, "All layers");
    assert_eq!(window.session().scope, Preset::AllLayers.scope());
    let all = sink(&window.metrics(), Component::Value);
    assert!(baseline < all[0] && all[0] < all[1], "the sink grows as Value is turned down: {baseline} {all:?}");
    window.assert_text("Value is turned down in earlier layers too");
    window.assert_text("scope: All layers");

    // And it follows ε.
    let mut sinks = vec![all[0]];
    for epsilon in ["0.3", "0.1", "0.03"] {
        window.enter_epsilon(epsilon);
        sinks.push(sink(&window.metrics(), Component::Value)[0]);
    }
    let distinct = sinks.windows(2).all(|pair| pair[0] != pair[1]);
    assert!(distinct && sinks[3] > baseline, "{sinks:?}");

    window.click(Role::RadioButton, "This head");
    assert_eq!(sink(&window.metrics(), Component::Value), [baseline; 3]);
}

#[test]
fn a_range_of_layers_has_fields() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    window.click(Role::RadioButton, "All layers");
    let all = window.metrics();
    assert_eq!(window.value(Role::SpinButton, "first layer in scope"), "0");
    assert_eq!(window.value(Role::SpinButton, "last layer in scope"), "5");
    set(&mut window, "first layer in scope", 3.0);
    assert_eq!(window.session().scope.layers, LayerScope::Range { first: 3, last: 5 });
    assert_ne!(sink(&window.metrics(), Component::Value), sink(&all, Component::Value));
    set(&mut window, "last layer in scope", 4.0);
    assert_eq!(window.session().scope.layers, LayerScope::Range { first: 3, last: 4 });
    window.metrics();
    window.assert_text("scope: layers 3 to 4, all heads");
    assert!(Preset::ALL.iter().all(|preset| !window.is_chosen(preset.name())), "no preset is lit");
    // Beyond its bounds it stays at them.
    set(&mut window, "first layer in scope", 9.0);
    assert_eq!(window.session().scope.layers, LayerScope::Range { first: 4, last: 4 });
    set(&mut window, "last layer in scope", 99.0);
    assert_eq!(window.session().scope.layers, LayerScope::Range { first: 4, last: 5 });
    window.metrics();
}

#[test]
fn a_capture_has_no_range_of_layers() {
    let window = Window::figure();
    assert!(window.is_disabled(Role::SpinButton, "first layer in scope"));
    assert!(window.is_disabled(Role::SpinButton, "last layer in scope"));
}

#[test]
fn layers_and_heads_step_within_their_bounds() {
    let mut window = Window::figure();
    for (name, layer, head) in [("Layer up", 15, 3), ("Layer down", 14, 3), ("Head up", 14, 4), ("Head down", 14, 3)] {
        window.click(Role::Button, name);
        assert_eq!((window.session().layer, window.session().head), (layer, head), "{name}");
        window.metrics();
        window.assert_text(&format!("layer {layer} (0 to 29), head {head} (0 to 8)"));
    }
    for (spinner, up, down, last) in [("Layer", "Layer up", "Layer down", 29), ("Head", "Head up", "Head down", 8)] {
        set(&mut window, spinner, 99.0);
        assert_eq!(window.value(Role::SpinButton, spinner), last.to_string());
        assert!(window.is_disabled(Role::Button, up) && !window.is_disabled(Role::Button, down));
        window.metrics();
        set(&mut window, spinner, 0.0);
        assert!(window.is_disabled(Role::Button, down) && !window.is_disabled(Role::Button, up));
        window.metrics();
    }
}

#[test]
fn a_layer_and_head_that_do_not_exist_become_the_last() {
    let mut window = Window::open(Session { layer: 99, head: 99, ..Session::default() });
    assert_eq!((window.session().layer, window.session().head), (29, 8));
    window.metrics();
}

#[test]
fn layers_and_heads_have_keys() {
    let mut window = Window::figure();
    for (key, layer, head) in [
        (Key::OpenBracket, 13, 3),
        (Key::CloseBracket, 14, 3),
        (Key::Comma, 14, 2),
        (Key::Period, 14, 3),
        (Key::Period, 14, 4),
    ] {
        window.press(key);
        assert_eq!((window.session().layer, window.session().head), (layer, head), "{key:?}");
    }
    for _ in 0..10 {
        window.press(Key::Period);
    }
    assert_eq!(window.session().head, 8);
    for _ in 0..40 {
        window.press(Key::OpenBracket);
    }
    assert_eq!(window.session().layer, 0);
    window.metrics();
}
