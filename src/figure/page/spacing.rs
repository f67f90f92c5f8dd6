//! Spacing: how much of the page the parts of a figure take, and what that leaves to the panels.

use super::{
    arrangement::{Arrangement, LEGIBLE, LabelForm, PanelTitles},
    labels::label_step,
    title_line::TitleLines,
    widths::Widths,
};
use crate::figure::{
    Dpi, FigureError, FigureSpec, LabelRotation, PageSize, Unit,
    text::fonts::{ASCENT, DESCENT},
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
/// Height of a line in em: the tallest and the deepest glyph with a hair between them and the next line.
pub const LINE: f64 = ASCENT + DESCENT + 0.02;
/// Lines of the unmodified model's text at the foot of the page.
pub const FOOT_LINES: usize = 2;
/// sin 45°
pub const DIAGONAL: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// The size of ticks, labels, notes and numbers beside panel titles of `font` points: smaller, as long as it is legible.
pub fn small(font: f64) -> f64 {
    (0.875 * font).max(font.min(LEGIBLE))
}

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
    /// Of the panels' titles with their notes: in the first row, and in the others.
    pub panel_titles: [f64; 2],
    /// Left of the rows.
    pub row_head: f64,
    /// Between columns, where axis labels do not need more.
    least_gap_x: f64,
    pub gap_y: f64,
    pub metrics: f64,
    /// What the model writes under a panel.
    pub strip: f64,
    /// What the unmodified model writes, at the foot of the page.
    pub foot: f64,
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
    pub fn new(
        spec: &FigureSpec,
        arrangement: Arrangement,
        widths: &Widths<'_>,
        title: &TitleLines,
        dots: Dots,
    ) -> Self {
        let Arrangement { font, titles, labels, numbers } = arrangement;
        let line = |is_there: bool, height: f64| if is_there { height } else { 0.0 };
        let small = small(font);
        let note = line(widths.note > 0.0, LINE * small);
        let panel_title = LINE * font + 0.4 * font;
        let is_titled =
            |panels: &[crate::figure::PanelSpec]| panels.iter().any(|panel| !panel.title_as(titles).is_empty());
        let others = line(spec.panels.iter().skip(1).any(|row| is_titled(row)), panel_title);
        // The lines of the numbers, the last of which has room of its own.
        let n_lines = widths.n_numbers.div_ceil(numbers.max(1)) as f64;
        Self {
            dots,
            grid: [spec.panels.len() as f64, spec.panels[0].len() as f64],
            title: line(!title.lines.is_empty(), title.lines.len() as f64 * LINE * title.size + 0.75 * font),
            note,
            panel_titles: [panel_title + note, others + note],
            row_head: line(titles == PanelTitles::Heads && !spec.row_heads.is_empty(), LINE * font + 0.4 * font),
            least_gap_x: 1.5 * font,
            gap_y: 0.75 * font,
            metrics: line(n_lines > 0.0, n_lines * LINE * small + 0.3 * font),
            strip: spec.strip.as_ref().map_or(0.0, |strip| strip.lines as f64 * LINE * small + 0.3 * font),
            foot: line(spec.strip.is_some(), FOOT_LINES as f64 * LINE * small + 0.5 * font),
            bar_gap: 1.5 * font,
            bar_width: dots.snap(1.125 * font),
            tick_labels: TICK + TICK_GAP + widths.tick * small,
            caption: 0.5 * font + LINE * font,
            ticks: line(!spec.axis_labels.is_empty() && labels != LabelForm::Hidden, TICK + TICK_GAP),
            rotation: spec.label_rotation,
            widest_label: widths.labels(labels).1,
        }
    }

    /// Width of a caption with the gap behind it.
    pub fn caption(&self) -> f64 {
        self.caption
    }

    /// From the edge of the page to the panels, left of them.
    pub fn left(&self, label_size: f64) -> f64 {
        MARGIN + self.caption + self.row_head + self.widest_label * label_size + self.ticks
    }

    /// From the last panels to the lower edge of the content.
    pub fn below(&self, label_size: f64) -> f64 {
        self.ticks + self.key_extent(label_size) + self.metrics + self.strip + self.caption + self.foot + MARGIN
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
        [width, height]: [f64; 2],
        n_cells: f64,
        limits: PanelLimits,
    ) -> Result<(f64, f64), FigureError> {
        let [n_rows, n_columns] = self.grid;
        let titles = self.panel_titles[0] + (n_rows - 1.0) * self.panel_titles[1];
        let rows = MARGIN + self.title + titles + (n_rows - 1.0) * (self.gap_y + self.metrics + self.strip);
        let side = |label_size| {
            let across = width - self.left(label_size) - self.right() - (n_columns - 1.0) * self.gap_x(label_size);
            (across / n_columns).min((height - rows - self.below(label_size)) / n_rows)
        };
        let PanelLimits { largest_label, least_label, least_panel } = limits;
        // As small as lets every cell have a label, or a legible one for some of them.
        let dense = largest_label.min((side(largest_label) / n_cells / LINE).max(least_label));
        let is_dense = side(dense) / n_cells / LINE >= dense.min(least_label);
        let label_size = if is_dense { dense } else { largest_label.min(least_label.max(LEGIBLE)) };
        // A few dots for the rounding of places.
        let side = self.dots.snap_side(side(label_size) - self.dots.0, n_cells);
        if side < least_panel {
            return Err(FigureError::NoRoom { found: side.max(0.0), needed: least_panel });
        }
        let label_size = if is_dense { label_size.min((side / n_cells / LINE).max(least_label)) } else { label_size };
        Ok((side, label_size))
    }
}

/// What panels and the labels at their axes are held to, in points.
#[derive(Clone, Copy, Debug)]
pub struct PanelLimits {
    pub largest_label: f64,
    pub least_label: f64,
    pub least_panel: f64,
}
