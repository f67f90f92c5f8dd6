//! The question which model an adapter is over, where it was not found.

use std::path::{Path, PathBuf};

use super::{
    asked::{Asked, open_foot},
    path_field::{FileKind, PathField, Purpose},
};
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
pub struct AdapterBase(Option<Question>);

struct Question {
    adapter: PathBuf,
    /// What the adapter calls its base.
    named: String,
    base: PathField,
    asked: Asked,
}

impl Question {
    /// The adapter over the base that the field names.
    fn answered(&self) -> Result<SourceSpec, String> {
        let base = SourceSpec::named(&self.base.path()).map_err(|error| error.to_string())?;
        let over = SourceSpec::Folder(self.adapter.clone()).over(&base);
        over.ok_or_else(|| format!("expected a model folder or hf:OWNER/NAME, found {base}"))
    }
}

impl Part for AdapterBase {
    fn over_ui(&mut self, cx: &mut PartContext<'_>) {
        self.0.take_if(|question| question.asked.is_over(cx.navigation));
        let Some(question) = &mut self.0 else { return };
        let (chosen, stays) = dialog(cx.egui, "Which model is the adapter over?", |ui| {
            ui.label(format!(
                "{} is an adapter (LoRA) of “{}”, which is neither beside it nor in Hugging Face’s cache.\nNothing on \
                 screen changes until it is found.",
                question.adapter.display(),
                question.named
            ));
            let is_entered = question.base.show(ui, "Folder of the model, or hf:OWNER/NAME");
            let is_free = !question.asked.is_pending();
            let clicked = open_foot(ui, &question.asked, cx.navigation);
            is_free && (is_entered || clicked)
        });
        if chosen == Some(true) {
            question.asked = match question.answered() {
                Ok(source) => {
                    cx.actions.push(Command::Open(source.clone()).into());
                    Asked::Source(source)
                }
                Err(why) => Asked::Refused(why),
            };
        } else if !stays {
            if question.asked.is_pending() {
                cx.actions.push(Action::CancelOpening);
            }
            self.0 = None;
        }
    }

    fn act(&mut self, action: &Action, _cx: &mut PartContext<'_>) {
        let Action::AskForBase { adapter, named } = action else { return };
        let beside = adapter.parent().unwrap_or(Path::new(""));
        let base = PathField::new(Purpose::OpenFolder, FOLDER, &beside.join(""));
        let (adapter, named) = (adapter.clone(), named.clone());
        self.0 = Some(Question { adapter, named, base, asked: Asked::Nothing });
    }

    fn takes_refusal(&mut self, why: &str) -> bool {
        self.0.as_mut().is_some_and(|question| question.asked.take_refusal(why))
    }

    fn modality(&self) -> Modality {
        if self.0.is_some() { Modality::Keys } else { Modality::None }
    }
}
