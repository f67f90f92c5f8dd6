//! The axis of ε: logarithmic, with a place for 0 apart at its left where all of it is shown.

use super::style::SweepRange;
use crate::attention::{Epsilon, Notation};

/// log10 ε at the ends of the whole axis, and where 0 stands.
const ENDS: [f64; 2] = [-13.4, 2.3];
const ZERO: f64 = -13.0;
/// The decades that are swept.
const DECADES: std::ops::RangeInclusive<i32> = -12..=2;
/// An axis of fewer decades has steps between them.
const FEW: f64 = 2.5;

/// Where ε stands between the left and the right end.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// log10 ε at the ends.
    ends: [f64; 2],
    /// Whether 0 has a place.
    has_zero: bool,
    notation: Notation,
    left: f64,
    width: f64,
}

/// A place on the axis and what stands there.
pub struct AxisTick {
    pub x: f64,
    pub label: String,
}

impl Axis {
    pub fn new(range: Option<SweepRange>, notation: Notation, left: f64, width: f64) -> Self {
        let ends = range.map_or(ENDS, SweepRange::decades);
        Self { ends, has_zero: range.is_none(), notation, left, width }
    }

    fn at(&self, decade: f64) -> f64 {
        self.left + (decade - self.ends[0]) / (self.ends[1] - self.ends[0]) * self.width
    }

    /// Where ε stands, be it outside of the ends; `None` of 0 where it has no place.
    pub fn x_of(&self, epsilon: Epsilon) -> Option<f64> {
        if epsilon == Epsilon::ZERO {
            self.has_zero.then(|| self.at(ZERO))
        } else {
            Some(self.at(epsilon.get().log10()))
        }
    }

    pub fn shows(&self, epsilon: Epsilon) -> bool {
        let reach = 1e-9 * self.width;
        self.x_of(epsilon).is_some_and(|x| (self.left - reach..=self.left + self.width + reach).contains(&x))
    }

    /// Powers of ten, with 2 and 5 times them where there are few, and 0.
    pub fn ticks(&self) -> Vec<AxisTick> {
        let is_short = self.ends[1] - self.ends[0] <= FEW;
        let digits: &[u8] = if is_short { &[1, 2, 5] } else { &[1] };
        let powers = DECADES.flat_map(|decade| digits.iter().map(move |digit| format!("{digit}e{decade}")));
        let zero = self.has_zero.then(|| Epsilon::ZERO.to_string());
        let shown = zero.into_iter().chain(powers).filter_map(|label| {
            let epsilon: Epsilon = label.parse().ok().filter(|&epsilon| self.shows(epsilon))?;
            Some(AxisTick { x: self.x_of(epsilon)?, label: epsilon.written(self.notation) })
        });
        shown.collect()
    }
}
