//! Where the panels, their titles, labels and the colour bar lie. Pure geometry, in points.

use egui::{Rect, Vec2, pos2, vec2};

/// What the layout has to fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GridNeeds {
    /// Rows and columns of panels; at least one of each.
    pub panels: [usize; 2],
    /// Cells along one side of a panel that is shown whole. Under zoom they count too: panels stay as large as they were.
    pub cells: usize,
    /// Width of the widest query label.
    pub left_labels: f32,
    /// Height of the tallest key label, written upwards.
    pub bottom_labels: f32,
    /// Height of the line above each panel.
    pub panel_title: f32,
    /// Height of the figure's title.
    pub title: f32,
    /// Colour bar with ticks and label.
    pub colorbar: f32,
    /// Colour bar with ticks alone.
    pub bare_colorbar: f32,
    pub pixels_per_point: f32,
}

/// Rectangles of the grid. Panels are square, all of one size, and start on whole pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct GridLayout {
    pub title: Rect,
    /// `[row][column]`
    pub panels: Vec<Vec<Rect>>,
    /// `[row][column]`, above each panel.
    pub panel_titles: Vec<Vec<Rect>>,
    /// Left of each row.
    pub query_labels: Vec<Rect>,
    /// Below each column.
    pub key_labels: Vec<Rect>,
    pub colorbar: Rect,
    /// Whether tokens and the colour bar's label are left out: there is hardly room for the panels.
    pub is_bare: bool,
}

/// Between neighbouring panels.
const GAP: f32 = 14.0;
/// The same where everything else is left out.
const BARE_GAP: f32 = 8.0;
/// Panels smaller than this go before tokens and labels.
const CROWDED: f32 = 48.0;
/// Columns stand further apart than [`GAP`] where there is room, at most so far, so that their titles fit.
const WIDEST_GAP: f32 = 44.0;
const LABEL_GAP: f32 = 4.0;
/// A panel is never smaller than this, even if the area is.
const SMALLEST: f32 = 24.0;
/// From this many pixels a cell on, all cells of a whole panel get the same number of pixels.
const EVEN_CELLS: usize = 4;

impl GridLayout {
    /// Fits the grid into `area`, centred; where its panels would be tiny, without labels, and then without its title.
    pub fn new(area: Rect, needs: &GridNeeds) -> Self {
        let layout = Self::with(area, needs, GAP);
        if layout.side() >= CROWDED {
            return layout;
        }
        let bare = GridNeeds { left_labels: 0.0, bottom_labels: 0.0, colorbar: needs.bare_colorbar, ..*needs };
        let layout = Self::with(area, &bare, BARE_GAP);
        let layout = if layout.side() >= CROWDED {
            layout
        } else {
            Self::with(area, &GridNeeds { title: 0.0, ..bare }, BARE_GAP)
        };
        Self { is_bare: true, ..layout }
    }

    fn with(area: Rect, needs: &GridNeeds, gap: f32) -> Self {
        let [n_rows, n_columns] = needs.panels.map(|count| count as f32);
        let left = needs.left_labels + LABEL_GAP;
        let below = needs.bottom_labels + LABEL_GAP;
        let width = (area.width() - left - gap - needs.colorbar - (n_columns - 1.0) * gap) / n_columns;
        let gaps = (n_rows - 1.0) * gap / 2.0;
        let height = (area.height() - needs.title - below - n_rows * needs.panel_title - gaps) / n_rows;
        let side = whole_pixels(width.min(height).max(SMALLEST), needs);

        let row_step = side + needs.panel_title + gap / 2.0;
        let spare = area.width() - (left + n_columns * side + n_columns * gap + needs.colorbar);
        let column_gap = gap + (spare / n_columns).clamp(0.0, WIDEST_GAP - gap);
        let column_step = side + column_gap;
        // The titles of the last column reach as far to the right as those of the others.
        let bar_gap = gap.max(column_gap / 2.0);
        let total = vec2(
            left + n_columns * side + (n_columns - 1.0) * column_gap + bar_gap + needs.colorbar,
            needs.title + n_rows * (side + needs.panel_title) + (n_rows - 1.0) * gap / 2.0 + below,
        );
        let origin = area.min + (area.size() - total).max(Vec2::ZERO) / 2.0;
        let snap = |value: f32| (value * needs.pixels_per_point).round() / needs.pixels_per_point;
        let panel = |row: usize, column: usize| {
            let x = snap(origin.x + left + column as f32 * column_step);
            let y = snap(origin.y + needs.title + needs.panel_title + row as f32 * row_step);
            Rect::from_min_size(pos2(x, y), Vec2::splat(side))
        };
        let panels: Vec<Vec<Rect>> =
            (0..needs.panels[0]).map(|row| (0..needs.panels[1]).map(|column| panel(row, column)).collect()).collect();
        let panel_titles = panels
            .iter()
            .map(|row| {
                row.iter().map(|p| above(*p, needs.panel_title).expand2(vec2(column_gap / 2.0 - 3.0, 0.0))).collect()
            })
            .collect();
        let first = panel(0, 0);
        let last = panel(needs.panels[0].saturating_sub(1), needs.panels[1].saturating_sub(1));
        Self {
            title: Rect::from_min_max(
                pos2(first.left() - left, origin.y),
                pos2(last.right() + bar_gap + needs.colorbar, origin.y + needs.title),
            ),
            query_labels: panels
                .iter()
                .filter_map(|row| row.first())
                .map(|p| Rect::from_min_max(pos2(p.left() - left, p.top()), pos2(p.left() - LABEL_GAP, p.bottom())))
                .collect(),
            key_labels: panels
                .last()
                .into_iter()
                .flatten()
                .map(|p| {
                    Rect::from_min_max(pos2(p.left(), p.bottom() + LABEL_GAP), pos2(p.right(), p.bottom() + below))
                })
                .collect(),
            colorbar: Rect::from_min_max(
                pos2(last.right() + bar_gap, first.top()),
                pos2(last.right() + bar_gap + needs.colorbar, last.bottom()),
            ),
            panels,
            panel_titles,
            is_bare: false,
        }
    }

