use super::edit::Edit;
use crate::attention::{Component, Heads, Operation, PositionScope};

/// One edit in some heads, of all of them at once: a mean over heads is that of what all of them were before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// What happens in each of the heads.
    pub edit: Edit,
    /// In which heads of which layers.
    pub heads: Heads,
}

impl Change {
    /// The edit of one head; `None` where it is not among the heads.
    pub fn at(&self, layer: usize, head: usize) -> Option<&Edit> {
        Some(&self.edit).filter(|_| self.heads.contains(layer, head))
    }

    /// The layers with one of the heads.
    pub fn layers(&self) -> impl Iterator<Item = usize> {
        let mut last = None;
        self.heads.iter().map(|(layer, _)| layer).filter(move |&layer| last.replace(layer) != Some(layer))
    }

    /// Whether some head of `layer` is among the heads.
    pub fn is_in(&self, layer: usize) -> bool {
        self.heads.in_layer(layer).next().is_some()
    }

    /// Whether anything is changed at all.
    pub(super) fn has_effect(&self) -> bool {
        self.edit.epsilon != self.edit.operation.neutral() && !self.heads.is_empty()
    }

    /// The component that it may as well be a factor on, where those are the changes before and behind it.
    ///
    /// Scaling every position's key is scaling every position's query, (εQ)Kᵀ = Q(εK)ᵀ, and scaling every position's
    /// output is scaling every position's value, ε(AV) = A(εV). It holds for no other operation, for no narrower choice
    /// of positions, and only as long as nothing on the way looks at vectors of other heads, which do not have the factor:
    /// behind a key's factor no mean over heads of keys or queries may follow, and none of values behind an output's,
    /// which itself must not follow one of outputs.
    pub(super) fn twin(&self, before: &[Self], behind: &[Self]) -> Option<Component> {
        if self.edit.operation != Operation::Scale || self.edit.positions != PositionScope::All {
            return None;
        }
        let mixes = |others: &[Self], component: Component| {
            let mixes =
                |other: &Self| other.edit.component == component && !other.edit.operation.goes_along_with_factors();
            others.iter().any(|other| mixes(other) && other.heads.share_a_layer(&self.heads))
        };
        match self.edit.component {
            Component::Key if !mixes(behind, Component::Query) && !mixes(behind, Component::Key) => {
                Some(Component::Query)
            }
            Component::Output if !mixes(before, Component::Output) && !mixes(behind, Component::Value) => {
                Some(Component::Value)
            }
            _ => None,
        }
    }
}
