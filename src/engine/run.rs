//! The engine: requests in, outcomes out, no thread needed.

use std::sync::Arc;

use super::{
    Adapter, Effect, EngineError, Job, Outcome, Prompt, PromptCache, Reference, ReferencePanels, RunSpec, SourceFacts,
    SourceSpec,
    batches::LastBatch,
    continuation::Baseline,
    donors::Means,
    layer_run::LayerRun,
    memory::{self, Keep, Part},
    progress::{Layers, Partial, Ready, order},
    prompt_run::PromptRun,
    source::{OpenFn, OpenSource, Reader, SourceId},
};
use crate::{
    attention::{Beneath, Edit, Grid, Intervention, Kept, LayerScope, PanelId, PromptSet, Shown, Stacked},
    model,
};

/// Answers requests, keeping what the next one is likely to need: open sources, the baseline of each prompt by
/// layer, runs under upstream interventions, scores by head.
#[derive(Default)]
pub struct Engine {
    cache: Arc<PromptCache>,
    /// The panels that were compared with last, the source that they are of and the request that they answer.
    last_reference: Option<(SourceId, RunSpec, ReferencePanels)>,
    /// What the unmodified model wrote last.
    pub(super) last_baseline: Option<Baseline>,
}

impl Engine {
    /// An engine that opens sources by `open`.
    pub fn opening(open: OpenFn) -> Self {
        Self::on(Arc::new(PromptCache::opening(open)))
    }

    /// An engine on the sources and runs that others use too.
    pub fn on(cache: Arc<PromptCache>) -> Self {
        Self { cache, last_reference: None, last_baseline: None }
    }

