//! One source reading one prompt: the baseline as far as it was needed, and the runs that interventions upstream
//! of a shown layer make of it.

use std::{num::NonZeroUsize, sync::Arc};

use lru::LruCache;
use ndarray::Array1;

use super::{
    EngineError, Panel, Prompt, Token,
    layer_run::LayerRun,
    memory::{self, KeptScores, Part},
    source::{OpenSource, Reader},
};
use crate::{
    attention::{Intervention, LayerQkv, Mask},
    model::{self, LanguageModel, ModelError, Residual},
};

/// Modified runs that are kept: nine panels, and what the slider passed lately.
const KEPT_RUNS: NonZeroUsize = NonZeroUsize::new(24).unwrap();

pub(super) struct PromptRun {
    pub source: Arc<OpenSource>,
    pub tokens: Arc<[Token]>,
    /// Baseline, by layer.
    layers: Vec<Option<Arc<LayerRun>>>,
    /// Baseline residual stream in front of layer 0, 1, …, as far as it was needed. Empty for a capture.
    residuals: Vec<Residual>,
    /// What reaches a layer when an intervention acts before it.
    modified: LruCache<(Intervention, usize), Arc<LayerRun>>,
    logits: LruCache<Option<Intervention>, Arc<Array1<f32>>>,
    scores: Arc<KeptScores>,
    /// Those that the last request was answered with: their scores stay whatever their size.
    pub shown: Vec<Panel>,
}

impl PromptRun {
    /// Reads the prompt; computes nothing yet but the embeddings.
    pub fn start(source: Arc<OpenSource>, prompt: &Prompt) -> Result<Self, EngineError> {
        let (tokens, residuals): (Arc<[Token]>, _) = match &source.reader {
            Reader::Capture { tokens, .. } => (tokens.clone(), Vec::new()),
            Reader::Model(model) => {
                let tokens = read(model, prompt)?;
                let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
                (tokens.into_iter().map(Token::from).collect(), vec![model.transformer().embed(&ids)?])
            }
        };
        // The least that any view of it takes.
        memory::check(tokens.len(), Part::Scores.bytes(Mask::Causal, tokens.len()))?;
        let layers = vec![None; source.facts.n_layers];
        let modified = LruCache::new(KEPT_RUNS);
        let logits = LruCache::new(KEPT_RUNS);
        let scores = Arc::default();
        Ok(Self { source, tokens, layers, residuals, modified, logits, scores, shown: Vec::new() })
    }

    /// The layer under an intervention that acts before it, where it is at hand.
    pub fn known(&self, upstream: &Intervention, layer: usize) -> Option<&Arc<LayerRun>> {
        self.modified.peek(&(upstream.clone(), layer))
    }

    /// Whether [`Self::under`] has this at hand.
    pub fn keeps(&self, upstream: &Intervention, layer: usize) -> bool {
        self.residuals.is_empty() || self.modified.contains(&(upstream.clone(), layer))
    }

