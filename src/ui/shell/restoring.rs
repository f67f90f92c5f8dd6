//! A session that is being brought to the screen.

use std::path::PathBuf;

use crate::session::Session;

/// Where a session comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    File(PathBuf),
    Crash,
}

/// A session on its way to the screen, on a source that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Restoring {
    pub session: Session,
    pub origin: Origin,
}
