//! Hovering, pinning and copying cells.

use attenuate::{
    attention::Component,
    session::{Cell, Command, RowChoice},
};
use egui::{Event, Key, Rect, Role, vec2};
use egui_kittest::kittest::Queryable as _;

use super::support::{Window, of_figure, shortest};
use crate::support::{captured_figure, grids::at};

/// From “ strongly” to “<|endoftext|>”, the sink.
const SINK: Cell = Cell { query: 5, key: 0 };
/// From “ sentence” to “ describe”.
const SMALL: Cell = Cell { query: 10, key: 3 };
const MASKED: Cell = Cell { query: 3, key: 10 };

#[test]
fn the_card_has_the_engines_exact_numbers() {
    let mut window = Window::figure();
    let expected = window.expected();
    for (cell, tokens) in [
        (SINK, "query 5 “·strongly” → key 0 “<|endoftext|>”"),
        (SMALL, "query 10 “·sentence” → key 3 “·describe”"),
        (Cell { query: 0, key: 0 }, "query 0 “<|endoftext|>” → key 0 “<|endoftext|>”"),
        (Cell { query: 23, key: 23 }, "query 23 “.” → key 23 “.”"),
    ] {
        let baseline = expected.baseline.pattern.exact_cell(cell.query, cell.key).unwrap().weight;
        for (component, column) in [(Component::Query, 1), (Component::Key, 0), (Component::Value, 2)] {
            let exact = expected.panels[at(component, column)].pattern.exact_cell(cell.query, cell.key).unwrap();
            let position = window.cell_position(component, column, cell);
            window.hover(position);
            window.assert_text(tokens);
            window.assert_text(&window.panel_name(component, column));
            let (written, percent) =
                beside(&window, "weight").split_once("  (").map(|(w, p)| (w.to_owned(), p.to_owned())).unwrap();
            assert_eq!(written, shortest(exact.weight));
            assert_eq!(written.parse(), Ok(exact.weight), "reads back to the same bits");
            assert!(percent.ends_with(" %)"), "{percent}");
            assert_eq!(beside(&window, "baseline"), shortest(baseline));
            let difference: f64 = beside(&window, "difference").parse().unwrap();
            assert!((difference - (f64::from(exact.weight) - f64::from(baseline))).abs() < 1e-6, "{difference}");
            let ratio: f64 = beside(&window, "ratio to uniform").trim_end_matches(" ×").parse().unwrap();
            let times_uniform = f64::from(exact.weight) * (cell.query + 1) as f64;
            assert!((ratio - times_uniform).abs() < 1e-4, "{ratio} is not {times_uniform}");
            let score: f64 = beside(&window, "score").parse().unwrap();
            assert!((score - exact.score.unwrap()).abs() < 1e-6, "{score} is not {exact:?}");
        }
    }
    window.leave();
    assert!(!window.has_text("query 23 “.”"), "the card leaves with the pointer");
}

/// The text right of a name in the card.
fn beside(window: &Window, name: &str) -> String {
    let texts = window.texts();
    let at = texts.iter().rposition(|text| text == name).unwrap_or_else(|| panic!("no {name}: {texts:#?}"));
    texts[at + 1].clone()
}

#[test]
fn the_card_never_covers_the_row_it_is_about() {
    let mut window = Window::figure();
    let n_positions = window.outcome().n_positions() as f32;
    for (component, column) in [(Component::Query, 0), (Component::Key, 1), (Component::Value, 2)] {
        for cell in [Cell { query: 0, key: 0 }, SINK, Cell { query: 23, key: 1 }, Cell { query: 23, key: 23 }] {
            let position = window.cell_position(component, column, cell);
            window.hover(position);
            let panel = window.panel_rect(component, column);
            let height = panel.height() / n_positions;
            let row = Rect::from_min_max(
                egui::pos2(panel.left(), panel.top() + cell.query as f32 * height),
                egui::pos2(panel.right(), panel.top() + (cell.query + 1) as f32 * height),
            );
            for name in ["weight", "score"] {
                let text = window.harness.get_by_role_and_label(Role::Label, name).rect();
                assert!(!text.intersects(row), "{component} {column} {cell:?}: {text:?} over {row:?}");
            }
        }
    }
}

#[test]
fn the_crosshair_is_linked() {
    let mut window = Window::figure();
    window.metrics();
    let expected = window.expected();
    let position = window.cell_position(Component::Value, 0, SINK);
    window.hover(position);
    let said = of_figure(|panel| {
        let weight = expected.panels[panel].pattern.exact_cell(5, 0).unwrap().weight;
        format!("5 “ strongly” attends to 0 “<|endoftext|>”: {}", shortest(weight))
    });
    window.wait("all nine panels name the cell", |window| window.spoken() == said);
    window.leave();
    window.metrics();
}

#[test]
fn a_masked_cell_says_so() {
    let mut window = Window::figure();
    let position = window.cell_position(Component::Query, 0, MASKED);
    window.hover(position);
    window.assert_text("query 3 “·describe” → key 10 “·sentence”");
    window.assert_text("masked: a token cannot attend to a later one");
    assert!(!window.has_text("ratio to uniform"), "a masked cell has no numbers");
    let said = "3 “ describe” to 10 “ sentence”: masked: a token cannot attend to a later one";
    assert!(window.spoken().as_flattened().iter().all(|spoken| spoken == said));
    window.click_at(position);
    assert_eq!(window.session().pinned(), None, "there is nothing to pin");
    assert_eq!(window.session().rows(), RowChoice::Only(Component::Query), "but the panel is selected");
}

