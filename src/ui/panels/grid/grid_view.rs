//! The panels with their titles, labels and colour bar.

use std::sync::Arc;

use egui::{Align2, Color32, FontId, Rect, Sense, TextStyle, Ui, vec2};

use super::{
    colorbar,
    grid_layout::{GridLayout, GridNeeds},
    hover_card,
    hovered::Hovered,
    textures::PanelTextures,
};
use crate::{
    attention::{Grid, PanelId, SinkQueries},
    engine::{Outcome, Token},
    figure::{self, Keep, Quantity},
    session::{Cell, Command, Session},
    ui::{
        jobs::pictures::{Details, Frame},
        numbers::{self, CellNumbers},
        panels::tour::{Landmark, mark},
        shell::action::Actions,
        theme::{self, space},
        widgets::{AxisLabels, AxisSide, CellWindow, Freshness, Heatmap, HeatmapResponse, HoverCard},
    },
};

/// Labels take at most this much of the area's width or height.
const LABEL_SHARE: f32 = 0.14;
/// Between a panel's title and its picture: room for the outline of the selection.
const TITLE_GAP: f32 = 5.0;
const MARGIN: f32 = space::M;

/// What the grid remembers between frames.
#[derive(Default)]
pub struct GridState {
    pub textures: PanelTextures,
    hovered: Option<Hovered>,
    /// Side of a panel in pixels, once it is known.
    side: Option<usize>,
    label_sizes: Option<LabelSizes>,
}

/// Measured once for a prompt and a font.
struct LabelSizes {
    tokens: Arc<[Token]>,
    font: FontId,
    widest: f32,
}

impl GridState {
    pub fn hovered(&self) -> Option<&Hovered> {
        self.hovered.as_ref()
    }

    /// Width and height of a panel in pixels.
    pub fn picture_size(&self) -> Option<[usize; 2]> {
        self.side.map(|side| [side, side])
    }

    fn widest_label(&mut self, ui: &Ui, frame: &Frame) -> f32 {
        let (tokens, font) = (&frame.outcome.tokens, TextStyle::Small.resolve(ui.style()));
        match &self.label_sizes {
            Some(sizes) if Arc::ptr_eq(&sizes.tokens, tokens) && sizes.font == font => sizes.widest,
            _ => {
                let width = |text: &str| {
                    let text = figure::token_label(text);
                    ui.painter().layout_no_wrap(text, font.clone(), Color32::PLACEHOLDER).size().x
                };
                let widest = tokens.iter().map(|token| width(&token.text)).fold(0.0, f32::max) + space::S;
                self.label_sizes = Some(LabelSizes { tokens: tokens.clone(), font, widest });
                widest
            }
        }
    }
}

/// How the panels of one frame are drawn.
struct Scene<'a> {
    session: &'a Session,
    frame: &'a Frame,
    details: Option<&'a Details>,
    window: CellWindow,
    freshness: Grid<Freshness>,
    crosshair: Option<Cell>,
}

