//! Where attention and interventions meet the models: the same for every architecture.

use std::{ops::Range, sync::Arc};

use ndarray::{Array2, s};
use rayon::prelude::*;

use super::{
    ModelError,
    transformer::{Residual, Transformer},
};
use crate::attention::{Change, Edit, Intervention, LayerQkv, LayersUnder};

/// Below this many multiplications in a layer's attention, handing heads to other threads costs more than it saves.
const WORTH_THREADS: usize = 1 << 20;

/// The positions behind a layer that something later needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those of the whole prompt: a layer follows.
    All,
    /// The last of each run, from which the next token's logits are made.
    Last,
}

/// A run in front of a layer's attention.
pub(super) struct Run<'a> {
    pub qkv: Arc<LayerQkv>,
    pub intervention: Option<&'a Intervention>,
}

/// A run whose changes in the layer are made, but for the last.
struct OnTop<'a> {
    qkv: Arc<LayerQkv>,
    top: Option<&'a Change>,
}

/// A head whose output is computed once for all runs that have it in common.
struct Distinct<'a> {
    qkv: &'a Arc<LayerQkv>,
    head: usize,
    edit: Option<&'a Edit>,
}

/// Runs of one prompt that go through a model's layers together, each under an intervention of its own: in every product
/// their rows are stacked, attention is each run's own. The numbers of a run do not depend on the others.
pub struct Batch<'a> {
    transformer: &'a dyn Transformer,
    interventions: Vec<&'a Intervention>,
    /// In front of the next layer, in the order of `interventions`; `None` before the first run has begun.
    residual: Option<Residual>,
}

/// Runs that begin in front of a layer, up to which nothing is changed.
#[derive(Debug)]
pub struct Beginning<'a> {
    /// The baseline's.
    pub residual: Residual,
    /// The baseline's vectors in this layer.
    pub qkv: Arc<LayerQkv>,
    /// One for each run.
    pub interventions: Vec<&'a Intervention>,
}

impl<'a> Batch<'a> {
    /// Without runs as yet.
    pub fn new(transformer: &'a dyn Transformer) -> Self {
        Self { transformer, interventions: Vec::new(), residual: None }
    }

    /// How many runs there are by now.
    pub fn n_runs(&self) -> usize {
        self.interventions.len()
    }

    /// The residual streams of all runs, in the order in which they began; `None` where there are none.
    pub fn residual(self) -> Option<Residual> {
        self.residual
    }

    /// Carries all runs, and those that begin here, through `layer`.
    ///
    /// # Errors
    /// When the layer does not exist, or a residual stream is another model's.
    pub fn advance(
        &mut self,
        layer: usize,
        beginning: Option<Beginning<'a>>,
        wanted: Wanted,
    ) -> Result<(), ModelError> {
        profiling::scope!("layer");
        let (mut runs, mut residuals) = (Vec::new(), Vec::new());
        if let Some(residual) = self.residual.take() {
            let of_runs = self.transformer.qkv_of_runs(layer, &residual)?.into_iter().map(Arc::new);
            runs.extend(of_runs.zip(&self.interventions).map(|(qkv, &of_run)| Run { qkv, intervention: Some(of_run) }));
            residuals.push(residual);
        }
        if let Some(Beginning { residual, qkv, interventions }) = beginning {
            runs.extend(interventions.iter().map(|&of_run| Run { qkv: qkv.clone(), intervention: Some(of_run) }));
            residuals.extend(interventions.iter().map(|_| residual.clone()));
            self.interventions.extend(interventions);
        }
        if !runs.is_empty() {
            let residual = Residual::stacked(&residuals)?;
            self.residual = Some(behind(self.transformer, layer, residual, &runs, wanted)?);
        }
        Ok(())
    }
}

/// Outputs of all heads of `layer` side by side, `[T, n_heads · head_dim]`, under `intervention`.
///
/// # Errors
/// When the layer has no value vectors.
pub fn attend(
    qkv: &Arc<LayerQkv>,
    layer: usize,
    intervention: Option<&Intervention>,
) -> Result<Array2<f32>, ModelError> {
    attend_all(&[Run { qkv: qkv.clone(), intervention }], layer, Wanted::All)
}

/// Carries the residual stream of one run in front of layer `layers.start` to the one in front of `layers.end`, under
/// `intervention`.
///
/// `observe` sees, for each layer, the residual stream in front of it and its unmodified query, key and value vectors:
/// what a caller may keep. `cancelled` is asked before each layer.
///
/// # Errors
/// When it was cancelled, a layer does not exist, or the residual stream is another model's.
pub fn advance(
    transformer: &dyn Transformer,
    layers: Range<usize>,
    mut residual: Residual,
    intervention: Option<&Intervention>,
    cancelled: &dyn Fn() -> bool,
    observe: &mut dyn FnMut(usize, &Residual, &Arc<LayerQkv>),
) -> Result<Residual, ModelError> {
    for layer in layers {
        if cancelled() {
            return Err(ModelError::Cancelled);
        }
        profiling::scope!("layer");
        let qkv = Arc::new(transformer.qkv(layer, &residual)?);
        observe(layer, &residual, &qkv);
        residual = behind(transformer, layer, residual, &[Run { qkv, intervention }], Wanted::All)?;
    }
    Ok(residual)
}

