/// A text that names no scope, heads, positions or change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found “{found}”")]
pub struct ScopeError {
    expected: &'static str,
    found: String,
}

impl ScopeError {
    pub(crate) fn new(expected: &'static str, found: &str) -> Self {
        Self { expected, found: found.to_owned() }
    }
}
