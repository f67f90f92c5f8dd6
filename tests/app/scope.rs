//! Scopes, layers and heads.

use attenuate::{
    attention::{Component, HeadScope, LayerScope, Metrics, PositionScope, Preset, Scope},
    engine::{Bundled, Prompt},
    session::{Command, Session},
};
use egui::{Event, Key, Modifiers, Role, accesskit::Toggled};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::support::Window;
use crate::support::captured_figure;

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
    assert_eq!(*window.session().scope(), Preset::ThisLayer.scope());
    assert_eq!(sink(&window.metrics(), Component::Value), [baseline; 3], "this layer");

    window.click(Role::RadioButton, "All layers");
    assert_eq!(*window.session().scope(), Preset::AllLayers.scope());
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
    assert_eq!(window.session().scope().layers, LayerScope::Range { first: 3, last: 5 });
    assert_ne!(sink(&window.metrics(), Component::Value), sink(&all, Component::Value));
    set(&mut window, "last layer in scope", 4.0);
    assert_eq!(window.session().scope().layers, LayerScope::Range { first: 3, last: 4 });
    window.metrics();
    window.assert_text("scope: layers 3 to 4, all heads");
    assert!(Preset::ALL.iter().all(|preset| !window.is_chosen(preset.name())), "no preset is lit");
    // Beyond its bounds it stays at them.
    set(&mut window, "first layer in scope", 9.0);
    assert_eq!(window.session().scope().layers, LayerScope::Range { first: 4, last: 4 });
    set(&mut window, "last layer in scope", 99.0);
    assert_eq!(window.session().scope().layers, LayerScope::Range { first: 4, last: 5 });
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
        assert_eq!((window.session().layer(), window.session().head()), (layer, head), "{name}");
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
    let mut window = Window::open(captured_figure().with([Command::SetLayer(99), Command::SetHead(99)]));
    assert_eq!((window.session().layer(), window.session().head()), (29, 8));
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
        assert_eq!((window.session().layer(), window.session().head()), (layer, head), "{key:?}");
    }
    for _ in 0..10 {
        window.press(Key::Period);
    }
    assert_eq!(window.session().head(), 8);
    for _ in 0..40 {
        window.press(Key::OpenBracket);
    }
    assert_eq!(window.session().layer(), 0);
    window.metrics();
}

#[test]
fn heads_are_chosen_alone_by_group_or_all() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    let facts = window.outcome().facts.clone();
    assert!(facts.n_kv_heads < facts.n_heads, "the bundled model has groups");
    assert!(
        window.is_chosen("Heads: shown") && window.is_chosen("Layers: shown") && window.is_chosen("Positions: all")
    );
    window.assert_text("ε acts on head 1 of layer 5, at every position.");
    window.click(Role::RadioButton, "Layers: all");
    window.assert_text("ε acts on head 1 of all 6 layers, at every position.");
    window.assert_text("scope: all layers, this head");
    let alone = window.metrics();
    window.click(Role::RadioButton, "Heads: KV group");
    assert_eq!(window.session().scope().heads, HeadScope::Group);
    window.assert_text("ε acts on heads 0 to 1, which share KV head 0, of all 6 layers, at every position.");
    let group = window.metrics();
    assert_ne!(sink(&alone, Component::Value), sink(&group, Component::Value));
    assert!(Preset::ALL.iter().all(|preset| !window.is_chosen(preset.name())), "no preset is lit");
    window.click(Role::RadioButton, "Heads: all");
    window.assert_text("ε acts on all 4 heads of all 6 layers, at every position.");
    assert!(window.is_chosen("All layers"), "which is a preset");
    assert_ne!(sink(&window.metrics(), Component::Value), sink(&group, Component::Value));
    window.click(Role::RadioButton, "This head");
    assert!(window.is_chosen("Heads: shown") && window.is_chosen("Layers: shown"));
}

#[test]
fn positions_are_all_first_or_rest() {
    let mut window = Window::figure();
    let whole = window.metrics();
    for (choice, positions, words) in [
        ("Positions: first", PositionScope::First, "at the first position."),
        ("Positions: all but the first", PositionScope::Rest, "at every position but the first."),
    ] {
        window.click(Role::RadioButton, choice);
        assert_eq!(window.session().scope().positions, positions);
        window.assert_text(words);
        let part = window.metrics();
        assert_ne!(part[1], whole[1], "{choice}");
        assert_ne!(part[0], part[1], "under a part of the positions, Query and Key differ");
    }
    window.click(Role::RadioButton, "Positions: all");
    assert_eq!(window.metrics(), whole);
}

