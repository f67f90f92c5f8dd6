//! The inspector: numbers that multiply out from their digits, lines that are switched, the effect on the output.

use std::time::Duration;

use attenuate::{
    attention::{Component, Operation, PositionScope, Preset, Scope, Why},
    engine::{Bundled, Engine, NextToken, Under},
    session::{Cell, Command, RowChoice, Session},
};
use egui::{Key, OutputCommand, Role, accesskit::Toggled, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::{
    slow::slow,
    support::{Window, quoted_token},
};
use crate::support::grids::at;

const CELL: Cell = Cell { query: 10, key: 3 };

/// The inspector open on a pinned cell.
fn session(bundled: Bundled) -> Session {
    Session::example(bundled).with([Command::Pin(CELL), Command::ToggleInspector])
}

fn grid() -> impl Iterator<Item = (Component, usize)> {
    Component::FIGURE.into_iter().flat_map(|component| (0..3).map(move |column| (component, column)))
}

fn panel(window: &Window, component: Component, column: usize) -> String {
    format!("{component}, ε = {}", window.session().epsilon()[at(component, column)])
}

/// What a button of a table says behind its name: `KL, Query, ε = 5e-1: 0.123`. `None` where it is not there.
fn find_entry(window: &Window, what: &str, component: Component, column: usize) -> Option<String> {
    let start = format!("{what}, {}: ", panel(window, component, column));
    let mut buttons = window.harness.query_all_by_role(Role::Button).filter_map(|node| node.accesskit_node().label());
    buttons.find_map(|label| label.strip_prefix(&start).map(ToOwned::to_owned))
}

#[track_caller]
fn entry(window: &Window, what: &str, component: Component, column: usize) -> String {
    find_entry(window, what, component, column).unwrap_or_else(|| panic!("no {what} of {component} {column}"))
}

/// Whether the divergence of every panel has been found.
fn all_divergences(window: &Window) -> bool {
    grid().all(|(component, column)| find_entry(window, "KL", component, column).is_some_and(|text| text != "…"))
}

/// The number right of a name in the table of steps, past the formula.
fn step(window: &Window, name: &str) -> String {
    let texts = window.texts();
    let first = texts.iter().position(|text| text == "q·k").unwrap_or_else(|| panic!("no table: {texts:#?}"));
    let mut after = texts[first..].iter().skip_while(|text| *text != name).skip(1);
    let number = after.find(|text| !text.starts_with("= "));
    number.unwrap_or_else(|| panic!("no {name}: {texts:#?}")).clone()
}

fn number(window: &Window, name: &str) -> f64 {
    step(window, name).parse().unwrap()
}

/// Within two of the last digit of what is shown.
#[track_caller]
fn assert_shown(text: &str, expected: f64) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let places = mantissa.split_once('.').map_or(0, |(_, behind)| behind.len());
    let unit = 10.0_f64.powi(exponent.parse::<i32>().unwrap() - i32::try_from(places).unwrap());
    let shown: f64 = text.parse().unwrap();
    // A text without a point is exact.
    assert!((shown - expected).abs() <= 2.0 * unit.min(1e-3), "{text} for {expected:e}");
}

fn why(window: &mut Window, (component, column): (Component, usize)) -> Why {
    Why::of(&window.expected().panels[at(component, column)].pattern, CELL.query, CELL.key).unwrap()
}

fn select(window: &mut Window, component: Component, column: usize) {
    let name = format!("weight, {}: {}", panel(window, component, column), entry(window, "weight", component, column));
    window.click(Role::Button, &name);
    assert_eq!((window.session().rows(), window.session().column().index()), (RowChoice::Only(component), column));
}

#[test]
fn the_nine_weights_are_the_engines_and_select_their_panels() {
    for bundled in [Bundled::Smollm2Capture, Bundled::Austen] {
        let mut window = Window::open(session(bundled));
        let expected = window.expected();
        for (component, column) in grid() {
            let exact = expected.panels[at(component, column)].pattern.exact_cell(CELL.query, CELL.key).unwrap();
            let shown: f32 = entry(&window, "weight", component, column).trim().parse().unwrap();
            assert!((shown - exact.weight).abs() <= 6e-3 * exact.weight.min(1e-4), "{shown} for {}", exact.weight);
            select(&mut window, component, column);
        }
    }
}

