//! Where everything stands on the page, in points.

use super::{
    FigureError, FigureSpec, Rect,
    labels::label_step,
    text::{self, ASCENT, DESCENT},
};

/// The grid that panels and lines are aligned to, 1/300 inch: at 300 dpi, or a multiple, every cell has the same whole
/// number of pixels and every line is sharp.
pub(super) const DOT: f64 = 72.0 / 300.0;
/// Around everything.
const MARGIN: f64 = 6.0;
/// Length of a tick.
pub(super) const TICK: f64 = 8.0 * DOT;
/// Between a tick and its label.
pub(super) const TICK_GAP: f64 = 1.6;
/// Panels smaller than this show nothing.
const SMALLEST_PANEL: f64 = 36.0;
/// Token labels never get smaller than this, or the font size if that is smaller: below 5 points print is illegible.
const SMALLEST_LABEL: f64 = 5.0;
/// Height of a line from the top of the tallest letter to the bottom of the deepest, in em.
const LINE: f64 = ASCENT + DESCENT;

/// Sizes and places of the parts of a figure.
#[derive(Debug)]
pub(super) struct Geometry {
    pub width: f64,
    pub height: f64,
    pub title: String,
    pub title_size: f64,
    /// Center of the title's baseline.
    pub title_at: [f64; 2],
    pub panel_title_size: f64,
    /// From the top of a panel up to its title's baseline.
    pub panel_title_rise: f64,
    /// `[component][column]`
    pub panels: [[Rect; 3]; 3],
    pub cell: f64,
    pub label_size: f64,
    /// Cells from one axis label to the next.
    pub label_step: usize,
    pub caption_size: f64,
    /// Baseline of the caption along the query axis, which reads upwards.
    pub query_caption_x: f64,
    /// Baseline of the caption along the key axis.
    pub key_caption_y: f64,
    pub bar: Rect,
    pub tick_size: f64,
    /// Baseline of the colour bar's label, which reads upwards.
    pub bar_label_x: f64,
}

