//! Two texts side by side: each step chooses a token of both and reads them together.

use std::sync::Arc;

use ndarray::Array1;

use super::{
    choice::Choice,
    writing::{AtEnd, Writing},
    written::{Continuation, Scribe, Stopped},
};
use crate::{
    engine::{Effect, EngineError, Job, Progress, Prompt, SourceId},
    model::{LanguageModel, Reading},
};

/// Next-token logits, `[vocab]`.
type Logits = Arc<Array1<f32>>;

/// What a baseline depends on; how many tokens are wanted of it does not matter.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    source: SourceId,
    prompt: Prompt,
    choice: Choice,
    at_end: AtEnd,
}

impl Key {
    pub fn new(source: SourceId, prompt: &Prompt, writing: &Writing) -> Self {
        Self { source, prompt: prompt.clone(), choice: writing.choice, at_end: writing.at_end }
    }
}

/// A text that was read so far, and what it predicts.
#[derive(Clone)]
struct Side {
    reading: Reading,
    logits: Logits,
}

/// The tokens that were chosen, and why none follows.
#[derive(Clone, Default)]
struct Chosen {
    token_ids: Vec<u32>,
    stopped: Option<Stopped>,
}

impl Chosen {
    /// The token of the next step.
    fn choose(&mut self, columns: &Columns<'_>, logits: &Logits) {
        let Writing { choice, at_end, .. } = *columns.writing;
        match choice.token(logits.view(), self.token_ids.len()) {
            None => self.stopped = Some(Stopped::NotANumber),
            Some(id) => {
                self.token_ids.push(id);
                if at_end == AtEnd::Stop && columns.model.ends_with(id) {
                    self.stopped = Some(Stopped::EndOfText);
                }
            }
        }
    }

    /// The token of a step that is to be read, as something follows it.
    fn next(&self, step: usize) -> Option<u32> {
        let is_last = self.stopped.is_some() && step + 1 >= self.token_ids.len();
        self.token_ids.get(step).copied().filter(|_| !is_last)
    }

    fn up_to(&self, n_tokens: usize) -> &[u32] {
        &self.token_ids[..self.token_ids.len().min(n_tokens)]
    }
}

/// The text of the unmodified model. It may be known further than it is asked for.
pub struct Baseline {
    key: Key,
    side: Side,
    chosen: Chosen,
    /// Of each step.
    logits: Vec<Logits>,
}

impl Baseline {
    pub fn new(key: Key, (reading, logits): (Reading, Logits)) -> Self {
        let side = Side { reading, logits: logits.clone() };
        Self { key, side, chosen: Chosen::default(), logits: vec![logits] }
    }

    pub fn is_of(&self, key: &Key) -> bool {
        self.key == *key
    }
}

/// The text of the modified model.
pub struct Changed {
    own: Side,
    /// The baseline's text, as the modified model reads it, once it is another one.
    on_baseline: Option<Side>,
    chosen: Chosen,
}

impl Changed {
    pub fn new(reading: Reading, logits: Array1<f32>) -> Self {
        let own = Side { reading, logits: Arc::new(logits) };
        Self { own, on_baseline: None, chosen: Chosen::default() }
    }
}

/// What both texts have in common.
pub struct Columns<'a> {
    pub model: &'a LanguageModel,
    pub job: &'a Job<'a>,
    pub writing: &'a Writing,
    pub prompt: &'a [u32],
}

