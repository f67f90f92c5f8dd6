//! What is pressed for a command, and what that is called.

use std::fmt;

use egui::{InputState, Key, KeyboardShortcut, Modifiers};

/// What is pressed for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// A combination, also while text is being edited, or one that is the text field's own there.
    Combination { shortcut: KeyboardShortcut, in_text: bool },
    /// One key, while no text is being edited.
    Plain(Key),
    /// A character, wherever the keyboard has it.
    Character(&'static str),
    /// The system's combination for copying.
    Copy,
}

impl Keys {
    pub const fn anywhere(modifiers: Modifiers, key: Key) -> Self {
        Self::Combination { shortcut: KeyboardShortcut::new(modifiers, key), in_text: true }
    }

    pub const fn outside_text(modifiers: Modifiers, key: Key) -> Self {
        Self::Combination { shortcut: KeyboardShortcut::new(modifiers, key), in_text: false }
    }
}

/// Whether `shortcut` was pressed, which is then taken. Plus is where Equals is, without Shift.
pub fn take(input: &mut InputState, shortcut: KeyboardShortcut) -> bool {
    let is_taken = input.consume_shortcut(&shortcut);
    let without_shift = KeyboardShortcut::new(shortcut.modifiers, Key::Equals);
    (shortcut.logical_key == Key::Plus && input.consume_shortcut(&without_shift)) || is_taken
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Combination { shortcut: KeyboardShortcut { modifiers, logical_key }, .. } => {
                let is_mac = cfg!(target_os = "macos");
                let names = [
                    (modifiers.command || modifiers.ctrl, if is_mac { "⌘" } else { "Ctrl+" }),
                    (modifiers.alt, if is_mac { "⌥" } else { "Alt+" }),
                    (modifiers.shift, if is_mac { "⇧" } else { "Shift+" }),
                ];
                names.into_iter().filter(|(is_held, _)| *is_held).try_for_each(|(_, name)| f.write_str(name))?;
                f.write_str(key_name(*logical_key))
            }
            Self::Plain(key) => f.write_str(key_name(*key)),
            Self::Character(text) => f.write_str(text),
            Self::Copy => f.write_str(if cfg!(target_os = "macos") { "⌘C" } else { "Ctrl+C" }),
        }
    }
}

/// As keyboards have it.
fn key_name(key: Key) -> &'static str {
    match key {
        Key::ArrowLeft => "←",
        Key::ArrowRight => "→",
        Key::ArrowUp => "↑",
        Key::ArrowDown => "↓",
        Key::Escape => "Esc",
        Key::OpenBracket => "[",
        Key::CloseBracket => "]",
        Key::Plus => "+",
        Key::Minus => "−",
        Key::Comma => ",",
        Key::Period => ".",
        other => other.name(),
    }
}