    /// Opens the source, if it is not open, and says what it offers.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn facts(&mut self, source: &SourceSpec) -> Result<Arc<SourceFacts>, EngineError> {
        Ok(self.open(source)?.facts.clone())
    }

    /// Takes in a source that was opened elsewhere, in place of one with the same name.
    pub fn adopt(&mut self, source: Arc<OpenSource>) {
        self.cache.keep(source);
    }

    /// All panels and their baseline.
    ///
    /// `cancelled` is asked between layers; when it says yes the answer is [`EngineError::Cancelled`].
    ///
    /// # Errors
    /// When the source cannot be read, the prompt does not fit, or the layer or head does not exist.
    pub fn run(&mut self, spec: &RunSpec, cancelled: &dyn Fn() -> bool) -> Result<Outcome, EngineError> {
        self.run_for(&Job::until(cancelled), spec, PanelId::FIRST, &mut |_| {})
    }

    /// [`Engine::run`] for a job: the baseline, then the panel `first`, its column, and the others. Runs of
    /// layers are made together as far as they are quick; before each of these batches `so_far` is handed what is there.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_for(
        &mut self,
        job: &Job<'_>,
        spec: &RunSpec,
        first: PanelId,
        so_far: &mut dyn FnMut(Partial<'_>),
    ) -> Result<Outcome, EngineError> {
        profiling::scope!("Engine::run");
        let facts = self.facts(&spec.source)?;
        let spec = &spec.clone().with(|experiment| *experiment = Outcome::possible(facts.kind, experiment));
        let shown = check(spec, &facts)?;
        let reference_panels = self.reference(job, spec, &facts)?;
        let run = self.prompt(&spec.source, &spec.prompt)?;
        check_positions(spec, run.tokens.len())?;
        let cancelled = || job.is_cancelled();
        let donated = self.donated(spec, &run, spec.experiment.interventions(shown), &cancelled)?;
        let patched_from = self.patched_from(spec, &run)?;
        let experiment = &donated.experiment;
        let (layer, head) = (experiment.layer, experiment.head);
        let mut plan: Vec<_> = order(experiment.shape(), first)
            .into_iter()
            .map(|panel| {
                let intervention = experiment.intervention(shown, panel);
                let upstream = upstream(&facts, &intervention, layer);
                (panel, intervention, upstream)
            })
            .collect();
        // What costs nothing does not wait for what does.
        plan.sort_by_key(|(.., upstream)| upstream.as_ref().is_some_and(|upstream| !run.keeps(upstream, layer)));
        let layers = Layers::new(job);
        layers.expect(run.layers_to_do(layer, plan.iter().filter_map(|(.., upstream)| upstream.as_ref())));
        let begin = || layers.begin();

        let baseline_run = run.baseline(layer, &begin)?;
        let changed = plan.iter().map(|(_, intervention, upstream)| (upstream.as_ref(), intervention));
        memory::check(run.tokens.len(), new_bytes(&run, &baseline_run, (layer, head), changed))?;
        let baseline = baseline_run.edited(head, None);
        let panels = Grid::filled(experiment.shape(), baseline.clone());
        let (tokens, experiment, reference) = (run.tokens.clone(), spec.experiment.clone(), spec.reference.clone());
        let mut ready = Ready::filled(experiment.shape(), false);
        let mut outcome =
            Outcome { facts, tokens, patched_from, experiment, baseline, reference, reference_panels, panels };
        let mut batch = LastBatch::default();
        for (at, (panel, intervention, upstream)) in plan.iter().enumerate() {
            let layer_run = match upstream {
                None => baseline_run.clone(),
                Some(upstream) => {
                    if let Some(layer_run) = run.known(upstream, layer) {
                        layer_run
                    } else {
                        let make = || {
                            so_far(Partial { outcome: &outcome, ready: &ready });
                            let rest = plan[at..].iter().filter_map(|(.., upstream)| upstream.as_ref());
                            let rest = rest.filter(|upstream| !run.keeps(upstream, layer));
                            run.next_under(std::iter::once(upstream).chain(rest), layer, Keep::Answers, &begin)
                        };
                        batch.get(upstream, make)?.ok_or(EngineError::Cancelled)?
                    }
                }
            };
            outcome.panels[*panel] = layer_run.panel(head, intervention);
            ready[*panel] = true;
        }
        run.keep_shown(outcome.panels.values().chain([&outcome.baseline]).cloned().collect());
        Ok(outcome)
    }

    /// How the intervention of one panel changes the distribution of the next token (of an encoder: of the last one);
    /// `None` for a capture and for a model without an output.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn effect(
        &mut self,
        spec: &RunSpec,
        panel: PanelId,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Effect>, EngineError> {
        self.effect_for(&Job::until(cancelled), spec, panel)
    }

    /// [`Engine::effect`] for a job.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn effect_for(&mut self, job: &Job<'_>, spec: &RunSpec, panel: PanelId) -> Result<Option<Effect>, EngineError> {
        let facts = self.facts(&spec.source)?;
        let shown = check(spec, &facts)?;
        let run = self.prompt(&spec.source, &spec.prompt)?;
        check_positions(spec, run.tokens.len())?;
        let intervention = std::iter::once(spec.experiment.intervention(shown, panel));
        let donated = self.donated(spec, &run, intervention, &|| job.is_cancelled())?;
        let intervention = donated.experiment.intervention(shown, panel);
        let layers = Layers::new(job);
        layers.expect(run.layers_to_do(facts.n_layers, intervention.upstream_of(facts.n_layers).iter()));
        let begin = || layers.begin();
        let Some(baseline) = run.baseline_logits(&begin)? else { return Ok(None) };
        let Some(modified) = run.next_token_logits(Some(&intervention), &begin)? else { return Ok(None) };
        let source = run.source.clone();
        let text_of = |id| match &source.reader {
            Reader::Model(model) => model.tokens(&[id]).swap_remove(0).text,
            Reader::Capture { .. } => id.to_string(),
        };
        Ok(Some(Effect::new(baseline.view(), modified.view(), text_of)))
    }

    /// What the norm behind the shown layer's attention leaves of a panel's factor on the values of all heads, at the
    /// position where that is farthest from 1: 1 where the factor is undone ([`model::NormInput::kept`]). `None` where no norm
    /// stands there, or the panel does something else.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn kept_by_norm(&mut self, job: &Job<'_>, spec: &RunSpec, panel: PanelId) -> Result<Option<f64>, EngineError> {
        let facts = self.facts(&spec.source)?;
        let shown = check(spec, &facts)?;
        let run = self.prompt(&spec.source, &spec.prompt)?;
        let Reader::Model(model) = &run.source.reader else { return Ok(None) };
        let intervention = std::iter::once(spec.experiment.intervention(shown, panel));
        let donated = self.donated(spec, &run, intervention, &|| job.is_cancelled())?;
        let (layer, intervention) = (shown.layer, donated.experiment.intervention(shown, panel));
        let stacked = intervention.in_layer(layer);
        let factor = |head| {
            let alone = stacked.top_at(layer, head).filter(|_| stacked.beneath.is_empty());
            alone.and_then(Edit::factor_on_values)
        };
        let Some(epsilon) = factor(0).filter(|_| (0..shown.n_heads).all(|head| factor(head).is_some())) else {
            return Ok(None);
        };
        let layers = Layers::new(job);
        let upstream = upstream(&facts, &intervention, layer);
        layers.expect(run.layers_to_do(layer, upstream.iter()));
        let begin = || layers.begin();
        let layer_run = match &upstream {
            Some(upstream) => {
                if let Some(known) = run.known(upstream, layer) {
                    known
                } else {
                    let make = || run.next_under(std::iter::once(upstream), layer, Keep::Answers, &begin);
                    LastBatch::default().get(upstream, make)?.ok_or(EngineError::Cancelled)?
                }
            }
            None => run.baseline(layer, &begin)?,
        };
        let Some(qkv) = layer_run.attention().vectors() else { return Ok(None) };
        let head_outputs = || model::run::attend(qkv, layer, Some(&intervention));
        let Some(input) = model.transformer().behind_attention(layer, &head_outputs)? else { return Ok(None) };
        let kept = qkv.rule().mask.queries(qkv.n_positions()).map(|query| input.kept(query, epsilon));
        Ok(kept.max_by(|a, b| (a - 1.0).abs().total_cmp(&(b - 1.0).abs())))
    }

    /// The panels that those of `spec` are compared with; `None` for the baseline.
    fn reference(
        &mut self,
        job: &Job<'_>,
        spec: &RunSpec,
        facts: &SourceFacts,
    ) -> Result<Option<ReferencePanels>, EngineError> {
        let Some(spec) = compared_with(spec, facts)? else { return Ok(None) };
        // A kept view stays the same while ε moves; its runs of layers may be long forgotten.
        let source = self.open(&spec.source)?.id();
        if let Some((of, known, panels)) = &self.last_reference
            && (*of, known) == (source, &spec)
        {
            return Ok(Some(panels.clone()));
        }
        let panels: ReferencePanels = Arc::new(self.run_for(job, &spec, PanelId::FIRST, &mut |_| {})?.panels);
        self.last_reference = Some((source, spec, panels.clone()));
        Ok(Some(panels))
    }

    pub(super) fn open(&self, spec: &SourceSpec) -> Result<Arc<OpenSource>, EngineError> {
        self.cache.open(spec)
    }

    pub(super) fn prompt(&self, spec: &SourceSpec, prompt: &Prompt) -> Result<Arc<PromptRun>, EngineError> {
        self.prompt_of(self.open(spec)?, prompt)
    }

    pub(super) fn prompt_of(&self, source: Arc<OpenSource>, prompt: &Prompt) -> Result<Arc<PromptRun>, EngineError> {
        self.cache.prompt(source, prompt)
    }

    pub(super) fn means(&self, source: SourceId, prompt: &Prompt, over: &PromptSet) -> Arc<Means> {
        self.cache.means(source, prompt, over)
    }
}

