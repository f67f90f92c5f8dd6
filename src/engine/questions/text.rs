use std::{sync::Arc, time::Duration};

use crate::{
    attention::{Component, Epsilon, Grid, Shape},
    engine::{
        Continuation, Engine, EngineError, Job, Lane, Pace, PanelTexts, Question, Reference, RunSpec, SourceId, Writing,
    },
};

/// Between two parts.
const PARTS: Duration = Duration::from_millis(30);

/// So long a text goes on though there is a newer question: during a drag its beginning is seen.
const PATIENCE: Duration = Duration::from_millis(150);

/// What a model writes behind the prompt without and with a change.
#[derive(Clone, Debug, PartialEq)]
pub struct TextQuestion {
    /// The opened source that is meant.
    pub source: SourceId,
    /// What is read, and under which operation and scope it is changed; ε and reference do not matter.
    pub spec: RunSpec,
    /// What is changed.
    pub component: Component,
    /// How far.
    pub epsilon: Epsilon,
    /// How many tokens, and which.
    pub writing: Writing,
}

/// What a model writes behind the prompt under the change of each panel.
#[derive(Clone, Debug, PartialEq)]
pub struct PanelTextsQuestion {
    /// The opened source that is meant.
    pub source: SourceId,
    /// What is read and changed; the reference does not matter.
    pub spec: RunSpec,
    /// How many tokens, and which.
    pub writing: Writing,
}

impl TextQuestion {
    /// Whether both are written behind the same prompt by the same source.
    pub fn has_same_prompt(&self, other: &Self) -> bool {
        self.source == other.source && self.spec.prompt == other.spec.prompt
    }
}

impl Question for TextQuestion {
    /// The texts as far as they are there; the last ones are whole.
    type Part = Arc<Continuation>;

    const LANE: Lane = Lane::Text;

    fn canonical(mut self) -> Self {
        self.spec.experiment.epsilon = Grid::filled(Shape::FIGURE, Epsilon::ONE);
        self.spec.reference = Reference::Baseline;
        self
    }

    fn answer(
        &self,
        engine: &mut Engine,
        job: &Job<'_>,
        send: &mut dyn FnMut(Arc<Continuation>),
    ) -> Result<(), EngineError> {
        job.set_patience(PATIENCE);
        let pace = Pace::new(PARTS);
        let mut so_far = |written: &Continuation| {
            if pace.is_due(job.clock()) {
                send(Arc::new(written.clone()));
            }
        };
        let change = (self.component, self.epsilon);
        let written = engine.continuation(job, &self.spec, change, &self.writing, &mut so_far)?;
        send(Arc::new(written));
        Ok(())
    }
}

impl Question for PanelTextsQuestion {
    /// The texts of the panels that are there; the last ones are all.
    type Part = Arc<PanelTexts>;

    const LANE: Lane = Lane::Text;

    fn canonical(mut self) -> Self {
        self.spec.reference = Reference::Baseline;
        self
    }

    fn answer(
        &self,
        engine: &mut Engine,
        job: &Job<'_>,
        send: &mut dyn FnMut(Arc<PanelTexts>),
    ) -> Result<(), EngineError> {
        job.set_patience(PATIENCE);
        let mut so_far = |texts: &PanelTexts| send(Arc::new(texts.clone()));
        engine.panel_texts(job, &self.spec, &self.writing, &mut so_far)?;
        Ok(())
    }
}
