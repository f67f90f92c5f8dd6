//! Which pages there are, and in which order.

/// A short illustrated page about one fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lesson {
    /// What rows, columns and colours are.
    Panel,
    /// Heads that put their weight on the first token.
    Sink,
    /// ε → 0: a head that attends to all keys alike.
    Uniform,
    /// Why columns of the figure look the same.
    LookAlike,
    /// Why the rows of Query and Key are equal.
    QueryEqualsKey,
    /// Why the row of Value changes nothing in its own layer.
    ValueLater,
    /// Query heads that share a key and value head.
    GroupedQueries,
    /// What may take the place of a vector.
    Operations,
    /// To be tried: a head without its sink.
    RemoveSink,
    /// To be tried: a head that copies, among all.
    FindCopier,
    /// To be tried: one head, and what the model says next.
    FlattenHead,
}

impl Lesson {
    /// All of them, in the order of menus and lists.
    pub const ALL: [Self; 11] = [
        Self::Panel,
        Self::Sink,
        Self::Uniform,
        Self::LookAlike,
        Self::QueryEqualsKey,
        Self::ValueLater,
        Self::GroupedQueries,
        Self::Operations,
        Self::RemoveSink,
        Self::FindCopier,
        Self::FlattenHead,
    ];

    /// Whether it is something to try, and no page about a fact.
    pub(in crate::ui) const fn is_trial(self) -> bool {
        matches!(self, Self::RemoveSink | Self::FindCopier | Self::FlattenHead)
    }

    /// Its place among all, from 0.
    pub(in crate::ui) fn index(self) -> usize {
        Self::ALL.iter().position(|&other| other == self).unwrap_or(0)
    }

    pub(in crate::ui) fn before(self) -> Option<Self> {
        Self::ALL.get(self.index().checked_sub(1)?).copied()
    }

    pub(in crate::ui) fn after(self) -> Option<Self> {
        Self::ALL.get(self.index() + 1).copied()
    }
}
