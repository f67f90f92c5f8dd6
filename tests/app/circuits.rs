//! Head sets from ticks and chips, and changes that stay in force.

use attenuate::{
    attention::{Component, Epsilon, HeadSet, InForce, Metrics, Preset, Scope},
    engine::{Bundled, HeadEffect, HeadMetric, HeadRow, Ranking, Reference, Under},
    session::{Cell, Command, Session},
};
use egui::{Key, Modifiers, Role, accesskit::Toggled};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::support::Window;
use crate::support::grids::at;

fn ticking() -> Window {
    let mut window = Window::open(Session::example(Bundled::Austen));
    window.press(Key::H);
    window.click(Role::Button, "Fill");
    window.click(Role::Button, "Tick heads");
    window
}

fn set(window: &Window) -> Option<HeadSet> {
    window.session().scope().set.clone()
}

fn named(set: &str) -> HeadSet {
    set.parse().unwrap()
}

fn is_ticked(window: &Window, name: &str) -> bool {
    let node = window.harness.get_by_role_and_label(Role::CheckBox, name);
    node.accesskit_node().toggled() == Some(Toggled::True)
}

fn undo(window: &mut Window) {
    window.press_with(Modifiers::COMMAND, Key::Z);
}

#[test]
fn boxes_make_a_set_one_by_one_and_in_runs() {
    let mut window = ticking();
    window.click(Role::CheckBox, "Tick layer 1, head 2");
    assert_eq!(set(&window), Some(named("1:2")));
    assert!(is_ticked(&window, "Tick layer 1, head 2") && !is_ticked(&window, "Tick layer 1, head 3"));
    let name = "Tick layer 2, head 1";
    window.harness.get_by_role_and_label(Role::CheckBox, name).click_modifiers(Modifiers::SHIFT);
    window.settle();
    assert_eq!(set(&window), Some(named("1:2,1:3,2:0,2:1")));
    window.click(Role::CheckBox, "Tick layer 1, head 3");
    assert_eq!(set(&window), Some(named("1:2,2:0,2:1")));
    window.assert_text("3 ticked");
    assert!(window.session().view().heads, "a box shows no head");
    undo(&mut window);
    assert_eq!(set(&window), Some(named("1:2,1:3,2:0,2:1")));
    undo(&mut window);
    undo(&mut window);
    assert_eq!(set(&window), None);
    window.click(Role::CheckBox, "Tick layer 0, head 0");
    window.click(Role::CheckBox, "Tick layer 0, head 0");
    assert_eq!(*window.session().scope(), Scope::default(), "of none it is the head on screen");
}

#[test]
fn a_ranking_a_list_and_a_class_are_ticked_at_once() {
    let mut window = ticking();
    let mut rows = Vec::new();
    let mut each = |heads: Vec<attenuate::engine::HeadPattern>| {
        rows.extend(heads.into_iter().map(|head| HeadRow { summary: head.summary, effect: HeadEffect::default() }));
    };
    let spec = window.session().run_spec();
    attenuate::engine::Engine::default().head_patterns(&spec, Under::Baseline, &mut each, &|| false).unwrap();
    let chosen = |rows: &[&HeadRow]| -> Option<HeadSet> {
        let heads = rows.iter().map(|row| (row.summary.layer, row.summary.head)).collect();
        HeadSet::of(&heads, 4)
    };

    window.click(Role::RadioButton, "Highest");
    window.click(Role::Button, "Tick the first 5");
    let mut ranked: Vec<&HeadRow> = rows.iter().collect();
    ranked.sort_by(|a, b| Ranking::Highest(HeadMetric::SinkMass).compare(a, b));
    assert_eq!(set(&window), chosen(&ranked[..5]));
    window.click(Role::Button, "Sink heads");
    let sinks: Vec<&HeadRow> =
        rows.iter().filter(|row| row.summary.metrics.sink_mass.is_some_and(|mass| mass >= 0.5)).collect();
    assert_eq!(set(&window), chosen(&sinks));
    window.type_over(Role::TextInput, "Filter heads", "layer 2 head 1-2");
    window.click(Role::Button, "Tick all listed");
    assert_eq!(set(&window), Some(named("2:1,2:2")));
    window.click(Role::Button, "Clear ticks");
    assert_eq!(set(&window), None);
}

