//! What whoever opened a model should know of it: not wrong, but not certain either.

/// One thing to know of a source that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// A few words, for a line with other things in it.
    pub brief: &'static str,
    /// One sentence: what is so, what follows, and what to do.
    pub sentence: String,
}
