use super::{
    export::{Clipping, Exported},
    lessons::Lesson,
    recent::Lately,
    sessions::SessionAction,
};
use crate::session::Command;

/// What a gesture asks for. Only [`Action::Session`] changes the session; the rest concerns the window.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Session(Command),
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
    /// Ask for a capture file.
    OpenCapture,
    /// Ask for a model folder.
    OpenFolder,
    /// Ask for a model in one file.
    OpenGguf,
    /// Ask for a session, or a figure that holds one.
    OpenSession,
    Sessions(SessionAction),
    /// Open a source or a session again that was open lately.
    OpenRecent(Lately),
    ClearRecent,
    /// Stay with what is on screen.
    CancelOpening,
    /// Try once more to open the session's source.
    Reopen,
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
    Quit,
}

impl From<Command> for Action {
    fn from(command: Command) -> Self {
        Self::Session(command)
    }
}

/// Gestures of one frame, in order.
pub type Actions = Vec<Action>;
