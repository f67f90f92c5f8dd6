//! The man page and completions that a package installs are those of this program.

use std::{fs, path::Path};

use crate::cli::sandbox::Sandbox;

/// Write them anew instead of comparing: `ATTENUATE_BLESS=1 cargo test --release cli::package`.
const BLESS: &str = "ATTENUATE_BLESS";

#[test]
fn packaged_files_are_what_the_program_writes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/package");
    for (name, arguments, part) in [
        ("attenuate.1", &["man"][..], "ATTENUATE EXPORT"),
        ("attenuate.bash", &["completions", "bash"], "--epsilon"),
        ("attenuate.fish", &["completions", "fish"], "epsilon"),
        ("_attenuate", &["completions", "zsh"], "--epsilon"),
    ] {
        let ran = Sandbox::new().run(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{name}");
        assert!(ran.stdout.contains(part), "{name}");
        let path = folder.join(name);
        if std::env::var_os(BLESS).is_some() {
            fs::write(&path, &ran.stdout).unwrap();
        }
        let packaged = fs::read_to_string(&path).unwrap();
        assert!(packaged == ran.stdout, "{} is not what `attenuate {}` writes", path.display(), arguments.join(" "));
    }
}

#[test]
fn everything_that_the_package_installs_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let installed: Vec<&str> =
        manifest.lines().filter_map(|line| line.trim().strip_prefix("[\"")?.split('"').next()).collect();
    assert!(installed.len() >= 9, "{installed:?}");
    for path in installed.iter().filter(|path| !path.starts_with("target/")) {
        assert!(root.join(path).is_file(), "{path}");
    }
}
