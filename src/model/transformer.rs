//! What every architecture does, one layer at a time, so that interventions and attention live in one place.

use std::{ops::Range, sync::Arc};

use ndarray::{Array1, Array2, Axis, s};

pub use super::position_limit::PositionLimit;
use super::{
    ModelError, NormInput,
    layers::heads::Vectors,
    parts::{LayerParts, Parts},
};
use crate::attention::{LayerQkv, Rule};

/// Dimensions of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelShape {
    /// Number of layers.
    pub n_layers: usize,
    /// Number of query heads in each layer.
    pub n_heads: usize,
    /// Number of key and value heads in each layer; divides the number of query heads.
    pub n_kv_heads: usize,
    /// Dimensions of each query and key vector.
    pub head_dim: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// The longest sequence that can be read.
    pub max_positions: usize,
    /// What sets `max_positions`.
    pub position_limit: PositionLimit,
    /// Number of tokens in the vocabulary.
    pub vocab_size: usize,
}

impl ModelShape {
    /// # Errors
    /// When there is no token, there are more than fit, or one is outside the vocabulary.
    pub fn check_ids(&self, token_ids: &[u32]) -> Result<(), ModelError> {
        let (found, vocab_size) = (token_ids.len(), self.vocab_size);
        if found == 0 {
            return Err(ModelError::EmptyPrompt);
        }
        if found > self.max_positions {
            let (max, limit) = (self.max_positions, self.position_limit);
            return Err(ModelError::PromptTooLong { found, max, limit });
        }
        match token_ids.iter().find(|&&id| usize::try_from(id).map_or(true, |id| id >= vocab_size)) {
            Some(&id) => Err(ModelError::UnknownToken { id, vocab_size }),
            None => Ok(()),
        }
    }

    /// # Errors
    /// When `residual` is another model's.
    pub(super) fn expect(&self, operation: &'static str, residual: &Residual) -> Result<(), ModelError> {
        let n_positions = residual.n_positions().min(self.max_positions);
        residual.expect(operation, [residual.n_runs() * n_positions, self.d_model])
    }
}

/// # Errors
/// When there is no such layer.
pub(super) fn layer_of<L>(layers: &[L], layer: usize) -> Result<&L, ModelError> {
    layers.get(layer).ok_or(ModelError::UnknownLayer { layer, n_layers: layers.len() })
}

/// The residual streams of one or more runs of a text in front of a layer, one below the other, `[runs · T, d_model]`:
/// at all its positions, or at those behind the ones whose keys and values are kept. Cheap to clone: the array is shared.
#[derive(Clone, Debug)]
pub struct Residual {
    pub(super) rows: Arc<Array2<f32>>,
    n_runs: usize,
    first: usize,
    n_text: usize,
}

impl Residual {
    /// Of one run, at the positions from `first` on, `[T, d_model]`.
    pub(super) fn new(rows: Array2<f32>, first: usize) -> Self {
        let n_text = first + rows.nrows();
        Self { rows: Arc::new(rows), n_runs: 1, first, n_text }
    }

    /// The same positions as those of a text of `n_positions`.
    pub(super) fn in_text_of(self, n_positions: usize) -> Self {
        Self { n_text: n_positions, ..self }
    }

    /// Other rows, as many, of the same runs.
    pub(super) fn with_rows(&self, rows: Array2<f32>) -> Self {
        Self { rows: Arc::new(rows), ..*self }
    }

    /// Those of all `parts`, in their order.
    ///
    /// # Errors
    /// When there are none, or they are not of one model and prompt.
    pub(super) fn stacked(parts: &[Self]) -> Result<Self, ModelError> {
        let [first, rest @ ..] = parts else { return Err(ModelError::EmptyPrompt) };
        if rest.is_empty() {
            return Ok(first.clone());
        }
        for part in rest {
            part.expect("stacking runs", [part.n_runs * first.n_positions(), first.rows.ncols()])?;
            if part.first != first.first {
                let positions = [first, part].map(|part| [part.first, part.n_positions()]);
                return Err(ModelError::Operand {
                    operation: "stacking runs",
                    expected: positions[0],
                    found: positions[1],
                });
            }
        }
        let n_runs = parts.iter().map(|part| part.n_runs).sum();
        let mut rows = Array2::zeros((n_runs * first.n_positions(), first.rows.ncols()));
        let mut start = 0;
        for part in parts {
            let end = start + part.rows.nrows();
            rows.slice_mut(s![start..end, ..]).assign(&part.rows);
            start = end;
        }
        Ok(Self { rows: Arc::new(rows), n_runs, ..*first })
    }

