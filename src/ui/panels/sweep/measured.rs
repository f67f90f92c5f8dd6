//! A sweep as it arrived, and where its curves are steep.

use std::sync::Arc;

use crate::{
    attention::{Component, Epsilon},
    engine::Sweep,
    session::RowChoice,
};

/// A sweep with the transition of each curve, which is looked for once.
#[derive(Debug)]
pub struct Measured {
    sweep: Arc<Sweep>,
    transitions: [Option<[Epsilon; 2]>; Component::ALL.len()],
}

impl Measured {
    pub fn new(sweep: Arc<Sweep>) -> Self {
        let transitions = Component::ALL.map(|component| sweep.transition(component));
        Self { sweep, transitions }
    }

    pub fn sweep(&self) -> &Sweep {
        &self.sweep
    }

    pub fn shared(&self) -> &Arc<Sweep> {
        &self.sweep
    }

    /// Where the curve of a component is steep; see [`Sweep::transition`].
    pub fn transition(&self, component: Component) -> Option<[Epsilon; 2]> {
        self.transitions[component.row()]
    }

    /// Where the curves of the chosen rows are steep, from the first to the last.
    pub fn transition_of(&self, rows: RowChoice) -> Option<[Epsilon; 2]> {
        let all = rows.components().iter().filter_map(|&component| self.transition(component));
        all.reduce(|[from, to], [other_from, other_to]| {
            [if other_from < from { other_from } else { from }, if other_to > to { other_to } else { to }]
        })
    }
}
