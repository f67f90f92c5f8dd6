//! The mathematics of `attenuate::attention`, against fractions worked out by hand, against a reference that scales
//! the vectors themselves, and against what must hold for every input.

mod blocked;
mod blocks;
mod hand;
mod metrics;
mod pictures;
mod properties;
mod reference;
mod support;
