use std::{fmt::Debug, hash::Hash};

use egui::{Area, Context, Frame, Id, Order, Pos2, Rect, Ui, UiBuilder, Vec2, pos2};

use crate::ui::theme::space;

/// Between the card and the row or the pointer, in points; the second where the first finds no place.
const GAPS: [f32; 2] = [space::M, space::XS];

/// A card with numbers near the pointer that never covers the row of cells that it is about, nor, where there is room,
/// the cells that are compared with it, nor what is around its room.
#[derive(Clone, Copy, Debug)]
pub struct HoverCard<'a> {
    /// Where the pointer is.
    pub pointer: Pos2,
    /// Where the hovered row of cells is on screen, as wide as its panel.
    pub row: Rect,
    /// Where the same cell is in every panel.
    pub compared: &'a [Rect],
    /// What it may cover; around it are controls, bars and chips.
    pub room: Rect,
    /// What it may not cover within its room: a title.
    pub spared: Rect,
    /// What is better left in sight within its room: cells that are not masked.
    pub busy: &'a [Rect],
}

/// Where a card finds a place: its top-left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CardPlace {
    /// It covers nothing that it may not cover.
    Free(Pos2),
    /// It covers as little of that as it can.
    Crowded(Pos2),
}

impl HoverCard<'_> {
    /// A card about a row that may cover everything else.
    pub fn about(pointer: Pos2, row: Rect) -> Self {
        Self { pointer, row, compared: &[], room: Rect::EVERYTHING, spared: Rect::NOTHING, busy: &[] }
    }

    /// Shows `contents` in the card, in the first of its `forms` that finds a free place; where none does, in the last.
    /// Cards of one `id` replace each other.
    pub fn show<F: Copy + Debug + Hash>(self, ctx: &Context, id: Id, forms: &[F], contents: impl Fn(&mut Ui, F)) {
        let screen = ctx.content_rect();
        let remembered = |form: F| id.with((form, "size"));
        let mut chosen = None;
        for &form in forms {
            // As large as it was last; a form that was never on screen is measured out of sight.
            let size = ctx.data(|data| data.get_temp::<Vec2>(remembered(form))).unwrap_or_else(|| {
                ctx.request_discard("the size of a form of the card at the pointer");
                let out_of_sight = UiBuilder::new().max_rect(screen).sizing_pass().invisible();
                let mut ui = Ui::new(ctx.clone(), id.with((form, "measured")), out_of_sight);
                framed(&mut ui, |ui| contents(ui, form))
            });
            ctx.data_mut(|data| data.insert_temp(remembered(form), size));
            let place = self.place(size, screen);
            chosen = Some((form, size, place.corner()));
            if matches!(place, CardPlace::Free(_)) {
                break;
            }
        }
        let Some((form, size, corner)) = chosen else { return };
        let area = Area::new(id.with(form)).order(Order::Tooltip).fixed_pos(corner).constrain(false);
        let shown = area.interactable(false).fade_in(false).show(ctx, |ui| framed(ui, |ui| contents(ui, form)));
        // A card of another size belongs elsewhere: tables find their widths in a pass more.
        if shown.inner != size {
            ctx.data_mut(|data| data.insert_temp(remembered(form), shown.inner));
            ctx.request_discard("the size of the card at the pointer");
            ctx.request_repaint();
        }
    }

    /// Where a card of `size` stands on `screen`: below the row, above it or beside the panel, else anywhere in its room,
    /// rather over masked cells and margins, and near the pointer. Where it cannot but cover what it may not, compared
    /// cells are kept in sight before what is around the room, and the row always.
    pub fn place(&self, size: Vec2, screen: Rect) -> CardPlace {
        let inside = screen.shrink(space::XS);
        let room = self.room.intersect(inside);
        let card = |at: Pos2| Rect::from_min_size(at, size);
        let is_free = |at: &Pos2| {
            let card = card(*at);
            let is_over = |rect: &Rect| card.intersects(*rect);
            room.contains_rect(card)
                && !is_over(&self.row)
                && !is_over(&self.spared)
                && !self.compared.iter().any(is_over)
        };
        let away = |at: &Pos2| card(*at).distance_sq_to_pos(self.pointer);
        let hidden = |at: &Pos2| self.busy.iter().map(|cells| overlap(card(*at), *cells)).sum::<f32>();
        for gap in GAPS {
            let near = || self.near(size, room, gap).into_iter();
            let elsewhere = || self.elsewhere(size, room, gap).into_iter().filter(is_free);
            let costs = |a: &Pos2, b: &Pos2| hidden(a).total_cmp(&hidden(b)).then(away(a).total_cmp(&away(b)));
            if let Some(at) = near().find(is_free).or_else(|| elsewhere().min_by(costs)) {
                return CardPlace::Free(at);
            }
        }
        let near = self.near(size, inside, GAPS[0]);
        let fits = |at: &Pos2| inside.contains_rect(card(*at)) && !card(*at).intersects(self.row);
        let covered = |at: &Pos2| self.compared.iter().filter(|cell| card(*at).intersects(**cell)).count();
        let spilled = |at: &Pos2| {
            let card = card(*at);
            card.area() - overlap(card, self.room) + overlap(card, self.spared)
        };
        let least = near.into_iter().chain(self.elsewhere(size, inside, GAPS[0])).filter(fits).min_by(|a, b| {
            let spilled = spilled(a).total_cmp(&spilled(b));
            covered(a).cmp(&covered(b)).then(spilled).then(away(a).total_cmp(&away(b)))
        });
        // Nowhere whole: rather over the edge of the screen than over the row.
        let [below, above, ..] = near;
        let is_below = inside.bottom() - self.row.bottom() >= self.row.top() - inside.top();
        CardPlace::Crowded(least.unwrap_or(if is_below { below } else { above }))
    }

    /// Below the row and above it, at one side of the pointer and at the other, and beside the panel, `gap` points away.
    fn near(&self, size: Vec2, room: Rect, gap: f32) -> [Pos2; 6] {
        let Self { pointer, row, .. } = self;
        let [x, y] = clamps(size, room);
        let (right_of_pointer, left_of_pointer) = (pointer.x + gap, pointer.x - gap - size.x);
        let (beside_pointer, other_side) = if right_of_pointer + size.x <= room.right() {
            (right_of_pointer, left_of_pointer)
        } else {
            (left_of_pointer, right_of_pointer)
        };
        let (below, above) = (row.bottom() + gap, row.top() - gap - size.y);
        [
            pos2(x(beside_pointer), below),
            pos2(x(beside_pointer), above),
            pos2(x(other_side), below),
            pos2(x(other_side), above),
            pos2(row.right() + gap, y(pointer.y)),
            pos2(row.left() - gap - size.x, y(pointer.y)),
        ]
    }

    /// At the edges of the room and `gap` points beside, below and above everything that is not to be covered.
    fn elsewhere(&self, size: Vec2, room: Rect, gap: f32) -> Vec<Pos2> {
        let [x, y] = clamps(size, room);
        let cells = || self.compared.iter().chain([&self.row, &self.spared]).filter(|rect| rect.is_finite());
        let xs = cells().flat_map(|cell| [cell.right() + gap, cell.left() - gap - size.x]);
        let ys = cells().flat_map(|cell| [cell.bottom() + gap, cell.top() - gap - size.y]);
        let ys: Vec<f32> = ys.chain([y(self.pointer.y), room.top(), room.bottom() - size.y]).collect();
        let xs = xs.chain([x(self.pointer.x), room.left(), room.right() - size.x]);
        xs.flat_map(|x| ys.iter().map(move |&y| pos2(x, y))).collect()
    }
}

