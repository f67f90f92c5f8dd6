//! Keeps the directions of imports: every module knows only those below it, and each foreign world has one place.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test stops at the first surprise"
)]

mod paths;
mod tokens;

use std::{
    fs,
    path::{Path, PathBuf},
};

use paths::root_references;
use tokens::tokens;

/// The program from top to bottom. Modules on the same level never import each other.
const LEVELS: [&[&str]; 8] = [
    &["main", "lib"],
    &["cli", "ui"],
    &["session"],
    &["figure"],
    &["engine"],
    &["model"],
    &["capture"],
    &["attention"],
];

/// Crates that only one module may name.
const HOMES: [(&[&str], &str); 2] =
    [(&["egui", "eframe", "egui_plot", "rfd"], "ui"), (&["candle", "candle_core", "candle_nn"], "model")];

/// A file longer than this holds more than one idea.
const MOST_LINES: usize = 450;

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|modules| modules.contains(&module))
}

/// What breaks the rules in one file, as `path:line: what`. `path` is relative to `src`.
fn violations(path: &Path, text: &str) -> Vec<String> {
    // src/engine/worker/mod.rs and src/engine/worker.rs are both engine::worker.
    let mut modules: Vec<String> =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if modules.len() > 1 {
        modules.retain(|part| part != "mod");
    }
    let own = modules[0].clone();
    let is_root = own == "main" || own == "lib";
    let depth = if is_root { 0 } else { modules.len() };
    let at = |line: usize, what: String| format!("src/{}:{line}: {what}", path.display());

    let Some(own_level) = level(&own) else {
        return vec![at(1, format!("`{own}` has no place in the order of modules"))];
    };
    let tokens = tokens(text);
    let mut found = Vec::new();
    for (line, module) in root_references(&tokens, depth) {
        match level(&module) {
            _ if module == own => {}
            Some(level) if level > own_level => {}
            Some(_) => found.push(at(line, format!("`{own}` must not import `{module}`, which is not below it"))),
            None if is_root => {}
            None => found.push(at(line, format!("`{module}` has no place in the order of modules"))),
        }
    }
    for token in &tokens {
        for (crates, home) in HOMES {
            if crates.contains(&token.text.as_str()) && own != home {
                found.push(at(token.line, format!("`{}` belongs in `{home}` only", token.text)));
            }
        }
    }
    let lines = text.lines().count();
    if lines > MOST_LINES {
        found.push(at(lines, format!("{lines} lines, at most {MOST_LINES}")));
    }
    found
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn imports_point_down_and_files_stay_short() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    files.sort();
    assert!(files.len() > 20, "only {} files found in {}", files.len(), src.display());
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| violations(file.strip_prefix(&src).unwrap(), &fs::read_to_string(file).unwrap()))
        .collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// What is found in `text` as the file `path`.
#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    assert_eq!(violations(Path::new(path), text), expected, "{path}: {text}");
}

#[test]
fn an_import_from_above_is_found_however_it_is_written() {
    let line = "src/model/config.rs:1: `model` must not import `engine`, which is not below it";
    for text in [
        "use crate::engine::RunSpec;",
        "use crate::{attention::Mask, engine::RunSpec};",
        "use crate::{attention::{Mask, Scope}, engine as e};",
        "pub(crate) use crate::engine;",
        "fn f(_: crate::engine::RunSpec) {}",
        "fn f() { crate :: engine :: run() }",
        "use super::super::engine;",
        "use super::{super::{attention, engine}};",
        "mod tests { use super::super::super::engine; }",
        "mod a { mod b {} use super::super::super::engine::x; }",
        "macro_rules! m { () => { $crate::engine::run() } }",
        "use ::attenuate::engine::RunSpec;",
        "use attenuate::{engine, model};",
    ] {
        check("model/config.rs", text, &[line]);
    }
    check(
        "attention/mod.rs",
        "\n\nuse crate::capture::Capture;",
        &["src/attention/mod.rs:3: `attention` must not import `capture`, which is not below it"],
    );
    check(
        "attention.rs",
        "use super::model;",
        &["src/attention.rs:1: `attention` must not import `model`, which is not below it"],
    );
    check(
        "ui/app/mod.rs",
        "use super::super::cli;",
        &["src/ui/app/mod.rs:1: `ui` must not import `cli`, which is not below it"],
    );
    check("cli/mod.rs", "use crate::ui;", &["src/cli/mod.rs:1: `cli` must not import `ui`, which is not below it"]);
}

#[test]
fn what_is_allowed_is_not_found() {
    for (path, text) in [
        ("model/config.rs", "use crate::attention::{self, LayerQkv};"),
        ("model/config.rs", "use super::engine; mod tests { use super::super::engine; }"),
        ("model/config.rs", "use crate::model::engine::{capture, ui};"),
        ("model/config.rs", "pub(crate) fn engine() {} pub(super) fn f(engine: u8) -> u8 { engine }"),
        ("model/config.rs", "// use crate::engine;\n/* crate::ui /* egui */ crate::cli */\n//! [`crate::engine`]"),
        (
            "model/config.rs",
            "const A: &str = \"crate::engine egui \\\" rfd\"; const B: &str = r#\"crate::ui \" egui\"#;",
        ),
        ("model/config.rs", "fn f<'a>(x: &'a str) -> char { let _ = ('\"', '\\'', b'\"'); 'e' }"),
        ("model/config.rs", "use candle_core::Tensor;"),
        ("ui/app.rs", "use egui::Ui; use crate::{attention, capture, engine, figure, model, session};"),
        ("lib.rs", "pub mod ui; pub use crate::engine::RunSpec; pub use self::attention::Mask;"),
        ("main.rs", "fn main() { attenuate::cli::run(); attenuate::ui::run(); }"),
    ] {
        check(path, text, &[]);
    }
}

#[test]
fn foreign_crates_have_one_home() {
    check("figure/png.rs", "\nuse egui::Color32;", &["src/figure/png.rs:2: `egui` belongs in `ui` only"]);
    check("session/mod.rs", "fn f() { rfd::dialog() }", &["src/session/mod.rs:1: `rfd` belongs in `ui` only"]);
    check("engine/mod.rs", "use candle_core as c;", &["src/engine/mod.rs:1: `candle_core` belongs in `model` only"]);
}

#[test]
fn unknown_modules_and_long_files_are_found() {
    check("extra/mod.rs", "", &["src/extra/mod.rs:1: `extra` has no place in the order of modules"]);
    check("model/a.rs", "use crate::extra;", &["src/model/a.rs:1: `extra` has no place in the order of modules"]);
    check("model/a.rs", "use crate::*;", &["src/model/a.rs:1: `*` has no place in the order of modules"]);
    check("model/a.rs", &"\n".repeat(450), &[]);
    check("model/a.rs", &"\n".repeat(451), &["src/model/a.rs:451: 451 lines, at most 450"]);
}
