use crate::session::Command;

/// What a gesture asks for. Only [`Action::Session`] changes the session; the rest concerns the window.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Session(Command),
    /// One step back: the view before another source was opened.
    Back,
    /// Ask where the figure should go.
    OpenExport,
    /// Ask where the numbers should go.
    OpenNumbersExport,
    /// Ask for a capture file.
    OpenCapture,
    /// Ask for a model folder.
    OpenFolder,
    /// Ask for a model in one file.
    OpenGguf,
    /// Put text on the clipboard and say so.
    Copy {
        text: String,
        what: &'static str,
    },
    ToggleShortcuts,
    Quit,
}

impl From<Command> for Action {
    fn from(command: Command) -> Self {
        Self::Session(command)
    }
}

/// Gestures of one frame, in order.
pub type Actions = Vec<Action>;
