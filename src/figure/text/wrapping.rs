//! Texts of several lines.

use unicode_segmentation::UnicodeSegmentation as _;

use super::{
    machine::Fonts,
    shaping::{cut_to, one_line, width},
};

/// A text on several lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrapped {
    /// From the uppermost.
    pub lines: Vec<String>,
    /// Whether an ellipsis stands for its end.
    pub is_cut: bool,
}

/// A text on at most so many lines of `em`, broken at spaces, or between clusters where a word is wider than a line; an
/// ellipsis stands for what has no room.
pub fn wrap(text: &str, em: f64, most_lines: usize, fonts: &Fonts) -> Wrapped {
    let text = one_line(text);
    let mut rest = text.trim();
    let mut wrapped = Wrapped::default();
    let fits = |text: &str| width(text, fonts) <= em;
    while !rest.is_empty() && wrapped.lines.len() < most_lines {
        if wrapped.lines.len() + 1 == most_lines {
            let last = cut_to(rest, em, fonts);
            wrapped.is_cut = last != rest;
            wrapped.lines.push(last);
            break;
        }
        let end = if fits(rest) { rest.len() } else { line_end(rest, fits) };
        let (line, behind) = rest.split_at(end);
        wrapped.lines.push(line.trim_end().to_owned());
        rest = behind.trim_start();
    }
    wrapped
}

/// Where the first line of a text ends that is wider than one: never at its start.
fn line_end(text: &str, fits: impl Fn(&str) -> bool) -> usize {
    let spaces: Vec<usize> = text.match_indices(' ').map(|(at, _)| at).filter(|&at| at > 0).collect();
    let words = spaces.partition_point(|&end| fits(&text[..end]));
    if let Some(&end) = words.checked_sub(1).and_then(|last| spaces.get(last)) {
        return end;
    }
    let ends: Vec<usize> = text.grapheme_indices(true).map(|(start, cluster)| start + cluster.len()).collect();
    let clusters = ends.partition_point(|&end| fits(&text[..end])).max(1);
    ends.get(clusters - 1).copied().unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces_and_the_last_is_cut() {
        let fonts = Fonts::own();
        let text = " To be fond of dancing was a certain step\ntowards falling in love. ";
        let whole = wrap(text, 1000.0, 3, &fonts);
        assert_eq!((whole.lines.len(), whole.lines[0].as_str(), whole.is_cut), (1, one_line(text).trim(), false));
        let wrapped = wrap(text, 10.0, 9, &fonts);
        assert_eq!(wrapped.lines.join(" "), one_line(text).trim());
        assert!(wrapped.lines.len() > 2 && wrapped.lines.iter().all(|line| width(line, &fonts) <= 10.0), "{wrapped:?}");
        assert!(!wrapped.is_cut);
        let cut = wrap(text, 10.0, 2, &fonts);
        assert_eq!(cut.lines[0], wrapped.lines[0]);
        assert!(
            cut.is_cut && cut.lines.len() == 2 && cut.lines[1].ends_with('…') && width(&cut.lines[1], &fonts) <= 10.0
        );
        assert_eq!(wrap("  ", 10.0, 2, &fonts), Wrapped::default());
        assert_eq!(wrap("love", 10.0, 0, &fonts), Wrapped::default());
    }

    #[test]
    fn a_word_that_is_wider_than_a_line_is_broken_between_clusters() {
        let fonts = Fonts::own();
        let word = "e\u{301}".repeat(30);
        let wrapped = wrap(&word, 4.0, 99, &fonts);
        assert_eq!(wrapped.lines.concat(), word);
        assert!(wrapped.lines.len() > 3 && wrapped.lines.iter().all(|line| line.starts_with('e')), "{wrapped:?}");
        let narrow = wrap("love", 0.01, 9, &fonts);
        assert_eq!(narrow.lines.concat(), "love", "a line has one cluster at least");
    }
}
