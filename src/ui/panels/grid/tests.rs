//! Nothing that depends only on the session or on an answer is made again in a frame.

use egui::{Pos2, Rect, Role, vec2};
use egui_kittest::{Harness, kittest::Queryable as _};

use crate::{
    attention::EXACT_ROWS,
    engine::{Bundled, TRANSITIONS, Writing},
    session::{Command, Session, TextsOf},
    ui::{App, memo::MADE},
};

/// A window on the figure after `commands`, at rest.
fn window(commands: impl IntoIterator<Item = Command>) -> Harness<'static, App> {
    let harness = open(Session::example(Bundled::Smollm2Capture).with(commands));
    panel(&harness);
    harness
}

fn open(session: Session) -> Harness<'static, App> {
    let mut harness =
        Harness::builder().with_size(vec2(1280.0, 800.0)).build_eframe(|cc| App::new(&cc.egui_ctx, session).unwrap());
    settle(&mut harness);
    harness
}

fn settle(harness: &mut Harness<'_, App>) {
    for _ in 0..60_000 {
        let is_still = harness.run_ok().is_some();
        if is_still && harness.state().is_settled() && harness.state().is_complete() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("no picture");
}

/// How many values were made, and rows evaluated in f64, on this thread while `act` ran.
fn work(act: impl FnOnce()) -> (usize, usize) {
    let before = (MADE.get(), EXACT_ROWS.get());
    act();
    (MADE.get() - before.0, EXACT_ROWS.get() - before.1)
}

fn panel(harness: &Harness<'_, App>) -> Rect {
    harness.get_by_role_and_label(Role::Image, "Modifying Query with ε = 5e-1").rect()
}

/// `at` of the panel's width and height from its corner.
fn point(panel: Rect, at: [f32; 2]) -> Pos2 {
    panel.lerp_inside(vec2(at[0], at[1]))
}

#[test]
fn frames_in_which_nothing_changes_make_nothing() {
    for commands in [
        vec![],
        vec![Command::Pin(crate::session::Cell { query: 17, key: 5 })],
        vec![Command::Pin(crate::session::Cell { query: 17, key: 5 }), Command::ToggleInspector],
        vec![Command::Pin(crate::session::Cell { query: 17, key: 5 }), Command::ToggleSweep],
    ] {
        let mut harness = window(commands.clone());
        assert_eq!(work(|| harness.run_steps(12)), (0, 0), "{commands:?}");
    }
}

#[test]
fn a_pointer_that_moves_within_a_cell_evaluates_nothing() {
    let mut harness = window([Command::ToggleInspector]);
    let panel = panel(&harness);
    // 24 cells a side: the middle of cell (17, 5), and a little beside it.
    let center = point(panel, [5.5 / 24.0, 17.5 / 24.0]);
    let (_, n_rows) = work(|| {
        harness.hover_at(center);
        settle(&mut harness);
    });
    assert!(n_rows > 0, "another cell is evaluated");
    let within = work(|| {
        for step in 0..12 {
            harness.hover_at(center + vec2((step % 3) as f32 * 0.5, (step % 2) as f32 * 0.5));
            harness.run_steps(2);
        }
    });
    assert_eq!(within, (0, 0));
}

#[test]
fn curves_are_looked_through_when_they_arrive() {
    let mut harness = window([Command::ToggleSweep]);
    let n_transitions = TRANSITIONS.get();
    assert!(n_transitions > 0, "the curves arrived on this thread");
    harness.run_steps(12);
    // Another metric is drawn of the same curves: points and texts are made once, and so are the markers' texts.
    let metric = harness.get_by_role_and_label(Role::RadioButton, "KL over ε");
    metric.click();
    settle(&mut harness);
    assert_eq!(work(|| harness.run_steps(12)), (0, 0));
    assert_eq!(TRANSITIONS.get(), n_transitions);
}

#[test]
fn the_map_of_heads_is_coloured_once_for_its_numbers() {
    let mut harness = open(Session::example(Bundled::Austen).with([Command::ToggleHeads]));
    let (made, _) = work(|| {
        harness.get_by_role_and_label(Role::RadioButton, "Map").click();
        settle(&mut harness);
    });
    assert!(made > 0);
    assert_eq!(work(|| harness.run_steps(12)), (0, 0));
}

#[test]
fn texts_are_laid_out_once() {
    for (of, there) in [(TextsOf::SelectedPanel, "Baseline token 2"), (TextsOf::AllPanels, "Baseline writes")] {
        let commands = [Command::ToggleText, Command::ShowTextsOf(of), Command::SetWriting(Writing::greedy(3))];
        let mut harness = open(Session::example(Bundled::Austen).with(commands));
        assert!(harness.query_by_label_contains(there).is_some());
        assert_eq!(work(|| harness.run_steps(12)), (0, 0), "{of:?}");
    }
}
