//! Everything needed to reproduce the view, and the one way to change it.
//!
//! A [`Session`] is plain data: no handles, no results. A gesture becomes a [`Command`]; [`Session::apply`] is the
//! only place that changes it; [`Session::run_spec`] is what the engine is asked. The command line fills the same
//! struct from its arguments.

mod command;
pub mod document;
mod stored;
mod timeline;
mod view;

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

pub use crate::attention::Cell;
pub use command::{Command, OnScreen};
pub use stored::{Stored, Unsound};
pub use timeline::{StepNumber, Timeline};
pub use view::{Person, SliderRange, SweepView, Theme, View};

use crate::{
    attention::{Column, Component, Components, Epsilon, Experiment, Grid, Operation, PanelId, Scope, Shape},
    engine::{Bundled, Prompt, Reference, RunSpec, SourceSpec},
};

/// How many columns of ε a session has.
pub const COLUMNS: RangeInclusive<usize> = 2..=6;

/// ε of the figure in every row.
pub fn figure_grid() -> Grid<Epsilon> {
    repeated(&Epsilon::FIGURE)
}

/// The same ε in the rows of all components; the figure's where there are none, or more than a grid has.
pub fn repeated(columns: &[Epsilon]) -> Grid<Epsilon> {
    let figure = || Grid::from_fn(Shape::FIGURE, |panel| Epsilon::FIGURE[panel.column.index()]);
    Grid::repeated(Components::ALL, columns).unwrap_or_else(figure)
}

/// The two figures of arXiv 2410.13708 that the grid reproduces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperFigure {
    /// *The Attention Weight after Modifying Query, Key and Value*: scaled by 5e-1, 1e-3, 1e-10.
    Modifying,
    /// *The Mean Operation for Query, Key and Value*: the mean over the layer's heads in place of the head's own, halfway,
    /// nearly, and wholly (ε = 0, the paper's).
    MeanOperation,
}

impl PaperFigure {
    pub const ALL: [Self; 2] = [Self::Modifying, Self::MeanOperation];

    pub const fn operation(self) -> Operation {
        match self {
            Self::Modifying => Operation::Scale,
            Self::MeanOperation => Operation::MeanHeads,
        }
    }

    /// ε of the three columns.
    pub const fn columns(self) -> [Epsilon; 3] {
        match self {
            Self::Modifying => Epsilon::FIGURE,
            Self::MeanOperation => Epsilon::TOWARDS_ZERO,
        }
    }
}

/// Which rows the slider moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowChoice {
    /// All three.
    All,
    /// One.
    Only(Component),
}

impl RowChoice {
    /// The components that are moved.
    pub fn components(self) -> &'static [Component] {
        match self {
            Self::All => &Component::ALL,
            Self::Only(Component::Query) => &[Component::Query],
            Self::Only(Component::Key) => &[Component::Key],
            Self::Only(Component::Value) => &[Component::Value],
        }
    }

    pub fn contains(self, component: Component) -> bool {
        self.components().contains(&component)
    }

    /// The panel row that speaks for the choice: the first.
    pub fn lead(self) -> Component {
        self.components()[0]
    }
}

/// What is on screen, and how. [`Session::apply`] is the only way to change it; a stored one is checked when it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Session {
    source: SourceSpec,
    prompt: Prompt,
    experiment: Experiment,
    rows: RowChoice,
    column: Column,
    pinned: Option<Cell>,
    reference: Reference,
    view: View,
}

impl Default for Session {
    /// The figure.
    fn default() -> Self {
        Self::example(Bundled::Smollm2)
    }
}

impl Session {
    /// A bundled source at its default view, with the figure's ε and scope *This head*.
    pub fn example(bundled: Bundled) -> Self {
        let view = bundled.default_view();
        Self {
            source: SourceSpec::Bundled(bundled),
            prompt: Prompt::Text { text: view.prompt.into(), bos: true },
            experiment: Experiment {
                layer: view.layer,
                head: view.head,
                operation: Operation::default(),
                scope: Scope::default(),
                epsilon: figure_grid(),
            },
            rows: RowChoice::All,
            column: Column::FIRST,
            pinned: None,
            reference: Reference::Baseline,
            view: View::default(),
        }
    }

    /// The session after `commands`, while nothing is on screen yet.
    #[must_use]
    pub fn with(mut self, commands: impl IntoIterator<Item = Command>) -> Self {
        for command in commands {
            self.apply(command, OnScreen::default());
        }
        self
    }

    pub const fn source(&self) -> &SourceSpec {
        &self.source
    }

    pub const fn prompt(&self) -> &Prompt {
        &self.prompt
    }

    /// The shown head, and what is done to it in every panel.
    pub const fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// 0-based layer on screen.
    pub const fn layer(&self) -> usize {
        self.experiment.layer
    }

    /// 0-based query head on screen.
    pub const fn head(&self) -> usize {
        self.experiment.head
    }

    pub const fn operation(&self) -> Operation {
        self.experiment.operation
    }

    pub const fn scope(&self) -> &Scope {
        &self.experiment.scope
    }

    /// ε of every panel; says also which panels there are.
    pub const fn epsilon(&self) -> &Grid<Epsilon> {
        &self.experiment.epsilon
    }

    /// Which panels there are.
    pub fn shape(&self) -> Shape {
        self.experiment.shape()
    }

    /// The rows that the slider moves.
    pub const fn rows(&self) -> RowChoice {
        self.rows
    }

    /// The column that the slider moves.
    pub const fn column(&self) -> Column {
        self.column
    }

    /// The cell that stays marked.
    pub const fn pinned(&self) -> Option<Cell> {
        self.pinned
    }

    /// What differences are taken from.
    pub const fn reference(&self) -> &Reference {
        &self.reference
    }

    pub const fn view(&self) -> &View {
        &self.view
    }

    /// What the engine is asked for this view.
    pub fn run_spec(&self) -> RunSpec {
        RunSpec {
            source: self.source.clone(),
            prompt: self.prompt.clone(),
            experiment: self.experiment.clone(),
            reference: self.reference.clone(),
        }
    }

    /// The panel that everything which speaks of one panel speaks of: the one alone on screen, else the uppermost that
    /// the slider moves.
    pub fn selected(&self) -> PanelId {
        let lead = PanelId { component: self.rows.lead(), column: self.column };
        self.shape().nearest(self.view.solo.unwrap_or(lead))
    }

    /// ε of the panel that the slider stands for.
    pub fn selected_epsilon(&self) -> Epsilon {
        self.experiment.epsilon[self.selected()]
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
