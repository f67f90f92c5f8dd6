//! Numbers of bytes, for people.

/// A number of bytes as a person reads it, to three digits: `1.23 GB`.
pub fn byte_count(count: u64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB", "PB"];
    let unit = units.len().min(1 + (count.max(1).ilog10() / 3) as usize) - 1;
    let value = count as f64 / 1000_f64.powi(i32::try_from(unit).unwrap_or_default());
    let decimals = if unit == 0 || value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    format!("{value:.decimals$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::byte_count;

    #[test]
    fn bytes_are_readable() {
        let written = [0, 999, 1000, 134_217_728, 21_474_836_480, u64::MAX].map(byte_count);
        assert_eq!(written, ["0 bytes", "999 bytes", "1.00 kB", "134 MB", "21.5 GB", "18447 PB"]);
    }
}
