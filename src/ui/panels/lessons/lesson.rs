//! Which pages there are, and in which order.

/// A short illustrated page about one fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lesson {
    Sink,
    Uniform,
    LookAlike,
    QueryEqualsKey,
    ValueLater,
    GroupedQueries,
    Operations,
}

impl Lesson {
    pub const ALL: [Self; 7] = [
        Self::Sink,
        Self::Uniform,
        Self::LookAlike,
        Self::QueryEqualsKey,
        Self::ValueLater,
        Self::GroupedQueries,
        Self::Operations,
    ];

    /// Its place among all, from 0.
    pub(super) fn index(self) -> usize {
        Self::ALL.iter().position(|&other| other == self).unwrap_or(0)
    }

    pub(super) fn before(self) -> Option<Self> {
        Self::ALL.get(self.index().checked_sub(1)?).copied()
    }

    pub(super) fn after(self) -> Option<Self> {
        Self::ALL.get(self.index() + 1).copied()
    }
}