    /// How many runs there are, at least one.
    pub fn n_runs(&self) -> usize {
        self.n_runs
    }

    /// T, the number of positions of each run.
    pub fn n_positions(&self) -> usize {
        self.rows.nrows() / self.n_runs
    }

    /// The positions in the text, the same in each run.
    pub fn positions(&self) -> Range<usize> {
        self.first..self.first + self.n_positions()
    }

    /// T of the text that the positions are of, which may go on behind them.
    pub fn n_text(&self) -> usize {
        self.n_text
    }

    /// The rows themselves, `[runs · T, d_model]`.
    pub fn rows(&self) -> &Array2<f32> {
        &self.rows
    }

    /// Bytes that are held.
    pub fn bytes(&self) -> usize {
        size_of::<f32>() * self.rows.len()
    }

    /// The last position of each run alone, `[runs, d_model]`: all that the next token's logits need.
    ///
    /// # Errors
    /// When there is no position.
    pub fn last(&self) -> Result<Self, ModelError> {
        Ok(self.at(self.n_positions().checked_sub(1).ok_or(ModelError::EmptyPrompt)?))
    }

    /// One position of each run alone, `[runs, d_model]`; `position` is below [`Self::n_positions`].
    #[must_use]
    pub fn at(&self, position: usize) -> Self {
        let of_runs: Vec<usize> = (0..self.n_runs).map(|run| run * self.n_positions() + position).collect();
        Self { first: self.first + position, ..self.with_rows(self.rows.select(Axis(0), &of_runs)) }
    }

    /// The stream of the first run at its first position, in f64.
    pub fn first_row(&self) -> Array1<f64> {
        self.rows.row(0).mapv(f64::from)
    }

    /// The end of a run alone, as if it were the end of a text of so many positions: no longer than that. Vectors that are
    /// made of it stand at those places.
    ///
    /// # Errors
    /// When there are several runs, or none of their positions is wanted.
    pub fn at_end_of(&self, n_positions: usize) -> Result<Self, ModelError> {
        let (there, n) = (self.rows.nrows(), self.rows.nrows().min(n_positions));
        if self.n_runs != 1 || n == 0 {
            let (expected, found) = ([1, n_positions], [self.n_runs, there]);
            return Err(ModelError::Operand { operation: "moving a run", expected, found });
        }
        Ok(Self::new(self.rows.slice(s![there - n.., ..]).to_owned(), n_positions - n))
    }

    /// # Errors
    /// When the shape is another one: the residual stream is another model's.
    pub(super) fn expect(&self, operation: &'static str, expected: [usize; 2]) -> Result<(), ModelError> {
        let found = self.rows.dim().into();
        if found == expected { Ok(()) } else { Err(ModelError::Operand { operation, expected, found }) }
    }
}

/// One architecture: everything but the attention itself, which is the same for all of them and where
/// interventions act ([`super::run`]).
pub trait Transformer: Send + Sync {
    /// Numbers of layers, heads, dimensions and tokens.
    fn shape(&self) -> &ModelShape;

    /// Token embeddings, with position embeddings where the architecture adds them: what enters layer 0.
    ///
    /// # Errors
    /// When an id is outside the vocabulary or the sequence is longer than the model can read.
    fn embed(&self, token_ids: &[u32]) -> Result<Residual, ModelError> {
        self.embed_from(token_ids, 0)
    }

    /// [`Self::embed`] at the positions of the text from `first` on.
    ///
    /// # Errors
    /// Those of [`Self::embed`].
    fn embed_from(&self, token_ids: &[u32], first: usize) -> Result<Residual, ModelError>;

    /// Query, key and value vectors of `layer`, by run: projected, with bias, normed and rotated to their positions as the
    /// architecture has it. A run's numbers do not depend on what other runs there are.
    ///
    /// # Errors
    /// When there is no such layer, or the residual stream is another model's.
    fn vectors_of_runs(&self, layer: usize, residual: &Residual) -> Result<Vec<Vectors>, ModelError>;

