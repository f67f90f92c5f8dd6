//! What the model writes behind the prompt: the panel, and how it follows.

use std::time::Duration;

use attenuate::{
    attention::{Component, Operation, Preset},
    engine::{
        Bundled, Choice, Continuation, Engine, Job, Prompt, SourceSpec, SweepMetric, Target, Temperature, Under,
        Writing,
    },
    session::{Command, Session, TextsOf},
};
use egui::{Key, Role};
use egui_kittest::kittest::Queryable as _;

use super::{
    slow::slow,
    support::{Window, quoted_token},
};
use crate::support::{captured_figure, grids::at};

const N_TOKENS: usize = 5;

/// The small model with the panel open.
fn austen() -> Session {
    let commands = [Command::ToggleText, Command::SetWriting(Writing::greedy(N_TOKENS))];
    Session::example(Bundled::Austen).with(commands)
}

/// The engine's own answer to the session. Slow sources are the bundled model.
fn expected(session: &Session) -> Continuation {
    let mut spec = session.run_spec();
    if spec.source == slow() {
        spec.source = SourceSpec::Bundled(Bundled::Austen);
    }
    let change = (session.selected().component, session.selected_epsilon());
    let writing = session.view().text.writing;
    Engine::default().continuation(&Job::unwatched(), &spec, change, &writing, &mut |_| {}).unwrap()
}

/// What a screen reader says of a column.
fn said(window: &Window, column: &str) -> Option<String> {
    let begins = format!("{column} text: ");
    window.texts().into_iter().find_map(|text| text.strip_prefix(&begins).map(str::to_owned))
}

#[track_caller]
fn says(window: &mut Window) -> Continuation {
    let expected = expected(window.session());
    let texts = [expected.baseline.text(), expected.modified.text()];
    window.wait(&format!("both texts: {texts:?}"), |window| {
        ["Baseline", "Changed"].map(|column| said(window, column)) == texts.each_ref().map(|text| Some(text.clone()))
    });
    expected
}

#[test]
fn opens_and_closes_by_key_by_button_and_by_menu() {
    assert_eq!(
        Session::example(Bundled::Austen).view().text.writing.n_tokens,
        40,
        "as many as the command line writes"
    );
    let mut window = Window::open(austen().with([Command::ToggleText]));
    assert_eq!(said(&window, "Baseline"), None);
    window.press(Key::T);
    says(&mut window);
    window.click(Role::Button, "Text");
    assert!(said(&window, "Baseline").is_none() && !window.session().view().text.open);
    window.menu(&["View"]);
    window.harness.get_by_role_and_label(Role::CheckBox, "Text   T").click();
    window.settle();
    window.close_menus();
    says(&mut window);
    window.press_with(egui::Modifiers::COMMAND, Key::Z);
    assert!(!window.session().view().text.open, "as every view it is a step");
}

#[test]
fn follows_epsilon_selection_scope_operation_and_prompt() {
    let mut window = Window::open(austen().with([Command::SetScope(Preset::AllLayers.scope())]));
    let first = says(&mut window);
    window.enter_epsilon("0");
    let removed = says(&mut window);
    assert_ne!(removed.modified, first.modified);
    assert_eq!(removed.baseline, first.baseline);
    window.assert_text("Query, ε = 0");
    let panel = window.panel_rect(Component::Value, 1).center();
    window.click_at(panel);
    let value = says(&mut window);
    window.assert_text("Value, ε = 1e-3");
    window.click(Role::RadioButton, "This head");
    assert_ne!(says(&mut window).modified, value.modified);
    window.type_over(Role::MultilineTextInput, "Prompt", "She was in love with");
    assert_ne!(says(&mut window).baseline, first.baseline);
    let mean = window.session().clone().with([Command::SetOperation(Operation::MeanPositions)]);
    says(&mut Window::open(mean));
}

#[test]
fn a_line_says_what_both_have_in_common_and_what_ended_them() {
    let mut window = Window::open(austen().with([Command::SetScope(Preset::AllLayers.scope())]));
    window.enter_epsilon("0");
    let written = says(&mut window);
    let first = written.first_difference().unwrap();
    let changed = (written.changed().unwrap() * 100.0).round();
    window.assert_text(&format!("First difference at token {first}, {changed} % of tokens changed, mean KL "));
    window.assert_text(&format!("{N_TOKENS} tokens, as asked"));
    window.enter_epsilon("1");
    says(&mut window);
    window.assert_text("No difference, 0 % of tokens changed, mean KL 0 nats");
}

