use serde::{Deserialize, Serialize};

use crate::attention::{
    Blocked, Change, Component, Edit, Epsilon, Grid, Heads, InForce, Intervention, Operation, PanelId, Reach, Scope,
    Shape, Shown,
};

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
    /// What is done beneath that, the same in every panel, and also where ε changes nothing.
    #[serde(default, skip_serializing_if = "InForce::is_empty")]
    pub in_force: InForce,
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

    /// Those of all panels.
    pub fn interventions(&self, shown: Shown) -> impl Iterator<Item = Intervention> {
        self.shape().panels().map(move |panel| self.intervention(shown, panel))
    }

    /// All operations: the panels', and those in force.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        std::iter::once(&self.operation).chain(self.in_force.operations())
    }

    /// With other operations in the place of those that there are.
    #[must_use]
    pub fn with_operations(&self, operation: impl Fn(&Operation) -> Operation) -> Self {
        let in_force = self.in_force.with_operations(&operation);
        Self { operation: operation(&self.operation), in_force, ..self.clone() }
    }

    /// The intervention of a component's row at any ε.
    pub fn intervention_at(&self, shown: Shown, component: Component, epsilon: Epsilon) -> Intervention {
        let Reach { heads, positions } = self.scope.resolve(shown);
        let edit = Edit { component, operation: self.operation.clone(), epsilon, positions };
        let (n_layers, n_heads) = (shown.n_layers, shown.n_heads);
        let blocked: Vec<Blocked> = self.in_force.blocked(n_layers, n_heads, &heads).collect();
        let in_force = self.in_force.changes(n_layers, n_heads);
        Intervention::of(in_force.chain([Change { edit, heads }])).blocking(blocked)
    }

    /// What is in force whatever a panel does and wherever, in a model of so many layers, each with so many heads.
    pub fn beneath(&self, n_layers: usize, n_heads: usize) -> Intervention {
        let blocked: Vec<Blocked> = self.in_force.blocked(n_layers, n_heads, &Heads::default()).collect();
        Intervention::of(self.in_force.changes(n_layers, n_heads)).blocking(blocked)
    }
}
