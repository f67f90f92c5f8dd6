//! The residual stream at one position taken apart: what every part of a model adds to it, as the unembedding reads it.

use std::sync::Arc;

use ndarray::{Array1, Array2, s};

use super::{answer::Part, rows::PartRows};
use crate::{
    attention::{Intervention, LayerQkv, LayersUnder},
    engine::{
        EngineError,
        prompt_run::{PromptRun, lock},
    },
    model::{self, LanguageModel, LayerParts, ModelError, Residual},
};

/// Rows as they are found, layer after layer.
#[derive(Default)]
struct Found {
    parts: Vec<Part>,
    rows: Vec<Array1<f64>>,
}

impl Found {
    fn push(&mut self, part: Part, row: Array1<f64>) {
        self.parts.push(part);
        self.rows.push(row);
    }

    fn push_layer(&mut self, layer: usize, LayerParts { heads, bias, feed_forward }: LayerParts) {
        for (head, row) in heads.outer_iter().enumerate() {
            self.push(Part::Head { layer, head }, row.to_owned());
        }
        if let Some(bias) = bias {
            self.push(Part::AttentionBias { layer }, bias);
        }
        self.push(Part::FeedForward { layer }, feed_forward);
    }

    fn read(mut self, model: &LanguageModel) -> Result<PartRows, ModelError> {
        let width = self.rows.first().map_or(0, Array1::len);
        let mut stream = Array2::zeros((self.rows.len(), width));
        for (mut to, row) in stream.outer_iter_mut().zip(&self.rows) {
            to.assign(row);
        }
        let mut rows = model.transformer().parts().read(&stream)?;
        let last = rows.nrows().saturating_sub(1);
        if rows.row(last).iter().all(|&x| x == 0.0) {
            rows = rows.slice(s![..last, ..]).to_owned();
        } else {
            self.parts.push(Part::FinalNormBias);
        }
        Ok(PartRows { parts: self.parts, rows })
    }
}

impl PromptRun {
    /// All parts of the residual stream at `position` under an intervention, found once while they are kept.
    pub(super) fn part_rows(
        &self,
        model: &LanguageModel,
        position: usize,
        intervention: Option<&Intervention>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Arc<PartRows>, EngineError> {
        model.transformer().parts().check()?;
        let active = intervention.and_then(|intervention| intervention.upstream_of(self.source.facts.n_layers));
        let key = (position, active);
        let known = lock(&self.parts).get(&key).and_then(std::sync::Weak::upgrade);
        if let Some(rows) = known {
            self.keeper.keep(rows.clone());
            return Ok(rows);
        }
        let rows = Arc::new(self.find_parts(model, position, key.1.as_ref(), cancelled)?);
        self.keeper.keep_under(&mut lock(&self.parts), key, &rows);
        Ok(rows)
    }

    fn find_parts(
        &self,
        model: &LanguageModel,
        position: usize,
        active: Option<&Intervention>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<PartRows, EngineError> {
        let transformer = model.transformer();
        let nothing = Intervention::default();
        let intervention = active.unwrap_or(&nothing);
        let mut found = Found::default();
        found.push(Part::Embeddings, self.residual(model, 0, cancelled)?.at(position).first_row());
        let layer_parts = |layer: usize, residual: &Residual, qkv: &Arc<LayerQkv>| {
            let outputs = head_outputs(qkv, layer, intervention, position)?;
            transformer.layer_parts(layer, &residual.at(position), &outputs)
        };
        let last = self.source.facts.n_layers.saturating_sub(1);
        // The baseline's stream is the run's own up to the first layer that is changed.
        let first = active.map_or(last, Intervention::first_layer).min(last);
        for layer in 0..=first {
            let residual = self.residual(model, layer, cancelled)?;
            let qkv = self.vectors(model, layer, cancelled)?;
            found.push_layer(layer, layer_parts(layer, &residual, &qkv)?);
        }
        if first < last {
            let start = self.residual(model, first, cancelled)?;
            let mut failure = None;
            let mut behind = |layer: usize, residual: &Residual, qkv: &Arc<LayerQkv>| {
                if layer > first && failure.is_none() {
                    match layer_parts(layer, residual, qkv) {
                        Ok(parts) => found.push_layer(layer, parts),
                        Err(error) => failure = Some(error),
                    }
                }
            };
            let end = model::run::advance(transformer, first..last, start, active, cancelled, &mut behind)?;
            if let Some(error) = failure {
                return Err(error.into());
            }
            let qkv = Arc::new(transformer.qkv(last, &end)?);
            found.push_layer(last, layer_parts(last, &end, &qkv)?);
        }
        Ok(found.read(model)?)
    }
}

/// The outputs of all heads of a layer at one position side by side, `[1, n_heads · value_dim]`.
fn head_outputs(
    qkv: &Arc<LayerQkv>,
    layer: usize,
    intervention: &Intervention,
    position: usize,
) -> Result<Array2<f32>, ModelError> {
    let stacked = intervention.in_layer(layer);
    let under = LayersUnder::default().get(qkv, layer, &stacked.beneath);
    let output = |head| {
        let edit = stacked.top_at(layer, head);
        under.output_of(layer, head, edit, position..position + 1).ok_or(ModelError::NoValues { layer })
    };
    let outputs = (0..under.n_heads()).map(output).collect::<Result<Vec<_>, _>>()?;
    let side_by_side: Vec<f32> = outputs.iter().flatten().copied().collect();
    let width = side_by_side.len();
    Array2::from_shape_vec((1, width), side_by_side).map_err(|_| ModelError::NoValues { layer })
}
