//! An empty folder to run the program in.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// Deleted when dropped.
pub struct Sandbox(TempDir);

/// What a run of the program left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The program in `folder`, without a display and with nothing to read.
    pub fn program(folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_attenuate"));
        for display in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
            command.env_remove(display);
        }
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Self::run_in(self.0.path(), arguments)
    }

    pub fn run_in(folder: &Path, arguments: &[&str]) -> Ran {
        let Output { status, stdout, stderr } = Self::program(folder, arguments).output().unwrap();
        let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
        Ran { code: status.code(), stdout, stderr }
    }

    /// Writes a file and gives its name.
    pub fn write(&self, name: &'static str, bytes: &[u8]) -> &'static str {
        fs::write(self.path(name), bytes).unwrap();
        name
    }

    /// All names in the folder, hidden ones too, sorted.
    pub fn names(&self) -> Vec<String> {
        names(self.0.path())
    }
}

/// All names in a folder, hidden ones too, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

impl Ran {
    /// Done, with nothing on standard error but that a figure has small labels.
    pub fn assert_done(&self) {
        let is_of_labels = |line: &&str| line.starts_with("attenuate: note: the smallest text has ");
        let rest: Vec<&str> = self.stderr.lines().filter(|line| !is_of_labels(line)).collect();
        assert_eq!((self.code, rest), (Some(0), Vec::new()));
    }

    /// Exit status `code`, nothing on standard output, and on standard error one line, which has all of `parts`.
    pub fn assert_refused(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        let line = self.stderr.strip_suffix('\n').unwrap();
        assert!(!line.contains(char::is_control), "{self:?}");
        let line = line.strip_prefix("attenuate: ").unwrap();
        assert!(!line.is_empty() && !line.starts_with("error"), "{self:?}");
        for part in parts {
            assert!(line.contains(part), "“{part}” is missing in: {line}");
        }
    }
}
