//! The figure's title on one line or two.

use crate::figure::{
    Fonts,
    text::shaping::{cut_to, widest, width},
};

/// The title, line by line.
pub struct TitleLines {
    pub lines: Vec<String>,
    pub size: f64,
    /// Of the longest line.
    pub width: f64,
}

impl TitleLines {
    /// Smaller where it is too long, down to `least`; then on two lines; then cut.
    pub fn fit(title: &str, [size, least]: [f64; 2], room: f64, fonts: &Fonts) -> Self {
        if title.is_empty() {
            return Self { lines: Vec::new(), size, width: 0.0 };
        }
        let natural = width(title, fonts) * size;
        let alone = if natural > room { size * room / natural } else { size };
        if alone >= least {
            return Self { lines: vec![title.to_owned()], size: alone, width: natural.min(room) };
        }
        let em = room / least * (1.0 + 1e-9);
        let halves = halves(title, fonts).filter(|halves| of(halves, fonts) <= em);
        let lines = halves.map_or_else(|| filled(title, em, fonts), |halves| halves.map(str::to_owned).to_vec());
        let widest = widest(lines.iter().map(String::as_str), fonts);
        let size = (room / widest.max(1e-9)).clamp(least, size.max(least));
        Self { width: (widest * size).min(room), lines, size }
    }
}

fn of(lines: &[&str; 2], fonts: &Fonts) -> f64 {
    widest(lines.iter().copied(), fonts)
}

/// The title parted between two words so that its lines are about as long; `None` of a single word.
fn halves<'a>(title: &'a str, fonts: &Fonts) -> Option<[&'a str; 2]> {
    let title = title.trim();
    let spaces = title.char_indices().filter(|(_, character)| character.is_whitespace()).map(|(at, _)| at);
    let parted = spaces.map(|at| [title[..at].trim_end(), title[at..].trim_start()]);
    parted.min_by(|a, b| of(a, fonts).total_cmp(&of(b, fonts)))
}

/// The first line as full as words make it, the second cut.
fn filled(title: &str, em: f64, fonts: &Fonts) -> Vec<String> {
    let title = title.trim();
    let spaces = title.char_indices().filter(|(_, character)| character.is_whitespace()).map(|(at, _)| at);
    let first = spaces.take_while(|&at| width(&title[..at], fonts) <= em).last();
    first.map_or_else(
        || vec![cut_to(title, em, fonts)],
        |at| vec![title[..at].trim_end().to_owned(), cut_to(title[at..].trim_start(), em, fonts)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_made_smaller_then_parted_then_cut() {
        let fonts = Fonts::own();
        let fit = |title: &str, room: f64| TitleLines::fit(title, [12.0, 8.0], room, &fonts);
        let title = "The Attention Weight after Modifying Query, Key and Value";
        let natural = width(title, &fonts);
        for (room, lines) in [(natural * 12.0, 1), (natural * 9.0, 1), (natural * 6.0, 2)] {
            let fitted = fit(title, room);
            assert_eq!(fitted.lines.len(), lines);
            assert_eq!(fitted.lines.join(" "), title);
            assert!(fitted.size >= 8.0 && fitted.width <= room, "{} {}", fitted.size, fitted.width);
        }
        let long = fit(&[title; 3].join(" "), natural * 8.0);
        assert!(long.lines.len() == 2 && long.lines[1].ends_with('…') && long.size == 8.0);
        let word = fit(&"a".repeat(300), 100.0);
        assert!(word.lines.len() == 1 && word.lines[0].ends_with('…'));
        assert!(fit("", 100.0).lines.is_empty());
    }
}
