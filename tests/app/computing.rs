//! A model that computes slowly: panels that arrive one by one, marks on what is older, Cancel, and the newest wins.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use attenuate::{
    attention::{Component, Epsilon, Preset},
    engine::{Bundled, Prompt},
    session::{Command, Session},
};
use egui::{Event, Key, Role};
use egui_kittest::kittest::Queryable as _;

use super::{slow::slow, support::Window};
use crate::support::grids::at;

const CANCEL: &str = "Cancel computing";
/// In front of the shown layer.
const LAYERS: usize = 5;
const OLDER: &str = "older than the settings: ";
const AWAITED: &str = "not computed yet";

/// On the last layer, under *All layers*: each panel takes a run of five layers. Gates are open until it has settled.
fn window() -> Window {
    let session =
        Session::example(Bundled::Austen).with([Command::Locate(slow()), Command::SetScope(Preset::AllLayers.scope())]);
    let mut window = Window::gated(session);
    window.gates.tensors.open();
    window.gates.layers.open();
    window.settle();
    window.metrics();
    // Its layers come through the same gate.
    window.until("the next token", |window| window.harness.state().is_complete());
    window
}

/// Sets ε of the left column; its panels wait at the gate.
fn change(window: &mut Window, epsilon: f64) {
    window.gates.layers.close();
    set(window, epsilon);
    window.until("the mark of slowness", |window| window.has(Role::Button, CANCEL));
}

fn set(window: &mut Window, epsilon: f64) {
    window.harness.get_by_role_and_label(Role::Slider, "epsilon").set_value_accesskit(epsilon);
    window.harness.step();
    assert_eq!(window.session().selected_epsilon(), Epsilon::new(epsilon).unwrap());
}

/// Lets a panel be computed; not so fast that its arrival would have to wait for the one after it.
fn run(window: &mut Window) {
    window.gates.layers.allow(LAYERS - 1);
    // What has come before is sent on the way there.
    window.until("the last layer", |window| window.gates.layers.is_waited_at());
    window.advance(Duration::from_millis(150));
    window.gates.layers.allow(1);
}

/// Which panels say that they are older, `[component][column]`.
fn older(window: &Window) -> [[bool; 3]; 3] {
    window.spoken().map(|row| row.map(|said| said.starts_with(OLDER)))
}

fn awaited(window: &Window) -> [[bool; 3]; 3] {
    window.spoken().map(|row| row.map(|said| said == AWAITED))
}

#[test]
fn panels_arrive_one_by_one() {
    let mut window = window();
    change(&mut window, 0.1);
    assert_eq!(older(&window), [[true; 3]; 3]);
    // Of three panels that change, two are equal.
    window.until("how far it is", |window| window.has_text("/10 layers"));
    run(&mut window);
    let (fresh, value) = ([false; 3], [true, false, false]);
    window.until("Query and Key", |window| older(window) == [fresh, fresh, value]);
    assert_eq!(window.outcome().experiment.epsilon[at(Component::Query, 0)].get(), 0.1);
    assert_eq!(
        window.outcome().experiment.epsilon[at(Component::Value, 0)],
        Epsilon::FIGURE[0],
        "an older panel says its own ε"
    );
    assert!(window.has(Role::Button, CANCEL));
    window.gates.layers.open();
    window.settle();
    window.metrics();
    assert_eq!(older(&window), [fresh; 3]);
    window.until("the next token", |window| window.harness.state().is_complete());
    assert!(!window.has(Role::Button, CANCEL));
}

#[test]
fn the_selected_column_comes_first() {
    let mut window = window();
    window.press(Key::Num3);
    window.until("the next token of the panel that is now selected", |window| window.harness.state().is_complete());
    window.metrics();
    window.gates.layers.close();
    window.harness.get_by_role_and_label(Role::MultilineTextInput, "Prompt").focus();
    window.harness.step();
    window.harness.event(Event::Text(" And so on.".to_owned()));
    window.until("the mark of slowness", |window| window.has(Role::Button, CANCEL));
    assert_eq!(older(&window), [[true; 3]; 3], "until there is something of the new prompt");
    run(&mut window);
    window.until("the baseline", |window| awaited(window) == [[true; 3]; 3]);
    window.assert_text("T = ");
    assert!(window.harness.query_by_label("token 2: o").is_some());
    let right = [true, true, false];
    run(&mut window);
    window.until("the right column’s", |window| awaited(window) == [right, right, [true; 3]]);
    run(&mut window);
    window.until("the right column", |window| awaited(window) == [right; 3]);
    window.gates.layers.open();
    window.settle();
    window.metrics();
}

#[test]
fn a_cancelled_run_leaves_the_old_picture_and_can_be_taken_up() {
    for how in ["button", "key"] {
        let mut window = window();
        let before = window.spoken();
        change(&mut window, 0.1);
        let begun = window.gates.layers.begun();
        match how {
            "button" => window.click_now(Role::Button, CANCEL),
            _ => window.press_now(Key::Escape),
        }
        assert!(!window.has(Role::Button, CANCEL), "{how}");
        window.assert_text("cancelled; shown: an older result");
        assert_eq!(window.spoken().map(|row| row.map(|said| said.replace(OLDER, ""))), before);
        assert_eq!(older(&window), [[true; 3]; 3]);
        window.gates.layers.open();
        window.advance(Duration::from_millis(200));
        assert_eq!(window.gates.layers.begun(), begun, "the layer that was begun is the last");
        assert_eq!(older(&window), [[true; 3]; 3]);
        assert_eq!(window.session().selected_epsilon().get(), 0.1, "what was chosen stays chosen");

        match how {
            "button" => window.click_now(Role::Button, "Compute"),
            _ => set(&mut window, 0.2),
        }
        window.settle();
        window.metrics();
        assert!(!window.has(Role::Button, "Compute"));
        assert_eq!(older(&window), [[false; 3]; 3]);
    }
}