#[test]
fn the_table_multiplies_out_from_its_digits_for_every_operation() {
    for bundled in [Bundled::Smollm2Capture, Bundled::Austen] {
        for operation in Operation::OF_THE_PROMPT {
            let mut window = Window::open(session(bundled).with([Command::SetOperation(operation.clone())]));
            for (component, column) in [(Component::Query, 0), (Component::Key, 1), (Component::Query, 2)] {
                select(&mut window, component, column);
                let why = why(&mut window, (component, column));
                for (name, expected) in [
                    ("q·k", why.dot),
                    ("score before ε", why.unmodified),
                    ("score", why.score),
                    ("row max", why.row_max),
                    ("exp", why.exp),
                    ("row sum", why.row_sum),
                    ("weight", why.weight),
                ] {
                    assert_shown(&step(&window, name), expected);
                }
                let shown = |name: &str| number(&window, name);
                let scale = shown(&format!("scale = 1/√{}", why.query.len()));
                assert_shown(&step(&window, "score before ε"), shown("q·k") * scale);
                let (before, epsilon) = (shown("score before ε"), shown("ε"));
                let score = match &operation {
                    Operation::Scale => epsilon * before,
                    Operation::MeanHeads | Operation::MeanPositions => {
                        let mean = shown("score of the mean");
                        mean + epsilon * (before - mean)
                    }
                    Operation::Noise { .. } => before + epsilon * shown("score of the noise"),
                    other => unreachable!("{other} needs more than the prompt"),
                };
                assert_shown(&step(&window, "score"), score);
                assert_shown(&step(&window, "exp"), (shown("score") - shown("row max")).exp());
                assert_shown(&step(&window, "weight"), shown("exp") / shown("row sum"));
            }
        }
    }
}

#[test]
fn says_why_epsilon_changes_nothing() {
    let mut window = Window::open(session(Bundled::Smollm2Capture));
    select(&mut window, Component::Value, 0);
    window.assert_text("Value does not enter the pattern.");
    assert!(!window.has_text("score before ε"));
    window.enter_epsilon("1");
    window.press(Key::Tab);
    select(&mut window, Component::Query, 1);
    window.enter_epsilon("1");
    window.assert_text("ε = 1e0 changes nothing.");

    let scope = Scope { positions: PositionScope::First, ..Scope::default() };
    let mut window = Window::open(session(Bundled::Smollm2Capture).with([Command::SetScope(scope)]));
    window.assert_text("ε: this query’s position is not in scope, unchanged.");
    let scope = Scope { layers: "0..=2".parse().unwrap(), ..Scope::default() };
    let mut other = Window::open(session(Bundled::Austen).with([Command::SetScope(scope)]));
    other.assert_text("ε: this layer is not in scope, unchanged.");
    let baseline = Why::of(&other.expected().baseline.pattern, CELL.query, CELL.key).unwrap();
    other.assert_text("Earlier layers are changed too");
    other.assert_text(&format!("whose q·k is {:.8}.", baseline.dot));
    let changed = why(&mut other, (Component::Query, 0));
    assert_ne!(changed.dot, baseline.dot);
    assert_shown(&step(&other, "q·k"), changed.dot);
    window.press(Key::I);
    assert!(!window.has_text("not in scope"));
}

