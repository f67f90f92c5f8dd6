use super::{Animation, AnimationFormat};
use crate::{engine::RunSpec, figure::FigureStyle};

/// An animation and what it is of.
#[derive(Clone, Debug)]
pub struct Film {
    /// Its ε are those of the columns that stand.
    pub spec: RunSpec,
    pub style: FigureStyle,
    pub animation: Animation,
    pub format: AnimationFormat,
    /// The session, which a PNG carries (see [`payload`](crate::figure::payload)).
    pub payload: Option<String>,
}
