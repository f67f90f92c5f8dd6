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

mod circles;
mod modules;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use circles::{Crate, start};
use modules::{module_path, modules};
use proc_macro2::{TokenStream, TokenTree};

/// The program from top to bottom. Modules on the same level never import each other.
const LEVELS: [&[&str]; 10] = [
    &["main", "lib"],
    &["cli", "ui"],
    &["session"],
    &["figure"],
    &["engine"],
    &["model"],
    &["numbers"],
    &["capture"],
    &["attention"],
    &["base"],
];

/// Crates that only one module may name.
const HOMES: [(&[&str], &str); 4] = [
    (&["egui", "eframe", "egui_plot", "rfd"], "ui"),
    (&["clap", "clap_complete", "clap_mangen"], "cli"),
    (&["resvg", "usvg", "svg2pdf", "krilla"], "figure"),
    (&["memmap2"], "base"),
];

/// A file longer than this holds more than one idea.
const MOST_LINES: usize = 450;

/// A folder with more files than this side by side has folders of its own to come.
const MOST_FILES: usize = 20;

fn level(module: &str) -> Option<usize> {
    LEVELS.iter().position(|modules| modules.contains(&module))
}

/// What breaks the rules of one file, as `path: what`. `path` is relative to `src`.
fn violations(path: &Path, text: &str) -> Vec<String> {
    let own = path.with_extension("").iter().next().unwrap().to_string_lossy().into_owned();
    let is_root = module_path(path).is_empty();
    let mut found = BTreeSet::new();
    if let Some(own_level) = level(&own) {
        for module in modules(path, text).unwrap() {
            for written in &module.named {
                let Some(top) = root_module(&module.path, written) else { continue };
                let problem = match level(top) {
                    _ if *top == own => continue,
                    Some(level) if level > own_level => continue,
                    Some(_) => format!("`{own}` must not import `{top}`, which is not below it"),
                    None if is_root => continue,
                    None => format!("`{top}` has no place in the order of modules"),
                };
                found.insert(format!("`{}`: {problem}", written.join("::")));
            }
        }
    } else {
        found.insert(format!("`{own}` has no place in the order of modules"));
    }
    words(text.parse().unwrap(), &mut |word| {
        for (crates, home) in HOMES {
            if crates.contains(&word) && own != home {
                found.insert(format!("`{word}` belongs in `{home}` only"));
            }
        }
    });
    let lines = text.lines().count();
    if lines > MOST_LINES {
        found.insert(format!("{lines} lines, at most {MOST_LINES}"));
    }
    found.into_iter().map(|what| format!("src/{}: {what}", path.display())).collect()
}

/// The module at the crate's root that a path leads into from the module `from`, if it says so by `crate`, `super` and
/// the like.
fn root_module<'a>(from: &[String], written: &'a [String]) -> Option<&'a String> {
    let first = written.first()?;
    let (place, rest) = start(from, written);
    let is_local = !["crate", "attenuate", "self", "super"].contains(&first.as_str());
    if is_local || !place.is_empty() { None } else { rest.first() }
}