    /// How many layers have to run before the baseline stands in front of `layer`, and the run under each of
    /// `upstream`. `layer` may be `n_layers`, behind the last.
    pub fn layers_to_do<'a>(&self, layer: usize, upstream: impl Iterator<Item = &'a Intervention>) -> usize {
        let Some(reached) = self.residuals.len().checked_sub(1) else { return 0 };
        let is_known = self.layers.get(layer).is_some_and(Option::is_some);
        let of_baseline = if is_known { 0 } else { layer.saturating_sub(reached) };
        let mut distinct: Vec<&Intervention> = Vec::new();
        for intervention in upstream {
            if !distinct.contains(&intervention) && !self.keeps(intervention, layer) {
                distinct.push(intervention);
            }
        }
        let of_changed = |intervention: &&Intervention| layer.saturating_sub(intervention.first_layer());
        of_baseline + distinct.iter().map(of_changed).sum::<usize>()
    }

    /// The unmodified layer. `layer` is below `n_layers`.
    pub fn baseline(&mut self, layer: usize, cancelled: &dyn Fn() -> bool) -> Result<Arc<LayerRun>, EngineError> {
        if let Some(run) = &self.layers[layer] {
            return Ok(run.clone());
        }
        let source = self.source.clone();
        let qkv = match &source.reader {
            Reader::Capture { capture, .. } => capture.layer(layer)?,
            Reader::Model(model) => {
                let residual = self.residual(model, layer, cancelled)?;
                model.transformer().qkv(layer, &residual)?
            }
        };
        let run = Arc::new(LayerRun::new(layer, Arc::new(qkv), self.scores.clone()));
        self.layers[layer] = Some(run.clone());
        Ok(run)
    }

    /// The layer as an intervention that acts before it leaves it: restarts from the baseline's residual stream in
    /// front of the first layer that is changed.
    pub fn under(
        &mut self,
        upstream: &Intervention,
        layer: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Arc<LayerRun>, EngineError> {
        let key = (upstream.clone(), layer);
        if let Some(run) = self.modified.get(&key) {
            return Ok(run.clone());
        }
        let run = self.once_under(upstream, layer, cancelled)?;
        self.modified.put(key, run.clone());
        Ok(run)
    }

    /// [`Self::under`] without keeping the answer: for many ε that nobody will ask for again.
    pub fn once_under(
        &mut self,
        upstream: &Intervention,
        layer: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Arc<LayerRun>, EngineError> {
        let source = self.source.clone();
        let Reader::Model(model) = &source.reader else {
            // A capture knows only the shown layer: what happens before it is in the file already.
            return self.baseline(layer, cancelled);
        };
        let residual = self.changed_residual(model, upstream, layer, cancelled)?;
        let qkv = Arc::new(model.transformer().qkv(layer, &residual)?);
        Ok(Arc::new(LayerRun::new(layer, qkv, self.scores.clone())))
    }

    /// All layers in order, as an intervention that is the same for each of them leaves them, handed to `each` on the
    /// way: one run. Nothing of it is kept.
    pub fn all_under(
        &mut self,
        intervention: &Intervention,
        each: &mut dyn FnMut(usize, &LayerQkv),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(), EngineError> {
        let source = self.source.clone();
        let last = source.facts.n_layers.saturating_sub(1);
        let active = intervention.upstream_of(last);
        let first = match &source.reader {
            Reader::Model(_) => active.as_ref().map_or(last, Intervention::first_layer),
            Reader::Capture { .. } => last,
        };
        for layer in 0..=first {
            each(layer, self.baseline(layer, cancelled)?.qkv());
        }
        if let (Reader::Model(model), Some(active)) = (&source.reader, active) {
            let (transformer, start) = (model.transformer(), self.residual(model, first, cancelled)?);
            let mut behind = |layer: usize, _: &Residual, qkv: &Arc<LayerQkv>| {
                if layer > first {
                    each(layer, qkv);
                }
            };
            let residual = model::run::advance(transformer, first..last, start, Some(&active), cancelled, &mut behind)?;
            each(last, &transformer.qkv(last, &residual)?);
        }
        Ok(())
    }

    /// Next-token logits `[vocab]` after the last position; `None` for a capture.
    pub fn next_token_logits(
        &mut self,
        intervention: Option<&Intervention>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Arc<Array1<f32>>>, EngineError> {
        let source = self.source.clone();
        let Reader::Model(model) = &source.reader else { return Ok(None) };
        let n_layers = source.facts.n_layers;
        let active = intervention.and_then(|intervention| intervention.upstream_of(n_layers));
        if let Some(logits) = self.logits.get(&active) {
            return Ok(Some(logits.clone()));
        }
        let residual = match &active {
            None => self.residual(model, n_layers, cancelled)?,
            Some(active) => self.changed_residual(model, active, n_layers, cancelled)?,
        };
        let logits = Arc::new(Array1::from_vec(model.next_token_logits(&residual)?));
        self.logits.put(active, logits.clone());
        Ok(Some(logits))
    }

    /// [`Self::next_token_logits`] without an intervention; `None` also for a model without an output: an encoder
    /// without its head has attention alone.
    pub fn baseline_logits(&mut self, cancelled: &dyn Fn() -> bool) -> Result<Option<Arc<Array1<f32>>>, EngineError> {
        match self.next_token_logits(None, cancelled) {
            Err(EngineError::Model(ModelError::NoLogits { .. })) => Ok(None),
            answer => answer,
        }
    }

    /// Whether [`Self::next_token_logits`] has this at hand. `upstream` is cut to the model's layers.
    pub fn knows_output(&self, upstream: Option<&Intervention>) -> bool {
        self.logits.contains(&upstream.cloned())
    }

    /// The baseline residual stream in front of `layer`; `n_layers` is behind the last.
    fn residual(
        &mut self,
        model: &LanguageModel,
        layer: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Residual, EngineError> {
        let reached = self.residuals.len() - 1;
        if layer > reached {
            let start = self.residuals[reached].clone();
            let (residuals, layers, scores) = (&mut self.residuals, &mut self.layers, &self.scores);
            let mut keep = |at: usize, residual: &Residual, qkv: &Arc<LayerQkv>| {
                if at == residuals.len() {
                    residuals.push(residual.clone());
                }
                layers[at].get_or_insert_with(|| Arc::new(LayerRun::new(at, qkv.clone(), scores.clone())));
            };
            let transformer = model.transformer();
            let last = model::run::advance(transformer, reached..layer, start, None, cancelled, &mut keep)?;
            self.residuals.push(last);
        }
        Ok(self.residuals[layer].clone())
    }

    /// The residual stream in front of `layer` when `intervention`, which acts before it, is in force.
    fn changed_residual(
        &mut self,
        model: &LanguageModel,
        intervention: &Intervention,
        layer: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Residual, EngineError> {
        let first = intervention.first_layer();
        let start = self.residual(model, first, cancelled)?;
        let transformer = model.transformer();
        Ok(model::run::advance(transformer, first..layer, start, Some(intervention), cancelled, &mut |_, _, _| {})?)
    }
}

fn read(model: &LanguageModel, prompt: &Prompt) -> Result<Vec<model::Token>, EngineError> {
    let tokens = match prompt {
        Prompt::Text { text, .. } if text.is_empty() => return Err(ModelError::EmptyPrompt.into()),
        Prompt::Text { text, bos } => model.tokenize(text, *bos)?,
        Prompt::TokenIds(ids) => model.tokens(ids),
    };
    let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
    model.check_ids(&ids)?;
    Ok(tokens)
}
