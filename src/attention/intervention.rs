use super::{Component, Epsilon, Operation, PositionScope, Reach};

/// What an intervention does inside each head that it reaches: ε applied to one component's vectors at some positions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edit {
    /// Which vectors of the head.
    pub component: Component,
    /// What takes their place.
    pub operation: Operation,
    /// How much is left of them: 1 changes nothing.
    pub epsilon: Epsilon,
    /// Those of which positions.
    pub positions: PositionScope,
}

impl Edit {
    /// Whether each row of scores is multiplied as a whole or left alone: then the weights follow from the scores less
    /// their maximum, and nothing else has to be kept.
    pub fn is_row_factor(&self) -> bool {
        match self.component {
            Component::Query => self.operation == Operation::Scale,
            Component::Key => false,
            Component::Value | Component::Output => true,
        }
    }

    /// ε where it is a factor on the head's output at all positions, be it by its values.
    pub fn factor_on_values(&self) -> Option<f64> {
        let is_of_output = matches!(self.component, Component::Value | Component::Output);
        let is_factor = is_of_output && self.operation == Operation::Scale && self.positions == PositionScope::All;
        is_factor.then_some(self.epsilon.get())
    }

    /// Whether it brings in a mean over the outputs of all heads of the layer.
    pub fn is_mean_of_outputs(&self) -> bool {
        self.component == Component::Output && self.operation == Operation::MeanHeads
    }

    /// Whether the query or the key that a cell's score is made of is edited, given that it is one of them.
    pub fn acts_on(&self, query: usize, key: usize) -> bool {
        self.positions.contains(if self.component.is_of_queries() { query } else { key })
    }

    /// One number of an edited vector at one of the positions, or a score made with such a vector.
    ///
    /// `other` is the same number of what the operation brings in: the mean, or the noise of size rms(X); scaling brings
    /// in nothing and ignores it.
    pub fn along(&self, unmodified: f64, other: f64) -> f64 {
        let epsilon = self.epsilon.get();
        match self.operation {
            Operation::Scale => epsilon * unmodified,
            Operation::MeanHeads | Operation::MeanPositions => other + epsilon * (unmodified - other),
            Operation::Noise { .. } => unmodified + epsilon * other,
        }
    }
}

/// One change to the model's run: an operation on one component of the heads in reach.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Intervention {
    reach: Reach,
    /// `None` where ε changes nothing.
    edit: Option<Edit>,
}

impl Intervention {
    /// Scaling every position's key is scaling every position's query, (εQ)Kᵀ = Q(εK)ᵀ, and scaling every position's
    /// output is scaling every position's value, ε(AV) = A(εV). Each is stored as the latter: two interventions that are
    /// equal for this reason compare equal. It holds for no other operation and for no narrower choice of positions.
    pub fn new(component: Component, operation: Operation, epsilon: Epsilon, reach: Reach) -> Self {
        let positions = reach.positions.clone();
        let component = match (component, operation, &positions) {
            (Component::Key, Operation::Scale, PositionScope::All) => Component::Query,
            (Component::Output, Operation::Scale, PositionScope::All) => Component::Value,
            _ => component,
        };
        let edit = (epsilon != operation.neutral()).then_some(Edit { component, operation, epsilon, positions });
        Self { reach, edit }
    }

    /// What happens in `head` of `layer`; `None` outside the reach.
    pub fn at(&self, layer: usize, head: usize) -> Option<&Edit> {
        let reached = self.reach.layers.contains(&layer) && self.reach.heads.contains(&head);
        self.edit.as_ref().filter(|_| reached)
    }

    /// The part that acts before `layer`, and so changes what enters it; `None` where nothing does.
    pub fn upstream_of(&self, layer: usize) -> Option<Self> {
        let layers = self.reach.layers.start..self.reach.layers.end.min(layer);
        (!layers.is_empty() && !self.reach.heads.is_empty() && self.edit.is_some())
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

    fn intervention(
        component: Component,
        operation: Operation,
        epsilon: f64,
        positions: PositionScope,
    ) -> Intervention {
        let reach = Reach { layers: 1..4, heads: 2..3, positions };
        Intervention::new(component, operation, Epsilon::new(epsilon).unwrap(), reach)
    }

    #[test]
    fn scaling_all_keys_or_outputs_is_scaling_all_queries_or_values_and_nothing_else_is() {
        let all = |operation, positions: PositionScope| {
            Component::ALL.map(|component| intervention(component, operation, 0.5, positions.clone()))
        };
        let [query, key, value, output] = all(Operation::Scale, PositionScope::All);
        assert_eq!((&query, &value), (&key, &output));
        assert_ne!(query, value);
        let [query, key, value, output] = all(Operation::Scale, PositionScope::First);
        assert_ne!(query, key, "at some positions only, they differ");
        assert_ne!(value, output, "at some positions only, they differ");
        for operation in [Operation::MeanHeads, Operation::MeanPositions, Operation::Noise { seed: 1 }] {
            let [query, key, value, output] = all(operation, PositionScope::All);
            assert_ne!(query, key, "{operation}");
            assert_ne!(value, output, "{operation}");
        }
    }

    #[test]
    fn acts_inside_its_reach_only() {
        let intervention = intervention(Component::Value, Operation::Scale, 0.5, PositionScope::Rest);
        assert_eq!(intervention.at(0, 2), None);
        assert_eq!(intervention.at(1, 1), None);
        assert!(intervention.at(3, 2).is_some_and(|edit| edit.epsilon.get() == 0.5));
    }

    #[test]
    fn upstream_is_what_happens_before_the_layer() {
        let cut = |layer| {
            intervention(Component::Query, Operation::Scale, 0.5, PositionScope::All)
                .upstream_of(layer)
                .map(|upstream| upstream.reach.layers)
        };
        assert_eq!(cut(1), None);
        assert_eq!(cut(3), Some(1..3));
        assert_eq!(cut(9), Some(1..4));
    }

    #[test]
    fn the_neutral_epsilon_changes_nothing() {
        for operation in Operation::ALL {
            let neutral = operation.neutral().get();
            let nothing = intervention(Component::Query, operation, neutral, PositionScope::First);
            assert_eq!((nothing.at(2, 2), nothing.upstream_of(9)), (None, None), "{operation}");
            let something = intervention(Component::Query, operation, 0.25, PositionScope::First);
            assert!(something.at(2, 2).is_some(), "{operation}");
        }
    }

    #[test]
    fn every_operation_is_a_straight_line() {
        let at = |operation, epsilon| {
            let epsilon = Epsilon::new(epsilon).unwrap();
            Edit { component: Component::Query, operation, epsilon, positions: PositionScope::All }.along(8.0, 2.0)
        };
        assert_eq!([0.0, 0.25, 1.0].map(|e| at(Operation::Scale, e)), [0.0, 2.0, 8.0]);
        assert_eq!([0.0, 0.25, 1.0].map(|e| at(Operation::MeanHeads, e)), [2.0, 3.5, 8.0]);
        assert_eq!([0.0, 0.25, 1.0].map(|e| at(Operation::Noise { seed: 0 }, e)), [8.0, 8.5, 10.0]);
    }
}