/// Paints the grid into all the room there is and turns gestures into actions.
pub fn grid_ui(
    ui: &mut Ui,
    state: &mut GridState,
    session: &Session,
    frame: &Frame,
    details: Option<&Details>,
    freshness: Grid<Freshness>,
    actions: &mut Actions,
) {
    let area = ui.available_rect_before_wrap().shrink(MARGIN);
    ui.allocate_rect(area, Sense::hover());
    let n_positions = frame.outcome.n_positions();
    let whole = CellWindow::whole(n_positions);
    let window = session.view().window.map_or(whole, CellWindow::from);
    let widest = state.widest_label(ui, frame);
    let panels = panels(session, frame);
    let needs = GridNeeds {
        panels: [panels.len(), panels.first().map_or(1, Vec::len)],
        cells: (window == whole).then_some(n_positions),
        left_labels: widest.min(area.width() * LABEL_SHARE),
        bottom_labels: widest.min(area.height() * LABEL_SHARE),
        panel_title: ui.text_style_height(&TextStyle::Body) + TITLE_GAP + 2.0,
        title: ui.text_style_height(&TextStyle::Heading) + space::S,
        colorbar: colorbar::WIDTH,
        bare_colorbar: colorbar::BARE_WIDTH,
        pixels_per_point: ui.pixels_per_point(),
    };
    let layout = GridLayout::new(area, &needs);
    state.side = Some(layout.side_pixels(ui.pixels_per_point()));

    mark_panels(ui, &layout);

    let hovered = state.hovered.map(|hovered| hovered.cell);
    let scene = Scene { session, frame, details, window, freshness, crosshair: hovered };
    let pictured = frame.pictures.quantity();
    title_ui(ui, &figure::outcome_title(&frame.outcome, pictured, frame.outcome.shape().rows()), layout.title);
    let titles = TitleStyle::fitting(ui, &frame.outcome, &layout);
    let mut now_hovered = None;
    let places = layout.panels.iter().flatten().zip(layout.panel_titles.iter().flatten());
    for (&panel, (&rect, &title)) in panels.iter().flatten().zip(places) {
        panel_title_ui(ui, &scene, titles, panel, title, actions);
        let response = panel_ui(ui, state, &scene, panel, rect);
        gestures(&scene, &response, panel, actions);
        if let (Some(cell), Some(pointer)) = (response.hovered, ui.ctx().pointer_latest_pos())
            && scene.freshness[panel] != Freshness::Awaited
        {
            let cell_rect = window.rect_of(cell, response.picture);
            let row = Rect::from_x_y_ranges(response.picture.x_range(), cell_rect.y_range());
            let numbers = CellNumbers::of(&frame.outcome, panel, cell);
            let behind = behind(&scene, panel, cell);
            now_hovered = Some(Hovered { panel, cell, numbers, behind, pointer, row });
        }
    }
    if now_hovered.map(|hovered| hovered.cell) != hovered {
        // The other panels' crosshairs were drawn for the old cell.
        ui.ctx().request_repaint();
    }
    state.hovered = now_hovered;
    if !layout.is_bare {
        labels_ui(ui, &scene, &layout);
    }
    let spoken_of = state.hovered().map_or_else(|| session.selected(), |hovered| hovered.panel);
    let at = (frame.outcome.shape().nearest(spoken_of), scene.crosshair.or(session.pinned()));
    colorbar::colorbar_ui(ui, frame, at, layout.colorbar, layout.is_bare);
    if let Some(hovered) = state.hovered() {
        HoverCard { pointer: hovered.pointer, row: hovered.row }.show(
            ui.ctx(),
            ui.scope_id().with("hover card"),
            |ui| hover_card::contents_ui(ui, &frame.outcome, frame.pictures.quantity(), hovered),
        );
    }
}

/// The panels on screen, row by row: those of the frame, or the one that is shown alone.
fn panels(session: &Session, frame: &Frame) -> Vec<Vec<PanelId>> {
    let shape = frame.outcome.shape();
    if let Some(panel) = session.view().solo {
        return vec![vec![shape.nearest(panel)]];
    }
    let row = |component| shape.columns().map(move |column| PanelId { component, column }).collect();
    shape.rows().iter().map(row).collect()
}

/// What the pixel of a cell shows, and of how many queries and keys.
fn behind(scene: &Scene<'_>, panel: PanelId, cell: Cell) -> (Keep, [usize; 2]) {
    let Frame { pictures, looks, outcome, .. } = scene.frame;
    let measure = &pictures.panels[panel].measure;
    let n_positions = outcome.n_positions();
    let window = looks.picture.window.unwrap_or_else(|| figure::Window::whole(n_positions));
    let behind = figure::cells_behind(window, looks.picture.size, n_positions, [cell.query, cell.key]);
    (Keep::of(measure.quantity(), measure.pooling()), behind)
}

/// For the tour: all panels with their titles, and the first of them.
fn mark_panels(ui: &Ui, layout: &GridLayout) {
    let panels = || layout.panels.iter().chain(&layout.panel_titles).flatten();
    mark(ui, Landmark::Grid, panels().fold(Rect::NOTHING, |all, rect| all.union(*rect)));
    if let Some(&first) = panels().next() {
        mark(ui, Landmark::Panel, first);
    }
}

