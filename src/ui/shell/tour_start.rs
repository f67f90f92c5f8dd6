//! Remembering that the tour has been seen.

use std::path::{Path, PathBuf};

use egui::Context;

use crate::{
    base::WriteError,
    ui::shell::state_file::{self, Writing},
};

/// Whether the tour is offered when the window opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TourStart {
    /// As soon as there is a picture to speak of.
    Offer,
    /// Not by itself; the menu has it.
    #[default]
    Never,
}

/// An empty file that is there once the tour has been seen; it is written on a thread.
pub struct Seen {
    file: Option<PathBuf>,
    writing: Writing,
}

impl Seen {
    /// Without a file nothing outlives the window.
    pub fn new(file: Option<PathBuf>) -> Self {
        Self { file, writing: Writing::default() }
    }

    /// Whether the tour is to be offered to someone whose file this is. Where nothing can be remembered, it is not: it
    /// would come back at every start.
    pub fn start(file: Option<&Path>) -> TourStart {
        if file.is_some_and(|file| !file.exists()) { TourStart::Offer } else { TourStart::Never }
    }

    pub fn remember(&mut self, ctx: &Context) {
        if let Some(file) = self.file.clone() {
            self.writing.start(ctx, move || write(&file));
        }
    }

    pub fn is_busy(&self) -> bool {
        self.writing.is_busy()
    }

    /// Why it could not be remembered.
    pub fn poll(&mut self) -> Option<String> {
        let cause = self.writing.poll()?;
        Some(format!("That the tour was seen is not remembered: {cause}"))
    }
}

fn write(file: &Path) -> Result<(), WriteError> {
    state_file::write(file, |out| out.write_all(b"The guided tour has been seen.\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tour_is_offered_until_it_has_been_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep").join("tour-seen");
        assert_eq!(Seen::start(Some(&file)), TourStart::Offer);
        write(&file).unwrap();
        assert_eq!(Seen::start(Some(&file)), TourStart::Never);
        assert_eq!(Seen::start(None), TourStart::Never);
        assert!(write(&file.join("below")).unwrap_err().to_string().contains("below"));
    }
}
