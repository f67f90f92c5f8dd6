//! What operations bring in, in place of a head's own vectors: means over heads or positions, noise, and what other
//! prompts have there.

use std::{ops::Range, sync::Arc};

use ndarray::{ArcArray2, Array2, Array3, ArrayView2, Axis, CowArray, s};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rand_distr::{Distribution, StandardNormal};

use super::{Component, Donor, Edit, HeadEdit, HeadScores, LayerQkv, Operation, Other, scores::shared};

impl LayerQkv {
    /// What `edit` brings into `head`, given that this is layer `layer` of its model; `None` where it brings in
    /// nothing, or there are no values to edit.
    pub fn other(&self, layer: usize, head: usize, edit: &Edit) -> Option<Other> {
        let vectors = self.brought_in(layer, head, edit)?;
        let scores = self.scores_with(head, edit.component, &vectors, 0..self.n_positions());
        Some(Other { vectors, scores: scores.map(Arc::new) })
    }

    /// The vectors of [`Self::other`], `[T, d]`.
    pub(super) fn brought_in(&self, layer: usize, head: usize, edit: &Edit) -> Option<ArcArray2<f32>> {
        let seed = match &edit.operation {
            Operation::Scale => return None,
            Operation::MeanHeads => return Some(mean_over_heads(self.of_all_heads(edit.component)?).into_shared()),
            Operation::Patch { vectors, .. } | Operation::MeanPrompts { vectors, .. } => {
                let donor = match self.prompt() {
                    Some(_) => vectors.get_in_text(layer, edit.component),
                    None => vectors.get(layer, edit.component),
                };
                return Some(self.donated(head, edit.component, donor.map(Arc::as_ref))?.into_shared());
            }
            Operation::MeanPositions => None,
            &Operation::Noise { seed } => Some(seed),
        };
        // Means over positions and sizes of noise are the prompt's, which is mostly this.
        let of = self.prompt().unwrap_or(self);
        let own = match edit.component {
            Component::Query => of.query(head).into(),
            Component::Key => of.key(head).into(),
            Component::Value => of.value(head)?.into(),
            // A prompt that a text goes on behind is asked for them at each step.
            Component::Output if self.n_positions() > of.n_positions() => {
                of.outputs()?.index_axis(Axis(0), head).into()
            }
            Component::Output => CowArray::from(of.unmodified_output(head)?),
        };
        let place = self.place_in_model(head, edit.component);
        // Where there is no query, or no token, there is nothing that a mean or a size is of.
        let is_present = |&position: &usize| match edit.component {
            Component::Query | Component::Output => of.mask().has_row(position),
            Component::Key | Component::Value => of.mask().is_token(position),
        };
        let positions: Vec<usize> = (0..of.n_positions()).filter(is_present).collect();
        let present = own.select(Axis(0), &positions);
        let size = (self.n_positions(), own.ncols());
        Some(if let Some(seed) = seed {
            noise(size, present.view(), seed, [layer, edit.component.row(), place]).into_shared()
        } else {
            let mean = mean_of_rows(present.view());
            ArcArray2::from_shape_fn(size, |(_, dimension)| mean[dimension])
        })
    }

    /// The head's own place among the component's in the model: its query head, or the kv head that it reads.
    fn place_in_model(&self, head: usize, component: Component) -> usize {
        if component.is_of_queries() { head } else { self.model_kv_head(head) }
    }

    /// What a donor puts into a head, `[T, d]`, with the head's own vectors where it has none. Without a donor nobody has
    /// asked the model, and nothing here is a number. `None` without values.
    fn donated(&self, head: usize, component: Component, donor: Option<&Donor>) -> Option<Array2<f32>> {
        let n_dimensions = match component {
            Component::Query | Component::Key => self.head_dim(),
            Component::Value | Component::Output => self.value(head)?.ncols(),
        };
        let mut vectors = Array2::from_elem((self.n_positions(), n_dimensions), f32::NAN);
        let Some(donor) = donor else { return Some(vectors) };
        let place = self.place_in_model(head, component);
        let mut own: Vec<usize> = Vec::new();
        for (position, mut vector) in vectors.outer_iter_mut().enumerate() {
            match donor.at(place, position) {
                Some(donated) => vector.assign(&donated),
                None => own.push(position),
            }
        }
        let runs = own.chunk_by(|before, after| before + 1 == *after);
        for positions in runs.filter_map(|run| Some(*run.first()?..run.last()? + 1)) {
            let own = match component {
                Component::Query => self.query(head).slice_move(s![positions.clone(), ..]).into(),
                Component::Key => self.key(head).slice_move(s![positions.clone(), ..]).into(),
                Component::Value => self.value(head)?.slice_move(s![positions.clone(), ..]).into(),
                // The layer's number matters to edits alone.
                Component::Output => CowArray::from(self.output_of(0, head, None, positions.clone())?),
            };
            vectors.slice_mut(s![positions, ..]).assign(&own);
        }
        Some(vectors)
    }

    /// Scores of the rows `queries` with `vectors` in the place of the head's own; `None` for values, which make none.
    pub(super) fn scores_with(
        &self,
        head: usize,
        component: Component,
        vectors: &ArcArray2<f32>,
        queries: Range<usize>,
    ) -> Option<HeadScores> {
        let [query, key] = match component {
            Component::Query => [vectors.clone(), shared(self.key(head))],
            Component::Key => [shared(self.query(head)), vectors.clone()],
            Component::Value | Component::Output => return None,
        };
        Some(HeadScores::in_f64(query, key, self.head_rule(head), queries))
    }

