//! The question which model an adapter is over, where it was not found.

use std::path::{Path, PathBuf};

use super::path_field::{FileKind, PathField, Purpose};
use crate::{
    engine::SourceSpec,
    session::Command,
    ui::{
        shell::{
            action::Action,
            part::{Modality, Part, PartContext},
        },
        widgets::dialog,
    },
};

const FOLDER: FileKind = FileKind { name: "Model folder", extensions: &[] };

/// The dialog that asks for the base of an adapter, where it is open.
#[derive(Default)]
pub struct AdapterBase(Option<Asked>);

struct Asked {
    adapter: PathBuf,
    /// What the adapter calls its base.
    named: String,
    base: PathField,
}

impl Part for AdapterBase {
    fn over_ui(&mut self, cx: &mut PartContext<'_>) {
        let Some(asked) = &mut self.0 else { return };
        let (chosen, stays) = dialog(cx.egui, "Which model is the adapter over?", |ui| {
            ui.label(format!(
                "{} is an adapter (LoRA) of “{}”, which is neither beside it nor in Hugging Face’s cache.\nNothing on \
                 screen changes until it is found.",
                asked.adapter.display(),
                asked.named
            ));
            asked.base.show(ui, "Folder of the model, or hf:OWNER/NAME") | ui.button("Open").clicked()
        });
        if chosen == Some(true) {
            let adapter = SourceSpec::Folder(asked.adapter.clone());
            match SourceSpec::named(&asked.base.path()) {
                Err(error) => cx.toasts.error(error.to_string()),
                Ok(base) => match adapter.over(&base) {
                    None => cx.toasts.error(format!("expected a model folder or hf:OWNER/NAME, found {base}")),
                    Some(source) => {
                        self.0 = None;
                        cx.actions.push(Command::Open(source).into());
                        return;
                    }
                },
            }
        }
        if !stays {
            self.0 = None;
        }
    }

    fn act(&mut self, action: &Action, _cx: &mut PartContext<'_>) {
        let Action::AskForBase { adapter, named } = action else { return };
        let beside = adapter.parent().unwrap_or(Path::new(""));
        let base = PathField::new(Purpose::OpenFolder, FOLDER, &beside.join(""));
        self.0 = Some(Asked { adapter: adapter.clone(), named: named.clone(), base });
    }

    fn modality(&self) -> Modality {
        if self.0.is_some() { Modality::Keys } else { Modality::None }
    }
}
