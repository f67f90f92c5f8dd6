use std::path::PathBuf;

use super::{lesson::Lesson, recent_files::RecentFile, restoring::Restoring};
use crate::{attention::PanelId, session::Command};

/// What a gesture asks for, or what an answer leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Changes the session.
    Session(Command),
    /// Sets the session right, without a step of its own in the timeline.
    Amend(Command),
    /// To the view before the last gesture.
    Undo,
    /// To the view that was undone.
    Redo,
    /// Undo to before the last source was opened.
    Back,
    /// Ask for a command by its name.
    OpenPalette,
    /// Put the pinned cell's numbers on the clipboard.
    CopyPinned,
    /// Ask how it should look and where it should go.
    Export(Exported),
    /// Put pictures or numbers on the clipboard, which takes a moment.
    CopyOut(Clipping),
    /// Ask for a source or a session to open.
    AskToOpen,
    /// Ask which model the adapter in a folder is over.
    AskForBase {
        adapter: PathBuf,
        /// What the adapter calls it.
        named: String,
    },
    /// A session's source is not where it was: a dialog asks where it is.
    AskedForSource,
    /// What was asked for does not open, for this reason. The dialog that asked says so; without one, a message.
    NotOpened(String),
    Sessions(SessionAction),
    /// A session, once its source is open.
    Restore(Box<Restoring>),
    /// It is on screen, as it is here.
    Restored(Box<Restoring>),
    /// It will not come: its source was not opened.
    NotRestored,
    /// Nothing else is shown than before; where that was nothing, the figure.
    Stay,
    /// This file holds the session now.
    SessionSaved(PathBuf),
    /// Open a source or a session again that was open lately.
    OpenRecent(RecentFile),
    ClearRecent,
    /// Stay with what is on screen.
    CancelOpening,
    /// Try once more to open the session's source.
    Reopen,
    /// The session's source has changed on the disk: open it anew.
    Renew,
    /// It does not open as it is, for this reason.
    NotRenewed(String),
    /// Take what changes on the disk at once, or only when asked.
    ToggleFollow,
    /// Give up what is being computed.
    CancelComputing,
    /// Compute what was given up.
    Compute,
    /// Put text on the clipboard and say so.
    Copy {
        text: String,
        what: &'static str,
    },
    ToggleShortcuts,
    /// A page about what is seen.
    OpenLesson(Lesson),
    ToggleLessons,
    StartTour,
    /// Show the controls beside the panels, or hide them.
    ToggleControls,
    ToggleFullScreen,
    /// Let ε run to and fro over the slider's range, or pause it.
    TogglePlay,
    Quit,
}

/// Gestures of one frame, in order.
pub type Actions = Vec<Action>;

impl From<Command> for Action {
    fn from(command: Command) -> Self {
        Self::Session(command)
    }
}

impl From<SessionAction> for Action {
    fn from(action: SessionAction) -> Self {
        Self::Sessions(action)
    }
}

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exported {
    Figure,
    Animation,
    /// The weights of the panels and what they are of.
    Numbers,
    /// Metrics over ε.
    Sweep,
    /// What the model writes, without and with the change.
    Text,
}

/// What is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clipping {
    /// The figure as the window has it, as a picture of 300 dpi.
    Figure,
    /// One panel of it.
    Panel(PanelId),
    /// The weights of one panel: a line for each query, a column for each key.
    PanelNumbers(PanelId),
    /// The weights of all panels: a line for each cell.
    Numbers,
}

/// What a gesture asks of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionAction {
    /// Read this file, find its source, and go there.
    Open(PathBuf),
    /// Into the file that it came from or went to last; without one, ask.
    Save,
    SaveAs,
    /// What an earlier window left when it ended without being closed.
    Restore,
    Dismiss,
}
