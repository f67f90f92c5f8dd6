use crate::{
    attention::{Epsilon, Grid, Shape},
    engine::{Engine, EngineError, HeadPattern, Job, Lane, Question, Reference, RunSpec, SourceId, Under},
};

/// The pattern of every head of every layer.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadsQuestion {
    /// The opened source that is meant.
    pub source: SourceId,
    /// What is read; layer, head and ε do not matter.
    pub spec: RunSpec,
    /// Under which intervention.
    pub under: Under,
}

impl Question for HeadsQuestion {
    /// Some heads, each of which comes once.
    type Part = Vec<HeadPattern>;

    const LANE: Lane = Lane::Heads;

    fn canonical(mut self) -> Self {
        let experiment = &mut self.spec.experiment;
        if self.under == Under::Baseline {
            (experiment.scope, experiment.operation, experiment.in_force) = Default::default();
        }
        (experiment.layer, experiment.head) = (0, 0);
        experiment.epsilon = Grid::filled(Shape::FIGURE, Epsilon::ONE);
        self.spec.reference = Reference::Baseline;
        self
    }

    fn answer(
        &self,
        engine: &mut Engine,
        job: &Job<'_>,
        send: &mut dyn FnMut(Vec<HeadPattern>),
    ) -> Result<(), EngineError> {
        engine.head_patterns(&self.spec, self.under, send, &|| job.is_cancelled())
    }
}
