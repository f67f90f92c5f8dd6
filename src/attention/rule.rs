//! What a layer does with q·k before and in its softmax.

use std::sync::Arc;

use ndarray::Array2;

use super::{Mask, ShapeError, simd::entering::Entering};

/// The attention rule of a layer: for query i and the keys j that it may attend to
///
/// ```text
/// s = scale · q·k           the interventions act here, on q and k
/// c = cap · tanh(s / cap)   where there is a soft cap
/// weight = exp(c + b) / (Σ exp(c + b) + exp(sink))
/// ```
///
/// A sink logit takes its part of every row, so that its weights sum to less than 1:
///
/// ```
/// use attenuate::attention::{HeadEdit, LayerQkv, Mask, Pattern, Rule};
/// use ndarray::Array3;
///
/// // One head, three positions, one dimension: all scores are 0.
/// let zeros = Array3::zeros((1, 3, 1));
/// let rule = Rule { sinks: Some([0.0].into()), ..Rule::plain(1.0, Mask::CAUSAL) };
/// let layer = LayerQkv::with_rule(zeros.clone(), zeros, None, rule)?;
/// let pattern = Pattern::new(layer.head_scores(0).into(), &HeadEdit::NOTHING);
/// assert_eq!(pattern.exact_row(2), [0.25, 0.25, 0.25]);
/// assert_eq!(pattern.exact_rest(2), Some(0.25));
/// # Ok::<(), attenuate::attention::ShapeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What multiplies q·k, usually `1/√head_dim`.
    pub scale: f64,
    /// Which keys each query may attend to.
    pub mask: Mask,
    /// The bound that scores are bent towards (Gemma 2: 50).
    pub softcap: Option<f64>,
    /// A learned logit for each head that takes part in the softmax and belongs to no key, `[n_heads]` (gpt-oss).
    pub sinks: Option<Arc<[f32]>>,
    /// What is added to the scores of each head, by key, `[n_heads, T]` (`ALiBi`, Press et al. 2021, arXiv 2108.12409).
    pub bias: Option<Arc<Array2<f32>>>,
}

/// The rule of one head.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadRule {
    /// What multiplies q·k, usually `1/√head_dim`.
    pub scale: f64,
    /// Which keys each query may attend to.
    pub mask: Mask,
    /// The bound that scores are bent towards; `None` where they are not.
    pub softcap: Option<f64>,
    /// The head's learned logit that belongs to no key; `None` where there is none.
    pub sink: Option<f64>,
    /// `[T]`, by key.
    pub bias: Option<Vec<f64>>,
}

impl Rule {
    /// Scale and mask alone.
    pub fn plain(scale: f64, mask: Mask) -> Self {
        Self { scale, mask, softcap: None, sinks: None, bias: None }
    }

    /// # Errors
    /// When there are not as many sinks as heads, or biases as heads and positions.
    pub(super) fn check(&self, n_heads: usize, n_positions: usize) -> Result<(), ShapeError> {
        if let Some(sinks) = &self.sinks
            && sinks.len() != n_heads
        {
            let expected = format!("one for each of {n_heads} heads");
            return Err(ShapeError::Mismatch { what: "sinks", expected, found: vec![sinks.len()] });
        }
        if let Some(bias) = &self.bias
            && bias.dim() != (n_heads, n_positions)
        {
            let expected = format!("[{n_heads}, {n_positions}]");
            return Err(ShapeError::Mismatch { what: "bias", expected, found: bias.shape().to_vec() });
        }
        Ok(())
    }

    /// Whether a factor on a score is a factor on what enters the softmax, in every head.
    pub fn is_linear(&self) -> bool {
        self.softcap.is_none() && self.bias.is_none()
    }

    /// The rule of one head.
    pub fn of_head(&self, head: usize) -> HeadRule {
        HeadRule {
            scale: self.scale,
            mask: self.mask.clone(),
            softcap: self.softcap,
            sink: self.sinks.as_ref().and_then(|sinks| sinks.get(head)).map(|&sink| sink.into()),
            bias: self.bias.as_ref().map(|bias| bias.row(head).mapv(f64::from).to_vec()),
        }
    }
}

impl HeadRule {
    /// Scale and mask alone.
    pub fn plain(scale: f64, mask: Mask) -> Self {
        Self { scale, mask, softcap: None, sink: None, bias: None }
    }

    /// Whether there is nothing but scale and mask.
    pub(super) fn is_plain(&self) -> bool {
        self.is_linear() && self.sink.is_none()
    }

    /// Whether a factor on a score is a factor on what enters the softmax.
    pub(super) fn is_linear(&self) -> bool {
        self.softcap.is_none() && self.bias.is_none()
    }

    /// The score s after the soft cap: c.
    pub fn capped(&self, score: f64) -> f64 {
        self.softcap.map_or(score, |cap| cap * (score / cap).tanh())
    }

    /// What is added to every score of a key, 0 without a bias.
    pub fn bias_of(&self, key: usize) -> f64 {
        self.bias.as_ref().and_then(|bias| bias.get(key)).copied().unwrap_or(0.0)
    }

    /// What enters the softmax: c + b.
    pub fn entering(&self, score: f64, key: usize) -> f64 {
        if self.is_linear() { score } else { self.capped(score) + self.bias_of(key) }
    }

    /// What enters the softmax of a whole row whose first key is `first_key`, each score times `factor`.
    pub(super) fn entering_row<'a>(&'a self, scores: &'a [f64], factor: f64, first_key: usize) -> Entering<'a> {
        let bias = self.bias.as_ref().and_then(|bias| bias.get(first_key..first_key + scores.len()));
        Entering { scores, factor, softcap: self.softcap, bias: bias.unwrap_or_default() }
    }
}
