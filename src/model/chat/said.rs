use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::Date;

/// What is said to a model that answers: one turn of a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Chat {
    /// What the user says.
    pub user: Arc<str>,
    /// What the model is told to be; `None` for what its template says by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<Arc<str>>,
    /// What a template is told that asks for today.
    pub date: Date,
}
