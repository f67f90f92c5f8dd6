//! Everything needed to reproduce the view, and the one way to change it.
//!
//! A [`Session`] is plain data: no handles, no results. A gesture becomes a [`Command`]; [`Session::apply`] is the
//! only place that changes it; [`Session::run_spec`] is what the engine is asked. The command line fills the same
//! struct from its arguments.

mod command;
pub mod document;
mod timeline;
mod view;

use serde::{Deserialize, Serialize};

pub use command::{Command, OnScreen};
pub use timeline::{StepNumber, Timeline};
pub use view::{Person, SliderRange, SweepView, Theme, View};

use crate::{
    attention::{Column, Component, Components, Epsilon, Experiment, Grid, Operation, PanelId, Scope, Shape},
    engine::{Bundled, Prompt, Reference, RunSpec, SourceSpec},
};

/// How many columns of ε a session has.
pub const COLUMNS: std::ops::RangeInclusive<usize> = 2..=6;

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

/// One cell of a pattern: which query attends to which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cell {
    pub query: usize,
    pub key: usize,
}

/// What is on screen, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub source: SourceSpec,
    pub prompt: Prompt,
    /// 0-based layer on screen.
    pub layer: usize,
    /// 0-based query head on screen.
    pub head: usize,
    pub operation: Operation,
    pub scope: Scope,
    /// Of every panel; says also which panels there are.
    pub epsilon: Grid<Epsilon>,
    /// The rows that the slider moves.
    pub rows: RowChoice,
    /// The column that the slider moves.
    pub column: Column,
    /// The cell that stays marked.
    pub pinned: Option<Cell>,
    /// What differences are taken from.
    #[serde(default)]
    pub reference: Reference,
    pub view: View,
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
            layer: view.layer,
            head: view.head,
            operation: Operation::default(),
            scope: Scope::default(),
            epsilon: figure_grid(),
            rows: RowChoice::All,
            column: Column::FIRST,
            pinned: None,
            reference: Reference::Baseline,
            view: View::default(),
        }
    }

    /// What the engine is asked for this view.
    pub fn run_spec(&self) -> RunSpec {
        RunSpec {
            source: self.source.clone(),
            prompt: self.prompt.clone(),
            experiment: Experiment {
                layer: self.layer,
                head: self.head,
                operation: self.operation,
                scope: self.scope.clone(),
                epsilon: self.epsilon.clone(),
            },
            reference: self.reference.clone(),
        }
    }

    /// Which panels there are.
    pub fn shape(&self) -> Shape {
        self.epsilon.shape()
    }

    /// The panel that everything which speaks of one panel speaks of: the one alone on screen, else the uppermost that
    /// the slider moves.
    pub fn selected(&self) -> PanelId {
        let lead = PanelId { component: self.rows.lead(), column: self.column };
        self.shape().nearest(self.view.solo.unwrap_or(lead))
    }

    /// ε of the panel that the slider stands for.
    pub fn selected_epsilon(&self) -> Epsilon {
        self.epsilon[self.selected()]
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
