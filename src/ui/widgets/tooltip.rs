use egui::{Area, Context, Frame, Id, Order, Pos2, Rect, Ui, Vec2, pos2};

use crate::ui::theme::space;

/// Between the card and the row or the pointer, in points.
const GAP: f32 = space::M;

/// A card with numbers near the pointer that never covers the row of cells that it is about, nor, where there is room,
/// the cells that are compared with it.
#[derive(Clone, Copy, Debug)]
pub struct HoverCard<'a> {
    /// Where the pointer is.
    pub pointer: Pos2,
    /// Where the hovered row of cells is on screen, as wide as its panel.
    pub row: Rect,
    /// Where the same cell is in every panel.
    pub compared: &'a [Rect],
    /// What else is not covered where there is room beside it.
    pub spared: Rect,
}

impl HoverCard<'_> {
    /// Shows `contents` in the card. Cards of one `id` replace each other.
    pub fn show(self, ctx: &Context, id: Id, contents: impl FnOnce(&mut Ui)) {
        // The first pass only measures; egui does not show it.
        let size = ctx.memory(|memory| memory.area_rect(id)).map_or(Vec2::ZERO, |rect| rect.size());
        let position = card_position(&self, size, ctx.content_rect(), GAP);
        let shown = Area::new(id)
            .order(Order::Tooltip)
            .fixed_pos(position)
            .constrain(false)
            .interactable(false)
            .fade_in(false)
            .show(ctx, |ui| Frame::popup(ui.style()).inner_margin(space::M).show(ui, contents));
        // A card of another size belongs elsewhere: tables find their widths in a pass more.
        if shown.response.rect.size() != size {
            ctx.request_discard("the size of the card at the pointer");
            ctx.request_repaint();
        }
    }
}

/// The top-left corner of a card of `size` about the pointer, its row and the compared cells: below the row, above it or
/// beside the panel with `gap` points between; where it would cover a compared cell or what is spared there, at the nearest
/// place where it covers neither, then none of the cells; and as far inside `screen` as that allows.
pub fn card_position(about: &HoverCard<'_>, size: Vec2, screen: Rect, gap: f32) -> Pos2 {
    let HoverCard { pointer, row, compared, spared } = *about;
    let inside = screen.shrink(space::XS);
    // A card larger than the screen keeps its top-left corner in sight.
    let clamped = |at: f32, low: f32, high: f32| at.min(high).max(low);
    let x = |at: f32| clamped(at, inside.left(), inside.right() - size.x);
    let y = |at: f32| clamped(at, inside.top(), inside.bottom() - size.y);

    let (right_of_pointer, left_of_pointer) = (pointer.x + gap, pointer.x - gap - size.x);
    let (beside_pointer, other_side) = if right_of_pointer + size.x <= inside.right() {
        (right_of_pointer, left_of_pointer)
    } else {
        (left_of_pointer, right_of_pointer)
    };
    let (below, above) = (row.bottom() + gap, row.top() - gap - size.y);
    let (right, left) = (row.right() + gap, row.left() - gap - size.x);
    let near = [
        pos2(x(beside_pointer), below),
        pos2(x(beside_pointer), above),
        pos2(x(other_side), below),
        pos2(x(other_side), above),
        pos2(right, y(pointer.y)),
        pos2(left, y(pointer.y)),
    ];
    let card = |at: Pos2| Rect::from_min_size(at, size);
    let fits = |at: &Pos2| inside.contains_rect(card(*at)) && !card(*at).intersects(row);
    let covered = |at: &Pos2| compared.iter().filter(|cell| card(*at).intersects(**cell)).count();
    let is_clear = |at: &Pos2| fits(at) && covered(at) == 0;
    let is_beside = |at: &Pos2| is_clear(at) && !card(*at).intersects(spared);
    let elsewhere = |is_good: &dyn Fn(&Pos2) -> bool| {
        let cells = || compared.iter().chain([&row, &spared]);
        let xs = cells().flat_map(|cell| [cell.right() + gap, cell.left() - gap - size.x]);
        let ys = cells().flat_map(|cell| [cell.bottom() + gap, cell.top() - gap - size.y]);
        let ys: Vec<f32> = ys.chain([y(pointer.y), inside.top(), inside.bottom() - size.y]).collect();
        let xs = xs.chain([x(pointer.x), inside.left(), inside.right() - size.x]);
        let away = |at: &Pos2| card(*at).distance_sq_to_pos(pointer);
        let places = xs.flat_map(|x| ys.iter().map(move |&y| pos2(x, y)));
        places.filter(is_good).min_by(|a, b| away(a).total_cmp(&away(b)))
    };
    let beside = near.into_iter().find(is_beside).or_else(|| elsewhere(&is_beside));
    let clear = beside.or_else(|| near.into_iter().find(is_clear)).or_else(|| elsewhere(&is_clear));
    // Of several the first.
    let best = clear.or_else(|| near.into_iter().filter(fits).min_by_key(covered));
    if let Some(best) = best {
        best
    } else if inside.bottom() - row.bottom() >= row.top() - inside.top() {
        // Nowhere whole: rather over the edge of the screen than over the row.
        pos2(x(beside_pointer), below)
    } else {
        pos2(x(beside_pointer), above)
    }
}
#[cfg(test)]
mod tests {
    use egui::vec2;

    use super::*;