/// No layer is let through: the text of the newest ε is the one that comes.
#[test]
fn newest_wins_and_the_window_does_not_wait() {
    let mut window = Window::gated(austen().with([Command::Locate(slow())]));
    window.gates.tensors.open();
    window.gates.layers.open();
    let before = says(&mut window);
    window.gates.layers.close();
    for epsilon in [0.3, 0.2, 0.1] {
        window.harness.get_by_role_and_label(Role::Slider, "epsilon").set_value_accesskit(epsilon);
        window.advance(Duration::from_millis(30));
        assert_eq!(said(&window, "Changed"), Some(before.modified.text()), "what was there stays meanwhile");
    }
    window.until("the button", |window| window.has(Role::Button, "Cancel writing"));
    window.gates.layers.open();
    says(&mut window);
    window.assert_text("Query, ε = 1e-1");
    assert!(!window.has(Role::Button, "Cancel writing"));
}

#[test]
fn what_takes_long_can_be_cancelled_and_written_on() {
    let mut window = Window::gated(austen().with([Command::Locate(slow())]));
    window.gates.tensors.open();
    window.gates.layers.open();
    let before = says(&mut window);
    window.gates.layers.close();
    window.harness.get_by_role_and_label(Role::Slider, "epsilon").set_value_accesskit(0.001);
    window.until("the button", |window| window.has(Role::Button, "Cancel writing"));
    window.click_now(Role::Button, "Cancel writing");
    window.gates.layers.open();
    window.until("the way back", |window| window.has(Role::Button, "Write on"));
    assert_eq!(said(&window, "Changed"), Some(before.modified.text()), "what was there stays");
    window.assert_text("cancelled");
    window.click(Role::Button, "Write on");
    says(&mut window);
    assert!(!window.has(Role::Button, "Write on"));
}

#[test]
fn both_texts_are_copied_and_exported_as_the_command_line_writes_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(austen());
    let written = says(&mut window);
    window.harness.get_by_role_and_label(Role::Button, "Copy both texts").click_accesskit();
    window.harness.step();
    let copied = window.harness.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    let [baseline, modified] = [written.baseline.text(), written.modified.text()];
    let expected = format!("Prompt:\n{}\n\nBaseline:\n{baseline}\n\nQuery, ε = 5e-1:\n{modified}\n", written.prompt);
    assert_eq!(copied, Some(expected));

    window.click(Role::Button, "Export text…");
    let [path, other] = ["window.jsonl", "other.jsonl"].map(|name| folder.path().join(name));
    window.type_over(Role::TextInput, "JSONL file", &path.display().to_string());
    window.click(Role::Button, "Save text");
    window.wait("the file", |_| path.exists());
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_attenuate"));
    command.args(["continue", "bundled:austen", "-n", &N_TOKENS.to_string(), "-o"]).arg(&other);
    assert!(command.status().unwrap().success());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), std::fs::read_to_string(&other).unwrap());
}

#[test]
fn a_clicked_token_has_both_distributions_and_the_prompt_goes_on_from_it() {
    let mut window = Window::open(austen());
    let before = says(&mut window);
    let third = before.baseline.tokens[2].clone();
    let name = format!("Baseline token 2: {}", third.piece.trim());
    window.harness.get_by_role_and_label(Role::Button, &name).click();
    window.settle();
    window.assert_text(&format!("Token 2: {}, id {}, KL ", third.piece.trim(), third.id));
    for next in &*before.top[2] {
        assert!(window.has(Role::Button, &format!("Target “{}”", next.text)));
    }
    window.assert_text("they are taken anew");
    window.click(Role::Button, "Continue from here");
    let ids: Vec<u32> = before.prompt_ids.iter().copied().chain(before.baseline.token_ids().take(3)).collect();
    assert_eq!(*window.session().prompt(), Prompt::TokenIds(ids));
    let after = says(&mut window);
    // The model without a change goes on as it did.
    let goes_on = before.baseline.token_ids().skip(3).zip(after.baseline.token_ids());
    assert!(goes_on.into_iter().all(|(before, after)| before == after));
    window.press_with(egui::Modifiers::COMMAND, Key::Z);
    assert_eq!(says(&mut window), before);
}

