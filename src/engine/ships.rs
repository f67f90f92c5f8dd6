//! Every head ranked by what it does to the output.

use super::{
    Engine, EngineError, RunSpec, Target, TargetChange, batches::LastBatch, effect, memory::Keep, run, source::Reader,
};
use crate::attention::{Component, Epsilon, HeadScope, LayerScope, Scope};

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
    /// How that changes the chances of a token; `None` where none was asked for.
    pub target: Option<TargetChange>,
}

impl Engine {
    /// Ships of every head: `component` of that head alone is changed to ε under the operation and at the positions of
    /// `spec`, whose layer, head and ε do not matter. For Query and Key that is *undifferentiated attention*, for Value
    /// *scaling contribution*.
    ///
    /// What is in force lies beneath, and counts: the baseline is the unmodified model.
    ///
    /// Each run begins at its head's layer; those of many heads go through the layers together, and behind the last
    /// layer there is the last position alone. By layer and head, each handed to `each` as it is found. `None` for a
    /// capture and for a model without an output. `cancelled` is asked before each layer of each run.
    ///
    /// With a target, how its chances change is told as well.
    ///
    /// # Errors
    /// As [`Engine::run`], and when the target is no token.
    pub fn ships(
        &mut self,
        spec: &RunSpec,
        component: Component,
        epsilon: Epsilon,
        target: Option<&Target>,
        each: &mut dyn FnMut(HeadShips),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<HeadShips>>, EngineError> {
        let facts = self.facts(&spec.source)?;
        let (n_layers, n_heads) = (facts.n_layers, facts.n_heads);
        let prompt = self.prompt(&spec.source, &spec.prompt)?;
        run::check_reach(spec, &facts)?;
        run::check_positions(spec, prompt.tokens.len())?;
        let Some(baseline) = prompt.baseline_logits(cancelled)? else { return Ok(None) };
        let ids = match (target, &prompt.source.reader) {
            (Some(target), Reader::Model(model)) => Some(target.ids(model, baseline.iter().map(|&x| x.into()))?),
            _ => None,
        };
        let scope =
            Scope { layers: LayerScope::Shown, heads: HeadScope::Shown, set: None, ..spec.experiment.scope.clone() };
        let alone = spec.clone().with(|experiment| experiment.scope = scope);
        let heads = (0..n_layers).flat_map(|layer| (0..n_heads).map(move |head| (layer, head)));
        let of_heads = heads
            .clone()
            .map(|(layer, head)| alone.experiment.intervention_at(facts.shown(layer, head), component, epsilon));
        let alone = &self.donated(&alone, &prompt, of_heads, cancelled)?;
        let plan: Vec<_> = heads
            .map(|(layer, head)| {
                let intervention = alone.experiment.intervention_at(facts.shown(layer, head), component, epsilon);
                (layer, head, intervention.upstream_of(n_layers))
            })
            .collect();
        let mut all = Vec::with_capacity(plan.len());
        let mut batch = LastBatch::default();
        for (at, (layer, head, upstream)) in plan.iter().enumerate() {
            let modified = match upstream {
                None => baseline.clone(),
                Some(upstream) => {
                    let rest = || plan[at..].iter().filter_map(|(.., upstream)| upstream.as_ref());
                    let made = batch.get(upstream, || prompt.next_logits(rest(), Keep::Nothing, cancelled))?;
                    let Some(logits) = made else { return Ok(None) };
                    logits
                }
            };
            let ships = effect::kl(baseline.view(), modified.view());
            let target = ids.map(|ids| TargetChange::of(ids, baseline.view(), modified.view()));
            let of_head = HeadShips { layer: *layer, head: *head, ships, target };
            each(of_head);
            all.push(of_head);
        }
        Ok(Some(all))
    }
}
