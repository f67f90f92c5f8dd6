//! Small files that outlive the window: written on a thread, and one line where that fails.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use egui::Context;

use crate::{
    base::{ProtectedFiles, WriteError, write_atomically},
    ui::jobs::background::{Background, Finished},
};

/// Writes `file` whole or not at all, in a folder that is made where it is missing.
pub fn write(file: &Path, contents: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), WriteError> {
    if let Some(folder) = file.parent() {
        // Where this fails, so does the writing, and says why.
        let _ = fs::create_dir_all(folder);
    }
    write_atomically(file, &ProtectedFiles::none(), contents)
}

/// The thread that writes.
#[derive(Default)]
pub struct Writing(Background<Result<(), WriteError>>);

impl Writing {
    pub fn start(&mut self, ctx: &Context, work: impl FnOnce() -> Result<(), WriteError> + Send + 'static) {
        self.0.start(ctx, "remembering", work);
    }

    pub fn is_busy(&self) -> bool {
        self.0.is_running()
    }

    /// Why it could not be written, if it could not.
    pub fn poll(&mut self) -> Option<String> {
        match self.0.poll()? {
            Finished::Done(Ok(())) => None,
            Finished::Done(Err(error)) => Some(error.to_string()),
            Finished::Broken => Some("internal error".to_owned()),
        }
    }
}
