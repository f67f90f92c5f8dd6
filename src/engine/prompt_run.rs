//! One source reading one prompt: the baseline as far as it was needed, and the runs that interventions upstream
//! of a shown layer make of it.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use lru::LruCache;
use ndarray::Array1;

use super::{
    EngineError, Panel, Prompt, Token,
    layer_run::LayerRun,
    memory::{self, Held, Keep, Keeper, Part},
    source::{OpenSource, Reader},
    writes::PartRows,
};
use crate::{
    attention::{Component, Donated, Donor, Intervention, LayerAttention, LayerQkv, Mask, Operation},
    model::{self, LanguageModel, ModelError, Residual},
};

/// Modified runs that are kept: nine panels, and what the slider passed lately.
const KEPT_RUNS: NonZeroUsize = NonZeroUsize::new(24).unwrap();

/// What other prompts bring in is known for this many layers and components: all of a large model's, twice.
const KEPT_DONORS: NonZeroUsize = NonZeroUsize::new(512).unwrap();

/// A residual stream of the baseline.
struct Stream {
    layer: usize,
    residual: Residual,
}

impl Held for Stream {
    fn bytes(&self) -> usize {
        self.residual.bytes()
    }

    fn stream_of(&self) -> Option<usize> {
        Some(self.layer)
    }
}

/// By position and what acts.
type KnownParts = LruCache<(usize, Option<Intervention>), Weak<PartRows>>;

/// Shared by all threads that ask about the prompt: whatever one of them has computed is there for the others.
pub(super) struct PromptRun {
    pub source: Arc<OpenSource>,
    pub tokens: Arc<[Token]>,
    /// Baseline, by layer.
    layers: Vec<Mutex<Weak<LayerRun>>>,
    /// What enters layer 0; `None` for a capture.
    embedded: Option<Residual>,
    /// Baseline residual stream in front of each layer behind that.
    streams: Vec<Mutex<Weak<Stream>>>,
    /// Held while one layer of the baseline is computed, and never while a job waits for its turn: two threads do not
    /// compute the same layer, and neither keeps the other waiting for longer than a layer takes.
    advancing: Mutex<()>,
    /// What reaches a layer when an intervention acts before it.
    pub(super) modified: Mutex<LruCache<(Intervention, usize), Weak<LayerRun>>>,
    pub(super) logits: Mutex<LruCache<Option<Intervention>, Arc<Array1<f32>>>>,
    /// What operations bring in from other prompts.
    donors: Mutex<LruCache<(Operation, usize, Component), Weak<Donor>>>,
    /// What parts of the model write at a position, under an intervention.
    pub(super) parts: Mutex<KnownParts>,
    /// Holds all that is referred to weakly.
    pub(super) keeper: Keeper,
    /// Those that the last request was answered with: their scores stay whatever their size.
    shown: Mutex<Vec<Panel>>,
}

impl PromptRun {
    /// Reads the prompt; computes nothing yet but the embeddings.
    pub fn start(source: Arc<OpenSource>, prompt: &Prompt, keeper: Keeper) -> Result<Self, EngineError> {
        let n_layers = source.facts.n_layers;
        // The least that any view of it takes.
        let check = |n_positions: usize, of_run: u64| {
            memory::check(n_positions, of_run.saturating_add(Part::Scores.bytes(&Mask::CAUSAL, n_positions)))
        };
        let (tokens, embedded): (Arc<[Token]>, _) = match &source.reader {
            Reader::Capture { tokens, .. } => {
                check(tokens.len(), 0)?;
                (tokens.clone(), None)
            }
            Reader::Model(model) => {
                let tokens = read(model, prompt)?;
                check(tokens.len(), memory::run_bytes(model.shape(), tokens.len()))?;
                let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
                let embedded = model.transformer().embed(&ids)?;
                (tokens.into_iter().map(Token::from).collect(), Some(embedded))
            }
        };
        Ok(Self {
            source,
            tokens,
            layers: (0..n_layers).map(|_| Mutex::default()).collect(),
            embedded,
            streams: (0..n_layers).map(|_| Mutex::default()).collect(),
            advancing: Mutex::default(),
            modified: Mutex::new(LruCache::new(KEPT_RUNS)),
            logits: Mutex::new(LruCache::new(KEPT_RUNS)),
            donors: Mutex::new(LruCache::new(KEPT_DONORS)),
            parts: Mutex::new(LruCache::new(KEPT_RUNS)),
            keeper,
            shown: Mutex::default(),
        })
    }

