//! The one implementation of all families: a transformer made of what a description says.

mod attention;
mod bounded;
mod embedding;
mod experts;
mod feed_forward;
mod gated;
mod layer;
mod low_rank;
mod output;
mod qk_norms;
mod tensors;

use ndarray::{Array1, Array2};

use self::{
    attention::Ropes,
    embedding::Embedding,
    layer::Layer,
    output::Output,
    tensors::{Tensors, WRAPPERS},
};
use super::description::Description;
use crate::{
    attention::Rule,
    model::{
        ModelError, NormInput, Notice,
        layers::heads::Vectors,
        parts::{LayerParts, Parts},
        transformer::{ModelShape, Residual, Transformer, layer_of},
        weights::Weights,
    },
};

/// A model with its weights, in f32.
pub struct Network {
    shape: ModelShape,
    embedding: Embedding,
    layers: Vec<Layer>,
    output: Output,
}

impl Network {
    /// `separator` is the id of the token behind which the second sentence of a pair begins.
    ///
    /// # Errors
    /// When a tensor is missing, has another shape than the configuration says, or is not accounted for.
    pub fn load(description: &Description, weights: &Weights<'_>, separator: Option<u32>) -> Result<Self, ModelError> {
        let Description { shape, names, embedding, layers, output } = description;
        let prefix = &prefix(weights, names.prefix, embedding.tokens);
        let below = Tensors { weights, prefix };
        let embedding = Embedding::load(embedding, shape, &below, separator)?;
        let output = Output::load(output, names.redundant, shape, &below, embedding.tokens())?;
        let mut ropes = Ropes::default();
        let layer = |(index, layer)| {
            let prefix = format!("{prefix}{}{index}.", names.layers);
            let below = Tensors { weights, prefix: &prefix };
            let layer = Layer::load(layer, shape, &mut ropes, &below)?;
            below.refuse_unread(names.redundant)?;
            Ok(layer)
        };
        let layers = layers.iter().enumerate().map(layer).collect::<Result<_, ModelError>>()?;
        for complete in names.complete {
            Tensors { weights, prefix: &format!("{prefix}{complete}") }.refuse_unread(names.redundant)?;
        }
        Ok(Self { shape: shape.clone(), embedding, layers, output })
    }

    /// What whoever opened the model should know.
    pub fn notice(&self) -> Option<Notice> {
        self.output.notice()
    }
}

/// What stands in front of the names in this file: files saved from the model without its head leave the family's prefix
/// out, and those of a model with a text part, or saved while it was wrapped, have more.
fn prefix(weights: &Weights<'_>, usual: &str, tokens: &str) -> String {
    let inner = [usual, "", "language_model."];
    let prefixes = WRAPPERS.iter().flat_map(|outer| inner.map(|inner| format!("{outer}{inner}")));
    let is_there = |prefix: &String| weights.contains(&format!("{prefix}{tokens}.weight"));
    // Without any, an error names the tensor as the family has it.
    prefixes.into_iter().find(is_there).unwrap_or_else(|| usual.to_owned())
}

impl Transformer for Network {
    fn shape(&self) -> &ModelShape {
        &self.shape
    }

    fn embed_from(&self, token_ids: &[u32], first: usize) -> Result<Residual, ModelError> {
        self.shape.check_ids(token_ids)?;
        Ok(Residual::new(self.embedding.forward(token_ids, first)?, first))
    }

    fn vectors_of_runs(&self, layer: usize, residual: &Residual) -> Result<Vec<Vectors>, ModelError> {
        let weights = layer_of(&self.layers, layer)?;
        self.shape.expect("query, key and value", residual)?;
        weights.vectors(residual)
    }

    fn rule(&self, layer: usize, n_positions: usize) -> Result<Rule, ModelError> {
        Ok(layer_of(&self.layers, layer)?.rule(n_positions))
    }

    fn keeps_vectors(&self, shorter: usize, longer: usize) -> bool {
        self.layers.iter().all(|layer| layer.keeps_vectors(shorter, longer))
    }

    fn turns_last(&self, layer: usize) -> Result<bool, ModelError> {
        Ok(layer_of(&self.layers, layer)?.turns_last())
    }

    fn adds_positions(&self) -> bool {
        self.embedding.adds_positions()
    }

    fn finish(&self, layer: usize, residual: &Residual, head_outputs: Array2<f32>) -> Result<Residual, ModelError> {
        Ok(residual.with_rows(layer_of(&self.layers, layer)?.finish(residual, &head_outputs)?))
    }

    fn behind_attention(
        &self,
        layer: usize,
        head_outputs: &dyn Fn() -> Result<Array2<f32>, ModelError>,
    ) -> Result<Option<NormInput>, ModelError> {
        layer_of(&self.layers, layer)?.behind_attention(head_outputs)
    }

    fn logits(&self, residual: &Residual) -> Result<Array2<f32>, ModelError> {
        self.shape.expect("logits", residual)?;
        self.output.forward(&residual.rows)
    }

    fn layer_parts(
        &self,
        layer: usize,
        residual: &Residual,
        head_outputs: &Array2<f32>,
    ) -> Result<LayerParts, ModelError> {
        self.check()?;
        residual.expect("parts of a layer", [1, self.shape.d_model])?;
        layer_of(&self.layers, layer)?.parts(residual, head_outputs, self.shape.n_heads)
    }

    fn parts(&self) -> &dyn Parts {
        self
    }
}

impl Parts for Network {
    fn check(&self) -> Result<(), ModelError> {
        if !self.layers.iter().all(Layer::keeps_what_is_written) {
            return Err(ModelError::NoParts {
                why: "the residual stream itself is normed behind each block (post-norm)",
            });
        }
        self.output.linear_head().map(|_| ())
    }

    fn read(&self, parts: &Array2<f64>) -> Result<Array2<f64>, ModelError> {
        self.check()?;
        self.output.read(parts)
    }

    fn logits(&self, read: &Array2<f64>, token_ids: &[u32]) -> Result<Array2<f64>, ModelError> {
        let vocab_size = self.shape.vocab_size;
        let known = |&id: &u32| usize::try_from(id).ok().filter(|&id| id < vocab_size);
        let index = |id| known(id).ok_or(ModelError::UnknownToken { id: *id, vocab_size });
        let ids = token_ids.iter().map(index).collect::<Result<Vec<_>, _>>()?;
        self.output.linear_head()?.logits(read, &ids)
    }

    fn all_logits(&self, read: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        self.output.linear_head()?.all_logits(read)
    }

    fn biases(&self) -> Result<Option<Array1<f64>>, ModelError> {
        Ok(self.output.linear_head()?.biases())
    }
}
