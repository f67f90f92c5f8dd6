//! Windows from 900×600 to 3840×2160 pixels at scales from 75 to 250 %: nothing is out of reach, and the figure stays.

use std::time::Duration;

use attenuate::{
    engine::{Bundled, Writing},
    session::{Cell, Command, ScaleStep, Session, UserSettings},
};
use egui::{Event, Key, Modifiers, MouseWheelUnit, Order, Pos2, Rect, Role, TouchPhase, Vec2, pos2, vec2};
use egui_kittest::{
    Node,
    kittest::{NodeT as _, Queryable as _},
};

use super::support::Window;
use crate::support::captured_figure;

/// Smallest, usual and largest windows in points, at the scales where something gives way.
const SIZES: [Vec2; 7] = [
    vec2(360.0, 240.0),
    vec2(450.0, 300.0),
    vec2(512.0, 320.0),
    vec2(640.0, 400.0),
    vec2(900.0, 600.0),
    vec2(1200.0, 800.0),
    vec2(5120.0, 2880.0),
];

const CONTROLS: [Role; 8] = [
    Role::Button,
    Role::CheckBox,
    Role::RadioButton,
    Role::Slider,
    Role::SpinButton,
    Role::TextInput,
    Role::MultilineTextInput,
    Role::ComboBox,
];

/// The dialog of this name, or everything: what lies under a dialog is not within reach until it is closed.
fn root<'w>(window: &'w Window, dialog: Option<&'w str>) -> Node<'w> {
    match dialog {
        Some(title) => window.harness.get_by_role_and_label(Role::Window, title),
        None => window.harness.root(),
    }
}

/// Role, name and place of every control, but for what is of a list and is moved to by arrows.
fn controls(window: &Window, dialog: Option<&str>) -> Vec<(Role, String, Rect)> {
    let root = root(window, dialog);
    let named = |role: Role| {
        let named = move |node: Node<'_>| (role, node.accesskit_node().label().unwrap_or_default(), node.rect());
        root.query_all_by_role(role).map(named).collect::<Vec<_>>()
    };
    let is_of_list = |name: &str| ["token ", "layer ", "Layer "].iter().any(|list| name.starts_with(list));
    CONTROLS.into_iter().flat_map(named).filter(|(_, name, _)| !is_of_list(name)).collect()
}

/// Every control is inside the window, or is so after it was scrolled to.
#[track_caller]
fn assert_within_reach(window: &mut Window, dialog: Option<&str>, when: &str) {
    // A number that is still computed has another name by the time that it is scrolled to.
    window.wait("every number", |window| window.harness.state().is_complete());
    let screen = window.harness.ctx.content_rect().expand(0.5);
    for (role, name, rect) in controls(window, dialog) {
        if screen.contains_rect(rect) {
            continue;
        }
        let is_it = |node: &Node<'_>| {
            node.accesskit_node().label().unwrap_or_default() == name && !screen.contains_rect(node.rect())
        };
        if let Some(node) = root(window, dialog).query_all_by_role(role).find(is_it) {
            node.scroll_to_me();
        }
        window.settle();
        let still = root(window, dialog).query_all_by_role(role).find(is_it).map(|node| node.rect());
        if let Some(still) = still {
            // What has a scroll area of its own is scrolled to with the wheel.
            let x = rect.center().x.clamp(screen.left() + 4.0, screen.right() - 4.0);
            wheel(window, pos2(x, screen.center().y), screen.center().y - still.center().y);
        }
        let places: Vec<Rect> =
            controls(window, dialog).into_iter().filter(|at| at.0 == role && at.1 == name).map(|at| at.2).collect();
        assert!(places.iter().any(|rect| screen.contains_rect(*rect)), "{when}: {role:?} “{name}” at {places:?}");
    }
}

/// Turns the wheel with the pointer at `position`.
fn wheel(window: &mut Window, position: Pos2, points: f32) {
    window.hover(position);
    window.harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, points),
        phase: TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    // egui spreads a scroll over several frames.
    window.harness.run_steps(60);
    window.leave();
}

/// All panels are inside the window and none is smaller than a fingertip.
#[track_caller]
fn assert_has_figure(window: &Window, when: &str) {
    let screen = window.harness.ctx.content_rect();
    let panels = window.panels();
    assert_eq!(panels.len(), 9, "{when}");
    for panel in panels {
        let rect = panel.rect();
        assert!(screen.contains_rect(rect), "{when}: {rect:?}");
        assert!(rect.width() >= 24.0, "{when}: {rect:?}");
    }
}

