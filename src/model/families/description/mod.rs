//! The language in which a family describes its models: layers, tensors' names and feed-forward blocks, as data.

mod architecture;
mod feed_forward;
mod linear_map;

pub use architecture::{
    Alibi, AlibiForm, Attention, Description, Embedding, Layer, LayerRule, Layout, LowRank, Names, Norm, NormExtent,
    NormKind, NormPlace, Norms, Order, Output, PositionRows, Positions, Projections, QkNorm, Rotary, TokenTypes,
    Transform, usual_scale,
};
pub use feed_forward::{
    ExpertBlocks, ExpertGroups, Experts, FeedForward, GateUp, Gated, Router, RouterScores, Shared, StackedExperts,
    StackedMaps,
};
pub use linear_map::{Map, Stored};
