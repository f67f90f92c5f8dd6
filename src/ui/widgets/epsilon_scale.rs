//! Where each ε stands on the slider, and how it is stepped. Free of painting.

use egui::Rangef;

use crate::attention::{Epsilon, Notation};

/// Decades of the slider: 1e-12 to 1e2.
pub const DECADES: (i32, i32) = (-12, 2);
/// All of them, for [`EpsilonScale::decades`].
pub const WHOLE: [f64; 2] = [DECADES.0 as f64, DECADES.1 as f64];

/// How near to a mark, in points, the hand is drawn to it.
const REACH: f32 = 3.0;

/// Whether a position near a decade's 1 or 5 means that mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snap {
    Marks,
    Free,
}

/// A logarithmic scale with a separate stop for exactly 0 left of it. Screen positions in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpsilonScale {
    /// The stop for 0.
    pub zero: f32,
    /// From the first to the last decade in view.
    pub log: Rangef,
    /// log10 of the ε at both ends, the first below the last: [`WHOLE`], or a part of it.
    pub decades: [f64; 2],
    /// Of its labels.
    pub notation: Notation,
}

impl EpsilonScale {
    /// Where `epsilon` stands. Values beyond an end of the scale stand at that end, above 0 never on the stop.
    pub fn x_of(&self, epsilon: Epsilon) -> f32 {
        if epsilon == Epsilon::ZERO {
            return self.zero;
        }
        let [first, last] = self.decades;
        self.x_of_decade(epsilon.get().log10().clamp(first, last))
    }

    /// Where `10^decade` stands.
    #[expect(clippy::cast_possible_truncation, reason = "screen positions are f32")]
    pub fn x_of_decade(&self, decade: f64) -> f32 {
        let [first, last] = self.decades;
        self.log.min + ((decade - first) / (last - first)) as f32 * self.log.span()
    }

    /// On which side of the scale `epsilon` is out of view. 0 never is.
    pub fn beyond(&self, epsilon: Epsilon) -> Option<Beyond> {
        /// Rounding of logarithms must not put an end of the scale beyond itself.
        const HAIR: f64 = 1e-9;
        let decade = epsilon.get().log10();
        match self.decades {
            _ if epsilon == Epsilon::ZERO => None,
            [first, _] if decade < first - HAIR => Some(Beyond::Left),
            [_, last] if decade > last + HAIR => Some(Beyond::Right),
            _ => None,
        }
    }

    /// The ε at `x`, to three significant digits; exactly 0 when nearer to the stop than to the first decade.
    pub fn epsilon_at(&self, x: f32, snap: Snap) -> Epsilon {
        if x < f32::midpoint(self.zero, self.log.min) {
            return Epsilon::ZERO;
        }
        let [first, last] = self.decades;
        let along = f64::from((x - self.log.min) / self.log.span().max(1.0)).clamp(0.0, 1.0);
        let decade = first + along * (last - first);
        let free = rounded(10f64.powf(decade));
        if snap == Snap::Free {
            return free;
        }
        [(1.0, decade.round()), (5.0, (decade - 5f64.log10()).round())]
            .into_iter()
            .map(|(digit, exponent)| rounded(digit * 10f64.powf(exponent)))
            .find(|&mark| self.beyond(mark).is_none() && (self.x_of(mark) - x).abs() <= REACH)
            .unwrap_or(free)
    }

    /// The marks that get a label when labels need `label_width` points each: decades, evenly spaced, and between them
    /// their 2 and 5 where there is room. Each is log10 of its ε and the label.
    pub fn labels(&self, label_width: f32) -> Vec<(f64, String)> {
        if self.decades == WHOLE {
            return labelled_decades(self.log.span(), label_width)
                .map(|decade| (f64::from(decade), self.label(1, decade)))
                .collect();
        }
        // The narrowest gap is that from 1 to 2, and from 5 to 10.
        let is_roomy = self.x_of_decade(2f64.log10()) - self.x_of_decade(0.0) >= label_width;
        let digits: &[u32] = if is_roomy { &[1, 2, 5] } else { &[1] };
        self.marks(digits).map(|(digit, decade, at)| (at, self.label(digit, decade))).collect()
    }

    fn label(&self, digit: u32, decade: i32) -> String {
        let text = format!("{digit}e{decade}");
        text.parse().map_or(text, |epsilon: Epsilon| epsilon.written(self.notation))
    }

