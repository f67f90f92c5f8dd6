//! What was written behind a prompt, without and with a change.

use std::sync::Arc;

use serde::Serialize;

use crate::{
    engine::NextToken,
    model::{LanguageModel, ModelError, TextStream},
};

/// One token that a model has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenToken {
    /// In the vocabulary.
    pub id: u32,
    /// What it adds to the text; empty where a character is not whole yet.
    pub piece: String,
}

/// Why no token follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// The last token ends a text.
    EndOfText,
    /// As many were written as were asked for.
    AsAsked,
    /// The model reads no longer text.
    LongestText,
    /// The model's output is no number.
    NotANumber,
}

/// A text behind the prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// From the first behind the prompt on.
    pub tokens: Vec<WrittenToken>,
    /// `None` while more follow.
    pub stopped: Option<Stopped>,
}

impl Written {
    /// The pieces joined.
    pub fn text(&self) -> String {
        self.tokens.iter().map(|token| token.piece.as_str()).collect()
    }

    /// The ids of the tokens.
    pub fn token_ids(&self) -> impl Iterator<Item = u32> {
        self.tokens.iter().map(|token| token.id)
    }
}

/// What a model writes behind a prompt without and with a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Continuation {
    /// The prompt's tokens.
    pub prompt_ids: Arc<[u32]>,
    /// What these spell.
    pub prompt: Arc<str>,
    /// Of the unmodified model.
    pub baseline: Written,
    /// Of the model under the intervention, which acts at every step.
    pub modified: Written,
    /// KL(baseline ‖ modified) in nats of the distributions of each of the baseline's tokens, before temperature and top-k,
    /// both reading the baseline's text up to there.
    pub kl: Vec<f64>,
    /// The likeliest tokens of either distribution at each of these steps, by baseline probability.
    pub top: Vec<Arc<[NextToken]>>,
}

impl Continuation {
    /// The first token that is another one, or that only one of the texts has; `None` where there is none as far as both
    /// are written.
    pub fn first_difference(&self) -> Option<usize> {
        let [ours, theirs] = [&self.baseline, &self.modified];
        let n_equal = ours.token_ids().zip(theirs.token_ids()).take_while(|(a, b)| a == b).count();
        let goes_on = |written: &Written| written.tokens.len() == n_equal && written.stopped.is_none();
        let is_longer = n_equal < ours.tokens.len().max(theirs.tokens.len());
        (is_longer && !goes_on(ours) && !goes_on(theirs)).then_some(n_equal)
    }

    /// The part of the tokens that are others than the baseline's, or that only one of the texts has, 0 to 1; of those up to
    /// where both are written. `None` without a token.
    pub fn changed(&self) -> Option<f64> {
        let [ours, theirs] = [&self.baseline, &self.modified];
        let ends =
            [ours, theirs].map(|written| if written.stopped.is_some() { usize::MAX } else { written.tokens.len() });
        let n = ours.tokens.len().max(theirs.tokens.len()).min(ends[0]).min(ends[1]);
        let n_equal = ours.token_ids().zip(theirs.token_ids()).take(n).filter(|(a, b)| a == b).count();
        (n > 0).then(|| 1.0 - n_equal as f64 / n as f64)
    }

    /// Mean of the divergences that are known.
    pub fn mean_kl(&self) -> Option<f64> {
        let n = self.kl.len();
        (n > 0).then(|| self.kl.iter().sum::<f64>() / n as f64)
    }
}

/// Writes tokens down as they come, as text.
pub(super) struct Scribe<'m> {
    stream: TextStream<'m>,
}

impl<'m> Scribe<'m> {
    pub fn behind(model: &'m LanguageModel, prompt: &[u32]) -> Result<Self, ModelError> {
        Ok(Self { stream: model.text_behind(prompt)? })
    }

    /// Puts down those of `token_ids` that are not in `written` yet, and why none follows.
    pub fn follow(
        &mut self,
        written: &mut Written,
        token_ids: &[u32],
        stopped: Option<Stopped>,
    ) -> Result<(), ModelError> {
        for &id in token_ids.iter().skip(written.tokens.len()) {
            let piece = self.stream.push(id)?;
            written.tokens.push(WrittenToken { id, piece });
        }
        if written.stopped.is_none() && stopped.is_some() {
            let rest = self.stream.finish()?;
            if let Some(last) = written.tokens.last_mut() {
                last.piece += &rest;
            }
            written.stopped = stopped;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(ids: &[u32], stopped: Option<Stopped>) -> Written {
        let token = |&id| WrittenToken { id, piece: format!(" {id}") };
        Written { tokens: ids.iter().map(token).collect(), stopped }
    }

    #[test]
    fn texts_differ_from_the_first_token_on_that_is_not_the_same() {
        const END: Option<Stopped> = Some(Stopped::EndOfText);
        for (baseline, modified, first, changed) in [
            (written(&[1, 2, 3], END), written(&[1, 2, 3], END), None, 0.0),
            (written(&[1, 2, 3, 4], END), written(&[1, 5, 3, 6], END), Some(1), 0.5),
            (written(&[1, 2], END), written(&[1, 2, 3, 4], END), Some(2), 0.5),
            // What is still written may yet be the same.
            (written(&[1, 2, 3, 4], END), written(&[1, 2], None), None, 0.0),
            (written(&[1, 2, 3, 4], END), written(&[1, 3], None), Some(1), 0.5),
        ] {
            let continuation = Continuation { baseline, modified, kl: vec![1.0, 3.0], ..Continuation::default() };
            assert_eq!(continuation.first_difference(), first, "{continuation:?}");
            assert_eq!(continuation.changed(), Some(changed), "{continuation:?}");
            assert_eq!(continuation.mean_kl(), Some(2.0));
        }
        let nothing = Continuation::default();
        assert_eq!((nothing.first_difference(), nothing.changed(), nothing.mean_kl()), (None, None, None));
        assert_eq!(written(&[1, 2], None).text(), " 1 2");
    }
}
