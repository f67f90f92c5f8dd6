//! Short illustrated pages about what is seen: one for each fact that the window's sentences state.

mod canvas;
mod diagrams;
mod examples;
mod illustration;
mod lesson_text;
mod live;
mod patterns;
mod showing;

use egui::{CentralPanel, Context, Frame, Key, Margin, Modifiers, Panel, RichText, ScrollArea, Ui, vec2};

use crate::{
    session::Session,
    ui::{
        shell::{
            action::{Action, Actions},
            lesson::Lesson,
            part::{Part, PartContext},
            shown::Shown,
        },
        theme::{self, space},
        widgets::with_accessible_name,
    },
};
use live::Live;

const SIZE: egui::Vec2 = vec2(700.0, 540.0);
const SMALLEST: egui::Vec2 = vec2(560.0, 260.0);
const LIST_WIDTH: f32 = 184.0;
/// A page that is wider than this is hard to read.
const TEXT_WIDTH: f32 = 620.0;

/// The window with the pages.
pub struct Lessons {
    /// The page that is open, or was read last.
    lesson: Lesson,
    state: State,
    live: Live,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    /// The keyboard focus is still to go to the page's name in the list.
    Opening,
    Open,
}

impl Default for Lessons {
    fn default() -> Self {
        Self { lesson: Lesson::Panel, state: State::Closed, live: Live::default() }
    }
}

impl Part for Lessons {
    fn over_ui(&mut self, cx: &mut PartContext<'_>) {
        if self.state != State::Closed {
            let has_keys = cx.has_keys();
            let screen = Screen { session: cx.session, shown: cx.shown };
            self.window_ui(cx.egui, screen, has_keys, cx.actions);
        }
    }

    fn act(&mut self, action: &Action, _cx: &mut PartContext<'_>) {
        match action {
            Action::OpenLesson(lesson) => (self.lesson, self.state) = (*lesson, State::Opening),
            // The page that was read last.
            Action::ToggleLessons if self.state == State::Closed => self.state = State::Opening,
            Action::ToggleLessons => self.state = State::Closed,
            _ => {}
        }
    }
}

