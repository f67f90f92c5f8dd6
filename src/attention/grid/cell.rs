use serde::{Deserialize, Serialize};

/// One cell of a pattern: which query attends to which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cell {
    pub query: usize,
    pub key: usize,
}