    /// Around panels, titles, labels and colour bar.
    pub fn bounds(&self) -> Rect {
        let panels = self.panels.iter().chain(&self.panel_titles).flatten();
        let labels = self.query_labels.iter().chain(&self.key_labels);
        panels.chain(labels).fold(self.title | self.colorbar, |all, rect| all | *rect)
    }

    /// Side of every panel in points.
    fn side(&self) -> f32 {
        self.panels.first().and_then(|row| row.first()).map_or(1.0, Rect::width)
    }

    /// Side of every panel in whole pixels.
    pub fn side_pixels(&self, pixels_per_point: f32) -> usize {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rounded positive length")]
        let pixels = (self.side() * pixels_per_point).round() as usize;
        pixels.max(1)
    }
}

fn above(rect: Rect, height: f32) -> Rect {
    Rect::from_min_max(pos2(rect.left(), rect.top() - height), pos2(rect.right(), rect.top()))
}

/// The largest side of whole pixels, and of whole pixels a cell where a cell has several.
fn whole_pixels(side: f32, needs: &GridNeeds) -> f32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive length in pixels")]
    let pixels = (side * needs.pixels_per_point).floor() as usize;
    let pixels = match needs.cells {
        cells if cells > 0 && pixels / cells >= EVEN_CELLS => pixels / cells * cells,
        _ => pixels,
    };
    pixels as f32 / needs.pixels_per_point
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs() -> GridNeeds {
        GridNeeds {
            panels: [3, 3],
            cells: 24,
            left_labels: 60.0,
            bottom_labels: 60.0,
            panel_title: 18.0,
            title: 26.0,
            colorbar: 70.0,
            bare_colorbar: 50.0,
            pixels_per_point: 1.0,
        }
    }

    #[test]
    fn nothing_overlaps_and_all_lies_inside() {
        for (width, height, pixels_per_point) in [(600.0, 540.0, 1.0), (960.0, 748.0, 1.5), (3400.0, 2000.0, 2.0)] {
            let area = Rect::from_min_size(pos2(300.0, 30.0), vec2(width, height));
            let layout = GridLayout::new(area, &GridNeeds { pixels_per_point, ..needs() });
            let mut rects: Vec<Rect> = layout.panels.concat();
            rects.extend(&layout.query_labels);
            rects.extend(&layout.key_labels);
            rects.push(layout.colorbar);
            rects.push(layout.title);
            for (index, a) in rects.iter().enumerate() {
                assert!(area.expand(1.0).contains_rect(*a), "{a} leaves {area}");
                for b in &rects[index + 1..] {
                    assert!(!a.shrink(0.1).intersects(b.shrink(0.1)), "{a} overlaps {b}");
                }
            }
            for title in layout.panel_titles.iter().flatten() {
                assert!(title.right() < layout.colorbar.left(), "{title} reaches into the colour bar");
            }
        }
    }

    #[test]
    fn panels_are_square_with_whole_pixels_a_cell() {
        let area = Rect::from_min_size(pos2(0.0, 0.0), vec2(900.0, 700.0));
        let layout = GridLayout::new(area, &GridNeeds { pixels_per_point: 1.25, ..needs() });
        let pixels = layout.side_pixels(1.25);
        assert_eq!(pixels % 24, 0);
        for panel in layout.panels.concat() {
            assert!((panel.width() - panel.height()).abs() < 1e-3);
            let left = panel.left() * 1.25;
            assert!((left - left.round()).abs() < 1e-3, "{left} is no whole pixel");
        }
    }

    #[test]
    fn labels_go_before_the_panels_do() {
        let area = |width: f32| Rect::from_min_size(pos2(0.0, 0.0), vec2(width, 420.0));
        let roomy = GridLayout::new(area(360.0), &needs());
        assert!(!roomy.is_bare && roomy.side_pixels(1.0) >= 48);
        let bare = GridLayout::new(area(240.0), &needs());
        assert!(bare.is_bare && bare.side_pixels(1.0) > 48, "{}", bare.side_pixels(1.0));
        assert!(bare.query_labels.iter().all(|labels| labels.width() == 0.0));
        let rects: Vec<Rect> = bare.panels.concat().into_iter().chain([bare.colorbar]).collect();
        assert!(rects.iter().all(|rect| area(240.0).contains_rect(*rect)), "{rects:?}");
    }

    #[test]
    fn one_panel_alone_is_larger() {
        let area = Rect::from_min_size(pos2(0.0, 0.0), vec2(900.0, 700.0));
        let nine = GridLayout::new(area, &needs()).side_pixels(1.0);
        let one = GridLayout::new(area, &GridNeeds { panels: [1, 1], ..needs() }).side_pixels(1.0);
        assert!(one > 2 * nine, "{one} against {nine}");
    }
}
