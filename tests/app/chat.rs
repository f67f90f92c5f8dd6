//! The switch *Chat*: what is typed goes through the model's template.

use std::path::Path;

use attenuate::{
    attention::PositionScope,
    engine::{Bundled, Prompt, Role as Whose, SourceSpec},
    session::{Command, Session},
};
use egui::{Event, Key, Modifiers, Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::{recent::choose, support::Window};
use crate::support::chatty;

/// A session on the model with a template.
fn chatting(folder: &Path) -> Session {
    chatty::write(folder);
    let source = SourceSpec::Folder(folder.to_owned());
    Session::example(Bundled::Austen).with([
        Command::Open(source),
        Command::SetLayer(0),
        Command::SetHead(0),
        Command::SetPrompt("In love".to_owned()),
    ])
}

fn text_read(window: &Window) -> String {
    window.outcome().tokens.iter().map(|token| token.text.as_str()).collect()
}

fn chips(window: &Window) -> Vec<String> {
    let names = window.harness.get_all_by_role(Role::Button).filter_map(|node| node.accesskit_node().label());
    names.filter(|name| name.starts_with("token ")).collect()
}

/// What the template makes of a chat, behind its day.
fn behind_the_day(window: &Window) -> String {
    let text = text_read(window);
    text.split_once("\\n").unwrap().1.to_owned()
}

#[test]
fn the_switch_puts_the_words_into_the_template_and_takes_them_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(chatting(folder.path()));
    assert_eq!(text_read(&window), "<s>In love");
    window.assert_text("(<s> added)");
    let before = window.session().clone();
    window.click(Role::CheckBox, "Chat");
    assert_eq!(behind_the_day(&window), "user: In love\\nmodel:");
    assert!(text_read(&window).starts_with("<s>") && !text_read(&window).contains("<s><s>"));
    window.assert_text("(by the chat template)");
    assert!(!window.has(Role::CheckBox, "Start with BOS"), "the template has its own");
    assert_eq!(window.value(Role::MultilineTextInput, "Prompt"), "In love");
    let marked: Vec<String> = chips(&window).into_iter().filter(|name| name.ends_with(", user")).collect();
    let said = window.outcome().tokens.iter().filter(|token| token.role == Whose::User).count();
    assert!(marked.len() == said && said > 0 && said < window.outcome().n_positions(), "{marked:?}");
    window.metrics();

    window.type_over(Role::MultilineTextInput, "Prompt", "A cat");
    assert_eq!(behind_the_day(&window), "user: A cat\\nmodel:");
    window.type_over(Role::MultilineTextInput, "System text", "Brief");
    assert_eq!(behind_the_day(&window), "system: Brief\\nuser: A cat\\nmodel:");
    window.type_over(Role::MultilineTextInput, "System text", "");
    let Prompt::Chat(chat) = window.session().prompt() else { panic!("a chat") };
    assert_eq!(chat.system, None, "what its template says by itself");

    window.click(Role::CheckBox, "Chat");
    assert_eq!(text_read(&window), "<s>A cat");
    window.press(Key::Escape);
    for _ in 0..5 {
        window.press_with(Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(*window.session(), before, "each is undone");
}

#[test]
fn there_is_no_switch_without_a_template() {
    let window = Window::open(Session::example(Bundled::Austen));
    assert!(window.has(Role::CheckBox, "Start with BOS") && !window.has(Role::CheckBox, "Chat"));
    // A chat that was asked for all the same can be left.
    let chat = [Command::StartChat { typed: String::new(), date: "2024-07-04".parse().unwrap() }];
    let mut window = Window::unanswered(Session::example(Bundled::Austen).with(chat));
    window.wait_anyhow("the reason", |window| window.has_text("the model has no chat template"));
    window.click_now(Role::CheckBox, "Chat");
    window.settle();
    assert!(text_read(&window).starts_with("<s>To be fond"));
}

#[test]
fn positions_are_chosen_by_who_says_them() {
    let folder = tempfile::tempdir().unwrap();
    let chat = [Command::StartChat { typed: String::new(), date: "2024-07-04".parse().unwrap() }];
    let mut window = Window::open(chatting(folder.path()).with(chat));
    window.click(Role::RadioButton, "Positions: chosen tokens");
    assert!(!window.has(Role::Button, "Choose tokens: System"), "nobody says anything there");
    window.click(Role::Button, "Choose tokens: User");
    let tokens = window.outcome().tokens.clone();
    let of = |role| (0..tokens.len()).filter(move |&at| tokens[at].role == role).collect::<Vec<_>>();
    let PositionScope::Selection(chosen) = &window.session().scope().positions else { panic!("a selection") };
    let chosen: Vec<usize> = std::collections::BTreeSet::from(chosen.clone()).into_iter().collect();
    assert_eq!(chosen, of(Whose::User));
    window.metrics();
}

#[test]
fn a_template_that_fails_is_named_and_nothing_else_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = Window::open(chatting(folder.path()));
    window.type_over(Role::MultilineTextInput, "Prompt", "I refuse");
    window.click_now(Role::CheckBox, "Chat");
    window.wait("the reason", |window| window.has_text("chat_template.jinja, line 3, refuses: Not that"));
    assert_eq!(text_read(&window), "<s>I refuse", "what was read last");
    window.harness.get_by_role_and_label(Role::MultilineTextInput, "Prompt").focus();
    window.harness.step();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.harness.event(Event::Text("I agree".to_owned()));
    window.settle();
    assert_eq!(behind_the_day(&window), "user: I agree\\nmodel:");
}

#[test]
fn the_switch_is_remembered_of_each_source() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chatty");
    let [preferences, recent] = ["preferences.json", "recent.json"].map(|name| folder.path().join(name));
    let start = |session: Session| {
        let mut window = Window::with(session, |setup| {
            (setup.preferences, setup.recent) = (Some(preferences.clone()), Some(recent.clone()));
        });
        window.settle();
        window
    };
    let mut window = start(chatting(&path));
    window.click(Role::CheckBox, "Chat");
    window.type_over(Role::MultilineTextInput, "System text", "Brief");
    window.menu(&["File", "Examples", "Small model: Austen, reads any prompt"]);
    window.close_menus();
    assert!(matches!(window.session().prompt(), Prompt::Text { .. }));
    drop(window);

    let mut window = start(Session::example(Bundled::Austen));
    window.menu(&["File", "Open recent"]);
    choose(&mut window, "chatty");
    window.wait("the model", |window| *window.session().source() == SourceSpec::Folder(path.clone()));
    window.close_menus();
    let Prompt::Chat(chat) = window.session().prompt() else { panic!("{:?}", window.session().prompt()) };
    assert_eq!(chat.system.as_deref(), Some("Brief"));
    drop(window);

    // The program starts on it.
    let opened = [Command::Open(SourceSpec::Folder(path.clone())), Command::SetLayer(0), Command::SetHead(0)];
    let mut window = start(Session::default().with(opened));
    let Prompt::Chat(chat) = window.session().prompt() else { panic!("{:?}", window.session().prompt()) };
    assert_eq!(chat.system.as_deref(), Some("Brief"));
    assert!(text_read(&window).ends_with("model:"));
    window.click(Role::CheckBox, "Chat");
    window.menu(&["File", "Examples", "Small model: Austen, reads any prompt"]);
    window.close_menus();
    window.menu(&["File", "Open recent"]);
    choose(&mut window, "chatty");
    window.wait("the model", |window| *window.session().source() == SourceSpec::Folder(path.clone()));
    window.close_menus();
    assert!(matches!(window.session().prompt(), Prompt::Text { .. }), "it was switched off");
    window.click(Role::CheckBox, "Chat");
    drop(window);
    let window = start(chatting(&path));
    assert_eq!(text_read(&window), "<s>In love", "a prompt that is given is read as it is");
}

#[test]
fn the_day_that_a_template_is_told_can_be_typed() {
    let folder = tempfile::tempdir().unwrap();
    let chat = [Command::StartChat { typed: String::new(), date: "2024-07-04".parse().unwrap() }];
    let mut window = Window::open(chatting(folder.path()).with(chat));
    assert!(text_read(&window).contains("04 July 2024"), "{}", text_read(&window));
    assert_eq!(window.value(Role::TextInput, "Date of the chat"), "2024-07-04");
    window.type_over(Role::TextInput, "Date of the chat", "2024-12-3");
    assert!(text_read(&window).contains("04 July 2024"), "no date yet");
    window.type_over(Role::TextInput, "Date of the chat", "2024-12-31");
    assert!(text_read(&window).contains("31 December 2024"), "{}", text_read(&window));
}
