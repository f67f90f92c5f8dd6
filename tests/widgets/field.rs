use super::*;

#[derive(Default)]
struct State {
    value: Option<Epsilon>,
    changes: usize,
}

impl State {
    fn value(&self) -> Epsilon {
        self.value.unwrap_or(Epsilon::ONE)
    }
}

fn field() -> Harness<'static, State> {
    let ui = |ui: &mut Ui, state: &mut State| {
        if let Some(changed) = epsilon_field(ui, "field", "epsilon value", state.value()) {
            state.value = Some(changed);
            state.changes += 1;
        }
        let _ = ui.button("elsewhere");
    };
    harness(ui, State::default())
}

fn enter(harness: &mut Harness<'_, State>, text: &str, key: Key) {
    harness.get_by_role_and_label(Role::TextInput, "epsilon value").focus();
    harness.run();
    // Nothing is selected by a focus that stays: replace what is there.
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.key_press(Key::Backspace);
    harness.get_by_role(Role::TextInput).type_text(text);
    harness.run();
    harness.key_press(key);
    harness.run();
}

fn shown(harness: &Harness<'_, State>) -> String {
    harness.get_by_role(Role::TextInput).value().unwrap_or_default()
}

#[test]
fn takes_any_epsilon() {
    let mut harness = field();
    assert_eq!(shown(&harness), "1e0");
    for (text, written) in [("3e-4", "3e-4"), ("0", "0"), ("0.02", "2e-2"), (" 1234.5 ", "1.2345e3")] {
        enter(&mut harness, text, Key::Enter);
        assert_eq!(harness.state().value(), epsilon(text));
        assert_eq!(shown(&harness), written);
        assert!(harness.query_by_role(Role::Alert).is_none());
    }
    assert_eq!(harness.state().changes, 4);
}

#[test]
fn commits_when_it_is_left_and_only_changes() {
    let mut harness = field();
    enter(&mut harness, "1e-7", Key::Tab);
    assert_eq!(harness.state().value(), epsilon("1e-7"));
    enter(&mut harness, "1e-7", Key::Tab);
    assert_eq!(harness.state().changes, 1, "the same value again is no change");
    harness.get_by_role(Role::TextInput).set_text_value_accesskit("2e-7");
    harness.run();
    assert_eq!(harness.state().value(), epsilon("2e-7"), "set by a screen reader, without focus");
}

#[test]
fn refuses_what_is_no_epsilon_and_says_why() {
    let mut harness = field();
    let before = harness.get_by_label("elsewhere").rect();
    for (text, hint) in [
        ("-1", "ε must be 0 or more: a negative factor would flip the attention"),
        ("abc", "ε must be a number such as 3e-4, 0.02 or 0"),
        ("nan", "ε must be a number such as 3e-4, 0.02 or 0"),
        ("inf", "ε must be finite"),
        ("", "ε must be a number such as 3e-4, 0.02 or 0"),
    ] {
        enter(&mut harness, text, Key::Enter);
        assert_eq!(harness.state().value(), Epsilon::ONE, "“{text}”");
        assert!(harness.query_by_role_and_label(Role::Alert, hint).is_some(), "“{text}” shows “{hint}”");
        assert_eq!(shown(&harness), text, "what was typed stays, to be mended");
        assert_eq!(harness.get_by_label("elsewhere").rect(), before, "nothing jumps");
    }
    enter(&mut harness, "x", Key::Tab);
    assert!(harness.query_by_role(Role::Alert).is_some(), "also when the field is left");
    enter(&mut harness, "1e-2", Key::Enter);
    assert!(harness.query_by_role(Role::Alert).is_none());
    assert_eq!(harness.state().value(), epsilon("1e-2"));
}

#[test]
fn escape_reverts_and_a_new_value_outdates_a_bad_text() {
    let mut harness = field();
    enter(&mut harness, "7", Key::Escape);
    assert_eq!((harness.state().value(), shown(&harness).as_str()), (Epsilon::ONE, "1e0"));
    enter(&mut harness, "bad", Key::Tab);
    harness.state_mut().value = Some(epsilon("1e-9"));
    harness.run();
    assert_eq!(shown(&harness), "1e-9");
    assert!(harness.query_by_role(Role::Alert).is_none());
}
