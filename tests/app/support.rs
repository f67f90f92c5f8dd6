//! A window without a screen, and what the engine says it should show.

use std::{thread::sleep, time::Duration};

use attenuate::{
    attention::{Component, Metrics, PanelId},
    engine::{Bundled, Clock, Engine, Outcome, SourceSpec},
    session::{Cell, Session, Theme},
    ui::{App, Setup},
};
use egui::{Context, Event, Key, Modifiers, PointerButton, Pos2, Rect, Role, Vec2, accesskit::Toggled, vec2};
use egui_kittest::{
    Harness, HarnessBuilder, Node,
    kittest::{NodeT as _, Queryable as _},
};

pub use attenuate::ui::widgets::quoted_token;

use super::slow::{Gates, slow};
use crate::support::{
    captured_figure,
    grids::at,
    model_inside,
    raster::{Picture, Textures},
};

/// Looks, 2 ms apart, before something that should come is given up: half a minute at least.
const PATIENCE: usize = 15_000;

/// From one look to the next, on a clock that is advanced.
const FRAME: Duration = Duration::from_millis(10);

/// As the program opens, in points.
const SIZE: Vec2 = vec2(1280.0, 800.0);

/// Short steps, so that two clicks are a double click.
fn builder(size: Vec2) -> HarnessBuilder<App> {
    Harness::builder().with_size(size).with_step_dt(0.01)
}

/// The program's window, driven through its accessibility tree, by pointer and by keyboard.
pub struct Window {
    /// First, so that nothing waits when the window is dropped.
    pub gates: Gates,
    pub harness: Harness<'static, App>,
    /// Stands still between frames, where the setup has one that can.
    clock: Clock,
    engine: Engine,
    textures: Textures,
}

impl Window {
    /// On the figure, captured.
    pub fn figure() -> Self {
        Self::open(captured_figure())
    }

    /// On a view that no start has: another ε, another head, another quantity.
    pub fn somewhere() -> Self {
        let mut window = Self::figure();
        window.enter_epsilon("0.02");
        window.press(Key::Tab);
        window.click(Role::Button, "Head up");
        window.menu(&["View", "Quantity", "Difference from baseline"]);
        window.close_menus();
        window
    }

    pub fn open(session: Session) -> Self {
        Self::sized(session, SIZE)
    }

    /// `size` is in points.
    pub fn sized(session: Session, size: Vec2) -> Self {
        Self::settled(builder(size), session)
    }

    /// Characters that no font has are drawn as boxes, as in the program, and do not end the test.
    pub fn with_any_glyphs(session: Session) -> Self {
        Self::settled(builder(SIZE).allow_missing_glyphs(), session)
    }

    /// Not waited for: there may never be a picture.
    pub fn unanswered(session: Session) -> Self {
        Self::start(builder(SIZE), session)
    }

    fn start(builder: HarnessBuilder<App>, session: Session) -> Self {
        let (theme, clock) = (session.view().user.theme, Clock::default());
        let setup = Setup { open: model_inside().opener(), ..Setup::default() };
        Self::build(builder, theme, Gates::default(), clock, |ctx| App::with(ctx, session, setup).unwrap())
    }

    /// One whose slow sources wait at gates, which are closed. Not waited for.
    pub fn gated(session: Session) -> Self {
        Self::with(session, |_| {})
    }

    /// As [`Self::gated`], with a setup that is changed once more. Not waited for.
    pub fn with(session: Session, change: impl FnOnce(&mut Setup)) -> Self {
        let gates = Gates::default();
        let mut setup = gates.setup();
        change(&mut setup);
        let (theme, clock) = (session.view().user.theme, setup.clock.clone());
        Self::build(builder(SIZE), theme, gates, clock, |ctx| App::with(ctx, session, setup).unwrap())
    }

