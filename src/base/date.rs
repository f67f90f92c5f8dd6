//! A day of the calendar, as it is written, and today.

use std::{
    fmt,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use super::Excerpt;

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// A day of the Gregorian calendar, `2026-07-04`; the years 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    year: u16,
    /// 1 to 12.
    month: u8,
    /// From 1.
    day: u8,
}

/// A text that is no [`Date`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a date YYYY-MM-DD, found “{0}”")]
pub struct DateError(String);

impl Date {
    /// Today, in universal time: the system's zone is in no library that the program has.
    pub fn today() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::from_days_since_1970(since.as_secs() / SECONDS_A_DAY)
    }

    /// Howard Hinnant's `civil_from_days`, <https://howardhinnant.github.io/date_algorithms.html>; the last day that there
    /// is for all behind it.
    fn from_days_since_1970(days: u64) -> Self {
        let days = days.min(2_932_896) + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        // All are within their types by construction.
        Self {
            year: u16::try_from(year).unwrap_or(9999),
            month: u8::try_from(month).unwrap_or(12),
            day: u8::try_from(of_year - (153 * from_march + 2) / 5 + 1).unwrap_or(31),
        }
    }

    /// 1 to 9999.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// Of the month, from 1.
    pub const fn day(self) -> u8 {
        self.day
    }

    /// 1 to 366.
    pub fn day_of_year(self) -> u16 {
        (1..self.month).map(|month| u16::from(days_of(self.year, month))).sum::<u16>() + u16::from(self.day)
    }

    /// From Monday, which is 0, to Sunday.
    pub fn weekday(self) -> usize {
        let before = usize::from(self.year - 1);
        // The first of January of the year 1 was a Monday.
        (before * 365 + before / 4 - before / 100 + before / 400 + usize::from(self.day_of_year()) - 1) % 7
    }
}

fn days_of(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u8::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_written = text.len() == 10
            && text
                .bytes()
                .enumerate()
                .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
        let part = |from: usize, to: usize| text.get(from..to)?.parse().ok();
        let date = || Some((text.get(0..4)?.parse().ok()?, part(5, 7)?, part(8, 10)?));
        let found = is_written.then(date).flatten();
        let (year, month, day) = found
            .filter(|&(year, month, day)| {
                year > 0 && (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day)
            })
            .ok_or_else(|| DateError(Excerpt::new(text).to_string()))?;
        Ok(Self { year, month, day })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl TryFrom<String> for Date {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_counted_as_the_calendar_has_them() {
        for (days, text) in [(0, "1970-01-01"), (59, "1970-03-01"), (11_016, "2000-02-29"), (20_784, "2026-11-27")] {
            assert_eq!(Date::from_days_since_1970(days), date(text));
        }
        assert_eq!(Date::from_days_since_1970(u64::MAX), date("9999-12-31"));
        assert!(Date::today() > date("2025-01-01"));
    }

    #[test]
    fn weekdays_and_days_of_the_year() {
        for (text, weekday, of_year) in
            [("2026-11-27", 4, 331), ("2024-02-29", 3, 60), ("2000-12-31", 6, 366), ("0001-01-01", 0, 1)]
        {
            assert_eq!((date(text).weekday(), date(text).day_of_year()), (weekday, of_year), "{text}");
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in
            ["", "2026", "2026-13-01", "2026-02-29", "2026-2-1", "0000-01-01", "20260-1-01", "2026/01/01", "２-01"]
        {
            assert_eq!(
                text.parse::<Date>().unwrap_err().to_string(),
                format!("expected a date YYYY-MM-DD, found “{text}”")
            );
        }
        let written = serde_json::to_string(&date("2024-02-29")).unwrap();
        assert_eq!(written, "\"2024-02-29\"");
        assert_eq!(serde_json::from_str::<Date>(&written).unwrap(), date("2024-02-29"));
    }
}
