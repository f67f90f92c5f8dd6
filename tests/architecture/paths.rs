//! Which of the program's own top modules a file names.

use super::tokens::Token;

/// Every `(line, name)` of a module at the crate's root that the code names through `crate::`, `attenuate::` or enough
/// `super::`, in `use` groups too. `depth` is how many modules deep the file is: 0 for `lib.rs`, 1 for `engine/mod.rs`.
pub fn root_references(tokens: &[Token], depth: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // How deep in braces each inline module around the current token begins.
    let mut inline = Vec::new();
    let mut braces = 0_usize;
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    for at in 0..tokens.len() {
        match text(at) {
            "{" => {
                if at >= 2 && text(at - 2) == "mod" {
                    inline.push(braces);
                }
                braces += 1;
            }
            "}" => {
                braces = braces.saturating_sub(1);
                if inline.last() == Some(&braces) {
                    inline.pop();
                }
            }
            start @ ("crate" | "attenuate" | "super" | "self") => {
                // What stands within a path is read with its beginning; `::attenuate` is a beginning.
                let before = at.checked_sub(1).map_or("", text);
                let begins = before != "::" || start == "attenuate";
                let within_group = matches!(before, "{" | ",") && inside_path_group(tokens, at);
                if begins && !within_group {
                    path(tokens, at, depth + inline.len(), &mut found);
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether the token stands in braces that a `::` opens, as in `use super::{super::a}`.
fn inside_path_group(tokens: &[Token], at: usize) -> bool {
    let mut depth = 0_usize;
    for i in (0..at).rev() {
        match tokens[i].text.as_str() {
            "}" => depth += 1,
            "{" if depth > 0 => depth -= 1,
            "{" if i > 0 && tokens[i - 1].text == "::" => return true,
            "{" | ";" => return false,
            _ => {}
        }
    }
    false
}

/// How far below the root a path leads that nothing leads up from again.
const BELOW: usize = usize::MAX;

/// Reads the path or `use` group that begins at `at`; `level` is how many modules below the root it continues. Returns
/// the place behind it.
fn path(tokens: &[Token], at: usize, level: usize, found: &mut Vec<(usize, String)>) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let level = match text(at) {
        "{" => return group(tokens, at, level, found),
        "crate" | "attenuate" => 0,
        "self" => level,
        "super" => level.saturating_sub(1),
        name => {
            if level == 0 {
                found.push((tokens[at].line, name.to_owned()));
            }
            BELOW
        }
    };
    if text(at + 1) == "::" { path(tokens, at + 2, level, found) } else { at + 1 }
}

fn group(tokens: &[Token], open: usize, level: usize, found: &mut Vec<(usize, String)>) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let mut at = open + 1;
    while at < tokens.len() && text(at) != "}" {
        at = path(tokens, at, level, found);
        // `as name`, up to the next element.
        while at < tokens.len() && !matches!(text(at), "," | "}") {
            at += 1;
        }
        at += usize::from(text(at) == ",");
    }
    at + 1
}
