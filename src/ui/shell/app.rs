//! The window as a shell: its parts take their room and emit actions, actions change the session, and the parts ask for
//! what it wants.

use egui::{Context, Key, Modifiers, Popup, Rect, Ui, ViewportCommand};

use super::{
    action::{Action, Actions},
    commands::{self, Situation},
    navigation::{Navigation, Surroundings},
    part::{Keyboard, Modality, Part, PartContext},
    preferences::Preferences,
    setup::Setup,
    shown::Shown,
    sides::Sides,
};
use crate::{
    engine::{Outcome, PromptCache, Service},
    session::{Session, Theme},
    ui::{
        jobs::pictures::Pictures,
        notation,
        panels::{
            outcome::NextToken,
            sweep::Curves,
            text::{AllTexts, Texts},
        },
        parts::parts,
        theme,
        widgets::{Toasts, Uncovered},
    },
};

/// The whole window. What it shows, it shows in its parts.
pub struct App {
    navigation: Navigation,
    shown: Shown,
    parts: Vec<Box<dyn Part>>,
    toasts: Toasts,
    preferences: Preferences,
    keyboard: Keyboard,
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
    pub fn with(ctx: &Context, session: Session, mut setup: Setup) -> std::io::Result<Self> {
        theme::apply(ctx);
        // A command of the table: what egui did by itself would not be remembered.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let preferences = Preferences::new(setup.preferences.clone(), setup.clock.clone());
        let session = match setup.from {
            None => preferences.stored().over(session),
            Some(_) => preferences.stored().over_saved(session),
        };
        let repaint = ctx.clone();
        let service = Service::on(PromptCache::opening(setup.open.clone()), setup.clock.clone(), move || {
            repaint.request_repaint();
        })?;
        let mut app = Self {
            shown: Shown {
                pictures: Pictures::new(ctx, &service),
                curves: Curves::new(&service),
                next_token: NextToken::new(&service),
                texts: Texts::new(&service),
                all_texts: AllTexts::new(&service),
                hovered: None,
                figure: Rect::NOTHING,
                status: Rect::NOTHING,
                prompt: Rect::NOTHING,
                tokens: Rect::NOTHING,
                beneath_controls: Rect::EVERYTHING,
                sides: Sides::default(),
                illegible: None,
                follow: setup.follow,
            },
            parts: parts(ctx, &service, &session, &mut setup),
            navigation: Navigation::new(ctx, session, service, setup.open, setup.recent, setup.inputs),
            toasts: Toasts::default(),
            preferences,
            keyboard: Keyboard::default(),
        };
        app.follow_view(ctx);
        if setup.from.is_none() {
            app.act(ctx, vec![Action::Reopen]);
        }
        Ok(app)
    }

    /// What the window shows; for tests.
    pub fn session(&self) -> &Session {
        self.navigation.session()
    }

