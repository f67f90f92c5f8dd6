//! The words of the figure, and which of many labels are shown.

use std::fmt;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::{
    attention::{Component, Components, Epsilon, Notation, OperationKind, PanelId},
    engine::{Outcome, Reference},
    figure::{AxisLabels, ColorNorm, FigureStyle, Illegible, Quantity, Tick},
};

/// What the colour bar measures.
pub const BAR_LABEL: &str = "Attention Weight";
/// Beside the colours of values beyond the ends of the colour bar, below it and above it, and of what is not a number.
pub const BEYOND: [&str; 3] = ["less", "more", "NaN"];

/// The longest token label, in characters as a reader counts them.
const LONGEST: usize = 14;

/// The figure's title: the two of arXiv 2410.13708, and their like.
pub fn title(operation: OperationKind, quantity: Quantity, reference: &Reference) -> String {
    title_of(operation, quantity, reference, Components::FIGURE)
}

/// What the colour bar measures.
fn quantity_label(quantity: Quantity, reference: &Reference) -> String {
    match (quantity, reference) {
        (Quantity::Difference, Reference::Head { layer, head }) => format!("Difference from Layer {layer} Head {head}"),
        (Quantity::Difference, Reference::Base) => "Difference from the Base Model".to_owned(),
        (Quantity::Difference, Reference::InForce) => "Difference from What Is in Force".to_owned(),
        (Quantity::Difference, Reference::View(_)) => "Difference from the Kept View".to_owned(),
        _ => quantity.label().to_owned(),
    }
}

/// What the colour bar of `outcome` measures.
pub fn outcome_quantity_label(outcome: &Outcome, quantity: Quantity) -> String {
    quantity_label(quantity, &outcome.facts.layers.named(&outcome.reference))
}

/// The title of a figure of these rows alone.
pub fn title_of(operation: OperationKind, quantity: Quantity, reference: &Reference, rows: Components) -> String {
    let (label, names) = (quantity_label(quantity, reference), names(rows));
    match operation {
        OperationKind::Scale => format!("The {label} after Modifying {names}"),
        OperationKind::MeanHeads if quantity == Quantity::Weight => {
            format!("The Mean Operation for {names}")
        }
        OperationKind::MeanHeads => format!("The {label} after the Mean Operation for {names}"),
        OperationKind::MeanPositions => format!("The {label} after the Mean over Positions of {names}"),
        OperationKind::Noise => format!("The {label} after Noise on {names}"),
        OperationKind::Patch => format!("The {label} after Patching {names}"),
        OperationKind::MeanPrompts => format!("The {label} after the Mean over Prompts of {names}"),
    }
}

/// `Query, Key and Value`, `Query and Value`, `Key`
fn names(rows: Components) -> String {
    let names: Vec<&str> = rows.iter().map(Component::name).collect();
    match names.as_slice() {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => names.concat(),
    }
}

/// The title of what `outcome` shows, in these rows. Where nothing can be changed it says nothing of a change.
pub fn outcome_title(outcome: &Outcome, quantity: Quantity, rows: Components) -> String {
    if outcome.facts.kind.has_vectors() {
        title_of(outcome.experiment.operation.kind(), quantity, &outcome.facts.layers.named(&outcome.reference), rows)
    } else {
        format!("The {}", outcome_quantity_label(outcome, quantity))
    }
}

/// The title of one panel of `outcome`; empty for a panel that it does not have.
pub fn outcome_panel_title(outcome: &Outcome, panel: PanelId, notation: Notation) -> String {
    match outcome.experiment.epsilon.get(panel) {
        Some(_) if !outcome.facts.kind.has_vectors() => "Baseline".to_owned(),
        Some(&epsilon) => panel_title(panel.component, outcome.experiment.operation.kind(), epsilon.written(notation)),
        None => String::new(),
    }
}

/// The title of a panel: `Modifying Query with ε = 5e-1`, `Mean of Query over heads, ε = 0`.
pub fn panel_title(component: Component, operation: OperationKind, epsilon: impl fmt::Display) -> String {
    match operation {
        OperationKind::Scale => format!("Modifying {component} with ε = {epsilon}"),
        OperationKind::MeanHeads => format!("Mean of {component} over heads, ε = {epsilon}"),
        OperationKind::MeanPositions => format!("Mean of {component} over positions, ε = {epsilon}"),
        OperationKind::Noise => format!("Noise on {component} with ε = {epsilon}"),
        OperationKind::Patch => format!("Patching {component} with ε = {epsilon}"),
        OperationKind::MeanPrompts => format!("Mean of {component} over prompts, ε = {epsilon}"),
    }
}

/// What is done in one panel of `outcome`, in few words: `Query, ε = 5e-1`; empty for a panel that it does not have.
pub fn outcome_short_title(outcome: &Outcome, panel: PanelId, notation: Notation) -> String {
    match outcome.experiment.epsilon.get(panel) {
        Some(&epsilon) if outcome.facts.kind.has_vectors() => {
            format!("{}, {}", panel.component, epsilon_equation(epsilon, notation))
        }
        _ => outcome_panel_title(outcome, panel, notation),
    }
}

/// What is done in one panel of `outcome` whose component is said elsewhere: `ε = 5e-1`.
pub fn outcome_head(outcome: &Outcome, panel: PanelId, notation: Notation) -> String {
    match outcome.experiment.epsilon.get(panel) {
        Some(&epsilon) if outcome.facts.kind.has_vectors() => epsilon_equation(epsilon, notation),
        _ => outcome_panel_title(outcome, panel, notation),
    }
}