/// Each with whatever else is open.
fn states() -> [(&'static str, Vec<Command>); 7] {
    [
        ("as it opens", vec![]),
        ("inspector", vec![Command::ToggleInspector]),
        ("sweep", vec![Command::ToggleSweep]),
        ("text", vec![Command::ToggleText, Command::SetWriting(Writing::greedy(1))]),
        ("heads", vec![Command::ToggleHeads]),
        ("heads and sweep", vec![Command::ToggleHeads, Command::ToggleSweep]),
        ("inspector and sweep", vec![Command::ToggleInspector, Command::ToggleSweep]),
    ]
}

#[test]
fn the_figure_and_every_control_are_there_in_every_window() {
    for size in SIZES {
        for (name, commands) in states() {
            let mut window = Window::sized(Session::example(Bundled::Austen).with(commands), size);
            let when = format!("{name}, {size}");
            // Where there is no room beside the panels, the heads take theirs.
            let has_figure = size.x >= 580.0 || !name.starts_with("heads");
            if has_figure {
                assert_has_figure(&window, &when);
            }
            assert_within_reach(&mut window, None, &when);
            window.press_with(Modifiers::COMMAND, Key::B);
            let when = format!("{when}, after Ctrl+B");
            if has_figure {
                assert_has_figure(&window, &when);
            }
            assert_within_reach(&mut window, None, &when);
        }
    }
}

#[test]
fn dialogs_and_sheets_are_within_reach_in_every_window() {
    for size in SIZES {
        let mut window = Window::sized(captured_figure(), size);
        window.harness.event(Event::Text("?".to_owned()));
        window.settle();
        assert!(window.has(Role::Window, "Keyboard and mouse"));
        assert_within_reach(&mut window, Some("Keyboard and mouse"), &format!("keys, {size}"));
        assert_inside(&window, "Keyboard and mouse");
        window.press(Key::Escape);
        for (title, modifiers, key) in [
            ("Export figure", Modifiers::COMMAND, Key::E),
            ("Export numbers", Modifiers::COMMAND | Modifiers::SHIFT, Key::E),
            ("Lessons", Modifiers::NONE, Key::F1),
            ("Command palette", Modifiers::COMMAND, Key::K),
        ] {
            window.press_with(modifiers, key);
            assert_inside(&window, title);
            assert_within_reach(&mut window, Some(title), &format!("{title}, {size}"));
            window.press(Key::Escape);
        }
    }
}

#[track_caller]
fn assert_inside(window: &Window, title: &str) {
    let screen = window.harness.ctx.content_rect().expand(1.0);
    let rect = window.harness.get_by_role_and_label(Role::Window, title).rect();
    assert!(screen.contains_rect(rect), "{title}: {rect:?} in {screen:?}");
}

#[test]
fn the_controls_are_hidden_and_come_back() {
    let mut window = Window::sized(captured_figure(), vec2(800.0, 800.0));
    let width = |window: &Window| {
        let rects: Vec<Rect> = window.panels().iter().map(Node::rect).collect();
        rects[2].right() - rects[0].left()
    };
    let before = width(&window);
    window.press_with(Modifiers::COMMAND, Key::B);
    assert!(!window.has(Role::Slider, "epsilon"));
    assert!(!window.session().view().user.controls, "remembered with what belongs to the user");
    assert!(width(&window) > before, "the figure has their room");
    window.click(Role::Button, "Controls");
    assert!(window.has(Role::Slider, "epsilon"));
    assert_eq!(width(&window), before);
}

#[test]
fn controls_and_inspector_take_turns_where_one_has_room() {
    let mut window = Window::sized(captured_figure(), vec2(640.0, 400.0));
    assert!(window.has(Role::Slider, "epsilon"));
    window.press(Key::I);
    assert!(!window.has(Role::Slider, "epsilon") && window.has(Role::RadioButton, "Controls"));
    window.click(Role::RadioButton, "Controls");
    assert!(window.has(Role::Slider, "epsilon"));
    window.click(Role::RadioButton, "Inspector");
    assert!(!window.has(Role::Slider, "epsilon"));
    window.press(Key::I);
    assert!(window.has(Role::Slider, "epsilon"), "closed, it leaves its room");
}

#[test]
fn keys_change_the_size_step_by_step_and_it_stays() {
    let mut window = Window::figure();
    for (key, scale) in [
        (Key::Plus, 1.25),
        (Key::Equals, 1.5),
        (Key::Minus, 1.25),
        (Key::Num0, 1.0),
        (Key::Minus, 0.75),
        (Key::Minus, 0.75),
    ] {
        window.press_with(Modifiers::COMMAND, key);
        assert_eq!(window.session().view().user.ui_scale, scale, "{key:?}");
        window.press(Key::I);
        assert_eq!(window.harness.ctx.zoom_factor(), scale, "{key:?}: what opens next leaves it");
    }
    let user = UserSettings { ui_scale: 1.1, ..UserSettings::default() };
    assert_eq!((user.next_scale(ScaleStep::Larger), user.next_scale(ScaleStep::Smaller)), (1.25, 1.0));
}

/// Where what lies in this order over the panels is.
fn over(window: &Window, order: Order) -> Vec<Rect> {
    window.harness.ctx.memory(|memory| {
        let layers = memory.areas().visible_layer_ids();
        layers.into_iter().filter(|layer| layer.order == order).filter_map(|layer| memory.area_rect(layer.id)).collect()
    })
}

#[test]
fn messages_cover_neither_figure_nor_status_line() {
    for size in SIZES {
        for commands in [vec![], vec![Command::ToggleInspector], vec![Command::ShowControls(false)]] {
            let cell = Cell { query: 17, key: 5 };
            let mut window = Window::sized(captured_figure().with([Command::Pin(cell)]).with(commands.clone()), size);
            window.harness.event(Event::Copy);
            window.settle();
            let toasts: Vec<Rect> = window
                .harness
                .query_all_by_role(Role::Status)
                .filter(|node| node.accesskit_node().label().is_some_and(|text| text.contains("clipboard")))
                .map(|node| node.rect())
                .collect();
            assert_eq!(toasts.len(), 1, "{size} {commands:?}");
            let panels: Vec<Rect> = window.panels().iter().map(Node::rect).collect();
            let status = Rect::from_min_max(pos2(0.0, size.y - 20.0), size.to_pos2());
            let prompt = window.harness.get_by_label("Prompt").rect();
            // Of chips that are scrolled away nothing is covered.
            let chip = window.harness.query_by_label("token 0: <|endoftext|>").map_or(prompt, |chip| chip.rect());
            for rect in panels.iter().chain([&status, &prompt, &chip]) {
                assert!(!toasts[0].intersects(*rect), "{size} {commands:?}: {} over {rect}", toasts[0]);
            }
            assert!(window.harness.ctx.content_rect().contains_rect(toasts[0]), "{size}: {}", toasts[0]);
        }
    }
}

#[test]
fn the_card_keeps_off_the_cells_that_are_compared() {
    for size in [vec2(640.0, 400.0), vec2(900.0, 600.0), vec2(1280.0, 800.0), vec2(2560.0, 1440.0)] {
        let mut window = Window::sized(captured_figure(), size);
        let panels: Vec<Rect> = window.panels().iter().map(Node::rect).collect();
        for (panel, [query, key]) in [(0, [5.0, 0.0]), (2, [12.0, 9.0]), (4, [17.0, 5.0]), (8, [23.0, 20.0])] {
            let cell = |panel: &Rect| {
                let side = panel.width() / 24.0;
                Rect::from_min_size(panel.min + vec2(key, query) * side, vec2(side, side)).shrink(0.5)
            };
            window.hover(cell(&panels[panel]).center());
            let cards = over(&window, Order::Tooltip);
            assert_eq!(cards.len(), 1, "{size}");
            for compared in panels.iter().map(cell) {
                assert!(!cards[0].intersects(compared), "{size}, panel {panel}: {} over {compared}", cards[0]);
            }
        }
    }
}

/// Of a model without a BOS token nothing stands between the prompt and the edge of the window.
#[test]
fn bars_end_at_their_margin() {
    let mut window = Window::sized(Session::default(), vec2(640.0, 400.0));
    window.settle();
    let button = window.harness.get_by_role_and_label(Role::Button, "Continue…").rect();
    assert!((631.0..=632.5).contains(&button.right()), "{button}");
}

/// The bars at the top, in points.
const BARS: f32 = 60.0;

/// The source's name gives way to the buttons beside it, and is said all the same.
#[test]
fn no_text_in_the_bars_is_three_dots_alone() {
    for width in (360..1300).step_by(12) {
        let window = Window::sized(captured_figure(), vec2(width as f32, 400.0));
        let title = window.outcome().facts.title.clone();
        assert!(window.has_text(&title), "{title} of {width}: {:?}", window.texts());
        let rows = |clipped: &egui::epaint::ClippedShape| match &clipped.shape {
            egui::Shape::Text(text) if text.pos.y < BARS => {
                Some(text.galley.rows.iter().map(|row| row.text()).collect::<String>())
            }
            _ => None,
        };
        for text in window.harness.output().shapes.iter().filter_map(rows) {
            assert!(!text.ends_with('…') || text.chars().count() > 6, "“{text}” in {width} points");
        }
    }
}

/// The card lies over the figure alone: not over controls, bars, chips nor the figure's title.
#[test]
fn the_card_covers_nothing_around_a_small_figure() {
    for size in [vec2(640.0, 400.0), vec2(900.0, 600.0), vec2(1280.0, 800.0)] {
        let mut window = Window::sized(captured_figure(), size);
        let panels: Vec<Rect> = window.panels().iter().map(Node::rect).collect();
        let title = painted(&window).into_iter().find(|(text, _)| text.starts_with("The Attention")).unwrap().1;
        let chip = window.harness.query_by_label("token 0: <|endoftext|>").unwrap().rect();
        let prompt = window.harness.get_by_label("Prompt").rect();
        for (panel, [query, key]) in
            [(0, [5.0, 0.0]), (2, [12.0, 9.0]), (4, [3.0, 20.0]), (6, [22.0, 2.0]), (8, [23.0, 20.0])]
        {
            let side = panels[panel].width() / 24.0;
            window.hover(panels[panel].min + vec2(key + 0.5, query + 0.5) * side);
            let cards = over(&window, Order::Tooltip);
            assert_eq!(cards.len(), 1, "{size}");
            // The panels' titles are buttons too, and are covered rather than what is around the figure.
            let figure = panels.iter().fold(Rect::NOTHING, |all, panel| all | *panel).expand(40.0);
            let mut others: Vec<Rect> = controls(&window, None).into_iter().map(|(_, _, rect)| rect).collect();
            others.retain(|rect| !figure.contains_rect(*rect));
            others.extend([title, chip, prompt]);
            for other in others {
                assert!(!cards[0].intersects(other), "{size}, panel {panel}: {} over {other}", cards[0]);
            }
        }
    }
}

#[test]
fn hints_in_menus_stand_beside_them() {
    let mut window = Window::figure();
    window.harness.get_by_label("Edit").click();
    window.settle();
    let menu = over(&window, Order::Foreground)[0];
    let items: Vec<(String, Rect)> = window
        .harness
        .query_all_by_role(Role::Button)
        .filter(|node| menu.contains_rect(node.rect()))
        .map(|node| (node.accesskit_node().label().unwrap_or_default(), node.rect()))
        .collect();
    assert!(items.len() >= 2, "{items:?}");
    let mut n_hints = 0;
    for (name, rect) in &items {
        window.harness.hover_at(rect.center());
        window.advance(Duration::from_secs(2));
        for hint in over(&window, Order::Tooltip) {
            n_hints += 1;
            assert!(!hint.intersects(menu.shrink(1.0)), "{name}: {hint} over {menu}");
        }
    }
    assert!(n_hints > 0, "{items:?}");
}

/// All texts as they are painted, and where; of turned ones the size before.
fn painted(window: &Window) -> Vec<(String, Rect)> {
    let text = |clipped: &egui::epaint::ClippedShape| match &clipped.shape {
        egui::Shape::Text(text) => {
            Some((text.galley.text().to_owned(), Rect::from_min_size(text.pos, text.galley.size())))
        }
        _ => None,
    };
    window.harness.output().shapes.iter().filter_map(text).collect()
}

/// The titles of the third column as they are painted, with their heights.
fn third_titles(window: &Window) -> Vec<(String, f32)> {
    let titles = painted(window).into_iter().map(|(text, rect)| (text, rect.height()));
    titles.filter(|(text, _)| text.ends_with(" 1e-10") || text == "1e-10").collect()
}

#[test]
fn axes_have_names_where_there_is_room() {
    for size in [vec2(900.0, 600.0), vec2(1280.0, 800.0), vec2(2560.0, 1440.0)] {
        let window = Window::sized(captured_figure(), size);
        let texts = painted(&window);
        for name in ["query token ↓", "key token →"] {
            let (_, rect) = texts.iter().find(|(text, _)| text == name).unwrap_or_else(|| panic!("{name} at {size}"));
            for panel in window.panels() {
                assert!(!panel.rect().intersects(*rect), "{name} at {size}");
            }
            let title =
                texts.iter().find(|(text, _)| text.starts_with("Modifying Query") || text.starts_with("Query, ε"));
            assert!(!title.unwrap().1.intersects(*rect), "{name} at {size}: {rect}");
        }
    }
    let bare = Window::sized(captured_figure(), vec2(512.0, 320.0));
    assert!(!painted(&bare).iter().any(|(text, _)| text.contains("token ↓")), "as the labels");
}

#[test]
fn titles_keep_their_form_while_epsilon_is_dragged() {
    for width in (900..1500).step_by(40) {
        let mut window = Window::sized(captured_figure(), vec2(width as f32, 800.0));
        let before = third_titles(&window);
        assert_eq!(before.len(), 3, "{before:?}");
        for epsilon in ["8.88e-9", "1.23e-1", "0"] {
            window.enter_epsilon(epsilon);
            assert_eq!(third_titles(&window), before, "{width}, {epsilon}");
        }
    }
}
