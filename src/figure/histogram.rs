//! How the cells in view are spread over a scale.

use super::{NormPosition, NormScale};

/// Numbers of cells in equal parts of a scale, and of those that have no place on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// From the lower limit to the upper one.
    pub bins: [u64; Self::BINS],
    pub under: u64,
    pub over: u64,
    /// Not a number.
    pub bad: u64,
}

impl Histogram {
    pub const BINS: usize = 32;

    /// Counts `values` by their places on `scale`.
    pub fn count(&mut self, values: &[f32], scale: NormScale) {
        for &value in values {
            match scale.position(value) {
                NormPosition::Within(t) => {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "a place in [0, 1], and the cast saturates"
                    )]
                    let bin = (t * Self::BINS as f32) as usize;
                    self.bins[bin.min(Self::BINS - 1)] += 1;
                }
                NormPosition::Under => self.under += 1,
                NormPosition::Over => self.over += 1,
                NormPosition::Bad => self.bad += 1,
            }
        }
    }

    /// Counts what `other` has counted.
    pub fn include(&mut self, other: &Self) {
        for (sum, count) in self.bins.iter_mut().zip(other.bins) {
            *sum += count;
        }
        self.under += other.under;
        self.over += other.over;
        self.bad += other.bad;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Limits;

    #[test]
    fn every_cell_is_counted_once_where_it_belongs() {
        let scale = NormScale::Linear(Limits::new(0.0, 1.0).unwrap());
        let values = [0.0, 0.01, 0.5, 1.0, -0.1, 1.5, f32::INFINITY, f32::NAN];
        let mut histogram = Histogram::default();
        histogram.count(&values, scale);
        assert_eq!((histogram.bins[0], histogram.bins[16], histogram.bins[31]), (2, 1, 1));
        assert_eq!((histogram.under, histogram.over, histogram.bad), (1, 2, 1));
        assert_eq!(histogram.bins.iter().sum::<u64>() + 4, values.len() as u64);
        let once = histogram;
        histogram.include(&once);
        assert_eq!((histogram.bins[0], histogram.under, histogram.over, histogram.bad), (4, 2, 4, 2));
    }
}
