//! Every head ranked by what it does to the output.

use super::{Engine, EngineError, RunSpec, effect, run};
use crate::attention::{Component, Epsilon, HeadScope, LayerScope, Scope, Shown};

/// What changing one head alone does to the next token's distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadShips {
    /// 0-based layer.
    pub layer: usize,
    /// 0-based query head.
    pub head: usize,
    /// KL(baseline ‖ modified) of the next-token distribution in nats: *Ships*, the safety head importance score of
    /// arXiv 2410.13708.
    pub ships: f64,
}

impl Engine {
    /// Ships of every head: `component` of that head alone is changed to ε under the operation and at the positions of
    /// `spec`, whose layer, head and ε do not matter. For Query and Key that is *undifferentiated attention*, for Value
    /// *scaling contribution*.
    ///
    /// By layer and head, each handed to `each` as it is found. `None` for a capture and for a model without an output.
    /// `cancelled` is asked before each layer of each run.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn ships(
        &mut self,
        spec: &RunSpec,
        component: Component,
        epsilon: Epsilon,
        each: &mut dyn FnMut(HeadShips),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<HeadShips>>, EngineError> {
        let facts = self.facts(&spec.source)?;
        let (n_layers, n_heads, n_kv_heads) = (facts.n_layers, facts.n_heads, facts.n_kv_heads);
        let prompt = self.prompt(&spec.source, &spec.prompt)?;
        run::check_positions(spec, prompt.tokens.len())?;
        let Some(baseline) = prompt.baseline_logits(cancelled)? else { return Ok(None) };
        let scope = Scope { layers: LayerScope::Shown, heads: HeadScope::Shown, ..spec.experiment.scope.clone() };
        let alone = spec.clone().with(|experiment| experiment.scope = scope);
        let mut all = Vec::with_capacity(n_layers * n_heads);
        for layer in 0..n_layers {
            for head in 0..n_heads {
                let shown = Shown { layer, head, n_layers, n_heads, n_kv_heads };
                let intervention = alone.experiment.intervention_at(shown, component, epsilon);
                let ships = match intervention.upstream_of(n_layers) {
                    None => effect::kl(baseline.view(), baseline.view()),
                    Some(upstream) => {
                        let Some(modified) = prompt.once_logits(&upstream, cancelled)? else { return Ok(None) };
                        effect::kl(baseline.view(), modified.view())
                    }
                };
                let found = HeadShips { layer, head, ships };
                each(found);
                all.push(found);
            }
        }
        Ok(Some(all))
    }
}
