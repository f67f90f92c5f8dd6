//! The dialog that exports the figure as an animation, and the thread that draws it.

use std::{
    collections::BTreeSet,
    num::NonZeroU16,
    path::{Path, PathBuf},
    sync::Arc,
};

use egui::{DragValue, Grid, ProgressBar, RichText, Ui};

use super::{
    exportable::Exportable,
    figure_form::{FigureForm, choice_ui, ground_ui, page_ui, panels_ui, session_ui, strip_ui},
    foot::save_foot,
    preview::{Looks, Preview},
    previewed::{PreviewedFigure, style_of},
};
use crate::{
    attention::Epsilon,
    engine::{Engine, EngineError, Fingerprints, Job, Lane, Outcome, Progress, Question, Service},
    figure::{
        Dpi,
        animation::{AnimatedRange, Animation, AnimationError, AnimationFormat, DPI, FRAMES, Film, Play, RATES},
    },
    session::{
        Session,
        document::{self, Inputs},
    },
    ui::{
        column_names,
        dialogs::path_field::{FileKind, PathField, Purpose},
        jobs::{Arrival, Client},
        theme::{self, space},
        widgets::{FootButton, epsilon_field, segmented, with_accessible_name},
    },
};

const ANIMATION: FileKind = FileKind { name: "Animation (PNG, GIF)", extensions: &["png", "apng", "gif"] };
/// What a cancelled animation says.
const CANCELLED: &str = "The animation was cancelled; no file was written.";

pub struct AnimationDialog {
    field: PathField,
    form: FigureForm,
    animation: Animation,
    from: Epsilon,
    to: Epsilon,
    /// What is to be said of its figure, as it is on screen now.
    preview: Preview<PreviewedFigure>,
    client: Client<AnimationQuestion>,
}

impl AnimationDialog {
    pub fn new(folder: &Path, service: &Service) -> Self {
        Self {
            field: PathField::new(Purpose::Save, ANIMATION, &folder.join("attenuate.gif")),
            form: FigureForm::of_films(Dpi::new(DPI).unwrap_or_default()),
            animation: Animation::default(),
            from: Epsilon::ONE,
            to: Epsilon::FIGURE[1],
            preview: Preview::default(),
            client: Client::new(service),
        }
    }

    pub fn focus(&mut self) {
        self.field.focus();
    }

    /// See [`PathField::suggest`].
    pub fn suggest(&mut self, stem: &str) {
        self.field.suggest(stem);
    }

    pub fn is_running(&self) -> bool {
        self.client.is_busy()
    }

    /// Whether it looks what is at its path, or how its figure would be drawn.
    pub fn is_looking(&self) -> bool {
        self.field.is_looking() || self.preview.is_drawing()
    }

    /// Whether what the model writes is drawn.
    pub fn has_strip(&self) -> bool {
        self.form.strip.is_some()
    }

    /// Where an animation was written since the last look, with what had no room in any of its frames, or why it was not.
    pub fn poll(&mut self) -> Option<Result<(PathBuf, BTreeSet<String>), String>> {
        loop {
            match self.client.poll()? {
                Arrival::Part { part, .. } => return Some(part),
                Arrival::Failed(why) => return Some(Err(why.message("drawing the animation"))),
                Arrival::GivenUp => return Some(Err(CANCELLED.to_owned())),
                Arrival::Done => {}
            }
        }
    }

    pub fn show(&mut self, ui: &mut Ui, shown: &Exportable<'_>) {
        ui.label(
            RichText::new("ε of one column runs from one value to another, in all rows; the other columns stand.")
                .color(theme::of(ui).text_weak),
        );
        ui.add_space(space::S);
        Grid::new("animation").num_columns(2).spacing([space::M, space::S]).show(ui, |ui| self.fields_ui(ui, shown));
        let style = style_of(&self.form, shown);
        self.preview.follow(ui, PreviewedFigure::of(shown, &style), Looks::Judged);
        if let Some(repair) = self.preview.verdict_ui(ui) {
            self.form.style = repair.of_style(self.form.style.clone());
        }
        ui.separator();
        let entered = self.field.show(ui, "Animation file");
        let range = AnimatedRange::new(self.from, self.to);
        let is_refused = self.preview.is_refused();
        let is_ready = shown.frame.is_some() && range.is_ok() && !is_refused && !self.is_running();
        let why_not = match &range {
            Err(error) => error.to_string(),
            Ok(_) if is_refused => "It cannot be drawn as it is".to_owned(),
            Ok(_) => "Its panels are still being computed".to_owned(),
        };
        let button = FootButton::new("Save animation", ()).only_if(is_ready, &why_not);
        let clicked = save_foot(ui, button, false, |ui| self.progress_ui(ui));
        if (entered || clicked)
            && is_ready
            && let (Some(frame), Ok(range)) = (shown.frame, range)
        {
            self.start(shown, &frame.outcome, range);
        }
    }

