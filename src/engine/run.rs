//! The engine: requests in, outcomes out, no thread needed.

use std::{num::NonZeroUsize, sync::Arc};

use lru::LruCache;

use super::{
    Effect, EngineError, Outcome, Prompt, ReferencePanels, RunSpec, SourceFacts, SourceKind, SourceSpec,
    layer_run::LayerRun,
    memory::{self, Part},
    observer::{Layers, Observer, Partial, Ready, Unobserved, order},
    prompt_run::PromptRun,
    source::{OpenSource, Reader},
};
use crate::{
    attention::{Edit, Grid, Intervention, LayerScope, PanelId, Shown},
    model::loading::unwatched,
};

/// Prompts whose runs are kept, so that stepping back is instant.
const KEPT_PROMPTS: NonZeroUsize = NonZeroUsize::new(4).unwrap();
/// Sources that stay open.
const KEPT_SOURCES: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// Answers requests, keeping what the next one is likely to need: open sources, the baseline of each prompt by
/// layer, runs under upstream interventions, scores by head.
pub struct Engine {
    sources: LruCache<SourceSpec, Arc<OpenSource>>,
    prompts: LruCache<(SourceSpec, Prompt), PromptRun>,
    /// The panels that were compared with last, and the request that they answer.
    pub(super) last_reference: Option<(RunSpec, ReferencePanels)>,
}

impl Default for Engine {
    fn default() -> Self {
        Self { sources: LruCache::new(KEPT_SOURCES), prompts: LruCache::new(KEPT_PROMPTS), last_reference: None }
    }
}

impl Engine {
    /// Opens the source, if it is not open, and says what it offers.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn facts(&mut self, source: &SourceSpec) -> Result<Arc<SourceFacts>, EngineError> {
        Ok(self.open(source)?.facts.clone())
    }

    /// Takes in a source that was opened elsewhere, in place of one with the same name.
    pub fn adopt(&mut self, source: Arc<OpenSource>) {
        let name = source.facts.source.clone();
        let known = self.sources.get(&name);
        // One whose files were written to since is read anew rather than taken in again.
        if !known.is_some_and(|known| Arc::ptr_eq(known, &source)) && !source.is_outdated() {
            // What another source of this name made of the prompts is another source's.
            self.forget(&name);
            self.sources.put(name, source);
        }
    }

    /// All panels and their baseline.
    ///
    /// `cancelled` is asked between layers; when it says yes the answer is [`EngineError::Cancelled`].
    ///
    /// # Errors
    /// When the source cannot be read, the prompt does not fit, or the layer or head does not exist.
    pub fn run(&mut self, spec: &RunSpec, cancelled: &dyn Fn() -> bool) -> Result<Outcome, EngineError> {
        self.run_observed(spec, &Unobserved(cancelled))
    }

    /// [`Engine::run`] under the eyes of `observer`: the baseline first, then the panels in the order that it wants.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_observed(&mut self, spec: &RunSpec, observer: &dyn Observer) -> Result<Outcome, EngineError> {
        profiling::scope!("Engine::run");
        let facts = self.facts(&spec.source)?;
        let shown = check(spec, &facts)?;
        let reference_panels = self.reference(spec, observer)?;
        let run = self.prompt(&spec.source, &spec.prompt)?;
        check_positions(spec, run.tokens.len())?;
        let experiment = &spec.experiment;
        let (layer, head) = (experiment.layer, experiment.head);
        let mut plan: Vec<_> = order(experiment.shape(), observer.first())
            .into_iter()
            .map(|panel| {
                let intervention = experiment.intervention(shown, panel);
                let upstream = upstream(&facts, &intervention, layer);
                (panel, intervention, upstream)
            })
            .collect();
        // What costs nothing does not wait for what does.
        plan.sort_by_key(|(.., upstream)| upstream.as_ref().is_some_and(|upstream| !run.keeps(upstream, layer)));
        let layers = Layers::new(observer);
        layers.expect(run.layers_to_do(layer, plan.iter().filter_map(|(.., upstream)| upstream.as_ref())));
        let begin = || layers.begin();

        let baseline_run = run.baseline(layer, &begin)?;
        let edits = plan.iter().map(|(_, intervention, upstream)| (upstream.as_ref(), intervention.at(layer, head)));
        memory::check(run.tokens.len(), new_bytes(run, &baseline_run, (layer, head), edits))?;
        let baseline = baseline_run.panel(head, None);
        let panels = Grid::filled(experiment.shape(), baseline.clone());
        let (tokens, experiment, reference) = (run.tokens.clone(), experiment.clone(), spec.reference.clone());
        let mut ready = Ready::filled(experiment.shape(), false);
        let mut outcome = Outcome { facts, tokens, experiment, baseline, reference, reference_panels, panels };
        for (panel, intervention, upstream) in plan {
            let layer_run = match upstream {
                None => baseline_run.clone(),
                Some(upstream) => {
                    if !run.keeps(&upstream, layer) {
                        observer.so_far(Partial { outcome: &outcome, ready: &ready });
                    }
                    run.under(&upstream, layer, &begin)?
                }
            };
            outcome.panels[panel] = layer_run.panel(head, intervention.at(layer, head));
            ready[panel] = true;
        }
        run.shown = outcome.panels.values().chain([&outcome.baseline]).cloned().collect();
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
        self.effect_observed(spec, panel, &Unobserved(cancelled))
    }

    /// [`Engine::effect`] under the eyes of `observer`.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn effect_observed(
        &mut self,
        spec: &RunSpec,
        panel: PanelId,
        observer: &dyn Observer,
    ) -> Result<Option<Effect>, EngineError> {
        let facts = self.facts(&spec.source)?;
        let shown = check(spec, &facts)?;
        let run = self.prompt(&spec.source, &spec.prompt)?;
        check_positions(spec, run.tokens.len())?;
        let intervention = spec.experiment.intervention(shown, panel);
        let layers = Layers::new(observer);
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

    fn open(&mut self, spec: &SourceSpec) -> Result<Arc<OpenSource>, EngineError> {
        if self.sources.peek(spec).is_some_and(|source| source.is_outdated()) {
            self.forget(spec);
        }
        let open = || OpenSource::open(spec, &unwatched).map(Arc::new);
        self.sources.try_get_or_insert(spec.clone(), open).cloned()
    }

    /// Drops the source and all that was computed from it.
    fn forget(&mut self, spec: &SourceSpec) {
        self.sources.pop(spec);
        self.last_reference = None;
        let runs: Vec<_> = self.prompts.iter().map(|(key, _)| key).filter(|key| key.0 == *spec).cloned().collect();
        for key in runs {
            self.prompts.pop(&key);
        }
    }

    pub(super) fn prompt(&mut self, spec: &SourceSpec, prompt: &Prompt) -> Result<&mut PromptRun, EngineError> {
        let source = self.open(spec)?;
        self.prompts.try_get_or_insert_mut((spec.clone(), prompt.clone()), || PromptRun::start(source, prompt))
    }
}