impl CardPlace {
    /// The card's top-left corner.
    pub fn corner(self) -> Pos2 {
        match self {
            Self::Free(at) | Self::Crowded(at) => at,
        }
    }
}

/// Left and top edge of a card of `size` as far inside `room` as it goes: one that is larger keeps its top-left corner in
/// sight.
fn clamps(size: Vec2, room: Rect) -> [impl Fn(f32) -> f32; 2] {
    let between = |low: f32, high: f32| move |at: f32| at.min(high).max(low);
    [between(room.left(), room.right() - size.x), between(room.top(), room.bottom() - size.y)]
}

/// The area that both have.
fn overlap(a: Rect, b: Rect) -> f32 {
    let both = a.intersect(b);
    if both.is_positive() { both.area() } else { 0.0 }
}

/// Returns the size of the card.
fn framed(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) -> Vec2 {
    Frame::popup(ui.style()).inner_margin(space::M).show(ui, contents).response.rect.size()
}

#[cfg(test)]
mod tests {
    use egui::vec2;

    use super::*;

    const SCREEN: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(1000.0, 700.0) };

    fn placed((pointer, row, compared): (Pos2, Rect, &[Rect]), size: Vec2, screen: Rect) -> Pos2 {
        HoverCard { compared, ..HoverCard::about(pointer, row) }.place(size, screen).corner()
    }

    fn row(y: f32, height: f32) -> Rect {
        Rect::from_min_size(pos2(300.0, y), vec2(200.0, height))
    }

    #[test]
    fn stands_below_the_row_or_above_it_at_the_bottom() {
        let size = vec2(250.0, 180.0);
        assert_eq!(placed((pos2(350.0, 105.0), row(100.0, 10.0), &[]), size, SCREEN), pos2(362.0, 122.0));
        assert_eq!(placed((pos2(350.0, 605.0), row(600.0, 10.0), &[]), size, SCREEN), pos2(362.0, 408.0));
        let at_the_right = Rect::from_min_size(pos2(800.0, 100.0), vec2(200.0, 10.0));
        assert_eq!(placed((pos2(950.0, 105.0), at_the_right, &[]), size, SCREEN), pos2(688.0, 122.0));
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
                    let card = placed((hovered.center(), row, &compared), size, screen);
                    let card = Rect::from_min_size(card, size);
                    assert!(compared.iter().all(|cell| !card.intersects(*cell)), "{card} at {query}, {key} of {index}");
                    assert!(screen.contains_rect(card) && !card.intersects(row), "{card}");
                }
            }
        }
    }

    /// Cells of a small figure, as it is at 200 % in 1280×800 pixels: where the same cell is in each panel.
    fn small_figure(query: usize, key: usize) -> Vec<Rect> {
        let corner = |index: usize| pos2(295.0 + 89.0 * (index % 3) as f32, 155.0 + 74.0 * (index / 3) as f32);
        let at = vec2(key as f32, query as f32) * 2.0;
        (0..9).map(|index| Rect::from_min_size(corner(index) + at, vec2(2.0, 2.0))).collect()
    }

    #[test]
    fn a_small_form_finds_a_place_within_a_small_figure() {
        let screen = Rect::from_min_size(Pos2::ZERO, vec2(640.0, 400.0));
        let room = Rect::from_min_max(pos2(264.0, 90.0), pos2(640.0, 368.0));
        let title = Rect::from_min_max(pos2(290.0, 110.0), pos2(610.0, 130.0));
        for query in 0..24 {
            for key in 0..24 {
                let compared = small_figure(query, key);
                for (index, cell) in compared.iter().enumerate() {
                    let left = 295.0 + 89.0 * (index % 3) as f32;
                    let row = Rect::from_x_y_ranges(left..=left + 48.0, cell.y_range());
                    let spared = title;
                    let about = HoverCard { compared: &compared, room, spared, ..HoverCard::about(cell.center(), row) };
                    let size = vec2(220.0, 56.0);
                    let place = about.place(size, screen);
                    assert!(matches!(place, CardPlace::Free(_)), "{query} {key} {index}: {place:?}");
                    let card = Rect::from_min_size(place.corner(), size);
                    assert!(room.contains_rect(card) && !card.intersects(title) && !card.intersects(row), "{card}");
                    // A large one cannot but cover what is around, and says so.
                    assert!(matches!(about.place(vec2(236.0, 190.0), screen), CardPlace::Crowded(_)));
                }
            }
        }
    }

    #[test]
    fn covers_masked_cells_rather_than_others() {
        let row = Rect::from_min_size(pos2(400.0, 300.0), vec2(100.0, 4.0));
        let bar = |x: f32, y: f32, height: f32| Rect::from_min_size(pos2(x, y), vec2(4.0, height));
        let compared = [row, bar(440.0, 100.0, 500.0), bar(300.0, 250.0, 150.0), bar(600.0, 250.0, 150.0)];
        // Beside the pointer there is no place; the nearest is at the left, where there are cells to be seen.
        let busy = [Rect::from_min_max(pos2(0.0, 0.0), pos2(440.0, 700.0))];
        let about = HoverCard { compared: &compared, busy: &busy, ..HoverCard::about(row.center(), row) };
        let CardPlace::Free(at) = about.place(vec2(300.0, 260.0), SCREEN) else { panic!("no place") };
        assert!(at.x > 440.0, "{at}");
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
                        let card = Rect::from_min_size(placed((pointer, row, &[]), size, screen), size);
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
                let place = placed((hovered.center(), row, &all), size, SCREEN);
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
        let at = placed((row.center(), row, &[]), vec2(300.0, 180.0), screen);
        assert_eq!(at.y, 82.0);
    }
}
