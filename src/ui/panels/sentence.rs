//! Sentences of the window with a link to the lesson that says more.

use egui::{RichText, Ui, vec2};

use crate::ui::{
    shell::{
        action::{Action, Actions},
        lesson::Lesson,
    },
    theme::{self, space},
    widgets::with_accessible_name,
};

/// A small link that opens the page, to stand behind the sentence that it explains.
pub fn more_ui(ui: &mut Ui, lesson: Lesson, actions: &mut Actions) {
    let link = with_accessible_name(ui.link(RichText::new("More…").small()), &format!("More: {}", lesson.title()));
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
