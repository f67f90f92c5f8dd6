//! Command lines in the documentation.

use std::ffi::OsString;

use attenuate::cli;

use super::{pages, read};

#[test]
fn command_lines_are_understood() {
    let mut n_tried = 0;
    for page in pages() {
        for line in read(&page).lines().filter(|line| *line == "attenuate" || line.starts_with("attenuate ")) {
            if let Err(error) = cli::parse(words(line)) {
                panic!("{}: {line}: {error}", page.display());
            }
            n_tried += 1;
        }
    }
    assert!(n_tried > 15, "{n_tried}");
}

/// The words of a line as a shell has them: quotes hold words together, what follows `#` is a remark.
fn words(line: &str) -> Vec<OsString> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, '#') if word.is_none() => break,
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.into_iter().chain(word).map(OsString::from).collect()
}
