//! How the cells in view are spread over a scale.

use crate::figure::{NormPosition, NormScale};

/// Numbers of cells in equal parts of a scale, and of those that have no place on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// From the lower limit to the upper one.
    pub bins: [u64; Self::BINS],
    /// Cells below the lower limit.
    pub under: u64,
    /// Cells above the upper limit.
    pub over: u64,
    /// Not a number.
    pub bad: u64,
}

impl Histogram {
    /// Number of bins between the limits.
    pub const BINS: usize = 32;

    /// Counts `values` by their places on the scale that `edges` belong to.
    ///
    /// Neighbours mostly share a bin, a long row of small weights for one: a piece of a row that lies in the bin of the
    /// value before it is counted at once, the first piece in that of its first value.
    pub fn count(&mut self, values: &[f32], edges: &Edges) {
        let mut slot = values.first().map_or(0, |&first| edges.slot(first));
        for piece in values.chunks(PIECE) {
            let [from, to] = edges.ends(slot);
            #[expect(clippy::needless_bitwise_bool, reason = "a way out would keep it from being done in vectors")]
            let is_inside = piece.iter().fold(true, |all, &value| all & (value >= from) & (value < to));
            if is_inside {
                *self.slot_mut(slot) += piece.len() as u64;
            } else {
                for &value in piece {
                    if value.is_nan() {
                        self.bad += 1;
                    } else {
                        slot = edges.slot(value);
                        *self.slot_mut(slot) += 1;
                    }
                }
            }
        }
    }

    /// 0 is under; then come the bins, and over.
    fn slot_mut(&mut self, slot: usize) -> &mut u64 {
        match slot.checked_sub(1) {
            None => &mut self.under,
            Some(bin) => self.bins.get_mut(bin).unwrap_or(&mut self.over),
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

/// Values that are looked at together.
const PIECE: usize = 32;
/// Leading bits of a number that tell where to begin to look for its bin: sign, exponent and three of the mantissa.
const GUIDE_BITS: u32 = 12;

/// Where the bins of a scale begin, as values. Made once for a scale; a value then finds its bin without a logarithm or
/// a division, and exactly the one that [`NormScale::position`] gives it.
#[derive(Clone, Debug)]
pub struct Edges {
    scale: NormScale,
    /// Least value of each bin, and the least that is over.
    starts: [f32; Histogram::BINS + 1],
    /// How many edges are at or below each number that consists of leading bits alone.
    guide: Box<[u8]>,
}

impl Edges {
    /// The edges of the bins, equally wide along the colour bar of `scale`.
    pub fn of(scale: NormScale) -> Self {
        let starts: [f32; Histogram::BINS + 1] =
            std::array::from_fn(|bin| first_value(|value| reaches(scale, value, bin)));
        let below = |number: f32| starts.partition_point(|&edge| edge <= number);
        let guide = (0..1_u32 << GUIDE_BITS)
            .map(|leading| {
                let bits = leading << (u32::BITS - GUIDE_BITS);
                // Of the numbers with these leading bits the least; below zero that is the one with the longest rest.
                let rest = if f32::from_bits(bits).is_sign_negative() { u32::MAX >> GUIDE_BITS } else { 0 };
                let least = f32::from_bits(bits | rest);
                u8::try_from(if least.is_nan() { 0 } else { below(least) }).unwrap_or(0)
            })
            .collect();
        Self { scale, starts, guide }
    }

    /// What the edges belong to.
    pub fn scale(&self) -> NormScale {
        self.scale
    }

    /// The values from the first up to the second, without it, are in a slot.
    fn ends(&self, slot: usize) -> [f32; 2] {
        let from = slot.checked_sub(1).map_or(f32::NEG_INFINITY, |edge| self.starts[edge]);
        [from, self.starts.get(slot).copied().unwrap_or(f32::INFINITY)]
    }

    /// How many edges are at or below a number.
    fn slot(&self, value: f32) -> usize {
        let mut slot = usize::from(self.guide[(value.to_bits() >> (u32::BITS - GUIDE_BITS)) as usize]);
        while self.starts.get(slot).is_some_and(|&edge| edge <= value) {
            slot += 1;
        }
        slot
    }
}

/// Whether `value` lies in `bin` or a higher one, or over; `bin` 32 means over.
fn reaches(scale: NormScale, value: f32, bin: usize) -> bool {
    match scale.position(value) {
        NormPosition::Within(t) => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a place in [0, 1], and the cast saturates"
            )]
            let place = ((t * Histogram::BINS as f32) as usize).min(Histogram::BINS - 1);
            place >= bin
        }
        NormPosition::Over => true,
        NormPosition::Under | NormPosition::Bad => false,
    }
}