fn epsilon_equation(epsilon: Epsilon, notation: Notation) -> String {
    format!("ε = {}", epsilon.written(notation))
}

/// Ticks of a colour bar that stands for nine scales, where the panels have limits of their own.
pub fn own_ticks(norm: ColorNorm) -> Vec<Tick> {
    let middle = match norm {
        ColorNorm::Symmetric => Some("0"),
        ColorNorm::LogSymmetric => Some("1"),
        ColorNorm::Auto | ColorNorm::Linear(_) | ColorNorm::Log { .. } | ColorNorm::LogLimits(_) => None,
    };
    let ticks = [(0.0, Some("low")), (0.5, middle), (1.0, Some("high"))].into_iter();
    ticks.filter_map(|(position, label)| Some(Tick { position, label: label?.to_owned() })).collect()
}

/// A token as a tick label: without the spaces around it, at most 14 characters. A token of nothing but spaces shows
/// one `▁` for each, as tokenizers write them.
pub fn token_label(text: &str) -> String {
    let trimmed = text.trim();
    let label = if trimmed.is_empty() { "▁".repeat(text.chars().count()) } else { trimmed.to_owned() };
    let clusters = || label.graphemes(true);
    if clusters().count() <= LONGEST {
        return label;
    }
    let mut short: String = clusters().take(LONGEST - 1).collect();
    short.push('…');
    short
}

/// Which labels of the figure of `outcome` hold characters that no font has; `None` where none does.
pub fn illegible(outcome: &Outcome, style: &FigureStyle) -> Option<Illegible> {
    let tokens: &[_] = if style.axis_labels == AxisLabels::Tokens { &outcome.tokens } else { &[] };
    let labels = tokens.iter().map(|token| token.text.as_str());
    let written = style.strip.as_ref().map_or_else(Vec::new, |strip| strip.all(outcome.shape()));
    // Line breaks are drawn as signs.
    let written = written.iter().flat_map(|text| text.lines());
    Illegible::of(labels.chain(style.title.as_deref()).chain(written), &style.fonts)
}

/// How many cells from one label to the next, so that labels of `label_size` never overlap on cells of `cell_size`
/// (in the same unit): the first of every so many is labelled, beginning with the very first. At least 1.
pub fn label_step(cell_size: f64, label_size: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates; NaN becomes 0")]
    // Labels that touch do not overlap, whatever the last bit of the quotient says.
    let step = (label_size / cell_size - 1e-9).ceil() as usize;
    step.max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_are_the_figures() {
        let titles = Epsilon::FIGURE.map(|epsilon| panel_title(Component::Query, OperationKind::Scale, epsilon));
        assert_eq!(titles[0], "Modifying Query with ε = 5e-1");
        assert_eq!(titles[2], "Modifying Query with ε = 1e-10");
        let of_value = |operation| panel_title(Component::Value, operation, Epsilon::ZERO);
        assert_eq!(of_value(OperationKind::Scale), "Modifying Value with ε = 0");
        assert_eq!(of_value(OperationKind::MeanHeads), "Mean of Value over heads, ε = 0");
        let title = |operation| title(operation, Quantity::Weight, &Reference::Baseline);
        assert_eq!(title(OperationKind::Scale), "The Attention Weight after Modifying Query, Key and Value");
        assert_eq!(title(OperationKind::MeanHeads), "The Mean Operation for Query, Key and Value");
        let title =
            |rows: &str| title_of(OperationKind::Scale, Quantity::Weight, &Reference::Baseline, rows.parse().unwrap());
        assert_eq!(title("query,value"), "The Attention Weight after Modifying Query and Value");
        assert_eq!(title("key"), "The Attention Weight after Modifying Key");
    }

    #[test]
    fn token_labels_are_short_and_visible() {
        assert_eq!(token_label(" love"), "love");
        assert_eq!(token_label("\\n"), "\\n");
        assert_eq!(token_label("  "), "▁▁");
        assert_eq!(token_label("<|endoftext|>"), "<|endoftext|>");
        assert_eq!(token_label(" antidisestablishment"), "antidisestabl…");
        assert_eq!(token_label("žluťoučký kůň příliš"), "žluťoučký kůň…");
        assert_eq!(token_label(&"e\u{301}".repeat(14)), "e\u{301}".repeat(14), "accents are no characters to a reader");
    }

    #[test]
    fn every_cell_is_labelled_where_there_is_room() {
        assert_eq!(label_step(10.0, 10.0), 1);
        assert_eq!(label_step(10.0, 10.1), 2);
        assert_eq!(label_step(2.0, 9.0), 5);
        assert_eq!(label_step(f64::INFINITY, 9.0), 1);
    }

    proptest! {
        #[test]
        fn labels_never_overlap(n in 1_usize..2000, side in 1.0..2000.0_f64, label in 1.0..40.0_f64) {
            let cell = side / n as f64;
            let shown: Vec<usize> = (0..n).step_by(label_step(cell, label)).collect();
            prop_assert_eq!(shown[0], 0);
            for pair in shown.windows(2) {
                let distance = (pair[1] - pair[0]) as f64 * cell;
                prop_assert!(distance >= label * (1.0 - 1e-8), "{} between labels of {}", distance, label);
            }
        }
    }
}
