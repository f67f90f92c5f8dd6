//! From a spec to a resolved figure.

use super::{
    arrangement::PanelTitles,
    geometry::{Geometry, StripPlaces},
    labels::BEYOND,
    spacing::{DIAGONAL, FOOT_LINES, LINE, TICK, TICK_GAP},
    ways::told,
};
use crate::figure::{
    Anchor, BarSpec, Detail, Figure, FigureError, FigureSpec, Ground, HeatmapItem, Item, LabelRotation, PanelSpec,
    Rect, Rgb, Text, Turn,
    data::metric::metric_line,
    text::{
        fonts::{ASCENT, MIDDLE},
        shaping::one_line,
        wrapping::wrap,
    },
};

/// Patterns of more positions than this are pictures in a vector file: shapes would make it slow to open.
const MOST_SHAPES: usize = 64;
/// The largest side of such a picture, which has a pixel for each cell; patterns of more are reduced.
const LARGEST_PICTURE: usize = 4096;

/// Places everything on the page.
///
/// # Errors
/// When the page has no room for the panels or the colour bar.
pub fn layout(spec: &FigureSpec) -> Result<Figure, FigureError> {
    let geometry = Geometry::new(spec)?;
    let mut page = PageItems { inks: Inks::on(spec.ground), line_width: geometry.line_width, items: Vec::new() };
    for (index, line) in geometry.title.iter().enumerate() {
        let [x, y] = geometry.title_at;
        let at = [x, y + index as f64 * LINE * geometry.title_size];
        page.text(line, at, geometry.title_size, Anchor::Middle, Turn::Level);
    }
    page.panels(spec, &geometry);
    page.axes(spec, &geometry);
    let has_room = page.strip(spec, &geometry);
    page.bar(&spec.bar, &geometry);
    let cut = (!has_room).then(|| "what the model writes is cut: it has no room in these lines".to_owned());
    Ok(Figure {
        name: name(spec),
        description: description(spec),
        width: geometry.width,
        height: geometry.height,
        ground: page.inks.ground,
        heatmaps: heatmaps(spec, &geometry),
        fonts: spec.fonts.clone(),
        items: page.items,
        arrangement: Some(geometry.arrangement),
        fitted: told(geometry.arrangement, spec).into_iter().chain(cut).collect(),
    })
}

/// The figure's title, or what it measures where it has none.
fn name(spec: &FigureSpec) -> String {
    one_line(if spec.title.trim().is_empty() { &spec.bar.label } else { &spec.title })
}

/// `Heat maps of Attention Weight by query position (down) and key position (across): …`, with each panel's title, limits
/// and numbers.
fn description(spec: &FigureSpec) -> String {
    let panel = |panel: &PanelSpec| {
        let metrics = metric_line(&panel.metrics);
        let text = if panel.text.is_empty() { String::new() } else { format!("the model writes “{}”", panel.text) };
        let parts = [&panel.title, &panel.note, &metrics, &text].map(|part| part.trim());
        let parts = parts.into_iter().map(str::to_owned);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    };
    let panels: Vec<String> = spec.panels.iter().flatten().map(panel).collect();
    let measured = &spec.bar.label;
    let baseline = spec
        .strip
        .as_ref()
        .map_or_else(String::new, |strip| format!("; unmodified the model writes “{}”", strip.baseline));
    one_line(&format!(
        "Heat maps of {measured} by query position (down) and key position (across): {}{baseline}",
        panels.join("; ")
    ))
}

/// The few colours that are no data.
pub struct Inks {
    /// `None`: transparent.
    pub ground: Option<Rgb>,
    pub text: Rgb,
    pub line: Rgb,
}

impl Inks {
    pub fn on(ground: Ground) -> Self {
        let [white, black] = [Rgb([255, 255, 255]), Rgb([22, 23, 26])];
        let on_light = Self { ground: Some(white), text: Rgb([24, 24, 28]), line: Rgb([90, 90, 98]) };
        match ground {
            Ground::Light => on_light,
            Ground::Transparent => Self { ground: None, ..on_light },
            Ground::Dark => Self { ground: Some(black), text: Rgb([228, 228, 232]), line: Rgb([140, 140, 150]) },
        }
    }
}

fn heatmaps(spec: &FigureSpec, geometry: &Geometry) -> Vec<HeatmapItem> {
    let panels = spec.panels.iter().flatten().zip(geometry.panels.iter().flatten());
    panels
        .map(|(panel, &rect)| {
            let n_positions = panel.measure.n_positions();
            let detail = if n_positions <= MOST_SHAPES {
                Detail::Shapes
            } else {
                Detail::Picture { side: n_positions.min(LARGEST_PICTURE) }
            };
            HeatmapItem { rect, measure: panel.measure.clone(), palette: panel.palette, detail }
        })
        .collect()
}

