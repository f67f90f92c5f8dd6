//! From the residual stream behind the last layer to logits.

use std::borrow::Cow;

use ndarray::{Array1, Array2, ArrayView1, Axis};

use super::{
    super::description,
    tensors::{Tensors, WRAPPERS},
};
use crate::model::{
    ModelError, Notice,
    config::common_config::Unembedding,
    layers::{activation::Activation, norm_at::NormAt, norms::Norm},
    transformer::ModelShape,
    weights::{Weights, linear::Linear, matrix::Matrix},
};

/// The final norm and the output head.
pub struct Output {
    norm: Option<Norm>,
    /// To the width of the embeddings.
    projection: Option<Linear>,
    /// `None` of a model that was saved without it, as those that make sentence embeddings are.
    head: Option<Head>,
    /// How the head's names begin.
    head_name: &'static str,
}

/// What makes logits.
pub struct Head {
    transform: Option<Transform>,
    source: Source,
    unembedding: Linear,
    multiplier: Option<f32>,
    softcap: Option<f32>,
}

/// Where the unembedding is from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    AsConfigured,
    /// The configuration ties it to the embedding of tokens, and the file has another one.
    FileDespiteTying,
}

/// How names begin of heads that make other things than logits of tokens: rewards, classes, spans.
const OTHER_HEADS: [&str; 6] =
    ["score.", "classifier.", "classification_head.", "qa_outputs.", "v_head.", "reward_head."];

/// norm(activation(map(x)))
struct Transform {
    map: Linear,
    activation: Activation,
    norm: Norm,
}

impl Output {
    /// `tokens` is the embedding of tokens, `[vocab, d_model]`.
    ///
    /// # Errors
    /// When a tensor is missing, has another shape, or is not accounted for.
    pub fn load(
        described: &description::Output,
        redundant: &[&str],
        shape: &ModelShape,
        below: &Tensors<'_>,
        tokens: &Matrix,
    ) -> Result<Self, ModelError> {
        let top = Tensors { prefix: described.wrapper(below.weights), ..*below };
        let width = tokens.n_columns();
        let head = if described.is_there(&top) { Some(Head::load(described, shape, &top, tokens)?) } else { None };
        Tensors { prefix: &format!("{}{}.", top.prefix, described.head), ..*below }.refuse_unread(redundant)?;
        Ok(Self {
            norm: described.norm.map(|norm| below.norm(&norm, shape.d_model)).transpose()?,
            projection: described.projection.map(|map| below.linear(&map, shape.d_model, width)).transpose()?,
            head,
            head_name: described.head,
        })
    }

    /// What whoever opened the model should know.
    pub fn notice(&self) -> Option<Notice> {
        self.head.as_ref().filter(|head| head.source == Source::FileDespiteTying)?;
        let name = self.head_name;
        Some(Notice {
            brief: "output head of its own",
            sentence: format!(
                "the configuration says that the output head is the embedding of tokens (tie_word_embeddings), and the \
                 file has another one, {name}: the file's is used, as transformers 5 does"
            ),
        })
    }

    /// `[T, d_model]` to `[T, vocab]`.
    ///
    /// # Errors
    /// When there is no head, or the file of the weights was changed since it was opened.
    pub fn forward(&self, x: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        let head = self.head()?;
        let mut x = self.norm.as_ref().map_or(Cow::Borrowed(x), |norm| Cow::Owned(norm.forward(x)));
        if let Some(map) = &self.projection {
            x = Cow::Owned(map.forward("logits", &x)?);
        }
        head.forward(x)
    }
}

impl Output {
    fn head(&self) -> Result<&Head, ModelError> {
        self.head.as_ref().ok_or(ModelError::NoLogits { head: self.head_name })
    }

    /// The head, where the stream's parts reach the logits by themselves.
    ///
    /// # Errors
    /// Those of [`crate::model::Parts::check`].
    pub fn linear_head(&self) -> Result<&Head, ModelError> {
        const WHY: &str = "a nonlinear transform stands between the residual stream and the logits";
        let head = self.head()?;
        if head.transform.is_none() { Ok(head) } else { Err(ModelError::NoParts { why: WHY }) }
    }

    /// [`crate::model::Parts::read`]
    ///
    /// # Errors
    /// Those of [`Self::linear_head`], and when the file of the weights was changed since it was opened.
    pub fn read(&self, parts: &Array2<f64>) -> Result<Array2<f64>, ModelError> {
        self.linear_head()?;
        let mut read = parts.clone();
        let mut bias = Array1::zeros(parts.ncols());
        if let Some(norm) = &self.norm {
            let norm = NormAt::new(norm, parts.sum_axis(Axis(0)).view());
            read.outer_iter_mut().for_each(|part| norm.apply(part));
            bias = norm.bias().unwrap_or(bias);
        }
        read.push_row(bias.view()).map_err(|_| ModelError::EmptyPrompt)?;
        if let Some(map) = &self.projection {
            read = map.outputs(&read, &(0..map.n_outputs()).collect::<Vec<_>>())?;
            if let Some(bias) = map.bias() {
                let last = read.nrows() - 1;
                read.row_mut(last).iter_mut().zip(bias).for_each(|(x, &bias)| *x += f64::from(bias));
            }
        }
        Ok(read)
    }
}

