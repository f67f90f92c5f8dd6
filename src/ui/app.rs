//! The window: gestures become actions, actions change the session, the engine is asked for what the session wants, and
//! what comes back is shown.

mod asked;
mod exports;
mod help;
mod sessions;
mod sources;

use egui::{CentralPanel, Context, Panel, ScrollArea, Ui, ViewportCommand};

use super::{
    action::{Action, Actions},
    commands::{self, Palette},
    compare, controls,
    export::{Copies, Export},
    grid::{self, GridState},
    heads::Heads,
    inspector::Inspector,
    lessons::Lessons,
    open_file::{self, OpenFile, Wanted},
    opener::Opener,
    pictures::{Looks, Pictures, Request},
    preferences::Preferences,
    progress,
    recent::{Lately, Recent},
    scope::{self, ScopeEditor},
    sessions::{SessionAction, Sessions},
    setup::Setup,
    source::{self, PromptEditor},
    status,
    sweep::{Curves, sweep_ui},
    theme,
    tour::{Landmark, Seen, Tour, landmark},
    widgets::Toasts,
};
use crate::{
    engine::{Bundled, Outcome, Service},
    figure::Ground,
    session::{Command, Session, Theme, Timeline},
};

const CONTROLS_WIDTH: f32 = 336.0;
const INSPECTOR_WIDTH: f32 = 320.0;
/// The inspector takes no more of a narrow window until it is dragged.
const INSPECTOR_SHARE: f32 = 0.31;
const INSPECTOR_WIDTHS: std::ops::RangeInclusive<f32> = 280.0..=640.0;
/// Side of a panel before the first layout is known.
const FIRST_SIDE: usize = 192;
/// Height of the panel with the curves over ε until it is dragged.
const SWEEP_HEIGHT: f32 = 220.0;

/// The whole window. Each part keeps its own state; the session is the only thing they share.
pub struct App {
    timeline: Timeline,
    service: Service,
    opener: Opener,
    /// Why the session's source is not open, after a start without any other.
    unopened: Option<String>,
    pictures: Pictures,
    sweep: Curves,
    grid: GridState,
    heads: Heads,
    inspector: Inspector,
    scope: ScopeEditor,
    prompt: PromptEditor,
    export: Export,
    copies: Copies,
    open_file: OpenFile,
    recent: Recent,
    sessions: Sessions,
    toasts: Toasts,
    shortcuts_open: bool,
    palette: Palette,
    lessons: Lessons,
    tour: Tour,
    tour_seen: Seen,
    preferences: Preferences,
    /// Whether something of these could not be remembered, which was said.
    is_forgetful: bool,
    /// Whether text was being edited at the end of the last frame: then Esc is for that.
    was_typing: bool,
}

