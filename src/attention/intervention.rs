use super::{Component, Epsilon, Operation, PositionScope, Reach};

/// A factor on the vectors of some positions: ε at `positions`, 1 elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Factor {
    epsilon: Epsilon,
    positions: PositionScope,
}

impl Factor {
    /// 1 at every position.
    pub const IDENTITY: Self = Self { epsilon: Epsilon::ONE, positions: PositionScope::All };

    /// ε at `positions`, 1 elsewhere. ε = 1 gives [`Factor::IDENTITY`] whatever the positions.
    pub fn new(epsilon: Epsilon, positions: PositionScope) -> Self {
        if epsilon == Epsilon::ONE { Self::IDENTITY } else { Self { epsilon, positions } }
    }

    /// The factor at one position.
    pub fn at(&self, position: usize) -> f64 {
        if self.positions.contains(position) { self.epsilon.get() } else { 1.0 }
    }

    /// The factor, where it is the same at every position.
    pub fn uniform(&self) -> Option<f64> {
        (self.positions == PositionScope::All).then_some(self.epsilon.get())
    }

    pub fn is_identity(&self) -> bool {
        *self == Self::IDENTITY
    }
}

/// What multiplies a head's scores: score `[i, j]` becomes `query(i) · key(j) · score[i, j]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScoreFactors {
    pub query: Factor,
    pub key: Factor,
}

impl ScoreFactors {
    pub const IDENTITY: Self = Self { query: Factor::IDENTITY, key: Factor::IDENTITY };

    /// The one factor on all scores, where there is one.
    pub fn uniform(&self) -> Option<f64> {
        Some(self.query.uniform()? * self.key.uniform()?)
    }
}

/// What an intervention does inside one head of one layer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeadEdit {
    /// Q and K enter the head only through their products, so that a factor on either is a factor on the scores.
    pub scores: ScoreFactors,
    pub value: Factor,
}

impl HeadEdit {
    pub const IDENTITY: Self = Self { scores: ScoreFactors::IDENTITY, value: Factor::IDENTITY };

    pub fn is_identity(&self) -> bool {
        *self == Self::IDENTITY
    }
}

/// One change to the model's run: an operation on one component of the heads in reach.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Intervention {
    reach: Reach,
    edit: HeadEdit,
}

impl Intervention {
    /// Scaling every position's key is scaling every position's query, (εQ)Kᵀ = Q(εK)ᵀ, and is stored as the
    /// latter: two interventions that are equal for this reason compare equal.
    pub fn new(component: Component, operation: Operation, epsilon: Epsilon, reach: Reach) -> Self {
        let Operation::Scale = operation;
        let factor = Factor::new(epsilon, reach.positions.clone());
        let mut edit = HeadEdit::IDENTITY;
        match component {
            Component::Query => edit.scores.query = factor,
            Component::Key if factor.uniform().is_some() => edit.scores.query = factor,
            Component::Key => edit.scores.key = factor,
            Component::Value => edit.value = factor,
        }
        Self { reach, edit }
    }

    /// What happens in `head` of `layer`; the identity outside the reach.
    pub fn at(&self, layer: usize, head: usize) -> &HeadEdit {
        if self.reach.layers.contains(&layer) && self.reach.heads.contains(&head) {
            &self.edit
        } else {
            &const { HeadEdit::IDENTITY }
        }
    }

    /// The part that acts before `layer`, and so changes what enters it; `None` where nothing does.
    pub fn upstream_of(&self, layer: usize) -> Option<Self> {
        let layers = self.reach.layers.start..self.reach.layers.end.min(layer);
        (!layers.is_empty() && !self.reach.heads.is_empty() && !self.edit.is_identity())
            .then(|| Self { reach: Reach { layers, ..self.reach.clone() }, edit: self.edit.clone() })
    }

    /// The first layer that is changed.
    pub fn first_layer(&self) -> usize {
        self.reach.layers.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intervention(component: Component, epsilon: f64, positions: PositionScope) -> Intervention {
        let reach = Reach { layers: 1..4, heads: 2..3, positions };
        Intervention::new(component, Operation::Scale, Epsilon::new(epsilon).unwrap(), reach)
    }

    #[test]
    fn scaling_all_queries_is_scaling_all_keys() {
        let [query, key, value] = Component::ALL.map(|c| intervention(c, 0.5, PositionScope::All));
        assert_eq!(query, key);
        assert_ne!(query, value);
        let [query, key, _] = Component::ALL.map(|c| intervention(c, 0.5, PositionScope::First));
        assert_ne!(query, key, "at some positions only, they differ");
    }

    #[test]
    fn acts_inside_its_reach_only() {
        let intervention = intervention(Component::Value, 0.5, PositionScope::Rest);
        assert!(intervention.at(0, 2).is_identity());
        assert!(intervention.at(1, 1).is_identity());
        assert_eq!(intervention.at(3, 2).value.at(0), 1.0);
        assert_eq!(intervention.at(3, 2).value.at(1), 0.5);
    }

    #[test]
    fn upstream_is_what_happens_before_the_layer() {
        let cut = |layer| intervention(Component::Query, 0.5, PositionScope::All).upstream_of(layer);
        assert_eq!(cut(1), None);
        assert_eq!(cut(3).map(|i| i.reach.layers), Some(1..3));
        assert_eq!(cut(9).map(|i| i.reach.layers), Some(1..4));
        assert_eq!(
            intervention(Component::Query, 1.0, PositionScope::First).upstream_of(9),
            None,
            "ε = 1 changes nothing"
        );
    }
}
