//! The browser of all heads.

use attenuate::{
    attention::{Component, Epsilon, Preset},
    engine::{
        Bundled, Engine, HeadEffect, HeadMetric, HeadRow, Part, PartWrites, Prompt, Ranking, Reference, Rival, Target,
        TokenName, Under, Writes, WrittenTokens,
    },
    session::{Cell, Command, HeadsPlace, Session},
};
use egui::{Key, Modifiers, PointerButton, Role, vec2};
use egui_kittest::{
    Node,
    kittest::{NodeT as _, Queryable as _},
};

use serde_json::Value;

use super::support::{Window, quoted_token};
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
    window.click(Role::Button, "Fill");
    assert_eq!(place(&window), Some(HeadsPlace::Centre));
    window
}

/// Where the browser is; none where it is closed.
fn place(window: &Window) -> Option<HeadsPlace> {
    let view = window.session().view();
    view.heads.then_some(view.heads_place)
}

fn shown(window: &Window) -> (usize, usize) {
    (window.session().layer(), window.session().head())
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
    assert_eq!(shown(&window), (1, 2));
    assert_eq!(place(&window), Some(HeadsPlace::Beside));
    assert_eq!(window.panels().len(), 9);
    let current = window.harness.get_by_role_and_label(Role::Button, &expected[6]);
    assert_eq!(current.accesskit_node().toggled(), Some(egui::accesskit::Toggled::True));
    window.press(Key::H);
    assert_eq!(place(&window), None);
    window.click(Role::Button, "Heads");
    assert_eq!(place(&window), Some(HeadsPlace::Beside));
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
    assert_eq!((shown(&window), place(&window)), ((15, 5), Some(HeadsPlace::Beside)));
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
    assert_eq!((shown(&window), place(&window)), ((layer, head), Some(HeadsPlace::Beside)));
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
    assert_eq!(place(&window), Some(HeadsPlace::Centre), "a letter in a field is a letter");
    window.press(Key::Escape);
    assert_eq!(place(&window), Some(HeadsPlace::Centre), "Esc leaves the field first");
    window.press(Key::Escape);
    assert_eq!(place(&window), Some(HeadsPlace::Beside));
    window.click(Role::Button, "Fill");
    window.press_with(Modifiers::COMMAND, Key::E);
    window.press(Key::Escape);
    assert_eq!(place(&window), Some(HeadsPlace::Centre), "Esc closes the dialog first");
}

