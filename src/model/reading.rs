//! Texts that a model reads on, a token at a time, with the keys and values of what it has read.

use std::sync::Arc;

use ndarray::Array2;

use super::{
    ModelError,
    run::{Run, Wanted, behind},
    transformer::{Residual, Transformer},
};
use crate::attention::{Component, Donor, Intervention, LayerQkv};

/// A text that is read under an intervention, with the vectors of every layer at all of its positions. Cheap to clone: what
/// was read is shared until one of them reads on.
///
/// Means over positions and sizes of noise are those of the prompt, fixed at its end. So nothing that was read is changed by
/// what follows, and to read on is the same as to read all anew.
#[derive(Clone, Debug)]
pub struct Reading {
    intervention: Option<Intervention>,
    token_ids: Vec<u32>,
    /// By layer, of the prompt alone.
    prompt: Vec<Arc<LayerQkv>>,
    /// By layer, of the whole text.
    layers: Vec<Arc<LayerQkv>>,
}

impl Reading {
    /// A prompt that was read: its vectors in each layer, under `intervention`.
    pub fn of_prompt(token_ids: Vec<u32>, intervention: Option<Intervention>, prompt: Vec<Arc<LayerQkv>>) -> Self {
        let layers = prompt.iter().map(|qkv| Arc::new(LayerQkv::clone(qkv).behind(qkv.clone()))).collect();
        Self { intervention, token_ids, prompt, layers }
    }

