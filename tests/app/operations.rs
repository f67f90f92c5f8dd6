//! What ε does: scaling, means, noise.

use attenuate::{
    attention::{Component, FirstToken, Metrics, Operation, OtherPrompt, PromptSet},
    engine::Bundled,
    session::Session,
};
use egui::Role;
use egui_kittest::kittest::Queryable as _;

use super::support::Window;
use crate::support::{captured_figure, grids::at};

fn choose(window: &mut Window, name: &str) {
    window.click(Role::ComboBox, "Operation");
    window.click(Role::Button, name);
}

#[test]
fn an_operation_is_chosen_from_a_list_and_moves_the_pattern() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    let scaled = window.metrics();
    choose(&mut window, "Mean over heads");
    assert_eq!(*window.session().operation(), Operation::MeanHeads);
    let meant = window.metrics();
    for component in [Component::Query, Component::Key] {
        assert_ne!(meant[component.row()], scaled[component.row()], "{component}");
    }
    assert_ne!(meant[0], meant[1], "a mean is no factor on the scores");
    assert_eq!(meant[2], scaled[2], "Value does not enter its own layer's softmax");
    window.assert_text("the paper’s mean operation");
    window.harness.get_by_role_and_label(Role::Button, "Select Mean of Query over heads, ε = 5e-1");

    choose(&mut window, "Mean over positions");
    window.click(Role::RadioButton, "Key");
    window.enter_epsilon("0");
    let entropy = window.metrics()[Component::Key.row()][0].normalized_entropy.unwrap();
    assert!((entropy - 1.0).abs() < 1e-6, "equal keys, uniform rows: {entropy}");
    window.assert_text("all keys are equal");
}

#[test]
fn noise_has_a_seed() {
    let mut window = Window::open(captured_figure());
    choose(&mut window, "Noise");
    assert_eq!(*window.session().operation(), Operation::Noise { seed: 0 });
    let of_seed_0 = window.metrics();
    window.harness.get_by_role_and_label(Role::SpinButton, "noise seed").set_value_accesskit(5.0);
    window.settle();
    assert_eq!(*window.session().operation(), Operation::Noise { seed: 5 });
    assert_ne!(window.metrics()[0], of_seed_0[0]);
    window.assert_text("noise (seed 5)");
    window.enter_epsilon("0");
    let baseline = Metrics::of(&window.expected().baseline.pattern);
    assert_eq!(window.metrics()[0][0], baseline, "no noise");
}

#[test]
fn the_mean_figure_is_among_the_examples() {
    let mut window = Window::open(captured_figure());
    window.click(Role::Button, "File");
    window.click(Role::Button, "Examples");
    window.click(Role::Button, "Here: the mean operation, ε = 5e-1, 1e-1, 0");
    let session = window.session();
    assert_eq!(*session.operation(), Operation::MeanHeads);
    assert_eq!(session.epsilon().row(Component::Query).iter().map(|e| e.get()).collect::<Vec<_>>(), [0.5, 0.1, 0.0]);
    assert_eq!(*session.source(), *captured_figure().source(), "on the source that is open");
}

#[test]
fn another_prompt_is_typed_and_its_vectors_are_patched_in() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    let baseline = Metrics::of(&window.expected().baseline.pattern);
    choose(&mut window, "Patch");
    // It begins with the prompt itself, of which a word is changed.
    let prompt = window.session().words().unwrap();
    assert_eq!(*window.session().operation(), Operation::patch(OtherPrompt::text(&prompt)));
    assert_eq!(window.value(Role::TextInput, "Other prompt"), *prompt);
    let entropy = |metrics: Metrics| metrics.normalized_entropy.unwrap();
    assert!((entropy(window.metrics()[0][0]) - entropy(baseline)).abs() < 1e-6, "nothing else is brought in");
    let tokens = window.outcome().n_positions();
    window.assert_text(&format!("Both prompts have {tokens} tokens"));

    window.type_over(Role::TextInput, "Other prompt", "She was in love.");
    assert_eq!(*window.session().operation(), Operation::patch(OtherPrompt::text("She was in love.")));
    window.enter_epsilon("0");
    // What is on screen is the engine's, to the last digit.
    let expected = window.expected();
    let of_engine = expected.panels[at(Component::Query, 0)].pattern.clone();
    assert_eq!(window.metrics()[0][0], Metrics::of(&of_engine));
    assert_ne!(window.metrics()[0][0], baseline);
    window.harness.get_by_role_and_label(Role::Button, "Select Patching Query with ε = 0");
    let there = expected.patched_from.as_ref().unwrap().len();
    window.assert_text(&format!("The other prompt has {there} tokens, this one {tokens}"));
    window.assert_text("patch (from “She was in love.”)");

    // One step of undo takes the words back.
    let typed = window.session().clone();
    window.press_with(egui::Modifiers::COMMAND, egui::Key::Z);
    window.press_with(egui::Modifiers::COMMAND, egui::Key::Z);
    assert_eq!(*window.session().operation(), Operation::patch(OtherPrompt::text(&prompt)));
    assert_ne!(*window.session(), typed);
}

#[test]
fn prompts_are_typed_one_on_each_line_and_their_mean_is_brought_in() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    choose(&mut window, "Mean over prompts");
    window.type_over(Role::MultilineTextInput, "Other prompts", "She was in love.\nA single man.");
    let over = |first| Operation::mean_prompts(PromptSet::of_lines("She was in love.\nA single man.", first));
    assert_eq!(*window.session().operation(), over(FirstToken::LeftOut));
    window.assert_text("Mean over 2 prompts");
    let of_engine = window.expected().panels[at(Component::Query, 0)].pattern.clone();
    assert_eq!(window.metrics()[0][0], Metrics::of(&of_engine));
    window.click(Role::CheckBox, "Count first tokens");
    assert_eq!(*window.session().operation(), over(FirstToken::Counted));
    let counted = window.expected().panels[at(Component::Query, 0)].pattern.clone();
    assert_eq!(window.metrics()[0][0], Metrics::of(&counted));
    assert_ne!(Metrics::of(&counted), Metrics::of(&of_engine));
}

#[test]
fn a_capture_offers_nothing_that_reads_other_prompts() {
    let mut window = Window::open(captured_figure());
    window.click(Role::ComboBox, "Operation");
    assert!(window.is_disabled(Role::Button, "Patch") && window.is_disabled(Role::Button, "Mean over prompts"));
    assert!(!window.is_disabled(Role::Button, "Noise"));
}
