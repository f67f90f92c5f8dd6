//! Where everything stands on the page, in points.

use super::{
    Beyond, FigureError, FigureSpec, Rect,
    labels::{BEYOND, label_step},
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
/// Height of a line in em: the tallest and the deepest glyph with a hair between them and the next line.
const LINE: f64 = ASCENT + DESCENT + 0.02;

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
    pub note_size: f64,
    /// From the top of a panel up to the baseline of its note.
    pub note_rise: f64,
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
    /// Touches the bar from below, for the colour of lower values, where there are any.
    pub under: Option<Rect>,
    /// Touches the bar from above, for the colour of higher values, where there are any.
    pub over: Option<Rect>,
    /// Below all that, for the colour of what is not a number, where there is any.
    pub bad: Option<Rect>,
    pub tick_size: f64,
    /// Baseline of the colour bar's label, which reads upwards.
    pub bar_label_x: f64,
}

impl Geometry {
    pub(super) fn new(spec: &FigureSpec) -> Result<Self, FigureError> {
        let font = spec.font_size.points();
        let widest = Widest::measure(spec)?;
        let note_size = 0.875 * font;
        let note = if widest.note > 0.0 { LINE * note_size } else { 0.0 };
        let width = snap(points(spec.page.width_mm()));
        let page_height = spec.page.height_mm().map(|height| snap(points(height)));
        let title = Title::fit(&spec.title, 1.4 * font, width - 2.0 * MARGIN)?;
        let room = Room {
            title: if title.text.is_empty() { 0.0 } else { LINE * title.size + 0.75 * font },
            panel_title: LINE * font + 0.4 * font + note,
            gap_x: 1.5 * font,
            gap_y: 0.75 * font,
            bar_gap: 1.5 * font,
            bar_width: snap(1.125 * font),
            tick_labels: TICK + TICK_GAP + widest.tick * 0.875 * font,
            caption: 0.5 * font + LINE * font,
            ticks: if spec.axis_labels.is_empty() { 0.0 } else { TICK + TICK_GAP },
            widest_label: widest.axis_label,
        };
        let n_cells = spec.panels[0][0].measure.n_positions().max(1) as f64;
        let (side, label_size) = room.fit_panels(width, page_height, n_cells, 0.875 * font)?;
        let cell = side / n_cells;

        // What snapping, or a low page, has left over goes between the columns and around everything.
        let axis = snap(room.axis(label_size));
        let spare = (width - axis - room.right() - 2.0 * room.gap_x - 3.0 * side).max(0.0);
        let widened = spare.min(1.5 * font) / 3.0;
        let left = snap(axis + spare / 2.0 - 1.5 * widened);
        let column_pitch = snap(side + room.gap_x + widened);
        let row_pitch = snap(side + room.gap_y + room.panel_title);
        let above = snap(MARGIN + room.title + room.panel_title);
        let content_height = above + 2.0 * row_pitch + side + axis;
        let height = page_height.unwrap_or(content_height);
        let shift = snap((height - content_height).max(0.0) / 2.0);
        let panels = [0.0, 1.0, 2.0].map(|row| {
            [0.0, 1.0, 2.0].map(|column| Rect {
                x: left + column * column_pitch,
                y: shift + above + row * row_pitch,
                width: side,
                height: side,
            })
        });
        let (first, last) = (panels[0][0], panels[2][2]);
        let x = snap(last.right() + room.bar_gap + widened);
        let column = Rect { x, y: first.y, width: room.bar_width, height: last.bottom() - first.y };
        let Bar { over, ramp: bar, under, bad } = Bar::split(column, spec.bar.beyond);
        let half_title = title.width / 2.0;
        let title_x = f64::midpoint(first.x, last.right()).clamp(MARGIN + half_title, width - MARGIN - half_title);
        Ok(Self {
            width,
            height,
            title: title.text,
            title_size: title.size,
            title_at: [title_x, shift + MARGIN + ASCENT * title.size],
            panel_title_size: font.min((column_pitch - 0.5 * font) / widest.panel_title),
            panel_title_rise: (0.4 + DESCENT) * font + note,
            note_size: note_size.min((column_pitch - 0.5 * font) / widest.note.max(1.0)),
            note_rise: 0.4 * font + DESCENT * note_size,
            panels,
            cell,
            label_size,
            label_step: label_step(cell, LINE * label_size),
            caption_size: font,
            query_caption_x: left - axis + MARGIN + ASCENT * font,
            key_caption_y: last.bottom() + axis - MARGIN - DESCENT * font,
            bar,
            under,
            over,
            bad,
            tick_size: 0.875 * font,
            bar_label_x: bar.right() + room.tick_labels + 0.5 * font + ASCENT * font,
        })
    }
}

