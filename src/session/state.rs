//! The session's fields, and what is read of them.

use super::{RowChoice, View, figure_grid};
use crate::{
    attention::{Cell, Column, Epsilon, Experiment, Grid, InForce, Operation, PanelId, Scope, Shape},
    engine::{Bundled, Prompt, Reference, RunSpec, SourceSpec},
};

/// What is on screen, and how. [`Session::apply`] is the only way to change it; a stored one is checked when it is read.
///
/// ```
/// use attenuate::{
///     attention::Epsilon,
///     engine::{Bundled, Engine},
///     session::{Command, Session},
/// };
///
/// // The small bundled model at layer 0, head 1, with ε = 0 in the chosen column of every row.
/// let commands = [Command::SetLayer(0), Command::SetHead(1), Command::SetEpsilon(Epsilon::ZERO)];
/// let session = Session::example(Bundled::Austen).with(commands);
/// assert_eq!((session.layer(), session.head(), session.selected_epsilon()), (0, 1, Epsilon::ZERO));
///
/// // What the engine answers is a pattern for each panel, and the unmodified one.
/// let outcome = Engine::default().run(&session.run_spec(), &|| false)?;
/// assert_eq!(outcome.panels.shape(), session.shape());
/// let row = outcome.panels[session.selected()].pattern.exact_row(3);
/// assert_eq!(row, [0.25; 4], "without a Query a head attends to all keys alike");
/// # Ok::<(), attenuate::engine::EngineError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    pub(super) source: SourceSpec,
    pub(super) prompt: Prompt,
    pub(super) experiment: Experiment,
    pub(super) rows: RowChoice,
    pub(super) column: Column,
    pub(super) pinned: Option<Cell>,
    pub(super) reference: Reference,
    pub(super) view: View,
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
            prompt: view.into(),
            experiment: Experiment {
                layer: view.layer,
                head: view.head,
                operation: Operation::default(),
                scope: Scope::default(),
                in_force: InForce::default(),
                epsilon: figure_grid(),
            },
            rows: RowChoice::All,
            column: Column::FIRST,
            pinned: None,
            reference: Reference::Baseline,
            view: View::default(),
        }
    }

    /// Where attention comes from.
    pub const fn source(&self) -> &SourceSpec {
        &self.source
    }

    /// What the model reads.
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

    /// What takes the place of the vectors.
    pub const fn operation(&self) -> &Operation {
        &self.experiment.operation
    }

    /// Which layers, heads and positions are changed.
    pub const fn scope(&self) -> &Scope {
        &self.experiment.scope
    }

    /// What is done beneath that, whatever a panel does.
    pub const fn in_force(&self) -> &InForce {
        &self.experiment.in_force
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

    /// How it is shown.
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

    /// Whether `spec` is what the engine is asked for this view.
    pub fn asks_for(&self, spec: &RunSpec) -> bool {
        let RunSpec { source, prompt, experiment, reference } = spec;
        (&self.source, &self.prompt, &self.experiment, &self.reference) == (source, prompt, experiment, reference)
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
mod tests {
    use super::*;

    #[test]
    fn copies_and_requests_share_the_text_of_the_prompt() {
        let session = Session::example(Bundled::Austen);
        let (copy, request) = (session.clone(), session.run_spec());
        let words = [session.prompt(), copy.prompt(), &request.prompt].map(|prompt| prompt.words().unwrap());
        assert!(words.iter().all(|text| std::sync::Arc::ptr_eq(text, words[0])));
    }
}
