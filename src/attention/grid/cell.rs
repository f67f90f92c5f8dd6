use serde::{Deserialize, Serialize};

/// One cell of a pattern: which query attends to which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// 0-based position that attends: the row.
    pub query: usize,
    /// 0-based position that is attended to: the column.
    pub key: usize,
}
