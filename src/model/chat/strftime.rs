//! Dates as Python's `strftime` writes them in the C locale; of the day there is no time, so that it is midnight.

use std::fmt::Write as _;

use crate::base::Date;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// # Errors
/// With a directive that is not written here.
pub fn strftime(date: Date, format: &str) -> Result<String, String> {
    let (year, month, day) = (date.year(), date.month(), date.day());
    let month_name = MONTHS.get(usize::from(month).saturating_sub(1)).copied().unwrap_or_default();
    let day_name = DAYS.get(date.weekday()).copied().unwrap_or_default();
    let mut text = String::new();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        let directive = characters.next();
        // Without the zeros in front, as the C library of Linux and macOS has it.
        let (is_short, directive) = match directive {
            Some('-') => (true, characters.next()),
            other => (false, other),
        };
        let mut number = |value: u16, width: usize| {
            let width = if is_short { 0 } else { width };
            // Writing into a String does not fail.
            let _ = write!(text, "{value:0width$}");
        };
        match directive {
            Some('Y') => number(year, 4),
            Some('y') => number(year % 100, 2),
            Some('m') => number(month.into(), 2),
            Some('d') => number(day.into(), 2),
            Some('j') => number(date.day_of_year(), 3),
            Some('H' | 'M' | 'S') => number(0, 2),
            Some('I') => number(12, 2),
            Some('e') => _ = write!(text, "{day:2}"),
            Some('p') => text.push_str("AM"),
            Some('B') => text.push_str(month_name),
            Some('b' | 'h') => text.extend(month_name.chars().take(3)),
            Some('A') => text.push_str(day_name),
            Some('a') => text.extend(day_name.chars().take(3)),
            Some('F') => text.push_str(&date.to_string()),
            Some('T') => text.push_str("00:00:00"),
            Some('D') => _ = write!(text, "{month:02}/{day:02}/{:02}", year % 100),
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('%') => text.push('%'),
            Some(other) => return Err(format!("%{other} is not supported")),
            None => return Err("a % at the end is not supported".to_owned()),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_python_does() {
        let date: Date = "2024-07-04".parse().unwrap();
        for (format, expected) in [
            ("%d %b %Y", "04 Jul 2024"),
            ("%-d %B %y", "4 July 24"),
            ("%A, %a|%e|%j|%m", "Thursday, Thu| 4|186|07"),
            ("%F %T %H:%M:%S %I %p 100%%", "2024-07-04 00:00:00 00:00:00 12 AM 100%"),
            ("%D %-m", "07/04/24 7"),
        ] {
            assert_eq!(strftime(date, format).as_deref(), Ok(expected));
        }
        assert_eq!(strftime(date, "%s").unwrap_err(), "%s is not supported");
        assert!(strftime(date, "%").is_err());
    }
}
