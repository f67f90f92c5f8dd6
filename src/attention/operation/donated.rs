//! Vectors from other prompts, as they are put into a prompt's layers.

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use ndarray::{Array3, ArrayView1, s};

use crate::attention::Component;

/// Vectors of one component in one layer that come from other prompts.
#[derive(Debug)]
pub struct Donor {
    vectors: Array3<f32>,
    places: Places,
}

/// At which positions of the prompt they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Places {
    /// One after the other, from this position on.
    From(usize),
    /// A single one at all of them, also at those behind the prompt.
    Everywhere,
}

impl Donor {
    /// `vectors [heads, n, d]` for the `n` positions from `first` on, of as many heads as the component has.
    pub const fn from(first: usize, vectors: Array3<f32>) -> Self {
        Self { vectors, places: Places::From(first) }
    }

    /// `vectors [heads, 1, d]`, the same for all positions.
    pub const fn everywhere(vectors: Array3<f32>) -> Self {
        Self { vectors, places: Places::Everywhere }
    }

    /// The vector that is put at `position`, `[d]`; `None` where the prompt's own stays.
    pub fn at(&self, head: usize, position: usize) -> Option<ArrayView1<'_, f32>> {
        let (heads, n, _) = self.vectors.dim();
        let row = match self.places {
            Places::From(first) => position.checked_sub(first)?,
            Places::Everywhere => 0,
        };
        (head < heads && row < n).then(|| self.vectors.slice(s![head, row, ..]))
    }

    /// Bytes of the vectors.
    pub fn bytes(&self) -> usize {
        size_of::<f32>() * self.vectors.len()
    }
}

/// The vectors that an operation brings in from other prompts, by layer and component, once a model has read them.
///
/// They follow from the operation, the model and the prompt that they are put into, so that two operations on one prompt
/// are equal with and without them.
#[derive(Clone, Debug, Default)]
pub struct Donated(Arc<BTreeMap<(usize, Component), Arc<Donor>>>);

impl Donated {
    /// Those of a component in a layer; `None` where nobody asked a model for them.
    pub fn get(&self, layer: usize, component: Component) -> Option<&Arc<Donor>> {
        self.0.get(&(layer, component))
    }
}

impl FromIterator<((usize, Component), Arc<Donor>)> for Donated {
    fn from_iter<I: IntoIterator<Item = ((usize, Component), Arc<Donor>)>>(donors: I) -> Self {
        Self(Arc::new(donors.into_iter().collect()))
    }
}

impl PartialEq for Donated {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Donated {}

impl Hash for Donated {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