fn title_ui(ui: &Ui, title: &str, rect: Rect) {
    let color = theme::of(ui).text_strong;
    let fitting = [TextStyle::Heading, TextStyle::Body, TextStyle::Small].into_iter().find_map(|style| {
        let galley = ui.painter().layout_no_wrap(title.to_owned(), style.resolve(ui.style()), color);
        (galley.size().x <= rect.width()).then_some(galley)
    });
    // Where there is no room for it, it is left out rather than cut: the figure that is exported has it.
    if let Some(galley) = fitting {
        let position = Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size()).min;
        ui.painter().galley(position, galley, color);
    }
}

/// How panel titles are written: all of them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TitleStyle {
    Full,
    Small,
    /// `Query, ε = 5e-1`
    Short,
    /// `5e-1`: beside an open inspector in a small window.
    Least,
}

impl TitleStyle {
    /// The fullest one that fits all panels.
    fn fitting(ui: &Ui, outcome: &Outcome, layout: &GridLayout) -> Self {
        let room = layout.panel_titles.first().and_then(|row| row.first()).map_or(0.0, Rect::width);
        let fits = |style: Self| {
            let width = |panel| style.galley(ui, outcome, panel, Color32::PLACEHOLDER).size().x;
            outcome.shape().panels().all(|panel| width(panel) <= room)
        };
        [Self::Full, Self::Small, Self::Short].into_iter().find(|&style| fits(style)).unwrap_or(Self::Least)
    }

    fn galley(self, ui: &Ui, outcome: &Outcome, panel: PanelId, color: Color32) -> Arc<egui::Galley> {
        let (component, epsilon) = (panel.component, outcome.experiment.epsilon[panel]);
        let full = || name_of(outcome, panel);
        let (text, style) = match self {
            Self::Full => (full(), TextStyle::Body),
            Self::Small => (full(), TextStyle::Small),
            Self::Short | Self::Least if !outcome.facts.kind.has_vectors() => (full(), TextStyle::Small),
            Self::Short => (format!("{component}, ε = {epsilon}"), TextStyle::Small),
            Self::Least => (epsilon.to_string(), TextStyle::Small),
        };
        ui.painter().layout_no_wrap(text, style.resolve(ui.style()), color)
    }
}

fn panel_title_ui(ui: &Ui, scene: &Scene<'_>, style: TitleStyle, panel: PanelId, rect: Rect, actions: &mut Actions) {
    let outcome = &scene.frame.outcome;
    let colors = theme::of(ui);
    let color = if is_selected(scene.session, panel) { colors.accent } else { colors.text };
    let galley = style.galley(ui, outcome, panel, color);
    let position = Align2::CENTER_BOTTOM.anchor_size(rect.center_bottom() - vec2(0.0, TITLE_GAP), galley.size()).min;
    ui.painter().galley(position, galley, color);
    let response = ui.interact(rect, ui.scope_id().with(("title", panel)), Sense::click());
    response.widget_info(|| {
        let name = format!("Select {}", name_of(outcome, panel));
        egui::WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), name)
    });
    if response.double_clicked() {
        actions.push(Command::ToggleSolo(panel).into());
    } else if response.clicked() {
        actions.push(Command::SelectPanel(panel).into());
    }
}

/// What a panel is called in full.
fn name_of(outcome: &Outcome, panel: PanelId) -> String {
    figure::outcome_panel_title(outcome, panel)
}

fn is_selected(session: &Session, panel: PanelId) -> bool {
    session.column() == panel.column && session.rows().contains(panel.component)
}

fn panel_ui(ui: &mut Ui, state: &GridState, scene: &Scene<'_>, panel: PanelId, rect: Rect) -> HeatmapResponse {
    let outcome = &scene.frame.outcome;
    let name = name_of(outcome, panel);
    let value = spoken(scene, panel);
    Heatmap::new(&name, scene.window, outcome.n_positions())
        .value(&value)
        .texture(state.textures.get(panel))
        .crosshair(scene.crosshair)
        .pin(scene.session.pinned())
        .selected(is_selected(scene.session, panel))
        .freshness(scene.freshness[panel])
        .show(ui, ("panel", panel), rect)
}

