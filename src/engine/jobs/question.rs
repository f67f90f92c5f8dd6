use super::{Job, Lane};
use crate::engine::{Engine, EngineError};

/// What can be asked of the [`Service`](super::Service): a plain value that says all that its answer depends on.
pub trait Question: Clone + PartialEq + Send + 'static {
    /// What comes back, any number of times for one question.
    type Part: Send + 'static;

    /// The lane that answers it.
    const LANE: Lane;

    /// The one form of all questions with the same answer: what does not matter must not make two of them differ.
    #[must_use]
    fn canonical(self) -> Self {
        self
    }

    /// Answers the question on its lane's thread, where `job` says whether it is still wanted. Each part of the answer
    /// goes to `send` as soon as it is there.
    ///
    /// # Errors
    /// When there is no answer, or [`EngineError::Cancelled`] when the job was cancelled.
    fn answer(&self, engine: &mut Engine, job: &Job<'_>, send: &mut dyn FnMut(Self::Part)) -> Result<(), EngineError>;
}
