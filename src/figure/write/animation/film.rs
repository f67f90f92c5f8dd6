use super::{Animation, AnimationFormat};
use crate::{
    engine::{RunSpec, Writing},
    figure::{FigureStyle, StripLines},
};

/// An animation and what it is of.
#[derive(Clone, Debug)]
pub struct Film {
    /// Its ε are those of the columns that stand.
    pub spec: RunSpec,
    /// Of every frame.
    pub style: FigureStyle,
    /// What the model writes in each frame, on so many lines under each panel and unmodified at the foot.
    pub strip: Option<(StripLines, Writing)>,
    /// What moves, and how.
    pub animation: Animation,
    /// Of the file.
    pub format: AnimationFormat,
    /// The session, which a PNG carries (see [`payload`](crate::figure::payload)).
    pub payload: Option<String>,
}
