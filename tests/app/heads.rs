//! The browser of all heads.

use attenuate::{
    attention::{Component, Epsilon, Preset},
    engine::{
        Bundled, Engine, HeadEffect, HeadMetric, HeadRow, Part, PartWrites, Prompt, Ranking, Rival, Target, TokenName,
        Under, Writes, WrittenTokens,
    },
    session::{Command, Session},
};
use egui::{Key, Modifiers, Role, vec2};
use egui_kittest::{
    Node,
    kittest::{NodeT as _, Queryable as _},
};

use serde_json::Value;

use super::support::Window;
use crate::support::captured_figure;
use crate::support::grids::at;

/// The names of the heads that are painted, in reading order.
fn listed(window: &Window) -> Vec<String> {
    let name = |node: &Node<'_>| node.accesskit_node().label().filter(|name| name.contains(", head "));
    let mut nodes: Vec<_> = window
        .harness
        .query_all_by_role(Role::Button)
        .filter_map(|node| Some((node.rect().min, name(&node)?)))
        .collect();
    nodes.sort_by(|(a, _), (b, _)| (a.y, a.x).partial_cmp(&(b.y, b.x)).unwrap());
    nodes.into_iter().map(|(_, name)| name).collect()
}

fn rows(session: &Session, under: Under) -> Vec<HeadRow> {
    let mut rows = Vec::new();
    let mut each = |heads: Vec<attenuate::engine::HeadPattern>| {
        rows.extend(heads.into_iter().map(|head| HeadRow { summary: head.summary, effect: HeadEffect::default() }));
    };
    Engine::default().head_patterns(&session.run_spec(), under, &mut each, &|| false).unwrap();
    rows
}

fn said(row: &HeadRow, metric: HeadMetric) -> String {
    let value = row.get(metric).map_or("none".to_owned(), |value| format!("{value:.4}"));
    format!("Layer {}, head {}, {} {value}", row.summary.layer, row.summary.head, metric.name())
}

fn open(session: Session) -> Window {
    let mut window = Window::open(session);
    window.press(Key::H);
    assert!(window.session().view().heads);
    window
}

fn choose(window: &mut Window, name: &str) {
    window.click(Role::ComboBox, "Metric");
    window.click(Role::Button, name);
}

#[test]
fn every_head_is_there_with_its_metric_and_one_is_shown() {
    let mut window = open(Session::example(Bundled::Austen));
    let expected: Vec<String> =
        rows(window.session(), Under::Baseline).iter().map(|row| said(row, HeadMetric::SinkMass)).collect();
    assert_eq!(listed(&window), expected);
    assert!(window.panels().is_empty(), "in the place of the grid");
    window.assert_text("24 heads");

    window.click(Role::Button, &expected[6]);
    assert_eq!((window.session().layer(), window.session().head()), (1, 2));
    assert!(!window.session().view().heads);
    assert_eq!(window.panels().len(), 9);
    window.press(Key::H);
    let current = window.harness.get_by_role_and_label(Role::Button, &expected[6]);
    assert_eq!(current.accesskit_node().toggled(), Some(egui::accesskit::Toggled::True));
    window.press(Key::Escape);
    assert_eq!((window.session().layer(), window.session().view().heads), (1, false));
    window.click(Role::Button, "Heads");
    assert!(window.session().view().heads);
}

#[test]
fn it_opens_on_the_shown_head_and_paints_only_what_is_in_view() {
    let mut window = open(captured_figure());
    let names = listed(&window);
    assert!(names.iter().any(|name| name.starts_with("Layer 14, head 3, sink mass 0.84")), "{names:?}");
    assert!((20..120).contains(&names.len()), "{} of 270", names.len());
    window.assert_text("270 heads");
    window.press(Key::End);
    assert!(listed(&window).last().is_some_and(|name| name.starts_with("Layer 29, head 8")));
    window.press(Key::Home);
    assert!(listed(&window)[0].starts_with("Layer 0, head 0"));
}

#[test]
fn arrows_step_and_enter_shows() {
    let mut window = open(captured_figure());
    // Nine heads to a layer: down is the next layer.
    for key in [Key::ArrowDown, Key::ArrowRight, Key::ArrowRight] {
        window.press(key);
    }
    let focused =
        listed(&window).into_iter().find(|name| window.harness.get_by_role_and_label(Role::Button, name).is_focused());
    assert!(focused.is_some_and(|name| name.starts_with("Layer 15, head 5")));
    assert_eq!(window.session().pinned(), None);
    window.press(Key::Enter);
    assert_eq!((window.session().layer(), window.session().head(), window.session().view().heads), (15, 5, false));
}

