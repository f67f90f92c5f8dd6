//! Round numbers along a colour bar.

use crate::figure::Limits;

/// A label on the colour bar, and its place in `[0, 1]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Along the bar, 0 at the lower limit to 1 at the upper one.
    pub position: f32,
    /// The value in figures.
    pub label: String,
}

/// More would not fit beside a small bar.
const MOST: usize = 7;
/// Below so many decades a logarithm is nearly straight, and its ticks are those of a linear scale.
const NEARLY_LINEAR: f64 = 0.5;

/// Multiples of 1, 2 or 5 times a power of ten that lie within the limits: the smallest step that gives at most six
/// intervals.
pub fn linear(limits: Limits) -> Vec<Tick> {
    let (low, high) = (f64::from(limits.low()), f64::from(limits.high()));
    round_numbers(low, high).map(|(value, label)| tick((value - low) / (high - low), label)).collect()
}

/// 1, 2 and 5 of every decade, 1 and 3, or whole decades: as many as there is room for.
pub fn logarithmic(decades: Limits) -> Vec<Tick> {
    let (low, high) = (f64::from(decades.low()), f64::from(decades.high()));
    let position = |value: f64| (value.log10() - low) / (high - low);
    if high - low < NEARLY_LINEAR {
        let numbers = round_numbers(10_f64.powf(low), 10_f64.powf(high));
        return numbers.map(|(value, label)| tick(position(value), label)).collect();
    }
    let slack = (high - low) * 1e-6;
    let exponents = whole(low.floor())..=whole(high.ceil());
    let is_plain = low > -3.0 - slack && high < 4.0 + slack;
    let within = |&(value, _, _): &(f64, i32, i32)| (low - slack..=high + slack).contains(&value.log10());
    let of_set = |factors: &[i32], every: i32| -> Vec<(f64, i32, i32)> {
        let exponents = exponents.clone().filter(|exponent| exponent.rem_euclid(every) == 0);
        let numbers = exponents.flat_map(|exponent| factors.iter().map(move |&factor| (factor, exponent)));
        let values = numbers.map(|(factor, exponent)| (f64::from(factor) * 10_f64.powi(exponent), factor, exponent));
        values.filter(within).collect()
    };
    let mut numbers = of_set(&[1, 2, 5], 1);
    if numbers.len() > MOST {
        numbers = of_set(&[1, 3], 1);
    }
    let mut every = 1;
    while numbers.len() > MOST {
        numbers = of_set(&[1], every);
        every += 1;
    }
    numbers
        .into_iter()
        .map(|(value, factor, exponent)| tick(position(value), label(factor, exponent, is_plain)))
        .collect()
}

#[expect(clippy::cast_possible_truncation, reason = "a place in [0, 1]")]
fn tick(position: f64, label: String) -> Tick {
    Tick { position: (position as f32).clamp(0.0, 1.0), label }
}

#[expect(clippy::cast_possible_truncation, reason = "exponents of f32")]
fn whole(exponent: f64) -> i32 {
    exponent as i32
}

fn label(factor: i32, exponent: i32, is_plain: bool) -> String {
    match (is_plain, exponent) {
        (_, 0) => factor.to_string(),
        (true, ..0) => format!("{:.*}", exponent.unsigned_abs() as usize, f64::from(factor) * 10_f64.powi(exponent)),
        (true, _) => format!("{factor}{}", "0".repeat(exponent.unsigned_abs() as usize)),
        (false, _) => format!("{factor}e{exponent}"),
    }
}