    /// What `layer` does with the vectors of a text of so many positions.
    ///
    /// # Errors
    /// When there is no such layer.
    fn rule(&self, layer: usize, n_positions: usize) -> Result<Rule, ModelError>;

    /// Whether the vectors of a text stay as they are while it grows from `shorter` positions to `longer`: not where the
    /// frequencies of rotary embeddings depend on the length.
    fn keeps_vectors(&self, shorter: usize, longer: usize) -> bool;

    /// Whether query and key vectors of `layer` are turned to their positions last of all, if they are: then those of one
    /// position are those of another but for the turn.
    ///
    /// # Errors
    /// When there is no such layer.
    fn turns_last(&self, layer: usize) -> Result<bool, ModelError>;

    /// Whether a table of positions is added to the tokens, which their vectors then have in them.
    fn adds_positions(&self) -> bool;

    /// The vectors of `layer` with its rule, by run.
    ///
    /// # Errors
    /// When there is no such layer, or the residual stream is another model's.
    fn qkv_of_runs(&self, layer: usize, residual: &Residual) -> Result<Vec<LayerQkv>, ModelError> {
        let (runs, rule) = (self.vectors_of_runs(layer, residual)?, self.rule(layer, residual.n_positions())?);
        let qkv = |[query, key, value]: Vectors| LayerQkv::with_rule(query, key, Some(value), rule.clone());
        runs.into_iter().map(|run| qkv(run).map_err(|cause| ModelError::Qkv { layer, cause })).collect()
    }

    /// [`Self::qkv_of_runs`] of a run alone, or the first of several.
    ///
    /// # Errors
    /// Those of [`Self::qkv_of_runs`].
    fn qkv(&self, layer: usize, residual: &Residual) -> Result<LayerQkv, ModelError> {
        self.qkv_of_runs(layer, residual)?.into_iter().next().ok_or(ModelError::EmptyPrompt)
    }

    /// The residual streams behind `layer`, given the outputs of all its heads side by side,
    /// `[runs · T, n_heads · head_dim]`: output projection, feed-forward block, norms. Each row by itself: it may also
    /// be some positions alone.
    ///
    /// # Errors
    /// When there is no such layer, or an array is another model's.
    fn finish(&self, layer: usize, residual: &Residual, head_outputs: Array2<f32>) -> Result<Residual, ModelError>;

    /// What enters the norm that stands directly behind the attention of `layer`, between its output projection and the
    /// residual stream, given what [`Self::finish`] gets. `None` where there is no such norm, or something that is no
    /// multiple of the heads' outputs enters it too; then `head_outputs` is not called.
    ///
    /// # Errors
    /// When there is no such layer, or an array is another model's.
    fn behind_attention(
        &self,
        layer: usize,
        head_outputs: &dyn Fn() -> Result<Array2<f32>, ModelError>,
    ) -> Result<Option<NormInput>, ModelError>;

    /// Next-token logits at every position of `residual`, `[runs · T, vocab]`, from what leaves the last layer. Of a
    /// model that reads in both directions they are logits of the token at that very position.
    ///
    /// # Errors
    /// When the residual stream is another model's, or the model was saved without the head that makes them.
    fn logits(&self, residual: &Residual) -> Result<Array2<f32>, ModelError>;

    /// What `layer` adds to the residual stream at one position, by what writes it: `residual` is the stream in front of
    /// it there, of one run, and `head_outputs` the outputs of all its heads side by side, `[1, n_heads · value_dim]`.
    ///
    /// # Errors
    /// When there is no such layer, an array is another model's, or no part of the stream reaches the logits by itself.
    fn layer_parts(
        &self,
        layer: usize,
        residual: &Residual,
        head_outputs: &Array2<f32>,
    ) -> Result<LayerParts, ModelError>;

    /// How parts of the residual stream behind the last layer become logits.
    fn parts(&self) -> &dyn Parts;

    /// About how many multiplications a position takes in one layer: what tells whether runs are quick enough to be
    /// made together. Four matrices of attention and eight times as much behind it is what most models have.
    fn multiplications(&self) -> u64 {
        12 * (self.shape().d_model as u64).saturating_pow(2)
    }
}