/// What a screen reader says of a panel.
fn spoken(scene: &Scene<'_>, panel: PanelId) -> String {
    match scene.freshness[panel] {
        Freshness::Current => contents(scene, panel),
        Freshness::Stale => format!("older than the settings: {}", contents(scene, panel)),
        Freshness::Awaited => "not computed yet".to_owned(),
    }
}

/// The cell in question, else what the pattern amounts to.
fn contents(scene: &Scene<'_>, panel: PanelId) -> String {
    let outcome = &scene.frame.outcome;
    if let Some(cell) = scene.crosshair.or(scene.session.pinned()) {
        let (query, key) = (numbers::token(outcome, cell.query), numbers::token(outcome, cell.key));
        return match outcome.panels[panel].pattern.exact_cell(cell.query, cell.key) {
            Some(exact) => {
                let value = spoken_value(scene, panel, cell);
                let weight = numbers::weight(exact.weight);
                format!("{} {query} attends to {} {key}: {value}{weight}", cell.query, cell.key)
            }
            None => format!("{} {query} to {} {key}: {}", cell.query, cell.key, numbers::masked(outcome, cell)),
        };
    }
    let metrics = scene.details.and_then(|details| details.panels.get(panel));
    match metrics.and_then(|metrics| metrics.sink_mass.zip(metrics.normalized_entropy)) {
        Some((sink, entropy)) => {
            let queries = SinkQueries::of(outcome.mask(), outcome.n_positions());
            let over = if queries.is_partial() { format!(" over {} queries", queries.counted) } else { String::new() };
            format!("sink mass {sink:.4}{over}, normalized entropy {entropy:.4}")
        }
        None if outcome.n_positions() == 1 => "1 token".to_owned(),
        None => format!("{} tokens", outcome.n_positions()),
    }
}

/// What stands in front of the weight where that is not what the panel shows.
fn spoken_value(scene: &Scene<'_>, panel: PanelId, cell: Cell) -> String {
    let measure = &scene.frame.pictures.panels[panel].measure;
    let quantity = measure.quantity();
    match measure.exact(cell.query, cell.key) {
        Some(value) if quantity != Quantity::Weight => {
            format!("{} {}, weight ", numbers::name(quantity), numbers::text(quantity, value))
        }
        _ => String::new(),
    }
}

fn gestures(scene: &Scene<'_>, response: &HeatmapResponse, panel: PanelId, actions: &mut Actions) {
    let n_positions = scene.frame.outcome.n_positions();
    if let Some(cell) = response.clicked {
        if scene.session.pinned() == Some(cell) {
            actions.push(Command::Unpin.into());
        } else {
            actions.push(Command::SelectPanel(panel).into());
            if scene.frame.outcome.mask().allows(cell, n_positions) {
                actions.push(Command::Pin(cell).into());
            }
        }
    } else if response.response.clicked() {
        actions.push(Command::SelectPanel(panel).into());
    }
    let mut window = scene.window;
    if let Some(zoom) = response.zoom {
        window = window.zoomed(zoom.factor, zoom.anchor, n_positions);
    }
    if response.pan != egui::Vec2::ZERO {
        window = window.panned(f64::from(response.pan.x), f64::from(response.pan.y), n_positions);
    }
    if response.double_clicked {
        window = CellWindow::whole(n_positions);
    }
    if window != scene.window {
        actions.push(Command::SetWindow((!window.is_whole(n_positions)).then(|| window.into())).into());
    }
}

fn labels_ui(ui: &Ui, scene: &Scene<'_>, layout: &GridLayout) {
    let texts: Vec<&str> = scene.frame.outcome.tokens.iter().map(|token| token.text.as_str()).collect();
    let cell = scene.crosshair.or(scene.session.pinned());
    for (row, labels) in layout.panels.iter().zip(&layout.query_labels) {
        if let Some(&panel) = row.first() {
            AxisLabels::new(AxisSide::Left, scene.window, &texts).emphasized(cell.map(|cell| cell.query)).show(
                ui,
                panel,
                labels.width(),
            );
        }
    }
    for (&panel, labels) in layout.panels.last().into_iter().flatten().zip(&layout.key_labels) {
        AxisLabels::new(AxisSide::Bottom, scene.window, &texts).emphasized(cell.map(|cell| cell.key)).show(
            ui,
            panel,
            labels.height(),
        );
    }
}