#[test]
fn a_clicked_token_is_the_target_of_heads_and_curves() {
    let commands = [Command::SetSweepMetric(SweepMetric::TargetChange), Command::ToggleSweep];
    let mut window = Window::open(austen().with(commands));
    let written = says(&mut window);
    window.assert_text("of the likeliest token");
    let third = written.baseline.tokens[2].clone();
    // As it stands in the text.
    window.click(Role::Button, &format!("Baseline token 2: {}", third.piece.trim()));
    assert!(window.session().view().target.is(third.id));
    // One of the ten that stand on its card.
    let other = written.top[2].iter().find(|next| next.id != third.id).unwrap().clone();
    window.click(Role::Button, &format!("Target “{}”", other.text));
    let target = Target::default().with_token(other.id);
    assert_eq!(window.session().view().target, target);
    window.press(Key::Escape);
    window.assert_text(&format!("of token {}", other.id));
    window.press(Key::H);
    window.click(Role::Button, "Fill");
    window.click(Role::RadioButton, "Table");
    window.click(Role::Button, "Sort by writes");
    assert_eq!(window.value(Role::TextInput, "Target"), other.id.to_string());
    let spec = window.session().run_spec();
    let writes = Engine::default().writes(&spec, Under::Baseline, &target, None, &|| false).unwrap();
    window.assert_text(&format!("logit of {} {:.2}", quoted_token(&other.text), writes.logit()));
    for _step in ["the list fills the window", "the list opens", "the target"] {
        window.press_with(egui::Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(window.session().view().target, Target::default(), "clicks on tokens are one step");
}

#[test]
fn a_next_token_of_the_inspector_is_the_target() {
    let mut window = Window::open(Session::example(Bundled::Austen).with([Command::ToggleInspector]));
    let panel = window.session().selected();
    let spec = window.session().run_spec();
    let effect = Engine::default().effect(&spec, panel, &|| false).unwrap().unwrap();
    window.wait("the next token", |window| window.has(Role::Button, &format!("Target “{}”", effect.top[1].text)));
    window.click(Role::Button, &format!("Target “{}”", effect.top[1].text));
    assert!(window.session().view().target.is(effect.top[1].id));
}

#[test]
fn tokens_are_reached_by_keyboard() {
    let mut window = Window::open(austen());
    let written = says(&mut window);
    assert_eq!(written.modified.tokens[0].piece, "\n");
    window.harness.get_by_role_and_label(Role::Button, "Changed token 0: \\n").focus();
    window.press(Key::ArrowRight);
    let name = format!("Changed token 1: {}", written.modified.tokens[1].piece.trim());
    assert!(window.harness.get_by_role_and_label(Role::Button, &name).is_focused());
    window.press(Key::Enter);
    window.assert_text("Token 1: ");
    assert!(window.has(Role::Button, "Continue from here"));
    window.press(Key::Escape);
    assert!(!window.has(Role::Button, "Continue from here"));
}

#[test]
fn texts_are_drawn_as_long_as_is_asked_for() {
    let mut window = Window::open(austen());
    let greedy = says(&mut window);
    window.click(Role::Button, "How it is written");
    window.click(Role::RadioButton, "drawn");
    let Choice::Sampled(sampling) = window.session().view().text.writing.choice else { panic!("greedy") };
    assert_eq!((sampling.temperature, sampling.top_k, sampling.seed), (Temperature::ONE, None, 0));
    let drawn = says(&mut window);
    assert_ne!(drawn.baseline, greedy.baseline);
    window.click(Role::Button, "Draw again");
    assert_ne!(says(&mut window).baseline, drawn.baseline);
    window.click(Role::RadioButton, "the likeliest");
    window.type_over(Role::SpinButton, "Number of tokens", "3");
    window.press(Key::Enter);
    assert_eq!(window.session().view().text.writing, Writing::greedy(3));
    window.press(Key::Escape);
    assert_eq!(says(&mut window).baseline.tokens.len(), 3);
    window.assert_text("3 tokens, as asked");
}

#[test]
fn all_panels_have_a_line_each() {
    let mut window = Window::open(austen().with([Command::SetScope(Preset::AllLayers.scope())]));
    window.click(Role::RadioButton, "All panels");
    assert_eq!(window.session().view().text.of, TextsOf::AllPanels);
    let session = window.session().clone();
    let spec = session.run_spec();
    let writing = session.view().text.writing;
    let texts = Engine::default().panel_texts(&Job::unwatched(), &spec, &writing, &mut |_| {}).unwrap();
    for panel in session.shape().panels() {
        let epsilon = session.epsilon()[panel];
        let alone = Engine::default()
            .continuation(&Job::unwatched(), &spec, (panel.component, epsilon), &writing, &mut |_| {})
            .unwrap();
        assert_eq!(*texts.get(panel).unwrap().as_ref(), alone);
        window.assert_text(&format!("{}, ε = {epsilon} writes: {}", panel.component, alone.modified.text()));
    }
    window.assert_text(&format!("Baseline writes: {}", texts.baseline().unwrap().text()));
    window.assert_text("9 panels");
    window.click(Role::Button, "Value, ε = 1e-3");
    assert_eq!(window.session().selected(), at(Component::Value, 1));
    window.click(Role::RadioButton, "Selected panel");
    says(&mut window);
}

#[test]
fn a_figure_has_what_the_model_writes_under_its_panels() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(austen().with([Command::ToggleText]));
    window.press_with(egui::Modifiers::COMMAND, Key::E);
    window.click(Role::CheckBox, "Under each panel");
    let path = folder.path().join("window.svg");
    window.type_over(Role::TextInput, "Figure file", &path.display().to_string());
    window.click(Role::Button, "Save figure");
    window.wait("the file", |_| path.exists());
    let other = folder.path().join("other.svg");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_attenuate"));
    command.arg("export").arg(&path).args(["--continuation", "3", "-o"]).arg(&other);
    assert!(command.status().unwrap().success());
    // But for the session, which knows the way to its source.
    let drawn = |path: &std::path::Path| {
        let svg = std::fs::read_to_string(path).unwrap();
        assert!(svg.contains("Baseline: "), "{}", path.display());
        svg.split("</metadata>").last().unwrap().to_owned()
    };
    assert_eq!(drawn(&path), drawn(&other));
}

#[test]
fn an_animation_has_what_the_model_writes_under_its_panels_in_each_frame() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(austen());
    window.menu(&["File", "Export animation…"]);
    window.click(Role::CheckBox, "Under each panel");
    window.type_over(Role::SpinButton, "Number of frames", "3");
    let path = folder.path().join("window.png");
    window.type_over(Role::TextInput, "Animation file", &path.display().to_string());
    window.click(Role::Button, "Save animation");
    window.wait("the file", |_| path.exists());
    let other = folder.path().join("other.png");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_attenuate"));
    command.arg("animate").arg(&path).args(["--continuation", "3", "--frames", "3", "-o"]).arg(&other);
    assert!(command.status().unwrap().success());
    // But for the session, which knows the way to its source.
    let frames = |path: &std::path::Path| {
        let mut reader =
            png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap())).read_info().unwrap();
        let n_frames = reader.info().animation_control.unwrap().num_frames;
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        (0..n_frames).map(|_| reader.next_frame(&mut pixels).map(|_| pixels.clone()).unwrap()).collect::<Vec<_>>()
    };
    let [ours, theirs] = [&path, &other].map(|path| frames(path));
    assert!(ours.len() == 4 && ours == theirs);
}

#[test]
fn what_has_no_next_token_says_so() {
    let window = Window::open(captured_figure().with([Command::ToggleText]));
    window.assert_text("writes no text: it is a capture of one prompt, and there is no model to read on");
    assert!(said(&window, "Baseline").is_none());
}

#[test]
fn characters_that_move_lines_are_visible_and_texts_of_any_kind_are_drawn() {
    // Ids that are bytes, controls and newlines in the small model's vocabulary.
    let prompt = Prompt::TokenIds((0..40).collect());
    let mut window = Window::with_any_glyphs(austen().with([Command::Read(prompt)]));
    says(&mut window);
    assert_eq!(window.session().selected(), at(Component::Query, 0));
}

#[test]
fn the_bar_leads_to_what_the_model_writes() {
    let mut window = Window::open(austen().with([Command::ToggleText]));
    window.click(Role::Button, "Continue…");
    says(&mut window);
    assert!(window.session().view().text.open && !window.has(Role::Button, "Continue…"));
    let captured = Window::open(captured_figure());
    assert!(!captured.has(Role::Button, "Continue…"), "a capture writes nothing");
}