#[test]
fn a_narrow_window_has_everything() {
    for bundled in [Bundled::Smollm2Capture, Bundled::Austen] {
        let session = Session::example(bundled).with([Command::PlaceHeads(HeadsPlace::Centre)]);
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
    window.assert_text(&format!("logit of {} {:.2}", quoted_token(&likeliest.target.text), likeliest.logit()));
    window.assert_text(&format!("over {} {:.2}", quoted_token(&rival.text), likeliest.over_rival().unwrap()));
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
    window.assert_text(&format!("logit of “·love” {:.2}", of_love.logit()));
    window.type_over(Role::TextInput, "Target", " love me");
    window.assert_text("“ love me” must be one token: it is 2 tokens");
    window.type_over(Role::TextInput, "Target", "");
    window.assert_text(&format!("logit of {} {:.2}", quoted_token(&likeliest.target.text), likeliest.logit()));
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
    window.assert_text(&format!("logit of {} {:.2}", quoted_token(&changed.target.text), changed.logit()));
    let name = listed(&window)[6].clone();
    window.click(Role::Button, &name);
    assert_eq!((window.session().layer(), window.session().head()), (1, 2));
}

/// As it opens, beside the panels.
fn beside(session: Session) -> Window {
    let mut window = Window::open(session);
    window.press(Key::H);
    assert_eq!(place(&window), Some(HeadsPlace::Beside));
    assert_eq!(window.panels().len(), 9);
    window
}

#[test]
fn beside_the_panels_a_click_shows_a_head_and_the_list_stays() {
    let mut window = beside(Session::example(Bundled::Austen));
    let expected: Vec<String> =
        rows(window.session(), Under::Baseline).iter().map(|row| said(row, HeadMetric::SinkMass)).collect();
    let found = listed(&window);
    assert!(found.len() >= 9 && found.iter().all(|name| expected.contains(name)), "{found:?}");
    assert!(found.contains(&expected[21]), "it opens on the head on screen: {found:?}");
    let panels: Vec<egui::Rect> = window.panels().iter().map(Node::rect).collect();
    for (index, place_of) in [(18, (4, 2)), (23, (5, 3))] {
        window.click(Role::Button, &expected[index]);
        assert_eq!((shown(&window), place(&window)), (place_of, Some(HeadsPlace::Beside)));
        assert_eq!(window.panels().iter().map(Node::rect).collect::<Vec<_>>(), panels, "the figure stays");
        let row = window.harness.get_by_role_and_label(Role::Button, &expected[index]);
        assert_eq!(row.accesskit_node().toggled(), Some(egui::accesskit::Toggled::True));
    }
    window.metrics();
}

#[test]
fn arrows_browse_live_and_enter_fills_the_middle() {
    for tab in ["Thumbnails", "Table", "Map"] {
        let mut window = beside(Session::example(Bundled::Austen));
        window.click(Role::RadioButton, tab);
        let names = listed(&window);
        window.click(Role::Button, names.iter().find(|name| name.starts_with("Layer 4, head 0")).unwrap());
        assert_eq!(shown(&window), (4, 0), "{tab}");
        let next = if tab == "Table" { Key::ArrowDown } else { Key::ArrowRight };
        window.press(next);
        assert_eq!((shown(&window), place(&window)), ((4, 1), Some(HeadsPlace::Beside)), "{tab}");
        window.press(next);
        assert_eq!(shown(&window), (4, 2), "{tab}");
        window.press(Key::Enter);
        assert_eq!((shown(&window), place(&window)), ((4, 2), Some(HeadsPlace::Centre)), "{tab}");
        assert!(window.panels().is_empty());
        window.press(next);
        assert_eq!(shown(&window), (4, 2), "there a head is chosen first");
        window.press(Key::Enter);
        assert_eq!((shown(&window), place(&window)), ((4, 3), Some(HeadsPlace::Beside)), "{tab}");
        window.press(Key::H);
        assert_eq!(place(&window), None);
    }
}

#[test]
fn a_pinned_cell_keeps_its_arrows_and_the_list_follows_the_panels() {
    let cell = Cell { query: 9, key: 3 };
    let mut window = beside(captured_figure().with([Command::Pin(cell)]));
    window.press(Key::ArrowDown);
    assert_eq!(window.session().pinned(), Some(Cell { query: 10, key: 3 }));
    assert_eq!(shown(&window), (14, 3));
    for _ in 0..9 {
        window.press(Key::CloseBracket);
    }
    assert_eq!(shown(&window), (23, 3));
    assert!(listed(&window).iter().any(|name| name.starts_with("Layer 23, head 3")), "{:?}", listed(&window));
    window.press(Key::Escape);
    assert_eq!((window.session().pinned(), place(&window)), (None, Some(HeadsPlace::Beside)));
    window.press(Key::ArrowRight);
    assert_eq!(shown(&window), (23, 4));
}

#[test]
fn heads_and_inspector_are_tabs_of_one_panel() {
    let mut window = beside(captured_figure());
    window.click(Role::RadioButton, "Inspector");
    assert!(window.session().view().inspector && place(&window).is_none());
    assert!(listed(&window).is_empty() && window.has(Role::RadioButton, "Heads"));
    window.click(Role::RadioButton, "Heads");
    assert!(!window.session().view().inspector && place(&window) == Some(HeadsPlace::Beside));
    window.press(Key::I);
    assert!(window.session().view().inspector && place(&window).is_none());
    window.press(Key::I);
    assert!(!window.has(Role::RadioButton, "Heads") && place(&window).is_none());
}

#[test]
fn a_head_is_compared_and_ticked_by_its_menu() {
    let mut window = beside(Session::example(Bundled::Austen));
    let name = listed(&window).into_iter().find(|name| name.starts_with("Layer 4, head 2")).unwrap();
    let position = window.harness.get_by_role_and_label(Role::Button, &name).rect().center();
    let open = |window: &mut Window| {
        window.harness.hover_at(position);
        for pressed in [true, false] {
            window.button(position, PointerButton::Secondary, pressed);
        }
        window.settle();
    };
    open(&mut window);
    window.click(Role::Button, "Compare with this head");
    assert_eq!(*window.session().reference(), Reference::Head { layer: 4, head: 2 });
    assert_eq!(shown(&window), (5, 1));
    open(&mut window);
    window.click(Role::Button, "Stop comparing");
    assert_eq!(*window.session().reference(), Reference::Baseline);
    open(&mut window);
    window.click(Role::Button, "Add to the scope");
    assert_eq!(window.session().scope().set, Some("4:2".parse().unwrap()));
    open(&mut window);
    window.click(Role::Button, "Take out of the scope");
    assert_eq!(window.session().scope().set, None);
    open(&mut window);
    window.click(Role::Button, "Copy its name");
    let said = window.announced(Role::Status);
    assert!(said.contains(&"Layer and head are on the clipboard.".to_owned()), "{said:?}");
}

#[test]
fn in_a_narrow_window_the_list_is_in_the_place_of_the_panels() {
    let mut window = Window::sized(Session::example(Bundled::Austen), vec2(512.0, 400.0));
    window.press(Key::H);
    assert!(window.panels().is_empty() && !window.has(Role::Button, "Fill"));
    window.press(Key::Escape);
    assert_eq!(place(&window), None);
    window.press(Key::H);
    window.press(Key::Enter);
    assert_eq!((window.panels().len(), place(&window)), (9, None));
    let mut window = Window::sized(Session::example(Bundled::Austen), vec2(640.0, 400.0));
    window.press(Key::H);
    assert!(window.panels().len() == 9 && window.has(Role::RadioButton, "Controls"), "they take turns");
    window.click(Role::RadioButton, "Controls");
    assert!(window.has(Role::Slider, "epsilon") && !window.has(Role::Button, "Fill"));
    window.click(Role::RadioButton, "Heads");
    assert!(!window.has(Role::Slider, "epsilon") && window.has(Role::Button, "Fill"));
}
