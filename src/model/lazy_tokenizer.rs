//! A tokenizer that is built when a text is first given to it: one of a large vocabulary takes longer to build than all
//! else takes that a model is opened for.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::{
    ModelError,
    tokenizer::{Tokenizer, VocabularyToken},
};

type Build = Box<dyn Fn() -> Result<Tokenizer, ModelError> + Send + Sync>;

/// A tokenizer, or how it is built and what is known of it before.
pub(super) struct LazyTokenizer {
    built: OnceLock<Tokenizer>,
    later: Option<(Preview, Build)>,
    /// Of two threads that need it one builds it.
    building: Mutex<()>,
}

/// What is known of a tokenizer that is not built yet.
pub(super) struct Preview {
    /// Some of its tokens.
    pub tokens: Vec<VocabularyToken>,
    /// Whether it puts a token in front of every sequence.
    pub has_bos: bool,
}

impl From<Tokenizer> for LazyTokenizer {
    fn from(tokenizer: Tokenizer) -> Self {
        Self { built: OnceLock::from(tokenizer), later: None, building: Mutex::default() }
    }
}

impl LazyTokenizer {
    /// One that `build` makes when it is needed for more than `preview` tells.
    pub fn later(preview: Preview, build: impl Fn() -> Result<Tokenizer, ModelError> + Send + Sync + 'static) -> Self {
        Self { built: OnceLock::new(), later: Some((preview, Box::new(build))), building: Mutex::default() }
    }

    /// The tokenizer, built if it was not.
    ///
    /// # Errors
    /// When it cannot be built; then it is tried again the next time.
    pub fn get(&self) -> Result<&Tokenizer, ModelError> {
        if let Some(built) = self.built.get() {
            return Ok(built);
        }
        let _alone = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        match (self.built.get(), &self.later) {
            (Some(built), _) => Ok(built),
            (None, Some((_, build))) => {
                profiling::scope!("tokenizer");
                let built = build()?;
                Ok(self.built.get_or_init(|| built))
            }
            (None, None) => Err(ModelError::NoTokenizer),
        }
    }

    /// The tokenizer by itself, which is built.
    ///
    /// # Errors
    /// When it is not.
    pub fn into_built(self) -> Result<Tokenizer, ModelError> {
        self.built.into_inner().ok_or(ModelError::NoTokenizer)
    }

    /// What is known of it, as long as it is not built.
    fn preview(&self) -> Option<&Preview> {
        self.later.as_ref().filter(|_| self.built.get().is_none()).map(|(preview, _)| preview)
    }

    /// Whether it puts a token in front of every sequence.
    pub fn has_bos(&self) -> bool {
        if let Some(preview) = self.preview() {
            return preview.has_bos;
        }
        self.get().is_ok_and(Tokenizer::has_bos)
    }

    /// The tokens with these ids; where it cannot be built they are written as numbers.
    pub fn tokens(&self, token_ids: &[u32]) -> Vec<VocabularyToken> {
        if let Some(preview) = self.preview() {
            let known = |&id| preview.tokens.iter().find(|token| token.id == id).cloned();
            if let Some(tokens) = token_ids.iter().map(known).collect() {
                return tokens;
            }
        }
        let tokenizer = self.get().ok();
        let token = |&id| tokenizer.map_or_else(|| VocabularyToken::unnamed(id), |tokenizer| tokenizer.token(id));
        token_ids.iter().map(token).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::model::bundled;

    fn token(id: u32) -> VocabularyToken {
        VocabularyToken { piece: format!("known {id}"), text: format!("known {id}"), ..VocabularyToken::unnamed(id) }
    }

    /// Knows two tokens of the bundled model's; counts how often it is built, which fails the first `n_failures` times.
    fn counted(n_failures: usize) -> (LazyTokenizer, Arc<AtomicUsize>) {
        let n_built = Arc::<AtomicUsize>::default();
        let count = n_built.clone();
        let preview = Preview { tokens: vec![token(3), token(7)], has_bos: true };
        let tokenizer = LazyTokenizer::later(preview, move || {
            if count.fetch_add(1, Ordering::Relaxed) < n_failures {
                return Err(ModelError::UnsupportedTokenizer { what: "not yet".to_owned() });
            }
            Tokenizer::from_bytes(bundled::TOKENIZER)
        });
        (tokenizer, n_built)
    }

    #[test]
    fn what_is_known_builds_nothing() {
        let (tokenizer, n_built) = counted(0);
        assert_eq!(tokenizer.tokens(&[7, 3, 7]), [token(7), token(3), token(7)]);
        assert!(tokenizer.has_bos());
        assert_eq!(n_built.load(Ordering::Relaxed), 0);
        // Another token, and from then on all are its own.
        assert_eq!(tokenizer.tokens(&[0])[0].piece, "<s>");
        assert_ne!(tokenizer.tokens(&[7]), [token(7)]);
        assert!(tokenizer.has_bos() && n_built.load(Ordering::Relaxed) == 1);
    }

    #[test]
    fn threads_that_need_it_at_once_share_one() {
        let (tokenizer, n_built) = counted(0);
        let encoded = || tokenizer.get().unwrap().encode("in love", true).unwrap();
        let found: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(encoded)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(found.iter().all(|tokens| *tokens == found[0]) && found[0].len() > 1);
        assert_eq!(n_built.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_failure_is_named_and_tried_again() {
        let (tokenizer, n_built) = counted(2);
        let message = tokenizer.get().err().map(|error| error.to_string());
        assert_eq!(message.as_deref(), Some("the tokenizer cannot be used (not yet): give token ids instead of text"));
        assert_eq!(tokenizer.tokens(&[11]), [VocabularyToken::unnamed(11)]);
        assert!(tokenizer.get().is_ok());
        assert_eq!(n_built.load(Ordering::Relaxed), 3);
    }
}
