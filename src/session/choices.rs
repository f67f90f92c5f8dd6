//! What is chosen by name: rows of the grid, and the figures of the paper.

use serde::{Deserialize, Serialize};

use super::Session;
use crate::attention::{Component, Epsilon, FirstToken, Operation, OperationKind, OtherPrompt, PromptSet};

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
    /// All of them, in the order of menus and lists.
    pub const ALL: [Self; 2] = [Self::Modifying, Self::MeanOperation];

    /// The operation that the figure shows.
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

impl Session {
    /// The session's operation, which takes vectors from what `typed` says: a prompt, or a prompt on each line that is not
    /// empty. As it is where it takes none from other prompts.
    pub fn operation_from(&self, typed: &str) -> Operation {
        match self.operation() {
            Operation::Patch { .. } => Operation::patch(OtherPrompt::text(typed)),
            Operation::MeanPrompts { over, .. } => Operation::mean_prompts(PromptSet::of_lines(typed, over.first)),
            other => other.clone(),
        }
    }

    /// The operation that choosing a kind leads to: the session's own where it is of that kind. What takes vectors from
    /// other prompts begins with those of the prompt itself, of which every change is one of words.
    pub fn operation_of(&self, kind: OperationKind) -> Operation {
        if self.operation().kind() == kind {
            return self.operation().clone();
        }
        let prompt = || self.prompt().as_other();
        match kind {
            OperationKind::Patch => Operation::patch(prompt()),
            OperationKind::MeanPrompts => {
                Operation::mean_prompts(PromptSet { prompts: [prompt()].into(), first: FirstToken::default() })
            }
            other => Operation::of_the_prompt(other).unwrap_or_default(),
        }
    }
}

/// Which rows the slider moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowChoice {
    /// All that the grid has.
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
            Self::Only(Component::Output) => &[Component::Output],
        }
    }

    /// Whether the row of `component` moves.
    pub fn contains(self, component: Component) -> bool {
        self.components().contains(&component)
    }

    /// The panel row that speaks for the choice: the first.
    pub fn lead(self) -> Component {
        self.components()[0]
    }
}
