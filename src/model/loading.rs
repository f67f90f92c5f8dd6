//! Watching a model while it is loaded.

use std::ops::ControlFlow;

/// How far loading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Tensors read so far.
    pub tensors: usize,
    /// All tensors of the model; 0 as long as its files are not read.
    pub of: usize,
}

impl Loaded {
    /// The files are being read.
    pub const NOTHING: Self = Self { tensors: 0, of: 0 };
}

/// Asked while the files are read and after every tensor; a break gives the model up ([`super::ModelError::Cancelled`]).
pub type Watch<'a> = &'a dyn Fn(Loaded) -> ControlFlow<()>;

/// Lets it load.
pub fn unwatched(_: Loaded) -> ControlFlow<()> {
    ControlFlow::Continue(())
}