    /// A user's preferences go over a session's theme, and without any the system's theme is followed.
    fn build(
        builder: HarnessBuilder<App>,
        theme: Theme,
        gates: Gates,
        clock: Clock,
        app: impl FnOnce(&Context) -> App,
    ) -> Self {
        let theme = if theme == Theme::Light { egui::Theme::Light } else { egui::Theme::Dark };
        let textures = Textures::default();
        let builder = builder.with_theme(theme).renderer(textures.clone());
        let mut harness = builder.build_eframe(|cc| app(&cc.egui_ctx));
        harness.input_mut().system_theme = Some(theme);
        Self { gates, harness, clock, engine: Engine::opening(model_inside().opener()), textures }
    }

    /// What is on screen, as pixels.
    pub fn picture(&self) -> Picture {
        self.textures.picture(&self.harness.ctx, self.harness.output())
    }

    fn settled(builder: HarnessBuilder<App>, session: Session) -> Self {
        let mut window = Self::start(builder, session);
        window.settle();
        window
    }

    pub fn session(&self) -> &Session {
        self.harness.state().session()
    }

    /// What is on screen.
    pub fn outcome(&self) -> &Outcome {
        self.harness.state().outcome().unwrap()
    }

    /// Steps until nothing moves any more and every request is answered.
    pub fn settle(&mut self) {
        self.wait("everything answered", |_| true);
    }

    /// Steps until nothing moves, every request is answered, there is a picture, and `done`.
    #[track_caller]
    pub fn wait(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        self.wait_anyhow(what, |window| {
            let app = window.harness.state();
            app.is_settled() && app.outcome().is_some() && done(window)
        });
    }

    /// Steps until nothing moves and `done`. How long that takes is not judged.
    #[track_caller]
    pub fn wait_anyhow(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        for _ in 0..PATIENCE {
            self.clock.advance(FRAME);
            if self.harness.run_ok().is_some() && done(self) {
                return;
            }
            sleep(Duration::from_millis(2));
        }
        panic!("gave up waiting for: {what}; on screen: {:#?}", self.texts());
    }