/// The positions whose chips are ticked; `None` where chips cannot be.
fn ticked(window: &Window) -> Option<Vec<usize>> {
    let chips: Vec<(usize, Option<Toggled>)> = window
        .harness
        .query_all_by_role(Role::Button)
        .filter_map(|node| {
            let position = node.accesskit_node().label()?.strip_prefix("token ")?.split(':').next()?.parse().ok()?;
            Some((position, node.accesskit_node().toggled()))
        })
        .collect();
    assert!(chips.iter().all(|(_, toggled)| toggled.is_some() == chips[0].1.is_some()));
    chips[0].1?;
    Some(
        chips
            .into_iter()
            .filter(|(_, toggled)| *toggled == Some(Toggled::True))
            .map(|(position, _)| position)
            .collect(),
    )
}

fn click_token(window: &mut Window, name: &str) {
    window.harness.get_by_label(name).scroll_to_me();
    window.settle();
    window.harness.get_by_label(name).click();
    window.settle();
}

#[test]
fn tokens_are_chosen_by_clicks() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    let (unmodified, whole) = (Metrics::of(&window.expected().baseline.pattern), window.metrics());
    assert_eq!(ticked(&window), None, "in the other modes a token is no choice");
    window.click(Role::RadioButton, "Positions: chosen tokens");
    assert_eq!(ticked(&window), Some(vec![]));
    window.assert_text("No token is chosen, so that nothing changes");
    assert_eq!(window.metrics(), [[unmodified; 3]; 3]);

    click_token(&mut window, "token 1: T");
    assert_eq!(ticked(&window), Some(vec![1]));
    window.assert_text("at position 1.");
    window.assert_text("this layer, this head, 1 position");
    assert_ne!(window.metrics()[0][0], unmodified);
    window.harness.get_by_label("token 4: fond").click_modifiers(Modifiers::SHIFT);
    window.settle();
    assert_eq!(ticked(&window), Some(vec![1, 2, 3, 4]), "Shift takes those between along");
    window.assert_text("at positions 1, 2, 3, 4.");
    let some = window.metrics();
    click_token(&mut window, "token 3: be");
    assert_eq!(ticked(&window), Some(vec![1, 2, 4]), "a second click takes it out");

    // By keyboard: the chip clicked last has the focus.
    window.press(Key::Space);
    assert_eq!(ticked(&window), Some(vec![1, 2, 3, 4]));
    assert_eq!(window.metrics(), some);
    window.press(Key::ArrowRight);
    window.press(Key::ArrowRight);
    window.press(Key::Space);
    assert_eq!(ticked(&window), Some(vec![1, 2, 3, 4, 5]));

    window.click(Role::RadioButton, "Positions: all");
    assert_eq!(window.metrics(), whole);
    window.click(Role::RadioButton, "Positions: chosen tokens");
    assert_eq!(ticked(&window), Some(vec![1, 2, 3, 4, 5]), "the choice is remembered");
}

#[test]
fn chosen_tokens_that_the_prompt_loses_are_no_longer_chosen() {
    let prompt = Prompt::Text { text: "one two three four five six seven eight nine ten".into(), bos: true };
    let positions: PositionScope = "1,2,9".parse().unwrap();
    let scope = Scope { positions, ..Scope::default() };
    let session = Session::example(Bundled::Austen).with([Command::Read(prompt), Command::SetScope(scope)]);
    let mut window = Window::open(session);
    window.harness.get_by_role_and_label(Role::MultilineTextInput, "Prompt").focus();
    window.settle();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.harness.event(Event::Text("one two three four".to_owned()));
    window.settle();
    assert!(window.outcome().n_positions() < 9);
    assert_eq!(window.session().scope().positions, "1,2".parse().unwrap());
    assert!(
        window.announced(Role::Status)[0].contains("there is no position 9"),
        "{:?}",
        window.announced(Role::Status)
    );
    window.metrics();
}
