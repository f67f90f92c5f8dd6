//! Where everything stands on the page, in points.

use super::{
    arrangement::{Arrangement, LEGIBLE},
    spacing::{Dots, LINE, MARGIN, PanelLimits, Spacing, small},
    title_line::TitleLines,
    ways::stages,
    widths::Widths,
};
use crate::figure::{
    Beyond, FigureError, FigureSpec, Fonts, Rect,
    text::{
        fonts::{ASCENT, DESCENT},
        shaping::{cut_to, width},
    },
};

/// The least height of the colour bar in lines of text.
const LOWEST_BAR: f64 = 2.5;
/// What stands along the query axis, as much of it as there is room for.
const QUERY_CAPTIONS: [&str; 3] = ["Query position", "Query", ""];
const KEY_CAPTIONS: [&str; 3] = ["Key position", "Key", ""];

/// Sizes and places of the parts of a figure.
#[derive(Debug)]
pub struct Geometry {
    pub width: f64,
    pub height: f64,
    /// Frames and ticks.
    pub line_width: f64,
    /// The way that was taken.
    pub arrangement: Arrangement,
    /// Whether every text is as large as it should be.
    pub is_legible: bool,
    pub title: Vec<String>,
    pub title_size: f64,
    /// Center of the baseline of the title's first line.
    pub title_at: [f64; 2],
    pub row_head_size: f64,
    /// Baseline of the rows' heads, which read upwards.
    pub row_head_x: f64,
    pub panel_title_size: f64,
    /// From the top of a panel up to its title's baseline.
    pub panel_title_rise: f64,
    pub note_size: f64,
    /// From the top of a panel up to the baseline of its note.
    pub note_rise: f64,
    pub metrics_size: f64,
    /// From the bottom of a panel down to the first baseline of its metrics.
    pub metrics_drop: f64,
    /// The same in the last row, where axis labels stand between.
    pub last_metrics_drop: f64,
    /// Of what the model writes.
    pub strip: StripPlaces,
    /// Rows from top to bottom.
    pub panels: Vec<Vec<Rect>>,
    pub cell: f64,
    pub label_size: f64,
    /// Cells from one query label to the next.
    pub query_step: usize,
    /// Cells from one key label to the next.
    pub key_step: usize,
    pub labels: Vec<String>,
    pub query_caption: &'static str,
    pub key_caption: &'static str,
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
    pub bar_label: String,
}

impl Geometry {
    /// As the figure fits its page best.
    ///
    /// # Errors
    /// When the page has no room for the panels or the colour bar, however it is laid out.
    pub fn new(spec: &FigureSpec) -> Result<Self, FigureError> {
        let widths = Widths::measure(spec);
        if let Some(arrangement) = spec.arrangement {
            return Self::arranged(spec, &widths, arrangement, 0.0);
        }
        let mut refusal = None;
        for stage in stages(spec) {
            for arrangement in &stage.ways {
                match Self::arranged(spec, &widths, *arrangement, stage.least_panel(arrangement.font)) {
                    Ok(geometry) if geometry.is_legible || stage.may_squeeze => return Ok(geometry),
                    Ok(_) => {}
                    Err(error) => refusal = Some(error),
                }
            }
        }
        // The last stage squeezes what it lays out: that it came here is that it was refused.
        Err(refusal.unwrap_or(FigureError::NoRoom { found: 0.0, needed: 0.0 }))
    }