    /// Steps until `done`, whatever else is going on.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        for _ in 0..PATIENCE {
            self.step();
            if done(self) {
                return;
            }
            sleep(Duration::from_millis(2));
        }
        panic!("gave up waiting for: {what}; on screen: {:#?}", self.texts());
    }

    /// Steps until `done`, and on the clock, which can be advanced, no time goes by: nothing is slow.
    #[track_caller]
    pub fn at_once(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        for _ in 0..PATIENCE {
            self.harness.step();
            if done(self) {
                return;
            }
            sleep(Duration::from_millis(2));
        }
        panic!("gave up waiting for: {what}; on screen: {:#?}", self.texts());
    }

    /// One frame, and the time that it takes.
    fn step(&mut self) {
        self.clock.advance(FRAME);
        self.harness.step();
    }

    /// So much time goes by on the window's clock, which can be advanced.
    pub fn advance(&mut self, time: Duration) {
        for _ in 0..time.div_duration_f64(FRAME).ceil() as usize {
            self.step();
        }
    }

    /// Whether there is a control.
    pub fn has(&self, role: Role, name: &str) -> bool {
        self.harness.query_by_role_and_label(role, name).is_some()
    }

    /// A click that is not waited for.
    #[track_caller]
    pub fn click_now(&mut self, role: Role, name: &str) {
        self.harness.get_by_role_and_label(role, name).click_accesskit();
        self.harness.step();
        self.harness.step();
    }

    /// A key that is not waited for.
    pub fn press_now(&mut self, key: Key) {
        self.harness.key_press(key);
        self.harness.step();
        self.harness.step();
    }

    /// The answers that are computed here are of the files as they are now.
    pub fn open_anew(&mut self) {
        self.engine = Engine::opening(model_inside().opener());
    }

    /// The engine's own answer to the session, computed here. Slow sources are the bundled model.
    pub fn expected(&mut self) -> Outcome {
        let mut spec = self.session().run_spec();
        if spec.source == slow() {
            spec.source = SourceSpec::Bundled(Bundled::Austen);
        }
        self.engine.run(&spec, &|| false).unwrap()
    }

    /// Waits until all nine panels say the engine's metrics, and returns them, `[component][column]`.
    #[track_caller]
    pub fn metrics(&mut self) -> [[Metrics; 3]; 3] {
        let expected = self.expected();
        let metrics = of_figure(|panel| Metrics::of(&expected.panels[panel].pattern));
        let texts = metrics.map(|row| row.map(said));
        self.wait(&format!("panels that say {texts:?}"), |window| window.spoken() == texts);
        assert_eq!(self.outcome().experiment.epsilon, expected.experiment.epsilon);
        metrics
    }

    /// Waits until all nine panels say the engine's weight of the pinned cell.
    #[track_caller]
    pub fn says_pinned_weights(&mut self) {
        let (expected, cell) = (self.expected(), self.session().pinned().unwrap());
        let texts = of_figure(|panel| {
            shortest(expected.panels[panel].pattern.exact_cell(cell.query, cell.key).unwrap().weight)
        });
        self.wait(&format!("panels that say {texts:?}"), |window| {
            window.spoken().map(|row| row.map(|said| said.rsplit(' ').next().unwrap().to_owned())) == texts
        });
    }

    pub fn panel_name(&self, component: Component, column: usize) -> String {
        let session = self.session();
        attenuate::figure::panel_title(component, session.operation().kind(), session.epsilon()[at(component, column)])
    }

    /// The accessible names of the panels on screen, row by row.
    pub fn panel_names(&self) -> Vec<String> {
        self.panels().iter().map(|panel| panel.accesskit_node().label().unwrap()).collect()
    }

    /// All panels on screen, row by row.
    pub fn panels(&self) -> Vec<Node<'_>> {
        let titles = ["Modifying ", "Mean of ", "Noise on ", "Patching ", "Baseline"];
        let is_title = |name: String| titles.iter().any(|title| name.starts_with(title));
        let is_panel = |node: &Node<'_>| node.accesskit_node().label().is_some_and(is_title);
        let mut panels: Vec<_> = self.harness.query_all_by_role(Role::Image).filter(is_panel).collect();
        panels.sort_by(|a, b| {
            let (a, b) = (a.rect().min, b.rect().min);
            (a.y, a.x).partial_cmp(&(b.y, b.x)).unwrap()
        });
        panels
    }

    /// What a screen reader says of the nine panels, `[component][column]`.
    #[track_caller]
    pub fn spoken(&self) -> [[String; 3]; 3] {
        let panels = self.panels();
        assert_eq!(panels.len(), 9);
        std::array::from_fn(|row| std::array::from_fn(|column| panels[3 * row + column].value().unwrap()))
    }

    #[track_caller]
    pub fn panel_rect(&self, component: Component, column: usize) -> Rect {
        let panels = self.panels();
        assert_eq!(panels.len(), 9);
        panels[3 * component.row() + column].rect()
    }

    /// The middle of a cell of the whole matrix on screen.
    pub fn cell_position(&self, component: Component, column: usize, cell: Cell) -> Pos2 {
        let rect = self.panel_rect(component, column);
        let size = rect.size() / self.outcome().n_positions() as f32;
        rect.min + vec2((cell.key as f32 + 0.5) * size.x, (cell.query as f32 + 0.5) * size.y)
    }

    pub fn hover(&mut self, position: Pos2) {
        self.harness.hover_at(position);
        self.settle();
    }

    /// A click with the primary button, as a hand does it.
    pub fn click_at(&mut self, position: Pos2) {
        self.queue_click(position);
        self.settle();
    }

    pub fn double_click_at(&mut self, position: Pos2) {
        self.queue_click(position);
        self.queue_click(position);
        self.settle();
    }

    fn queue_click(&self, position: Pos2) {
        self.harness.hover_at(position);
        for pressed in [true, false] {
            self.button(position, PointerButton::Primary, pressed);
        }
    }

    pub fn button(&self, pos: Pos2, button: PointerButton, pressed: bool) {
        self.harness.event(Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE });
    }

    /// Takes the pointer out of the window, so that it hovers over nothing.
    pub fn leave(&mut self) {
        self.harness.remove_cursor();
        self.settle();
    }

    #[track_caller]
    pub fn click(&mut self, role: Role, name: &str) {
        self.show_control(role, name);
        self.harness.get_by_role_and_label(role, name).click();
        self.settle();
    }

    /// Scrolls to a control that is below the fold, as a hand would.
    #[track_caller]
    fn show_control(&mut self, role: Role, name: &str) {
        let node = self.harness.get_by_role_and_label(role, name);
        // Above the status line, which covers what is below the fold.
        let mut visible = self.harness.ctx.content_rect();
        visible.max.y -= 40.0;
        if !visible.contains_rect(node.rect()) {
            node.scroll_to_me();
            self.settle();
        }
    }

    /// Menus stay open after a choice.
    pub fn close_menus(&mut self) {
        self.press(Key::Escape);
        self.press(Key::Escape);
    }

    /// Follows menus to an entry.
    #[track_caller]
    pub fn menu(&mut self, path: &[&str]) {
        for name in path {
            self.harness.get_by_label(name).click();
            self.settle();
        }
        self.leave();
    }

    #[track_caller]
    pub fn press(&mut self, key: Key) {
        self.press_with(Modifiers::NONE, key);
    }

    #[track_caller]
    pub fn press_with(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// Replaces the text of a field, by keyboard.
    #[track_caller]
    pub fn type_over(&mut self, role: Role, name: &str, text: &str) {
        self.harness.get_by_role_and_label(role, name).focus();
        self.settle();
        self.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        self.harness.key_press(Key::Backspace);
        if !text.is_empty() {
            self.harness.event(Event::Text(text.to_owned()));
        }
        self.settle();
    }

    /// Types into the number field of ε and presses Enter.
    #[track_caller]
    pub fn enter_epsilon(&mut self, text: &str) {
        self.type_over(Role::TextInput, "epsilon value", text);
        self.press(Key::Enter);
    }

    pub fn is_chosen(&self, name: &str) -> bool {
        let radio = self.harness.get_by_role_and_label(Role::RadioButton, name);
        radio.accesskit_node().toggled() == Some(Toggled::True)
    }

    pub fn is_disabled(&self, role: Role, name: &str) -> bool {
        self.harness.get_by_role_and_label(role, name).accesskit_node().is_disabled()
    }

    pub fn value(&self, role: Role, name: &str) -> String {
        self.harness.get_by_role_and_label(role, name).value().unwrap()
    }

    /// Every text on screen that is not in a control.
    pub fn texts(&self) -> Vec<String> {
        self.harness.query_all_by_role(Role::Label).filter_map(|node| node.value()).collect()
    }

    #[track_caller]
    pub fn assert_text(&self, part: &str) {
        assert!(self.has_text(part), "“{part}” is not on screen: {:#?}", self.texts());
    }

    pub fn has_text(&self, part: &str) -> bool {
        self.texts().iter().any(|text| text.contains(part))
    }

    /// The names of the toasts of a kind, and of other messages that a screen reader announces.
    pub fn announced(&self, role: Role) -> Vec<String> {
        self.harness.query_all_by_role(role).filter_map(|node| node.accesskit_node().label()).collect()
    }
}

/// Of each of the figure's nine panels, `[component][column]`.
pub fn of_figure<T>(value: impl Fn(PanelId) -> T) -> [[T; 3]; 3] {
    Component::FIGURE.map(|component| std::array::from_fn(|column| value(at(component, column))))
}

/// What a panel says of its pattern.
pub fn said(metrics: Metrics) -> String {
    let (sink, entropy) = (metrics.sink_mass.unwrap(), metrics.normalized_entropy.unwrap());
    format!("sink mass {sink:.4}, normalized entropy {entropy:.4}")
}

/// The shortest decimal that reads back as the same weight.
pub fn shortest(weight: f32) -> String {
    [format!("{weight}"), format!("{weight:e}")]
        .into_iter()
        .min_by_key(|text| (weight < 1e-4) != text.contains('e'))
        .unwrap()
}
