//! The card of a step and the rings around what it speaks of.

use egui::{
    Area, Button, Context, CornerRadius, Frame, Id, LayerId, Order, Pos2, Rect, RichText, Stroke, StrokeKind, Ui, Vec2,
    pos2, vec2,
};

use super::steps::{STEPS, Step};
use crate::ui::theme::{self, space};

/// Width of the text in points.
const WIDTH: f32 = 272.0;
/// In a small window it is narrower, so that it has room beside the panels.
const LEAST_WIDTH: f32 = 200.0;
const WIDTH_SHARE: f32 = 0.35;
/// Between the card and what it speaks of.
const GAP: f32 = space::M;
/// Between a ring and what it is around.
const AROUND: f32 = 3.0;

/// What was done on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    Back,
    Next,
    Skip,
}

/// A ring around each target, over the panels and under the card; takes no clicks.
pub fn rings_ui(ctx: &Context, targets: &[Rect]) {
    let painter = ctx.layer_painter(LayerId::new(Order::Middle, Id::unique("tour rings")));
    let colors = theme::colors(ctx.global_style().visuals.dark_mode);
    for target in targets {
        let ring = target.expand(AROUND).intersect(ctx.content_rect().shrink(2.0));
        let radius = CornerRadius::same(theme::CARD_RADIUS);
        painter.rect_stroke(ring, radius, Stroke::new(5.0, colors.focus), StrokeKind::Outside);
        painter.rect_stroke(ring, radius, Stroke::new(2.0, colors.accent), StrokeKind::Inside);
    }
}

/// The card beside its targets; in the middle of the window where none is in view.
pub fn card_ui(ctx: &Context, index: usize, step: &Step, targets: &[Rect]) -> Option<Move> {
    let id = Id::unique(("tour card", index));
    // The first pass only measures; egui does not show it.
    let size = ctx.memory(|memory| memory.area_rect(id)).map_or(Vec2::ZERO, |rect| rect.size());
    let area = Area::new(id).order(Order::Foreground).fixed_pos(place(size, targets, ctx.content_rect()));
    area.constrain(true)
        .show(ctx, |ui| {
            let frame = Frame::popup(ui.style()).inner_margin(space::M).stroke(Stroke::new(1.5, theme::of(ui).accent));
            frame.show(ui, |ui| contents_ui(ui, index, step)).inner
        })
        .inner
}

fn contents_ui(ui: &mut Ui, index: usize, step: &Step) -> Option<Move> {
    ui.set_width((WIDTH_SHARE * ui.ctx().content_rect().width()).clamp(LEAST_WIDTH, WIDTH));
    let mut moved = None;
    ui.horizontal(|ui| {
        ui.label(RichText::new(step.title).strong().color(theme::of(ui).text_strong));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let count = format!("{} of {}", index + 1, STEPS.len());
            ui.label(RichText::new(count).small().color(theme::of(ui).text_weak));
        });
    });
    let text = ui.label(step.text);
    // A screen reader reads the new step out.
    ui.ctx().accesskit_node_builder(text.id, |node| node.set_live(egui::accesskit::Live::Polite));
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        if ui.add_enabled(index > 0, Button::new("Back")).clicked() {
            moved = Some(Move::Back);
        }
        let is_last = index + 1 == STEPS.len();
        let next = ui.button(if is_last { "Done" } else { "Next" });
        if next.on_hover_text("Enter or →").clicked() {
            moved = Some(Move::Next);
        }
        if !is_last {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button("Skip tour").on_hover_text("Esc; the tour is also in the Help menu").clicked() {
                    moved = Some(Move::Skip);
                }
            });
        }
    });
    moved
}

/// The top-left corner of a card of `size`: to the right of the first target, else left of it, below or above, where it
/// covers no target; else where it covers least.
fn place(size: Vec2, targets: &[Rect], screen: Rect) -> Pos2 {
    let inside = screen.shrink(space::S);
    let within = |at: Pos2| {
        let clamped = |at: f32, low: f32, high: f32| at.min(high).max(low);
        pos2(
            clamped(at.x, inside.left(), inside.right() - size.x),
            clamped(at.y, inside.top(), inside.bottom() - size.y),
        )
    };
    let Some(first) = targets.first() else { return within(inside.center() - size / 2.0) };
    let around = first.expand(GAP);
    let middle = first.center() - size / 2.0;
    let places = [
        pos2(around.right(), middle.y),
        pos2(around.left() - size.x, middle.y),
        pos2(middle.x, around.bottom()),
        pos2(middle.x, around.top() - size.y),
        inside.left_top(),
        inside.right_top(),
        inside.left_bottom(),
        inside.right_bottom(),
    ];
    let covered = |at: Pos2| -> f32 {
        let card = Rect::from_min_size(at, size);
        targets.iter().map(|target| card.intersect(*target)).filter(Rect::is_positive).map(|both| both.area()).sum()
    };
    let best = places.into_iter().map(within).min_by(|&a, &b| covered(a).total_cmp(&covered(b)));
    best.unwrap_or(inside.min + vec2(GAP, GAP))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Vec2 = vec2(296.0, 150.0);

    #[test]
    fn the_card_is_on_screen_and_beside_its_targets() {
        for (width, height) in [(900.0, 600.0), (1280.0, 800.0), (2560.0, 1440.0)] {
            let screen = Rect::from_min_size(Pos2::ZERO, vec2(width, height));
            let column = |top: f32, bottom: f32| Rect::from_min_max(pos2(8.0, top), pos2(328.0, bottom));
            let button = Rect::from_min_size(pos2(width - 120.0, 4.0), vec2(110.0, 26.0));
            let grid = Rect::from_min_max(pos2(400.0, 80.0), pos2(width - 100.0, height - 80.0));
            for targets in [
                vec![grid],
                vec![column(40.0, 240.0)],
                vec![column(height - 120.0, height - 30.0), button],
                vec![button],
                vec![],
            ] {
                let card = Rect::from_min_size(place(SIZE, &targets, screen), SIZE);
                assert!(screen.contains_rect(card), "{card:?} of {targets:?} in {screen:?}");
                assert!(!targets.iter().any(|target| target.intersects(card)), "{card:?} covers {targets:?}");
            }
        }
    }

    #[test]
    fn where_there_is_no_room_it_covers_least() {
        let screen = Rect::from_min_size(Pos2::ZERO, vec2(400.0, 300.0));
        let target = Rect::from_min_max(pos2(10.0, 10.0), pos2(390.0, 250.0));
        let card = Rect::from_min_size(place(SIZE, &[target], screen), SIZE);
        assert!(screen.contains_rect(card), "{card:?}");
        assert_eq!(card.bottom(), 292.0, "below, as far as the edge allows");
    }
}
