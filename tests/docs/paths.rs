//! Files and folders that the pages for contributors name.

use std::path::Path;

use super::{read, root};

#[test]
fn named_files_and_folders_exist() {
    let mut missing = Vec::new();
    for page in ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"] {
        // In code spans, every second piece between backticks, outside of blocks of code.
        let text = read(Path::new(page));
        let prose: String = text.split("```").step_by(2).collect();
        for span in prose.split('`').skip(1).step_by(2).filter(|span| is_path(span)) {
            let places = ["", "src", "src/figure", "src/model/families"];
            if !places.iter().any(|place| root().join(place).join(span).exists()) {
                missing.push(format!("{page}: {span}"));
            }
        }
    }
    assert!(missing.is_empty(), "named and not there:\n{}", missing.join("\n"));
}

/// Whether a code span names a file or folder of the repository.
fn is_path(span: &str) -> bool {
    let is_source = span.ends_with(".rs") || span.ends_with(".toml") || span.ends_with(".md");
    let first = span.split('/').next().unwrap_or_default();
    let is_below = span.contains('/') && (root().join(first).is_dir() || root().join("src").join(first).is_dir());
    !span.contains([' ', '*', '{']) && (is_source || is_below)
}

#[test]
fn the_worked_example_of_a_panel_is_one_that_compiles() {
    let code = read(Path::new("src/ui/panels/token_count/mod.rs"));
    let code = code.split_once("\n\n").unwrap().1;
    assert!(read(Path::new("CONTRIBUTING.md")).contains(code), "not in CONTRIBUTING.md:\n{code}");
}
