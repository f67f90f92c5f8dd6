//! What differences are taken from, and whether an adapter takes part.

use super::Session;
use crate::{
    engine::{Reference, SourceFacts},
    figure::Quantity,
};

impl Session {
    /// Tokens, layers and heads are the same, so that all stays but a difference from the base itself.
    pub(super) fn switch_adapter(&mut self) {
        let Some(source) = self.source.with_adapter_switched() else { return };
        self.source = source;
        if self.reference == Reference::Base {
            self.reference = Reference::Baseline;
        }
    }

    pub(super) fn compare(&mut self, reference: Reference, facts: Option<&SourceFacts>) {
        if matches!(&reference, Reference::View(view) if view.shape() != self.shape()) {
            return;
        }
        self.reference = match (reference, facts) {
            (Reference::Head { layer, head }, Some(facts)) => Reference::Head {
                layer: layer.min(facts.n_layers.saturating_sub(1)),
                head: head.min(facts.n_heads.saturating_sub(1)),
            },
            (reference, _) => reference,
        };
        if self.reference != Reference::Baseline && self.view.look.quantity != Quantity::Difference {
            self.view.look.show(Quantity::Difference);
        }
    }
}