/// Every word of the code; none of comments and texts.
fn words(code: TokenStream, see: &mut impl FnMut(&str)) {
    for token in code {
        match token {
            TokenTree::Ident(word) => see(&word.to_string()),
            TokenTree::Group(group) => words(group.stream(), see),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Every source file with its text, relative to `src`.
fn sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    files.sort();
    assert!(files.len() > 20, "only {} files found in {}", files.len(), src.display());
    files
        .into_iter()
        .map(|file| (file.strip_prefix(&src).unwrap().to_owned(), fs::read_to_string(&file).unwrap()))
        .collect()
}

#[test]
fn imports_point_down_and_files_stay_short() {
    let found: Vec<String> = sources().iter().flat_map(|(file, text)| violations(file, text)).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// The circles of files in `sources`, each as its files' names.
fn circles<'a>(sources: impl IntoIterator<Item = (&'a Path, &'a str)>) -> Vec<Vec<String>> {
    let files = sources.into_iter().filter(|(file, _)| *file != Path::new("main.rs"));
    let modules = files.map(|(file, text)| (file.to_owned(), modules(file, text).unwrap()));
    let name = |file: &PathBuf| file.to_string_lossy().into_owned();
    Crate::new(modules).circles().iter().map(|circle| circle.iter().map(name).collect()).collect()
}

#[test]
fn no_files_need_each_other_in_a_circle() {
    let sources = sources();
    let found = circles(sources.iter().map(|(file, text)| (file.as_path(), text.as_str())));
    assert!(found.is_empty(), "files that need each other in a circle: {found:#?}");
}

#[test]
fn no_folder_has_too_many_files() {
    let mut files = BTreeMap::new();
    for (file, _) in sources() {
        *files.entry(file.parent().unwrap().to_string_lossy().into_owned()).or_insert(0) += 1;
    }
    let crowded: Vec<&str> =
        files.iter().filter(|(_, n)| **n > MOST_FILES).map(|(folder, _)| folder.as_str()).collect();
    assert!(crowded.is_empty(), "folders with more than {MOST_FILES} files: {files:?}");
}

/// What is found in `text` as the file `path`.
#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    assert_eq!(violations(Path::new(path), text), expected, "{path}: {text}");
}

#[test]
fn an_import_from_above_is_found_however_it_is_written() {
    for (text, code) in [
        ("use crate::engine::RunSpec;", "crate::engine::RunSpec"),
        ("use crate::{attention::Mask, engine::RunSpec};", "crate::engine::RunSpec"),
        ("use crate::{attention::{Mask, Scope}, engine as e};", "crate::engine"),
        ("use crate::engine::{self};", "crate::engine"),
        ("pub(crate) use crate::engine;", "crate::engine"),
        ("fn f(_: crate::engine::RunSpec) {}", "crate::engine::RunSpec"),
        ("fn f() { crate :: engine :: run() }", "crate::engine::run"),
        ("fn f() { use crate::engine::run; }", "crate::engine::run"),
        ("use super::super::engine;", "super::super::engine"),
        ("use super::{super::{attention, engine}};", "super::super::engine"),
        ("mod tests { use super::super::super::engine; }", "super::super::super::engine"),
        ("mod a { mod b {} use super::super::super::engine::x; }", "super::super::super::engine::x"),
        ("macro_rules! m { () => { $crate::engine::run() } }", "crate::engine::run"),
        ("fn f() { vec![1, crate::engine::run()]; }", "crate::engine::run"),
        ("#[derive(A)] #[a(b = crate::engine::run)] struct S;", "crate::engine::run"),
        ("impl crate::engine::Trait for u8 {}", "crate::engine::Trait"),
        ("use ::attenuate::engine::RunSpec;", "attenuate::engine::RunSpec"),
        ("use attenuate::{engine, model};", "attenuate::engine"),
    ] {
        let line = format!("src/model/config.rs: `{code}`: `model` must not import `engine`, which is not below it");
        check("model/config.rs", text, &[&line]);
    }
    for (path, text, expected) in [
        (
            "attention/mod.rs",
            "use crate::capture::Capture;",
            "`crate::capture::Capture`: `attention` must not import `capture`, which is not below it",
        ),
        (
            "attention.rs",
            "use super::model;",
            "`super::model`: `attention` must not import `model`, which is not below it",
        ),
        (
            "ui/app/mod.rs",
            "use super::super::cli;",
            "`super::super::cli`: `ui` must not import `cli`, which is not below it",
        ),
        ("cli/mod.rs", "use crate::ui;", "`crate::ui`: `cli` must not import `ui`, which is not below it"),
        (
            "capture/mod.rs",
            "use crate::numbers::WeightsFile;",
            "`crate::numbers::WeightsFile`: `capture` must not import `numbers`, which is not below it",
        ),
        (
            "base/mod.rs",
            "use crate::attention::Mask;",
            "`crate::attention::Mask`: `base` must not import `attention`, which is not below it",
        ),
    ] {
        check(path, text, &[&format!("src/{path}: {expected}")]);
    }
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
        ("base/mapped_file.rs", "use memmap2::Mmap;"),
        ("ui/app.rs", "use egui::Ui; use crate::{attention, capture, engine, figure, model, session};"),
        ("lib.rs", "pub mod ui; pub use crate::engine::RunSpec; pub use self::attention::Mask;"),
        ("main.rs", "fn main() { attenuate::cli::run(); attenuate::ui::run(); }"),
    ] {
        check(path, text, &[]);
    }
}