#[test]
fn a_metric_sorts_and_filters() {
    let mut window = open(captured_figure());
    let mut expected = rows(window.session(), Under::Baseline);
    choose(&mut window, "Entropy");
    window.click(Role::RadioButton, "Lowest");
    expected.sort_by(|a, b| Ranking::Lowest(HeadMetric::Entropy).compare(a, b));
    let names: Vec<String> = expected.iter().map(|row| said(row, HeadMetric::Entropy)).collect();
    let found = listed(&window);
    assert_eq!(found[..], names[..found.len()]);

    window.type_over(Role::TextInput, "Filter heads", "layer 12-13 head 1");
    let of_two = |row: &&HeadRow| (12..=13).contains(&row.summary.layer) && row.summary.head == 1;
    let names: Vec<String> = expected.iter().filter(of_two).map(|row| said(row, HeadMetric::Entropy)).collect();
    assert_eq!(listed(&window), names);
    window.assert_text("2 of 270 heads");
    window.type_over(Role::TextInput, "Filter heads", "lair 12");
    window.assert_text("lair");

    window.type_over(Role::TextInput, "Filter heads", "");
    window.harness.get_by_role_and_label(Role::Slider, "Least value").set_value_accesskit(0.5);
    window.settle();
    let enough = expected.iter().filter(|row| row.get(HeadMetric::Entropy).unwrap() >= 0.5).count();
    window.assert_text(&format!("{enough} of 270 heads"));
}

#[test]
fn the_selected_intervention_is_each_heads_own() {
    let select = Command::SelectPanel(at(Component::Value, 1));
    let session = Session::example(Bundled::Austen).with([select, Command::SetScope(Preset::AllLayers.scope())]);
    let mut window = open(session);
    window.click(Role::RadioButton, "Value, ε = 1e-3");
    let under = Under::Change(Component::Value, Epsilon::new(1e-3).unwrap());
    let expected: Vec<String> =
        rows(window.session(), under).iter().map(|row| said(row, HeadMetric::SinkMass)).collect();
    assert_eq!(listed(&window), expected);
    window.enter_epsilon("0.5");
    let under = Under::Change(Component::Value, Epsilon::new(0.5).unwrap());
    let expected: Vec<String> =
        rows(window.session(), under).iter().map(|row| said(row, HeadMetric::SinkMass)).collect();
    assert_eq!(listed(&window), expected, "follows the slider");
}

#[test]
fn ranks_by_effect_in_the_table_and_saves_it() {
    let mut window = open(Session::example(Bundled::Austen));
    window.click(Role::RadioButton, "Table");
    assert_eq!(listed(&window).len(), 24);
    window.click(Role::Button, "Rank by effect");
    let spec = window.session().run_spec();
    let ships = Engine::default().ships(
        &spec,
        Component::Query,
        spec.experiment.epsilon[at(Component::Query, 0)],
        None,
        &mut |_| {},
        &|| false,
    );
    let mut ships = ships.unwrap().unwrap();
    ships.sort_by(|a, b| b.ships.total_cmp(&a.ships));
    let found = listed(&window);
    for (name, ships) in found.iter().zip(&ships) {
        assert!(name.starts_with(&format!("Layer {}, head {},", ships.layer, ships.head)), "{name}");
        assert!(name.contains(&format!(", Ships {:.3e}, ", ships.ships)), "{name}");
    }
    window.assert_text("Ships of Query, ε = 5e-1");
    assert!(window.is_disabled(Role::Button, "Rank by effect"));
    window.enter_epsilon("0");
    assert!(!window.is_disabled(Role::Button, "Rank by effect"), "ranked by another ε");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heads.csv");
    window.click(Role::Button, "Save table…");
    window.type_over(Role::TextInput, "CSV or JSON file", &path.display().to_string());
    window.press(Key::Enter);
    let saved = format!("Saved {}", path.display());
    window.wait(&saved, |window| window.announced(Role::Status).contains(&saved));
    let text = std::fs::read_to_string(&path).unwrap();
    let first = text.lines().nth(1).unwrap();
    assert!(first.starts_with(&format!("{},{},", ships[0].layer, ships[0].head)), "{first}");
    assert!(first.contains(",query,5e-1,scale,") && first.ends_with(",17"), "{first}");

    window.click(Role::Button, "Sort by diagonal");
    let mut expected = rows(window.session(), Under::Baseline);
    expected.sort_by(|a, b| Ranking::Highest(HeadMetric::Diagonal).compare(a, b));
    let (layer, head) = (expected[0].summary.layer, expected[0].summary.head);
    assert!(listed(&window)[0].starts_with(&format!("Layer {layer}, head {head},")));
    let first = listed(&window)[0].clone();
    window.click(Role::Button, &first);
    assert_eq!(
        (window.session().layer(), window.session().head(), window.session().view().heads),
        (layer, head, false)
    );
}

