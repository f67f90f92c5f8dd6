//! The display that the environment names: whether there is one, and whether it still answers.

use std::{env, path::PathBuf, sync::mpsc::channel, thread, time::Duration};

/// An answer that takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the environment names a display.
pub fn is_named() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(|name| variable(name).is_some())
}

/// Whether the display that a window stood on refuses a new connection. `false` where that cannot be told.
pub fn is_lost() -> bool {
    if !cfg!(target_os = "linux") {
        return false;
    }
    // The window system prefers Wayland.
    match (variable("WAYLAND_SOCKET"), wayland_socket()) {
        (Some(_), _) => false,
        (None, Some(socket)) => answer(move || is_deaf(socket)),
        (None, None) => answer(is_x11_deaf),
    }
}

fn variable(name: &str) -> Option<std::ffi::OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// What `ask` finds, on a thread of its own: who does not answer is lost.
fn answer(ask: impl FnOnce() -> bool + Send + 'static) -> bool {
    let (sender, answers) = channel();
    let asking = thread::Builder::new().name("display".to_owned()).spawn(move || sender.send(ask()));
    asking.is_ok() && answers.recv_timeout(PATIENCE).unwrap_or(true)
}

/// A display's name is a file in the runtime folder, or a path.
fn wayland_socket() -> Option<PathBuf> {
    let name = PathBuf::from(variable("WAYLAND_DISPLAY")?);
    Some(if name.is_absolute() { name } else { PathBuf::from(variable("XDG_RUNTIME_DIR")?).join(name) })
}

#[cfg(unix)]
fn is_deaf(socket: PathBuf) -> bool {
    std::os::unix::net::UnixStream::connect(socket).is_err()
}

#[cfg(not(unix))]
fn is_deaf(_: PathBuf) -> bool {
    false
}

/// With the whole greeting: a server on its way out still lets in.
#[cfg(target_os = "linux")]
fn is_x11_deaf() -> bool {
    x11rb::connect(None).is_err()
}

#[cfg(not(target_os = "linux"))]
fn is_x11_deaf() -> bool {
    false
}
