use super::*;

fn toasts() -> Harness<'static, Toasts> {
    let ui = |ui: &mut Ui, toasts: &mut Toasts| toasts.show(ui.ctx(), Uncovered::default());
    Harness::builder()
        .with_size(vec2(800.0, 700.0))
        .with_step_dt(0.5)
        .with_context_setup(theme::apply)
        .build_ui_state(ui, Toasts::default())
}

#[test]
fn an_error_stays_until_it_is_closed_and_can_be_copied() {
    let mut harness = toasts();
    let text = "config.json: expected field “n_heads”, found none: /a/rather/long/path ".repeat(6);
    harness.state_mut().error(text.clone());
    harness.run_steps(60);
    let card = harness.get_by_role_and_label(Role::Alert, &text).rect();
    assert!(card.width() <= 380.0 && card.right() <= 800.0 && card.bottom() <= 700.0, "wrapped: {card:?}");
    harness.get_by_label("Copy").click();
    harness.step();
    let copied = harness
        .output()
        .platform_output
        .commands
        .iter()
        .any(|command| matches!(command, egui::OutputCommand::CopyText(copied) if *copied == text));
    assert!(copied);
    harness.run_steps(4);
    harness.get_by_label("Close").click();
    harness.run_steps(4);
    assert!(harness.query_by_role(Role::Alert).is_none());
    assert!(harness.state().is_empty());
}

#[test]
fn others_leave_by_themselves_but_not_from_under_the_pointer() {
    let mut harness = toasts();
    harness.state_mut().info("Opened");
    harness.run_steps(4);
    let card = harness.get_by_role_and_label(Role::Status, "Opened").rect();
    harness.hover_at(card.center());
    harness.run_steps(40);
    assert!(harness.query_by_label("Opened").is_some(), "twenty seconds under the pointer");
    harness.remove_cursor();
    harness.run_steps(20);
    assert!(harness.query_by_label("Opened").is_none());
}

#[test]
fn four_at_most_and_no_message_twice() {
    let mut harness = toasts();
    for i in [1, 2, 3, 4, 5, 6, 6] {
        harness.state_mut().error(format!("error {i}"));
    }
    harness.run_steps(4);
    assert_eq!(harness.state().len(), 6);
    assert!(harness.query_by_label("error 2").is_none());
    for i in 3..=6 {
        assert!(harness.query_by_label(&format!("error {i}")).is_some());
    }
    harness.get_all_by_label("Close").last().unwrap().click();
    harness.run_steps(4);
    assert!(harness.query_by_label("error 6").is_none());
    assert!(harness.query_by_label("error 2").is_some(), "moves up when there is room");
}

#[test]
fn asks_for_a_repaint_only_while_a_timed_toast_is_up() {
    let mut harness = toasts();
    harness.state_mut().success("Saved");
    harness.run_steps(5);
    let delay = |harness: &Harness<'_, Toasts>| harness.output().viewport_output.values().next().unwrap().repaint_delay;
    let timed = delay(&harness);
    assert!(timed > std::time::Duration::from_millis(500) && timed < std::time::Duration::from_secs(5), "{timed:?}");
    harness.run_steps(20);
    assert!(harness.state().is_empty());
    harness.state_mut().error("Not saved");
    harness.run_steps(5);
    assert_eq!(delay(&harness), std::time::Duration::MAX);
}

#[test]
fn several_are_closed_at_once() {
    let mut harness = toasts();
    harness.state_mut().error("one");
    harness.run_steps(4);
    assert!(harness.query_by_label("Close all").is_none());
    harness.state_mut().error("two");
    harness.run_steps(4);
    harness.get_by_label("Close all").click();
    harness.run_steps(4);
    assert!(harness.state().is_empty());
}