impl Columns<'_> {
    /// Writes both; `changed` reads the prompt under the intervention, `None` where that changes nothing.
    pub fn write(
        &self,
        baseline: &mut Baseline,
        changed: impl FnOnce() -> Result<Option<Changed>, EngineError>,
        so_far: &mut dyn FnMut(&Continuation),
    ) -> Result<Continuation, EngineError> {
        // The last token that is written need not be read.
        let longest = (self.model.shape().max_positions + 1).saturating_sub(self.prompt.len());
        let n_tokens = self.writing.n_tokens.min(longest);
        let at_limit = if longest < self.writing.n_tokens { Stopped::LongestText } else { Stopped::AsAsked };
        let [mut ours, mut theirs] =
            [Scribe::behind(self.model, self.prompt)?, Scribe::behind(self.model, self.prompt)?];
        let mut written = Continuation {
            prompt_ids: self.prompt.into(),
            prompt: self.model.spelled(self.prompt)?.into(),
            ..Continuation::default()
        };
        let stopped = |chosen: &Chosen| {
            let of_chosen = chosen.stopped.filter(|_| chosen.token_ids.len() <= n_tokens);
            of_chosen.or_else(|| (chosen.token_ids.len() >= n_tokens).then_some(at_limit))
        };
        if baseline.chosen.token_ids.is_empty() && n_tokens > 0 {
            baseline.chosen.choose(self, &baseline.logits[0]);
        }
        ours.follow(&mut written.baseline, baseline.chosen.up_to(n_tokens), stopped(&baseline.chosen))?;
        so_far(&written);
        let mut changed = changed()?;
        for step in 0..n_tokens {
            self.job.check()?;
            self.job.progress(Progress { done: step, of: n_tokens });
            if baseline.chosen.token_ids.len() == step && baseline.chosen.stopped.is_none() {
                baseline.chosen.choose(self, &baseline.logits[step]);
            }
            ours.follow(&mut written.baseline, baseline.chosen.up_to(n_tokens), stopped(&baseline.chosen))?;
            if let Some(changed) = &mut changed {
                if changed.chosen.stopped.is_none() {
                    changed.chosen.choose(self, &changed.own.logits);
                }
                if changed.on_baseline.is_none()
                    && changed.chosen.token_ids.get(step) != baseline.chosen.token_ids.get(step)
                {
                    changed.on_baseline = Some(changed.own.clone());
                }
            }
            if step < baseline.chosen.token_ids.len() {
                let logits = changed.as_ref().map_or(&baseline.logits[step], Changed::logits_behind_baseline);
                let text_of = |id| self.model.tokens(&[id]).swap_remove(0).text;
                let effect = Effect::new(baseline.logits[step].view(), logits.view(), text_of);
                written.kl.push(effect.kl);
                written.top.push(effect.top.into());
            }
            let chosen = changed.as_ref().map_or(&baseline.chosen, |changed| &changed.chosen);
            theirs.follow(&mut written.modified, &chosen.token_ids[..chosen.token_ids.len().min(step + 1)], None)?;
            if step + 1 == n_tokens || !self.read(baseline, changed.as_mut(), step)? {
                break;
            }
            so_far(&written);
        }
        let chosen = changed.as_ref().map_or(&baseline.chosen, |changed| &changed.chosen);
        theirs.follow(&mut written.modified, chosen.up_to(n_tokens), stopped(chosen))?;
        so_far(&written);
        Ok(written)
    }

    /// Reads the tokens of a step in every text that they are needed in; whether there was one.
    fn read(&self, baseline: &mut Baseline, changed: Option<&mut Changed>, step: usize) -> Result<bool, EngineError> {
        let next = baseline.chosen.next(step);
        let is_new = next.is_some() && baseline.logits.len() == step + 1;
        let mut sides: Vec<(&mut Side, u32)> = Vec::with_capacity(3);
        if let Some(next) = next.filter(|_| is_new) {
            sides.push((&mut baseline.side, next));
        }
        if let Some(changed) = changed {
            if let Some(own) = changed.chosen.next(step) {
                sides.push((&mut changed.own, own));
            }
            if let Some((side, next)) = changed.on_baseline.as_mut().zip(next) {
                sides.push((side, next));
            }
        }
        let goes_on = next.is_some() || !sides.is_empty();
        if !sides.is_empty() {
            let mut readings: Vec<_> = sides.iter_mut().map(|(side, next)| (&mut side.reading, *next)).collect();
            // A step is begun or not: half of one would be of no use to the next question.
            let logits = Reading::read_on(self.model.transformer(), &mut readings, &|| false)?;
            for ((side, _), row) in sides.into_iter().zip(logits.outer_iter()) {
                side.logits = Arc::new(row.to_owned());
            }
        }
        if is_new {
            baseline.logits.push(baseline.side.logits.clone());
        }
        Ok(goes_on)
    }
}

impl Changed {
    /// What it predicts behind the baseline's text.
    fn logits_behind_baseline(&self) -> &Logits {
        &self.on_baseline.as_ref().unwrap_or(&self.own).logits
    }
}