impl Geometry {
    pub(super) fn new(spec: &FigureSpec, tick_labels: &[String]) -> Result<Self, FigureError> {
        let font = spec.font_size.points();
        let widest = Widest::measure(spec, tick_labels)?;
        let n_cells = spec.panels[0][0].pattern.n_positions().max(1) as f64;

        let width = snap(spec.page.width_mm() / 25.4 * 72.0);
        let (caption_size, tick_size) = (font, 0.875 * font);
        let (title_size, title) = fit_title(&spec.title, 1.4 * font, width - 2.0 * MARGIN)?;
        let title_block = if title.is_empty() { 0.0 } else { LINE * title_size + 0.75 * font };
        let (gap_x, gap_y, gap_bar) = (1.5 * font, 0.75 * font, 1.5 * font);
        let bar_width = snap(1.125 * font);
        let right =
            gap_bar + bar_width + TICK + TICK_GAP + widest.tick * tick_size + 0.5 * font + LINE * caption_size + MARGIN;
        let panel_title_block = LINE * font + 0.4 * font;

        // Axis labels depend on the cells and the cells on the room that labels leave: begin with large labels.
        let ticks = if spec.axis_labels.is_empty() { 0.0 } else { TICK + TICK_GAP };
        let mut label_size = 0.875 * font;
        let mut side = 0.0;
        for _ in 0..2 {
            let axis = MARGIN + LINE * caption_size + 0.5 * font + widest.axis_label * label_size + ticks;
            let across = (width - axis - right - 2.0 * gap_x) / 3.0;
            let down = spec.page.height_mm().map_or(f64::INFINITY, |height| {
                let rows = 3.0 * panel_title_block + 2.0 * gap_y;
                (height / 25.4 * 72.0 - MARGIN - title_block - rows - axis) / 3.0
            });
            side = across.min(down);
            if side < SMALLEST_PANEL {
                return Err(FigureError::NoRoom { found: side.max(0.0), needed: SMALLEST_PANEL });
            }
            label_size = label_size.min((side / n_cells / LINE).max(SMALLEST_LABEL.min(label_size)));
        }
        let side = snap_side(side, n_cells);
        let cell = side / n_cells;

        let axis_block = snap(MARGIN + LINE * caption_size + 0.5 * font + widest.axis_label * label_size + ticks);
        // What snapping, or a low page, has left over goes between the columns and around them.
        let spare = (width - axis_block - right - 2.0 * gap_x - 3.0 * side).max(0.0);
        let widened = spare.min(1.5 * font);
        let left = snap(axis_block + (spare - widened) / 2.0);
        let column_pitch = snap(side + gap_x + widened / 3.0);
        let top = snap(MARGIN + title_block + panel_title_block);
        let row_pitch = snap(side + gap_y + panel_title_block);
        let panels = [0.0, 1.0, 2.0].map(|row| {
            [0.0, 1.0, 2.0].map(|column| Rect {
                x: left + column * column_pitch,
                y: top + row * row_pitch,
                width: side,
                height: side,
            })
        });
        let last = panels[2][2];
        let bar = Rect {
            x: snap(last.right() + gap_bar + widened / 3.0),
            y: top,
            width: bar_width,
            height: last.bottom() - top,
        };
        let content_height = last.bottom() + axis_block;
        let panel_title_room = side + gap_x + widened / 3.0 - 0.5 * font;
        Ok(Self {
            width,
            height: snap(spec.page.height_mm().map_or(content_height, |height| height / 25.4 * 72.0)),
            title,
            title_size,
            title_at: [(panels[0][0].x + last.right()) / 2.0, MARGIN + ASCENT * title_size],
            panel_title_size: font.min(panel_title_room / widest.panel_title),
            panel_title_rise: (0.4 + DESCENT) * font,
            panels,
            cell,
            label_size,
            label_step: label_step(cell, LINE * label_size),
            caption_size,
            query_caption_x: left - axis_block + MARGIN + ASCENT * caption_size,
            key_caption_y: last.bottom() + axis_block - MARGIN - DESCENT * caption_size,
            bar,
            tick_size,
            bar_label_x: bar.right() + TICK + TICK_GAP + widest.tick * tick_size + 0.5 * font + ASCENT * caption_size,
        })
    }
}

/// Widths in em of the widest text of each kind.
struct Widest {
    panel_title: f64,
    axis_label: f64,
    tick: f64,
}

impl Widest {
    fn measure(spec: &FigureSpec, tick_labels: &[String]) -> Result<Self, FigureError> {
        let panel_titles = spec.panels.as_flattened().iter().map(|panel| panel.title.as_str());
        let texts: Vec<&str> =
            panel_titles.chain(tick_labels.iter().chain(&spec.axis_labels).map(String::as_str)).collect();
        let widths = text::widths(&texts)?;
        let widest = |widths: &[f64]| widths.iter().copied().fold(0.0, f64::max);
        let (panel_titles, labels) = widths.split_at(9);
        let (ticks, axis_labels) = labels.split_at(tick_labels.len());
        Ok(Self { panel_title: widest(panel_titles), axis_label: widest(axis_labels), tick: widest(ticks) })
    }
}

/// The title on one line: smaller where it is too long, and cut where that is not enough.
fn fit_title(title: &str, size: f64, room: f64) -> Result<(f64, String), FigureError> {
    let natural = text::widths(&[title])?[0] * size;
    let size = if natural > room { size * (room / natural).max(0.6) } else { size };
    Ok((size, text::cut_to(title, room / size)?))
}

/// To the nearest dot.
pub(super) fn snap(length: f64) -> f64 {
    (length / DOT).round() * DOT
}

/// The largest side of a panel whose cells are whole dots, where that costs at most an eighth; else whole dots for
/// the panel alone, and its cells differ by one.
fn snap_side(side: f64, n_cells: f64) -> f64 {
    let dots = (side / DOT).floor();
    let even = (dots / n_cells).floor() * n_cells;
    if even >= 0.875 * dots { even * DOT } else { dots * DOT }
}
