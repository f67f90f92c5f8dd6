//! Keys that work anywhere in the window, and the sheet that lists them.

use egui::{Align2, Context, Event, Key, KeyboardShortcut, Modifiers, RichText};

use super::{
    action::{Action, Actions},
    export::{Clipping, Exported},
    numbers,
    sessions::SessionAction,
};
use crate::{
    attention::Component,
    engine::Outcome,
    session::{Command, RowChoice, Session},
};

const EXPORT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::E);
const EXPORT_NUMBERS: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::E);
const COPY_FIGURE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::C);
const OPEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::O);
const OPEN_SESSION: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::O);
const SAVE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::S);
const SAVE_AS: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::S);
const QUIT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Q);
const LESSONS: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F1);
const BACK: KeyboardShortcut = KeyboardShortcut::new(Modifiers::ALT, Key::ArrowLeft);

/// For the sheet: what to press, what happens.
const SHEET: &[(&str, &str)] = &[
    ("A  Q  K  V", "slider moves all rows, Query, Key or Value"),
    ("1  2  3", "slider moves this column"),
    ("← →  on the slider", "ε by a tenth of a decade (Shift: finer, Ctrl: a decade)"),
    ("Home  End  on the slider", "ε = 0, ε = 1e2"),
    ("Click", "select the panel and pin the cell"),
    ("← → ↑ ↓", "move the pinned cell"),
    ("Esc", "unpin the cell; else cancel opening or computing"),
    ("Ctrl+C", "copy the pinned cell’s numbers"),
    ("Scroll, pinch", "zoom all panels"),
    ("Right drag", "move the zoomed view"),
    ("Double-click", "show the whole matrix again"),
    ("S, double-click on a title", "one panel alone, and back"),
    ("P", "keep the view to compare with: differences are from it"),
    ("I", "inspector: the pinned cell’s numbers, its row, the effect on the output"),
    ("W", "sweep: metrics over ε, with the columns’ ε as markers"),
    ("H", "all layers and heads; there: arrows, Home, End, Enter, and Esc back"),
    ("← →  Space  on a token", "move along the tokens; choose it, where the scope’s positions are chosen"),
    ("[  ]   ,  .", "layer down and up, head down and up"),
    ("Ctrl+S  Ctrl+Shift+S", "save the session, under another name"),
    ("Ctrl+O  Ctrl+Shift+O", "open a file; a session"),
    ("Ctrl+E", "export the figure"),
    ("Ctrl+Shift+C", "copy the figure as a picture"),
    ("Ctrl+Shift+E", "export the numbers: NPZ, safetensors, CSV or JSON"),
    ("Alt+←", "back to the previous source"),
    ("F1", "lessons: why it looks as it does (PageUp and PageDown scroll)"),
];

/// The actions of key combinations, which work also while text is being edited. Asked before any widget, so that
/// none takes an arrow that was pressed together with Alt.
pub fn combinations(ctx: &Context) -> Actions {
    // The longer combination first: a shortcut is also met where more modifiers are held.
    [
        (EXPORT_NUMBERS, Action::Export(Exported::Numbers)),
        (EXPORT, Action::Export(Exported::Figure)),
        (COPY_FIGURE, Action::CopyOut(Clipping::Figure)),
        (OPEN_SESSION, Action::OpenSession),
        (OPEN, Action::OpenCapture),
        (SAVE_AS, SessionAction::SaveAs.into()),
        (SAVE, SessionAction::Save.into()),
        (QUIT, Action::Quit),
        (BACK, Action::Back),
        (LESSONS, Action::ToggleLessons),
    ]
    .into_iter()
    .filter(|(shortcut, _)| ctx.input_mut(|input| input.consume_shortcut(shortcut)))
    .map(|(_, action)| action)
    .collect()
}

/// The actions of plain keys. Asked after the widgets, which take theirs first, and only while none wants text.
/// `escape` is what Esc does where no cell is pinned.
pub fn plain_keys(ctx: &Context, session: &Session, outcome: Option<&Outcome>, escape: Option<Action>) -> Actions {
    let mut actions = Actions::new();
    if ctx.input(|input| input.events.iter().any(|event| matches!(event, Event::Copy)))
        && let Some(text) = session.pinned.zip(outcome).and_then(|(cell, outcome)| numbers::cell_table(outcome, cell))
    {
        actions.push(Action::Copy { text, what: "The pinned cell’s numbers" });
    }
    if ctx.input(|input| input.events.iter().any(|event| matches!(event, Event::Text(text) if text == "?"))) {
        actions.push(Action::ToggleShortcuts);
    }
    if session.pinned.is_none()
        && let Some(action) = escape
        && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
    {
        actions.push(action);
    }
    let columns = session.epsilon.shape().columns();
    let numbers = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6];
    for (column, key) in columns.zip(numbers) {
        if ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
            actions.push(Command::ChooseColumn(column).into());
        }
    }
    for (key, command) in [
        (Key::A, Command::ChooseRows(RowChoice::All)),
        (Key::Q, Command::ChooseRows(RowChoice::Only(Component::Query))),
        (Key::K, Command::ChooseRows(RowChoice::Only(Component::Key))),
        (Key::V, Command::ChooseRows(RowChoice::Only(Component::Value))),
        (Key::P, Command::KeepView),
        (Key::S, Command::ToggleSolo(session.selected())),
        (Key::I, Command::ToggleInspector),
        (Key::W, Command::ToggleSweep),
        (Key::H, Command::ToggleHeads),
        (Key::OpenBracket, Command::StepLayer(-1)),
        (Key::CloseBracket, Command::StepLayer(1)),
        (Key::Comma, Command::StepHead(-1)),
        (Key::Period, Command::StepHead(1)),
        (Key::Escape, Command::Unpin),
        (Key::ArrowUp, Command::MovePin { queries: -1, keys: 0 }),
        (Key::ArrowDown, Command::MovePin { queries: 1, keys: 0 }),
        (Key::ArrowLeft, Command::MovePin { queries: 0, keys: -1 }),
        (Key::ArrowRight, Command::MovePin { queries: 0, keys: 1 }),
    ] {
        if ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
            actions.push(command.into());
        }
    }
    actions
}

/// The sheet under `?`; Esc closes it.
pub fn sheet_ui(ctx: &Context, open: &mut bool) {
    if *open && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
        *open = false;
    }
    egui::Window::new("Keyboard and mouse")
        .open(open)
        .collapsible(false)
        .resizable(false)
        .pivot(Align2::CENTER_CENTER)
        .default_pos(ctx.content_rect().center())
        .show(ctx, |ui| {
            egui::Grid::new("shortcuts").num_columns(2).spacing([18.0, 2.0]).show(ui, |ui| {
                for &(keys, meaning) in SHEET {
                    ui.label(RichText::new(keys).strong());
                    ui.label(meaning);
                    ui.end_row();
                }
            });
        });
}