#[test]
fn chips_name_the_heads_and_take_them_out() {
    let scope = Scope { set: Some(named("1:0,2:3,3:*")), ..Scope::default() };
    let mut window = Window::open(Session::example(Bundled::Austen).with([Command::SetScope(scope)]));
    window.assert_text("scope: Heads 1:0,2:3,3:*");
    window.assert_text("ε acts on these 6 heads (1:0, 2:3, 3:0, 3:1, 3:2, 3:3), at every position.");
    assert!(Preset::ALL.iter().all(|preset| !window.is_chosen(preset.name())), "no preset is lit");
    let before = window.metrics();
    window.click(Role::Button, "Take out layer 3, head 2");
    assert_eq!(set(&window), Some(named("1:0,2:3,3:0,3:1,3:3")));
    window.assert_text("scope: These 5 heads");
    assert_ne!(window.metrics(), before);
    undo(&mut window);
    assert_eq!(window.metrics(), before);
    window.click(Role::Button, "Clear");
    assert_eq!(*window.session().scope(), Scope::default());
    window.click(Role::RadioButton, "This layer");
    assert_eq!(*window.session().scope(), Preset::ThisLayer.scope());
}

#[test]
fn a_change_is_kept_moved_compared_with_and_removed() {
    let session = Session::example(Bundled::Austen).with([
        Command::SetScope(Preset::ThisLayer.scope()),
        Command::SetLayer(2),
        Command::SelectPanel(at(Component::Value, 0)),
    ]);
    let mut window = Window::open(session);
    window.menu(&["Edit", "Keep this change"]);
    window.close_menus();
    let first: InForce = "value@2:*=0.5".parse().unwrap();
    assert_eq!(*window.session().in_force(), first);
    window.assert_text("value@2:*=5e-1");

    // It stays where it is while the view moves on.
    window.click(Role::Button, "Layer up");
    window.click(Role::RadioButton, "This head");
    window.click(Role::RadioButton, "Query");
    window.enter_epsilon("0.25");
    window.click(Role::Button, "Keep this change");
    let both: InForce = "value@2:*=0.5; query@3:1=0.25".parse().unwrap();
    assert_eq!(*window.session().in_force(), both);
    window.metrics();
    window.click(Role::Button, "Move up query@3:1=2.5e-1");
    assert_eq!(*window.session().in_force(), both.with_earlier(1));
    undo(&mut window);

    window.menu(&["View", "Compare with", "What is in force"]);
    window.close_menus();
    assert_eq!(*window.session().reference(), Reference::InForce);
    window.assert_text("Differences are from what is in force.");
    let expected = window.expected();
    let panel = at(Component::Query, 0);
    let [now, in_force] =
        [&expected.panels[panel], expected.compared_with(panel)].map(|panel| Metrics::of(&panel.pattern));
    assert_ne!(now, in_force);
    assert_ne!(in_force, Metrics::of(&expected.baseline.pattern));

    window.click(Role::Button, "Remove value@2:*=5e-1");
    window.click(Role::Button, "Remove query@3:1=2.5e-1");
    assert!(window.session().in_force().is_empty() && !window.has_text("In force"));
    undo(&mut window);
    assert_eq!(window.session().in_force().len(), 1);
}

#[test]
fn the_pinned_edge_is_blocked_and_says_so() {
    let cell = Cell { query: 4, key: 0 };
    let pinned = [Command::ToggleInspector, Command::Pin(cell)];
    let mut window = Window::open(Session::example(Bundled::Austen).with(pinned));
    window.menu(&["Edit", "Block the pinned edge"]);
    assert_eq!(*window.session().in_force(), "block@5:1=4->0".parse().unwrap());
    let expected = window.expected();
    let pattern = &expected.panels[at(Component::Query, 0)].pattern;
    assert_eq!((pattern.place(4, 0), pattern.exact_row(4)[0]), (None, 0.0));
    window.assert_text("this edge is blocked");
    window.click(Role::Button, "Remove block@5:1=4->0");
    assert!(!window.has_text("this edge is blocked"));
}

#[test]
fn what_changes_nothing_is_not_kept_and_another_source_forgets() {
    let keep = [Command::SetEpsilon(Epsilon::ONE)];
    let mut window = Window::open(Session::example(Bundled::Austen).with(keep));
    window.menu(&["Edit", "Keep this change"]);
    window.close_menus();
    assert!(window.session().in_force().is_empty());
    window.enter_epsilon("0");
    window.menu(&["Edit", "Keep this change"]);
    window.close_menus();
    assert_eq!(window.session().in_force().len(), 1);
    window.menu(&["File", "Examples", "The same figure, captured"]);
    window.close_menus();
    assert!(window.session().in_force().is_empty(), "its heads are another model’s");
}
