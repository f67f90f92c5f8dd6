//! The reason why a model reads no longer sequence.

use std::fmt;

/// Why no longer sequence can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PositionLimit {
    /// The model was built for so many positions.
    Model,
    /// Beyond its sliding window the model would mask keys, which is not computed here.
    SlidingWindow,
    /// The program's own bound: patterns take memory with the square of the length.
    Program,
}

impl fmt::Display for PositionLimit {
    /// In front of the number of tokens that fit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Model => "this model reads at most",
            Self::SlidingWindow => "and attention beyond this model's sliding window is not supported: at most",
            Self::Program => "this program reads at most",
        })
    }
}