/// Space around and between the panels.
struct Room {
    title: f64,
    panel_title: f64,
    gap_x: f64,
    gap_y: f64,
    bar_gap: f64,
    bar_width: f64,
    tick_labels: f64,
    caption: f64,
    ticks: f64,
    /// In em.
    widest_label: f64,
}

impl Room {
    /// From the edge of the page to the panels, left of them and below.
    fn axis(&self, label_size: f64) -> f64 {
        MARGIN + self.caption + self.widest_label * label_size + self.ticks
    }

    /// From the panels to the right edge of the page.
    fn right(&self) -> f64 {
        self.bar_gap + self.bar_width + self.tick_labels + self.caption + MARGIN
    }

    /// Side of the panels and size of the axis labels. Labels depend on the cells and the cells on the room that
    /// labels leave: begin with large labels.
    fn fit_panels(
        &self,
        width: f64,
        height: Option<f64>,
        n_cells: f64,
        largest_label: f64,
    ) -> Result<(f64, f64), FigureError> {
        let rows = MARGIN + self.title + 3.0 * self.panel_title + 2.0 * self.gap_y;
        let side = |label_size| {
            let across = width - self.axis(label_size) - self.right() - 2.0 * self.gap_x;
            let down = height.map_or(f64::INFINITY, |height| height - rows - self.axis(label_size));
            across.min(down) / 3.0
        };
        let label_size = fit_label(largest_label, side(largest_label) / n_cells);
        // A few dots for the rounding of places.
        let side = snap_side(side(label_size) - DOT, n_cells);
        if side < SMALLEST_PANEL {
            return Err(FigureError::NoRoom { found: side.max(0.0), needed: SMALLEST_PANEL });
        }
        Ok((side, fit_label(label_size, side / n_cells)))
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
    fn split(column: Rect, beyond: Beyond) -> Self {
        let (tip, square) = (snap(1.5 * column.width), column.width);
        let gap = snap(0.75 * column.width);
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

/// Widths in em of the widest text of each kind.
struct Widest {
    panel_title: f64,
    note: f64,
    axis_label: f64,
    tick: f64,
}

impl Widest {
    fn measure(spec: &FigureSpec) -> Result<Self, FigureError> {
        let panels = spec.panels.as_flattened().iter();
        let [titles, notes]: [Vec<&str>; 2] = [
            panels.clone().map(|panel| panel.title.as_str()).collect(),
            panels.map(|panel| panel.note.as_str()).collect(),
        ];
        let mut ticks: Vec<&str> = spec.bar.ticks.iter().map(|tick| tick.label.as_str()).collect();
        if spec.bar.beyond != Beyond::default() {
            ticks.extend(BEYOND);
        }
        let axis_labels: Vec<&str> = spec.axis_labels.iter().map(String::as_str).collect();
        let widest = |texts: &[&str]| text::widths(texts).map(|widths| widths.into_iter().fold(0.0, f64::max));
        Ok(Self {
            panel_title: widest(&titles)?,
            note: widest(&notes)?,
            axis_label: widest(&axis_labels)?,
            tick: widest(&ticks)?,
        })
    }
}

/// The title on one line.
struct Title {
    text: String,
    size: f64,
    width: f64,
}

impl Title {
    /// Smaller where it is too long, and cut where that is not enough.
    fn fit(title: &str, size: f64, room: f64) -> Result<Self, FigureError> {
        let natural = text::width(title)? * size;
        let size = if natural > room { size * (room / natural).max(0.6) } else { size };
        let text = text::cut_to(title, room / size * (1.0 + 1e-9))?;
        let width = text::width(&text)? * size;
        Ok(Self { text, size, width: width.min(room) })
    }
}

/// The largest label up to `size` that fits beside every cell, but never an illegible one: then not every cell has one.
fn fit_label(size: f64, cell: f64) -> f64 {
    size.min((cell / LINE).max(SMALLEST_LABEL))
}

fn points(millimetres: f64) -> f64 {
    millimetres / 25.4 * 72.0
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
