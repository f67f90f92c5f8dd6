//! Both texts of a model: asked for, checked, and written a token at a time.

use std::sync::Arc;

use super::{
    Continuation, Writing,
    columns::{Baseline, Changed, Columns, Key},
};
use crate::engine::{
    Engine, EngineError, Job, RunSpec, memory,
    progress::Layers,
    prompt_run::PromptRun,
    run::{check, check_positions},
    source::Reader,
};
use crate::{
    attention::{Component, Epsilon},
    model::{LanguageModel, ModelShape, Reading},
};

impl Engine {
    /// What the model writes behind the prompt of `spec`, without a change and with `component` changed to `epsilon` under
    /// its operation and scope: at every step, for positions that are all or all but the first are also those behind the
    /// prompt. Means over positions and the size of noise are the prompt's. `so_far` is handed what is there after each
    /// token. The last baseline is kept: a drag of ε writes the other text alone.
    ///
    /// # Errors
    /// As [`Engine::run`], and [`EngineError::WritesNothing`] for what has no next token.
    pub fn continuation(
        &mut self,
        job: &Job<'_>,
        spec: &RunSpec,
        (component, epsilon): (Component, Epsilon),
        writing: &Writing,
        so_far: &mut dyn FnMut(&Continuation),
    ) -> Result<Continuation, EngineError> {
        profiling::scope!("Engine::continuation");
        let facts = self.facts(&spec.source)?;
        let nothing = |why| EngineError::WritesNothing { title: facts.title.clone(), why };
        if !facts.kind.is_model() {
            return Err(nothing("it is a capture of one prompt, and there is no model to read on"));
        }
        let shown = check(spec, &facts)?;
        let run = self.prompt(&spec.source, &spec.prompt)?;
        check_positions(spec, run.tokens.len())?;
        let Reader::Model(model) = &run.source.reader else { return Err(EngineError::NoOutput) };
        let layers = Layers::new(job);
        layers.expect(run.layers_to_do(facts.n_layers, std::iter::empty()));
        let begin = || layers.begin();
        if !run.baseline(0, &begin)?.attention().mask().is_causal() {
            return Err(nothing("it reads in both directions, so that no token is the next"));
        }
        memory::check(run.tokens.len(), bytes(model.shape(), run.tokens.len().saturating_add(writing.n_tokens)))?;
        let key = Key::new(run.source.id(), &spec.prompt, writing);
        let mut baseline = match self.last_baseline.take().filter(|last| last.is_of(&key)) {
            Some(last) => last,
            None => Baseline::new(key, read(&run, model, &begin)?),
        };
        let intervention = spec.experiment.intervention_at(shown, component, epsilon);
        let donated = self.donated(spec, &run, std::iter::once(intervention), &|| job.is_cancelled())?;
        let upstream = donated.experiment.intervention_at(shown, component, epsilon).upstream_of(facts.n_layers);
        let changed = || {
            let Some(upstream) = upstream else { return Ok(None) };
            let first = upstream.first_layer();
            let below = (0..first).map(|layer| run.vectors(model, layer, &begin)).collect::<Result<_, _>>()?;
            let (residual, transformer) = (run.residual(model, first, &begin)?, model.transformer());
            let (reading, last) =
                Reading::under(transformer, token_ids(&run), upstream, below, residual, &|| job.is_cancelled())?;
            Ok(Some(Changed::new(reading, model.next_token_logits(&last)?.row(0).to_owned())))
        };
        let columns = Columns { model, job, writing, prompt: &token_ids(&run) };
        let written = columns.write(&mut baseline, changed, so_far);
        // After another error what was read may be half of a step.
        if matches!(written, Ok(_) | Err(EngineError::Cancelled)) {
            self.last_baseline = Some(baseline);
        }
        written
    }
}

fn token_ids(run: &PromptRun) -> Vec<u32> {
    run.tokens.iter().filter_map(|token| token.id).collect()
}

/// The prompt as the unmodified model reads it, and the logits behind it.
fn read(
    run: &PromptRun,
    model: &LanguageModel,
    cancelled: &dyn Fn() -> bool,
) -> Result<(Reading, Arc<ndarray::Array1<f32>>), EngineError> {
    let n_layers = run.source.facts.n_layers;
    let layers = (0..n_layers).map(|layer| run.vectors(model, layer, cancelled)).collect::<Result<_, _>>()?;
    let logits = run.next_token_logits(None, cancelled)?.ok_or(EngineError::NoOutput)?;
    Ok((Reading::of_prompt(token_ids(run), None, layers), logits))
}

/// About how many bytes the vectors of three texts take, two of them with those of their prompt besides.
fn bytes(shape: &ModelShape, n_positions: usize) -> u64 {
    let &ModelShape { n_layers, n_heads, n_kv_heads, head_dim, .. } = shape;
    let of_position = (n_layers * (n_heads + 2 * n_kv_heads) * head_dim * size_of::<f32>()) as u64;
    of_position.saturating_mul(n_positions as u64).saturating_mul(5)
}