    const SCREEN: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(1000.0, 700.0) };

    fn card_position((pointer, row, compared): (Pos2, Rect, &[Rect]), size: Vec2, screen: Rect, gap: f32) -> Pos2 {
        super::card_position(&HoverCard { pointer, row, compared, spared: Rect::NOTHING }, size, screen, gap)
    }

    fn row(y: f32, height: f32) -> Rect {
        Rect::from_min_size(pos2(300.0, y), vec2(200.0, height))
    }

    #[test]
    fn stands_below_the_row_or_above_it_at_the_bottom() {
        let size = vec2(250.0, 180.0);
        assert_eq!(card_position((pos2(350.0, 105.0), row(100.0, 10.0), &[]), size, SCREEN, 12.0), pos2(362.0, 122.0));
        assert_eq!(card_position((pos2(350.0, 605.0), row(600.0, 10.0), &[]), size, SCREEN, 12.0), pos2(362.0, 408.0));
        let at_the_right = Rect::from_min_size(pos2(800.0, 100.0), vec2(200.0, 10.0));
        assert_eq!(card_position((pos2(950.0, 105.0), at_the_right, &[]), size, SCREEN, 12.0), pos2(688.0, 122.0));
    }

    #[test]
    fn keeps_off_all_nine_cells_where_the_figure_fills_a_small_window() {
        // 1280×800 at 200 %: controls, then panels of 84 points, 14 apart.
        let screen = Rect::from_min_size(Pos2::ZERO, vec2(640.0, 400.0));
        let side = 84.0;
        let panel = |row: usize, column: usize| {
            let step = |at: usize| at as f32 * (side + 14.0);
            Rect::from_min_size(pos2(280.0 + step(column), 90.0 + step(row)), vec2(side, side))
        };
        let size = vec2(236.0, 190.0);
        for query in 0..24 {
            for key in 0..=query {
                let at = vec2(key as f32, query as f32) * (side / 24.0);
                let cell = |panel: Rect| Rect::from_min_size(panel.min + at, vec2(3.5, 3.5));
                let compared: Vec<Rect> = (0..9).map(|index| cell(panel(index / 3, index % 3))).collect();
                for (index, hovered) in compared.iter().enumerate() {
                    let row = Rect::from_x_y_ranges(panel(index / 3, index % 3).x_range(), hovered.y_range());
                    let card = card_position((hovered.center(), row, &compared), size, screen, 12.0);
                    let card = Rect::from_min_size(card, size);
                    assert!(compared.iter().all(|cell| !card.intersects(*cell)), "{card} at {query}, {key} of {index}");
                    assert!(screen.contains_rect(card) && !card.intersects(row), "{card}");
                }
            }
        }
    }

    #[test]
    fn stands_beside_a_small_figure_where_there_is_room() {
        let screen = Rect::from_min_size(Pos2::ZERO, vec2(640.0, 400.0));
        let figure = Rect::from_min_max(pos2(264.0, 60.0), pos2(640.0, 370.0));
        let row = Rect::from_min_max(pos2(300.0, 200.0), pos2(350.0, 203.0));
        for (left, is_beside) in [(264.0, true), (200.0, false)] {
            let spared = figure.with_min_x(left);
            let about = HoverCard { pointer: row.center(), row, compared: &[row], spared };
            let size = vec2(236.0, 220.0);
            let card = Rect::from_min_size(super::card_position(&about, size, screen, 12.0), size);
            assert_eq!(!card.intersects(spared), is_beside, "{card}");
            assert!(screen.contains_rect(card) && !card.intersects(row), "{card}");
        }
    }

    #[test]
    fn never_covers_the_row_and_stays_on_screen_where_it_can() {
        for screen in [SCREEN, Rect::from_min_size(Pos2::ZERO, vec2(620.0, 320.0))] {
            for y in [0.0, 90.0, 150.0, 300.0, 690.0] {
                for height in [1.0, 10.0, 60.0] {
                    for size in [vec2(100.0, 40.0), vec2(250.0, 180.0), vec2(90.0, 250.0)] {
                        let row = row(y, height).intersect(screen);
                        if row.height() <= 0.0 {
                            continue;
                        }
                        let pointer = row.center();
                        let card = Rect::from_min_size(card_position((pointer, row, &[]), size, screen, 12.0), size);
                        assert!(!card.intersects(row), "{card:?} covers {row:?}");
                        let fits = [row.top(), screen.bottom() - row.bottom()].iter().any(|&r| r >= size.y + 16.0);
                        assert!(!fits || screen.contains_rect(card), "{card:?} leaves the screen beside {row:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn keeps_off_the_compared_cells() {
        // Nine panels of 170 points, 200 apart: the cells stand 200 apart too, and the card is wider than that.
        let size = vec2(230.0, 150.0);
        for at in [vec2(20.0, 30.0), vec2(5.0, 160.0), vec2(90.0, 90.0)] {
            let corner = |row: usize, column: usize| pos2(50.0 + 200.0 * column as f32, 40.0 + 200.0 * row as f32);
            let cell = |row, column| Rect::from_min_size(corner(row, column) + at, vec2(7.0, 7.0));
            let all: Vec<Rect> = (0..9).map(|index| cell(index / 3, index % 3)).collect();
            for (index, hovered) in all.iter().enumerate() {
                let row = Rect::from_x_y_ranges(
                    corner(index / 3, index % 3).x..=corner(index / 3, index % 3).x + 170.0,
                    hovered.y_range(),
                );
                let place = card_position((hovered.center(), row, &all), size, SCREEN, 12.0);
                let card = Rect::from_min_size(place, size);
                assert!(!all.iter().any(|cell| card.intersects(*cell)), "{card:?} at {hovered:?}");
                assert!(SCREEN.contains_rect(card));
            }
        }
    }

    #[test]
    fn goes_over_the_edge_rather_than_over_the_row() {
        let screen = Rect::from_min_size(Pos2::ZERO, vec2(500.0, 200.0));
        let row = Rect::from_min_size(pos2(0.0, 60.0), vec2(500.0, 10.0));
        let at = card_position((row.center(), row, &[]), vec2(300.0, 180.0), screen, 12.0);
        assert_eq!(at.y, 82.0);
    }
}