impl Lessons {
    /// `screen` is what pages speak of; `has_keys` says that no field, menu or dialog wants Esc and the
    /// page keys for itself.
    fn window_ui(&mut self, ctx: &Context, screen: Screen<'_>, has_keys: bool, actions: &mut Actions) {
        let pressed = |key| has_keys && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Escape) {
            self.state = State::Closed;
            return;
        }
        let page = i8::from(pressed(Key::PageDown)) - i8::from(pressed(Key::PageUp));
        let room = ctx.content_rect();
        let most = room.size() - vec2(32.0, 64.0);
        let smallest = SMALLEST.min(most);
        let size = SIZE.min(room.size() - vec2(64.0, 96.0)).max(smallest);
        let mut is_open = true;
        egui::Window::new("Lessons")
            .open(&mut is_open)
            .collapsible(false)
            .resizable(true)
            .default_rect(egui::Rect::from_center_size(room.center(), size))
            .min_size(smallest)
            .max_size(most)
            .show(ctx, |ui| self.contents_ui(ui, screen, f32::from(page), actions));
        if !is_open {
            self.state = State::Closed;
        }
    }

    fn contents_ui(&mut self, ui: &mut Ui, screen: Screen<'_>, page: f32, actions: &mut Actions) {
        let margin = Frame::NONE.inner_margin(Margin { top: 8, ..Margin::ZERO });
        Panel::bottom("lesson steps")
            .frame(margin)
            .show_separator_line(false)
            .show(ui, |ui| self.steps_ui(ui, screen, actions));
        // In a small window the pages are turned.
        if ui.available_width() >= 2.0 * LIST_WIDTH {
            let list = Panel::left("lesson list").frame(Frame::NONE).exact_size(LIST_WIDTH).resizable(false);
            list.show_separator_line(false).show(ui, |ui| self.list_ui(ui));
        }
        let margin = Frame::NONE.inner_margin(Margin { left: 8, ..Margin::ZERO });
        CentralPanel::default().frame(margin).show(ui, |ui| {
            let area = ScrollArea::vertical().id_salt(("lesson", self.lesson)).auto_shrink(false);
            area.show(ui, |ui| {
                if page != 0.0 {
                    ui.scroll_with_delta(vec2(0.0, -page * ui.clip_rect().height() * 0.8));
                }
                ui.set_max_width((ui.available_width() - space::S).min(TEXT_WIDTH));
                self.page_ui(ui, screen);
            });
        });
    }

    fn list_ui(&mut self, ui: &mut Ui) {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.with_layout(egui::Layout::top_down_justified(egui::Align::LEFT), |ui| {
                for lesson in Lesson::ALL {
                    if lesson == Lesson::RemoveSink {
                        ui.add_space(space::S);
                        ui.label(RichText::new("Try this").small().color(theme::of(ui).text_weak));
                    }
                    let response = ui.selectable_label(self.lesson == lesson, lesson.title());
                    if response.clicked() {
                        self.lesson = lesson;
                    }
                    if self.state == State::Opening && self.lesson == lesson {
                        response.request_focus();
                        self.state = State::Open;
                    }
                }
            });
        });
    }

    fn steps_ui(&mut self, ui: &mut Ui, screen: Screen<'_>, actions: &mut Actions) {
        ui.horizontal(|ui| {
            let (before, after) = (self.lesson.before(), self.lesson.after());
            let previous = ui.add_enabled(before.is_some(), egui::Button::new("← Previous"));
            if with_accessible_name(previous, "Previous lesson").clicked()
                && let Some(before) = before
            {
                self.lesson = before;
            }
            let next = ui.add_enabled(after.is_some(), egui::Button::new("Next →"));
            if with_accessible_name(next, "Next lesson").clicked()
                && let Some(after) = after
            {
                self.lesson = after;
            }
            let text = format!("{} of {}", self.lesson.index() + 1, Lesson::ALL.len());
            ui.label(RichText::new(text).color(theme::of(ui).text_weak));
            ui.add_space(space::M);
            show_ui(ui, self.lesson, screen, actions);
        });
    }

    /// Title, paragraphs, illustration, what is on screen, references.
    fn page_ui(&mut self, ui: &mut Ui, screen: Screen<'_>) {
        let (lesson, page) = (self.lesson, self.lesson.page());
        let outcome = screen.shown.pictures.frame().map(|frame| &frame.outcome);
        let heading = ui.heading(page.title);
        ui.ctx().accesskit_node_builder(heading.id, |node| node.set_role(egui::accesskit::Role::Heading));
        ui.add_space(space::S);
        for (index, paragraph) in page.paragraphs.iter().enumerate() {
            ui.label(*paragraph);
            ui.add_space(space::S);
            if index == 0 {
                if !lesson.is_trial() {
                    illustration::illustration_ui(ui, lesson, outcome);
                    ui.add_space(space::S);
                }
                self.live.show(ui, lesson, screen.session, screen.shown);
            }
        }
        ui.label(RichText::new(page.sources).small().color(theme::of(ui).text_weak));
    }
}

/// What pages speak of.
#[derive(Clone, Copy)]
struct Screen<'a> {
    session: &'a Session,
    shown: &'a Shown,
}

/// The button that sets the view of the page, in one step of the timeline.
fn show_ui(ui: &mut Ui, lesson: Lesson, screen: Screen<'_>, actions: &mut Actions) {
    let Screen { session, shown } = screen;
    let why_not = showing::why_not(lesson);
    let button = ui.add_enabled(why_not.is_none(), egui::Button::new("Show me"));
    let button = button.on_hover_text("Sets the view that this page speaks of; Undo (Ctrl+Z) brings yours back");
    if button.on_disabled_hover_text(why_not.unwrap_or_default()).clicked() {
        let commands = showing::shown(lesson, session, shown.answer(session));
        actions.extend(commands.into_iter().map(Action::from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_and_are_short() {
        assert_eq!((Lesson::ALL[0].before(), Lesson::ALL[10].after()), (None, None));
        for pair in Lesson::ALL.windows(2) {
            assert_eq!((pair[0].after(), pair[1].before()), (Some(pair[1]), Some(pair[0])));
        }
        for lesson in Lesson::ALL {
            let page = lesson.page();
            assert!((3..=6).contains(&page.paragraphs.len()), "{lesson:?}");
            assert!(page.paragraphs.iter().all(|paragraph| paragraph.len() < 330), "{lesson:?}");
            assert!(page.sources.contains("arXiv "), "{lesson:?}");
        }
    }
}