    /// Digit, decade and log10 of all `digits` times a power of ten in view.
    pub fn marks<'a>(&self, digits: &'a [u32]) -> impl Iterator<Item = (u32, i32, f64)> + use<'a> {
        const HAIR: f64 = 1e-9;
        let [first, last] = self.decades;
        (DECADES.0..=DECADES.1)
            .flat_map(move |decade| {
                digits.iter().map(move |&digit| (digit, decade, f64::from(decade) + f64::from(digit).log10()))
            })
            .filter(move |&(_, _, at)| (first - HAIR..=last + HAIR).contains(&at))
    }
}

/// A side of a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    Left,
    Right,
}

/// `epsilon` moved by `decades`, to three significant digits. Upwards from 0 comes 1e-12, downwards from 1e-12 comes 0.
pub fn stepped(epsilon: Epsilon, decades: f64) -> Epsilon {
    let (least, most) = Epsilon::SLIDER;
    if decades < 0.0 && epsilon <= least {
        Epsilon::ZERO
    } else if decades > 0.0 && epsilon < least {
        least
    } else {
        rounded((epsilon.get() * 10f64.powf(decades)).clamp(least.get(), most.get()))
    }
}

/// 10 to the power of `decade`, to three significant digits.
pub fn rounded_epsilon(decade: f64) -> Epsilon {
    rounded(10f64.powf(decade))
}

/// To three significant digits: as fine as a hand can point, and short to read.
fn rounded(value: f64) -> Epsilon {
    format!("{value:.2e}").parse().unwrap_or(Epsilon::ONE)
}

/// To two significant digits, where more would pretend to be known: `3.2e-2`.
pub fn rough(epsilon: Epsilon) -> String {
    format!("{:.1e}", epsilon.get())
}

/// The decades that get a label when labels need `label_width` points each: evenly spaced, both ends among them.
pub fn labelled_decades(log_width: f32, label_width: f32) -> impl Iterator<Item = i32> {
    let (first, last) = DECADES;
    let pitch = log_width / (last - first) as f32;
    // The divisors of the fourteen decades.
    let step = [1, 2, 7].into_iter().find(|&step| pitch * step as f32 >= label_width).unwrap_or(14);
    (0..=(last - first) / step).map(move |i| first + i * step)
}