#[test]
fn the_newest_wins_within_one_layer() {
    let mut window = window();
    change(&mut window, 0.1);
    set(&mut window, 0.2);
    set(&mut window, 0.3);
    // The layer that was begun ends; the next to begin belongs to the newest, as the older one's time is over.
    window.until("a layer", |window| window.gates.layers.is_waited_at());
    window.advance(Duration::from_millis(300));
    let begun = window.gates.layers.begun();
    window.gates.layers.allow(1);
    window.until("the newest", |window| window.gates.layers.begun() > begun);
    // Until it takes long, it shows nothing unfinished.
    window.advance(Duration::from_millis(300));
    run(&mut window);
    window.until("Query of the newest", |window| !older(window)[0][0]);
    assert_eq!(window.outcome().experiment.epsilon[at(Component::Query, 0)].get(), 0.3);
    window.gates.layers.open();
    window.settle();
    window.metrics();
}

#[test]
fn a_slow_effect_on_the_output_is_waited_for_and_can_be_cancelled() {
    let mut window = window();
    change(&mut window, 0.1);
    window.gates.layers.allow(2 * LAYERS);
    // The picture is there; its effect runs through all six layers.
    window.until("the effect", |window| window.has_text("Effect on the output"));
    assert_eq!(older(&window), [[false; 3]; 3]);
    window.click_now(Role::Button, CANCEL);
    window.assert_text("cancelled: effect on the output");
    assert_eq!(older(&window), [[false; 3]; 3], "the panels are right");
    window.click_now(Role::Button, "Compute");
    window.gates.layers.open();
    window.settle();
    window.metrics();
}

#[test]
fn typing_waits_for_a_pause_where_reading_is_slow() {
    let mut window = window();
    let focus = |window: &mut Window| {
        window.harness.get_by_role_and_label(Role::MultilineTextInput, "Prompt").focus();
        window.harness.step();
    };
    focus(&mut window);
    window.gates.layers.close();
    window.harness.event(Event::Text(" One.".to_owned()));
    window.until("the mark of slowness", |window| window.has(Role::Button, CANCEL));
    window.gates.layers.open();
    window.settle();

    let prompts = window.gates.prompts.begun();
    for word in [" Two", " three", " four", " five"] {
        window.harness.event(Event::Text(word.to_owned()));
        window.advance(Duration::from_millis(20));
        assert_eq!(window.gates.prompts.begun(), prompts, "while it is typed, nothing is read");
    }
    window.settle();
    assert_eq!(window.gates.prompts.begun(), prompts + 1, "all is read at once");
    let text: String = window.outcome().tokens.iter().map(|token| token.text.as_str()).collect();
    assert!(text.ends_with(" One. Two three four five"), "{text}");
    window.metrics();
}

#[test]
fn an_unfinished_figure_is_not_exported() {
    let mut window = window();
    change(&mut window, 0.1);
    run(&mut window);
    window.until("Query and Key", |window| !older(window)[0][0]);
    window.click_now(Role::Button, "Export figure…");
    window.until("the dialog", |window| window.has(Role::Button, "Save figure"));
    assert!(window.is_disabled(Role::Button, "Save figure"));
    window.gates.layers.open();
    window.settle();
    assert!(!window.is_disabled(Role::Button, "Save figure"));
}

#[test]
fn a_panic_in_the_engine_is_one_message_and_the_next_request_is_answered() {
    let mut window = window();
    let before = window.outcome().experiment.epsilon.clone();
    let place = window.panel_rect(Component::Query, 0);
    window.gates.fuse.store(true, SeqCst);
    set(&mut window, 0.25);
    // Of what takes long a part would be shown before it panics.
    window.at_once("the message", |window| !window.announced(Role::Alert).is_empty());
    let said = window.announced(Role::Alert);
    assert!(said.len() == 1 && said[0].contains("Internal error while computing: on purpose"), "{said:?}");
    assert_eq!(window.session().selected_epsilon(), Epsilon::new(0.25).unwrap(), "what was asked for stays");
    assert_eq!(window.outcome().experiment.epsilon, before, "and so does what is shown");
    assert_eq!(window.panel_rect(Component::Query, 0), place, "where it is");
    // The engine goes on, and its numbers are right.
    set(&mut window, 0.125);
    window.settle();
    window.metrics();
}

/// Pictures, heads and sweep share one run of the baseline: six layers, and a seventh for the effect of the panel that is
/// selected.
#[test]
fn heads_and_sweep_of_a_long_prompt_run_the_model_once() {
    let prompt = Prompt::TokenIds((0..96).map(|position| (position * 37) % 2048).collect());
    let commands = [Command::Locate(slow()), Command::Read(prompt), Command::ToggleHeads, Command::ToggleSweep];
    let session = Session::example(Bundled::Austen).with(commands);
    let mut window = Window::gated(session);
    window.gates.tensors.open();
    window.gates.layers.open();
    window.settle();
    window.until("the effect", |window| window.gates.layers.begun() >= LAYERS + 2);
    window.assert_text("24 heads");
    assert!(window.has(Role::Image, "sink mass over ε"));
    // Closed and opened again, nothing is computed anew.
    window.press(Key::H);
    window.press(Key::H);
    assert_eq!((window.gates.layers.begun(), window.gates.prompts.begun()), (LAYERS + 2, 1));
}
