//! Heads out of a projection.

use ndarray::{Array3, ArrayView2, s};

/// Query, key and value vectors of one run, `[heads, T, head_dim]` each.
pub type Vectors = [Array3<f32>; 3];

/// Vectors of heads, `[heads, T, head_dim]`, out of a projection `[T, slots · head_dim]` in which each slot is one
/// head's query, key or value; `slots` says which, head by head. `place` gets each head's vectors with their rows.
pub fn split_heads(
    projected: ArrayView2<'_, f32>,
    head_dim: usize,
    slots: impl ExactSizeIterator<Item = usize>,
    place: impl Fn(usize, usize, &mut [f32]),
) -> Array3<f32> {
    let mut vectors = Array3::zeros((slots.len(), projected.nrows(), head_dim));
    for (head, (slot, mut of_head)) in slots.zip(vectors.outer_iter_mut()).enumerate() {
        of_head.assign(&projected.slice(s![.., slot * head_dim..(slot + 1) * head_dim]));
        for (position, mut vector) in of_head.outer_iter_mut().enumerate() {
            if let Some(vector) = vector.as_slice_mut() {
                place(head, position, vector);
            }
        }
    }
    vectors
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn slots_are_taken_in_the_order_asked_for() {
        // Two positions, three slots of two dimensions.
        let projected = array![[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [10.0, 11.0, 12.0, 13.0, 14.0, 15.0]];
        let every_other = (0..2).map(|head| 2 * head);
        let vectors = split_heads(projected.view(), 2, every_other, |head, position, vector| {
            vector[0] += (10 * head + position) as f32;
        });
        assert_eq!(vectors, array![[[0.0, 1.0], [11.0, 11.0]], [[14.0, 5.0], [25.0, 15.0]]]);
    }
}
