//! Short illustrated pages about what is seen: one for each fact that the window's sentences state.

mod diagrams;
mod examples;
mod illustration;
mod page;
mod patterns;

use egui::{CentralPanel, Context, Frame, Key, Margin, Modifiers, Panel, RichText, ScrollArea, Ui, vec2};

use super::{
    action::{Action, Actions},
    controls::named,
    theme::{self, space},
};
use crate::engine::Outcome;

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lesson {
    Sink,
    Uniform,
    LookAlike,
    QueryEqualsKey,
    ValueLater,
    GroupedQueries,
    Operations,
}

impl Lesson {
    pub const ALL: [Self; 7] = [
        Self::Sink,
        Self::Uniform,
        Self::LookAlike,
        Self::QueryEqualsKey,
        Self::ValueLater,
        Self::GroupedQueries,
        Self::Operations,
    ];

    /// As menus and the list name it.
    pub fn title(self) -> &'static str {
        self.page().title
    }

    fn index(self) -> usize {
        Self::ALL.iter().position(|&other| other == self).unwrap_or(0)
    }

    fn before(self) -> Option<Self> {
        Self::ALL.get(self.index().checked_sub(1)?).copied()
    }

    fn after(self) -> Option<Self> {
        Self::ALL.get(self.index() + 1).copied()
    }
}

/// A small link that opens the page, to stand behind the sentence that it explains.
pub fn more_ui(ui: &mut Ui, lesson: Lesson, actions: &mut Actions) {
    let link = named(ui.link(RichText::new("More…").small()), &format!("More: {}", lesson.title()));
    if link.on_hover_text(lesson.title()).clicked() {
        actions.push(Action::OpenLesson(lesson));
    }
}

/// The sentence and the link to its lesson, in one paragraph.
pub fn sentence_ui(ui: &mut Ui, text: &str, lesson: Option<Lesson>, actions: &mut Actions) {
    let text = RichText::new(text).small().color(theme::of(ui).text_weak);
    let Some(lesson) = lesson else {
        ui.label(text);
        return;
    };
    ui.scope(|ui| {
        // A line is no higher than its text.
        ui.spacing_mut().item_spacing = vec2(space::XS, 0.0);
        ui.spacing_mut().interact_size.y = 0.0;
        ui.horizontal_wrapped(|ui| {
            ui.label(text);
            more_ui(ui, lesson, actions);
        });
    });
}

const SIZE: egui::Vec2 = vec2(700.0, 540.0);
const SMALLEST: egui::Vec2 = vec2(560.0, 260.0);
const LIST_WIDTH: f32 = 184.0;
/// A page that is wider than this is hard to read.
const TEXT_WIDTH: f32 = 620.0;

/// The window with the pages.
#[derive(Debug)]
pub struct Lessons {
    is_open: bool,
    /// On which page it opens.
    lesson: Lesson,
    /// Whether the keyboard focus is still to go to the page's name in the list.
    wants_focus: bool,
}

impl Default for Lessons {
    fn default() -> Self {
        Self { is_open: false, lesson: Lesson::Sink, wants_focus: false }
    }
}

impl Lessons {
    pub fn open(&mut self, lesson: Lesson) {
        (self.is_open, self.lesson, self.wants_focus) = (true, lesson, true);
    }

    /// Opens the page that was read last, or closes the window.
    pub fn toggle(&mut self) {
        self.is_open = !self.is_open;
        self.wants_focus = self.is_open;
    }

