//! The dialog that exports the figure as an animation, and the thread that draws it.

use std::{
    num::NonZeroU16,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use egui::{Context, DragValue, Grid, ProgressBar, RichText, Ui};

use super::{
    Shown,
    looks::{Looks, choice_ui, ground_ui, panels_ui, session_ui, size_ui},
    save_button,
};
use crate::{
    attention::{Epsilon, Shape},
    engine::{Engine, EngineError, Fingerprints, OpenSource, Outcome},
    figure::{
        Dpi,
        animation::{
            AnimatedRange, Animation, AnimationError, AnimationFormat, Audience, DPI, FRAMES, Film, Play, RATES,
        },
    },
    session::{
        Session,
        document::{self, Inputs},
    },
    ui::{
        background::{Background, Finished},
        columns,
        controls::named,
        path_field::{FileKind, PathField, Purpose},
        theme::{self, space},
        widgets::{epsilon_field, segmented},
    },
};

const ANIMATION: FileKind = FileKind { name: "Animation (PNG, GIF)", extensions: &["png", "apng", "gif"] };
/// What a cancelled animation says.
const CANCELLED: &str = "The animation was cancelled; no file was written.";

/// How far a film is. Shared with its thread.
#[derive(Default)]
struct Run {
    done: AtomicUsize,
    of: AtomicUsize,
    is_cancelled: AtomicBool,
}

pub struct AnimationDialog {
    field: PathField,
    looks: Looks,
    animation: Animation,
    from: Epsilon,
    to: Epsilon,
    run: Option<Arc<Run>>,
    job: Background<Result<PathBuf, String>>,
}

impl AnimationDialog {
    pub fn new(folder: &Path) -> Self {
        Self {
            field: PathField::new(Purpose::Save, ANIMATION, &folder.join("attenuate.gif")),
            looks: Looks::of_films(Dpi::new(DPI).unwrap_or_default()),
            animation: Animation::default(),
            from: Epsilon::ONE,
            to: Epsilon::FIGURE[1],
            run: None,
            job: Background::default(),
        }
    }

    pub fn focus(&mut self) {
        self.field.focus();
    }

    pub fn is_running(&self) -> bool {
        self.job.is_running()
    }

    /// What has become of the film.
    pub fn poll(&mut self) -> Option<Finished<Result<PathBuf, String>>> {
        let finished = self.job.poll()?;
        self.run = None;
        Some(finished)
    }

    pub fn show(&mut self, ui: &mut Ui, shown: &Shown<'_>) {
        ui.label(
            RichText::new("ε of one column runs from one value to another, in all rows; the other columns stand.")
                .color(theme::of(ui).text_weak),
        );
        ui.add_space(space::S);
        Grid::new("animation")
            .num_columns(2)
            .spacing([space::M, space::S])
            .show(ui, |ui| self.fields_ui(ui, shown.session.epsilon.shape()));
        ui.separator();
        let entered = self.field.show(ui, "Animation file");
        let range = AnimatedRange::new(self.from, self.to);
        let mut clicked = false;
        let is_ready = shown.frame.is_some() && range.is_ok() && !self.job.is_running();
        ui.horizontal(|ui| {
            self.progress_ui(ui);
            let why_not = match &range {
                Err(error) => error.to_string(),
                Ok(_) => "Its panels are still being computed".to_owned(),
            };
            clicked = save_button(ui, "Save animation", is_ready, &why_not, false);
        });
        if (entered || clicked)
            && is_ready
            && let (Some(frame), Some(source), Ok(range)) = (shown.frame, shown.source, range)
        {
            self.start(ui.ctx(), shown, &frame.outcome, source, range);
        }
    }

    fn fields_ui(&mut self, ui: &mut Ui, shape: Shape) {
        ui.label("Moving");
        let choices = columns::choices(shape, |_| "Its ε moves".to_owned());
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
        ui.horizontal(|ui| {
            named(ui.add(DragValue::new(&mut self.animation.n_frames).range(FRAMES)), "Number of frames");
            let mut rate = self.animation.rate.get();
            let field = DragValue::new(&mut rate).range(RATES).suffix(" per second");
            named(ui.add(field), "Frames per second");
            self.animation.rate = NonZeroU16::new(rate).unwrap_or(self.animation.rate);
            let plays = [(Play::BackAndForth, "Back and forth"), (Play::Loop, "Again and again"), (Play::Once, "Once")];
            choice_ui(ui, "How it plays", &mut self.animation.play, &plays);
        });
        ui.end_row();

        ui.label("Panels");
        ui.vertical(|ui| panels_ui(ui, &mut self.looks.style, shape));
        ui.end_row();
        ui.label("Size");
        ui.vertical(|ui| size_ui(ui, &mut self.looks.style));
        ui.end_row();
        ui.label("Ground");
        ui.vertical(|ui| ground_ui(ui, &mut self.looks.style));
        ui.end_row();
        ui.label("Session");
        ui.vertical(|ui| session_ui(ui, &mut self.looks));
        ui.end_row();
    }

    fn progress_ui(&self, ui: &mut Ui) {
        let Some(run) = &self.run else {
            ui.label("PNG has all colours, GIF 256 in each frame.");
            return;
        };
        let [done, of] = [&run.done, &run.of].map(|count| count.load(Ordering::Relaxed));
        let part = if of == 0 { 0.0 } else { done as f32 / of as f32 };
        ui.add(ProgressBar::new(part).desired_width(220.0).text(format!("{done} of {of} frames")));
        if ui.button("Cancel animation").clicked() {
            run.is_cancelled.store(true, Ordering::Relaxed);
        }
    }

    fn start(
        &mut self,
        ctx: &Context,
        shown: &Shown<'_>,
        outcome: &Outcome,
        source: &Arc<OpenSource>,
        range: AnimatedRange,
    ) {
        let run = Arc::new(Run::default());
        let task = Task {
            path: self.field.path(),
            source: source.clone(),
            session: shown.session.clone(),
            shown: outcome.clone(),
            looks: self.looks.clone(),
            animation: Animation { range, ..self.animation.clone() },
            fingerprints: shown.fingerprints.clone(),
            inputs: shown.inputs.clone(),
            watched: Watched { run: run.clone(), ctx: ctx.clone() },
        };
        self.run = Some(run);
        self.job.start(ctx, "animation", move || task.run());
    }
}

impl Drop for AnimationDialog {
    fn drop(&mut self) {
        if let Some(run) = &self.run {
            run.is_cancelled.store(true, Ordering::Relaxed);
        }
    }
}

/// The window, as the film's thread sees it.
struct Watched {
    run: Arc<Run>,
    ctx: Context,
}

impl Audience for Watched {
    fn hear(&mut self, done: usize, of: usize) {
        self.run.done.store(done, Ordering::Relaxed);
        self.run.of.store(of, Ordering::Relaxed);
        self.ctx.request_repaint();
    }

    fn has_left(&self) -> bool {
        self.run.is_cancelled.load(Ordering::Relaxed)
    }
}

struct Task {
    path: PathBuf,
    source: Arc<OpenSource>,
    session: Session,
    shown: Outcome,
    looks: Looks,
    animation: Animation,
    fingerprints: Arc<Fingerprints>,
    inputs: Inputs,
    watched: Watched,
}

impl Task {
    fn run(self) -> Result<PathBuf, String> {
        let Self { path, source, session, shown, looks, animation, fingerprints, inputs, mut watched } = self;
        let format = AnimationFormat::of(&path).map_err(|error| error.to_string())?;
        let protected = if looks.with_session { inputs.protected_from_session(&path) } else { inputs.protected() };
        protected.check(&path).map_err(|error| error.to_string())?;
        let payload = looks
            .with_session
            .then(|| document::payload(&session, &shown, &path, &fingerprints))
            .transpose()
            .map_err(|error| error.to_string())?;
        let style = looks.style(&session.view);
        let film = Film { spec: session.run_spec(), style, animation, format, payload };
        let mut engine = Engine::default();
        engine.adopt(source);
        match film.save(&path, &protected, &mut engine, &mut watched) {
            Ok(()) => Ok(path),
            Err(AnimationError::Engine(EngineError::Cancelled)) => Err(CANCELLED.to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}
