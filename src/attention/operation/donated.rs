//! Vectors from other prompts, as they are put into a prompt's layers.

use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use ndarray::{Array2, Array3, ArrayView1, s};

use crate::attention::Component;

/// Vectors of one component in one layer that come from other prompts.
#[derive(Debug)]
pub struct Donor {
    vectors: Array3<f32>,
    places: Places,
    entering: Option<Array2<f32>>,
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
        Self { vectors, places: Places::From(first), entering: None }
    }

    /// `vectors [heads, 1, d]`, the same for all positions.
    pub const fn everywhere(vectors: Array3<f32>) -> Self {
        Self { vectors, places: Places::Everywhere, entering: None }
    }

    /// With what enters the layer at those positions of the other prompt, `[n, d_model]`: where the rotary embedding of a
    /// longer text is another one, its vectors are made of that anew.
    #[must_use]
    pub fn made_of(self, entering: Array2<f32>) -> Self {
        Self { entering: Some(entering), ..self }
    }

    /// What its vectors are made of anew, and the first position that they stand at; `None` where they stay as they are.
    pub const fn entering(&self) -> Option<(usize, &Array2<f32>)> {
        match (self.places, &self.entering) {
            (Places::From(first), Some(entering)) => Some((first, entering)),
            _ => None,
        }
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

    /// Bytes of the vectors, and of what they are made of.
    pub fn bytes(&self) -> usize {
        size_of::<f32>() * (self.vectors.len() + self.entering.as_ref().map_or(0, Array2::len))
    }
}

/// The vectors that an operation brings in from other prompts, by layer and component, once a model has read them.
///
/// They follow from the operation, the model and the prompt that they are put into, so that two operations on one prompt
/// are equal with and without them.
#[derive(Clone, Debug, Default)]
pub struct Donated {
    of_prompt: Arc<Donors>,
    /// Those that are others in a longer text, as they are there.
    of_text: Arc<Donors>,
}

type Donors = BTreeMap<(usize, Component), Arc<Donor>>;

impl Donated {
    /// Those of a component in a layer of the prompt; `None` where nobody asked a model for them.
    pub fn get(&self, layer: usize, component: Component) -> Option<&Arc<Donor>> {
        self.of_prompt.get(&(layer, component))
    }

    /// [`Self::get`] in the text that goes on behind the prompt.
    pub fn get_in_text(&self, layer: usize, component: Component) -> Option<&Arc<Donor>> {
        self.of_text.get(&(layer, component)).or_else(|| self.get(layer, component))
    }

    /// All that stand in the prompt.
    pub fn iter(&self) -> impl Iterator<Item = ((usize, Component), &Arc<Donor>)> {
        self.of_prompt.iter().map(|(place, donor)| (*place, donor))
    }

    /// With those that are others in a longer text. What is taken of the prompt stays that of the prompt.
    #[must_use]
    pub fn in_text(&self, others: impl IntoIterator<Item = ((usize, Component), Donor)>) -> Self {
        let others = others.into_iter().map(|(place, donor)| (place, Arc::new(donor)));
        Self { of_prompt: self.of_prompt.clone(), of_text: Arc::new(others.collect()) }
    }
}

impl FromIterator<((usize, Component), Arc<Donor>)> for Donated {
    fn from_iter<I: IntoIterator<Item = ((usize, Component), Arc<Donor>)>>(donors: I) -> Self {
        Self { of_prompt: Arc::new(donors.into_iter().collect()), of_text: Arc::default() }
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
