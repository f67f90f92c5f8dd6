//! The models that other programs keep on this disk, to choose one by its name.

mod rows;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use egui::{Align, Key, Layout, RichText, TextEdit, Ui};

use self::rows::rows_ui;
use crate::{
    model::on_disk::{DiskModel, Listing, Places, SearchedFolder, State, list},
    session::Command,
    ui::{
        jobs::background::{Background, Finished},
        shell::{
            action::Action,
            part::{Modality, Part, PartContext},
        },
        theme::{self, space},
        widgets::{dialog, with_accessible_name},
    },
};

const WIDTH: f32 = 760.0;
/// Of the list, in a window that is high enough.
const HEIGHT: f32 = 380.0;
/// What the rest of the dialog takes.
const AROUND: f32 = 170.0;

/// The dialog, and the thread that looks at the disk.
pub struct DiskModels {
    places: Places,
    modality: Modality,
    query: String,
    wants_focus: bool,
    listing: Option<Listing>,
    reading: Background<Listing>,
    /// Set when nobody waits for the list any more.
    is_over: Arc<AtomicBool>,
}

impl DiskModels {
    /// Closed; it will look in `places`.
    pub fn new(places: Places) -> Self {
        Self {
            places,
            modality: Modality::None,
            query: String::new(),
            wants_focus: false,
            listing: None,
            reading: Background::default(),
            is_over: Arc::default(),
        }
    }

    fn open(&mut self, ctx: &egui::Context) {
        self.modality = Modality::Keys;
        self.wants_focus = true;
        self.query.clear();
        self.listing = None;
        // One that was closed before its list was there is not waited for.
        self.is_over = Arc::default();
        let (places, is_over) = (self.places.clone(), self.is_over.clone());
        self.reading.start(ctx, "models on this disk", move || list(&places, &|| is_over.load(Ordering::Relaxed)));
    }

    fn close(&mut self) {
        self.modality = Modality::None;
        self.is_over.store(true, Ordering::Relaxed);
        self.listing = None;
    }

    /// Returns the model that was chosen.
    fn contents_ui(&mut self, ui: &mut Ui) -> Option<DiskModel> {
        let room = ui.ctx().content_rect();
        ui.set_width(WIDTH.min(room.width() - 2.0 * space::XL));
        let field =
            TextEdit::singleline(&mut self.query).hint_text("Search names and families").desired_width(f32::INFINITY);
        let field = with_accessible_name(ui.add(field), "Search models");
        if std::mem::take(&mut self.wants_focus) {
            field.request_focus();
        }
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ui.add_space(space::S);
        let Some(listing) = &self.listing else {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label("Reading the headers of the models on this disk");
            });
            return None;
        };
        let found = search(&listing.models, &self.query);
        let height = HEIGHT.min(room.height() - AROUND).max(space::XL);
        let clicked = rows_ui(ui, &found, height);
        ui.add_space(space::S);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let text = RichText::new(summary(listing, &found)).small().color(theme::of(ui).text_weak);
            ui.label(text).on_hover_text(searched(listing));
        });
        let first = || found.iter().find(|model| model.state == State::Opens).copied();
        clicked.or_else(|| first().filter(|_| is_entered)).cloned()
    }
}

/// The models whose name or family has every word of `query`.
fn search<'a>(models: &'a [DiskModel], query: &str) -> Vec<&'a DiskModel> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let is_found = |model: &&DiskModel| {
        let family = model.family.as_deref().unwrap_or_default();
        let text = format!("{} {family} {}", rows::name(model), model.program.name()).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    models.iter().filter(is_found).collect()
}

fn summary(listing: &Listing, found: &[&DiskModel]) -> String {
    let opens = found.iter().filter(|model| model.state == State::Opens).count();
    match (listing.models.len(), found.len()) {
        (0, _) => "No models of Hugging Face, Ollama, LM Studio or llama.cpp were found.".to_owned(),
        (all, shown) if all == shown => format!("{all} models, {opens} open"),
        (all, shown) => format!("{shown} of {all} models, {opens} open"),
    }
}

/// The folders, as a person would look for them.
fn searched(listing: &Listing) -> String {
    let line = |folder: &SearchedFolder| {
        let why_not = folder.why_not.as_deref().map_or_else(String::new, |why| format!(" ({why})"));
        format!("{}: {}{why_not}", folder.program.name(), folder.path.display())
    };
    listing.searched.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Part for DiskModels {
    fn poll(&mut self, cx: &mut PartContext<'_>) {
        while let Some(finished) = self.reading.poll() {
            match finished {
                // An older answer is not of the present look.
                Finished::Done(_) if self.reading.is_running() || self.modality == Modality::None => {}
                Finished::Done(listing) => self.listing = Some(listing),
                Finished::Broken => {
                    self.close();
                    cx.toasts.error("Internal error while looking for models.".to_owned());
                }
            }
        }
    }

    fn over_ui(&mut self, cx: &mut PartContext<'_>) {
        if self.modality == Modality::None {
            return;
        }
        let (chosen, stays) = dialog(cx.egui, "Models on this disk", |ui| self.contents_ui(ui));
        let chosen = chosen.flatten();
        if !stays || chosen.is_some() {
            self.close();
        }
        if let Some(model) = chosen {
            cx.actions.push(Command::Open(model.source.into()).into());
        }
    }

    fn act(&mut self, action: &Action, cx: &mut PartContext<'_>) {
        if *action == Action::ListDiskModels {
            self.open(cx.egui);
        }
    }

    fn modality(&self) -> Modality {
        self.modality
    }

    fn is_busy(&self) -> bool {
        self.reading.is_running()
    }
}