    fn arranged(
        spec: &FigureSpec,
        widths: &Widths<'_>,
        arrangement: Arrangement,
        least_panel: f64,
    ) -> Result<Self, FigureError> {
        let font = arrangement.font;
        let dots = Dots::of(spec.page, spec.dpi);
        let width = dots.snap(spec.page.points(spec.page.width(), spec.dpi));
        let page_height = spec.page.height().map(|height| dots.snap(spec.page.points(height, spec.dpi)));
        let title = TitleLines::fit(&spec.title, [1.4 * font, font], width - 2.0 * MARGIN, &spec.fonts);
        let spacing = Spacing::new(spec, arrangement, widths, &title, dots);
        let n_cells = spec.panels[0][0].measure.n_positions().max(1) as f64;
        let limits = PanelLimits { largest_label: small(font), least_label: spec.least_text.points(), least_panel };
        let room = [width, page_height.unwrap_or(f64::INFINITY)];
        let (side, label_size) = spacing.fit_panels(room, n_cells, limits)?;
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
        let row_pitch = dots.snap(side + spacing.metrics + spacing.strip + spacing.gap_y + spacing.panel_titles[1]);
        let above = dots.snap(MARGIN + spacing.title + spacing.panel_titles[0]);
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
        let top = shift + MARGIN + spacing.title;
        let of_panels = Rect { x, y: first.y, width: spacing.bar_width, height: last.bottom() - first.y };
        // Beside a row of small panels it is higher than they are.
        let of_page = Rect { y: top, height: height - MARGIN - top, ..of_panels };
        let Bar { over, ramp: bar, under, bad } =
            Bar::fit([of_panels, of_page], spec.bar.beyond, dots, LOWEST_BAR * LINE * small(font))?;
        let half_title = title.width / 2.0;
        let title_x = f64::midpoint(first.x, last.right()).clamp(MARGIN + half_title, width - MARGIN - half_title);
        // Centered on what they are of, and no longer than reaches the nearer edge of the page.
        let reach = |middle: f64| 2.0 * (middle - top).min(height - MARGIN - middle);
        let bar_label_room = reach(bar.center()[1]);
        let bar_label_size = font.min((bar_label_room / widths.bar_label.max(1.0)).max(font.min(LEGIBLE)));
        let rows_middle = f64::midpoint(first.y, last.bottom());
        let columns_middle = f64::midpoint(first.x, last.right());
        let columns_reach = 2.0 * (columns_middle - MARGIN).min(width - MARGIN - columns_middle);
        let caption = |captions, room: f64| fitting(captions, room / font, &spec.fonts);
        let fit = |size: f64, widest: f64| size.min((column_pitch - 0.5 * font) / widest.max(1.0));
        let axis_below = spacing.ticks + spacing.key_extent(label_size);
        let metrics_size = fit(small(font), widths.metrics(arrangement.numbers));
        let note_size = fit(small(font), widths.note);
        let panel_title_size = fit(font, widths.panel_titles[arrangement.titles.index()]);
        let row_head_size = font.min((row_pitch.max(side) - 0.25 * font) / widths.row_head.max(1.0));
        let foot_left = left - left_axis + MARGIN;
        let bar_right = bar.right() + spacing.tick_labels + spacing.caption();
        let query_caption_x = foot_left + ASCENT * font;
        let geometry = Self {
            width,
            height,
            line_width: dots.line_width(),
            arrangement,
            is_legible: true,
            title: title.lines,
            title_size: title.size,
            title_at: [title_x, shift + MARGIN + ASCENT * title.size],
            row_head_size,
            row_head_x: query_caption_x + spacing.caption(),
            panel_title_size,
            panel_title_rise: (0.4 + DESCENT) * font + spacing.note,
            note_size,
            note_rise: 0.4 * font + DESCENT * small(font),
            metrics_size,
            metrics_drop: 0.3 * font + ASCENT * metrics_size,
            last_metrics_drop: axis_below + 0.3 * font + ASCENT * metrics_size,
            strip: StripPlaces::new(&spacing, font, axis_below, [foot_left, last.bottom() + below], bar_right),
            cell,
            label_size,
            query_step: Spacing::query_step(cell, label_size),
            key_step: spacing.key_step(cell, label_size),
            labels: widths.labels(arrangement.labels).0.to_vec(),
            query_caption: caption(QUERY_CAPTIONS, reach(rows_middle)),
            key_caption: caption(KEY_CAPTIONS, columns_reach),
            caption_size: font,
            query_caption_x,
            key_caption_y: last.bottom() + below - MARGIN - spacing.foot - DESCENT * font,
            panels,
            bar,
            under,
            over,
            bad,
            tick_size: small(font),
            bar_label_x: bar.right() + spacing.tick_labels + 0.5 * font + ASCENT * font,
            bar_label_size,
            bar_label: cut_to(&spec.bar.label, bar_label_room / bar_label_size * (1.0 + 1e-9), &spec.fonts),
        };
        Ok(Self { is_legible: geometry.is_legible(widths, spacing.row_head > 0.0), ..geometry })
    }

    /// Whether titles have their size, and the rest what can be read.
    fn is_legible(&self, widths: &Widths<'_>, has_row_heads: bool) -> bool {
        let font = self.arrangement.font - 1e-9;
        let least = font.min(LEGIBLE - 1e-9);
        self.panel_title_size >= font
            && (!has_row_heads || self.row_head_size >= font)
            && (widths.note == 0.0 || self.note_size >= least)
            && (widths.n_numbers == 0 || self.metrics_size >= least)
    }
}

/// The first of the texts that is no wider than `em`; nothing where none is.
fn fitting(texts: [&'static str; 3], em: f64, fonts: &Fonts) -> &'static str {
    texts.into_iter().find(|text| width(text, fonts) <= em).unwrap_or_default()
}

/// Where what the model writes stands.
#[derive(Debug, Clone, Copy)]
pub struct StripPlaces {
    pub size: f64,
    /// From the bottom of a panel down to the first baseline under it.
    pub drop: f64,
    /// The same in the last row, where axis labels stand between.
    pub last_drop: f64,
    /// Start of the first baseline at the foot of the page, of what the unmodified model writes.
    pub foot: [f64; 2],
    /// How wide that may be.
    pub foot_width: f64,
}

impl StripPlaces {
    /// The foot ends above `bottom`, and `right` of its start.
    fn new(spacing: &Spacing, font: f64, axis_below: f64, [left, bottom]: [f64; 2], right: f64) -> Self {
        let size = small(font);
        let drop = spacing.metrics + 0.3 * font + ASCENT * size;
        let foot = [left, bottom - MARGIN - spacing.foot + 0.5 * font + ASCENT * size];
        Self { size, drop, last_drop: axis_below + drop, foot, foot_width: right - left }
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
    /// In the first of the columns in which its colours are as high as they must be.
    fn fit(columns: [Rect; 2], beyond: Beyond, dots: Dots, least: f64) -> Result<Self, FigureError> {
        let mut found = 0.0_f64;
        for column in columns {
            let bar = Self::split(column, beyond, dots);
            if bar.ramp.height >= least {
                return Ok(bar);
            }
            found = found.max(bar.ramp.height);
        }
        Err(FigureError::NoRoomForBar { found, needed: least })
    }

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
