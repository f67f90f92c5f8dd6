//! Where attention and interventions meet the models: the same for every architecture.

use std::{ops::Range, sync::Arc};

use ndarray::{Array2, s};
use rayon::prelude::*;

use super::{
    ModelError,
    transformer::{Residual, Transformer},
};
use crate::attention::{Edit, Intervention, LayerQkv};

/// Below this many multiplications in a layer's attention, handing heads to other threads costs more than it saves.
const WORTH_THREADS: usize = 1 << 20;

/// Outputs of all heads of `layer` side by side, `[T, n_heads · head_dim]`, under `intervention`.
///
/// # Errors
/// When the layer has no value vectors.
pub fn attend(qkv: &LayerQkv, layer: usize, intervention: Option<&Intervention>) -> Result<Array2<f32>, ModelError> {
    let edit_of_head = |head| intervention.and_then(|intervention| intervention.at(layer, head));
    if (0..qkv.n_heads()).filter_map(edit_of_head).any(Edit::is_mean_of_outputs) {
        // All heads share it, and no task of the pool may be the first to ask.
        qkv.outputs();
    }
    let head_output = |head: usize| {
        let edit = qkv.head_edit(layer, head, edit_of_head(head));
        let pattern = Arc::new(qkv.head_scores(head)).pattern(&edit);
        qkv.head_output(head, &pattern, &edit).ok_or(ModelError::NoValues { layer })
    };
    let n_heads = qkv.n_heads();
    let outputs: Vec<Array2<f32>> = if n_heads * qkv.n_positions().pow(2) * qkv.head_dim() < WORTH_THREADS {
        (0..n_heads).map(head_output).collect::<Result<_, _>>()?
    } else {
        (0..n_heads).into_par_iter().map(head_output).collect::<Result<_, _>>()?
    };
    let width = outputs.first().map_or(0, Array2::ncols);
    let mut side_by_side = Array2::zeros((qkv.n_positions(), n_heads * width));
    for (head, output) in outputs.iter().enumerate() {
        side_by_side.slice_mut(s![.., head * width..(head + 1) * width]).assign(output);
    }
    Ok(side_by_side)
}

/// Carries the residual stream in front of layer `layers.start` to the one in front of `layers.end`, under
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
        let head_outputs = attend(&qkv, layer, intervention)?;
        residual = transformer.finish(layer, &residual, head_outputs)?;
    }
    Ok(residual)
}
