//! One source reading one prompt: the baseline as far as it was needed, and the runs that interventions upstream
//! of a shown layer make of it.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use lru::LruCache;
use ndarray::Array1;

use super::{
    EngineError, Panel, Prompt, Token,
    layer_run::LayerRun,
    memory::{self, KeptScores, Part},
    source::{OpenSource, Reader},
};
use crate::{
    attention::{Intervention, LayerAttention, LayerQkv, Mask},
    model::{self, LanguageModel, ModelError, Residual},
};

/// Modified runs that are kept: nine panels, and what the slider passed lately.
const KEPT_RUNS: NonZeroUsize = NonZeroUsize::new(24).unwrap();

/// Shared by all threads that ask about the prompt: whatever one of them has computed is there for the others.
pub(super) struct PromptRun {
    pub source: Arc<OpenSource>,
    pub tokens: Arc<[Token]>,
    /// Baseline, by layer.
    layers: Vec<OnceLock<Arc<LayerRun>>>,
    /// Baseline residual stream in front of layer 0, 1, …, `n_layers`, as far as it was needed. Empty for a capture.
    residuals: Vec<OnceLock<Residual>>,
    /// Held while one layer of the baseline is computed, and never while a job waits for its turn: two threads do not
    /// compute the same layer, and neither keeps the other waiting for longer than a layer takes.
    advancing: Mutex<()>,
    /// What reaches a layer when an intervention acts before it.
    modified: Mutex<LruCache<(Intervention, usize), Arc<LayerRun>>>,
    logits: Mutex<LruCache<Option<Intervention>, Arc<Array1<f32>>>>,
    scores: Arc<KeptScores>,
    /// Those that the last request was answered with: their scores stay whatever their size.
    shown: Mutex<Vec<Panel>>,
}

impl PromptRun {
    /// Reads the prompt; computes nothing yet but the embeddings.
    pub fn start(source: Arc<OpenSource>, prompt: &Prompt) -> Result<Self, EngineError> {
        let n_layers = source.facts.n_layers;
        let (tokens, residuals): (Arc<[Token]>, _) = match &source.reader {
            Reader::Capture { tokens, .. } => (tokens.clone(), Vec::new()),
            Reader::Model(model) => {
                let tokens = read(model, prompt)?;
                let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
                let mut residuals = vec![OnceLock::new(); n_layers + 1];
                residuals[0] = model.transformer().embed(&ids)?.into();
                (tokens.into_iter().map(Token::from).collect(), residuals)
            }
        };
        // The least that any view of it takes.
        memory::check(tokens.len(), Part::Scores.bytes(&Mask::CAUSAL, tokens.len()))?;
        Ok(Self {
            source,
            tokens,
            layers: vec![OnceLock::new(); n_layers],
            residuals,
            advancing: Mutex::default(),
            modified: Mutex::new(LruCache::new(KEPT_RUNS)),
            logits: Mutex::new(LruCache::new(KEPT_RUNS)),
            scores: Arc::default(),
            shown: Mutex::default(),
        })
    }

    /// Keeps the panels that were shown last, and with them their scores.
    pub fn keep_shown(&self, panels: Vec<Panel>) {
        *lock(&self.shown) = panels;
    }

    /// The layer under an intervention that acts before it, where it is at hand.
    pub fn known(&self, upstream: &Intervention, layer: usize) -> Option<Arc<LayerRun>> {
        lock(&self.modified).peek(&(upstream.clone(), layer)).cloned()
    }

    /// Whether [`Self::under`] has this at hand.
    pub fn keeps(&self, upstream: &Intervention, layer: usize) -> bool {
        self.residuals.is_empty() || lock(&self.modified).contains(&(upstream.clone(), layer))
    }

    /// The last layer in front of which the baseline residual stream is known; `None` for a capture.
    fn reached(&self) -> Option<usize> {
        self.residuals.iter().rposition(|residual| residual.get().is_some())
    }

