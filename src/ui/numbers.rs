//! Numbers as text: enough digits to read back the same f32, and of a steady width where they change under the hand.

use crate::{
    attention::{Component, Epsilon, ExactCell, Notation, PanelId},
    engine::Outcome,
    figure::{self, CellValues, Quantity},
    session::Cell,
    ui::widgets::quoted_token,
};

/// Everything that is said about one cell of one panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellNumbers {
    pub panel: ExactCell,
    pub baseline: ExactCell,
    /// Of what differences are taken from.
    pub compared: ExactCell,
    /// Weight less the one that it is compared with.
    pub difference: f64,
    /// Weight over the uniform weight of its row, 1/(attended keys).
    pub ratio_to_uniform: f64,
    /// Weight × ‖value‖; `None` without value vectors.
    pub weighted_value: Option<f64>,
}

impl CellNumbers {
    /// `None` where the cell is masked or outside.
    pub fn of(outcome: &Outcome, id: PanelId, cell: Cell) -> Option<Self> {
        let values = CellValues::of(&outcome.panels[id], outcome.compared_with(id), [cell.query, cell.key])?;
        Some(Self {
            panel: values.panel,
            baseline: outcome.baseline.pattern.exact_cell(cell.query, cell.key)?,
            compared: values.compared,
            difference: values.value(Quantity::Difference)?,
            ratio_to_uniform: values.value(Quantity::UniformRatio)?,
            weighted_value: values.value(Quantity::WeightedValue),
        })
    }

    /// `quantity` as text; `None` where it needs vectors that are not there.
    pub fn text_of(&self, quantity: Quantity) -> Option<String> {
        let value = match quantity {
            Quantity::Weight => {
                return Some(format!("{}  ({})", weight(self.panel.weight), percent(self.panel.weight)));
            }
            Quantity::Difference => self.difference,
            Quantity::UniformRatio => self.ratio_to_uniform,
            Quantity::Score => self.panel.score?,
            Quantity::WeightedValue => self.weighted_value?,
        };
        Some(text(quantity, value))
    }
}

/// A value of `quantity`.
pub fn text(quantity: Quantity, value: f64) -> String {
    match quantity {
        Quantity::Weight | Quantity::WeightedValue => positive(value),
        Quantity::Difference | Quantity::Score => signed(value),
        Quantity::UniformRatio => ratio(value),
    }
}

/// What a quantity is called among numbers.
pub fn name(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Weight => "weight",
        Quantity::Difference => "difference",
        Quantity::UniformRatio => "ratio to uniform",
        Quantity::Score => "score",
        Quantity::WeightedValue => "weight × ‖value‖",
    }
}

/// Why a cell has no numbers.
pub fn masked(outcome: &Outcome, cell: Cell) -> String {
    match outcome.mask().reason(cell.query, cell.key) {
        Some(reason) => format!("masked: {reason}"),
        None if outcome.experiment.in_force.blocks_any() => "masked: this edge is blocked".to_owned(),
        None => "masked in the layer that it is compared with".to_owned(),
    }
}

/// The shortest decimal that reads back as the same weight.
pub fn weight(weight: f32) -> String {
    if weight != 0.0 && weight.abs() < 1e-4 { format!("{weight:e}") } else { format!("{weight}") }
}

/// A weight in f64 with seven digits.
pub fn precise(weight: f64) -> String {
    if weight != 0.0 && weight.abs() < 1e-4 { format!("{weight:.6e}") } else { format!("{weight:.7}") }
}

/// Always eight characters, for tables whose numbers change under the hand.
pub fn steady(weight: f32) -> String {
    if weight != 0.0 && weight.abs() < 1e-4 { format!("{weight:8.2e}") } else { format!("{weight:8.6}") }
}

pub fn percent(weight: f32) -> String {
    let percent = f64::from(weight) * 100.0;
    if percent != 0.0 && percent.abs() < 0.01 { format!("{percent:.2e} %") } else { format!("{percent:.2} %") }
}

/// With its sign, for differences and scores.
pub fn signed(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-4 { format!("{value:+.3e}") } else { format!("{value:+.6}") }
}

/// Without a sign, for what cannot be negative.
pub fn positive(value: f64) -> String {
    if value != 0.0 && value < 1e-4 { format!("{value:.3e}") } else { format!("{value:.6}") }
}

pub fn ratio(value: f64) -> String {
    if value != 0.0 && value < 1e-3 { format!("{value:.3e} ×") } else { format!("{value:.4} ×") }
}

/// A panel by what is done in it: `Query, ε = 5e-1`.
pub fn panel_name(component: Component, epsilon: Epsilon, notation: Notation) -> String {
    format!("{component}, ε = {}", epsilon.written(notation))
}

/// A panel of `outcome` by what is done in it; without vectors, by its title.
pub fn name_of_panel(outcome: &Outcome, panel: PanelId, notation: Notation) -> String {
    if !outcome.facts.kind.has_vectors() {
        return figure::outcome_panel_title(outcome, panel, notation);
    }
    let epsilon = outcome.experiment.epsilon.get(panel);
    epsilon.map_or_else(|| panel.component.to_string(), |&epsilon| panel_name(panel.component, epsilon, notation))
}

/// A token in quotes as it stands on screen, with dots for the spaces around it: `“·love”`.
pub fn token(outcome: &Outcome, position: usize) -> String {
    outcome.tokens.get(position).map_or_else(String::new, |token| quoted_token(&token.text))
}

/// A token in quotes with its spaces, for the ear and for what leaves the window: `“ love”`.
pub fn token_as_it_is(outcome: &Outcome, position: usize) -> String {
    outcome.tokens.get(position).map_or_else(String::new, |token| format!("“{}”", token.text))
}

/// All panels' numbers of one cell as tab-separated lines with a header, for the clipboard. `None` where the
/// cell is masked.
pub fn cell_table(outcome: &Outcome, cell: Cell) -> Option<String> {
    let mut table =
        "component\tepsilon\tquery_pos\tquery_token\tkey_pos\tkey_token\tweight\tbaseline\tscore".to_owned();
    let piece =
        |position: usize| outcome.tokens.get(position).map_or("", |token| &token.text).escape_debug().to_string();
    let is_modified = outcome.facts.kind.has_vectors();
    for (panel, epsilon) in outcome.experiment.epsilon.iter() {
        let numbers = CellNumbers::of(outcome, panel, cell)?;
        let line = [
            if is_modified { panel.component.name().to_lowercase() } else { "baseline".to_owned() },
            if is_modified { epsilon.to_string() } else { String::new() },
            cell.query.to_string(),
            piece(cell.query),
            cell.key.to_string(),
            piece(cell.key),
            weight(numbers.panel.weight),
            weight(numbers.baseline.weight),
            numbers.panel.score.map_or_else(String::new, |score| score.to_string()),
        ];
        table.push('\n');
        table.push_str(&line.join("\t"));
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_read_back_to_the_same_bits() {
        for value in [0.0, 1.0, 0.1, 1.0 / 3.0, 0.637_391_2, 1e-4, 9.999e-5, 3.4e-39, f32::MIN_POSITIVE] {
            assert_eq!(weight(value).parse(), Ok(value));
        }
    }

    #[test]
    fn small_numbers_are_not_shown_as_zero() {
        assert_eq!(percent(0.5), "50.00 %");
        assert_eq!(percent(2e-7), "2.00e-5 %");
        assert_eq!(signed(-0.25), "-0.250000");
        assert_eq!(ratio(1.0), "1.0000 ×");
        assert_eq!((positive(0.5), positive(2.5e-12)), ("0.500000".to_owned(), "2.500e-12".to_owned()));
    }
}
