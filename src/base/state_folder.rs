//! Where programs keep what they remember by themselves.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The folder where this program keeps what it remembers of this person; `None` where the person has no home.
pub fn state_folder() -> Option<PathBuf> {
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    let variable = |name: &str| env::var_os(name).map(PathBuf::from).and_then(absolute);
    let home = || env::home_dir().and_then(absolute);
    let folder = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library").join("Application Support"))
    } else {
        variable("XDG_STATE_HOME").or_else(|| home().map(|home| home.join(".local").join("state")))
    };
    folder.map(|folder| folder.join("attenuate"))
}

/// Where other programs put what they hand over to a window, a file for each name: `attenuate.show` in Python does.
pub fn handed_over_folder() -> Option<PathBuf> {
    state_folder().map(|folder| folder.join("shown"))
}

/// Whether the file was handed over, and goes with its window.
pub fn is_handed_over(file: &Path) -> bool {
    handed_over_folder().is_some_and(|folder| file.parent() == Some(&folder))
}
