//! What the card at the pointer says.

use egui::{Grid, Label, RichText, TextStyle, Ui};

use super::hovered::{Hovered, Weights};
use crate::{
    attention::PanelId,
    engine::{Outcome, Reference},
    figure::{self, Quantity},
    ui::{
        column_names, notation,
        numbers::{self, CellNumbers},
        theme::{self, space},
    },
};

/// Of a card that is not whole, in points.
const SMALL_WIDTH: f32 = 220.0;

/// How much the card says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fold {
    Whole,
    /// Without what the status line says too, so that it finds a place beside the cells that are compared.
    Small,
    /// Two lines, so that it finds one between the rows of a small figure.
    Brief,
}

impl Fold {
    /// What says most comes first.
    pub const ALL: [Self; 3] = [Self::Whole, Self::Small, Self::Brief];
}

/// Panel, tokens, and every number of the cell, `shown` in front.
pub fn contents_ui(ui: &mut Ui, (outcome, shown): (&Outcome, Quantity), hovered: &Hovered, fold: Fold) {
    if fold != Fold::Whole {
        ui.set_max_width(SMALL_WIDTH);
    }
    if fold == Fold::Brief {
        brief_ui(ui, (outcome, shown), hovered);
        return;
    }
    let Hovered { panel, cell, numbers, weights, behind, .. } = hovered;
    ui.label(RichText::new(figure::outcome_panel_title(outcome, *panel, notation::of(ui))).strong());
    let (query, key) = (numbers::token(outcome, cell.query), numbers::token(outcome, cell.key));
    let tokens = Label::new(format!("query {} {query} → key {} {key}", cell.query, cell.key));
    ui.add(if fold == Fold::Small { tokens.truncate() } else { tokens });
    match numbers {
        Some(numbers) => {
            numbers_ui(ui, (outcome, shown), numbers, fold);
            if outcome.shape().n_panels() > 1 {
                weights_ui(ui, outcome, (*panel, weights), fold);
            }
        }
        None => _ = ui.label(numbers::masked(outcome, *cell)),
    }
    if let (keep, [queries, keys]) = behind
        && queries * keys > 1
    {
        let text = format!("the pixel shows {keep} of {queries} × {keys} cells");
        ui.label(RichText::new(text).small().color(theme::of(ui).text_weak));
    }
}

/// The tokens, the value that is shown, and what it is without the intervention; the lines around the cell say which panel.
fn brief_ui(ui: &mut Ui, (outcome, shown): (&Outcome, Quantity), hovered: &Hovered) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let Hovered { cell, numbers, .. } = hovered;
    let tokens = format!("{} → {}", numbers::token(outcome, cell.query), numbers::token(outcome, cell.key));
    let said = match numbers {
        Some(numbers) => format!(
            "{} {} · baseline {}",
            numbers::name(shown),
            text_of(numbers, shown, Fold::Brief).unwrap_or_default(),
            numbers::weight(numbers.baseline.weight)
        ),
        None => numbers::masked(outcome, *cell),
    };
    ui.add(Label::new(RichText::new(tokens).small().strong()).truncate());
    ui.add(Label::new(RichText::new(said).small()).truncate());
}

/// A value; the weight with its percentage on the whole card alone.
fn text_of(numbers: &CellNumbers, quantity: Quantity, fold: Fold) -> Option<String> {
    match (quantity, fold) {
        (Quantity::Weight, Fold::Small | Fold::Brief) => Some(numbers::weight(numbers.panel.weight)),
        _ => numbers.text_of(quantity),
    }
}

fn numbers_ui(ui: &mut Ui, (outcome, shown): (&Outcome, Quantity), numbers: &CellNumbers, fold: Fold) {
    let text_of = |quantity| text_of(numbers, quantity, fold);
    Grid::new("cell numbers").num_columns(2).spacing([space::M, 2.0]).min_row_height(0.0).show(ui, |ui| {
        let mut row = |name: &str, value: String, is_shown: bool| {
            let colors = theme::of(ui);
            ui.label(RichText::new(name).color(if is_shown { colors.text_strong } else { colors.text_weak }));
            let value = RichText::new(value).monospace();
            ui.label(if is_shown { value.strong() } else { value });
            ui.end_row();
        };
        if let Some(value) = text_of(shown) {
            row(numbers::name(shown), value, true);
        }
        if shown != Quantity::Weight {
            row(numbers::name(Quantity::Weight), text_of(Quantity::Weight).unwrap_or_default(), false);
        }
        row("baseline", numbers::weight(numbers.baseline.weight), false);
        if outcome.reference != Reference::Baseline {
            row(
                &outcome.facts.layers.named(&outcome.reference).name(),
                numbers::weight(numbers.compared.weight),
                false,
            );
        }
        for quantity in [Quantity::Difference, Quantity::UniformRatio, Quantity::Score] {
            if quantity != shown
                && let Some(value) = numbers.text_of(quantity)
            {
                row(numbers::name(quantity), value, false);
            }
        }
    });
}

/// The cell's weight in all panels, as they stand.
fn weights_ui(ui: &mut Ui, outcome: &Outcome, (hovered, weights): (PanelId, &Weights), fold: Fold) {
    let (shape, weak) = (outcome.shape(), theme::of(ui).text_weak);
    ui.add_space(space::S);
    // Small, so that the card finds a place beside the cells.
    let size = TextStyle::Small.resolve(ui.style()).size;
    let grid = Grid::new("weights of the cell").num_columns(1 + shape.n_columns()).spacing([space::S, 2.0]);
    grid.min_row_height(0.0).show(ui, |ui| {
        ui.label(RichText::new(if fold == Fold::Small { "" } else { "in all panels" }).small().color(weak));
        for column in shape.columns() {
            let name = column_names::over(column, &outcome.experiment.epsilon, notation::of(ui));
            ui.label(RichText::new(name).small().color(weak));
        }
        ui.end_row();
        for component in shape.rows().iter() {
            ui.label(RichText::new(component.name()).small().color(weak));
            for column in shape.columns() {
                let panel = PanelId { component, column };
                let weight = weights.get(panel).copied().flatten();
                let text = RichText::new(weight.map_or_else(|| "–".to_owned(), numbers::steady)).monospace().size(size);
                ui.label(if panel == hovered { text.strong() } else { text.color(weak) });
            }
            ui.end_row();
        }
    });
}