/// The last position behind `layer`, the model's last, of the unmodified run: `residual` and `qkv` are those in front.
///
/// # Errors
/// As [`Batch::advance`].
pub fn last_position(
    transformer: &dyn Transformer,
    layer: usize,
    residual: Residual,
    qkv: Arc<LayerQkv>,
) -> Result<Residual, ModelError> {
    behind(transformer, layer, residual, &[Run { qkv, intervention: None }], Wanted::Last)
}

/// The residual streams behind a layer.
pub(super) fn behind(
    transformer: &dyn Transformer,
    layer: usize,
    residual: Residual,
    runs: &[Run<'_>],
    wanted: Wanted,
) -> Result<Residual, ModelError> {
    let outputs = attend_all(runs, layer, wanted)?;
    let residual = match wanted {
        Wanted::All => residual,
        Wanted::Last => residual.last()?,
    };
    transformer.finish(layer, &residual, outputs)
}

/// Outputs of all heads of a layer side by side, run below run.
fn attend_all<'a>(runs: &[Run<'a>], layer: usize, wanted: Wanted) -> Result<Array2<f32>, ModelError> {
    let mut made = LayersUnder::default();
    let on_top = |Run { qkv, intervention }: &Run<'a>| {
        let stacked = intervention.map(|intervention| intervention.in_layer(layer)).unwrap_or_default();
        OnTop { qkv: made.get(qkv, layer, &stacked.beneath), top: stacked.top }
    };
    let runs: Vec<OnTop<'a>> = runs.iter().map(on_top).collect();
    let Some(first) = runs.first().map(|run| &run.qkv) else { return Ok(Array2::zeros((0, 0))) };
    let (n_heads, n_positions) = (first.n_heads(), first.n_positions());
    let queries = match wanted {
        Wanted::All => 0..n_positions,
        Wanted::Last => n_positions.saturating_sub(1)..n_positions,
    };
    let (heads, of_runs) = distinct_heads(&runs, n_heads, layer);
    for of_mean in heads.iter().filter(|head| head.edit.is_some_and(Edit::is_mean_of_outputs)) {
        // All heads share it: otherwise one would make it and the others wait.
        of_mean.qkv.outputs();
    }
    let output = |head: &Distinct<'_>| {
        let output = head.qkv.output_of(layer, head.head, head.edit, queries.clone());
        output.ok_or(ModelError::NoValues { layer })
    };
    let multiplications = heads.len() * queries.len() * n_positions * first.head_dim();
    let outputs: Vec<Array2<f32>> = if multiplications < WORTH_THREADS {
        heads.iter().map(output).collect::<Result<_, _>>()?
    } else {
        heads.par_iter().map(output).collect::<Result<_, _>>()?
    };
    let width = outputs.first().map_or(0, Array2::ncols);
    let mut side_by_side = Array2::zeros((runs.len() * queries.len(), n_heads * width));
    for (run, heads) in of_runs.iter().enumerate() {
        let rows = run * queries.len()..(run + 1) * queries.len();
        for (head, &output) in heads.iter().enumerate() {
            let columns = head * width..(head + 1) * width;
            side_by_side.slice_mut(s![rows.clone(), columns]).assign(&outputs[output]);
        }
    }
    Ok(side_by_side)
}

/// The heads of all runs without repetition, and for each run which of them its heads are: runs that begin in this layer
/// have all heads in common that they do not change.
fn distinct_heads<'a>(runs: &'a [OnTop<'a>], n_heads: usize, layer: usize) -> (Vec<Distinct<'a>>, Vec<Vec<usize>>) {
    let mut heads: Vec<Distinct<'a>> = Vec::new();
    let mut of_runs: Vec<Vec<usize>> = vec![Vec::with_capacity(n_heads); runs.len()];
    for head in 0..n_heads {
        let first = heads.len();
        for (run, places) in runs.iter().zip(&mut of_runs) {
            let edit = run.top.and_then(|change| change.at(layer, head));
            let is_same = |other: &Distinct<'_>| Arc::ptr_eq(other.qkv, &run.qkv) && other.edit == edit;
            let known = heads[first..].iter().position(is_same);
            places.push(known.map_or(heads.len(), |place| first + place));
            if known.is_none() {
                heads.push(Distinct { qkv: &run.qkv, head, edit });
            }
        }
    }
    (heads, of_runs)
}
