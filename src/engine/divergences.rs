//! What the intervention of each panel does to the output, as one number.

use super::{
    Engine, EngineError, Job, RunSpec,
    batches::LastBatch,
    effect,
    memory::Keep,
    progress::{Layers, order},
    run,
};
use crate::attention::{Grid, Intervention, PanelId};

/// KL(baseline ‖ modified) of the next token's distribution in nats for every panel: *Ships*, the
/// safety head importance score of arXiv 2410.13708. `None` where it is still to come.
pub type Divergences = Grid<Option<f64>>;

impl Engine {
    /// The divergence of all panels, those first that cost no run of layers. Equal interventions are run once.
    /// Of the others `first` comes first, and then its column. `so_far` is handed what is there before each batch of
    /// runs.
    ///
    /// `None` for a capture and for a model without an output.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn divergences_for(
        &mut self,
        job: &Job<'_>,
        spec: &RunSpec,
        first: PanelId,
        so_far: &mut dyn FnMut(&Divergences),
    ) -> Result<Option<Divergences>, EngineError> {
        let facts = self.facts(&spec.source)?;
        let shown = run::check(spec, &facts)?;
        let prompt = self.prompt(&spec.source, &spec.prompt)?;
        run::check_positions(spec, prompt.tokens.len())?;
        let donated = self.donated(spec, &prompt, spec.experiment.interventions(shown), &|| job.is_cancelled())?;
        let experiment = &donated.experiment;
        let mut plan: Vec<_> = order(experiment.shape(), first)
            .into_iter()
            .map(|panel| (panel, experiment.intervention(shown, panel).upstream_of(facts.n_layers)))
            .collect();
        // What costs nothing does not wait for what does.
        plan.sort_by_key(|(_, upstream)| !prompt.knows_output(upstream.as_ref()));
        let layers = Layers::new(job);
        let to_run = plan.iter().filter_map(|(_, upstream)| upstream.as_ref());
        let to_run = to_run.filter(|upstream| !prompt.knows_output(Some(*upstream)));
        layers.expect(prompt.layers_to_do(facts.n_layers, to_run));
        let begin = || layers.begin();

        let Some(baseline) = prompt.baseline_logits(&begin)? else { return Ok(None) };
        let mut divergences = Divergences::filled(experiment.shape(), None);
        let mut kls: Vec<(Option<&Intervention>, f64)> = Vec::new();
        let mut batch = LastBatch::default();
        for (at, (panel, upstream)) in plan.iter().enumerate() {
            let upstream = upstream.as_ref();
            let known = kls.iter().find(|(other, _)| *other == upstream).map(|(_, kl)| *kl);
            let kl = if let Some(kl) = known {
                kl
            } else {
                job.check()?;
                let modified = match upstream {
                    None => baseline.clone(),
                    Some(upstream) => {
                        if let Some(logits) = prompt.known_logits(Some(upstream)) {
                            logits
                        } else {
                            let make = || {
                                so_far(&divergences);
                                let rest = plan[at..].iter().filter_map(|(_, upstream)| upstream.as_ref());
                                let rest = rest.filter(|upstream| !prompt.knows_output(Some(*upstream)));
                                prompt.next_logits(std::iter::once(upstream).chain(rest), Keep::Answers, &begin)
                            };
                            let Some(logits) = batch.get(upstream, make)? else { return Ok(None) };
                            logits
                        }
                    }
                };
                let kl = effect::kl(baseline.view(), modified.view());
                kls.push((upstream, kl));
                kl
            };
            divergences[*panel] = Some(kl);
        }
        Ok(Some(divergences))
    }
}
