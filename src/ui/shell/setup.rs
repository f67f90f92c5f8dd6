//! What a window stands on besides its session.

use std::{path::PathBuf, sync::Arc};

use super::tour_start::{Seen, TourStart};
use crate::{
    base::{HandedOver, state_folder},
    engine::{Clock, OpenFn, OpenSource},
    figure::Fonts,
    model::on_disk::Places,
    session::document::{Follow, Inputs, SourceRecord},
};

/// How sources are opened, and what is remembered between starts.
pub struct Setup {
    /// How a source is opened.
    pub open: OpenFn,
    /// What the window and its threads measure time with.
    pub clock: Clock,
    /// The file with the sources that were opened lately; without one they are forgotten with the window.
    pub recent: Option<PathBuf>,
    /// Where models of other programs are looked for.
    pub places: Places,
    /// Whether the tour is offered.
    pub tour: TourStart,
    /// The file that is there once the tour has been seen; without one that is forgotten with the window.
    pub tour_seen: Option<PathBuf>,
    /// The file with how this person likes the window; without one that is forgotten with it.
    pub preferences: Option<PathBuf>,
    /// Those that show what the program's own fonts lack.
    pub fonts: Fonts,
    /// The folder where what is on screen is kept for after a crash; without one it is not.
    pub kept: Option<PathBuf>,
    /// The file that the session was read from, and what it knows of its source, which is looked for.
    pub from: Option<(PathBuf, SourceRecord)>,
    /// What happens when the source changes on the disk.
    pub follow: Follow,
    /// Files that were read besides the source and the session, which nothing that the window writes may replace.
    pub inputs: Inputs,
    /// What another program has handed over, which is removed when the window is closed.
    pub handed_over: Option<HandedOver>,
}

impl Default for Setup {
    /// Opens everything but the model inside, and remembers nothing; has the program's own fonts alone.
    fn default() -> Self {
        Self {
            open: Arc::new(OpenSource::open),
            clock: Clock::default(),
            recent: None,
            places: Places::default(),
            tour: TourStart::Never,
            tour_seen: None,
            preferences: None,
            fonts: Fonts::own(),
            kept: None,
            from: None,
            follow: Follow::default(),
            inputs: Inputs::default(),
            handed_over: None,
        }
    }
}

impl Setup {
    /// As the program runs: it remembers in the person's own folder.
    pub fn of_this_user(open: OpenFn) -> Self {
        let folder = state_folder();
        let file = |name| folder.as_ref().map(|folder| folder.join(name));
        let tour_seen = file("tour-seen");
        Self {
            open,
            recent: file("recent.json"),
            places: Places::of_machine(),
            tour: Seen::start(tour_seen.as_deref()),
            tour_seen,
            preferences: file("preferences.json"),
            fonts: Fonts::of_machine(),
            kept: file("open"),
            ..Self::default()
        }
    }
}
