//! Which keys lead to which command: the only place that says so.

use egui::{Key, Modifiers};

use super::keys::Keys;
use crate::{
    attention::Component,
    session::{Command, RowChoice, ScaleStep},
    ui::shell::action::{Action, Clipping, Exported, SessionAction},
};

const COMMAND_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

/// Of the columns, from left to right.
const NUMBERS: [Key; 6] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6];

/// The keys of a command, where it has any.
pub fn keys_of(action: &Action) -> Option<Keys> {
    let command = |key| Some(Keys::anywhere(Modifiers::COMMAND, key));
    let command_shift = |key| Some(Keys::anywhere(COMMAND_SHIFT, key));
    match action {
        Action::Session(Command::StepUiScale(ScaleStep::Larger)) => command(Key::Plus),
        Action::Session(Command::StepUiScale(ScaleStep::Smaller)) => command(Key::Minus),
        Action::Session(Command::SetUiScale(1.0)) => command(Key::Num0),
        Action::Session(command) => keys_of_command(command),
        Action::Undo => Some(Keys::outside_text(Modifiers::COMMAND, Key::Z)),
        Action::Redo => Some(Keys::outside_text(COMMAND_SHIFT, Key::Z)),
        Action::Back => Some(Keys::anywhere(Modifiers::ALT, Key::ArrowLeft)),
        Action::ToggleControls => command(Key::B),
        Action::TogglePlay => Some(Keys::Plain(Key::E)),
        Action::ToggleFullScreen => Some(Keys::anywhere(Modifiers::NONE, Key::F11)),
        Action::OpenPalette => command(Key::K),
        Action::AskToOpen => command(Key::O),
        Action::Sessions(SessionAction::Save) => command(Key::S),
        Action::Sessions(SessionAction::SaveAs) => command_shift(Key::S),
        Action::Export(Exported::Figure) => command(Key::E),
        Action::Export(Exported::Numbers) => command_shift(Key::E),
        Action::CopyOut(Clipping::Figure) => command_shift(Key::C),
        Action::CopyPinned => Some(Keys::Copy),
        Action::CancelOpening | Action::CancelComputing => Some(Keys::Plain(Key::Escape)),
        Action::ToggleLessons => Some(Keys::anywhere(Modifiers::NONE, Key::F1)),
        Action::ToggleShortcuts => Some(Keys::Character("?")),
        Action::Quit => command(Key::Q),
        _ => None,
    }
}

fn keys_of_command(command: &Command) -> Option<Keys> {
    let key = match command {
        Command::ChooseRows(RowChoice::All) => Key::A,
        Command::ChooseRows(RowChoice::Only(Component::Query)) => Key::Q,
        Command::ChooseRows(RowChoice::Only(Component::Key)) => Key::K,
        Command::ChooseRows(RowChoice::Only(Component::Value)) => Key::V,
        Command::ChooseRows(RowChoice::Only(Component::Output)) => Key::O,
        Command::ChooseColumn(column) => *NUMBERS.get(column.index())?,
        Command::KeepView => Key::P,
        Command::ToggleSolo(_) => Key::S,
        Command::ToggleInspector => Key::I,
        Command::ToggleSweep => Key::W,
        Command::ToggleText => Key::T,
        Command::ToggleHeads => Key::H,
        Command::StepLayer(-1) => Key::OpenBracket,
        Command::StepLayer(1) => Key::CloseBracket,
        Command::StepHead(-1) => Key::Comma,
        Command::StepHead(1) => Key::Period,
        Command::Unpin => Key::Escape,
        Command::MovePin { queries: -1, keys: 0 } => Key::ArrowUp,
        Command::MovePin { queries: 1, keys: 0 } => Key::ArrowDown,
        Command::MovePin { queries: 0, keys: -1 } => Key::ArrowLeft,
        Command::MovePin { queries: 0, keys: 1 } => Key::ArrowRight,
        _ => return None,
    };
    Some(Keys::Plain(key))
}

/// `text` with the command's key behind it, for a tooltip.
pub fn hint(text: &str, action: &Action) -> String {
    match keys_of(action) {
        Some(keys) => format!("{text} ({keys})"),
        None => text.to_owned(),
    }
}