#[test]
fn foreign_crates_have_one_home() {
    check("figure/png.rs", "\nuse egui::Color32;", &["src/figure/png.rs: `egui` belongs in `ui` only"]);
    check("session/mod.rs", "fn f() { rfd::dialog() }", &["src/session/mod.rs: `rfd` belongs in `ui` only"]);
    check("engine/mod.rs", "use memmap2 as m;", &["src/engine/mod.rs: `memmap2` belongs in `base` only"]);
}

#[test]
fn unknown_modules_and_long_files_are_found() {
    check("extra/mod.rs", "", &["src/extra/mod.rs: `extra` has no place in the order of modules"]);
    check(
        "model/a.rs",
        "use crate::extra;",
        &["src/model/a.rs: `crate::extra`: `extra` has no place in the order of modules"],
    );
    check("model/a.rs", "use crate::*;", &["src/model/a.rs: `crate::*`: `*` has no place in the order of modules"]);
    check("model/a.rs", &"\n".repeat(450), &[]);
    check("model/a.rs", &"\n".repeat(451), &["src/model/a.rs: 451 lines, at most 450"]);
}

/// The circles among these files, as their names.
fn circles_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    circles(files.iter().map(|(file, text)| (Path::new(*file), *text)))
}

#[test]
fn a_circle_is_found_however_it_is_closed() {
    let a = "use super::b::B; pub struct A;";
    for b in [
        "use super::a::A; pub struct B;",
        "use super::A; pub struct B;",
        "use super::*; pub struct B; fn f(_: A) {}",
        "pub struct B; fn f() { crate::m::A }",
        "use super::a; pub struct B; fn f(_: a::A) {}",
        "use crate::m; pub struct B; fn f(_: m::A) {}",
        "use super::a as other; pub struct B { a: other::A }",
        "pub struct B; impl super::Trait for B {}",
        "pub struct B; fn f() { vec![super::A; 2] }",
        "pub struct B; mod inner { fn f() -> super::super::A {} }",
        "pub struct B; fn f() { use super::super::m::{a::{self, A}}; }",
        "use super::c::A; pub struct B;",
    ] {
        let files = [
            ("lib.rs", "pub mod m;"),
            ("m/mod.rs", "mod a; mod b; mod c; pub use a::{A, Trait};"),
            ("m/a.rs", &*format!("{a} pub trait Trait {{}}")),
            ("m/b.rs", b),
            ("m/c.rs", "pub use super::A;"),
        ];
        assert!(circles_of(&files).iter().any(|circle| circle.starts_with(&["m/a.rs".into(), "m/b.rs".into()])), "{b}");
    }
    let parent = [("lib.rs", "mod m;"), ("m/mod.rs", "mod a; pub struct M;"), ("m/a.rs", "impl super::M {}")];
    assert_eq!(circles_of(&parent), [["m/a.rs", "m/mod.rs"]], "a module whose own type its children use");
}

#[test]
fn a_folder_that_only_reexports_and_its_tests_make_no_circle() {
    for b in [
        "use super::C; pub struct B;",
        "use super::c::C; pub struct B;",
        "pub struct B; #[cfg(test)] mod tests { use super::super::A; }",
        "pub struct B; pub(in crate::m) struct D;",
        "use std::fmt; use serde::a::A; pub struct B; // super::A",
        "pub struct B { a: u8 } fn a() {}",
    ] {
        let files = [
            ("lib.rs", "pub mod m;"),
            ("m/mod.rs", "mod a; mod b; mod c; #[cfg(test)] mod tests; pub use a::A; pub use b::B; pub use c::C;"),
            ("m/a.rs", "use super::{B, tests}; pub struct A;"),
            ("m/b.rs", b),
            ("m/c.rs", "pub struct C;"),
            ("m/tests.rs", "use super::*; use super::A; pub fn f() {}"),
        ];
        assert_eq!(circles_of(&files), Vec::<Vec<String>>::new(), "{b}");
    }
}