    /// `edit` with what it brings into `head`.
    pub fn head_edit(&self, layer: usize, head: usize, edit: Option<&Edit>) -> HeadEdit {
        HeadEdit::new(edit, edit.and_then(|edit| self.other(layer, head, edit)).map(Arc::new))
    }
}

/// Mean over heads, summed in f64. Every head counts once: with grouped-query attention each kv head has equally many
/// copies, so that the mean over kv heads is the mean over their copies.
#[expect(clippy::cast_possible_truncation, reason = "back to the precision of the vectors")]
fn mean_over_heads(vectors: &Array3<f32>) -> Array2<f32> {
    let count = vectors.len_of(Axis(0)) as f64;
    vectors.mapv(f64::from).sum_axis(Axis(0)).mapv(|sum| (sum / count) as f32)
}

#[expect(clippy::cast_possible_truncation, reason = "back to the precision of the vectors")]
fn mean_of_rows(vectors: ArrayView2<'_, f32>) -> Vec<f32> {
    let count = vectors.nrows().max(1) as f64;
    vectors.mapv(f64::from).sum_axis(Axis(0)).iter().map(|sum| (sum / count) as f32).collect()
}

/// rms(x)·N(0,1) for every number of a matrix of `size`. `place` is where the head is: layer, component, head.
#[expect(clippy::cast_possible_truncation, reason = "back to the precision of the vectors")]
fn noise(size: (usize, usize), x: ArrayView2<'_, f32>, seed: u64, place: [usize; 3]) -> Array2<f32> {
    let mean_square = x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / x.len().max(1) as f64;
    let rms = mean_square.sqrt();
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    // A stream of its own for every head, so that no head's noise depends on which others are changed.
    generator.set_stream(place.iter().fold(0, |stream: u64, &part| stream << 20 | part as u64 & 0xF_FFFF));
    let mut noise = Array2::zeros(size);
    // Position by position, so that a longer prompt keeps the noise of its beginning but for its size.
    for value in &mut noise {
        let normal: f64 = StandardNormal.sample(&mut generator);
        *value = (rms * normal) as f32;
    }
    noise
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::attention::{Epsilon, Mask, PositionScope};

    /// Two query heads that share one kv head, two positions, two dimensions.
    fn layer() -> LayerQkv {
        let query = array![[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]];
        let key = array![[[1.0, 0.0], [0.0, 2.0]]];
        LayerQkv::new(query, key.clone(), Some(key), 1.0, Mask::CAUSAL).unwrap()
    }

    fn edit(component: Component, operation: Operation) -> Edit {
        Edit { component, operation, epsilon: Epsilon::ZERO, positions: PositionScope::All }
    }

    fn vectors(component: Component, operation: Operation, head: usize) -> ArcArray2<f32> {
        layer().other(3, head, &edit(component, operation)).unwrap().vectors
    }

    #[test]
    fn means_are_means() {
        assert_eq!(vectors(Component::Query, Operation::MeanHeads, 1), array![[3.0, 4.0], [5.0, 6.0]]);
        assert_eq!(vectors(Component::Key, Operation::MeanHeads, 1), array![[1.0, 0.0], [0.0, 2.0]], "one kv head");
        assert_eq!(vectors(Component::Query, Operation::MeanPositions, 1), array![[6.0, 7.0], [6.0, 7.0]]);
        assert_eq!(vectors(Component::Value, Operation::MeanPositions, 0), array![[0.5, 1.0], [0.5, 1.0]]);
        assert!(layer().other(3, 0, &edit(Component::Query, Operation::Scale)).is_none());
    }

    #[test]
    fn noise_is_reproducible_and_each_heads_own() {
        let noise = |component, head, seed| vectors(component, Operation::Noise { seed }, head);
        assert_eq!(noise(Component::Query, 0, 7), noise(Component::Query, 0, 7));
        assert_ne!(noise(Component::Query, 0, 7), noise(Component::Query, 0, 8));
        assert_ne!(noise(Component::Query, 0, 7), noise(Component::Query, 1, 7));
        assert_ne!(noise(Component::Key, 0, 7), noise(Component::Value, 0, 7));
        assert_eq!(noise(Component::Key, 0, 7), noise(Component::Key, 1, 7), "the kv head's");
    }

    #[test]
    fn noise_is_standard_normal_times_the_root_mean_square() {
        // Root mean square √((9 + 16)/2); the mean of n squares of N(0,1) has a standard deviation of √(2/n).
        let x = Array2::from_shape_fn((100, 200), |(i, _)| if i % 2 == 0 { 3.0 } else { 4.0 });
        let noise = noise(x.dim(), x.view(), 1, [0, 0, 0]).mapv(|x| f64::from(x) / 12.5_f64.sqrt());
        let n = noise.len() as f64;
        let mean = noise.sum() / n;
        let mean_square = noise.mapv(|x| x * x).sum() / n;
        assert!(mean.abs() < 5.0 / n.sqrt(), "{mean}");
        assert!((mean_square - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{mean_square}");
    }

    #[test]
    fn only_the_positions_in_scope_are_edited() {
        let edit = Edit { positions: PositionScope::First, ..edit(Component::Query, Operation::MeanHeads) };
        let layer = layer();
        let head_edit = layer.head_edit(0, 0, Some(&edit));
        assert_eq!(head_edit.applied(Component::Query, layer.query(0)), array![[3.0, 4.0], [3.0, 4.0]]);
        assert_eq!(head_edit.applied(Component::Key, layer.key(0)), layer.key(0));
    }
}
