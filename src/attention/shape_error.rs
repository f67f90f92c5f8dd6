/// Query, key and value vectors that do not fit together. Shapes as `[heads, position, dimension]`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// A tensor does not fit those that came before it.
    #[error("{what}: expected {expected}, found {found:?}")]
    Mismatch {
        /// The tensor that does not fit: query, key or value.
        what: &'static str,
        /// What would be accepted, in words.
        expected: String,
        /// Shape that was found, outermost axis first.
        found: Vec<usize>,
    },
    /// Query heads that cannot share the key heads evenly.
    #[error("{n_heads} query heads cannot share {n_kv_heads} key heads evenly")]
    Groups {
        /// Number of query heads that were found.
        n_heads: usize,
        /// Number of key and value heads that were found.
        n_kv_heads: usize,
    },
}