/// Groups marks whose labels would touch: each group holds the indices of `xs` within `width` points of the next,
/// from left to right.
pub fn grouped(xs: &[f32], width: f32) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..xs.len()).collect();
    order.sort_by(|&a, &b| xs[a].total_cmp(&xs[b]));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut previous = f32::NEG_INFINITY;
    for index in order {
        match groups.last_mut() {
            Some(group) if xs[index] - previous < width => group.push(index),
            _ => groups.push(vec![index]),
        }
        previous = xs[index];
    }
    for group in &mut groups {
        group.sort_unstable();
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten points per decade.
    const SCALE: EpsilonScale = EpsilonScale {
        zero: 10.0,
        log: Rangef { min: 50.0, max: 190.0 },
        decades: WHOLE,
        notation: Notation::Scientific,
    };

    fn epsilon(text: &str) -> Epsilon {
        text.parse().unwrap()
    }

    #[test]
    fn every_decade_and_zero_have_their_place() {
        for (text, x) in
            [("0", 10.0), ("1e-12", 50.0), ("1e-10", 70.0), ("1e-3", 140.0), ("1e0", 170.0), ("1e2", 190.0)]
        {
            assert!((SCALE.x_of(epsilon(text)) - x).abs() < 1e-3, "{text}: {}", SCALE.x_of(epsilon(text)));
            assert_eq!(SCALE.epsilon_at(x, Snap::Free), epsilon(text));
        }
        assert!((SCALE.x_of(epsilon("1e-300")) - 50.0).abs() < 1e-3, "above 0 is never on the stop for 0");
        assert!((SCALE.x_of(epsilon("5e4")) - 190.0).abs() < 1e-3);
        assert_eq!(SCALE.epsilon_at(29.0, Snap::Free), Epsilon::ZERO);
        assert_eq!(SCALE.epsilon_at(31.0, Snap::Free), epsilon("1e-12"));
        assert_eq!(SCALE.epsilon_at(-1e9, Snap::Free), Epsilon::ZERO);
        assert_eq!(SCALE.epsilon_at(1e9, Snap::Free), epsilon("1e2"));
    }

    #[test]
    fn the_hand_is_drawn_to_whole_marks_unless_it_asks_for_freedom() {
        // 5e-1 stands at 50 + 10·(12 − 0.30103) = 166.99.
        assert_eq!(SCALE.epsilon_at(165.5, Snap::Marks), epsilon("5e-1"));
        assert_eq!(SCALE.epsilon_at(165.5, Snap::Free), epsilon("3.55e-1"));
        assert_eq!(SCALE.epsilon_at(141.0, Snap::Marks), epsilon("1e-3"));
    }

    #[test]
    fn a_part_of_the_scale_fills_it() {
        // 70 points per decade, 1e-2 to 1e0.
        let part = EpsilonScale { decades: [-2.0, 0.0], ..SCALE };
        for (text, x) in [("0", 10.0), ("1e-2", 50.0), ("1e-1", 120.0), ("1e0", 190.0)] {
            assert!((part.x_of(epsilon(text)) - x).abs() < 1e-3, "{text}: {}", part.x_of(epsilon(text)));
            assert_eq!(part.epsilon_at(x, Snap::Marks), epsilon(text));
            assert_eq!(part.beyond(epsilon(text)), None);
        }
        assert_eq!((part.x_of(epsilon("1e-10")), part.beyond(epsilon("1e-10"))), (50.0, Some(Beyond::Left)));
        assert_eq!((part.x_of(epsilon("1e1")), part.beyond(epsilon("1e1"))), (190.0, Some(Beyond::Right)));
        assert_eq!(part.epsilon_at(48.0, Snap::Marks), epsilon("1e-2"), "not 0, and nothing beyond the end");
        let labels = |width| part.labels(width).into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(20.0), ["1e-2", "2e-2", "5e-2", "1e-1", "2e-1", "5e-1", "1e0"]);
        assert_eq!(labels(40.0), ["1e-2", "1e-1", "1e0"]);
        assert_eq!(part.marks(&[1, 5]).count(), 5);
    }

    #[test]
    fn steps_reach_both_ends_and_come_back() {
        assert_eq!(stepped(epsilon("1e-3"), 0.1), epsilon("1.26e-3"));
        assert_eq!(stepped(epsilon("1e-3"), -0.01), epsilon("9.77e-4"));
        assert_eq!(stepped(epsilon("5e-1"), -1.0), epsilon("5e-2"));
        assert_eq!(stepped(epsilon("5e1"), 1.0), epsilon("1e2"));
        assert_eq!(stepped(epsilon("3e-12"), -1.0), epsilon("1e-12"), "stops at the end before the jump to 0");
        assert_eq!(stepped(epsilon("1e-12"), -0.1), Epsilon::ZERO);
        assert_eq!(stepped(Epsilon::ZERO, -0.1), Epsilon::ZERO);
        assert_eq!(stepped(Epsilon::ZERO, 0.1), epsilon("1e-12"));
        assert_eq!(stepped(epsilon("1e300"), -0.1), epsilon("1e2"));
        let decade = (0..10).fold(epsilon("1e-3"), |e, _| stepped(e, 0.1));
        assert_eq!(decade, epsilon("1e-2"), "ten tenths are a decade, in spite of the rounding");
    }

    #[test]
    fn labels_are_thinned_evenly() {
        assert_eq!(labelled_decades(1400.0, 40.0).count(), 15);
        assert_eq!(labelled_decades(420.0, 40.0).collect::<Vec<_>>(), [-12, -10, -8, -6, -4, -2, 0, 2]);
        assert_eq!(labelled_decades(140.0, 40.0).collect::<Vec<_>>(), [-12, -5, 2]);
        assert_eq!(labelled_decades(20.0, 40.0).collect::<Vec<_>>(), [-12, 2]);
    }

    #[test]
    fn marks_that_touch_share_a_label() {
        assert_eq!(grouped(&[100.0, 60.0, 20.0], 14.0), [[2], [1], [0]]);
        assert_eq!(grouped(&[100.0, 20.0, 92.0], 14.0), [vec![1], vec![0, 2]]);
        assert_eq!(grouped(&[5.0, 5.0, 5.0], 14.0), [[0, 1, 2]]);
    }
}
