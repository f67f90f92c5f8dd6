//! Where everything stands on the page, in points.

use super::{
    spacing::{Dots, LINE, MARGIN, Spacing, Widest},
    title_line::TitleLine,
};
use crate::figure::{
    Beyond, FigureError, FigureSpec, Rect,
    text::fonts::{ASCENT, DESCENT},
};

/// The least height of the colour bar in lines of text.
const LOWEST_BAR: f64 = 2.5;

/// Sizes and places of the parts of a figure.
#[derive(Debug)]
pub struct Geometry {
    pub width: f64,
    pub height: f64,
    /// Frames and ticks.
    pub line_width: f64,
    pub title: String,
    pub title_size: f64,
    /// Center of the title's baseline.
    pub title_at: [f64; 2],
    pub panel_title_size: f64,
    /// From the top of a panel up to its title's baseline.
    pub panel_title_rise: f64,
    pub note_size: f64,
    /// From the top of a panel up to the baseline of its note.
    pub note_rise: f64,
    pub metrics_size: f64,
    /// From the bottom of a panel down to the baseline of its metrics.
    pub metrics_drop: f64,
    /// The same in the last row, where axis labels stand between.
    pub last_metrics_drop: f64,
    /// Rows from top to bottom.
    pub panels: Vec<Vec<Rect>>,
    pub cell: f64,
    pub label_size: f64,
    /// Cells from one query label to the next.
    pub query_step: usize,
    /// Cells from one key label to the next.
    pub key_step: usize,
    pub caption_size: f64,
    /// Baseline of the caption along the query axis, which reads upwards.
    pub query_caption_x: f64,
    /// Baseline of the caption along the key axis.
    pub key_caption_y: f64,
    pub bar: Rect,
    /// Touches the bar from below, for the colour of lower values, where there are any.
    pub under: Option<Rect>,
    /// Touches the bar from above, for the colour of higher values, where there are any.
    pub over: Option<Rect>,
    /// Below all that, for the colour of what is not a number, where there is any.
    pub bad: Option<Rect>,
    pub tick_size: f64,
    /// Baseline of the colour bar's label, which reads upwards.
    pub bar_label_x: f64,
    pub bar_label_size: f64,
}

