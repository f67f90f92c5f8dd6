/// Query, key and value vectors that do not fit together. Shapes as `[heads, position, dimension]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    #[error("{what}: expected {expected}, found {found:?}")]
    Mismatch { what: &'static str, expected: String, found: Vec<usize> },
    #[error("{n_heads} query heads cannot share {n_kv_heads} key heads evenly")]
    Groups { n_heads: usize, n_kv_heads: usize },
}