/// Items as they are added.
struct PageItems {
    inks: Inks,
    line_width: f64,
    items: Vec<Item>,
}

impl PageItems {
    fn text(&mut self, text: &str, at: [f64; 2], size: f64, anchor: Anchor, turn: Turn) {
        if !text.is_empty() {
            self.items.push(Item::Text(Text { text: text.to_owned(), at, size, anchor, turn, color: self.inks.text }));
        }
    }

    fn line(&mut self, from: [f64; 2], to: [f64; 2]) {
        self.items.push(Item::Line { from, to, width: self.line_width, color: self.inks.line });
    }

    /// Around the rectangle, not over it: the first column may be as thin as the line.
    fn frame(&mut self, rect: Rect) {
        let Rect { x, y, width, height } = rect;
        let line = self.line_width;
        let rect = Rect { x: x - line / 2.0, y: y - line / 2.0, width: width + line, height: height + line };
        self.items.push(Item::Frame { rect, width: line, color: self.inks.line });
    }

    fn panels(&mut self, spec: &FigureSpec, geometry: &Geometry) {
        let panels = spec.panels.iter().flatten().zip(geometry.panels.iter().flatten());
        for (panel, &rect) in panels {
            self.frame(rect);
            let at = [rect.center()[0], rect.y - geometry.panel_title_rise];
            let title = panel.title_as(geometry.arrangement.titles);
            self.text(title, at, geometry.panel_title_size, Anchor::Middle, Turn::Level);
            let at = [rect.center()[0], rect.y - geometry.note_rise];
            self.text(&panel.note, at, geometry.note_size, Anchor::Middle, Turn::Level);
        }
        let last = spec.panels.len() - 1;
        for (row, (panels, rects)) in spec.panels.iter().zip(&geometry.panels).enumerate() {
            let drop = if row == last { geometry.last_metrics_drop } else { geometry.metrics_drop };
            for (panel, rect) in panels.iter().zip(rects) {
                let lines = panel.metrics.chunks(geometry.arrangement.numbers.max(1)).map(metric_line);
                for (index, line) in lines.enumerate() {
                    let y = rect.bottom() + drop + index as f64 * LINE * geometry.metrics_size;
                    self.text(&line, [rect.center()[0], y], geometry.metrics_size, Anchor::Middle, Turn::Level);
                }
            }
        }
        if geometry.arrangement.titles == PanelTitles::Heads {
            for (head, rects) in spec.row_heads.iter().zip(&geometry.panels) {
                let Some(rect) = rects.first() else { continue };
                let at = [geometry.row_head_x, rect.center()[1]];
                self.text(head, at, geometry.row_head_size, Anchor::Middle, Turn::Upwards);
            }
        }
    }

    /// What the model writes under each panel, and unmodified at the foot of the page. Returns whether all of it has room.
    fn strip(&mut self, spec: &FigureSpec, geometry: &Geometry) -> bool {
        let Some(strip) = &spec.strip else { return true };
        let StripPlaces { size, drop, last_drop, foot, foot_width } = geometry.strip;
        let last = spec.panels.len() - 1;
        let mut has_room = true;
        for (row, (panels, rects)) in spec.panels.iter().zip(&geometry.panels).enumerate() {
            let drop = if row == last { last_drop } else { drop };
            for (panel, rect) in panels.iter().zip(rects) {
                let text = wrap(&panel.text, rect.width / size, strip.lines, &spec.fonts);
                has_room &= !text.is_cut;
                self.lines(&text.lines, [rect.x, rect.bottom() + drop], size);
            }
        }
        let text = wrap(&format!("Baseline: {}", strip.baseline), foot_width / size, FOOT_LINES, &spec.fonts);
        self.lines(&text.lines, foot, size);
        has_room && !text.is_cut
    }

    /// Lines one below the other, the first of which begins at `[x, y]`.
    fn lines(&mut self, lines: &[String], [x, y]: [f64; 2], size: f64) {
        for (index, line) in lines.iter().enumerate() {
            self.text(line, [x, y + index as f64 * LINE * size], size, Anchor::Start, Turn::Level);
        }
    }

