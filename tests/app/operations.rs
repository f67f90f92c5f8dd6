//! What ε does: scaling, means, noise.

use attenuate::{
    attention::{Component, Operation},
    engine::Bundled,
    session::Session,
};
use egui::Role;
use egui_kittest::kittest::Queryable as _;

use super::support::Window;
use crate::support::captured_figure;

fn choose(window: &mut Window, name: &str) {
    window.click(Role::ComboBox, "Operation");
    window.click(Role::Button, name);
}

#[test]
fn an_operation_is_chosen_from_a_list_and_moves_the_pattern() {
    let mut window = Window::open(Session::example(Bundled::Austen));
    let scaled = window.metrics();
    choose(&mut window, "Mean over heads");
    assert_eq!(window.session().operation(), Operation::MeanHeads);
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
    assert_eq!(window.session().operation(), Operation::Noise { seed: 0 });
    let of_seed_0 = window.metrics();
    window.harness.get_by_role_and_label(Role::SpinButton, "noise seed").set_value_accesskit(5.0);
    window.settle();
    assert_eq!(window.session().operation(), Operation::Noise { seed: 5 });
    assert_ne!(window.metrics()[0], of_seed_0[0]);
    window.assert_text("noise (seed 5)");
    window.enter_epsilon("0");
    let baseline = attenuate::attention::Metrics::of(&window.expected().baseline.pattern);
    assert_eq!(window.metrics()[0][0], baseline, "no noise");
}

#[test]
fn the_mean_figure_is_among_the_examples() {
    let mut window = Window::open(captured_figure());
    window.click(Role::Button, "File");
    window.click(Role::Button, "Examples");
    window.click(Role::Button, "Here: the mean operation, ε = 5e-1, 1e-1, 0");
    let session = window.session();
    assert_eq!(session.operation(), Operation::MeanHeads);
    assert_eq!(session.epsilon().row(Component::Query).iter().map(|e| e.get()).collect::<Vec<_>>(), [0.5, 0.1, 0.0]);
    assert_eq!(*session.source(), *captured_figure().source(), "on the source that is open");
}