impl App {
    /// A window on `session` that remembers nothing.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(ctx: &Context, session: Session) -> std::io::Result<Self> {
        Self::with(ctx, session, Setup::default())
    }

    /// A window on `session`. Its source is opened at once, on a thread of its own.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn with(ctx: &Context, session: Session, setup: Setup) -> std::io::Result<Self> {
        theme::apply(ctx);
        let preferences = Preferences::new(setup.preferences, setup.clock.clone());
        let session = match setup.from {
            None => preferences.kept().over(session),
            Some(_) => preferences.kept().over_saved(session),
        };
        let sessions = Sessions::new(ctx, &session, setup.kept);
        let repaint = ctx.clone();
        let service = Service::new(setup.clock, move || repaint.request_repaint())?;
        let mut app = Self {
            timeline: Timeline::new(session),
            opener: Opener::new(ctx, &service, setup.open),
            unopened: None,
            pictures: Pictures::new(ctx, &service),
            sweep: Curves::new(&service),
            grid: GridState::default(),
            heads: Heads::new(ctx, &service),
            inspector: Inspector::default(),
            scope: ScopeEditor::default(),
            prompt: PromptEditor::default(),
            export: Export::new(&service),
            copies: Copies::default(),
            open_file: OpenFile::default(),
            recent: Recent::new(ctx, setup.recent),
            sessions,
            toasts: Toasts::default(),
            shortcuts_open: false,
            palette: Palette::default(),
            lessons: Lessons::default(),
            tour: Tour::new(setup.tour),
            tour_seen: Seen::new(setup.tour_seen),
            preferences,
            is_forgetful: false,
            service,
            was_typing: false,
        };
        app.follow_view(ctx);
        match setup.from {
            Some(from) => app.sessions.start(ctx, app.timeline.session(), from),
            None => app.reopen(),
        }
        Ok(app)
    }

    pub fn session(&self) -> &Session {
        self.timeline.session()
    }

    /// What is on screen, once there is something; for tests.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.pictures.frame().map(|frame| &frame.outcome)
    }

    /// Whether the picture on screen answers the session.
    pub fn is_settled(&self) -> bool {
        let is_computing =
            self.sessions.is_busy() || self.pictures.is_busy() || self.sweep.is_busy() || !self.heads.is_settled();
        self.opener.opening().is_none() && !is_computing && !self.is_writing()
    }

    fn act(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Session(command) => self.apply(command),
            Action::Undo => self.travel(Timeline::before),
            Action::Redo => self.travel(Timeline::after),
            Action::Back => self.travel(Timeline::before_source),
            Action::OpenPalette => self.palette.toggle(),
            Action::CopyPinned => self.copy_pinned(ctx),
            Action::OpenRecent(Lately::Source(source)) => self.apply(Command::Open(source)),
            Action::OpenRecent(Lately::Session { session }) => self.act_on_sessions(ctx, SessionAction::Open(session)),
            Action::OpenSession => self.open_file.open(Wanted::Session),
            Action::Sessions(action) => self.act_on_sessions(ctx, action),
            Action::ClearRecent => self.recent.clear(ctx),
            Action::CancelOpening => self.cancel_opening(),
            Action::Reopen => self.reopen(),
            Action::CancelComputing => self.pictures.cancel(),
            Action::Compute => self.pictures.retry(),
            Action::Export(exported) => self.open_export(exported),
            Action::CopyOut(copy) => self.copy_out(ctx, copy),
            Action::OpenCapture => self.open_file.open(Wanted::Capture),
            Action::OpenFolder => self.open_file.open(Wanted::ModelFolder),
            Action::OpenGguf => self.open_file.open(Wanted::Gguf),
            Action::Copy { text, what } => {
                ctx.copy_text(text);
                self.toasts.info(format!("{what} are on the clipboard."));
            }
            Action::ToggleShortcuts => self.shortcuts_open = !self.shortcuts_open,
            Action::OpenLesson(lesson) => self.lessons.open(lesson),
            Action::ToggleLessons => self.lessons.toggle(),
            Action::StartTour => self.start_tour(ctx),
            Action::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
        }
    }

    /// Theme, scale and motion as the session has them.
    fn follow_view(&self, ctx: &Context) {
        let person = self.session().view().person;
        ctx.set_theme(match person.theme {
            Theme::System => egui::ThemePreference::System,
            Theme::Light => egui::ThemePreference::Light,
            Theme::Dark => egui::ThemePreference::Dark,
        });
        if ctx.zoom_factor() != person.ui_scale {
            ctx.set_zoom_factor(person.ui_scale);
        }
        theme::set_motion(ctx, person.reduced_motion);
    }

    /// Asks for what the session wants; does nothing where that was asked already, or the source is not open yet.
    fn ask(&mut self, ctx: &Context) {
        let session = self.timeline.session();
        let Some(source) = self.service.source(session.source()) else { return };
        let view = session.view();
        let ground = if ctx.global_style().visuals.dark_mode { Ground::Dark } else { Ground::Light };
        let picture = view.picture_spec(self.grid.picture_size().unwrap_or([FIRST_SIDE; 2]), ground);
        let selected = session.selected();
        let looks = Looks { picture, selected, inspector: view.inspector };
        self.pictures.ask(&source, Request { spec: session.run_spec(), looks });
        self.sweep.follow(&source, session);
        self.heads.ask(ctx, session, &source);
    }

    /// Takes in what the threads have sent.
    fn receive(&mut self, ctx: &Context) {
        self.receive_source(ctx);
        self.receive_sessions(ctx);
        let arrivals = self.pictures.poll();
        if arrivals.frame
            && let Some(frame) = self.pictures.frame()
        {
            self.grid.textures.update(ctx, &frame.pictures);
        }
        if let Some(failure) = arrivals.failure {
            self.fail(&failure);
        }
        self.sweep.poll();
        if let Some(message) = self.heads.poll() {
            self.toasts.error(message);
        }
        for saved in [self.export.poll(), self.heads.poll_saved()].into_iter().flatten() {
            match saved {
                Ok(path) => self.toasts.success(format!("Saved {}", path.display())),
                Err(message) => self.toasts.error(message),
            }
        }
        for message in [self.recent.poll(ctx), self.tour_seen.poll(), self.preferences.poll()].into_iter().flatten() {
            // They lie in one folder: one line is enough.
            if !std::mem::replace(&mut self.is_forgetful, true) {
                self.toasts.info(message);
            }
        }
    }

    fn dropped_files(&mut self, ctx: &Context, actions: &mut Actions) {
        let dropped = ctx.input(|input| input.raw.dropped_files.clone());
        if let Some(file) = dropped.first()
            && let Err(error) = open_file::open_path(file.path(), actions)
        {
            self.toasts.error(error.to_string());
        }
    }

    fn controls_ui(&mut self, ui: &mut Ui, actions: &mut Actions) {
        profiling::scope!("controls");
        let session = self.timeline.session();
        let (frame, details) = (self.pictures.frame(), self.pictures.details());
        let outcome = frame.map(|frame| &frame.outcome);
        let transition = self.sweep.transition(session.rows());
        landmark(ui, Landmark::Slider, |ui| {
            controls::only_with_vectors(ui, outcome, |ui| controls::epsilon_ui(ui, session, transition, actions));
        });
        controls::notes_ui(ui, session, frame, details, actions);
        landmark(ui, Landmark::Scope, |ui| {
            let scope = &mut self.scope;
            controls::only_with_vectors(ui, outcome, |ui| scope::scope_ui(ui, scope, session, outcome, actions));
        });
        controls::shown_ui(ui, session, outcome, details, actions);
        compare::note_ui(ui, session, outcome, actions);
        let hovered =
            self.grid.hovered().filter(|_| !session.view().heads).map(|hovered| hovered.cell).or(session.pinned());
        let (prompt, failure) = (&mut self.prompt, self.pictures.failure());
        landmark(ui, Landmark::Prompt, |ui| {
            source::prompt_ui(ui, prompt, session, frame, failure.as_deref(), hovered, actions);
        });
    }

    fn grid_ui(&mut self, ui: &mut Ui, actions: &mut Actions) {
        profiling::scope!("grid");
        let session = self.timeline.session();
        if session.view().heads
            && let Some(source) = self.service.source(session.source())
        {
            self.heads.show(ui, session, &source, self.sessions.inputs(), actions);
            return;
        }
        match self.pictures.frame() {
            Some(frame) => {
                let (details, freshness) = (self.pictures.details(), self.pictures.freshness(frame));
                grid::grid_ui(ui, &mut self.grid, session, frame, details, freshness, actions);
            }
            None => self.waiting_ui(ui, actions),
        }
    }

    /// In the place of the first picture.
    fn waiting_ui(&self, ui: &mut Ui, actions: &mut Actions) {
        ui.vertical_centered(|ui| {
            ui.add_space(ui.available_height() * 0.4);
            if let Some(opening) = self.opener.opening().filter(|opening| opening.is_noticeable()) {
                progress::opening_ui(ui, opening, actions);
            } else if let Some(working) = self.pictures.working() {
                progress::working_ui(ui, working, actions);
            } else if let Some(failure) = self.pictures.failure() {
                ui.label(failure);
            } else if let Some(message) = &self.unopened {
                ui.label(message);
                if ui.button("Try again").clicked() {
                    actions.push(Action::Reopen);
                }
                if ui.button("Open the figure").clicked() {
                    actions.push(Command::OpenExample(Bundled::Smollm2).into());
                }
            }
        });
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        profiling::scope!("App::logic");
        self.receive(ctx);
        self.ask(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        profiling::scope!("App::ui");
        let ctx = ui.ctx().clone();
        self.receive_copies(&ctx);
        let given_up = self.escape();
        let mut actions = commands::combinations(&ctx, &self.situation(given_up.as_ref()));
        let is_menu_open = egui::Popup::is_any_open(&ctx);
        self.dropped_files(&ctx, &mut actions);
        let situation = self.situation(given_up.as_ref());
        Panel::top("menu").show(ui, |ui| commands::menu_ui(ui, &situation, &mut actions));
        let session = self.timeline.session();
        self.sessions.offer_ui(ui, &mut actions);
        let opening = self.opener.opening();
        Panel::bottom("status").show(ui, |ui| status::status_ui(ui, session, &self.pictures, opening, &mut actions));
        Panel::left("controls").exact_size(CONTROLS_WIDTH).resizable(false).show(ui, |ui| {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| self.controls_ui(ui, &mut actions));
        });
        let (session, sizes) = (self.timeline.session(), self.preferences.sizes());
        // Only what is dragged is a wish: in a small window panels are small by themselves.
        let is_held = ctx.input(|input| input.pointer.primary_down());
        // Across the whole width: beside an open inspector a small window would have no room for it.
        if session.view().sweep.open {
            let shape = self.pictures.frame().map(|frame| (frame.outcome.n_positions(), frame.outcome.mask()));
            let [usual, most] = [0.33, 0.7].map(|part| part * ui.available_height());
            let panel = Panel::bottom("sweep")
                .default_size(sizes.sweep.unwrap_or(SWEEP_HEIGHT.min(usual)))
                .max_size(most)
                .resizable(true);
            let shown = panel.show(ui, |ui| {
                sweep_ui(ui, session, &self.sweep, shape, &mut actions);
            });
            if is_held {
                self.preferences.sizes_mut().sweep = Some(shown.response.rect.height());
            }
        }
        if session.view().inspector
            && let Some(frame) = self.pictures.frame()
        {
            let usual = INSPECTOR_WIDTH.min(INSPECTOR_SHARE * ctx.content_rect().width());
            let panel =
                Panel::right("inspector").default_size(sizes.inspector.unwrap_or(usual)).size_range(INSPECTOR_WIDTHS);
            let shown = panel.show(ui, |ui| {
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    self.inspector.show(ui, session, frame, self.pictures.details(), &mut actions);
                });
            });
            if is_held {
                self.preferences.sizes_mut().inspector = Some(shown.response.rect.width());
            }
        }
        CentralPanel::default().show(ui, |ui| self.grid_ui(ui, &mut actions));

        self.export_ui(&ctx, &mut actions);
        if let Err(error) = self.open_file.show(&ctx, &mut actions) {
            self.toasts.error(error.to_string());
        }
        self.sessions_ui(&ctx);
        self.commands_ui(&ctx, given_up.as_ref(), &mut actions);
        self.help_ui(&ctx, is_menu_open);
        let is_asking =
            self.export.is_open() || self.open_file.is_open() || self.sessions.is_asking() || self.heads.is_asking();
        let is_asking = is_asking || self.palette.is_open();
        if !ctx.text_edit_focused() && !is_asking {
            if self.was_typing || is_menu_open {
                ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape));
            }
            if self.session().view().heads {
                self.heads.keys(&ctx, self.was_typing, &mut actions);
            }
            actions.extend(commands::plain_keys(&ctx, &self.situation(given_up.as_ref())));
        }
        self.was_typing = ctx.text_edit_focused();
        self.toasts.show(&ctx, is_asking);
        self.preferences.follow(&ctx, self.timeline.session());

        if !actions.is_empty() {
            for action in actions {
                self.act(&ctx, action);
            }
            self.follow_view(&ctx);
            ctx.request_repaint();
        }
        if asked::is_at_rest(&ctx) {
            self.timeline.end_gesture();
        }
        self.ask(&ctx);
    }
}
