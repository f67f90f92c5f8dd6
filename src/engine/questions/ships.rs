use std::time::Duration;

use crate::{
    attention::{Grid, HeadScope, LayerScope, Scope, Shape},
    engine::{
        Engine, EngineError, HeadShips, Job, Lane, Pace, Question, Reference, RunSpec, ShipsOf, SourceId, Target,
    },
};

/// Between two parts, where heads come quickly.
const PARTS: Duration = Duration::from_millis(40);

/// What each head does to the output when it alone is changed.
#[derive(Clone, Debug, PartialEq)]
pub struct ShipsQuestion {
    /// The opened source that is meant.
    pub source: SourceId,
    /// What is read, and at which positions it is changed; layer, head, ε and operation do not matter.
    pub spec: RunSpec,
    /// What is done to each head.
    pub of: ShipsOf,
    /// Whose chances are followed.
    pub target: Target,
}

impl Question for ShipsQuestion {
    /// Heads that were found since the last part.
    type Part = Vec<HeadShips>;

    const LANE: Lane = Lane::Ships;

    fn canonical(mut self) -> Self {
        let experiment = &mut self.spec.experiment;
        (experiment.layer, experiment.head, experiment.operation) = (0, 0, self.of.operation.clone());
        let positions = std::mem::take(&mut experiment.scope.positions);
        experiment.scope = Scope { layers: LayerScope::Shown, heads: HeadScope::Shown, set: None, positions };
        experiment.epsilon = Grid::filled(Shape::FIGURE, self.of.epsilon);
        self.spec.reference = Reference::Baseline;
        self
    }

    fn answer(
        &self,
        engine: &mut Engine,
        job: &Job<'_>,
        send: &mut dyn FnMut(Vec<HeadShips>),
    ) -> Result<(), EngineError> {
        let (mut found, pace) = (Vec::new(), Pace::new(PARTS));
        let mut each = |head| {
            found.push(head);
            if pace.is_due(job.clock()) {
                send(std::mem::take(&mut found));
            }
        };
        let ShipsOf { component, epsilon, .. } = self.of;
        let is_cancelled = || job.is_cancelled();
        let all = engine.ships(&self.spec, component, epsilon, Some(&self.target), &mut each, &is_cancelled)?;
        all.ok_or(EngineError::NoOutput)?;
        send(found);
        Ok(())
    }
}
