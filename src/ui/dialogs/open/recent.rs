//! What was open lately, the newest first: the list that the menu *Open recent* has too.

use egui::{Align, Ui};

use super::rows::{self, Column, Row, rows_ui};
use crate::ui::{shell::recent_files::RecentFile, theme::space, widgets::heading};

/// Rows in a low window and in a high one, and the part of the window's height that they may take; more are scrolled to.
const ROWS: (f32, f32) = (2.0, 4.0);
const SHARE: f32 = 0.13;
const COLUMNS: [Column; 2] = [
    Column { heading: "Name", share: 0.42, align: Align::Min },
    Column { heading: "Folder", share: 0.58, align: Align::Min },
];

/// Nothing where nothing is remembered. Returns the one that was chosen.
pub fn recent_ui<'a>(ui: &mut Ui, files: &'a [RecentFile]) -> Option<&'a RecentFile> {
    if files.is_empty() {
        return None;
    }
    heading(ui, "Recent");
    let room = SHARE * ui.ctx().content_rect().height();
    let n_rows = (room / rows::HEIGHT).round().clamp(ROWS.0, ROWS.1).min(files.len() as f32);
    let height = rows::HEIGHT * n_rows;
    let clicked = rows_ui(ui, "recent", &COLUMNS, files.len(), height, |index| files.get(index).map(row));
    ui.add_space(space::S);
    clicked.and_then(|index| files.get(index))
}

fn row(file: &RecentFile) -> Row {
    Row { texts: vec![file.name(), file.folder()], hint: file.to_string(), can_be_opened: true }
}
