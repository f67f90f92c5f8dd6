//! `--help`, `--version`, and what happens without a display.

use std::{
    io::Read,
    process::{Command, Stdio},
};

use crate::cli::sandbox::Sandbox;

const WIDEST: usize = 110;

#[test]
fn help_names_what_there_is() {
    for (arguments, parts) in [
        (
            &["--help"][..],
            &[
                "Usage: attenuate",
                "export",
                "weights",
                "heads",
                "--prompt",
                "--token-ids",
                "--no-bos",
                "--layer",
                "--head",
                "--epsilon",
                "--operation",
                "--layers",
                "--heads",
                "--positions",
                "--quantity",
                "uniform-ratio",
                "value-norm",
                "--norm",
                "--per-panel",
                "--colormap",
                "bundled:smollm2",
                "bundled:austen",
                "FILE.gguf",
                "A..=B",
                "5e-1,1e-3,1e-10",
                "Exit status",
            ][..],
        ),
        (&["-h"], &["Usage: attenuate", "--epsilon"]),
        (
            &["export", "--help"],
            &["Usage: attenuate export", "--output", "--title", "--dpi", "--size", "--epsilon", "--colormap", ".png"],
        ),
        (
            &["weights", "--help"],
            &[
                "Usage: attenuate weights",
                "--output",
                ".npz",
                ".safetensors",
                ".csv",
                ".json",
                "--layers",
                "--positions",
            ],
        ),
        (
            &["sweep", "--help"],
            &["Usage: attenuate sweep", "--output", "--cell", "--metric", ".csv", ".json", "--layers"],
        ),
        (
            &["heads", "--help"],
            &[
                "Usage: attenuate heads",
                "--json",
                "--prompt",
                "sink mass",
                "--ships",
                "--component",
                "--sort",
                "--output",
            ],
        ),
    ] {
        let ran = Sandbox::new().run(arguments);
        ran.assert_done();
        for part in parts {
            assert!(ran.stdout.contains(part), "{arguments:?}: “{part}” is missing in:\n{}", ran.stdout);
        }
        for line in ran.stdout.lines() {
            assert!(line.chars().count() <= WIDEST, "{arguments:?}: {line}");
        }
        assert!(!ran.stdout.contains('\u{1b}'), "{arguments:?}: colours belong on a terminal only");
        assert!(ran.stdout.ends_with('\n') && !ran.stdout.contains('\r'));
    }
}

#[test]
fn the_version_is_the_packages() {
    let ran = Sandbox::new().run(&["--version"]);
    ran.assert_done();
    assert_eq!(ran.stdout, format!("attenuate {}\n", env!("CARGO_PKG_VERSION")));
}

/// `script` gives a command a terminal; not every system has it.
#[test]
fn a_terminal_gets_colours_unless_it_asks_for_none() {
    let on_a_terminal = |set: &str| {
        let command = format!("{set} '{}' --help", env!("CARGO_BIN_EXE_attenuate"));
        let mut script = Command::new("script");
        script.args(["-q", "-e", "-c", &command, "/dev/null"]).env_remove("NO_COLOR").stdin(Stdio::null());
        script.output().ok().filter(|output| output.status.success())
    };
    let (Some(plain), Some(colored)) = (on_a_terminal("NO_COLOR=1"), on_a_terminal("TERM=xterm")) else {
        eprintln!("SKIPPED: a_terminal_gets_colours_unless_it_asks_for_none needs `script`");
        return;
    };
    let has_colors = |output: &std::process::Output| output.stdout.contains(&0x1b);
    assert!(has_colors(&colored));
    assert!(!has_colors(&plain), "NO_COLOR, https://no-color.org");
}

#[test]
fn without_a_display_it_says_so_and_what_works() {
    for arguments in [&[][..], &["bundled:austen", "--layers", "all"]] {
        let sandbox = Sandbox::new();
        let ran = sandbox.run(arguments);
        ran.assert_refused(1, &["display", "DISPLAY", "WAYLAND_DISPLAY", "attenuate export"]);
        assert!(sandbox.names().is_empty());
    }
}

#[test]
fn a_closed_pipe_is_no_failure() {
    for arguments in [&["--help"][..], &["heads"], &["heads", "--json"]] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Sandbox::program(folder.path(), arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{arguments:?}");
    }
}