#[test]
fn a_long_table_shows_what_comes_first_in_a_new_order() {
    let mut window = open(captured_figure());
    window.click(Role::RadioButton, "Table");
    // The switch has the focus, and End is for the list all the same.
    window.press(Key::End);
    assert!(listed(&window).last().is_some_and(|name| name.starts_with("Layer 29, head 8")), "{:?}", listed(&window));
    window.click(Role::Button, "Sort by diagonal");
    let mut expected = rows(window.session(), Under::Baseline);
    expected.sort_by(|a, b| Ranking::Highest(HeadMetric::Diagonal).compare(a, b));
    let (layer, head) = (expected[0].summary.layer, expected[0].summary.head);
    assert!(listed(&window)[0].starts_with(&format!("Layer {layer}, head {head},")), "{:?}", listed(&window));
}

#[test]
fn a_preset_ranks_as_the_paper_does_in_one_click() {
    const PRESET: &str = "Safety heads (arXiv 2410.13708)";
    let mut window = open(Session::example(Bundled::Austen).with([Command::SetPrompt("She was in love".to_owned())]));
    window.click(Role::RadioButton, "Table");
    window.click(Role::Button, PRESET);
    let spec = window.session().run_spec();
    assert_eq!(spec.prompt, Prompt::text("## Query:She was in love \n## Answer:"));
    let epsilon = Epsilon::new(1e-4).unwrap();
    let ships = Engine::default().ships(&spec, Component::Query, epsilon, None, &mut |_| {}, &|| false);
    let mut ships = ships.unwrap().unwrap();
    ships.sort_by(|a, b| b.ships.total_cmp(&a.ships));
    for (name, ships) in listed(&window).iter().zip(&ships) {
        assert!(name.starts_with(&format!("Layer {}, head {},", ships.layer, ships.head)), "{name}");
    }
    window.assert_text("Ships of Query, ε = 1e-4");
    assert!(window.is_disabled(Role::Button, PRESET), "it is there");
    window.press_with(Modifiers::COMMAND, Key::Z);
    assert_eq!(*window.session().prompt(), Prompt::text("She was in love"));
    assert!(!window.is_disabled(Role::Button, PRESET));
    let ids = Command::Read(Prompt::TokenIds(vec![0, 12, 7]));
    let window = open(Session::example(Bundled::Austen).with([ids]));
    assert!(window.is_disabled(Role::Button, PRESET), "ids stand in no template");
}

#[test]
fn a_capture_has_no_output_to_rank_by() {
    let window = open(captured_figure());
    assert!(window.is_disabled(Role::Button, "Rank by effect"));
}

#[test]
fn keys_of_other_things_stay_theirs() {
    let mut window = open(Session::example(Bundled::Austen));
    window.type_over(Role::TextInput, "Filter heads", "H");
    assert!(window.session().view().heads, "a letter in a field is a letter");
    window.press(Key::Escape);
    assert!(window.session().view().heads, "Esc leaves the field first");
    window.press(Key::Escape);
    assert!(!window.session().view().heads);
    window.press(Key::H);
    window.press_with(Modifiers::COMMAND, Key::E);
    window.press(Key::Escape);
    assert!(window.session().view().heads, "Esc closes the dialog first");
}

#[test]
fn a_narrow_window_has_everything() {
    for bundled in [Bundled::Smollm2Capture, Bundled::Austen] {
        let session = Session::example(bundled).with([Command::ToggleHeads]);
        let window = Window::sized(session, vec2(900.0, 600.0));
        for (role, name) in [
            (Role::RadioButton, "Table"),
            (Role::RadioButton, "Baseline"),
            (Role::ComboBox, "Metric"),
            (Role::RadioButton, "Lowest"),
            (Role::Slider, "Least value"),
            (Role::TextInput, "Filter heads"),
            (Role::Button, "Rank by effect"),
            (Role::Button, "Copy table"),
            (Role::Button, "Save table…"),
            (Role::Button, "Back to the grid"),
        ] {
            let rect = window.harness.get_by_role_and_label(role, name).rect();
            assert!(rect.left() >= 336.0 && rect.right() <= 900.0, "{name}: {rect:?}");
        }
        assert!(listed(&window).len() >= 8, "{:?}", listed(&window));
    }
}

fn writes(session: &Session, under: Under, target: &Target) -> Writes {
    Engine::default().writes(&session.run_spec(), under, target, None, &|| false).unwrap()
}

