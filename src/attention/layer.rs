//! One layer's attention, wherever its weights come from: query, key and value vectors, or weights that are given.

use std::sync::Arc;

use ndarray::{Array2, Array3, ArrayView2, Axis};

use super::{
    Beneath, Edit, HeadEdit, HeadScores, Intervention, LayerQkv, LayersUnder, Mask, Other, Pattern, Rule, ShapeError,
};

/// The attention of one layer, as a model or a file has it. Cheap to clone.
#[derive(Clone, Debug)]
pub enum LayerAttention {
    /// Weights follow from vectors, which can be modified.
    Vectors(Arc<LayerQkv>),
    /// Weights alone: nothing can be modified.
    Weights(Arc<LayerWeights>),
}

/// The attention weights of one layer, as a file gives them.
#[derive(Clone, Debug)]
pub struct LayerWeights {
    /// `[heads, query, key]`
    weights: Array3<f32>,
    rule: Rule,
}

impl LayerWeights {
    /// `weights [heads, T, T]`, whose rows sum to 1 over the keys that `mask` allows.
    ///
    /// # Errors
    /// When there is no head or position, or rows and columns are not equally many.
    pub fn new(weights: Array3<f32>, mask: Mask) -> Result<Self, ShapeError> {
        let (n_heads, n_queries, n_keys) = weights.dim();
        if n_heads == 0 || n_queries == 0 || n_queries != n_keys {
            let expected = "[heads, T, T] of at least one head and position".to_owned();
            return Err(ShapeError::Mismatch { what: "attention", expected, found: weights.shape().to_vec() });
        }
        Ok(Self { weights, rule: Rule::plain(1.0, mask) })
    }
}

impl From<LayerQkv> for LayerAttention {
    fn from(qkv: LayerQkv) -> Self {
        Self::Vectors(Arc::new(qkv))
    }
}

impl From<LayerWeights> for LayerAttention {
    fn from(weights: LayerWeights) -> Self {
        Self::Weights(Arc::new(weights))
    }
}

impl LayerAttention {
    /// Whether it is the very same layer of the same run.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Vectors(ours), Self::Vectors(theirs)) => Arc::ptr_eq(ours, theirs),
            (Self::Weights(ours), Self::Weights(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        }
    }

    /// The vectors; `None` where weights are given.
    pub fn vectors(&self) -> Option<&Arc<LayerQkv>> {
        match self {
            Self::Vectors(qkv) => Some(qkv),
            Self::Weights(_) => None,
        }
    }

    /// Bytes of vectors or weights.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Vectors(qkv) => qkv.bytes(),
            Self::Weights(layer) => size_of::<f32>() * layer.weights.len(),
        }
    }

    /// Number of query heads.
    pub fn n_heads(&self) -> usize {
        match self {
            Self::Vectors(qkv) => qkv.n_heads(),
            Self::Weights(layer) => layer.weights.len_of(Axis(0)),
        }
    }

    /// How many key heads there are; where weights are given, each head is counted as having its own.
    pub fn n_kv_heads(&self) -> usize {
        self.vectors().map_or_else(|| self.n_heads(), |qkv| qkv.n_kv_heads())
    }

    /// T, the number of tokens.
    pub fn n_positions(&self) -> usize {
        match self {
            Self::Vectors(qkv) => qkv.n_positions(),
            Self::Weights(layer) => layer.weights.len_of(Axis(2)),
        }
    }

    /// By which rule scores become weights; of weights that are given nothing but the mask has a meaning.
    pub fn rule(&self) -> &Rule {
        match self {
            Self::Vectors(qkv) => qkv.rule(),
            Self::Weights(layer) => &layer.rule,
        }
    }

    /// Which keys each query may attend to.
    pub fn mask(&self) -> &Mask {
        &self.rule().mask
    }

    /// The kv head that query head `head` reads.
    pub fn kv_head(&self, head: usize) -> usize {
        self.vectors().map_or(head, |qkv| qkv.kv_head(head))
    }

    /// From which every pattern of a head follows.
    pub fn head_scores(&self, head: usize) -> HeadScores {
        match self {
            Self::Vectors(qkv) => qkv.head_scores(head),
            Self::Weights(layer) => {
                HeadScores::of_weights(layer.weights.index_axis(Axis(0), head), layer.rule.mask.clone())
            }
        }
    }

    /// As [`LayerQkv::other`]; `None` also where weights are given.
    pub fn other(&self, layer: usize, head: usize, edit: &Edit) -> Option<Other> {
        self.vectors()?.other(layer, head, edit)
    }

    /// `edit` with what it brings into `head`; nothing where weights are given.
    pub fn head_edit(&self, layer: usize, head: usize, edit: Option<&Edit>) -> HeadEdit {
        self.vectors().map_or(HeadEdit::NOTHING, |qkv| qkv.head_edit(layer, head, edit))
    }

    /// Itself behind changes, as [`LayerQkv::under`]; unchanged where weights are given.
    #[must_use]
    pub fn under(&self, layer: usize, beneath: &Beneath<'_>, made: &mut LayersUnder) -> Self {
        match self {
            Self::Vectors(qkv) => Self::Vectors(made.get(qkv, layer, beneath)),
            Self::Weights(_) => self.clone(),
        }
    }

    /// The pattern of a head under all that an intervention does in this layer.
    pub fn pattern(&self, layer: usize, head: usize, intervention: &Intervention) -> Pattern {
        let stacked = intervention.of_vectors(layer);
        let under = self.under(layer, &stacked.beneath, &mut LayersUnder::default());
        let edit = under.head_edit(layer, head, stacked.top_at(layer, head));
        Arc::new(under.head_scores(head)).pattern(&edit)
    }

    /// `[T, value_dim]`, unmodified; `None` without values.
    pub fn value(&self, head: usize) -> Option<ArrayView2<'_, f32>> {
        self.vectors()?.value(head)
    }

    /// As [`LayerQkv::head_output`].
    pub fn head_output(&self, head: usize, pattern: &Pattern, edit: &HeadEdit) -> Option<Array2<f32>> {
        self.vectors()?.head_output(head, pattern, edit)
    }
}
