//! How many digits a number is shown with, so that the next one follows from it on a pocket calculator.

/// Places behind the point of every score.
pub const PLACES: usize = 8;

/// From here on numbers are written with an exponent.
const LARGE: f64 = 1e15;
const SMALL: f64 = 1e-4;

/// To `places` behind the point; fewer where the number has no more.
pub fn fixed(value: f64, places: usize) -> String {
    if value.abs() >= LARGE {
        return format!("{value:e}");
    }
    shorter(value, format!("{value:.places$}"))
}

/// With `digits` digits from the first that is not 0; fewer where the number has no more.
pub fn significant(value: f64, digits: usize) -> String {
    let behind = digits.saturating_sub(1);
    let scientific = format!("{value:.behind$e}");
    if !value.is_finite() || value == 0.0 {
        return format!("{}", value + 0.0);
    }
    if value.abs() < SMALL || value.abs() >= LARGE {
        let shortest = format!("{value:e}");
        return if shortest.len() < scientific.len() { shortest } else { scientific };
    }
    // Of the rounded number: 9.999e-4 with three digits is 1.00e-3.
    let exponent = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let places = i64::try_from(behind).unwrap_or(0) - exponent;
    shorter(value, format!("{value:.*}", usize::try_from(places).unwrap_or(0)))
}

/// To `places` behind the point, but never with fewer than `digits` digits: for what a small factor stands before.
pub fn at_least(value: f64, places: usize, digits: usize) -> String {
    let last_place = i64::try_from(digits).unwrap_or(0) - 1 - exponent(value);
    if last_place > i64::try_from(places).unwrap_or(0) { significant(value, digits) } else { fixed(value, places) }
}

/// Further places for a number that is multiplied by `factor`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
pub fn places_lost(factor: f64) -> usize {
    if factor > 1.0 { factor.log10().ceil().min(30.0) as usize } else { 0 }
}

/// The place of the first digit: 2 for 345, −3 for 0.002.
#[expect(clippy::cast_possible_truncation, reason = "at most 308")]
fn exponent(value: f64) -> i64 {
    if value == 0.0 || !value.is_finite() { 0 } else { value.abs().log10().floor() as i64 }
}

/// `text`, or all digits that tell `value` from every other number, where those are fewer.
fn shorter(value: f64, text: String) -> String {
    // −0 is 0.
    let shortest = format!("{}", value + 0.0);
    if shortest.len() < text.len() { shortest } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_as_many_as_wanted_and_as_there_are() {
        assert_eq!(fixed(-58.803_451_044_9, 8), "-58.80345104");
        assert_eq!(fixed(0.125, 8), "0.125");
        assert_eq!(fixed(0.0, 8), "0");
        assert_eq!(fixed(-0.0, 8), "0");
        assert_eq!(fixed(2.5e15, 8), "2.5e15");
        assert_eq!(significant(1.0 / 3.0, 7), "0.3333333");
        assert_eq!(significant(2.0 / 3e7, 7), "6.666667e-8");
        assert_eq!(significant(123_456.789_123, 7), "123456.8");
        assert_eq!(significant(123_456_789.123, 7), "123456789");
        assert_eq!(significant(5e-10, 7), "5e-10");
        assert_eq!(significant(0.000_999_999, 3), "0.00100");
        assert_eq!(at_least(1.0 / 3.0, 8, 9), "0.333333333");
        assert_eq!(at_least(100.0 / 3.0, 8, 9), "33.33333333");
        assert_eq!(at_least(1e-10 / 3.0, 8, 9), "3.33333333e-11");
        assert_eq!([0.5, 1.0, 2.0, 100.0, 101.0].map(places_lost), [0, 0, 1, 2, 3]);
    }
}