/// The least value for which `holds`, given that it holds for every larger one; NaN, which nothing reaches, where it
/// holds for none.
fn first_value(holds: impl Fn(f32) -> bool) -> f32 {
    // Numbers in their order are whole numbers in theirs.
    let number = |order: i32| f32::from_bits((order ^ ((order >> 31) & i32::MAX)).cast_unsigned());
    let order = |number: f32| {
        let bits = number.to_bits().cast_signed();
        bits ^ ((bits >> 31) & i32::MAX)
    };
    let (mut low, mut high) = (order(f32::NEG_INFINITY), order(f32::INFINITY));
    if holds(number(low)) {
        return number(low);
    }
    if !holds(number(high)) {
        return f32::NAN;
    }
    while i64::from(high) - i64::from(low) > 1 {
        let middle = i32::midpoint(low, high);
        if holds(number(middle)) { high = middle } else { low = middle }
    }
    number(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::Limits;

    fn scale(is_log: bool, low: f32, high: f32) -> NormScale {
        let limits = Limits::new(low, high).unwrap();
        if is_log { NormScale::Log(limits) } else { NormScale::Linear(limits) }
    }

    #[test]
    fn every_cell_is_counted_once_where_it_belongs() {
        let edges = Edges::of(scale(false, 0.0, 1.0));
        let values = [0.0, 0.01, 0.5, 1.0, -0.1, 1.5, f32::INFINITY, f32::NAN];
        let mut histogram = Histogram::default();
        histogram.count(&values, &edges);
        assert_eq!((histogram.bins[0], histogram.bins[16], histogram.bins[31]), (2, 1, 1));
        assert_eq!((histogram.under, histogram.over, histogram.bad), (1, 2, 1));
        assert_eq!(histogram.bins.iter().sum::<u64>() + 4, values.len() as u64);
        let once = histogram;
        histogram.include(&once);
        assert_eq!((histogram.bins[0], histogram.under, histogram.over, histogram.bad), (4, 2, 4, 2));
    }

    /// The definition, value by value.
    fn counted(values: &[f32], scale: NormScale) -> Histogram {
        let mut histogram = Histogram::default();
        for &value in values {
            match scale.position(value) {
                NormPosition::Within(_) => {
                    let bin = (0..Histogram::BINS).rev().find(|&bin| reaches(scale, value, bin)).unwrap();
                    histogram.bins[bin] += 1;
                }
                NormPosition::Under => histogram.under += 1,
                NormPosition::Over => histogram.over += 1,
                NormPosition::Bad => histogram.bad += 1,
            }
        }
        histogram
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "the value nearest to an end")]
    fn bins_are_those_of_the_scale_to_the_last_bit() {
        let scales = [
            scale(false, 0.0, 1.0),
            scale(false, -0.7, 0.7),
            scale(false, 5.0, 5.5),
            scale(false, -1e30, 3e30),
            scale(false, -12.0, -3.0),
            scale(true, -4.0, 0.0),
            scale(true, -1.7, 1.7),
            scale(true, -40.0, 0.0),
        ];
        for scale in scales {
            let edges = Edges::of(scale);
            let mut values: Vec<f32> = (0..=u32::MAX).step_by(300_007).map(f32::from_bits).collect();
            for edge in edges.starts.into_iter().chain(scale.ends().map(|end| end as f32)) {
                values.extend([edge, edge.next_down(), edge.next_up()]);
            }
            values.extend((0..2000_u16).map(|step| f32::from(step) / 1000.0 - 0.5));
            values.extend([0.25; 100]);
            let mut histogram = Histogram::default();
            histogram.count(&values, &edges);
            assert_eq!(histogram, counted(&values, scale), "{scale:?}");
        }
    }
}
