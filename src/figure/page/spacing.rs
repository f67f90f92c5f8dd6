//! Spacing: how much of the page the parts of a figure take, and what that leaves to the panels.

use super::{
    labels::{BEYOND, label_step},
    title_line::TitleLine,
};
use crate::figure::{
    Beyond, Dpi, FigureError, FigureSpec, LabelRotation, PageSize, Unit,
    text::{
        fonts::{ASCENT, DESCENT},
        shaping::{self, widest},
    },
};

/// The grid that panels and lines of a page in millimetres are aligned to, 1/300 inch: at 300 dpi, or a multiple, every
/// cell has the same whole number of pixels and every line is sharp.
const DOT: f64 = 72.0 / 300.0;
/// Around everything.
pub const MARGIN: f64 = 6.0;
/// Length of a tick.
pub const TICK: f64 = 8.0 * DOT;
/// Between a tick and its label.
pub const TICK_GAP: f64 = 1.6;
/// Width of frames and ticks, about.
const LINE_WIDTH: f64 = 2.0 * DOT;
/// Panels smaller than this show nothing.
const SMALLEST_PANEL: f64 = 36.0;
/// Token labels never get smaller than this, or the font size if that is smaller: below 5 points print is illegible.
const SMALLEST_LABEL: f64 = 5.0;
/// Height of a line in em: the tallest and the deepest glyph with a hair between them and the next line.
pub const LINE: f64 = ASCENT + DESCENT + 0.02;
/// sin 45°
pub const DIAGONAL: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// The grid of a page: its smallest step in points.
#[derive(Clone, Copy, Debug)]
pub struct Dots(f64);

impl Dots {
    /// The pixels themselves, where the page is measured in them.
    pub fn of(page: PageSize, dpi: Dpi) -> Self {
        match page.unit() {
            Unit::Millimetres => Self(DOT),
            Unit::Pixels => Self(72.0 / f64::from(dpi.get())),
        }
    }

    /// To the nearest dot.
    pub fn snap(self, length: f64) -> f64 {
        (length / self.0).round() * self.0
    }

    /// Whole dots.
    pub fn line_width(self) -> f64 {
        self.snap(LINE_WIDTH).max(self.0)
    }

    /// The largest side of a panel whose cells are whole dots, where that costs at most an eighth; else whole dots for
    /// the panel alone, and its cells differ by one.
    fn snap_side(self, side: f64, n_cells: f64) -> f64 {
        let dots = (side / self.0).floor();
        let even = (dots / n_cells).floor() * n_cells;
        if even >= 0.875 * dots { even * self.0 } else { dots * self.0 }
    }
}

/// Space around and between the panels.
pub struct Spacing {
    dots: Dots,
    /// Rows and columns of panels.
    pub grid: [f64; 2],
    pub title: f64,
    pub note: f64,
    /// With its note.
    pub panel_title: f64,
    /// Between columns, where axis labels do not need more.
    least_gap_x: f64,
    pub gap_y: f64,
    pub metrics: f64,
    pub bar_gap: f64,
    pub bar_width: f64,
    pub tick_labels: f64,
    caption: f64,
    pub ticks: f64,
    rotation: LabelRotation,
    /// In em.
    widest_label: f64,
}

impl Spacing {
    pub fn new(spec: &FigureSpec, widest: &Widest, title: &TitleLine, dots: Dots) -> Self {
        let font = spec.font_size.points();
        let line = |is_there: bool, height: f64| if is_there { height } else { 0.0 };
        let note = line(widest.note > 0.0, LINE * 0.875 * font);
        Self {
            dots,
            grid: [spec.panels.len() as f64, spec.panels[0].len() as f64],
            title: line(!title.text.is_empty(), LINE * title.size + 0.75 * font),
            note,
            panel_title: LINE * font + 0.4 * font + note,
            least_gap_x: 1.5 * font,
            gap_y: 0.75 * font,
            metrics: line(widest.metrics > 0.0, LINE * 0.875 * font + 0.3 * font),
            bar_gap: 1.5 * font,
            bar_width: dots.snap(1.125 * font),
            tick_labels: TICK + TICK_GAP + widest.tick * 0.875 * font,
            caption: 0.5 * font + LINE * font,
            ticks: line(!spec.axis_labels.is_empty(), TICK + TICK_GAP),
            rotation: spec.label_rotation,
            widest_label: widest.axis_label,
        }
    }

