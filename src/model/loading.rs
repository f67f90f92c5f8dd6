//! Watching a model while it is loaded.

use std::ops::ControlFlow;

/// How far loading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Tensors read so far.
    pub tensors: usize,
    /// All tensors of the model.
    pub of: usize,
}

/// Asked after every tensor; a break gives the model up ([`super::ModelError::Cancelled`]).
pub type Watch<'a> = &'a dyn Fn(Loaded) -> ControlFlow<()>;

/// Lets it load.
pub fn unwatched(_: Loaded) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
