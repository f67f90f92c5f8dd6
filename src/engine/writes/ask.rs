//! Answers what is asked about what parts of a model write.

use std::sync::Arc;

use ndarray::{Array2, Axis};

use super::{
    answer::{NamedToken, Part, PartWrites, Writes},
    rows::PartRows,
    target::Target,
    tokens::{WrittenTokens, written_tokens},
};
use crate::{
    attention::Intervention,
    engine::{Engine, EngineError, RunSpec, Under, prompt_run::PromptRun, run, source::Reader},
    model::LanguageModel,
};

/// Heads whose tokens are looked for at once: a row of the vocabulary each.
const AT_ONCE: usize = 64;

impl Engine {
    /// What every part of the model adds to the logit of a token at a position (the last, where none is given), under
    /// nothing or a change in the scope of `spec`, whose ε do not matter.
    ///
    /// `cancelled` is asked before each layer.
    ///
    /// # Errors
    /// As [`Engine::run`], and when the source has no logits or no part of them is a head's, which says why.
    pub fn writes(
        &mut self,
        spec: &RunSpec,
        under: Under,
        target: &Target,
        position: Option<usize>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Writes, EngineError> {
        let (prompt, position) = self.prompt_at(spec, position)?;
        let model = model_of(&prompt)?;
        let parts = model.transformer().parts();
        let baseline = prompt.part_rows(model, position, None, cancelled)?;
        let biases = parts.biases()?;
        let (token, rival) = target.ids(model, logits(model, &baseline)?)?;
        let found = match self.intervention_of(spec, under)? {
            Some(intervention) => prompt.part_rows(model, position, Some(&intervention), cancelled)?,
            None => baseline,
        };
        let ids: Vec<u32> = std::iter::once(token).chain(rival).collect();
        let of_parts = parts.logits(&found.rows, &ids)?;
        let part = |part, to: &[f64]| {
            let over_rival = to.get(1).map(|to_rival| to[0] - to_rival);
            PartWrites { part, to_target: to[0], over_rival }
        };
        let rows = found.parts.iter().zip(of_parts.outer_iter());
        let mut all: Vec<PartWrites> = rows.map(|(&name, to)| part(name, &to.to_vec())).collect();
        if let Some(biases) = biases {
            let of = |&id: &u32| usize::try_from(id).ok().and_then(|id| biases.get(id)).copied().unwrap_or_default();
            all.push(part(Part::OutputBias, &ids.iter().map(of).collect::<Vec<_>>()));
        }
        let mut named = model.tokens(&ids).into_iter().map(|token| NamedToken { id: token.id, text: token.text });
        let target = named.next().ok_or(EngineError::NoOutput)?;
        let n_heads = prompt.source.facts().n_heads;
        Ok(Writes { target, rival: named.next(), position, parts: all, n_heads })
    }

    /// The tokens whose logits a head raises and lowers most at a position, and what of that is left under a change.
    ///
    /// # Errors
    /// As [`Engine::writes`].
    pub fn written_tokens(
        &mut self,
        spec: &RunSpec,
        under: Under,
        position: Option<usize>,
        count: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<WrittenTokens, EngineError> {
        let facts = self.facts(&spec.source)?;
        run::check(spec, &facts)?;
        let (prompt, position) = self.prompt_at(spec, position)?;
        let model = model_of(&prompt)?;
        let baseline = prompt.part_rows(model, position, None, cancelled)?;
        let modified = match self.intervention_of(spec, under)? {
            Some(intervention) => prompt.part_rows(model, position, Some(&intervention), cancelled)?,
            None => baseline.clone(),
        };
        let row = |rows: &PartRows| {
            let row = rows.head(spec.experiment.layer, spec.experiment.head).ok_or(EngineError::NoOutput)?;
            Ok::<_, EngineError>(row.insert_axis(Axis(0)))
        };
        let found = written_tokens(model, &row(&baseline)?, &row(&modified)?, count)?;
        found.into_iter().next().ok_or(EngineError::NoOutput)
    }

    /// [`Engine::written_tokens`] of all heads under one change or none, by layer and head.
    ///
    /// # Errors
    /// As [`Engine::writes`].
    pub fn all_written_tokens(
        &mut self,
        spec: &RunSpec,
        under: Under,
        position: Option<usize>,
        count: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Vec<WrittenTokens>, EngineError> {
        let (prompt, position) = self.prompt_at(spec, position)?;
        let model = model_of(&prompt)?;
        let intervention = self.intervention_of(spec, under)?;
        let found = prompt.part_rows(model, position, intervention.as_ref(), cancelled)?;
        let is_head = |at: &usize| matches!(found.parts[*at], Part::Head { .. });
        let heads: Vec<usize> = (0..found.parts.len()).filter(is_head).collect();
        let mut all = Vec::with_capacity(heads.len());
        for some in heads.chunks(AT_ONCE) {
            if cancelled() {
                return Err(EngineError::Cancelled);
            }
            let rows: Array2<f64> = found.rows.select(Axis(0), some);
            all.extend(written_tokens(model, &rows, &rows, count)?);
        }
        Ok(all)
    }

    /// The prompt's run, and the position that is meant.
    fn prompt_at(&self, spec: &RunSpec, position: Option<usize>) -> Result<(Arc<PromptRun>, usize), EngineError> {
        let prompt = self.prompt(&spec.source, &spec.prompt)?;
        let n_positions = prompt.tokens.len();
        run::check_positions(spec, n_positions)?;
        let position = position.unwrap_or(n_positions.saturating_sub(1));
        if position < n_positions {
            Ok((prompt, position))
        } else {
            Err(EngineError::NoSuchPosition { position, n_positions })
        }
    }

    fn intervention_of(&mut self, spec: &RunSpec, under: Under) -> Result<Option<Intervention>, EngineError> {
        let Under::Change(component, epsilon) = under else { return Ok(None) };
        let shown = run::check(spec, &*self.facts(&spec.source)?)?;
        Ok(Some(spec.experiment.intervention_at(shown, component, epsilon)))
    }
}

fn model_of(prompt: &PromptRun) -> Result<&LanguageModel, EngineError> {
    match &prompt.source.reader {
        Reader::Model(model) => Ok(model),
        Reader::Capture { .. } => Err(EngineError::NoLogits { title: prompt.source.facts().title.clone() }),
    }
}

/// Logits of the whole vocabulary in front of the final soft cap, which changes no order.
fn logits(model: &LanguageModel, rows: &PartRows) -> Result<Vec<f64>, EngineError> {
    let parts = model.transformer().parts();
    #[expect(clippy::cast_possible_truncation, reason = "f32 is enough to find the largest")]
    let sum = rows.rows.sum_axis(Axis(0)).mapv(|x| x as f32).insert_axis(Axis(0));
    let logits = parts.all_logits(&sum)?.row(0).mapv(f64::from);
    Ok(match parts.biases()? {
        Some(biases) => logits + biases,
        None => logits,
    }
    .to_vec())
}
