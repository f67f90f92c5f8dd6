//! Vectors of one other prompt, aligned with this one's at the end.

use std::sync::Arc;

use ndarray::{Array3, s};

use super::recipient::Recipient;
use crate::{
    attention::{Component, Donor, OtherPrompt},
    engine::{Engine, EngineError, RunSpec, prompt_run::PromptRun},
    model::ModelError,
};

impl Engine {
    /// The run of another prompt through the same source.
    pub(super) fn other_run(
        &self,
        spec: &RunSpec,
        run: &PromptRun,
        other: &OtherPrompt,
    ) -> Result<Arc<PromptRun>, EngineError> {
        let found = self.prompt_of(run.source.clone(), &spec.prompt.other(other));
        found.map_err(|cause| EngineError::of_other_prompt(other.to_string(), cause))
    }

    /// Another prompt's vectors in a layer, at the places of its positions in this prompt.
    pub(super) fn counterpart(
        &self,
        Recipient { run, model, spec, cancelled }: &Recipient<'_>,
        from: &OtherPrompt,
        layer: usize,
        component: Component,
    ) -> Result<Donor, EngineError> {
        let other = self.other_run(spec, run, from)?;
        let (here, there) = (run.tokens.len(), other.tokens.len());
        let first = here.saturating_sub(there);
        let missing = || ModelError::NoValues { layer };
        let transformer = model.transformer();
        let entering = || other.residual(model, layer, *cancelled)?.at_end_of(here).map_err(EngineError::from);
        if here == there || !component.makes_scores() {
            let qkv = other.vectors(model, layer, cancelled)?;
            let vectors = qkv.of_all_heads(component).ok_or_else(missing)?;
            let donor = Donor::from(first, vectors.slice(s![.., there.saturating_sub(here).., ..]).to_owned());
            // What a text writes may turn all queries and keys anew.
            let stays = !component.makes_scores() || transformer.keeps_vectors(here, model.shape().max_positions);
            return Ok(if stays { donor } else { donor.made_of(entering()?.rows().clone()) });
        }
        if !transformer.turns_last(layer)? {
            let title = run.source.facts.title.clone();
            return Err(EngineError::NormBehindRotation { title, expected: here, found: there });
        }
        // Made of what enters the layer there, and turned to where they stand here.
        let moved = entering()?;
        let [query, key, _]: [Array3<f32>; 3] =
            transformer.vectors_of_runs(layer, &moved)?.into_iter().next().ok_or(ModelError::EmptyPrompt)?;
        let donor = Donor::from(first, if component == Component::Query { query } else { key });
        let stays = transformer.keeps_vectors(here, model.shape().max_positions);
        Ok(if stays { donor } else { donor.made_of(moved.rows().clone()) })
    }
}
