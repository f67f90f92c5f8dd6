//! What is done to a model's run: changes, one after the other.

mod change;
mod edges;
mod edit;
mod in_force;

pub use change::Change;
pub use edges::{Blocked, Edges};
pub use edit::Edit;
pub use in_force::{InForce, Kept, KeptBlock, KeptChange};

use super::{Component, Epsilon, Heads, Operation, Reach};

/// Changes to a model's run in their order: each finds what those before it have left.
///
/// Queries, keys, values and outputs of a layer are made one from the other, so that the order matters among changes of
/// the same component alone; those of outputs find what heads make of queries, keys and values that are all changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Intervention {
    /// Each has an effect, and is that of a [`Change::twin`] where it has one: two interventions that are equal for this
    /// reason compare equal.
    changes: Vec<Change>,
    /// Scores that are masked, whatever else happens to them.
    blocked: Vec<Blocked>,
}

/// The changes of one layer, taken apart so that another ε of the last one costs little.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stacked<'a> {
    /// All but the last change.
    pub beneath: Beneath<'a>,
    /// The last; `None` where there is none.
    pub top: Option<&'a Change>,
}

/// What is made in a layer's vectors and mask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beneath<'a> {
    /// Edges that are blocked.
    pub blocked: Vec<&'a Blocked>,
    /// Changes in their order.
    pub changes: Vec<&'a Change>,
}

impl Beneath<'_> {
    /// Whether there is nothing.
    pub const fn is_empty(&self) -> bool {
        self.blocked.is_empty() && self.changes.is_empty()
    }

    /// By itself.
    pub fn to_intervention(&self) -> Intervention {
        Intervention {
            changes: self.changes.iter().copied().cloned().collect(),
            blocked: self.blocked.iter().copied().cloned().collect(),
        }
    }
}

impl<'a> Stacked<'a> {
    fn new(blocked: Vec<&'a Blocked>, mut changes: Vec<&'a Change>) -> Self {
        let top = changes.pop();
        Self { beneath: Beneath { blocked, changes }, top }
    }

    /// The edit of one head by the last change.
    pub fn top_at(&self, layer: usize, head: usize) -> Option<&'a Edit> {
        self.top.and_then(|change| change.at(layer, head))
    }
}

impl Intervention {
    /// A single change.
    pub fn new(component: Component, operation: Operation, epsilon: Epsilon, reach: Reach) -> Self {
        let Reach { heads, positions } = reach;
        Self::of([Change { edit: Edit { component, operation, epsilon, positions }, heads }])
    }

    /// Changes in their order.
    pub fn of(changes: impl IntoIterator<Item = Change>) -> Self {
        let mut changes: Vec<Change> = changes.into_iter().filter(Change::has_effect).collect();
        for at in 0..changes.len() {
            let twin = changes[at].twin(&changes[..at], &changes[at + 1..]);
            changes[at].edit.component = twin.unwrap_or(changes[at].edit.component);
        }
        Self { changes, blocked: Vec::new() }
    }

    /// With edges that are blocked.
    #[must_use]
    pub fn blocking(mut self, blocked: impl IntoIterator<Item = Blocked>) -> Self {
        self.blocked.extend(blocked.into_iter().filter(|blocked| !blocked.heads.is_empty()));
        self
    }

    /// The same changes with operations that have other vectors of other prompts, one for each change in its order.
    ///
    /// # Errors
    /// Those of `operation`.
    pub fn try_with_operations<E>(&self, operation: impl Fn(&Operation) -> Result<Operation, E>) -> Result<Self, E> {
        let changed = |change: &Change| {
            let edit = Edit { operation: operation(&change.edit.operation)?, ..change.edit.clone() };
            Ok(Change { edit, heads: change.heads.clone() })
        };
        let changes = self.changes.iter().map(changed).collect::<Result<_, E>>()?;
        Ok(Self { changes, blocked: self.blocked.clone() })
    }

    /// All changes, in their order.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The edges that are blocked in `head` of `layer`.
    pub fn blocked_at(&self, layer: usize, head: usize) -> impl Iterator<Item = &Edges> {
        let in_head = self.blocked.iter().filter(move |blocked| blocked.heads.contains(layer, head));
        in_head.map(|blocked| &blocked.edges)
    }

