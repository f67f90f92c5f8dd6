//! Which drawing goes with which page, and in what room.

use egui::{Role, Sense, Ui, WidgetInfo, vec2};

use super::{canvas::Canvas, diagrams, patterns};
use crate::ui::shell::lesson::Lesson;
use crate::{engine::Outcome, figure::Ground, ui::theme};

/// The page's drawing, as wide as the text. What is to be tried has none: it is on screen.
pub fn illustration_ui(ui: &mut Ui, lesson: Lesson, outcome: Option<&Outcome>) {
    if lesson.is_trial() {
        return;
    }
    let width = ui.available_width();
    let height = match lesson {
        Lesson::Panel => width.min(300.0) * 0.8,
        Lesson::Sink => width.min(300.0) * 0.72,
        Lesson::Uniform => patterns::row_height(width, 3),
        Lesson::LookAlike => 170.0,
        Lesson::QueryEqualsKey => 118.0,
        Lesson::ValueLater => 210.0,
        Lesson::GroupedQueries => 150.0,
        Lesson::Operations => 220.0,
        Lesson::RemoveSink | Lesson::FindCopier | Lesson::FlattenHead => 0.0,
    };
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let painter = ui.painter().with_clip_rect(rect.expand(2.0).intersect(ui.clip_rect()));
    let ground = if ui.visuals().dark_mode { Ground::Dark } else { Ground::Light };
    let canvas = Canvas { painter: &painter, rect, colors: theme::of(ui), ground };
    let said = match lesson {
        Lesson::Panel => patterns::panel(&canvas),
        Lesson::Sink => patterns::sink(&canvas),
        Lesson::Uniform => patterns::uniform(&canvas),
        Lesson::LookAlike => patterns::curve(&canvas),
        Lesson::QueryEqualsKey => diagrams::both_sides(&canvas),
        Lesson::ValueLater => diagrams::residual_stream(&canvas),
        Lesson::GroupedQueries => Some(diagrams::heads(&canvas, diagrams::HeadCounts::of(outcome))),
        Lesson::Operations => diagrams::operations(&canvas),
        Lesson::RemoveSink | Lesson::FindCopier | Lesson::FlattenHead => None,
    };
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Image, true, format!("Illustration: {}", lesson.title()));
        info.current_text_value.clone_from(&said);
        info
    });
}
