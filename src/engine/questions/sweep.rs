use std::{sync::Arc, time::Duration};

use crate::{
    attention::{Epsilon, Grid, Shape},
    engine::{Engine, EngineError, Job, Lane, Pace, Question, Reference, RunSpec, SourceId, Sweep, Target},
};

/// Between two parts.
const PARTS: Duration = Duration::from_millis(50);

/// Metrics of the shown head over ε.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SweepQuestion {
    /// The opened source that is meant.
    pub source: SourceId,
    /// What is read and changed, and where; its ε and reference do not matter.
    pub spec: RunSpec,
    /// `[query, key]` of a weight to follow.
    pub cell: Option<[usize; 2]>,
    /// A token whose chances are followed.
    pub target: Option<Target>,
}

impl SweepQuestion {
    /// Whether a sweep that answers `self` answers `other` too.
    pub fn covers(&self, other: &Self) -> bool {
        (self.source, &self.spec) == (other.source, &other.spec)
            && (other.cell.is_none() || self.cell == other.cell)
            && (other.target.is_none() || self.target == other.target)
    }
}

impl Question for SweepQuestion {
    /// The sweep as far as it is there; the last one is whole.
    type Part = Arc<Sweep>;

    const LANE: Lane = Lane::Sweep;

    fn canonical(mut self) -> Self {
        // The rows decide which curves there are, and columns nothing.
        let shape = Shape::new(self.spec.experiment.shape().rows(), 1).unwrap_or(Shape::FIGURE);
        self.spec.experiment.epsilon = Grid::filled(shape, Epsilon::ONE);
        self.spec.reference = Reference::Baseline;
        self
    }

    fn answer(&self, engine: &mut Engine, job: &Job<'_>, send: &mut dyn FnMut(Arc<Sweep>)) -> Result<(), EngineError> {
        let pace = Pace::new(PARTS);
        let mut so_far = |sweep: &Sweep| {
            if pace.is_due(job.clock()) {
                send(Arc::new(sweep.clone()));
            }
        };
        let sweep = engine.sweep(&self.spec, self.cell, self.target.as_ref(), &mut so_far, &|| job.is_cancelled())?;
        send(Arc::new(sweep));
        Ok(())
    }
}