impl Geometry {
    pub fn new(spec: &FigureSpec) -> Result<Self, FigureError> {
        let font = spec.font_size.points();
        let widest = Widest::measure(spec);
        let dots = Dots::of(spec.page, spec.dpi);
        let width = dots.snap(spec.page.points(spec.page.width(), spec.dpi));
        let page_height = spec.page.height().map(|height| dots.snap(spec.page.points(height, spec.dpi)));
        let title = TitleLine::fit(&spec.title, 1.4 * font, width - 2.0 * MARGIN, &spec.fonts);
        let spacing = Spacing::new(spec, &widest, &title, dots);
        let n_cells = spec.panels[0][0].measure.n_positions().max(1) as f64;
        let (side, label_size) = spacing.fit_panels(width, page_height, n_cells, 0.875 * font)?;
        let cell = side / n_cells;

        // What snapping, or a low page, has left over goes between the columns and around everything.
        let [n_rows, n_columns] = spacing.grid;
        let (left_axis, below) = (dots.snap(spacing.left(label_size)), dots.snap(spacing.below(label_size)));
        let gap_x = spacing.gap_x(label_size);
        let taken = left_axis + spacing.right() + (n_columns - 1.0) * gap_x + n_columns * side;
        let spare = (width - taken).max(0.0);
        let widened = spare.min(1.5 * font) / n_columns;
        let left = dots.snap(left_axis + spare / 2.0 - n_columns / 2.0 * widened);
        let column_pitch = dots.snap(side + gap_x + widened);
        let row_pitch = dots.snap(side + spacing.metrics + spacing.gap_y + spacing.panel_title);
        let above = dots.snap(MARGIN + spacing.title + spacing.panel_title);
        let content_height = above + (n_rows - 1.0) * row_pitch + side + below;
        let height = page_height.unwrap_or(content_height);
        let shift = dots.snap((height - content_height).max(0.0) / 2.0);
        let place = |row: usize, column: usize| Rect {
            x: left + column as f64 * column_pitch,
            y: shift + above + row as f64 * row_pitch,
            width: side,
            height: side,
        };
        let rows = spec.panels.iter().enumerate();
        let panels: Vec<Vec<Rect>> =
            rows.map(|(row, panels)| (0..panels.len()).map(|column| place(row, column)).collect()).collect();
        let (first, last) = (place(0, 0), place(spec.panels.len() - 1, spec.panels[0].len() - 1));
        let x = dots.snap(last.right() + spacing.bar_gap + widened);
        let column = Rect { x, y: first.y, width: spacing.bar_width, height: last.bottom() - first.y };
        let Bar { over, ramp: bar, under, bad } = Bar::split(column, spec.bar.beyond, dots);
        let least = LOWEST_BAR * LINE * 0.875 * font;
        if bar.height < least {
            return Err(FigureError::NoRoomForBar { found: bar.height.max(0.0), needed: least });
        }
        let half_title = title.width / 2.0;
        let title_x = f64::midpoint(first.x, last.right()).clamp(MARGIN + half_title, width - MARGIN - half_title);
        // Centered on the bar, and no longer than reaches the nearer edge of the page.
        let middle = bar.center()[1];
        let bar_label_room = 2.0 * (middle - shift - MARGIN - spacing.title).min(height - MARGIN - middle);
        let fit = |size: f64, widest: f64| size.min((column_pitch - 0.5 * font) / widest.max(1.0));
        let axis_below = spacing.ticks + spacing.key_extent(label_size);
        let metrics_size = fit(0.875 * font, widest.metrics);
        Ok(Self {
            width,
            height,
            line_width: dots.line_width(),
            title: title.text,
            title_size: title.size,
            title_at: [title_x, shift + MARGIN + ASCENT * title.size],
            panel_title_size: fit(font, widest.panel_title),
            panel_title_rise: (0.4 + DESCENT) * font + spacing.note,
            note_size: fit(0.875 * font, widest.note),
            note_rise: 0.4 * font + DESCENT * 0.875 * font,
            metrics_size,
            metrics_drop: 0.3 * font + ASCENT * metrics_size,
            last_metrics_drop: axis_below + 0.3 * font + ASCENT * metrics_size,
            cell,
            label_size,
            query_step: Spacing::query_step(cell, label_size),
            key_step: spacing.key_step(cell, label_size),
            caption_size: font,
            query_caption_x: left - left_axis + MARGIN + ASCENT * font,
            key_caption_y: last.bottom() + below - MARGIN - DESCENT * font,
            panels,
            bar,
            under,
            over,
            bad,
            tick_size: 0.875 * font,
            bar_label_x: bar.right() + spacing.tick_labels + 0.5 * font + ASCENT * font,
            bar_label_size: font.min(bar_label_room / widest.bar_label.max(1.0)),
        })
    }
}

/// The colour bar from the top.
struct Bar {
    over: Option<Rect>,
    ramp: Rect,
    under: Option<Rect>,
    bad: Option<Rect>,
}

impl Bar {
    /// A triangle's room at each end beyond which there are values, and a square at the foot where some are none.
    fn split(column: Rect, beyond: Beyond, dots: Dots) -> Self {
        let (tip, square) = (dots.snap(1.5 * column.width), column.width);
        let gap = dots.snap(0.75 * column.width);
        let taken = |is_needed: bool, height: f64| if is_needed { height } else { 0.0 };
        let (above, below, foot) = (taken(beyond.over, tip), taken(beyond.under, tip), taken(beyond.bad, square + gap));
        let bar = Rect { y: column.y + above, height: column.height - above - below - foot, ..column };
        Self {
            over: beyond.over.then_some(Rect { height: tip, ..column }),
            ramp: bar,
            under: beyond.under.then_some(Rect { y: bar.bottom(), height: tip, ..column }),
            bad: beyond.bad.then_some(Rect { y: column.bottom() - square, height: square, ..column }),
        }
    }
}
