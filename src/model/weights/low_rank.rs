//! A product of two thin matrices that is added to a matrix of weights, row by row.

use ndarray::Array2;

/// scale · left · right
#[derive(Clone, Debug)]
pub struct LowRank {
    /// `[rows, rank]`
    pub left: Array2<f32>,
    /// `[rank, columns]`
    pub right: Array2<f32>,
    pub scale: f32,
}

impl LowRank {
    /// Adds the row `row`, which must exist, to `cells`. The sum is scaled before it is added, as the reference does.
    pub fn add_row(&self, row: usize, cells: &mut [f32]) {
        let mut sum = vec![0.0_f32; cells.len()];
        for (factor, direction) in self.left.row(row).iter().zip(self.right.outer_iter()) {
            sum.iter_mut().zip(direction).for_each(|(sum, number)| *sum += factor * number);
        }
        cells.iter_mut().zip(sum).for_each(|(cell, sum)| *cell += self.scale * sum);
    }
}
