//! The engine: requests in, outcomes out, no thread needed.

use std::{num::NonZeroUsize, sync::Arc};

use lru::LruCache;

use super::{
    Effect, EngineError, Outcome, Panel, Prompt, RunSpec, SourceFacts, SourceKind, SourceSpec,
    layer_run::LayerRun,
    prompt_run::PromptRun,
    source::{self, OpenSource, Reader},
};
use crate::{
    attention::{Component, HeadEdit, Intervention, LayerScope, Metrics, Shown},
    model::ModelError,
};

/// Prompts whose runs are kept, so that stepping back is instant.
const KEPT_PROMPTS: NonZeroUsize = NonZeroUsize::new(4).unwrap();
/// Sources that stay open.
const KEPT_SOURCES: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// One row of the table of heads: the baseline of one head, summed up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadSummary {
    pub layer: usize,
    pub head: usize,
    pub metrics: Metrics,
}

/// Answers requests, keeping what the next one is likely to need: open sources, the baseline of each prompt by
/// layer, runs under upstream interventions, scores by head.
pub struct Engine {
    sources: LruCache<SourceSpec, Arc<OpenSource>>,
    prompts: LruCache<(SourceSpec, Prompt), PromptRun>,
}

impl Default for Engine {
    fn default() -> Self {
        Self { sources: LruCache::new(KEPT_SOURCES), prompts: LruCache::new(KEPT_PROMPTS) }
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

    /// The nine panels and their baseline.
    ///
    /// `cancelled` is asked between layers; when it says yes the answer is [`EngineError::Cancelled`].
    ///
    /// # Errors
    /// When the source cannot be read, the prompt does not fit, or the layer or head does not exist.
    pub fn run(&mut self, spec: &RunSpec, cancelled: &dyn Fn() -> bool) -> Result<Outcome, EngineError> {
        let facts = self.facts(&spec.source)?;
        let shown = check(spec, &facts)?;
        let run = self.prompt(&spec.source, &spec.prompt)?;
        check_positions(spec, run.tokens.len())?;
        let baseline = run.baseline(spec.layer, cancelled)?;
        let mut panels = Vec::with_capacity(9);
        for (component, column) in grid() {
            let intervention = intervention(spec, shown, component, column);
            let layer_run = match upstream(&facts, &intervention, spec.layer) {
                Some(upstream) => run.under(&upstream, spec.layer, cancelled)?,
                None => baseline.clone(),
            };
            panels.push(panel(&layer_run, spec.head, intervention.at(spec.layer, spec.head).clone()));
        }
        let mut panels = panels.into_iter();
        let baseline = panel(&baseline, spec.head, HeadEdit::IDENTITY);
        let panels =
            std::array::from_fn(|_| std::array::from_fn(|_| panels.next().unwrap_or_else(|| baseline.clone())));
        Ok(Outcome {
            facts,
            tokens: run.tokens.clone(),
            layer: spec.layer,
            head: spec.head,
            epsilon: spec.epsilon,
            baseline,
            panels,
        })
    }

    /// How the intervention of one panel changes the distribution of the next token (of an encoder: of the last one);
    /// `None` for a capture and for a model without an output.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn effect(
        &mut self,
        spec: &RunSpec,
        component: Component,
        column: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Effect>, EngineError> {
        let facts = self.facts(&spec.source)?;
        let shown = check(spec, &facts)?;
        let run = self.prompt(&spec.source, &spec.prompt)?;
        check_positions(spec, run.tokens.len())?;
        let intervention = intervention(spec, shown, component, column);
        let baseline = match run.next_token_logits(None, cancelled) {
            // An encoder without its head has attention, but no output.
            Ok(None) | Err(EngineError::Model(ModelError::NoLogits { .. })) => return Ok(None),
            Ok(Some(logits)) => logits,
            Err(error) => return Err(error),
        };
        let Some(modified) = run.next_token_logits(Some(&intervention), cancelled)? else { return Ok(None) };
        let source = run.source.clone();
        let text_of = |id| match &source.reader {
            Reader::Model(model) => model.tokens(&[id]).swap_remove(0).text,
            Reader::Capture { .. } => id.to_string(),
        };
        Ok(Some(Effect::new(baseline.view(), modified.view(), text_of)))
    }

    /// Every head's baseline, summed up, by layer and head.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn heads(
        &mut self,
        source: &SourceSpec,
        prompt: &Prompt,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Vec<HeadSummary>, EngineError> {
        let facts = self.facts(source)?;
        let run = self.prompt(source, prompt)?;
        let mut summaries = Vec::with_capacity(facts.n_layers * facts.n_heads);
        for layer in 0..facts.n_layers {
            let layer_run = run.baseline(layer, cancelled)?;
            for head in 0..facts.n_heads {
                let metrics = Metrics::of(&panel(&layer_run, head, HeadEdit::IDENTITY).pattern);
                summaries.push(HeadSummary { layer, head, metrics });
            }
        }
        Ok(summaries)
    }

    fn open(&mut self, spec: &SourceSpec) -> Result<Arc<OpenSource>, EngineError> {
        if self.sources.peek(spec).is_some_and(|source| source.is_outdated()) {
            self.forget(spec);
        }
        self.sources.try_get_or_insert(spec.clone(), || source::open(spec).map(Arc::new)).cloned()
    }

    /// Drops the source and all that was computed from it.
    fn forget(&mut self, spec: &SourceSpec) {
        self.sources.pop(spec);
        let runs: Vec<_> = self.prompts.iter().map(|(key, _)| key).filter(|key| key.0 == *spec).cloned().collect();
        for key in runs {
            self.prompts.pop(&key);
        }
    }

    fn prompt(&mut self, spec: &SourceSpec, prompt: &Prompt) -> Result<&mut PromptRun, EngineError> {
        let source = self.open(spec)?;
        self.prompts.try_get_or_insert_mut((spec.clone(), prompt.clone()), || PromptRun::start(source, prompt))
    }
}

/// Rows, then columns.
fn grid() -> impl Iterator<Item = (Component, usize)> {
    Component::ALL.into_iter().flat_map(|component| (0..3).map(move |column| (component, column)))
}

fn check(spec: &RunSpec, facts: &SourceFacts) -> Result<Shown, EngineError> {
    let (n_layers, n_heads) = (facts.n_layers, facts.n_heads);
    if spec.layer >= n_layers {
        return Err(EngineError::NoSuchLayer { layer: spec.layer, n_layers, title: facts.title.clone() });
    }
    if spec.head >= n_heads {
        return Err(EngineError::NoSuchHead { head: spec.head, n_heads, title: facts.title.clone() });
    }
    if let LayerScope::Range { first, last } = spec.scope.layers
        && last >= n_layers
    {
        return Err(EngineError::NoSuchRange { first, last, n_layers, title: facts.title.clone() });
    }
    Ok(Shown { layer: spec.layer, head: spec.head, n_layers, n_heads, n_kv_heads: facts.n_kv_heads })
}

fn check_positions(spec: &RunSpec, n_positions: usize) -> Result<(), EngineError> {
    match spec.scope.positions.last_selected() {
        Some(position) if position >= n_positions => Err(EngineError::NoSuchPosition { position, n_positions }),
        _ => Ok(()),
    }
}

fn intervention(spec: &RunSpec, shown: Shown, component: Component, column: usize) -> Intervention {
    let epsilon = spec.epsilon[component.row()][column];
    Intervention::new(component, spec.operation, epsilon, spec.scope.resolve(shown))
}

/// The part of an intervention that changes what enters the shown layer. A capture knows only the shown layer.
fn upstream(facts: &SourceFacts, intervention: &Intervention, layer: usize) -> Option<Intervention> {
    match facts.kind {
        SourceKind::Model => intervention.upstream_of(layer),
        SourceKind::Capture => None,
    }
}

fn panel(run: &LayerRun, head: usize, edit: HeadEdit) -> Panel {
    Panel { pattern: run.scores(head).pattern(edit.scores.clone()), qkv: run.qkv.clone(), head, edit }
}
