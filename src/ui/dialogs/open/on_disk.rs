//! The models that other programs keep on this disk, to choose one by its name.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use egui::{Align, Key, RichText, TextEdit, Ui};

use super::rows::{self, Column, Row, rows_ui};
use crate::{
    base::byte_count,
    engine::SourceSpec,
    model::on_disk::{DiskModel, DiskSource, Listing, Places, SearchedFolder, State, list},
    ui::{
        jobs::background::{Background, Finished},
        theme::{self, space},
        widgets::{heading, with_accessible_name},
    },
};

/// Of the list, in a window that is high enough.
const HEIGHT: f32 = 300.0;
/// Of three models, where it is not.
const LEAST_HEIGHT: f32 = 80.0;
/// What the rest of the dialog takes, without what stands above the list.
const AROUND: f32 = 320.0;
const COLUMNS: [Column; 4] = [
    Column { heading: "Name", share: 0.42, align: Align::Min },
    Column { heading: "Size", share: 0.11, align: Align::Max },
    Column { heading: "Family", share: 0.13, align: Align::Min },
    Column { heading: "Opens", share: 0.34, align: Align::Min },
];

/// The list, and the thread that looks at the disk.
pub struct ModelsOnDisk {
    places: Places,
    query: String,
    listing: Option<Listing>,
    reading: Background<Listing>,
    /// Set when nobody waits for the list any more.
    is_over: Arc<AtomicBool>,
}

impl ModelsOnDisk {
    /// Nothing is known yet; it will look in `places`.
    pub fn new(places: Places) -> Self {
        Self { places, query: String::new(), listing: None, reading: Background::default(), is_over: Arc::default() }
    }

    /// Looks at the disk anew.
    pub fn look(&mut self, ctx: &egui::Context) {
        self.query.clear();
        self.listing = None;
        // One that was closed before its list was there is not waited for.
        self.is_over = Arc::default();
        let (places, is_over) = (self.places.clone(), self.is_over.clone());
        self.reading.start(ctx, "models on this disk", move || list(&places, &|| is_over.load(Ordering::Relaxed)));
    }

    /// Nobody waits for the list any more.
    pub fn forget(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.listing = None;
    }

    /// Takes in the list. Returns what went wrong.
    pub fn poll(&mut self) -> Option<String> {
        while let Some(finished) = self.reading.poll() {
            match finished {
                // An older answer is not of the present look.
                Finished::Done(_) if self.reading.is_running() || self.is_over.load(Ordering::Relaxed) => {}
                Finished::Done(listing) => self.listing = Some(listing),
                Finished::Broken => {
                    self.listing = Some(Listing::default());
                    return Some("Internal error while looking for models.".to_owned());
                }
            }
        }
        None
    }

    pub fn is_busy(&self) -> bool {
        self.reading.is_running()
    }

    /// Below another section of the dialog that is `above` points high. Returns the model that was chosen.
    pub fn show_ui(&mut self, ui: &mut Ui, above: f32) -> Option<DiskModel> {
        heading(ui, "Models on this disk");
        let Some(listing) = &self.listing else {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label("Reading the headers of the models on this disk");
            });
            return None;
        };
        if listing.models.is_empty() {
            summary_ui(ui, listing, &[]);
            return None;
        }
        let field =
            TextEdit::singleline(&mut self.query).hint_text("Search names and families").desired_width(f32::INFINITY);
        let field = with_accessible_name(ui.add(field), "Search models");
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ui.add_space(space::S);
        let found = search(&listing.models, &self.query);
        // As high as all of them, whatever is found.
        let room = (ui.ctx().content_rect().height() - AROUND - above).clamp(LEAST_HEIGHT, HEIGHT);
        let height = room.min(rows::HEIGHT * listing.models.len() as f32);
        let row_at = |index: usize| found.get(index).map(|model| row(model));
        let clicked = rows_ui(ui, "models on this disk", &COLUMNS, found.len(), height, row_at);
        let clicked = clicked.and_then(|index| found.get(index).copied());
        ui.add_space(space::S);
        summary_ui(ui, listing, &found);
        let first = || found.iter().find(|model| model.state == State::Opens).copied();
        clicked.or_else(|| first().filter(|_| is_entered)).cloned()
    }
}

/// What a row calls a model: the name that opens it, or that of its file and folder.
fn name(model: &DiskModel) -> String {
    match &model.source {
        DiskSource::Name(name) => name.to_string(),
        DiskSource::Folder(path) | DiskSource::Gguf(path) => {
            let names: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
            names.into_iter().rev().collect::<Vec<_>>().join("/")
        }
    }
}

/// A model's name, size and family, and whether it opens.
fn row(model: &DiskModel) -> Row {
    let size = if model.n_bytes == 0 { "–".to_owned() } else { byte_count(model.n_bytes) };
    let family = model.family.clone().unwrap_or_else(|| "–".to_owned());
    let can_be_opened = model.state == State::Opens;
    let path = SourceSpec::from(model.source.clone());
    let hint = if can_be_opened { path.to_string() } else { format!("{path}\n{}", model.why) };
    Row { texts: vec![name(model), size, family, model.opens()], hint, can_be_opened }
}

/// The models whose name or family has every word of `query`.
fn search<'a>(models: &'a [DiskModel], query: &str) -> Vec<&'a DiskModel> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let is_found = |model: &&DiskModel| {
        let family = model.family.as_deref().unwrap_or_default();
        let text = format!("{} {family} {}", name(model), model.program.name()).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    models.iter().filter(is_found).collect()
}

/// How many there are; under the pointer, where it was looked for them.
fn summary_ui(ui: &mut Ui, listing: &Listing, found: &[&DiskModel]) {
    let text = RichText::new(summary(listing, found)).small().color(theme::of(ui).text_weak);
    ui.label(text).on_hover_text(searched(listing));
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
