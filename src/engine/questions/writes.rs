use std::sync::Arc;

use crate::{
    attention::{Epsilon, Grid, Shape},
    engine::{
        Engine, EngineError, Job, Lane, Question, Reference, RunSpec, SourceId, Target, Under, Writes, WrittenTokens,
    },
};

/// What every part of a model adds to the logit of a token.
#[derive(Clone, Debug, PartialEq)]
pub struct WritesQuestion {
    /// The opened source that is meant.
    pub source: SourceId,
    /// What is read, and in which scope it is changed; ε does not matter.
    pub spec: RunSpec,
    /// Under which change, of the shown head where its scope is relative to that.
    pub under: Under,
    /// Whose logit.
    pub target: Target,
    /// `None` is the last position.
    pub position: Option<usize>,
}

/// The tokens that the shown head promotes and suppresses most.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenTokensQuestion {
    /// The opened source that is meant.
    pub source: SourceId,
    /// What is read, which head is shown, and in which scope it is changed; ε does not matter.
    pub spec: RunSpec,
    /// What is compared with the unmodified run.
    pub under: Under,
    /// How many of either.
    pub count: usize,
}

/// The tokens that every head promotes and suppresses most, by layer and head.
#[derive(Clone, Debug, PartialEq)]
pub struct AllWrittenTokensQuestion {
    /// The opened source that is meant.
    pub source: SourceId,
    /// What is read, and in which scope it is changed; ε does not matter.
    pub spec: RunSpec,
    /// Under which change, of the shown head where its scope is relative to that.
    pub under: Under,
    /// How many of either.
    pub count: usize,
}

/// Without what does not matter.
fn canonical(mut spec: RunSpec, under: Under) -> RunSpec {
    let experiment = &mut spec.experiment;
    if under == Under::Baseline {
        (experiment.scope, experiment.operation, experiment.in_force) = Default::default();
    }
    experiment.epsilon = Grid::filled(Shape::FIGURE, Epsilon::ONE);
    spec.reference = Reference::Baseline;
    spec
}

/// The same where the shown head does not matter by itself.
fn canonical_of_all(spec: RunSpec, under: Under) -> RunSpec {
    let mut spec = canonical(spec, under);
    if under == Under::Baseline {
        (spec.experiment.layer, spec.experiment.head) = (0, 0);
    }
    spec
}

impl Question for WritesQuestion {
    type Part = Arc<Writes>;

    const LANE: Lane = Lane::Heads;

    fn canonical(self) -> Self {
        Self { spec: canonical_of_all(self.spec, self.under), ..self }
    }

    fn answer(&self, engine: &mut Engine, job: &Job<'_>, send: &mut dyn FnMut(Arc<Writes>)) -> Result<(), EngineError> {
        let writes = engine.writes(&self.spec, self.under, &self.target, self.position, &|| job.is_cancelled())?;
        send(Arc::new(writes));
        Ok(())
    }
}

impl Question for WrittenTokensQuestion {
    type Part = Arc<WrittenTokens>;

    const LANE: Lane = Lane::Heads;

    fn canonical(self) -> Self {
        Self { spec: canonical(self.spec, self.under), ..self }
    }

    fn answer(
        &self,
        engine: &mut Engine,
        job: &Job<'_>,
        send: &mut dyn FnMut(Arc<WrittenTokens>),
    ) -> Result<(), EngineError> {
        let tokens = engine.written_tokens(&self.spec, self.under, None, self.count, &|| job.is_cancelled())?;
        send(Arc::new(tokens));
        Ok(())
    }
}

impl Question for AllWrittenTokensQuestion {
    type Part = Arc<[WrittenTokens]>;

    const LANE: Lane = Lane::Heads;

    fn canonical(self) -> Self {
        Self { spec: canonical_of_all(self.spec, self.under), ..self }
    }

    fn answer(
        &self,
        engine: &mut Engine,
        job: &Job<'_>,
        send: &mut dyn FnMut(Arc<[WrittenTokens]>),
    ) -> Result<(), EngineError> {
        let is_cancelled = || job.is_cancelled();
        let tokens = engine.all_written_tokens(&self.spec, self.under, None, self.count, &is_cancelled)?;
        send(tokens.into());
        Ok(())
    }
}