    fn fields_ui(&mut self, ui: &mut Ui, shown: &Exportable<'_>) {
        let shape = shown.session.epsilon().shape();
        ui.label("Moving");
        let choices = column_names::choices(shape, |_| "Its ε moves".to_owned());
        let choices: Vec<_> =
            choices.iter().map(|(column, label, hint)| (column.index(), label.as_str(), hint.as_str())).collect();
        self.animation.column = self.animation.column.min(shape.n_columns() - 1);
        segmented(ui, "Moving column", &mut self.animation.column, &choices);
        ui.end_row();

        ui.label("ε");
        ui.horizontal_top(|ui| {
            ui.label("from");
            self.from = epsilon_field(ui, "animation-from", "first epsilon", self.from).unwrap_or(self.from);
            ui.label("to");
            self.to = epsilon_field(ui, "animation-to", "last epsilon", self.to).unwrap_or(self.to);
        });
        ui.end_row();

        ui.label("Frames");
        ui.horizontal_wrapped(|ui| {
            with_accessible_name(
                ui.add(DragValue::new(&mut self.animation.n_frames).range(FRAMES)),
                "Number of frames",
            );
            let mut rate = self.animation.rate.get();
            let field = DragValue::new(&mut rate).range(RATES).suffix(" per second");
            with_accessible_name(ui.add(field), "Frames per second");
            self.animation.rate = NonZeroU16::new(rate).unwrap_or(self.animation.rate);
            let plays = [(Play::BackAndForth, "Back and forth"), (Play::Loop, "Again and again"), (Play::Once, "Once")];
            choice_ui(ui, "How it plays", &mut self.animation.play, &plays);
        });
        ui.end_row();

        ui.label("Panels");
        ui.vertical(|ui| panels_ui(ui, &mut self.form.style, shape));
        ui.end_row();
        ui.label("Continuation");
        ui.vertical(|ui| strip_ui(ui, &mut self.form.strip, shown));
        ui.end_row();
        ui.label("Size");
        ui.vertical(|ui| page_ui(ui, &mut self.form.style));
        ui.end_row();
        ui.label("Ground");
        ui.vertical(|ui| ground_ui(ui, &mut self.form.style.ground));
        ui.end_row();
        ui.label("Session");
        ui.vertical(|ui| session_ui(ui, &mut self.form));
        ui.end_row();
    }

    fn progress_ui(&mut self, ui: &mut Ui) {
        if !self.is_running() {
            ui.label("PNG has all colours, GIF 256 in each frame.");
            return;
        }
        let Progress { done, of } = self.client.progress().unwrap_or(Progress { done: 0, of: 0 });
        let part = if of == 0 { 0.0 } else { done as f32 / of as f32 };
        ui.add(ProgressBar::new(part).desired_width(220.0).text(format!("{done} of {of} frames")));
        if ui.button("Cancel animation").clicked() {
            self.client.cancel();
        }
    }

    fn start(&mut self, shown: &Exportable<'_>, outcome: &Outcome, range: AnimatedRange) {
        // Also what was asked last: the file may be gone since.
        self.client.forget();
        self.client.want(AnimationQuestion {
            path: self.field.path(),
            session: shown.session.clone(),
            shown: Arc::new(outcome.clone()),
            form: self.form.clone(),
            animation: Animation { range, ..self.animation.clone() },
            fingerprints: shown.fingerprints.clone(),
            inputs: shown.inputs.clone(),
        });
    }
}

/// An animation on its way to a file.
#[derive(Clone)]
struct AnimationQuestion {
    path: PathBuf,
    session: Session,
    shown: Arc<Outcome>,
    form: FigureForm,
    animation: Animation,
    fingerprints: Arc<Fingerprints>,
    inputs: Inputs,
}

impl PartialEq for AnimationQuestion {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shown, &other.shown) && self.path == other.path
    }
}

impl Question for AnimationQuestion {
    /// Where it was written and what had no room in any of its frames, or why it was not.
    type Part = Result<(PathBuf, BTreeSet<String>), String>;

    const LANE: Lane = Lane::Export;

    fn answer(&self, engine: &mut Engine, job: &Job<'_>, send: &mut dyn FnMut(Self::Part)) -> Result<(), EngineError> {
        let (path, inputs) = (&self.path, &self.inputs);
        let with_session = self.form.with_session;
        let protected = if with_session { inputs.protected_from_session(path) } else { inputs.protected() };
        let film = match protected.check(path).map_err(|error| error.to_string()).and_then(|()| self.film()) {
            Ok(film) => film,
            Err(message) => {
                send(Err(message));
                return Ok(());
            }
        };
        match film.save(path, &protected, engine, job) {
            Ok(fitted) => send(Ok((path.clone(), fitted))),
            Err(AnimationError::Engine(EngineError::Cancelled)) => return Err(EngineError::Cancelled),
            Err(error) => send(Err(error.to_string())),
        }
        Ok(())
    }
}

impl AnimationQuestion {
    fn film(&self) -> Result<Film, String> {
        let format = AnimationFormat::of(&self.path).map_err(|error| error.to_string())?;
        let (path, fingerprints) = (&self.path, &self.fingerprints);
        let payload = || document::payload(&self.session, &self.shown, path, fingerprints);
        let payload = self.form.with_session.then(payload).transpose().map_err(|error| error.to_string())?;
        let style = self.form.style(self.session.view());
        let strip = self.form.strip.map(|lines| (lines, self.session.view().text.writing));
        Ok(Film { spec: self.session.run_spec(), style, strip, animation: self.animation.clone(), format, payload })
    }
}
