//! Saving the table of heads.

use std::path::{Path, PathBuf};

use crate::{
    base::write_atomically,
    engine::{HeadsTable, TableFormat},
    session::document::Inputs,
    ui::dialogs::{
        path_field::FileKind,
        save_dialog::{SaveDialog, SaveWords},
    },
};

const WORDS: SaveWords = SaveWords { title: "Save table of heads", field: "CSV or JSON file", button: "Save table" };
const TABLE: FileKind = FileKind { name: "Table (CSV, JSON)", extensions: &["csv", "json"] };

/// Asks where the table goes.
pub type TableDialog = SaveDialog<PathBuf>;

pub fn table_dialog() -> TableDialog {
    let folder = std::env::current_dir().unwrap_or_default();
    SaveDialog::new(WORDS, TABLE, &folder.join("heads.csv"))
}

/// Writes the table; replaces nothing of `inputs`.
pub fn write(path: &Path, table: &HeadsTable, inputs: &Inputs) -> Result<(), String> {
    let format = TableFormat::of(path).map_err(|error| format!("{}: {error}", path.display()))?;
    write_atomically(path, &inputs.protected(), |file| table.write(format, file)).map_err(|error| error.to_string())
}
