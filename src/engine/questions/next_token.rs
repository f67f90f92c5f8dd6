use crate::{
    attention::{Grid, PanelId},
    engine::{Effect, Engine, EngineError, Job, Lane, Question, Reference, RunSpec, SourceId},
};

/// What one panel's intervention does to the model's next token.
#[derive(Clone, Debug, PartialEq)]
pub struct NextTokenQuestion {
    /// The opened source that is meant.
    pub source: SourceId,
    /// What is read, and what is done to it; what it is compared with does not matter, and of ε the panel's alone.
    pub spec: RunSpec,
    /// One of the grid.
    pub panel: PanelId,
}

impl NextTokenQuestion {
    /// Whether both are about the same text, read by the same source.
    pub fn has_same_text(&self, other: &Self) -> bool {
        self.source == other.source && self.spec.prompt == other.spec.prompt
    }
}

impl Question for NextTokenQuestion {
    /// `None` where the model has no output layer.
    type Part = Option<Effect>;

    const LANE: Lane = Lane::NextToken;

    fn canonical(mut self) -> Self {
        let epsilon = &mut self.spec.experiment.epsilon;
        *epsilon = Grid::filled(epsilon.shape(), epsilon[self.panel]);
        self.spec.reference = Reference::Baseline;
        self
    }

    fn answer(
        &self,
        engine: &mut Engine,
        job: &Job<'_>,
        send: &mut dyn FnMut(Option<Effect>),
    ) -> Result<(), EngineError> {
        send(engine.effect_for(job, &self.spec, self.panel)?);
        Ok(())
    }
}