    fn blocked_in(&self, layer: usize) -> Vec<&Blocked> {
        self.blocked.iter().filter(|blocked| blocked.is_in(layer)).collect()
    }

    /// The edits that act on `head` of `layer`, in the order of the changes.
    pub fn at(&self, layer: usize, head: usize) -> impl Iterator<Item = &Edit> {
        self.changes.iter().filter_map(move |change| change.at(layer, head))
    }

    /// The changes that act in `layer`, those of outputs behind all others.
    pub fn in_layer(&self, layer: usize) -> Stacked<'_> {
        let mut changes: Vec<&Change> = self.changes.iter().filter(|change| change.is_in(layer)).collect();
        changes.sort_by_key(|change| change.edit.component == Component::Output);
        Stacked::new(self.blocked_in(layer), changes)
    }

    /// The changes of `layer` from which its vectors come: those of queries, keys and values.
    pub fn of_vectors(&self, layer: usize) -> Stacked<'_> {
        let is_of_vectors = |change: &&Change| change.edit.component != Component::Output && change.is_in(layer);
        Stacked::new(self.blocked_in(layer), self.changes.iter().filter(is_of_vectors).collect())
    }

    /// The part that acts before `layer`, and so changes what enters it; `None` where nothing does.
    pub fn upstream_of(&self, layer: usize) -> Option<Self> {
        let before = |change: &Change| {
            let heads = change.heads.before(layer);
            (!heads.is_empty()).then(|| Change { heads, edit: change.edit.clone() })
        };
        let changes: Vec<Change> = self.changes.iter().filter_map(before).collect();
        let blocked = self
            .blocked
            .iter()
            .map(|blocked| Blocked { heads: blocked.heads.before(layer), edges: blocked.edges.clone() });
        let upstream = Self { changes, blocked: Vec::new() }.blocking(blocked);
        (upstream != Self::default()).then_some(upstream)
    }

    /// The first layer that is changed; 0 where none is.
    pub fn first_layer(&self) -> usize {
        let of_changes = self.changes.iter().map(|change| &change.heads);
        let all = of_changes.chain(self.blocked.iter().map(|blocked| &blocked.heads));
        all.filter_map(Heads::first_layer).min().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attention::PositionScope;

    fn change(component: Component, operation: Operation, epsilon: f64, positions: PositionScope) -> Change {
        let epsilon = Epsilon::new(epsilon).unwrap();
        Change { edit: Edit { component, operation, epsilon, positions }, heads: Heads::block(1..4, 2..3) }
    }

    fn intervention(
        component: Component,
        operation: Operation,
        epsilon: f64,
        positions: PositionScope,
    ) -> Intervention {
        Intervention::of([change(component, operation, epsilon, positions)])
    }

    #[test]
    fn scaling_all_keys_or_outputs_is_scaling_all_queries_or_values_and_nothing_else_is() {
        let all = |operation: Operation, positions: PositionScope| {
            Component::ALL.map(|component| intervention(component, operation.clone(), 0.5, positions.clone()))
        };
        let [query, key, value, output] = all(Operation::Scale, PositionScope::All);
        assert_eq!((&query, &value), (&key, &output));
        assert_ne!(query, value);
        let [query, key, value, output] = all(Operation::Scale, PositionScope::First);
        assert_ne!(query, key, "at some positions only, they differ");
        assert_ne!(value, output, "at some positions only, they differ");
        for operation in [Operation::MeanHeads, Operation::MeanPositions, Operation::Noise { seed: 1 }] {
            let [query, key, value, output] = all(operation.clone(), PositionScope::All);
            assert_ne!(query, key, "{operation}");
            assert_ne!(value, output, "{operation}");
        }
    }

    #[test]
    fn a_factor_moves_past_nothing_that_looks_at_other_heads() {
        let scale = |component| change(component, Operation::Scale, 0.5, PositionScope::All);
        let over =
            |beneath: &Change| Component::ALL.map(|component| Intervention::of([beneath.clone(), scale(component)]));
        for component in Component::ALL {
            for operation in Operation::OF_THE_PROMPT {
                let [query, key, value, output] =
                    over(&change(component, operation.clone(), 0.25, PositionScope::First));
                assert_eq!(query, key, "{component} {operation}");
                let mixes = component == Component::Output && operation == Operation::MeanHeads;
                assert_eq!(value == output, !mixes, "{component} {operation}");
                let [query, key, value, output] = Component::ALL
                    .map(|of| [scale(of), change(component, operation.clone(), 0.25, PositionScope::First)])
                    .map(Intervention::of);
                let mixes = |of: &[Component]| of.contains(&component) && operation == Operation::MeanHeads;
                assert_eq!(query == key, !mixes(&[Component::Query, Component::Key]), "{component} {operation}");
                assert_eq!(value == output, !mixes(&[Component::Value]), "{component} {operation}");
            }
        }
        let elsewhere = Change {
            heads: Heads::block(7..8, 0..9),
            ..change(Component::Output, Operation::MeanHeads, 0.25, PositionScope::All)
        };
        let [.., value, output] = over(&elsewhere);
        assert_eq!(value, output, "in another layer it looks at other outputs");
    }

    #[test]
    fn acts_inside_its_reach_only() {
        let intervention = intervention(Component::Value, Operation::Scale, 0.5, PositionScope::Rest);
        assert_eq!(intervention.at(0, 2).next(), None);
        assert_eq!(intervention.at(1, 1).next(), None);
        assert!(intervention.at(3, 2).next().is_some_and(|edit| edit.epsilon.get() == 0.5));
    }

    #[test]
    fn the_order_of_changes_is_kept_but_for_outputs() {
        let order = [Component::Value, Component::Output, Component::Key, Component::Query];
        let noise = |component| change(component, Operation::Noise { seed: 1 }, 0.5, PositionScope::All);
        let intervention = Intervention::of(order.map(noise));
        assert!(intervention.at(2, 2).map(|edit| edit.component).eq(order));
        let components = |stacked: &Stacked<'_>| -> Vec<Component> {
            stacked.beneath.changes.iter().copied().chain(stacked.top).map(|change| change.edit.component).collect()
        };
        let all = intervention.in_layer(2);
        assert_eq!(components(&all), [Component::Value, Component::Key, Component::Query, Component::Output]);
        assert!(all.top_at(2, 2).is_some() && all.top_at(2, 1).is_none());
        assert_eq!(components(&intervention.of_vectors(2)), [Component::Value, Component::Key, Component::Query]);
        assert_eq!(components(&intervention.in_layer(0)), []);
    }

    #[test]
    fn upstream_is_what_happens_before_the_layer() {
        let early = Change {
            heads: Heads::block(0..1, 0..1),
            ..change(Component::Value, Operation::Scale, 0.5, PositionScope::All)
        };
        let late = change(Component::Query, Operation::Scale, 0.5, PositionScope::All);
        let cut = |changes: &[&Change], layer| {
            let intervention = Intervention::of(changes.iter().copied().cloned());
            intervention.upstream_of(layer).map(|upstream| {
                let heads = upstream.changes.iter().map(|change| change.heads.clone());
                (upstream.first_layer(), heads.collect::<Vec<_>>())
            })
        };
        assert_eq!(cut(&[&late], 1), None);
        assert_eq!(cut(&[&late], 3), Some((1, vec![Heads::block(1..3, 2..3)])));
        assert_eq!(cut(&[&late], 9), Some((1, vec![Heads::block(1..4, 2..3)])));
        assert_eq!(cut(&[&late, &early], 1), Some((0, vec![Heads::block(0..1, 0..1)])));
        assert_eq!(cut(&[&late, &early], 2), Some((0, vec![Heads::block(1..2, 2..3), Heads::block(0..1, 0..1)])));
    }

    #[test]
    fn the_neutral_epsilon_changes_nothing() {
        for operation in Operation::OF_THE_PROMPT {
            let neutral = operation.neutral().get();
            let nothing = intervention(Component::Query, operation.clone(), neutral, PositionScope::First);
            assert_eq!((&nothing, nothing.upstream_of(9)), (&Intervention::default(), None), "{operation}");
            let something = intervention(Component::Query, operation.clone(), 0.25, PositionScope::First);
            assert!(something.at(2, 2).next().is_some(), "{operation}");
        }
    }
}
