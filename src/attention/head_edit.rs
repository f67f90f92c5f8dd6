//! An edit of one head, with the vectors that it brings in.

use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2};

use super::{Component, Edit, HeadScores, simd::sums::sums_of_rows};

/// What an operation brings into one head: its vectors, and the scores that they make with the head's other side.
#[derive(Clone, Debug)]
pub struct Other {
    /// `[T, d]`: at each position the mean, or noise of size rms(X).
    pub vectors: ArcArray2<f32>,
    /// With `vectors` in place of the queries or keys; `None` for values, which make no scores.
    pub scores: Option<Arc<HeadScores>>,
}

impl Other {
    /// Bytes that are held by now: vectors and scores.
    pub fn bytes(&self) -> usize {
        size_of::<f32>() * self.vectors.len() + self.scores.as_ref().map_or(0, |scores| scores.bytes())
    }
}

/// An [`Edit`] together with what it brings into one head. The default changes nothing.
#[derive(Clone, Debug, Default)]
pub struct HeadEdit(Option<Resolved>);

#[derive(Clone, Debug)]
struct Resolved {
    edit: Edit,
    /// `None` for scaling.
    other: Option<Arc<Other>>,
}

impl PartialEq for HeadEdit {
    /// Equal by construction: the same edit, which brings in the very same vectors.
    fn eq(&self, other: &Self) -> bool {
        let brought_in = match (self.other(), other.other()) {
            (None, None) => true,
            (Some(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        };
        self.edit() == other.edit() && brought_in
    }
}

impl HeadEdit {
    /// No edit.
    pub const NOTHING: Self = Self(None);

    /// `other` is that of [`super::LayerQkv::other`] for the same edit, layer and head.
    pub fn new(edit: Option<&Edit>, other: Option<Arc<Other>>) -> Self {
        Self(edit.map(|edit| Resolved { edit: edit.clone(), other }))
    }

    /// The edit; `None` where nothing is changed.
    pub fn edit(&self) -> Option<&Edit> {
        self.0.as_ref().map(|resolved| &resolved.edit)
    }

    /// What the operation brings in; `None` where it brings in nothing.
    pub fn other(&self) -> Option<&Arc<Other>> {
        self.0.as_ref()?.other.as_ref()
    }

    /// One number of a vector of `component` after the edit, `x` being what it was.
    pub fn along(&self, component: Component, [position, dimension]: [usize; 2], x: f64) -> f64 {
        match &self.0 {
            Some(Resolved { edit, other }) if edit.component == component && edit.positions.contains(position) => {
                let other = other.as_ref().map_or(0.0, |other| f64::from(other.vectors[[position, dimension]]));
                edit.along(x, other)
            }
            _ => x,
        }
    }

    /// Euclidean length of each of the vectors `[T, d]` of `component` after the edit, `[T]`.
    pub fn norms(&self, component: Component, vectors: ArrayView2<'_, f32>) -> Arc<[f64]> {
        let vectors = vectors.as_standard_layout();
        let (cells, n_columns) = (vectors.as_slice().unwrap_or_default(), vectors.ncols());
        if self.edit().is_none_or(|edit| edit.component != component) {
            return sums_of_rows(cells, n_columns, |_, _, x| f64::from(x).powi(2)).map(f64::sqrt).collect();
        }
        let square = |position, dimension, x: f32| self.along(component, [position, dimension], f64::from(x)).powi(2);
        sums_of_rows(cells, n_columns, square).map(f64::sqrt).collect()
    }

    /// The vectors `[T, d]` of `component` after the edit.
    pub fn applied(&self, component: Component, vectors: ArrayView2<'_, f32>) -> Array2<f32> {
        self.applied_from(component, 0, vectors)
    }

    /// The vectors of `component` after the edit from the position `first` on.
    #[expect(clippy::cast_possible_truncation, reason = "back to the precision of the vectors")]
    pub(super) fn applied_from(&self, component: Component, first: usize, vectors: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut edited = vectors.to_owned();
        for ((position, dimension), x) in edited.indexed_iter_mut() {
            *x = self.along(component, [first + position, dimension], f64::from(*x)) as f32;
        }
        edited
    }
}