    /// The window, where it is open. `outcome` is what the page about heads speaks of; `has_keys` says that no field,
    /// menu or dialog wants Esc and the page keys for itself.
    pub fn show(&mut self, ctx: &Context, outcome: Option<&Outcome>, has_keys: bool) {
        if !self.is_open {
            return;
        }
        let pressed = |key| has_keys && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Escape) {
            self.is_open = false;
            return;
        }
        let page = i8::from(pressed(Key::PageDown)) - i8::from(pressed(Key::PageUp));
        let room = ctx.content_rect();
        let size = SIZE.min(room.size() - vec2(64.0, 96.0)).max(SMALLEST);
        let mut is_open = true;
        egui::Window::new("Lessons")
            .open(&mut is_open)
            .collapsible(false)
            .resizable(true)
            .default_rect(egui::Rect::from_center_size(room.center(), size))
            .min_size(SMALLEST)
            .max_size(room.size() - vec2(32.0, 64.0))
            .show(ctx, |ui| self.contents_ui(ui, outcome, f32::from(page)));
        self.is_open = is_open;
    }

    fn contents_ui(&mut self, ui: &mut Ui, outcome: Option<&Outcome>, page: f32) {
        let margin = Frame::NONE.inner_margin(Margin { top: 8, ..Margin::ZERO });
        Panel::bottom("lesson steps").frame(margin).show_separator_line(false).show(ui, |ui| self.steps_ui(ui));
        let list = Panel::left("lesson list").frame(Frame::NONE).exact_size(LIST_WIDTH).resizable(false);
        list.show_separator_line(false).show(ui, |ui| self.list_ui(ui));
        let margin = Frame::NONE.inner_margin(Margin { left: 8, ..Margin::ZERO });
        CentralPanel::default().frame(margin).show(ui, |ui| {
            let area = ScrollArea::vertical().id_salt(("lesson", self.lesson)).auto_shrink(false);
            area.show(ui, |ui| {
                if page != 0.0 {
                    ui.scroll_with_delta(vec2(0.0, -page * ui.clip_rect().height() * 0.8));
                }
                ui.set_max_width((ui.available_width() - space::S).min(TEXT_WIDTH));
                page_ui(ui, self.lesson, outcome);
            });
        });
    }

    fn list_ui(&mut self, ui: &mut Ui) {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.with_layout(egui::Layout::top_down_justified(egui::Align::LEFT), |ui| {
                for lesson in Lesson::ALL {
                    let response = ui.selectable_label(self.lesson == lesson, lesson.title());
                    if response.clicked() {
                        self.lesson = lesson;
                    }
                    if self.wants_focus && self.lesson == lesson {
                        response.request_focus();
                        self.wants_focus = false;
                    }
                }
            });
        });
    }

    fn steps_ui(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            let (before, after) = (self.lesson.before(), self.lesson.after());
            let previous = ui.add_enabled(before.is_some(), egui::Button::new("← Previous"));
            if named(previous, "Previous lesson").clicked()
                && let Some(before) = before
            {
                self.lesson = before;
            }
            let next = ui.add_enabled(after.is_some(), egui::Button::new("Next →"));
            if named(next, "Next lesson").clicked()
                && let Some(after) = after
            {
                self.lesson = after;
            }
            let text = format!("{} of {}", self.lesson.index() + 1, Lesson::ALL.len());
            ui.label(RichText::new(text).color(theme::of(ui).text_weak));
        });
    }
}

/// Title, paragraphs, illustration, references.
fn page_ui(ui: &mut Ui, lesson: Lesson, outcome: Option<&Outcome>) {
    let page = lesson.page();
    ui.heading(page.title);
    ui.add_space(space::S);
    for (index, paragraph) in page.paragraphs.iter().enumerate() {
        ui.label(*paragraph);
        ui.add_space(space::S);
        if index == 0 {
            illustration::illustration_ui(ui, lesson, outcome);
            ui.add_space(space::S);
        }
    }
    ui.label(RichText::new(page.sources).small().color(theme::of(ui).text_weak));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_and_are_short() {
        assert_eq!((Lesson::ALL[0].before(), Lesson::ALL[6].after()), (None, None));
        for pair in Lesson::ALL.windows(2) {
            assert_eq!((pair[0].after(), pair[1].before()), (Some(pair[1]), Some(pair[0])));
        }
        for lesson in Lesson::ALL {
            let page = lesson.page();
            assert!((3..=6).contains(&page.paragraphs.len()), "{lesson:?}");
            assert!(page.paragraphs.iter().all(|paragraph| paragraph.len() < 330), "{lesson:?}");
            assert!(page.sources.contains("arXiv 2"), "{lesson:?}");
        }
    }
}