    /// Keeps the panels that were shown last, and with them their scores.
    pub fn keep_shown(&self, panels: Vec<Panel>) {
        *lock(&self.shown) = panels;
    }

    /// What an operation brings into a layer's component from other prompts, where it is at hand.
    pub(super) fn known_donor(&self, operation: &Operation, layer: usize, component: Component) -> Option<Arc<Donor>> {
        let donor = lock(&self.donors).get(&(operation.clone(), layer, component))?.upgrade()?;
        self.keeper.keep(donor.clone());
        Some(donor)
    }

    /// Keeps that. Another thread may have been faster: then it is everyone's.
    pub(super) fn keep_donor(
        &self,
        operation: &Operation,
        layer: usize,
        component: Component,
        donor: Arc<Donor>,
    ) -> Arc<Donor> {
        let key = (operation.clone().with_donated(Donated::default()), layer, component);
        let mut donors = lock(&self.donors);
        let donor = donors.get(&key).and_then(Weak::upgrade).unwrap_or(donor);
        self.keeper.keep_under(&mut donors, key, &donor);
        donor
    }

    /// The layer under an intervention that acts before it, where it is at hand.
    pub fn known(&self, upstream: &Intervention, layer: usize) -> Option<Arc<LayerRun>> {
        let run = lock(&self.modified).get(&(upstream.clone(), layer))?.upgrade()?;
        self.keeper.keep(run.clone());
        Some(run)
    }

    /// Whether [`Self::known`] has it.
    pub fn keeps(&self, upstream: &Intervention, layer: usize) -> bool {
        let is_alive = |run: &Weak<LayerRun>| run.strong_count() > 0;
        self.embedded.is_none() || lock(&self.modified).peek(&(upstream.clone(), layer)).is_some_and(is_alive)
    }

    /// The baseline residual stream that is known in front of `layer` or of the nearest layer before it, and which that
    /// is; `None` for a capture.
    fn nearest(&self, layer: usize) -> Option<(usize, Residual)> {
        let embedded = self.embedded.as_ref()?;
        let known = |stream: &Mutex<Weak<Stream>>| lock(stream).upgrade();
        let stream = self.streams.iter().take(layer + 1).rev().find_map(known);
        Some(match stream {
            Some(stream) => {
                let found = (stream.layer, stream.residual.clone());
                self.keeper.keep(stream);
                found
            }
            None => (0, embedded.clone()),
        })
    }

