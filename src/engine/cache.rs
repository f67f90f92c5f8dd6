//! What all threads share: the sources that are open, and what was computed of their prompts.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lru::LruCache;

use super::{
    EngineError, Job, Prompt, SourceSpec,
    donors::Means,
    memory::{Budget, Keeper},
    prompt_run::PromptRun,
    source::{OpenFn, OpenSource, SourceId},
};
use crate::attention::PromptSet;

/// Prompts whose runs are kept, so that stepping back is instant.
const KEPT_PROMPTS: NonZeroUsize = NonZeroUsize::new(4).unwrap();
/// Sets of prompts over which means are kept.
const KEPT_MEANS: NonZeroUsize = NonZeroUsize::new(3).unwrap();
/// Sources that stay open.
const KEPT_SOURCES: NonZeroUsize = NonZeroUsize::new(3).unwrap();

/// Open sources and the runs of prompts through them. Whatever one thread has computed of a prompt's baseline is there
/// for all others.
pub struct PromptCache {
    open: OpenFn,
    contents: Mutex<CacheContents>,
    /// Of all that was made of the prompts.
    budget: Arc<Budget>,
}

#[derive(Debug)]
struct CacheContents {
    sources: LruCache<SourceSpec, Arc<OpenSource>>,
    prompts: LruCache<(SourceId, Prompt), Arc<Slot>>,
    /// Over sets of prompts, each read as a prompt is.
    means: LruCache<(SourceId, Prompt, PromptSet), Arc<Means>>,
}

/// One prompt's run, once it has begun. Whoever comes second waits until the prompt is read.
#[derive(Default)]
struct Slot(Mutex<Option<Arc<PromptRun>>>);

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Slot")
    }
}

impl Default for PromptCache {
    fn default() -> Self {
        Self::opening(Arc::new(OpenSource::open))
    }
}

impl PromptCache {
    /// Opens sources that are not open by `open`.
    pub fn opening(open: OpenFn) -> Self {
        let (sources, prompts) = (LruCache::new(KEPT_SOURCES), LruCache::new(KEPT_PROMPTS));
        let contents = CacheContents { sources, prompts, means: LruCache::new(KEPT_MEANS) };
        Self { open, contents: Mutex::new(contents), budget: Arc::default() }
    }

    /// The same, which keeps no more than so many bytes of residual streams, vectors and scores; what is let go is made
    /// again when it is asked for. What is on screen is there beyond that.
    #[must_use]
    pub fn within(self, bytes: usize) -> Self {
        Self { budget: Arc::new(Budget::of(bytes)), ..self }
    }

    /// Bytes that are kept.
    pub fn bytes(&self) -> usize {
        self.budget.bytes()
    }

    /// The source called `spec`, if it is open.
    pub fn source(&self, spec: &SourceSpec) -> Option<Arc<OpenSource>> {
        self.contents().sources.peek(spec).cloned()
    }

    /// Takes in a source that was opened elsewhere, as the one used last, in place of another with the same name.
    pub fn keep(&self, source: Arc<OpenSource>) {
        // One whose files were written to since is read anew rather than taken in again.
        if !source.is_outdated() {
            self.contents().keep(source);
        }
    }

    /// The source called `spec`, opened if it is not open or its files were written to since.
    pub(super) fn open(&self, spec: &SourceSpec) -> Result<Arc<OpenSource>, EngineError> {
        let known = self.contents().sources.get(spec).cloned();
        if let Some(known) = known.filter(|known| !known.is_outdated()) {
            return Ok(known);
        }
        let source = Arc::new((self.open)(spec, &Job::unwatched())?);
        self.contents().keep(source.clone());
        Ok(source)
    }

    /// What was computed of `prompt` so far.
    pub(super) fn prompt(&self, source: Arc<OpenSource>, prompt: &Prompt) -> Result<Arc<PromptRun>, EngineError> {
        let slot = self.contents().prompts.get_or_insert((source.id(), prompt.clone()), Arc::default).clone();
        let mut run = lock(&slot.0);
        if let Some(run) = &*run {
            return Ok(run.clone());
        }
        Ok(run.insert(Arc::new(PromptRun::start(source, prompt, Keeper::new(self.budget.clone()))?)).clone())
    }

    /// What was read so far of a set of prompts, each read as `prompt` is.
    pub(super) fn means(&self, source: SourceId, prompt: &Prompt, over: &PromptSet) -> Arc<Means> {
        self.contents().means.get_or_insert((source, prompt.reworded(""), over.clone()), Arc::default).clone()
    }

    fn contents(&self) -> MutexGuard<'_, CacheContents> {
        lock(&self.contents)
    }
}

impl CacheContents {
    fn keep(&mut self, source: Arc<OpenSource>) {
        let id = source.id();
        // What another source of this name, or one that nobody used for long, made of its prompts is of no use.
        if let Some((_, gone)) = self.sources.push(source.facts().source.clone(), source)
            && gone.id() != id
        {
            let runs: Vec<_> =
                self.prompts.iter().map(|(key, _)| key).filter(|key| key.0 == gone.id()).cloned().collect();
            for key in runs {
                self.prompts.pop(&key);
            }
        }
    }
}

/// What the locks hold is valid after any panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