impl description::Output {
    /// A tensor without which there is no head of its own.
    fn first_tensor(&self) -> &'static str {
        self.transform.as_ref().map_or(self.name, |transform| transform.map.name)
    }

    /// What the head's names begin with in this file.
    fn wrapper(&self, weights: &Weights<'_>) -> &'static str {
        let name = self.first_tensor();
        let is_there = |wrapper: &&&str| weights.contains(&format!("{wrapper}{name}.weight"));
        WRAPPERS.iter().find(is_there).copied().unwrap_or_default()
    }

    /// Whether the file has what it takes to make logits.
    fn is_there(&self, top: &Tensors<'_>) -> bool {
        let is_tied = self.transform.is_none() && self.unembedding == Unembedding::Tied;
        top.weights.contains(&format!("{}{}.weight", top.prefix, self.first_tensor()))
            || is_tied && !OTHER_HEADS.iter().any(|head| top.weights.has_any(head))
    }
}

impl Head {
    fn load(
        described: &description::Output,
        shape: &ModelShape,
        top: &Tensors<'_>,
        tokens: &Matrix,
    ) -> Result<Self, ModelError> {
        let &ModelShape { d_model, vocab_size, .. } = shape;
        let width = tokens.n_columns();
        // A file with an unembedding of its own means it, whatever the configuration says of tying.
        let is_tied = described.unembedding == Unembedding::Tied;
        let is_in_file = top.weights.contains(&format!("{}.weight", described.name));
        let (matrix, source) = if is_tied && !is_in_file {
            (tokens.clone(), Source::AsConfigured)
        } else {
            let own = top.matrix(described.name, [vocab_size, width])?;
            let differs = is_tied && !are_equal(&own, tokens)?;
            (own, if differs { Source::FileDespiteTying } else { Source::AsConfigured })
        };
        let unembedding = Linear::new(matrix);
        Ok(Self {
            source,
            transform: match &described.transform {
                Some(transform) => Some(Transform {
                    map: top.linear(&transform.map, d_model, width)?,
                    activation: transform.activation,
                    norm: top.norm(&transform.norm, width)?,
                }),
                None => None,
            },
            unembedding: match described.bias {
                Some(bias) => unembedding.with_bias(top.vector(bias, vocab_size)?),
                None => unembedding,
            },
            multiplier: described.multiplier,
            softcap: described.softcap,
        })
    }

    /// What rows in front of the unembedding add to the logits of some tokens, `[rows, tokens]`, in f64 and without a bias.
    ///
    /// # Errors
    /// When the file of the weights was changed since it was opened.
    pub fn logits(&self, read: &Array2<f64>, token_ids: &[usize]) -> Result<Array2<f64>, ModelError> {
        Ok(self.unembedding.outputs(read, token_ids)? * self.multiplier())
    }

    /// [`Self::logits`] of the whole vocabulary, in f32.
    ///
    /// # Errors
    /// When the file of the weights was changed since it was opened.
    pub fn all_logits(&self, read: &Array2<f32>) -> Result<Array2<f32>, ModelError> {
        let mut logits = self.unembedding.forward("logits of parts", read)?;
        if let Some(bias) = self.unembedding.bias() {
            logits.outer_iter_mut().for_each(|mut row| row -= &ArrayView1::from(bias));
        }
        Ok(logits * self.multiplier.unwrap_or(1.0))
    }

    /// What is added to the logit of each token, `[vocab]`.
    pub fn biases(&self) -> Option<Array1<f64>> {
        let bias = self.unembedding.bias()?;
        Some(bias.iter().map(|&bias| f64::from(bias) * self.multiplier()).collect())
    }

    fn multiplier(&self) -> f64 {
        self.multiplier.map_or(1.0, f64::from)
    }

    fn forward(&self, mut x: Cow<'_, Array2<f32>>) -> Result<Array2<f32>, ModelError> {
        if let Some(Transform { map, activation, norm }) = &self.transform {
            let transformed = activation.of(map.forward("logits", &x)?);
            x = Cow::Owned(norm.forward(&transformed));
        }
        let mut logits = self.unembedding.forward("logits", &x)?;
        if let Some(multiplier) = self.multiplier {
            logits *= multiplier;
        }
        if let Some(cap) = self.softcap {
            logits.mapv_inplace(|logit| (logit / cap).tanh() * cap);
        }
        Ok(logits)
    }
}

/// Whether two matrices of one shape hold the same numbers; a few rows at a time.
fn are_equal(a: &Matrix, b: &Matrix) -> Result<bool, ModelError> {
    const ROWS: usize = 1024;
    for start in (0..a.n_rows()).step_by(ROWS) {
        let rows = start..a.n_rows().min(start + ROWS);
        if a.select(rows.clone())? != b.select(rows)? {
            return Ok(false);
        }
    }
    Ok(true)
}