    /// From the edge of the page to the panels, left of them.
    pub fn left(&self, label_size: f64) -> f64 {
        MARGIN + self.caption + self.widest_label * label_size + self.ticks
    }

    /// From the last panels to the lower edge of the content.
    pub fn below(&self, label_size: f64) -> f64 {
        self.ticks + self.key_extent(label_size) + self.metrics + self.caption + MARGIN
    }

    /// From the panels to the right edge of the page.
    pub fn right(&self) -> f64 {
        self.bar_gap + self.bar_width + self.tick_labels + self.caption + MARGIN
    }

    /// Between two columns: level key labels may reach beyond their panels.
    pub fn gap_x(&self, label_size: f64) -> f64 {
        match self.rotation {
            LabelRotation::Level if self.ticks > 0.0 => self.least_gap_x.max((self.widest_label + 0.5) * label_size),
            LabelRotation::Level | LabelRotation::Upwards | LabelRotation::Slanted => self.least_gap_x,
        }
    }

    /// Height of the key labels.
    pub fn key_extent(&self, label_size: f64) -> f64 {
        if self.ticks == 0.0 {
            return 0.0;
        }
        label_size
            * match self.rotation {
                LabelRotation::Upwards => self.widest_label,
                LabelRotation::Slanted => (self.widest_label + ASCENT + DESCENT) * DIAGONAL,
                LabelRotation::Level => ASCENT + DESCENT,
            }
    }

    pub fn query_step(cell: f64, label_size: f64) -> usize {
        label_step(cell, LINE * label_size)
    }

    pub fn key_step(&self, cell: f64, label_size: f64) -> usize {
        match self.rotation {
            LabelRotation::Upwards => label_step(cell, LINE * label_size),
            // Lines side by side are a line's height apart, not their anchors.
            LabelRotation::Slanted => label_step(cell * DIAGONAL, LINE * label_size),
            LabelRotation::Level => label_step(cell, (self.widest_label + 0.5) * label_size),
        }
    }

    /// Side of the panels and size of the axis labels. Labels depend on the cells and the cells on the room that
    /// labels leave: begin with large labels.
    pub fn fit_panels(
        &self,
        width: f64,
        height: Option<f64>,
        n_cells: f64,
        largest_label: f64,
    ) -> Result<(f64, f64), FigureError> {
        let [n_rows, n_columns] = self.grid;
        let rows = MARGIN + self.title + n_rows * self.panel_title + (n_rows - 1.0) * (self.gap_y + self.metrics);
        let side = |label_size| {
            let across = width - self.left(label_size) - self.right() - (n_columns - 1.0) * self.gap_x(label_size);
            let down = height.map_or(f64::INFINITY, |height| height - rows - self.below(label_size));
            (across / n_columns).min(down / n_rows)
        };
        let label_size = fit_label(largest_label, side(largest_label) / n_cells);
        // A few dots for the rounding of places.
        let side = self.dots.snap_side(side(label_size) - self.dots.0, n_cells);
        if side < SMALLEST_PANEL {
            return Err(FigureError::NoRoom { found: side.max(0.0), needed: SMALLEST_PANEL });
        }
        Ok((side, fit_label(label_size, side / n_cells)))
    }
}

/// Widths in em of the widest text of each kind.
pub struct Widest {
    pub panel_title: f64,
    pub note: f64,
    pub metrics: f64,
    pub axis_label: f64,
    pub tick: f64,
    pub bar_label: f64,
}

impl Widest {
    pub fn measure(spec: &FigureSpec) -> Self {
        let panels = || spec.panels.iter().flatten();
        let ticks = spec.bar.ticks.iter().map(|tick| tick.label.as_str());
        let beyond = BEYOND.into_iter().filter(|_| spec.bar.beyond != Beyond::default());
        let fonts = &spec.fonts;
        Self {
            panel_title: widest(panels().map(|panel| panel.title.as_str()), fonts),
            note: widest(panels().map(|panel| panel.note.as_str()), fonts),
            metrics: widest(panels().map(|panel| panel.metrics.as_str()), fonts),
            axis_label: widest(spec.axis_labels.iter().map(String::as_str), fonts),
            tick: widest(ticks.chain(beyond), fonts),
            bar_label: shaping::width(&spec.bar.label, fonts),
        }
    }
}

/// The largest label up to `size` that fits beside every cell, but never an illegible one: then not every cell has one.
fn fit_label(size: f64, cell: f64) -> f64 {
    size.min((cell / LINE).max(SMALLEST_LABEL))
}
