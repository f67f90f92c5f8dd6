use crate::attention::{Component, Epsilon, Operation, PositionScope};

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
    /// `other` is the same number of what the operation brings in: the mean, another prompt's, or the noise of size
    /// rms(X); scaling brings in nothing and ignores it.
    pub fn along(&self, unmodified: f64, other: f64) -> f64 {
        let epsilon = self.epsilon.get();
        match self.operation {
            Operation::Scale => epsilon * unmodified,
            Operation::MeanHeads
            | Operation::MeanPositions
            | Operation::Patch { .. }
            | Operation::MeanPrompts { .. } => other + epsilon * (unmodified - other),
            Operation::Noise { .. } => unmodified + epsilon * other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