    /// Reads a prompt under `intervention` from the layer on that is the first behind `below`, the vectors of the layers that
    /// it leaves as they are; `residual` is what enters it. Returns also the last position behind the last layer.
    ///
    /// # Errors
    /// When it was cancelled, or vectors or residual stream are another model's.
    pub fn under(
        transformer: &dyn Transformer,
        token_ids: Vec<u32>,
        intervention: Intervention,
        below: Vec<Arc<LayerQkv>>,
        residual: Residual,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(Self, Residual), ModelError> {
        let mut layers = below;
        let first = layers.len();
        let mut keep = |qkv: &Arc<LayerQkv>| layers.push(qkv.clone());
        let qkv = |layer, residual: &Residual| transformer.qkv(layer, residual);
        let last = through(transformer, first, residual, Some(&intervention), &qkv, &mut keep, cancelled)?;
        Ok((Self::of_prompt(token_ids, Some(intervention), layers), last))
    }

    /// What was read so far.
    pub fn token_ids(&self) -> &[u32] {
        &self.token_ids
    }

    /// Reads one more token in each of several texts, which are equally long and go through the layers together. Returns
    /// next-token logits, `[readings, vocab]`.
    ///
    /// # Errors
    /// When it was cancelled, a token is none, or a text is as long as the model reads. Then the readings are of no use.
    pub fn read_on(
        transformer: &dyn Transformer,
        readings: &mut [(&mut Self, u32)],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Array2<f32>, ModelError> {
        for (reading, next) in &mut *readings {
            reading.token_ids.push(*next);
        }
        let n_positions = readings.first().map_or(0, |(reading, _)| reading.token_ids.len());
        let last = if transformer.keeps_vectors(n_positions.saturating_sub(1), n_positions) {
            one_position(transformer, readings, cancelled)?
        } else {
            let anew = readings.iter_mut().map(|(reading, _)| reading.read_anew(transformer, cancelled));
            Residual::stacked(&anew.collect::<Result<Vec<_>, _>>()?)?
        };
        transformer.logits(&last)
    }

    /// Reads the whole text once more, without what is known of it but for what is the prompt's. Returns the last position
    /// behind the last layer.
    ///
    /// # Errors
    /// When it was cancelled, a token is none, or the text is longer than the model reads.
    pub fn read_anew(
        &mut self,
        transformer: &dyn Transformer,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Residual, ModelError> {
        let n_positions = self.token_ids.len();
        let turned = self.intervention.as_ref().map(|intervention| turned(transformer, intervention, n_positions));
        self.intervention = turned.transpose()?;
        let prompt = &self.prompt;
        let qkv = |layer: usize, residual: &Residual| {
            let unknown = || ModelError::UnknownLayer { layer, n_layers: prompt.len() };
            Ok(transformer.qkv(layer, residual)?.behind(prompt.get(layer).ok_or_else(unknown)?.clone()))
        };
        let (start, mut layers) = (transformer.embed(&self.token_ids)?, Vec::with_capacity(prompt.len()));
        let mut keep = |qkv: &Arc<LayerQkv>| layers.push(qkv.clone());
        let last = through(transformer, 0, start, self.intervention.as_ref(), &qkv, &mut keep, cancelled)?;
        self.layers = layers;
        Ok(last)
    }
}

/// `intervention` in a text of so many positions: queries and keys of other prompts are turned as that text's own are. What
/// entered their layer is as the other prompt was read, and what is taken of this one's prompt stays as it was at its end.
fn turned(
    transformer: &dyn Transformer,
    intervention: &Intervention,
    n_positions: usize,
) -> Result<Intervention, ModelError> {
    intervention.try_with_operations(|operation| {
        let Some(donated) = operation.donated() else { return Ok(operation.clone()) };
        let made_anew = donated.iter().filter_map(|((layer, component), donor)| {
            let (first, entering) = donor.entering()?;
            Some(((layer, component), first, entering))
        });
        let turned = made_anew.map(|((layer, component), first, entering)| {
            let residual = Residual::new(entering.clone(), first).in_text_of(n_positions);
            let vectors = transformer.vectors_of_runs(layer, &residual)?.into_iter().next();
            let [query, key, value] = vectors.ok_or(ModelError::EmptyPrompt)?;
            let vectors = match component {
                Component::Query => query,
                Component::Key => key,
                Component::Value | Component::Output => value,
            };
            Ok(((layer, component), Donor::from(first, vectors)))
        });
        let turned = turned.collect::<Result<Vec<_>, ModelError>>()?;
        Ok(operation.clone().with_donated(donated.in_text(turned)))
    })
}

/// The last position behind the last layer, of one run from layer `first` on, whose vectors `keep` sees.
fn through(
    transformer: &dyn Transformer,
    first: usize,
    mut residual: Residual,
    intervention: Option<&Intervention>,
    qkv: &dyn Fn(usize, &Residual) -> Result<LayerQkv, ModelError>,
    keep: &mut dyn FnMut(&Arc<LayerQkv>),
    cancelled: &dyn Fn() -> bool,
) -> Result<Residual, ModelError> {
    let n_layers = transformer.shape().n_layers;
    for layer in first..n_layers {
        if cancelled() {
            return Err(ModelError::Cancelled);
        }
        let qkv = Arc::new(qkv(layer, &residual)?);
        keep(&qkv);
        let wanted = if layer + 1 == n_layers { Wanted::Last } else { Wanted::All };
        residual = behind(transformer, layer, residual, &[Run { qkv, intervention }], wanted)?;
    }
    Ok(residual)
}

/// The last positions behind the last layer, given the keys and values of all in front of them.
fn one_position(
    transformer: &dyn Transformer,
    readings: &mut [(&mut Reading, u32)],
    cancelled: &dyn Fn() -> bool,
) -> Result<Residual, ModelError> {
    let last = |(reading, _): &(&mut Reading, u32)| {
        transformer.embed_from(&reading.token_ids, reading.token_ids.len().saturating_sub(1))
    };
    let mut residual = Residual::stacked(&readings.iter().map(last).collect::<Result<Vec<_>, _>>()?)?;
    let n_positions = residual.positions().end;
    for layer in 0..transformer.shape().n_layers {
        if cancelled() {
            return Err(ModelError::Cancelled);
        }
        let rule = transformer.rule(layer, n_positions)?;
        let vectors = transformer.vectors_of_runs(layer, &residual)?;
        let mut runs = Vec::with_capacity(readings.len());
        for ((reading, _), vectors) in readings.iter_mut().zip(vectors) {
            let unknown = ModelError::UnknownLayer { layer, n_layers: reading.layers.len() };
            let qkv = reading.layers.get_mut(layer).ok_or(unknown)?;
            let appended = Arc::make_mut(qkv).append(vectors, rule.clone());
            appended.map_err(|cause| ModelError::Qkv { layer, cause })?;
            runs.push(Run { qkv: qkv.clone(), intervention: reading.intervention.as_ref() });
        }
        residual = behind(transformer, layer, residual, &runs, Wanted::Last)?;
    }
    Ok(residual)
}