/// The request whose panels those of `spec` are compared with; `None` for the baseline.
///
/// # Errors
/// When that is of the model beneath an adapter, and there is none.
fn compared_with(spec: &RunSpec, facts: &SourceFacts) -> Result<Option<RunSpec>, EngineError> {
    let alone = RunSpec { reference: Reference::Baseline, ..spec.clone() };
    Ok(match &spec.reference {
        Reference::Baseline => None,
        Reference::Base => {
            let base = spec.source.with_adapter_switched().filter(|_| facts.adapter == Adapter::Merged);
            let source = base.ok_or_else(|| EngineError::NoAdapter { title: facts.title.clone() })?;
            Some(RunSpec { source, ..alone })
        }
        &Reference::Head { layer, head } => Some(alone.with(|experiment| {
            (experiment.layer, experiment.head) = (layer, head);
        })),
        Reference::InForce => Some(alone.with(|experiment| {
            let neutral = experiment.operation.neutral();
            experiment.epsilon = Grid::filled(experiment.shape(), neutral);
        })),
        Reference::View(view) => Some(RunSpec { experiment: (**view).clone(), ..alone }),
    })
}

/// Bytes of scores that a request makes beyond those that are there: the baseline's, and those of panels under
/// interventions, each with its part that acts before the shown layer.
fn new_bytes<'a>(
    run: &PromptRun,
    baseline: &LayerRun,
    (layer, head): (usize, usize),
    changed: impl Iterator<Item = (Option<&'a Intervention>, &'a Intervention)>,
) -> u64 {
    let mut new: Vec<(Option<&Intervention>, Beneath<'_>, Part)> = Vec::new();
    let baselines = (None, Stacked::default());
    let changed = changed.map(|(upstream, intervention)| (upstream, intervention.of_vectors(layer)));
    for (upstream, Stacked { beneath, top }) in std::iter::once(baselines).chain(changed) {
        let known = upstream.map(|upstream| run.known(upstream, layer));
        let layer_run = known.as_ref().map_or(Some(baseline), Option::as_deref);
        for part in Part::of(top.and_then(|top| top.at(layer, head)), baseline.attention().rule()) {
            let is_there = layer_run.is_some_and(|run| run.has(&beneath, head, part.clone()));
            let part = (upstream, beneath.clone(), part);
            if !is_there && !new.contains(&part) {
                new.push(part);
            }
        }
    }
    let mask = baseline.attention().mask();
    new.into_iter().map(|(.., part)| part.bytes(mask, run.tokens.len())).sum()
}

pub(super) fn check(spec: &RunSpec, facts: &SourceFacts) -> Result<Shown, EngineError> {
    let (n_layers, n_heads) = (facts.n_layers, facts.n_heads);
    if spec.experiment.layer >= n_layers {
        return Err(EngineError::no_such_layer(spec.experiment.layer, facts));
    }
    if spec.experiment.head >= n_heads {
        return Err(EngineError::NoSuchHead { head: spec.experiment.head, n_heads, title: facts.title.clone() });
    }
    check_reach(spec, facts)?;
    Ok(facts.shown(spec.experiment.layer, spec.experiment.head))
}

/// Whether the layers and heads exist that the scope names, and those of what is in force.
pub(super) fn check_reach(spec: &RunSpec, facts: &SourceFacts) -> Result<(), EngineError> {
    let (n_layers, n_heads) = (facts.n_layers, facts.n_heads);
    let in_force = spec.experiment.in_force.iter().filter_map(Kept::heads);
    for set in spec.experiment.scope.set.iter().chain(in_force) {
        if let Some(missing) = set.missing(n_layers, n_heads) {
            let (named, title) = (format!("head {missing}"), facts.title.clone());
            return Err(EngineError::NoSuchHeads { named, n_layers, n_heads, title });
        }
    }
    match spec.experiment.scope.layers {
        LayerScope::Range { first, last } if last >= n_layers => {
            Err(EngineError::NoSuchRange { first, last, n_layers, title: facts.title.clone() })
        }
        _ => Ok(()),
    }
}

pub(super) fn check_positions(spec: &RunSpec, n_positions: usize) -> Result<(), EngineError> {
    let in_force = spec.experiment.in_force.iter().filter_map(Kept::last_position);
    match in_force.chain(spec.experiment.scope.positions.last_selected()).max() {
        Some(position) if position >= n_positions => Err(EngineError::NoSuchPosition { position, n_positions }),
        _ => Ok(()),
    }
}

/// The part of an intervention that changes what enters the shown layer. A capture knows only the shown layer.
fn upstream(facts: &SourceFacts, intervention: &Intervention, layer: usize) -> Option<Intervention> {
    if facts.kind.is_model() { intervention.upstream_of(layer) } else { None }
}
