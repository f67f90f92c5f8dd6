use serde::{Deserialize, Serialize};

use crate::attention::{Component, Epsilon, Grid, Intervention, Operation, PanelId, Scope, Shape, Shown};

/// What is shown of a source, and what is done to it: the shown head, and an intervention for every panel.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Experiment {
    /// 0-based layer on screen.
    pub layer: usize,
    /// 0-based query head on screen.
    pub head: usize,
    /// What takes the place of the vectors, in every panel.
    pub operation: Operation,
    /// Which layers, heads and positions are changed, in every panel.
    pub scope: Scope,
    /// Of every panel; says also which panels there are.
    pub epsilon: Grid<Epsilon>,
}

impl Experiment {
    /// Which panels there are.
    pub fn shape(&self) -> Shape {
        self.epsilon.shape()
    }

    /// What a panel does to the head that `shown` names.
    pub fn intervention(&self, shown: Shown, panel: PanelId) -> Intervention {
        self.intervention_at(shown, panel.component, self.epsilon[panel])
    }

    /// The intervention of a component's row at any ε.
    pub fn intervention_at(&self, shown: Shown, component: Component, epsilon: Epsilon) -> Intervention {
        Intervention::new(component, self.operation, epsilon, self.scope.resolve(shown))
    }
}