/// 1280×800 at 200 %: the card stands within the figure, between cells that are compared, and says what the cell is.
#[test]
fn a_small_card_finds_a_place_within_a_small_figure() {
    let mut window = Window::sized(captured_figure().with([Command::SetUiScale(2.0)]), vec2(640.0, 400.0));
    for (component, column) in [(Component::Query, 0), (Component::Key, 1), (Component::Value, 2)] {
        for cell in [SMALL, Cell { query: 1, key: 0 }, Cell { query: 23, key: 20 }] {
            let position = window.cell_position(component, column, cell);
            window.hover(position);
            let outcome = window.outcome();
            let exact = outcome.panels[at(component, column)].pattern.exact_cell(cell.query, cell.key).unwrap();
            let baseline = outcome.baseline.pattern.exact_cell(cell.query, cell.key).unwrap();
            let said = format!("weight {} · baseline {}", shortest(exact.weight), shortest(baseline.weight));
            let card = window.harness.get_by_label(&said).rect();
            let slider = window.harness.get_by_role_and_label(Role::Slider, "epsilon").rect();
            assert!(card.left() > slider.right() && card.right() < 640.0, "{card}");
            let panel = window.panel_rect(component, column);
            let row = Rect::from_x_y_ranges(panel.x_range(), position.y - 1.0..=position.y + 1.0);
            assert!(!card.intersects(row), "{card} over {row}");
        }
    }
}

#[test]
fn a_click_pins_the_cell_and_selects_the_panel() {
    let mut window = Window::figure();
    let position = window.cell_position(Component::Key, 2, SMALL);
    window.click_at(position);
    window.leave();
    assert_eq!(window.session().pinned(), Some(SMALL));
    assert_eq!((window.session().rows(), window.session().column().index()), (RowChoice::Only(Component::Key), 2));
    assert_eq!(window.value(Role::Slider, "epsilon"), "1e-10");
    assert!(window.is_chosen("Key") && window.is_chosen("Right"));
    for (key, cell) in [
        (Key::ArrowDown, Cell { query: 11, key: 3 }),
        (Key::ArrowRight, Cell { query: 11, key: 4 }),
        (Key::ArrowUp, Cell { query: 10, key: 4 }),
        (Key::ArrowLeft, SMALL),
    ] {
        window.press(key);
        assert_eq!(window.session().pinned(), Some(cell), "{key:?}");
        let said = format!("{} “{}” attends to {} ", cell.query, window.outcome().tokens[cell.query].text, cell.key);
        assert!(window.spoken().as_flattened().iter().all(|spoken| spoken.starts_with(&said)), "{said}");
    }
    // A second click on the cell, not a double click.
    window.harness.run_steps(50);
    window.click_at(position);
    assert_eq!(window.session().pinned(), None);
    window.harness.run_steps(50);
    window.click_at(position);
    assert_eq!(window.session().pinned(), Some(SMALL));
    window.press(Key::Escape);
    assert_eq!(window.session().pinned(), None);
}

#[test]
fn the_pin_stays_on_cells_that_have_numbers() {
    let mut window = Window::figure();
    let corner = Cell { query: 1, key: 1 };
    let position = window.cell_position(Component::Query, 0, corner);
    window.click_at(position);
    window.leave();
    for key in [Key::ArrowUp, Key::ArrowRight] {
        window.press(key);
        assert_eq!(window.session().pinned(), Some(corner), "{key:?} leads to a masked cell");
    }
    for key in [Key::ArrowLeft, Key::ArrowLeft, Key::ArrowUp, Key::ArrowUp] {
        window.press(key);
    }
    assert_eq!(window.session().pinned(), Some(Cell { query: 0, key: 0 }));
    for _ in 0..30 {
        window.press(Key::ArrowDown);
    }
    assert_eq!(window.session().pinned(), Some(Cell { query: 23, key: 0 }));
}

#[test]
fn copies_the_engines_numbers_as_a_table() {
    let mut window = Window::figure();
    let expected = window.expected();
    let position = window.cell_position(Component::Query, 0, SMALL);
    window.click_at(position);
    window.harness.event(Event::Copy);
    window.harness.step();
    let copied = copied_text(&window).unwrap();
    let lines: Vec<Vec<&str>> = copied.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(
        lines[0],
        ["component", "epsilon", "query_pos", "query_token", "key_pos", "key_token", "weight", "baseline", "score"]
    );
    assert_eq!(lines.len(), 10);
    let baseline = expected.baseline.pattern.exact_cell(SMALL.query, SMALL.key).unwrap();
    for (index, line) in lines[1..].iter().enumerate() {
        let (component, column) = (Component::FIGURE[index / 3], index % 3);
        let exact = expected.panels[at(component, column)].pattern.exact_cell(SMALL.query, SMALL.key).unwrap();
        assert_eq!(
            line[..6],
            [
                &component.to_string().to_lowercase(),
                ["5e-1", "1e-3", "1e-10"][column],
                "10",
                " sentence",
                "3",
                " describe"
            ]
        );
        assert_eq!(line[6].parse(), Ok(exact.weight));
        assert_eq!(line[7].parse(), Ok(baseline.weight));
        assert_eq!(line[8].parse().ok(), exact.score);
    }
    window.settle();
    assert_eq!(window.announced(Role::Status), ["The pinned cell’s numbers are on the clipboard."]);
}

#[test]
fn copies_nothing_without_a_pin() {
    let mut window = Window::figure();
    window.harness.event(Event::Copy);
    window.harness.step();
    assert_eq!(copied_text(&window), None);
}

fn copied_text(window: &Window) -> Option<String> {
    window.harness.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    })
}