    /// How many layers have to run before the baseline stands in front of `layer`, and the run under each of
    /// `upstream`. `layer` may be `n_layers`, behind the last.
    pub fn layers_to_do<'a>(&self, layer: usize, upstream: impl Iterator<Item = &'a Intervention>) -> usize {
        let Some(reached) = self.reached() else { return 0 };
        let is_known = self.layers.get(layer).is_some_and(|known| known.get().is_some());
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
    pub fn baseline(&self, layer: usize, cancelled: &dyn Fn() -> bool) -> Result<Arc<LayerRun>, EngineError> {
        if let Some(run) = self.layers[layer].get() {
            return Ok(run.clone());
        }
        let attention = match &self.source.reader {
            Reader::Capture { capture, .. } => capture.layer(layer)?,
            Reader::Model(model) => {
                let residual = self.residual(model, layer, cancelled)?;
                model.transformer().qkv(layer, &residual)?.into()
            }
        };
        // Another thread may have been faster: then its vectors are everyone's.
        Ok(self.layers[layer].get_or_init(|| self.layer_run(layer, attention)).clone())
    }

    fn layer_run(&self, layer: usize, attention: LayerAttention) -> Arc<LayerRun> {
        Arc::new(LayerRun::new(layer, attention, self.scores.clone()))
    }

    /// The layer as an intervention that acts before it leaves it: restarts from the baseline's residual stream in
    /// front of the first layer that is changed.
    pub fn under(
        &self,
        upstream: &Intervention,
        layer: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Arc<LayerRun>, EngineError> {
        let key = (upstream.clone(), layer);
        if let Some(run) = lock(&self.modified).get(&key) {
            return Ok(run.clone());
        }
        let run = match self.changed_attention(upstream, layer, cancelled)? {
            None => self.baseline(layer, cancelled)?,
            Some(attention) => self.layer_run(layer, attention),
        };
        lock(&self.modified).put(key, run.clone());
        Ok(run)
    }

    /// [`Self::under`] without keeping the answer or its scores: for many ε that nobody will ask for again.
    pub fn once_under(
        &self,
        upstream: &Intervention,
        layer: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Arc<LayerRun>, EngineError> {
        match self.changed_attention(upstream, layer, cancelled)? {
            None => self.baseline(layer, cancelled),
            Some(attention) => Ok(Arc::new(LayerRun::new(layer, attention, Arc::default()))),
        }
    }

    /// Vectors of the layer as an intervention before it leaves them. `None` for a capture, which knows only the shown
    /// layer: what happens before it is in the file already.
    fn changed_attention(
        &self,
        upstream: &Intervention,
        layer: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<LayerAttention>, EngineError> {
        let Reader::Model(model) = &self.source.reader else { return Ok(None) };
        let residual = self.changed_residual(model, upstream, layer, cancelled)?;
        Ok(Some(model.transformer().qkv(layer, &residual)?.into()))
    }

    /// All layers in order, as an intervention that is the same for each of them leaves them, handed to `each` on the
    /// way: one run. Nothing of it is kept.
    pub fn all_under(
        &self,
        intervention: &Intervention,
        each: &mut dyn FnMut(usize, &LayerAttention),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(), EngineError> {
        let source = &self.source;
        let last = source.facts.n_layers.saturating_sub(1);
        let active = intervention.upstream_of(last);
        let first = match &source.reader {
            Reader::Model(_) => active.as_ref().map_or(last, Intervention::first_layer),
            Reader::Capture { .. } => last,
        };
        for layer in 0..=first {
            each(layer, self.baseline(layer, cancelled)?.attention());
        }
        if let (Reader::Model(model), Some(active)) = (&source.reader, active) {
            let (transformer, start) = (model.transformer(), self.residual(model, first, cancelled)?);
            let mut behind = |layer: usize, _: &Residual, qkv: &Arc<LayerQkv>| {
                if layer > first {
                    each(layer, &LayerAttention::Vectors(qkv.clone()));
                }
            };
            let residual = model::run::advance(transformer, first..last, start, Some(&active), cancelled, &mut behind)?;
            each(last, &transformer.qkv(last, &residual)?.into());
        }
        Ok(())
    }

    /// Next-token logits `[vocab]` after the last position; `None` for a capture.
    pub fn next_token_logits(
        &self,
        intervention: Option<&Intervention>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Arc<Array1<f32>>>, EngineError> {
        let Reader::Model(model) = &self.source.reader else { return Ok(None) };
        let n_layers = self.source.facts.n_layers;
        let active = intervention.and_then(|intervention| intervention.upstream_of(n_layers));
        if let Some(logits) = lock(&self.logits).get(&active) {
            return Ok(Some(logits.clone()));
        }
        let residual = match &active {
            None => self.residual(model, n_layers, cancelled)?,
            Some(active) => self.changed_residual(model, active, n_layers, cancelled)?,
        };
        let logits = Arc::new(Array1::from_vec(model.next_token_logits(&residual)?));
        lock(&self.logits).put(active, logits.clone());
        Ok(Some(logits))
    }

    /// [`Self::next_token_logits`] without keeping the answer: for many heads that nobody will ask for again.
    /// `upstream` is cut to the model's layers.
    pub fn once_logits(
        &self,
        upstream: &Intervention,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<Array1<f32>>, EngineError> {
        let Reader::Model(model) = &self.source.reader else { return Ok(None) };
        let residual = self.changed_residual(model, upstream, self.source.facts.n_layers, cancelled)?;
        Ok(Some(Array1::from_vec(model.next_token_logits(&residual)?)))
    }

    /// [`Self::next_token_logits`] without an intervention; `None` also for a model without an output: an encoder
    /// without its head has attention alone.
    pub fn baseline_logits(&self, cancelled: &dyn Fn() -> bool) -> Result<Option<Arc<Array1<f32>>>, EngineError> {
        match self.next_token_logits(None, cancelled) {
            Err(EngineError::Model(ModelError::NoLogits { .. })) => Ok(None),
            answer => answer,
        }
    }

    /// Whether [`Self::next_token_logits`] has this at hand. `upstream` is cut to the model's layers.
    pub fn knows_output(&self, upstream: Option<&Intervention>) -> bool {
        lock(&self.logits).contains(&upstream.cloned())
    }

    /// The baseline residual stream in front of `layer`; `n_layers` is behind the last.
    fn residual(
        &self,
        model: &LanguageModel,
        layer: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Residual, EngineError> {
        loop {
            if let Some(residual) = self.residuals[layer].get() {
                return Ok(residual.clone());
            }
            // Asked before the turn is taken: whoever waits here for others holds up nobody.
            if cancelled() {
                return Err(EngineError::Cancelled);
            }
            self.advance(model, layer)?;
        }
    }

    /// Carries the baseline through one more layer, unless it has reached `layer` by now.
    fn advance(&self, model: &LanguageModel, layer: usize) -> Result<(), EngineError> {
        let _turn = lock(&self.advancing);
        let reached = self.reached().unwrap_or_default();
        let Some(start) = self.residuals[reached].get().filter(|_| reached < layer) else { return Ok(()) };
        let mut keep = |at: usize, _: &Residual, qkv: &Arc<LayerQkv>| {
            self.layers[at].get_or_init(|| self.layer_run(at, LayerAttention::Vectors(qkv.clone())));
        };
        let (transformer, next) = (model.transformer(), reached..reached + 1);
        let residual = model::run::advance(transformer, next, start.clone(), None, &|| false, &mut keep)?;
        self.residuals[reached + 1].get_or_init(|| residual);
        Ok(())
    }

    /// The residual stream in front of `layer` when `intervention`, which acts before it, is in force.
    fn changed_residual(
        &self,
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

/// What the locks hold is valid after any panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read(model: &LanguageModel, prompt: &Prompt) -> Result<Vec<model::VocabularyToken>, EngineError> {
    let tokens = match prompt {
        Prompt::Text { text, .. } if text.is_empty() => return Err(ModelError::EmptyPrompt.into()),
        Prompt::Text { text, bos } => model.tokenize(text, *bos)?,
        Prompt::TokenIds(ids) => model.tokens(ids),
    };
    let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
    model.check_ids(&ids)?;
    Ok(tokens)
}
