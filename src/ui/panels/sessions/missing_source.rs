//! The question where a session's source is now.

use std::path::Path;

use egui::{Context, Key, Modifiers, Ui};

use crate::ui::shell::restoring::Origin;
use crate::{
    engine::SourceSpec,
    session::document::{SessionDocument, Whereabouts},
    ui::{
        dialogs::path_field::{FileKind, PathField, Purpose},
        theme::space,
        widgets::{FootButton, foot, refusal},
    },
};

const WIDTH: f32 = 470.0;
const LOOKING: &str = "What was named is being looked at";

/// The buttons of the question.
#[derive(Clone, Copy)]
enum Clicked<'a> {
    Open,
    Anyway(&'a SourceSpec),
    Cancel,
}

/// A session whose source is not where it was, or is not the same.
pub struct MissingSource {
    document: SessionDocument,
    origin: Origin,
    whereabouts: Whereabouts,
    field: PathField,
    /// Why what was typed names no source, or one that does not open.
    complaint: Option<String>,
    /// Whether the session is on its way, on the source that was found.
    is_coming: bool,
}

/// What a person says.
pub enum Answer {
    /// It may be here.
    Look(SourceSpec),
    /// This one, whatever its content.
    Anyway(SourceSpec),
    Cancel,
}

impl MissingSource {
    /// `before` is the same question, asked before: what was typed stays.
    pub fn new(document: SessionDocument, origin: Origin, whereabouts: Whereabouts, before: Option<Self>) -> Self {
        let source = document.session.source();
        let before = before.filter(|before| before.origin == origin && before.document == document);
        let field = before.map(|before| before.field);
        let field = field.unwrap_or_else(|| field_for(source));
        Self { document, origin, whereabouts, field, complaint: None, is_coming: false }
    }

    pub fn wanted(&self) -> (SessionDocument, Origin) {
        (self.document.clone(), self.origin.clone())
    }

    /// The source was found of what it was asked for. Returns whether it was asked for this.
    pub fn begin(&mut self, document: &SessionDocument, origin: &Origin) -> bool {
        self.is_coming = self.origin == *origin && self.document == *document;
        self.is_coming
    }

    /// It will not come, and another answer may be given.
    pub fn end(&mut self) {
        self.is_coming = false;
    }

    pub fn is_coming(&self) -> bool {
        self.is_coming
    }

    /// Takes the reason why the source that was found does not open. Returns whether it was waited for.
    pub fn take_refusal(&mut self, why: &str) -> bool {
        let was_coming = std::mem::take(&mut self.is_coming);
        if was_coming {
            self.complaint = Some(why.to_owned());
        }
        was_coming
    }

    /// The dialog. `is_looking`: an answer is being checked.
    pub fn show(&mut self, ctx: &Context, is_looking: bool) -> Option<Answer> {
        let mut answer = None;
        let is_looking = is_looking || self.is_coming;
        egui::Window::new("Where is the session’s source?")
            .collapsible(false)
            .resizable(false)
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(ctx.content_rect().center())
            .show(ctx, |ui| {
                ui.set_max_width(WIDTH);
                ui.label(self.message());
                ui.add_space(space::S);
                let mut chosen = self.field.show(ui, "Its place now");
                if let Some(complaint) = &self.complaint {
                    refusal(ui, complaint);
                }
                match self.foot_ui(ui, is_looking) {
                    Some(Clicked::Open) => chosen = true,
                    Some(Clicked::Anyway(source)) => answer = Some(Answer::Anyway(source.clone())),
                    Some(Clicked::Cancel) => answer = Some(Answer::Cancel),
                    None => {}
                }
                if chosen && !is_looking {
                    answer = self.look();
                }
            });
        if ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            answer = Some(Answer::Cancel);
        }
        answer
    }

    fn foot_ui(&self, ui: &mut Ui, is_looking: bool) -> Option<Clicked<'_>> {
        let mut buttons = vec![FootButton::new("Cancel", Clicked::Cancel)];
        if let Whereabouts::Changed { source, .. } = &self.whereabouts {
            let button = FootButton::new("Open anyway", Clicked::Anyway(source)).only_if(!is_looking, LOOKING);
            buttons.push(button.hint("The view as it was saved, on what is there now; its numbers are others"));
        }
        buttons.push(FootButton::new("Open", Clicked::Open).only_if(!is_looking, LOOKING));
        foot(ui, &buttons, |ui| {
            if is_looking {
                ui.spinner();
            }
        })
    }

    fn look(&mut self) -> Option<Answer> {
        match SourceSpec::named(&self.field.path()) {
            Ok(source) => {
                self.complaint = None;
                Some(Answer::Look(source))
            }
            Err(error) => {
                self.complaint = Some(error.to_string());
                None
            }
        }
    }

    fn message(&self) -> String {
        let title = &self.document.source.title;
        let name = if title.is_empty() { self.document.session.source().name() } else { title.clone() };
        match &self.whereabouts {
            Whereabouts::Gone { looked } => {
                let places: Vec<String> = looked.iter().map(ToString::to_string).collect();
                format!("{name} is not at {}.\nNothing on screen changes until it is found.", places.join(" nor at "))
            }
            Whereabouts::Changed { source, what } => {
                format!("What is at {source} is not what the session was saved with: {what}.")
            }
            Whereabouts::Here(_) => String::new(),
        }
    }
}

fn field_for(source: &SourceSpec) -> PathField {
    let (purpose, kind) = match source {
        SourceSpec::Unadapted(adapted) => return field_for(adapted),
        SourceSpec::Folder(_) | SourceSpec::Adapter { .. } => {
            (Purpose::OpenFolder, FileKind { name: "Model folder", extensions: &[] })
        }
        SourceSpec::Gguf(_) => (Purpose::Open, FileKind { name: "Model (GGUF)", extensions: &["gguf"] }),
        SourceSpec::Bundled(_) | SourceSpec::Capture(_) | SourceSpec::Cached(_) => {
            (Purpose::Open, FileKind { name: "Capture (safetensors, NPZ)", extensions: &["safetensors", "npz"] })
        }
    };
    PathField::new(purpose, kind, source.path().unwrap_or(Path::new("")))
}
