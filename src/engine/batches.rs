//! Runs of a prompt under interventions: which of them go through the layers together, and what comes of them.

use std::sync::Arc;

use ndarray::{Array1, Axis};

use super::{
    EngineError,
    layer_run::LayerRun,
    memory::{self, Keep},
    prompt_run::{PromptRun, lock},
    source::Reader,
};
use crate::{
    attention::{Intervention, LayerAttention},
    model::{
        LanguageModel, Residual,
        run::{Batch, Beginning, Wanted},
    },
};

/// Multiplications of a batch, from its first layer to its last: a fraction of a second, so that answers come one after
/// the other where a run takes long, and are given up soon.
const MOST_MULTIPLICATIONS: u64 = 1 << 35;
/// Bytes that the runs of a batch may hold between two products.
const MOST_BYTES: u64 = 256 << 20;

/// Interventions and what comes of each.
pub(super) type Under<T> = Vec<(Intervention, T)>;

/// What came of the last batch, for whoever asks for one intervention after the other.
pub(super) struct LastBatch<T>(Under<T>);

impl<T> Default for LastBatch<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Clone> LastBatch<T> {
    /// What comes of `upstream`: it is in the last batch, or in the one that `make` makes now. `None` where a source makes
    /// nothing of it.
    pub fn get(
        &mut self,
        upstream: &Intervention,
        make: impl FnOnce() -> Result<Under<T>, EngineError>,
    ) -> Result<Option<T>, EngineError> {
        if self.find(upstream).is_none() {
            self.0 = make()?;
        }
        Ok(self.find(upstream))
    }

    fn find(&self, upstream: &Intervention) -> Option<T> {
        self.0.iter().find(|(other, _)| other == upstream).map(|(_, made)| made.clone())
    }
}

impl PromptRun {
    /// The layer as interventions that act before it leave it: of those that `upstream` begins with as many as are made
    /// together, without repetition, and at least the first. Each restarts from the baseline's residual stream in front
    /// of the first layer that it changes. `cancelled` is asked before each layer of each run.
    pub fn next_under<'a>(
        &self,
        upstream: impl Iterator<Item = &'a Intervention>,
        layer: usize,
        keep: Keep,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Under<Arc<LayerRun>>, EngineError> {
        let batch = self.batch(upstream, layer);
        let Reader::Model(model) = &self.source.reader else {
            // A capture knows only the shown layer: what happens before it is in the file already.
            let baseline = self.baseline(layer, cancelled)?;
            return Ok(batch.into_iter().map(|upstream| (upstream.clone(), baseline.clone())).collect());
        };
        let (batch, residual) = self.run_through(model, batch, layer, cancelled)?;
        let Some(residual) = residual else { return Ok(Vec::new()) };
        let of_runs = model.transformer().qkv_of_runs(layer, &residual)?.into_iter().map(LayerAttention::from);
        let runs: Under<_> = batch
            .into_iter()
            .zip(of_runs)
            .map(|(upstream, attention)| (upstream.clone(), self.layer_run(layer, attention, keep)))
            .collect();
        if keep == Keep::Answers {
            let mut modified = lock(&self.modified);
            for (upstream, run) in &runs {
                self.keeper.keep_under(&mut modified, (upstream.clone(), layer), run);
            }
        }
        Ok(runs)
    }

    /// Next-token logits `[vocab]` after the last position under interventions, which are cut to the model's layers:
    /// as many as [`Self::next_under`]. Of a capture there are none.
    pub fn next_logits<'a>(
        &self,
        upstream: impl Iterator<Item = &'a Intervention>,
        keep: Keep,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Under<Arc<Array1<f32>>>, EngineError> {
        let Reader::Model(model) = &self.source.reader else { return Ok(Vec::new()) };
        let n_layers = self.source.facts.n_layers;
        let (batch, residual) = self.run_through(model, self.batch(upstream, n_layers), n_layers, cancelled)?;
        let Some(residual) = residual else { return Ok(Vec::new()) };
        let logits = model.next_token_logits(&residual)?;
        let rows = logits.axis_iter(Axis(0)).map(|row| Arc::new(row.to_owned()));
        let found: Under<_> = batch.into_iter().cloned().zip(rows).collect();
        if keep == Keep::Answers {
            let mut kept = lock(&self.logits);
            for (upstream, logits) in &found {
                kept.put(Some(upstream.clone()), logits.clone());
            }
        }
        Ok(found)
    }

    /// What the next batch consists of.
    fn batch<'a>(&self, upstream: impl Iterator<Item = &'a Intervention>, end: usize) -> Vec<&'a Intervention> {
        let of_position = match &self.source.reader {
            Reader::Model(model) => model.transformer().multiplications(),
            Reader::Capture { .. } => 0,
        };
        let n_positions = self.tokens.len() as u64;
        let of_layer = of_position.saturating_mul(n_positions);
        let bytes = self.run_bytes();
        let (mut batch, mut multiplications): (Vec<&Intervention>, u64) = (Vec::new(), 0);
        for intervention in upstream {
            if batch.contains(&intervention) {
                continue;
            }
            let n_layers = end.saturating_sub(intervention.first_layer()) as u64;
            multiplications = multiplications.saturating_add(of_layer.saturating_mul(n_layers));
            let held = bytes.saturating_mul(batch.len() as u64 + 1);
            if !batch.is_empty() && (multiplications > MOST_MULTIPLICATIONS || held > MOST_BYTES) {
                break;
            }
            batch.push(intervention);
        }
        batch
    }

    fn run_bytes(&self) -> u64 {
        match &self.source.reader {
            Reader::Model(model) => memory::run_bytes(model.shape(), self.tokens.len()),
            Reader::Capture { .. } => 0,
        }
    }

    /// The residual streams in front of layer `end` of runs under each of `upstream`, in the order in which these are
    /// returned; behind the last layer it is the last positions' alone. `None` where there are none.
    fn run_through<'a>(
        &self,
        model: &LanguageModel,
        mut upstream: Vec<&'a Intervention>,
        end: usize,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(Vec<&'a Intervention>, Option<Residual>), EngineError> {
        memory::check(self.tokens.len(), self.run_bytes().saturating_mul(upstream.len() as u64))?;
        upstream.sort_by_key(|intervention| intervention.first_layer());
        let mut batch = Batch::new(model.transformer());
        let mut waiting = &upstream[..];
        let first = waiting.first().map_or(end, |intervention| intervention.first_layer());
        for layer in first..end {
            let n_beginning = waiting.iter().take_while(|intervention| intervention.first_layer() <= layer).count();
            let (beginning, later) = waiting.split_at(n_beginning);
            waiting = later;
            let beginning =
                if beginning.is_empty() { None } else { Some(self.beginning(model, layer, beginning, cancelled)?) };
            for _ in 0..batch.n_runs() + n_beginning {
                if cancelled() {
                    return Err(EngineError::Cancelled);
                }
            }
            let is_last = layer + 1 == self.source.facts.n_layers;
            batch.advance(layer, beginning, if is_last { Wanted::Last } else { Wanted::All })?;
        }
        let residual = batch.residual();
        Ok((upstream, residual))
    }

    fn beginning<'a>(
        &self,
        model: &LanguageModel,
        layer: usize,
        interventions: &[&'a Intervention],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Beginning<'a>, EngineError> {
        let residual = self.residual(model, layer, cancelled)?;
        let qkv = self.vectors(model, layer, cancelled)?;
        Ok(Beginning { residual, qkv, interventions: interventions.to_vec() })
    }
}
