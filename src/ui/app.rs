//! The window: gestures become actions, actions change the session, the session is asked of the studio, and what
//! comes back is shown.

use egui::{CentralPanel, Context, Panel, ScrollArea, Ui, ViewportCommand};

use super::{
    action::{Action, Actions},
    controls,
    export::Export,
    grid::{self, GridState},
    inspector, menu,
    open_file::{self, OpenFile, Wanted},
    shortcuts,
    source::{self, PromptEditor},
    status,
    studio::{Failure, Request, Studio},
    theme,
    widgets::{Freshness, Toasts},
};
use crate::{
    attention::Mask,
    engine::Outcome,
    figure::{Ground, PictureSpec},
    session::{Command, OnScreen, Session, Theme, Timeline},
};

const CONTROLS_WIDTH: f32 = 336.0;
const INSPECTOR_WIDTH: f32 = 320.0;
/// Side of a panel before the first layout is known.
const FIRST_SIDE: usize = 192;

/// The whole window. Each part keeps its own state; the session is the only thing they share.
pub struct App {
    timeline: Timeline,
    studio: Studio,
    grid: GridState,
    prompt: PromptEditor,
    export: Export,
    open_file: OpenFile,
    toasts: Toasts,
    shortcuts_open: bool,
}

impl App {
    /// A window on `session`. The engine starts at once, on its own thread.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(ctx: &Context, session: Session) -> std::io::Result<Self> {
        theme::apply(ctx);
        let mut app = Self {
            timeline: Timeline::new(session),
            studio: Studio::new(ctx.clone())?,
            grid: GridState::default(),
            prompt: PromptEditor::default(),
            export: Export::default(),
            open_file: OpenFile::default(),
            toasts: Toasts::default(),
            shortcuts_open: false,
        };
        app.follow_view(ctx);
        app.ask(ctx);
        Ok(app)
    }

    pub fn session(&self) -> &Session {
        self.timeline.session()
    }

    /// What is on screen, once there is something; for tests.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.studio.frame().map(|frame| &frame.outcome)
    }

    /// Whether the picture on screen answers the session.
    pub fn is_settled(&self) -> bool {
        !self.studio.is_busy() && !self.export.is_saving()
    }

    fn act(&mut self, ctx: &Context, action: Action) {
        match action {
            Action::Session(command) => self.apply(command),
            Action::Back => self.timeline.back(),
            Action::OpenExport => self.export.open(),
            Action::OpenCapture => self.open_file.open(Wanted::Capture),
            Action::OpenFolder => self.open_file.open(Wanted::ModelFolder),
            Action::Copy { text, what } => {
                ctx.copy_text(text);
                self.toasts.info(format!("{what} are on the clipboard."));
            }
            Action::ToggleShortcuts => self.shortcuts_open = !self.shortcuts_open,
            Action::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
        }
    }

    fn apply(&mut self, command: Command) {
        let outcome = self.studio.frame().map(|frame| &frame.outcome);
        let source = &self.timeline.session().source;
        let facts = outcome.map(|outcome| outcome.facts.clone()).filter(|facts| facts.source == *source);
        let screen = OnScreen {
            facts: facts.as_deref(),
            n_positions: outcome.map_or(0, Outcome::n_positions),
            mask: outcome.map_or(Mask::Causal, Outcome::mask),
        };
        self.timeline.apply(command, screen);
    }

    /// Theme and scale as the session has them.
    fn follow_view(&self, ctx: &Context) {
        let view = &self.session().view;
        ctx.set_theme(match view.theme {
            Theme::System => egui::ThemePreference::System,
            Theme::Light => egui::ThemePreference::Light,
            Theme::Dark => egui::ThemePreference::Dark,
        });
        if ctx.zoom_factor() != view.ui_scale {
            ctx.set_zoom_factor(view.ui_scale);
        }
    }

    /// Asks for what the session wants; does nothing where that was asked already.
    fn ask(&mut self, ctx: &Context) {
        let session = self.timeline.session();
        let view = &session.view;
        let ground = if ctx.global_style().visuals.dark_mode { Ground::Dark } else { Ground::Light };
        self.studio.ask(Request {
            spec: session.run_spec(),
            picture: PictureSpec {
                window: view.window,
                size: self.grid.picture_size().unwrap_or([FIRST_SIDE; 2]),
                quantity: view.quantity,
                colormap: view.colormap,
                norm: view.norm,
                limits_from: view.limits_from,
                masked: view.masked,
                ground,
            },
            selected: grid::selected_panel(session),
        });
    }

    /// Takes in what the threads have sent.
    fn receive(&mut self, ctx: &Context) {
        let arrivals = self.studio.poll();
        if arrivals.frame
            && let Some(frame) = self.studio.frame()
        {
            self.grid.textures.update(ctx, &frame.pictures);
        }
        if let Some(failure) = arrivals.failure {
            self.fail(failure);
        }
        match self.export.poll() {
            Some(Ok(path)) => self.toasts.success(format!("Saved {}", path.display())),
            Some(Err(message)) => self.toasts.error(message),
            None => {}
        }
    }

    /// A source that does not open is stepped back from; a layer or head that another source does not have becomes
    /// its last one; anything else stays as it is, with the message.
    fn fail(&mut self, failure: Failure) {
        match failure {
            Failure::Unopened { source, message } => {
                self.toasts.error(message);
                if self.timeline.session().source == source && self.timeline.previous().is_some() {
                    self.timeline.back();
                }
            }
            Failure::Refused { facts, message } => {
                let session = self.timeline.session();
                let (layer, head) = (session.layer, session.head);
                // What does not fit the prompt is said beside its box.
                if layer >= facts.n_layers || head >= facts.n_heads {
                    let screen = OnScreen { facts: Some(&facts), ..OnScreen::default() };
                    self.timeline.apply(Command::SetLayer(layer), screen);
                    self.timeline.apply(Command::SetHead(head), screen);
                    let shown = self.timeline.session();
                    let (layer, head) = (shown.layer, shown.head);
                    self.toasts.info(format!("{message}; shown: layer {layer}, head {head}"));
                }
            }
            Failure::Internal { message } => self.toasts.error(message),
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
        let session = self.timeline.session();
        let (frame, details) = (self.studio.frame(), self.studio.details());
        let outcome = frame.map(|frame| &frame.outcome);
        controls::epsilon_ui(ui, session, actions);
        if let Some(frame) = frame {
            controls::notes_ui(ui, session, frame, details, actions);
        }
        controls::scope_ui(ui, session, outcome, actions);
        controls::shown_ui(ui, session, outcome, actions);
        let hovered = self.grid.hovered().map(|hovered| hovered.cell).or(session.pinned);
        source::prompt_ui(ui, &mut self.prompt, session, frame, self.studio.failure(), hovered, actions);
    }

    fn grid_ui(&mut self, ui: &mut Ui, actions: &mut Actions) {
        let session = self.timeline.session();
        let Some(frame) = self.studio.frame() else {
            ui.centered_and_justified(|ui| match self.studio.failure() {
                Some(failure) => ui.label(failure),
                None => ui.spinner(),
            });
            return;
        };
        let is_stale = self.studio.is_slow() || self.studio.failure().is_some();
        let freshness = if is_stale { Freshness::Stale } else { Freshness::Current };
        grid::grid_ui(ui, &mut self.grid, session, frame, self.studio.details(), freshness, actions);
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.receive(ctx);
        self.ask(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        let mut actions = shortcuts::combinations(&ctx);
        self.dropped_files(&ctx, &mut actions);
        let session = self.timeline.session();
        let frame = self.studio.frame();
        Panel::top("menu").show(ui, |ui| menu::menu_ui(ui, session, self.timeline.previous(), frame, &mut actions));
        Panel::bottom("status").show(ui, |ui| status::status_ui(ui, session, &self.studio));
        Panel::left("controls").exact_size(CONTROLS_WIDTH).resizable(false).show(ui, |ui| {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| self.controls_ui(ui, &mut actions));
        });
        let session = self.timeline.session();
        if session.view.inspector
            && let Some(frame) = self.studio.frame()
        {
            Panel::right("inspector").exact_size(INSPECTOR_WIDTH).resizable(false).show(ui, |ui| {
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    inspector::inspector_ui(ui, session, frame, self.studio.details(), &mut actions);
                });
            });
        }
        CentralPanel::default().show(ui, |ui| self.grid_ui(ui, &mut actions));

        let session = self.timeline.session();
        let style = session.view.figure_style();
        self.export.show(&ctx, self.studio.frame().map(|frame| (&frame.outcome, style)));
        if let Err(error) = self.open_file.show(&ctx, &mut actions) {
            self.toasts.error(error.to_string());
        }
        shortcuts::sheet_ui(&ctx, &mut self.shortcuts_open);
        if !ctx.text_edit_focused() && !self.export.is_open() && !self.open_file.is_open() {
            let outcome = self.studio.frame().map(|frame| &frame.outcome);
            actions.extend(shortcuts::plain_keys(&ctx, self.timeline.session(), outcome));
        }
        self.toasts.show(&ctx);

        if !actions.is_empty() {
            for action in actions {
                self.act(&ctx, action);
            }
            self.follow_view(&ctx);
            ctx.request_repaint();
        }
        self.ask(&ctx);
    }
}
