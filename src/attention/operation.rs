use serde::{Deserialize, Serialize};

/// What ε does to a component's vectors X: after projection and bias, per head, and after the rotary embedding
/// for Q and K.
///
/// Non-exhaustive because the mean over heads, the mean over positions and noise belong here too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Operation {
    /// X ← ε·X.
    #[default]
    Scale,
}