#[test]
fn the_steps_are_copied_as_they_are_shown() {
    let mut window = Window::open(session(Bundled::Austen));
    window.harness.get_by_role_and_label(Role::Button, "Copy steps").click_accesskit();
    window.harness.step();
    let copied = window.harness.output().platform_output.commands.iter().find_map(|command| match command {
        OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    let copied = copied.unwrap();
    let lines: Vec<Vec<&str>> = copied.lines().map(|line| line.split('\t').collect()).collect();
    assert!(lines[0][0].starts_with("Query, ε = 5e-1: 10 "), "{copied}");
    for line in &lines[1..] {
        assert_eq!(line.len(), 3, "{copied}");
        assert_eq!(step(&window, line[0]), line[2]);
    }
    assert_eq!(lines.len(), 10, "{copied}");
}

#[test]
fn contributions_are_named_under_the_pointer_and_sum_to_the_score() {
    let mut window = Window::open(session(Bundled::Austen));
    let why = why(&mut window, (Component::Query, 0));
    let dimensions = why.contributions.len();
    let name = format!("Contributions of {dimensions} dimensions");
    assert!(window.value(Role::Image, &name).starts_with(&format!("sum {:.8}", why.score)));
    for (order, dimension) in [
        ("By dimension", 5),
        ("By size", {
            let mut by_size: Vec<usize> = (0..dimensions).collect();
            by_size.sort_by(|&a, &b| why.contributions[b].abs().total_cmp(&why.contributions[a].abs()));
            by_size[5]
        }),
    ] {
        window.harness.get_by_role_and_label(Role::RadioButton, order).click_accesskit();
        window.settle();
        let bars = window.harness.get_by_role_and_label(Role::Image, &name);
        bars.scroll_to_me();
        window.settle();
        let rect = window.harness.get_by_role_and_label(Role::Image, &name).rect();
        window.hover(rect.left_center() + vec2(rect.width() * 5.5 / dimensions as f32, 0.0));
        let said = window.value(Role::Image, &name);
        let [(q, k), (product, part)] = [("q_d ", "k_d "), ("q_d·k_d ", "× scale ")].map(|(first, second)| {
            let after = |what: &str| {
                let from = said.find(what).unwrap_or_else(|| panic!("{said}")) + what.len();
                said[from..].split(',').next().unwrap().parse::<f64>().unwrap()
            };
            (after(first), after(second))
        });
        assert!(said.starts_with(&format!("dimension {dimension}, ")), "{order}: {said}");
        assert!((q - why.query[dimension]).abs() <= 1e-6 * q.abs(), "{said}");
        assert!((k - why.key[dimension]).abs() <= 1e-6 * k.abs(), "{said}");
        assert!((product - q * k).abs() <= 2e-6 * product.abs(), "{said}");
        assert!((part - why.contributions[dimension]).abs() <= 1e-6 * part.abs(), "{said}");
        // Cards wait for a moment.
        window.harness.run_steps(60);
        window.assert_text(&format!("dimension {dimension}"));
        window.leave();
    }
}

#[test]
fn lines_are_switched_in_the_order_of_the_panels() {
    let mut window = Window::open(session(Bundled::Smollm2Capture));
    let expected = window.expected();
    let said = |window: &Window| {
        let mut images = window.harness.query_all_by_role(Role::Image);
        let profile = images.find(|node| node.accesskit_node().label().is_some_and(|l| l.starts_with("Row profile")));
        profile.unwrap().value().unwrap()
    };
    let weight = |component, column| {
        let row = expected.panels[at(component, column)].pattern.exact_row(CELL.query);
        if row[CELL.key] < 1e-4 { format!("{:.6e}", row[CELL.key]) } else { format!("{:.7}", row[CELL.key]) }
    };
    for (component, column) in grid() {
        let text = format!("{} {}", panel(&window, component, column), weight(component, column));
        assert!(said(&window).contains(&text), "{text}: {}", said(&window));
    }
    let mut keys: Vec<_> = window
        .harness
        .query_all_by_role(Role::CheckBox)
        .map(|node| (node.rect().min, node.accesskit_node().label().unwrap()))
        .filter(|(_, name)| name == "baseline" || name.contains("lines") || name.contains("ε = "))
        .collect();
    keys.sort_by(|(a, _), (b, _)| (a.y, a.x).partial_cmp(&(b.y, b.x)).unwrap());
    let names: Vec<String> = keys.into_iter().map(|(_, name)| name).collect();
    let mut wanted = vec!["baseline".to_owned()];
    for component in Component::FIGURE {
        wanted.push(format!("all {component} lines"));
        wanted.extend((0..3).map(|column| panel(&window, component, column)));
    }
    assert_eq!(names, wanted);

    let toggle = |window: &mut Window, name: &str| {
        window.harness.get_by_role_and_label(Role::CheckBox, name).click_accesskit();
        window.settle();
    };
    let is_on = |window: &Window, name: &str| {
        let node = window.harness.get_by_role_and_label(Role::CheckBox, name);
        node.accesskit_node().toggled() == Some(Toggled::True)
    };
    for name in ["baseline", "Key, ε = 1e-3"] {
        assert!(is_on(&window, name) && said(&window).contains(name));
        toggle(&mut window, name);
        assert!(!is_on(&window, name) && !said(&window).contains(name), "{}", said(&window));
        toggle(&mut window, name);
        assert!(said(&window).contains(name));
    }
    toggle(&mut window, "all Value lines");
    assert!(!said(&window).contains("Value") && !is_on(&window, "Value, ε = 5e-1"));
    let before = said(&window);
    window.harness.get_by_role_and_label(Role::RadioButton, "Log").click_accesskit();
    window.settle();
    assert_eq!(said(&window), before, "another axis, the same weights");
}

#[test]
fn the_effect_of_all_nine_panels_is_the_engines() {
    for preset in [Preset::ThisHead, Preset::AllLayers] {
        let mut window = Window::open(session(Bundled::Austen).with([Command::SetScope(preset.scope())]));
        window.wait("all divergences", all_divergences);
        let expected = window.expected();
        let norm = expected.baseline.output_norm().unwrap();
        let spec = window.session().run_spec();
        let mut engine = Engine::default();
        for (component, column) in grid() {
            let effect = engine.effect(&spec, at(component, column), &|| false).unwrap().unwrap();
            let shown: f64 = entry(&window, "KL", component, column).parse().unwrap();
            assert!((shown - effect.kl).abs() <= 5.1e-3 * effect.kl, "{shown} for {}", effect.kl);
            let ratio = expected.panels[at(component, column)].output_norm().unwrap() / norm;
            let shown: f64 = entry(&window, "output norm", component, column).parse().unwrap();
            assert!((shown - ratio).abs() <= 5.1e-3 * ratio, "{shown} for {ratio}");
        }
        let effect = engine.effect(&spec, at(Component::Query, 0), &|| false).unwrap().unwrap();
        assert!(effect.top.len() >= 10);
        let texts = window.texts();
        let readable = |token: &&NextToken| token.baseline.min(token.modified) > 1e-5;
        assert!(effect.top.iter().filter(readable).count() >= 5);
        for token in effect.top.iter().filter(readable) {
            let wanted = [token.baseline, token.modified].map(|probability| format!("{:.3} %", probability * 100.0));
            assert!(texts.windows(2).any(|two| two == wanted), "{wanted:?}: {texts:#?}");
            assert!(window.has(Role::Button, &format!("Target “{}”", token.text)), "{}", token.text);
        }
    }
}

#[test]
fn a_capture_has_norms_and_says_why_there_is_no_token() {
    let mut window = Window::open(session(Bundled::Smollm2Capture));
    window.wait("the norms", |window| window.has_text("A capture has no model behind it"));
    let expected = window.expected();
    let ratio =
        expected.panels[at(Component::Value, 0)].output_norm().unwrap() / expected.baseline.output_norm().unwrap();
    let shown: f64 = entry(&window, "output norm", Component::Value, 0).parse().unwrap();
    assert!((shown - ratio).abs() <= 5.1e-3 * ratio, "{shown} for {ratio}");
}

#[test]
fn divergences_of_a_slow_model_arrive_one_by_one_and_can_be_given_up() {
    let scope = Preset::AllLayers.scope();
    let mut window = Window::gated(session(Bundled::Austen).with([Command::Locate(slow()), Command::SetScope(scope)]));
    window.gates.tensors.open();
    window.gates.layers.open();
    window.settle();
    window.wait("all divergences", all_divergences);
    window.gates.layers.close();
    window.harness.get_by_role_and_label(Role::Slider, "epsilon").set_value_accesskit(0.1);
    window.harness.step();
    // Two questions wait for layers, the strip's and the panels', in either order: one layer at a time, each looked at.
    let is_known =
        |window: &Window, column| find_entry(window, "KL", Component::Query, column).is_some_and(|text| text != "…");
    while !(0..3).all(|column| is_known(&window, column)) {
        window.gates.layers.allow(1);
        window.until("a layer", |window| window.gates.layers.is_waited_at());
        window.advance(Duration::from_millis(300));
    }
    for (component, column) in grid() {
        let is_open = (component, column) == (Component::Key, 0);
        let is_awaited = (component, column) == (Component::Value, 0);
        assert!(is_open || (entry(&window, "KL", component, column) == "…") == is_awaited, "{component} {column}");
    }
    window.until("Cancel", |window| window.has(Role::Button, "Cancel computing"));
    window.click_now(Role::Button, "Cancel computing");
    window.assert_text("cancelled: effect on the output");
    window.gates.layers.open();
    window.click_now(Role::Button, "Compute");
    window.wait("all divergences", all_divergences);
}

#[test]
fn the_shown_head_has_the_tokens_that_it_promotes_and_suppresses() {
    let mut window = Window::open(session(Bundled::Austen));
    assert!(!window.has_text("Promoted"), "folded away, and not asked for");
    window.click(Role::DisclosureTriangle, "What the head writes");
    let spec = window.session().run_spec();
    let under = Under::Change(Component::Query, spec.experiment.epsilon[at(Component::Query, 0)]);
    let tokens = Engine::default().written_tokens(&spec, under, None, 6, &|| false).unwrap();
    window.until("the tokens", |window| window.has_text("Promoted"));
    for token in tokens.promoted.iter().chain(&tokens.suppressed) {
        for text in [quoted_token(&token.text), format!("{:+.4}", token.baseline), format!("{:+.4}", token.modified)] {
            window.assert_text(&text);
        }
    }
}