    /// What is on screen, once there is something; for tests.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.shown.pictures.frame().map(|frame| &frame.outcome)
    }

    /// Whether the picture on screen answers the session, and nothing is being read or written.
    pub fn is_settled(&self) -> bool {
        let is_computing = self.shown.pictures.is_busy()
            || self.shown.curves.is_busy()
            || self.shown.texts.is_busy()
            || self.shown.all_texts.is_busy();
        let is_any_busy = self.parts.iter().any(|part| part.is_busy());
        !is_computing && !is_any_busy && !self.navigation.is_busy() && !self.preferences.is_busy()
    }

    /// Whether the numbers beside the picture, which may take longer, are there too; for tests.
    pub fn is_complete(&self) -> bool {
        self.shown.pictures.is_complete() && !self.shown.next_token.is_busy()
    }

    /// What the parts that are open keep from the others.
    fn modality(&self) -> Modality {
        self.parts.iter().map(|part| part.modality()).max().unwrap_or_default()
    }

    /// Calls `visit` for each part, in order.
    fn each(
        &mut self,
        ctx: &Context,
        actions: &mut Actions,
        mut visit: impl FnMut(&mut dyn Part, &mut PartContext<'_>),
    ) {
        let source = self.navigation.source();
        for index in 0..self.parts.len() {
            let modality = self.modality();
            let Some(part) = self.parts.get_mut(index) else { continue };
            let (sizes, heads_list) = self.preferences.kept_mut();
            let mut cx = PartContext {
                egui: ctx,
                session: self.navigation.shared_session(),
                source: source.clone(),
                navigation: &self.navigation,
                shown: &mut self.shown,
                sizes,
                heads_list,
                toasts: &mut self.toasts,
                actions,
                keyboard: self.keyboard,
                modality,
            };
            visit(&mut **part, &mut cx);
        }
    }

    /// Carries out what gestures and answers ask for, and what that asks for in turn.
    fn act(&mut self, ctx: &Context, mut actions: Actions) {
        if actions.is_empty() {
            return;
        }
        while !actions.is_empty() {
            for action in std::mem::take(&mut actions) {
                if action == Action::Quit {
                    ctx.send_viewport_cmd(ViewportCommand::Close);
                }
                if action == Action::ToggleFullScreen {
                    let is_full = ctx.input(|input| input.viewport().fullscreen.unwrap_or(false));
                    ctx.send_viewport_cmd(ViewportCommand::Fullscreen(!is_full));
                }
                if let Action::NotOpened(why) = &action
                    && !self.parts.iter_mut().any(|part| part.takes_refusal(why))
                {
                    self.toasts.error(why.clone());
                }
                self.each(ctx, &mut actions, |part, cx| part.act(&action, cx));
                self.navigate(&mut actions, |navigation, around| navigation.act(ctx, action, around));
            }
        }
        self.follow_view(ctx);
        ctx.request_repaint();
    }

    fn navigate(&mut self, actions: &mut Actions, step: impl FnOnce(&mut Navigation, &mut Surroundings<'_>)) {
        let chats = self.preferences.chats();
        let mut around = Surroundings { shown: &self.shown, toasts: &mut self.toasts, chats, actions };
        step(&mut self.navigation, &mut around);
    }

    /// Theme, scale and motion as the session has them.
    fn follow_view(&self, ctx: &Context) {
        let user = self.session().view().user;
        ctx.set_theme(match user.theme {
            Theme::System => egui::ThemePreference::System,
            Theme::Light => egui::ThemePreference::Light,
            Theme::Dark => egui::ThemePreference::Dark,
        });
        if ctx.zoom_factor() != user.ui_scale {
            ctx.set_zoom_factor(user.ui_scale);
        }
        theme::set_motion(ctx, user.reduced_motion);
        notation::set(ctx, self.session().view().look.notation);
    }

    /// Lets each part ask for what the session wants of it.
    fn ask(&mut self, ctx: &Context) {
        let mut actions = Actions::new();
        self.each(ctx, &mut actions, |part, cx| part.wants_first(cx));
        self.each(ctx, &mut actions, |part, cx| part.wants(cx));
        self.act(ctx, actions);
    }

    /// Takes in what the threads have sent.
    fn receive(&mut self, ctx: &Context) {
        let mut actions = Actions::new();
        self.navigate(&mut actions, |navigation, around| navigation.poll(ctx, around));
        self.each(ctx, &mut actions, |part, cx| part.poll(cx));
        if let Some(message) = self.preferences.poll() {
            self.toasts.not_remembered(message);
        }
        self.act(ctx, actions);
    }

    /// Keys that no widget has taken.
    fn keys(&mut self, ctx: &Context, actions: &mut Actions) {
        if ctx.text_edit_focused() || self.modality() != Modality::None {
            return;
        }
        if self.keyboard.was_typing || self.keyboard.is_menu_open {
            ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
        }
        self.each(ctx, actions, |part, cx| part.keys(cx));
        actions.extend(commands::plain_keys(ctx, &Situation::new(&self.navigation, &self.shown)));
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
        let width = ctx.content_rect().width();
        self.shown.sides.arrange(width, self.navigation.session().view(), self.preferences.sizes());
        let mut actions = commands::combinations(&ctx, &Situation::new(&self.navigation, &self.shown));
        self.keyboard.is_menu_open = Popup::is_any_open(&ctx);
        self.each(&ctx, &mut actions, |part, cx| part.show_ui(ui, cx));
        self.each(&ctx, &mut actions, |part, cx| part.middle_ui(ui, cx));
        self.each(&ctx, &mut actions, |part, cx| part.over_ui(cx));
        self.keys(&ctx, &mut actions);
        self.keyboard.was_typing = ctx.text_edit_focused();
        let is_free = self.modality() == Modality::None;
        self.toasts.show(&ctx, if is_free { self.shown.uncovered() } else { Uncovered::Dialog });
        self.preferences.follow(&ctx, self.navigation.session(), self.navigation.source().as_deref());
        self.act(&ctx, actions);
        if is_at_rest(&ctx) {
            self.navigation.end_gesture();
        }
        self.ask(&ctx);
    }
}

/// Whether no button and no key is held: what comes next is another gesture.
fn is_at_rest(ctx: &Context) -> bool {
    ctx.input(|input| !input.pointer.any_down() && input.keys_down.is_empty())
}
