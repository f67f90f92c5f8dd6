//! Opening the window, and saying in one sentence why it does not open.

use eframe::NativeOptions;

use super::App;
use crate::session::Session;

const SIZE: [f32; 2] = [1280.0, 800.0];
const SMALLEST: [f32; 2] = [900.0, 600.0];

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    #[error(
        "there is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set); \
         `attenuate export -o figure.png` draws the figure without one"
    )]
    NoDisplay,
    #[error("the display does not answer ({0}); `attenuate export -o figure.png` draws the figure without one")]
    Display(String),
    #[error(
        "no OpenGL driver was found (on Debian: libgl1 and libgl1-mesa-dri); \
         `attenuate export -o figure.png` draws the figure without one"
    )]
    NoOpenGl,
    #[error("the window system refused: {0}")]
    Other(String),
}

/// Opens the window on `session` and returns when it is closed.
///
/// # Errors
/// When there is no display, no OpenGL, or the window system refuses.
pub fn open(session: Session) -> Result<(), WindowError> {
    if cfg!(target_os = "linux") && !has_display() {
        return Err(WindowError::NoDisplay);
    }
    let options = NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Attenuate")
            .with_app_id("attenuate")
            .with_inner_size(SIZE)
            .with_min_inner_size(SMALLEST),
        ..NativeOptions::default()
    };
    eframe::run_native("attenuate", options, Box::new(|cc| Ok(Box::new(App::new(&cc.egui_ctx, session)?))))
        .map_err(|error| explain(&error))
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"]
        .into_iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn explain(error: &eframe::Error) -> WindowError {
    let text = format!("{error:?}");
    let first_line = error.to_string().lines().next().unwrap_or_default().chars().take(200).collect();
    if text.contains("NoGlutinConfigs") || text.contains("OpenGL") {
        WindowError::NoOpenGl
    } else if text.contains("XOpenDisplayFailed") || text.contains("WinitEventLoop") {
        WindowError::Display(first_line)
    } else {
        WindowError::Other(first_line)
    }
}
