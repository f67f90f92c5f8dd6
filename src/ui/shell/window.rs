//! Opening the window, and saying in one sentence why it does not open.

use std::{cell::Cell, error::Error, io::Write as _, time::Instant};

use eframe::NativeOptions;

use super::{display, preferences::StoredPreferences};
use crate::{
    base::{Claim, ContainedPanic, HandedOver, contained, is_handed_over},
    engine::OpenFn,
    session::document::{Follow, Start},
    ui::{App, Setup},
};

const SIZE: [f32; 2] = [1280.0, 800.0];
const SMALLEST: [f32; 2] = [900.0, 600.0];

/// When this environment variable is set, times from start are printed on standard error.
const TIMINGS: &str = "ATTENUATE_TIMINGS";

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// No display is named in the environment.
    #[error(
        "there is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set); \
         `attenuate export -o figure.png` draws the figure without one"
    )]
    NoDisplay,
    /// The display that is named does not answer.
    #[error("the display does not answer ({0}); `attenuate export -o figure.png` draws the figure without one")]
    Display(String),
    /// Nothing draws with OpenGL.
    #[error(
        "no OpenGL driver was found (on Debian: libgl1 and libgl1-mesa-dri); \
         `attenuate export -o figure.png` draws the figure without one"
    )]
    NoOpenGl,
    /// After the window was open.
    #[error("the display was lost ({0}); what the window showed is offered at the next start")]
    Lost(String),
    /// Something panicked, ours or the window system's, while the display was there.
    #[error("the window ended by an unexpected error ({what}); what it had shown is offered at the next start{calls}")]
    Ended {
        /// The panic's message and place.
        what: String,
        /// The calls that led there, on lines of their own, for whoever asked for them.
        calls: String,
    },
    /// Anything else that the window system says.
    #[error("the window system refused: {0}")]
    Other(String),
}

/// Opens the window on `start`, and sources by `open`; returns when it is closed. What was handed over to a window that is
/// open already is left to that.
///
/// # Errors
/// When there is no display, no OpenGL, or the window system refuses.
pub fn open(start: Start, open: OpenFn) -> Result<(), WindowError> {
    let handed_over = match claimed(&start) {
        Some(Claim::OfAnother) => return Ok(()),
        Some(Claim::Ours(handed_over)) => Some(handed_over),
        None => None,
    };
    if cfg!(target_os = "linux") && !display::is_named() {
        return Err(WindowError::NoDisplay);
    }
    let setup = Setup::of_this_user(open);
    let stored = setup.preferences.as_deref().map(StoredPreferences::read).unwrap_or_default();
    let options = NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Attenuate")
            .with_app_id("attenuate")
            .with_inner_size(stored.sizes.window.unwrap_or(SIZE))
            .with_min_inner_size(SMALLEST),
        ..NativeOptions::default()
    };
    let Start { session, from, follow, inputs } = start;
    let start = Instant::now();
    let was_open = Cell::new(false);
    let create = |cc: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, Box<dyn Error + Send + Sync>> {
        let app = App::with(&cc.egui_ctx, session, Setup { from, follow, inputs, handed_over, ..setup })?;
        was_open.set(true);
        let is_timed = std::env::var_os(TIMINGS).is_some();
        Ok(if is_timed { Box::new(Timed { app, start, awaiting: Awaiting::Start }) } else { Box::new(app) })
    };
    // The window system panics where its connection breaks in the middle of a frame.
    match contained(|| eframe::run_native("attenuate", options, Box::new(create))) {
        Ok(ended) => ended.map_err(|error| explain(&error, was_open.get())),
        Err(panic) => Err(explain_panic(panic, was_open.get() && display::is_lost())),
    }
}

/// Who shows the source, where it was handed over and is to be followed.
fn claimed(start: &Start) -> Option<Claim> {
    let source = start.session.source().absolute();
    let path = source.path().filter(|path| start.follow == Follow::AtOnce && is_handed_over(path))?;
    let claim = HandedOver::claim(path).ok()?;
    if let Some(folder) = path.parent() {
        HandedOver::sweep(folder);
    }
    Some(claim)
}

/// Prints how long the window took to its first frame and to its first picture.
struct Timed {
    app: App,
    start: Instant,
    awaiting: Awaiting,
}

/// What has not been seen yet. A frame is on screen when the next one begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaiting {
    Start,
    Frame,
    Picture,
    Nothing,
}

impl Timed {
    fn report(&self, what: &str) {
        let milliseconds = self.start.elapsed().as_secs_f64() * 1e3;
        // Nobody reads it where standard error is closed.
        let _ = writeln!(std::io::stderr(), "{what} after {milliseconds:.0} ms");
    }
}

impl eframe::App for Timed {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        self.awaiting = match self.awaiting {
            Awaiting::Start => Awaiting::Frame,
            Awaiting::Frame => {
                self.report("first frame");
                Awaiting::Picture
            }
            Awaiting::Picture if self.app.outcome().is_some() => {
                self.report("first picture");
                Awaiting::Nothing
            }
            unchanged => unchanged,
        };
        if self.awaiting != Awaiting::Nothing {
            ctx.request_repaint();
        }
        self.app.logic(ctx, frame);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.app.ui(ui, frame);
    }
}

fn explain(error: &eframe::Error, was_open: bool) -> WindowError {
    let text = format!("{error:?}");
    let first_line = first_line(&error.to_string());
    if was_open {
        WindowError::Lost(first_line)
    } else if text.contains("NoGlutinConfigs") || text.contains("OpenGL") {
        WindowError::NoOpenGl
    } else if text.contains("XOpenDisplayFailed") || text.contains("WinitEventLoop") {
        WindowError::Display(first_line)
    } else {
        WindowError::Other(first_line)
    }
}

/// A lost display is no defect of the program; every other panic is, and says where.
fn explain_panic(panic: ContainedPanic, is_lost: bool) -> WindowError {
    let message = first_line(&panic.message);
    let text = panic.place.map_or(message.clone(), |place| format!("{message}, at {place}"));
    if is_lost {
        WindowError::Lost(text)
    } else {
        WindowError::Ended { what: text, calls: panic.calls.map_or_else(String::new, |calls| format!("\n{calls}")) }
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_one_line_that_says_what_and_where() {
        let panic = |place: Option<&str>| ContainedPanic {
            message: "index out of bounds\nmore".to_owned(),
            place: place.map(ToOwned::to_owned),
            calls: None,
        };
        assert_eq!(
            explain_panic(panic(Some("src/ui/x.rs:7:9")), false).to_string(),
            "the window ended by an unexpected error (index out of bounds, at src/ui/x.rs:7:9); what it had shown is \
             offered at the next start"
        );
        assert_eq!(
            explain_panic(panic(None), true).to_string(),
            "the display was lost (index out of bounds); what the window showed is offered at the next start"
        );
    }
}
