use super::*;

fn slider(start: &str) -> Harness<'static, Epsilon> {
    let ui = |ui: &mut Ui, value: &mut Epsilon| {
        if let Some(changed) = EpsilonSlider::new(value, &Epsilon::FIGURE).name("ε of column 1").show(ui) {
            *value = changed;
        }
    };
    let mut harness = harness(ui, epsilon(start));
    harness.get_by_role_and_label(Role::Slider, "ε of column 1").focus();
    harness.run();
    harness
}

fn press(harness: &mut Harness<'_, Epsilon>, modifiers: Modifiers, key: Key) -> String {
    harness.key_press_modifiers(modifiers, key);
    harness.run();
    harness.state().to_string()
}

#[test]
fn follows_the_keyboard_to_both_ends() {
    let mut harness = slider("1e-3");
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::ArrowRight), "1.26e-3");
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::ArrowLeft), "1e-3");
    assert_eq!(press(&mut harness, Modifiers::SHIFT, Key::ArrowLeft), "9.77e-4");
    assert_eq!(press(&mut harness, Modifiers::CTRL, Key::ArrowRight), "9.77e-3");
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::PageDown), "9.77e-4");
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::Home), "0");
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::ArrowLeft), "0");
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::ArrowRight), "1e-12");
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::End), "1e2");
    assert_eq!(press(&mut harness, Modifiers::NONE, Key::PageUp), "1e2");
}

#[test]
fn tells_and_takes_its_value_by_accessibility() {
    let mut harness = slider("5e-1");
    let node = harness.get_by_role_and_label(Role::Slider, "ε of column 1");
    assert_eq!(node.value().as_deref(), Some("5e-1"));
    assert_eq!(node.accesskit_node().numeric_value(), Some(0.5));
    assert!(node.is_focused());
    for (asked, text) in [(0.0, "0"), (1e-5, "1e-5"), (0.123_456, "1.23456e-1"), (100.0, "1e2"), (1e6, "1e2")] {
        harness.get_by_role(Role::Slider).set_value_accesskit(asked);
        harness.run();
        assert_eq!(harness.get_by_role(Role::Slider).value().as_deref(), Some(text));
    }
    for refused in [-1.0, f64::NAN, f64::INFINITY] {
        harness.get_by_role(Role::Slider).set_value_accesskit(refused);
        harness.run();
        assert_eq!(harness.state().to_string(), "1e2");
    }
    harness.get_by_role(Role::Slider).decrement_accesskit();
    harness.run();
    assert_eq!(harness.state().to_string(), "7.94e1");
    harness.get_by_role(Role::Slider).increment_accesskit();
    harness.run();
    assert_eq!(harness.state().to_string(), "1e2");
}

#[test]
fn is_dragged_to_exactly_zero_and_to_its_end() {
    let mut harness = slider("5e-1");
    let rect = harness.get_by_role(Role::Slider).rect();
    let y = rect.top() + EpsilonSlider::RAIL_CENTER;
    harness.hover_at(pos2(rect.center().x, y));
    harness.drag_at(pos2(rect.center().x, y));
    harness.run();
    let middle = harness.state().get();
    assert!((1e-7..1e-4).contains(&middle), "a press jumps to the pointer: {middle}");
    harness.hover_at(pos2(rect.left() + 5.0, y));
    harness.run();
    assert_eq!(*harness.state(), Epsilon::ZERO);
    harness.hover_at(pos2(rect.right() + 50.0, y));
    harness.run();
    assert_eq!(harness.state().to_string(), "1e2");
    harness.drop_at(pos2(rect.right() + 50.0, y));
    harness.run();
    assert_eq!(harness.state().to_string(), "1e2");
}

#[test]
fn stays_where_it_was_let_go_though_the_pointer_went_on_in_the_same_frame() {
    let mut harness = slider("5e-1");
    let rect = harness.get_by_role(Role::Slider).rect();
    let at = |x: f32| pos2(x, rect.top() + EpsilonSlider::RAIL_CENTER);
    harness.hover_at(at(rect.center().x));
    harness.drag_at(at(rect.center().x));
    harness.run();
    let released = at(rect.center().x - 20.0);
    let up = Event::PointerButton {
        pos: released,
        button: PointerButton::Primary,
        pressed: false,
        modifiers: Modifiers::NONE,
    };
    let gone = Event::PointerMoved(at(rect.right() + 200.0));
    harness.input_mut().events.extend([Event::PointerMoved(released), up, gone]);
    harness.run();
    let epsilon = harness.state().get();
    assert!((1e-8..1e-5).contains(&epsilon), "let go left of the middle: {epsilon}");
}

#[test]
fn a_typed_value_survives_being_touched() {
    let mut harness = slider("1.23456789e0");
    // 1.23456789 stands 12.0915 of 14 decades right of 1e-12, which is 52 points from the left and 12 from the right.
    let rect = harness.get_by_role(Role::Slider).rect();
    let x = rect.left() + 52.0 + 12.091_5 / 14.0 * (rect.width() - 64.0) + 3.0;
    let pos = pos2(x, rect.top() + EpsilonSlider::RAIL_CENTER);
    harness.hover_at(pos);
    harness.drag_at(pos);
    harness.run();
    harness.drop_at(pos);
    harness.run();
    assert_eq!(harness.state().to_string(), "1.23456789e0");
}

#[test]
fn keeps_its_arrows_from_the_moment_it_is_reached() {
    let ui = |ui: &mut Ui, value: &mut Epsilon| {
        let _ = ui.button("before");
        *value = EpsilonSlider::new(value, &Epsilon::FIGURE).show(ui).unwrap_or(*value);
        let _ = ui.button("after");
    };
    let mut harness = harness(ui, Epsilon::ONE);
    harness.get_by_label("before").focus();
    harness.run();
    harness.key_press(Key::Tab);
    harness.run();
    harness.key_press(Key::ArrowRight);
    harness.run();
    assert!(harness.get_by_role(Role::Slider).is_focused());
    assert_eq!(harness.state().to_string(), "1.26e0");
}

#[test]
fn shows_a_part_of_the_scale_and_the_transition() {
    let ui = |ui: &mut Ui, value: &mut Epsilon| {
        let transition = [epsilon("3e-2"), epsilon("4e-1")];
        let slider = EpsilonSlider::new(value, &Epsilon::FIGURE).transition(Some(transition)).decades([-2.0, 0.0]);
        *value = slider.show(ui).unwrap_or(*value);
    };
    let mut harness = harness(ui, epsilon("1e-10"));
    let slider = harness.get_by_role(Role::Slider);
    let rect = slider.rect();
    let description = "transition from 3.0e-2 to 4.0e-1, zoomed to 1.0e-2 to 1.0e0";
    assert_eq!(slider.accesskit_node().description().as_deref(), Some(description));
    assert_eq!(slider.value().as_deref(), Some("1e-10"), "out of view, but unchanged");
    // The rail begins 52 points from the left and ends 12 from the right.
    let (left, right, y) = (rect.left() + 52.0, rect.right() - 12.0, rect.top() + EpsilonSlider::RAIL_CENTER);
    for (x, text) in [(f32::midpoint(left, right), "1e-1"), (right, "1e0"), (left, "1e-2"), (rect.left() + 12.0, "0")] {
        harness.hover_at(pos2(x, y));
        harness.drag_at(pos2(x, y));
        harness.run();
        harness.drop_at(pos2(x, y));
        harness.run();
        assert_eq!(harness.state().to_string(), text);
    }
}