#[test]
fn heads_are_ranked_by_what_they_write_into_a_token() {
    let mut window = open(Session::example(Bundled::Austen));
    let likeliest = writes(window.session(), Under::Baseline, &Target::default());
    let rival = likeliest.rival.clone().unwrap();
    window.click(Role::RadioButton, "Table");
    window.click(Role::Button, "Sort by writes");
    window.assert_text(&format!("logit of “{}” {:.2}", likeliest.target.text, likeliest.logit()));
    window.assert_text(&format!("over “{}” {:.2}", rival.text, likeliest.over_rival().unwrap()));
    let mut heads: Vec<_> =
        likeliest.parts.iter().filter(|part| matches!(part.part, Part::Head { .. })).copied().collect();
    heads.sort_by(|a, b| b.to_target.total_cmp(&a.to_target));
    let spoken = |writes: &PartWrites| {
        let Part::Head { layer, head } = writes.part else { panic!("a head") };
        let [to_target, over] =
            [(HeadMetric::Writes, writes.to_target), (HeadMetric::WritesOverRival, writes.over_rival.unwrap())]
                .map(|(metric, value)| format!("{} {}", metric.name(), metric.text(value)));
        (format!("Layer {layer}, head {head}, "), format!("{to_target}, {over}"))
    };
    let found = listed(&window);
    assert!(found.len() >= 20, "as many as have room");
    for (name, writes) in found.iter().zip(&heads) {
        let (place, numbers) = spoken(writes);
        assert!(name.starts_with(&place) && name.ends_with(&numbers), "{name}: {place}{numbers}");
    }

    // Another target, and one that is none.
    window.type_over(Role::TextInput, "Target", " love");
    let named = Target { token: Some(TokenName::Text(" love".to_owned())), rival: Rival::Likeliest };
    let of_love = writes(window.session(), Under::Baseline, &named);
    window.assert_text(&format!("logit of “ love” {:.2}", of_love.logit()));
    window.type_over(Role::TextInput, "Target", " love me");
    window.assert_text("“ love me” must be one token: it is 2 tokens");
    window.type_over(Role::TextInput, "Target", "");
    window.assert_text(&format!("logit of “{}” {:.2}", likeliest.target.text, likeliest.logit()));
}

#[test]
fn a_saved_table_has_the_tokens_that_each_listed_head_writes() {
    let mut window = open(Session::example(Bundled::Austen));
    window.type_over(Role::TextInput, "Filter heads", "head 1-2");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heads.json");
    window.click(Role::Button, "Save table…");
    window.type_over(Role::TextInput, "CSV or JSON file", &path.display().to_string());
    window.press(Key::Enter);
    let saved = format!("Saved {}", path.display());
    window.wait(&saved, |window| window.announced(Role::Status).contains(&saved));
    let rows: Vec<Value> = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(rows.len(), 6 * 2);
    let spec = window.session().run_spec();
    let count = WrittenTokens::IN_TABLES;
    let all = Engine::default().all_written_tokens(&spec, Under::Baseline, None, count, &|| false).unwrap();
    for row in &rows {
        let [layer, head] = ["layer", "head"].map(|key| usize::try_from(row[key].as_u64().unwrap()).unwrap());
        let of_head = &all[layer * 4 + head];
        for (key, tokens) in [("promoted", &of_head.promoted), ("suppressed", &of_head.suppressed)] {
            let texts: Vec<_> =
                row[key].as_array().unwrap().iter().map(|token| token["text"].as_str().unwrap()).collect();
            assert_eq!(texts, tokens.iter().map(|token| token.text.as_str()).collect::<Vec<_>>(), "{layer}:{head}");
        }
    }
}

#[test]
fn a_map_shows_every_head_in_the_colour_of_what_it_writes() {
    let mut window = open(Session::example(Bundled::Austen));
    window.click(Role::RadioButton, "Map");
    assert_eq!(listed(&window).len(), 24);
    choose(&mut window, "Writes − rival");
    assert_eq!(listed(&window).len(), 24);
    let likeliest = writes(window.session(), Under::Baseline, &Target::default());
    for (at, name) in listed(&window).iter().enumerate() {
        let (layer, head) = (at / 4, at % 4);
        let value = likeliest.head(layer, head).unwrap().over_rival.unwrap();
        let expected =
            format!("Layer {layer}, head {head}, writes − rival {}", HeadMetric::WritesOverRival.text(value));
        assert_eq!(*name, expected);
    }
    // Under the selected panel's change, of the shown head alone.
    window.enter_epsilon("0");
    assert!(window.session().view().heads, "Enter is the field's");
    window.click(Role::RadioButton, "Query, ε = 0");
    let zero = Under::Change(Component::Query, Epsilon::ZERO);
    let changed = writes(window.session(), zero, &Target::default());
    assert_ne!(changed.parts, likeliest.parts);
    window.assert_text(&format!("logit of “{}” {:.2}", changed.target.text, changed.logit()));
    let name = listed(&window)[6].clone();
    window.click(Role::Button, &name);
    assert_eq!((window.session().layer(), window.session().head()), (1, 2));
}