/// A value above zero with at most three digits: `0.02`, `1e-4`.
pub fn short(value: f64) -> String {
    let scientific = format!("{value:.2e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    if (1e-3..1e4).contains(&value) {
        // Reading the rounded digits back takes the zeros away.
        return scientific.parse::<f64>().map_or(scientific.clone(), |rounded| rounded.to_string());
    }
    format!("{}e{exponent}", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// Round numbers from `low` to `high` with their labels.
#[expect(clippy::cast_possible_truncation, reason = "a handful of ticks, and exponents of f32")]
fn round_numbers(low: f64, high: f64) -> impl Iterator<Item = (f64, String)> {
    let raw = (high - low) / 6.0;
    let decade = raw.log10().floor() as i32;
    // Limits such as 0.2 are not exact in binary; a tick may miss them by less than anyone can see.
    let slack = (high - low) * 1e-6;
    let candidates = [(1.0, decade), (2.0, decade), (5.0, decade), (1.0, decade + 1)];
    let (step, exponent) = candidates
        .into_iter()
        .map(|(factor, exponent)| (factor * 10f64.powi(exponent), exponent))
        .find(|(step, _)| *step >= raw - slack)
        .unwrap_or((raw, decade));
    let magnitude = low.abs().max(high.abs());
    // Enough digits to tell neighbours apart.
    let decimals = usize::try_from(-exponent).unwrap_or(0).max(1);
    let digits = usize::try_from(magnitude.log10().floor() as i32 - exponent).unwrap_or(0);
    let label = move |value: f64| match value {
        0.0 => "0.0".to_owned(),
        _ if (1e-3..1e5).contains(&magnitude) => format!("{value:.decimals$}"),
        _ => format!("{value:.digits$e}"),
    };
    let first = ((low - slack) / step).ceil() as i64;
    let last = ((high + slack) / step).floor() as i64;
    (first..=last).map(move |multiple| {
        let value = multiple as f64 * step;
        (value, label(value))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::figure::NormScale;

    fn labels(ticks: Vec<Tick>) -> Vec<String> {
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    fn linear_labels(low: f32, high: f32) -> Vec<String> {
        labels(linear(Limits::new(low, high).unwrap()))
    }

    fn log_labels(low: f32, high: f32) -> Vec<String> {
        labels(logarithmic(Limits::new(low.log10(), high.log10()).unwrap()))
    }

    #[test]
    fn the_figures_ticks_are_a_fifth_apart() {
        assert_eq!(linear_labels(0.0, 1.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        for (tick, expected) in linear(Limits::UNIT).iter().zip([0.0, 0.2, 0.4, 0.6, 0.8, 1.0]) {
            assert!((tick.position - expected).abs() < 1e-6, "{tick:?}");
        }
    }

    #[test]
    fn ticks_are_round_numbers_within_the_limits() {
        assert_eq!(linear_labels(0.0, 0.5), ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]);
        assert_eq!(linear_labels(-1.0, 1.0), ["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
        assert_eq!(linear_labels(0.03, 0.11), ["0.04", "0.06", "0.08", "0.10"]);
        let tiny = ["0.0", "5.0e-8", "1.0e-7", "1.5e-7", "2.0e-7", "2.5e-7", "3.0e-7"];
        assert_eq!(linear_labels(0.0, 3e-7), tiny);
    }

    #[test]
    fn a_logarithm_has_as_many_round_numbers_as_there_is_room_for() {
        assert_eq!(log_labels(1e-4, 1.0), ["1e-4", "1e-3", "1e-2", "1e-1", "1"]);
        assert_eq!(log_labels(1e-12, 1.0).len(), 7);
        assert_eq!(log_labels(0.02, 50.0), ["0.03", "0.1", "0.3", "1", "3", "10", "30"]);
        assert_eq!(log_labels(0.1, 10.0), ["0.1", "0.2", "0.5", "1", "2", "5", "10"]);
        assert_eq!(log_labels(0.5, 2.0), ["0.5", "1", "2"]);
        assert_eq!(log_labels(0.9, 1.1), ["0.90", "0.95", "1.00", "1.05", "1.10"]);
        let nearly_one = logarithmic(Limits::new(-1.0001_f32.log10(), 1.0001_f32.log10()).unwrap());
        assert!(nearly_one.iter().any(|tick| tick.position == 0.5 && tick.label == "1.00000"), "{nearly_one:?}");
    }

    #[test]
    fn short_numbers_keep_what_matters() {
        let cases = [(1.0, "1"), (1e-4, "1e-4"), (0.02, "0.02"), (50.0, "50"), (1234.5, "1230"), (2.5e-7, "2.5e-7")];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }

    proptest! {
        #[test]
        fn a_label_says_the_value_at_its_place(low in -300_f32..300.0, span in 0.001_f32..200.0, log in any::<bool>()) {
            let (low, high) = if log { (low / 60.0, low / 60.0 + span / 40.0) } else { (low, low + span) };
            let limits = Limits::new(low, high).unwrap();
            let scale = if log { NormScale::Log(limits) } else { NormScale::Linear(limits) };
            let ticks = scale.ticks();
            prop_assert!(ticks.len() <= MOST, "{:?}", ticks);
            prop_assert!(ticks.windows(2).all(|pair| pair[0].position < pair[1].position), "{:?}", ticks);
            let [first, last] = scale.ends();
            for tick in &ticks {
                let value: f64 = tick.label.parse().unwrap();
                let expected = if log {
                    10_f64.powf(f64::from(low) + f64::from(tick.position) * f64::from(high - low))
                } else {
                    first + f64::from(tick.position) * (last - first)
                };
                let slack = 2e-3 * if log { expected } else { last - first };
                prop_assert!((value - expected).abs() <= slack, "{} at {}", value, expected);
            }
        }
    }
}