    /// How many layers have to run before the baseline stands in front of `layer`, and the run under each of
    /// `upstream`. `layer` may be `n_layers`, behind the last.
    pub fn layers_to_do<'a>(&self, layer: usize, upstream: impl Iterator<Item = &'a Intervention>) -> usize {
        let Some((reached, _)) = self.nearest(layer) else { return 0 };
        let is_known = match self.layers.get(layer) {
            Some(known) => lock(known).strong_count() > 0,
            None => self.knows_output(None),
        };
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
        let known = lock(&self.layers[layer]).upgrade();
        if let Some(run) = known {
            self.keeper.keep(run.clone());
            return Ok(run);
        }
        let attention = match &self.source.reader {
            Reader::Capture { capture, .. } => capture.layer(layer)?,
            Reader::Model(model) => {
                let residual = self.residual(model, layer, cancelled)?;
                model.transformer().qkv(layer, &residual)?.into()
            }
        };
        Ok(self.keep_layer(layer, attention))
    }

    /// The baseline's layer. Another thread may have been faster: then its vectors are everyone's.
    fn keep_layer(&self, layer: usize, attention: LayerAttention) -> Arc<LayerRun> {
        let mut known = lock(&self.layers[layer]);
        let run = known.upgrade().unwrap_or_else(|| {
            let run = self.layer_run(layer, attention, Keep::Answers);
            *known = Arc::downgrade(&run);
            run
        });
        self.keeper.keep(run.clone());
        run
    }

    /// The layer of a run, whose scores are kept or not.
    pub(super) fn layer_run(&self, layer: usize, attention: LayerAttention, keep: Keep) -> Arc<LayerRun> {
        let keeper = match keep {
            Keep::Answers => self.keeper.clone(),
            Keep::Nothing => Keeper::default(),
        };
        Arc::new(LayerRun::new(layer, attention, keeper))
    }

    /// The baseline's vectors in a layer of a model.
    pub(super) fn vectors(
        &self,
        model: &LanguageModel,
        layer: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Arc<LayerQkv>, EngineError> {
        if let Some(qkv) = self.baseline(layer, cancelled)?.attention().vectors() {
            return Ok(qkv.clone());
        }
        let residual = self.residual(model, layer, cancelled)?;
        Ok(Arc::new(model.transformer().qkv(layer, &residual)?))
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
        let active = intervention.and_then(|intervention| intervention.upstream_of(self.source.facts.n_layers));
        if let Some(logits) = self.known_logits(active.as_ref()) {
            return Ok(Some(logits));
        }
        if let Some(active) = &active {
            let found = self.next_logits(std::iter::once(active), Keep::Answers, cancelled)?;
            return Ok(found.into_iter().next().map(|(_, logits)| logits));
        }
        let Some(last) = self.source.facts.n_layers.checked_sub(1) else { return Ok(None) };
        let (residual, qkv) = (self.residual(model, last, cancelled)?, self.vectors(model, last, cancelled)?);
        if cancelled() {
            return Err(EngineError::Cancelled);
        }
        let behind = model::run::last_position(model.transformer(), last, residual, qkv)?;
        let logits = Arc::new(model.next_token_logits(&behind)?.row(0).to_owned());
        lock(&self.logits).put(None, logits.clone());
        Ok(Some(logits))
    }

    /// [`Self::next_token_logits`] without an intervention; `None` also for a model without an output: an encoder
    /// without its head has attention alone.
    pub fn baseline_logits(&self, cancelled: &dyn Fn() -> bool) -> Result<Option<Arc<Array1<f32>>>, EngineError> {
        match self.next_token_logits(None, cancelled) {
            Err(EngineError::Model(ModelError::NoLogits { .. })) => Ok(None),
            answer => answer,
        }
    }

    /// [`Self::next_token_logits`] where they are at hand. `upstream` is cut to the model's layers.
    pub fn known_logits(&self, upstream: Option<&Intervention>) -> Option<Arc<Array1<f32>>> {
        lock(&self.logits).get(&upstream.cloned()).cloned()
    }

    /// Whether [`Self::next_token_logits`] has this at hand. `upstream` is cut to the model's layers.
    pub fn knows_output(&self, upstream: Option<&Intervention>) -> bool {
        lock(&self.logits).contains(&upstream.cloned())
    }

    /// The baseline residual stream in front of `layer`.
    pub(super) fn residual(
        &self,
        model: &LanguageModel,
        layer: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Residual, EngineError> {
        let mut reached = self.nearest(layer).ok_or(EngineError::NoOutput)?;
        while reached.0 < layer {
            // Asked before the turn is taken: whoever waits here for others holds up nobody.
            if cancelled() {
                return Err(EngineError::Cancelled);
            }
            let _turn = lock(&self.advancing);
            // Others may have come further meanwhile.
            let nearest = self.nearest(layer).filter(|(at, _)| *at > reached.0);
            reached = match nearest {
                Some(nearest) => nearest,
                None => self.advance(model, reached)?,
            };
        }
        Ok(reached.1)
    }

    /// Carries the baseline through one more layer. Its vectors are kept on the way where there is room for all layers'.
    fn advance(
        &self,
        model: &LanguageModel,
        (layer, start): (usize, Residual),
    ) -> Result<(usize, Residual), EngineError> {
        let mut keep = |at: usize, _: &Residual, qkv: &Arc<LayerQkv>| {
            if self.keeper.is_little(qkv.bytes().saturating_mul(self.layers.len())) {
                self.keep_layer(at, LayerAttention::Vectors(qkv.clone()));
            }
        };
        let next = layer + 1;
        let residual = model::run::advance(model.transformer(), layer..next, start, None, &|| false, &mut keep)?;
        if let Some(known) = self.streams.get(next) {
            let stream = Arc::new(Stream { layer: next, residual: residual.clone() });
            *lock(known) = Arc::downgrade(&stream);
            self.keeper.keep(stream);
        }
        Ok((next, residual))
    }
}

impl Drop for PromptRun {
    fn drop(&mut self) {
        self.keeper.let_go();
    }
}

/// What the locks hold is valid after any panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The tokens of a prompt.
pub(super) fn read(model: &LanguageModel, prompt: &Prompt) -> Result<Vec<model::VocabularyToken>, EngineError> {
    let tokens = match prompt {
        Prompt::Text { text, .. } if text.is_empty() => return Err(ModelError::EmptyPrompt.into()),
        Prompt::Text { text, bos } => model.tokenize(text, *bos)?,
        Prompt::Chat(chat) => model.chat(chat)?,
        Prompt::TokenIds(ids) => model.tokens(ids),
    };
    let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
    model.check_ids(&ids)?;
    Ok(tokens)
}