    /// Query labels left of the outer left panels, key labels below the outer bottom panels, and what they are.
    fn axes(&mut self, spec: &FigureSpec, geometry: &Geometry) {
        let lefts: Vec<Rect> = geometry.panels.iter().filter_map(|row| row.first().copied()).collect();
        let lowest: &[Rect] = geometry.panels.last().map_or(&[], Vec::as_slice);
        let size = geometry.label_size;
        let middle = |position: usize| (position as f64 + 0.5) * geometry.cell;
        for (position, label) in geometry.labels.iter().enumerate().step_by(geometry.query_step) {
            for &Rect { x, y, .. } in &lefts {
                let y = y + middle(position);
                self.line([x - TICK, y], [x, y]);
                self.text(label, [x - TICK - TICK_GAP, y + MIDDLE * size], size, Anchor::End, Turn::Level);
            }
        }
        for (position, label) in geometry.labels.iter().enumerate().step_by(geometry.key_step) {
            for panel in lowest {
                let (x, y) = (panel.x + middle(position), panel.bottom());
                self.line([x, y], [x, y + TICK]);
                self.key_label(label, [x, y + TICK + TICK_GAP], size, spec.label_rotation);
            }
        }
        let (Some(first), Some(last)) = (lefts.first(), lowest.last()) else { return };
        let [x, y] = [f64::midpoint(first.x, last.right()), f64::midpoint(first.y, last.bottom())];
        let size = geometry.caption_size;
        self.text(geometry.query_caption, [geometry.query_caption_x, y], size, Anchor::Middle, Turn::Upwards);
        self.text(geometry.key_caption, [x, geometry.key_caption_y], size, Anchor::Middle, Turn::Level);
    }

    /// A label whose highest point is below `[x, y]`, where its tick ends.
    fn key_label(&mut self, label: &str, [x, y]: [f64; 2], size: f64, rotation: LabelRotation) {
        match rotation {
            LabelRotation::Upwards => self.text(label, [x + MIDDLE * size, y], size, Anchor::End, Turn::Upwards),
            LabelRotation::Slanted => {
                let at = [x + MIDDLE * DIAGONAL * size, y + ASCENT * DIAGONAL * size];
                self.text(label, at, size, Anchor::End, Turn::Slanted);
            }
            LabelRotation::Level => self.text(label, [x, y + ASCENT * size], size, Anchor::Middle, Turn::Level),
        }
    }

    fn bar(&mut self, spec: &BarSpec, geometry: &Geometry) {
        let bar = geometry.bar;
        let table = spec.colormap.table();
        let step = bar.height / table.colors.len() as f64;
        for (index, &fill) in table.colors.iter().rev().enumerate() {
            // Each step reaches under the next one, so that no viewer can show a seam.
            let y = bar.y + step * index as f64;
            let height = (2.0 * step).min(bar.bottom() - y);
            self.items.push(Item::Rect { rect: Rect { y, height, ..bar }, fill });
        }
        self.frame(bar);
        // A low bar has room for some of its ticks only.
        let mut free_below = f64::INFINITY;
        for tick in &spec.ticks {
            let y = bar.bottom() - bar.height * f64::from(tick.position);
            if free_below - y >= LINE * geometry.tick_size {
                self.bar_tick(&tick.label, y, geometry);
                free_below = y;
            }
        }
        let [less, more, nan] = BEYOND;
        if let Some(rect) = geometry.over {
            self.arrow([rect.x, rect.bottom()], rect, rect.y, table.over);
            self.bar_tick(more, rect.y + 0.2 * rect.height, geometry);
        }
        if let Some(rect) = geometry.under {
            self.arrow([rect.x, rect.y], rect, rect.bottom(), table.under);
            self.bar_tick(less, rect.y + 0.8 * rect.height, geometry);
        }
        if let Some(rect) = geometry.bad {
            self.items.push(Item::Rect { rect, fill: table.bad });
            self.frame(rect);
            self.bar_tick(nan, rect.center()[1], geometry);
        }
        let at = [geometry.bar_label_x, bar.center()[1]];
        self.text(&geometry.bar_label, at, geometry.bar_label_size, Anchor::Middle, Turn::Upwards);
    }

    /// A triangle from an end of the bar, beginning at `corner`, to `tip`: the colour of what lies beyond.
    fn arrow(&mut self, corner: [f64; 2], rect: Rect, tip: f64, fill: Rgb) {
        let corners = [corner, [rect.right(), corner[1]], [rect.center()[0], tip]];
        self.items.push(Item::Triangle { corners, fill });
        self.line(corners[0], corners[2]);
        self.line(corners[1], corners[2]);
    }

    fn bar_tick(&mut self, label: &str, y: f64, geometry: &Geometry) {
        let (x, size) = (geometry.bar.right(), geometry.tick_size);
        self.line([x, y], [x + TICK, y]);
        self.text(label, [x + TICK + TICK_GAP, y + MIDDLE * size], size, Anchor::Start, Turn::Level);
    }
}
