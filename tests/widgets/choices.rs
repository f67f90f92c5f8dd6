use super::*;

#[test]
fn segments_are_radio_buttons_of_a_named_group() {
    let ui = |ui: &mut Ui, state: &mut (char, usize)| {
        let choices = [('a', "All", ""), ('q', "Query", "Only the query"), ('k', "Key", "")];
        state.1 += usize::from(segmented(ui, "component", &mut state.0, &choices));
    };
    let mut harness = harness(ui, ('a', 0));
    assert!(harness.query_by_role_and_label(Role::RadioGroup, "component").is_some());
    assert_eq!(toggled(&harness), ["All"]);
    harness.get_by_role_and_label(Role::RadioButton, "Query").click();
    harness.run();
    assert_eq!((*harness.state(), toggled(&harness)), (('q', 1), vec!["Query".to_owned()]));
    harness.key_press(Key::ArrowRight);
    harness.run();
    assert_eq!(*harness.state(), ('k', 2));
    assert!(harness.get_by_label("Key").is_focused());
    harness.key_press(Key::ArrowRight);
    harness.run();
    assert_eq!(*harness.state(), ('k', 2), "ends at the last");
    harness.key_press(Key::ArrowLeft);
    harness.run();
    harness.get_by_label("Query").click_accesskit();
    harness.run();
    assert_eq!(*harness.state(), ('q', 3), "choosing the chosen is no change");
}

fn toggled(harness: &Harness<'_, (char, usize)>) -> Vec<String> {
    harness
        .get_all_by_role(Role::RadioButton)
        .filter(|node| node.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True))
        .filter_map(|node| node.accesskit_node().label())
        .collect()
}

#[test]
fn chips_answer_pointer_and_arrows() {
    let ui = |ui: &mut Ui, state: &mut ChipsResponse| {
        let words = ["<s>", "To", " be", "\n", "  "];
        let chips =
            words.map(|text| Chip { text, kind: if text == "<s>" { ChipKind::Special } else { ChipKind::Text } });
        let response = TokenChips::new(chips.len(), &|position| chips[position]).linked(&[1, 3]).show(ui, "chips");
        *state = ChipsResponse { clicked: response.clicked.or(state.clicked), ..response };
    };
    let mut harness = harness(ui, ChipsResponse::default());
    harness.get_by_label("token 2: be").click();
    harness.run();
    assert_eq!(*harness.state(), ChipsResponse { hovered: Some(2), clicked: Some(2), extended_from: None });
    harness.remove_cursor();
    harness.run();
    harness.get_by_label("token 2: be").focus();
    harness.run();
    assert_eq!(harness.state().hovered, Some(2), "the focus points as well");
    harness.key_press(Key::ArrowRight);
    harness.run();
    assert!(harness.get_by_label("token 3: \\n").is_focused());
    assert_eq!(harness.state().hovered, Some(3));
}

#[test]
fn a_long_prompt_scrolls_within_its_height() {
    let ui = |ui: &mut Ui, below: &mut f32| {
        let chips = vec![Chip { text: " word", kind: ChipKind::Text }; 500];
        TokenChips::new(chips.len(), &|position| chips[position]).max_height(70.0).show(ui, "chips");
        *below = ui.label("below").rect.top();
    };
    let mut harness = harness(ui, 0.0);
    harness.run();
    assert!(*harness.state() < 100.0, "{}", harness.state());
}

#[test]
fn of_thousands_of_chips_those_in_sight_are_there_and_arrows_reach_all() {
    let ui = |ui: &mut Ui, (): &mut ()| {
        let words: Vec<String> = (0..4096).map(|position| format!(" w{position}")).collect();
        let chips: Vec<_> = words.iter().map(|text| Chip { text, kind: ChipKind::Text }).collect();
        TokenChips::new(chips.len(), &|position| chips[position]).show(ui, "chips");
    };
    let mut harness = harness(ui, ());
    harness.run();
    let n_there = harness.query_all_by_role(Role::Button).count();
    assert!((10..400).contains(&n_there), "{n_there}");
    harness.get_by_label("token 0: w0").focus();
    harness.run();
    for _ in 0..n_there + 50 {
        harness.key_press(Key::ArrowRight);
        harness.run();
    }
    let label = format!("token {0}: w{0}", n_there + 50);
    let chip = harness.get_by_label(&label);
    assert!(chip.is_focused() && chip.rect().bottom() < 120.0, "it was scrolled to: {:?}", chip.rect());
}

#[test]
fn chips_can_be_chosen() {
    use egui::accesskit::Toggled;
    let ui = |ui: &mut Ui, (chosen, last): &mut (Vec<usize>, ChipsResponse)| {
        let chips = ["<s>", "To", " be", " or", " not"].map(|text| Chip { text, kind: ChipKind::Text });
        let response = TokenChips::new(chips.len(), &|position| chips[position])
            .chosen(&|position| chosen.contains(&position))
            .show(ui, "chips");
        if let Some(position) = response.clicked {
            chosen.push(position);
            *last = response;
        }
    };
    let mut harness = harness(ui, (vec![1], ChipsResponse::default()));
    let toggled = |harness: &Harness<'_, (Vec<usize>, ChipsResponse)>, name| {
        harness.get_by_label(name).accesskit_node().toggled()
    };
    assert_eq!(toggled(&harness, "token 1: To"), Some(Toggled::True));
    assert_eq!(toggled(&harness, "token 2: be"), Some(Toggled::False));
    harness.get_by_label("token 2: be").click();
    harness.run();
    assert_eq!(toggled(&harness, "token 2: be"), Some(Toggled::True));
    assert_eq!((harness.state().1.clicked, harness.state().1.extended_from), (Some(2), None));
    assert!(harness.get_by_label("token 2: be").is_focused());
    harness.key_press(Key::ArrowRight);
    harness.run();
    harness.key_press(Key::Space);
    harness.run();
    assert_eq!(harness.state().1.clicked, Some(3));
    harness.get_by_label("token 0: <s>").click_modifiers(Modifiers::SHIFT);
    harness.run();
    assert_eq!((harness.state().1.clicked, harness.state().1.extended_from), (Some(0), Some(3)));
}

#[test]
fn rows_of_segments_have_names_of_their_own() {
    let ui = |ui: &mut Ui, state: &mut (char, char)| {
        let all = |name| Segment::new('a', "All", name, "");
        segmented_row(
            ui,
            "Layers",
            &mut state.0,
            &[Segment::new('s', "Shown", "Layers: shown", ""), all("Layers: all")],
        );
        segmented_row(ui, "Heads", &mut state.1, &[Segment::new('s', "Shown", "Heads: shown", ""), all("Heads: all")]);
    };
    let mut harness = harness(ui, ('s', 's'));
    harness.get_by_role_and_label(Role::RadioButton, "Heads: all").click();
    harness.run();
    assert_eq!(*harness.state(), ('s', 'a'));
}