/// Bytes of scores that a request makes beyond those that are there: the baseline's, and those of panels under `edits`,
/// each with the intervention that acts before the shown layer.
fn new_bytes<'a>(
    run: &PromptRun,
    baseline: &LayerRun,
    (layer, head): (usize, usize),
    edits: impl Iterator<Item = (Option<&'a Intervention>, Option<&'a Edit>)>,
) -> u64 {
    let mut new: Vec<(Option<&Intervention>, Part)> = Vec::new();
    for (upstream, edit) in std::iter::once((None, None)).chain(edits) {
        let layer_run = match upstream {
            None => Some(baseline),
            Some(upstream) => run.known(upstream, layer).map(|run| &**run),
        };
        for part in Part::of(edit) {
            let is_there = layer_run.is_some_and(|run| run.has(head, part));
            if !is_there && !new.contains(&(upstream, part)) {
                new.push((upstream, part));
            }
        }
    }
    let mask = baseline.qkv().mask();
    new.into_iter().map(|(_, part)| part.bytes(mask, run.tokens.len())).sum()
}

pub(super) fn check(spec: &RunSpec, facts: &SourceFacts) -> Result<Shown, EngineError> {
    let (n_layers, n_heads) = (facts.n_layers, facts.n_heads);
    if spec.experiment.layer >= n_layers {
        return Err(EngineError::NoSuchLayer { layer: spec.experiment.layer, n_layers, title: facts.title.clone() });
    }
    if spec.experiment.head >= n_heads {
        return Err(EngineError::NoSuchHead { head: spec.experiment.head, n_heads, title: facts.title.clone() });
    }
    check_range(spec, facts)?;
    Ok(Shown {
        layer: spec.experiment.layer,
        head: spec.experiment.head,
        n_layers,
        n_heads,
        n_kv_heads: facts.n_kv_heads,
    })
}

/// Whether the layers exist that the scope names.
pub(super) fn check_range(spec: &RunSpec, facts: &SourceFacts) -> Result<(), EngineError> {
    let n_layers = facts.n_layers;
    match spec.experiment.scope.layers {
        LayerScope::Range { first, last } if last >= n_layers => {
            Err(EngineError::NoSuchRange { first, last, n_layers, title: facts.title.clone() })
        }
        _ => Ok(()),
    }
}

pub(super) fn check_positions(spec: &RunSpec, n_positions: usize) -> Result<(), EngineError> {
    match spec.experiment.scope.positions.last_selected() {
        Some(position) if position >= n_positions => Err(EngineError::NoSuchPosition { position, n_positions }),
        _ => Ok(()),
    }
}

/// The part of an intervention that changes what enters the shown layer. A capture knows only the shown layer.
fn upstream(facts: &SourceFacts, intervention: &Intervention, layer: usize) -> Option<Intervention> {
    match facts.kind {
        SourceKind::Model => intervention.upstream_of(layer),
        SourceKind::Capture => None,
    }
}
