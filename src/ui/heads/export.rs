//! Saving the table of heads: where it goes, and the thread that writes it.

use std::path::{Path, PathBuf};

use egui::{Button, Context};

use crate::{
    base::write_atomically,
    engine::{HeadsTable, TableFormat},
    session::document::Inputs,
    ui::{
        background::{Background, Finished},
        path_field::{FileKind, PathField, Purpose},
        widgets::dialog,
    },
};

const TABLE: FileKind = FileKind { name: "Table (CSV, JSON)", extensions: &["csv", "json"] };

/// The dialog and the job behind it.
pub struct TableExport {
    is_open: bool,
    field: PathField,
    job: Background<Result<PathBuf, String>>,
}

impl Default for TableExport {
    fn default() -> Self {
        let folder = std::env::current_dir().unwrap_or_default();
        let field = PathField::new(Purpose::Save, TABLE, &folder.join("heads.csv"));
        Self { is_open: false, field, job: Background::default() }
    }
}

impl TableExport {
    pub fn open(&mut self) {
        self.is_open = true;
        self.field.focus();
    }

    pub fn is_open(&self) -> bool {
        self.is_open
    }

    pub fn is_saving(&self) -> bool {
        self.job.is_running()
    }

    /// Where the table was written since the last look, or why it was not.
    pub fn poll(&mut self) -> Option<Result<PathBuf, String>> {
        let result = match self.job.poll()? {
            Finished::Done(result) => result,
            Finished::Broken => Err("Saving stopped because of an internal error; no file was written.".to_owned()),
        };
        // After a failure the dialog stays, so that the path can be mended.
        self.is_open &= result.is_err();
        Some(result)
    }

    /// The dialog, where it is open. `table` is what would be written now, `inputs` what was read for it.
    pub fn show(&mut self, ctx: &Context, inputs: &Inputs, table: impl FnOnce() -> HeadsTable) {
        if !self.is_open {
            return;
        }
        let is_free = !self.job.is_running();
        let (wanted, stays) = dialog(ctx, "Save table of heads", |ui| {
            let entered = self.field.show(ui, "CSV or JSON file");
            entered | ui.add_enabled(is_free, Button::new("Save table")).clicked()
        });
        self.is_open = stays;
        if wanted == Some(true) && is_free {
            let (path, table, inputs) = (self.field.path(), table(), inputs.clone());
            self.job.start(ctx, "export", move || write(&path, &table, &inputs).map(|()| path));
        }
    }
}

fn write(path: &Path, table: &HeadsTable, inputs: &Inputs) -> Result<(), String> {
    let format = TableFormat::of(path).map_err(|error| format!("{}: {error}", path.display()))?;
    write_atomically(path, &inputs.protected(), |file| table.write(format, file)).map_err(|error| error.to_string())
}
