//! What joins the changes in force.

use super::Session;
use crate::{
    attention::{Edges, HeadSet, InForce, Kept, KeptBlock, KeptChange},
    engine::SourceFacts,
};

impl Session {
    /// What is in force, and the pinned cell's edge blocked.
    pub(super) fn with_blocked_pin(&self, facts: Option<&SourceFacts>) -> InForce {
        let in_force = self.in_force().clone();
        let (Some(facts), Some(cell)) = (facts, self.pinned) else { return in_force };
        let reach = self.scope().resolve(facts.shown(self.layer(), self.head()));
        let heads = HeadSet::of(&reach.heads, facts.n_heads);
        if heads.is_none() {
            return in_force;
        }
        in_force.with(Kept::Block(KeptBlock { block: Edges::from(cell), heads }))
    }

    /// What is in force, and behind it the selected panel's change where that changes anything.
    pub(super) fn with_kept_change(&self, facts: Option<&SourceFacts>) -> InForce {
        let in_force = self.in_force().clone();
        let (operation, epsilon) = (self.operation().clone(), self.selected_epsilon());
        let Some(facts) = facts.filter(|_| epsilon != operation.neutral()) else { return in_force };
        let reach = self.scope().resolve(facts.shown(self.layer(), self.head()));
        let Some(heads) = HeadSet::of(&reach.heads, facts.n_heads) else { return in_force };
        let component = self.selected().component;
        in_force.with(Kept::Change(KeptChange { component, heads, positions: reach.positions, operation, epsilon }))
    }
}
