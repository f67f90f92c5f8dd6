//! What each part of a model writes, in logits: heads, feed-forward blocks, embeddings and biases.

mod answer;
mod ask;
mod rows;
mod stream;
mod target;
mod tokens;

pub use answer::{NamedToken, Part, PartKind, PartWrites, Writes};
pub(super) use rows::PartRows;
pub use target::{ParseTargetError, Rival, Target, TargetChange, TokenName};
pub use tokens::{TokenWrites, WrittenTokens};
