//! Numbers as text: enough digits to read back the same f32, and of a steady width where they change under the hand.

use crate::{
    attention::{Component, ExactCell},
    engine::Outcome,
    session::Cell,
};

/// Everything that is said about one cell of one panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellNumbers {
    pub panel: ExactCell,
    pub baseline: ExactCell,
    /// Weight over the uniform weight of its row, 1/(attended keys).
    pub ratio_to_uniform: f64,
}

impl CellNumbers {
    /// `None` where the cell is masked or outside.
    pub fn of(outcome: &Outcome, component: Component, column: usize, cell: Cell) -> Option<Self> {
        let pattern = &outcome.panel(component, column).pattern;
        let panel = pattern.exact_cell(cell.query, cell.key)?;
        let baseline = outcome.baseline.pattern.exact_cell(cell.query, cell.key)?;
        let ratio_to_uniform = f64::from(panel.weight) * pattern.attended(cell.query) as f64;
        Some(Self { panel, baseline, ratio_to_uniform })
    }

    pub fn difference(&self) -> f64 {
        f64::from(self.panel.weight) - f64::from(self.baseline.weight)
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

pub fn ratio(value: f64) -> String {
    if value != 0.0 && value < 1e-3 { format!("{value:.3e} ×") } else { format!("{value:.4} ×") }
}

/// A token in quotes, with its leading space: `“ love”`.
pub fn token(outcome: &Outcome, position: usize) -> String {
    outcome.tokens.get(position).map_or_else(String::new, |token| format!("“{}”", token.text))
}

/// The nine panels' numbers of one cell as tab-separated lines with a header, for the clipboard. `None` where the
/// cell is masked.
pub fn cell_table(outcome: &Outcome, cell: Cell) -> Option<String> {
    let mut table =
        "component\tepsilon\tquery_pos\tquery_token\tkey_pos\tkey_token\tweight\tbaseline\tscore".to_owned();
    let piece =
        |position: usize| outcome.tokens.get(position).map_or("", |token| &token.text).escape_debug().to_string();
    for component in Component::ALL {
        for column in 0..3 {
            let numbers = CellNumbers::of(outcome, component, column, cell)?;
            let line = [
                component.name().to_lowercase(),
                outcome.epsilon[component.row()][column].to_string(),
                cell.query.to_string(),
                piece(cell.query),
                cell.key.to_string(),
                piece(cell.key),
                weight(numbers.panel.weight),
                weight(numbers.baseline.weight),
                numbers.panel.score.to_string(),
            ];
            table.push('\n');
            table.push_str(&line.join("\t"));
        }
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
    }
}
