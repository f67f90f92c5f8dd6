//! The panels with their titles, labels and colour bar.

use std::sync::Arc;

use egui::{Align2, Color32, FontId, Rect, Sense, TextStyle, Ui, pos2};

use super::{
    colorbar::BarContents,
    grid_layout::{GridLayout, GridNeeds},
    hover_card::{self, Fold},
    hovered::{Hovered, Weights, weights},
    scene::Scene,
    spoken::Spoken,
    textures::PanelTextures,
    titles::{self, Titles},
};
use crate::{
    attention::{Grid, PanelId, PositionScope},
    engine::Token,
    figure::{self, Keep},
    session::{Cell, Command, Session},
    ui::{
        jobs::pictures::{Details, Frame},
        memo::{Memo, Revision, Same},
        numbers::CellNumbers,
        panels::tour::{Landmark, mark},
        shell::action::Actions,
        theme::{self, space},
        widgets::{AxisLabels, AxisSide, CellWindow, Freshness, Heatmap, HeatmapResponse, HoverCard},
    },
};

/// Labels take at most this much of the area's width or height.
const LABEL_SHARE: f32 = 0.14;
const MARGIN: f32 = space::M;
/// Of a panel, whose cells that are not masked are in so many rectangles: fine enough to tell one half from the other.
const STRIPS: usize = 6;

/// What the grid remembers between frames.
#[derive(Default)]
pub struct GridState {
    pub textures: PanelTextures,
    hovered: Option<Hovered>,
    /// Side of a panel in pixels, once it is known.
    side: Option<usize>,
    /// Width of the widest token, with a gap.
    widest_label: Memo<(Same<[Token]>, FontId), f32>,
    titles: Titles,
    spoken: Spoken,
    bar: BarContents,
    numbers: Memo<(Revision, PanelId, Cell), Option<CellNumbers>>,
    weights: Memo<(Revision, Cell), Arc<Weights>>,
}

impl GridState {
    pub fn hovered(&self) -> Option<&Hovered> {
        self.hovered.as_ref()
    }

    /// Width and height of a panel in pixels.
    pub fn picture_size(&self) -> Option<[usize; 2]> {
        self.side.map(|side| [side, side])
    }

    fn widest_label(&mut self, ui: &Ui, tokens: &Arc<[Token]>) -> f32 {
        let font = TextStyle::Small.resolve(ui.style());
        *self.widest_label.get((Same::of(tokens), font.clone()), || {
            let width = |text: &str| {
                let text = figure::token_label(text);
                ui.painter().layout_no_wrap(text, font.clone(), Color32::PLACEHOLDER).size().x
            };
            tokens.iter().map(|token| width(&token.text)).fold(0.0, f32::max) + space::S
        })
    }
}

/// Paints the grid into all the room there is and turns gestures into actions. Returns where it is.
pub fn grid_ui(
    ui: &mut Ui,
    state: &mut GridState,
    session: &Session,
    frame: &Frame,
    details: Option<&Details>,
    freshness: Grid<Freshness>,
    actions: &mut Actions,
) -> Rect {
    let middle = ui.available_rect_before_wrap();
    let area = middle.shrink(MARGIN);
    ui.allocate_rect(area, Sense::hover());
    let n_positions = frame.outcome.n_positions();
    let whole = CellWindow::whole(n_positions);
    let window = session.view().window.map_or(whole, CellWindow::from);
    let widest = state.widest_label(ui, &frame.outcome.tokens);
    let hovered = state.hovered().map(|hovered| hovered.cell);
    let scene = Scene { session, frame, details, window, freshness, crosshair: hovered };
    let panels = scene.panels();
    let needs = GridNeeds {
        panels: [panels.len(), panels.first().map_or(1, Vec::len)],
        cells: n_positions,
        left_labels: widest.min(area.width() * LABEL_SHARE),
        bottom_labels: widest.min(area.height() * LABEL_SHARE),
        panel_title: ui.text_style_height(&TextStyle::Body) + titles::GAP + 2.0,
        title: ui.text_style_height(&TextStyle::Heading) + space::S,
        colorbar: BarContents::WIDTH,
        bare_colorbar: BarContents::BARE_WIDTH,
        pixels_per_point: ui.pixels_per_point(),
    };
    let layout = GridLayout::new(area, &needs);
    state.side = Some(layout.side_pixels(ui.pixels_per_point()));

    state.titles.figure_ui(ui, frame, layout.title);
    let title_width = layout.panel_titles.first().and_then(|row| row.first()).map_or(0.0, Rect::width);
    let (mut now_hovered, mut compared) = (None, Vec::new());
    let places = layout.panels.iter().flatten().zip(layout.panel_titles.iter().flatten());
    for (&panel, (&rect, &title)) in panels.iter().flatten().zip(places) {
        state.titles.panel_ui(ui, &scene, panel, title, title_width, actions);
        let response = panel_ui(ui, state, &scene, panel, rect);
        compared.extend(hovered.map(|cell| window.rect_of(cell, response.picture)));
        gestures(&scene, &response, panel, actions);
        if let (Some(cell), Some(pointer)) = (response.hovered, ui.ctx().pointer_latest_pos())
            && scene.freshness[panel] != Freshness::Awaited
        {
            let cell_rect = window.rect_of(cell, response.picture);
            let row = Rect::from_x_y_ranges(response.picture.x_range(), cell_rect.y_range());
            let of = (frame.revision, panel, cell);
            let numbers = *state.numbers.get(of, || CellNumbers::of(&frame.outcome, panel, cell));
            let weights = state.weights.get((frame.revision, cell), || weights(&frame.outcome, cell)).clone();
            let behind = behind(&scene, panel, cell);
            now_hovered = Some(Hovered { panel, cell, numbers, weights, behind, pointer, row });
        }
    }
    if now_hovered.as_ref().map(|hovered| hovered.cell) != hovered {
        // The other panels' crosshairs were drawn for the old cell.
        ui.ctx().request_repaint();
    }
    state.hovered = now_hovered;
    let mut around = layout.bounds();
    if !layout.is_bare {
        labels_ui(ui, &scene, &layout);
        around |= axis_names_ui(ui, &layout, area.left());
    }
    mark_panels(ui, &layout, around);
    let spoken_of = state.hovered().map_or_else(|| session.selected(), |hovered| hovered.panel);
    let spoken_of = frame.outcome.shape().nearest(spoken_of);
    state.bar.show(ui, frame, (spoken_of, scene.cell()), layout.colorbar, layout.is_bare);
    if let Some(hovered) = state.hovered() {
        let busy = unmasked(&scene, layout.panels.iter().flatten());
        let about = HoverCard::about(hovered.pointer, hovered.row);
        let card = HoverCard { compared: &compared, room: middle, spared: layout.title, busy: &busy, ..about };
        card.show(ui.ctx(), ui.scope_id().with("hover card"), &Fold::ALL, |ui, fold| {
            hover_card::contents_ui(ui, (&frame.outcome, frame.pictures.quantity()), hovered, fold);
        });
    }
    around
}

/// Where cells are that are not masked, in strips of each panel.
fn unmasked<'a>(scene: &Scene<'_>, panels: impl Iterator<Item = &'a Rect>) -> Vec<Rect> {
    let (window, outcome) = (scene.window, &scene.frame.outcome);
    let n_positions = outcome.n_positions();
    let queries: Vec<usize> = window.queries(n_positions).collect();
    let strips: Vec<(Cell, Cell)> = queries
        .chunks(queries.len().div_ceil(STRIPS).max(1))
        .filter_map(|strip| {
            let (first, last) = (*strip.first()?, *strip.last()?);
            let (from, to) = (outcome.mask().span(first, n_positions), outcome.mask().span(last, n_positions));
            let last_key = to.end.checked_sub(1).filter(|key| *key >= from.start)?;
            Some((Cell { query: first, key: from.start }, Cell { query: last, key: last_key }))
        })
        .collect();
    let on_screen = |panel: &Rect, (from, to): (Cell, Cell)| {
        (window.rect_of(from, *panel) | window.rect_of(to, *panel)).intersect(*panel)
    };
    panels.flat_map(|panel| strips.iter().map(move |&strip| on_screen(panel, strip))).collect()
}

/// What the pixel of a cell shows, and of how many queries and keys.
fn behind(scene: &Scene<'_>, panel: PanelId, cell: Cell) -> (Keep, [usize; 2]) {
    let Frame { pictures, presentation, outcome, .. } = scene.frame;
    let measure = &pictures.panels[panel].measure;
    let n_positions = outcome.n_positions();
    let window = presentation.picture.window.unwrap_or_else(|| figure::Window::whole(n_positions));
    let behind = figure::cells_behind(window, presentation.picture.size, n_positions, [cell.query, cell.key]);
    (Keep::of(measure.quantity(), measure.pooling()), behind)
}

/// For the tour: all panels with what is around them, and the first of them.
fn mark_panels(ui: &Ui, layout: &GridLayout, around: Rect) {
    mark(ui, Landmark::Grid, around);
    if let Some(&first) = layout.panels.iter().flatten().next() {
        mark(ui, Landmark::Panel, first);
    }
}

fn panel_ui(ui: &mut Ui, state: &mut GridState, scene: &Scene<'_>, panel: PanelId, rect: Rect) -> HeatmapResponse {
    let (name, value) = (&state.titles.names(scene.frame)[panel], &state.spoken.texts(scene)[panel]);
    Heatmap::new(name, scene.window, scene.frame.outcome.n_positions())
        .value(value)
        .texture(state.textures.get(panel))
        .crosshair(scene.crosshair)
        .pin(scene.session.pinned())
        .selected(scene.is_selected(panel))
        .freshness(scene.freshness[panel])
        .show(ui, ("panel", panel), rect)
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

/// What stands at the axes, the fullest that has room: above the labels of the first row, and left of those below.
/// They reach to `left` at most. Returns where they are.
fn axis_names_ui(ui: &Ui, layout: &GridLayout, left: f32) -> Rect {
    let (font, color) = (TextStyle::Small.resolve(ui.style()), theme::of(ui).text_weak);
    let mut around = Rect::NOTHING;
    let mut paint = |names: [&str; 2], room: Rect, align: Align2| {
        let galleys = names.map(|name| ui.painter().layout_no_wrap(name.to_owned(), font.clone(), color));
        if let Some(galley) = galleys.into_iter().find(|galley| galley.size().x <= room.width()) {
            let rect = align.align_size_within_rect(galley.size(), room);
            around |= rect;
            ui.painter().galley(rect.min, galley, color);
        }
    };
    let first = |rects: &[Vec<Rect>]| rects.first().and_then(|row| row.first()).copied();
    if let (Some(title), Some(labels)) = (first(&layout.panel_titles), layout.query_labels.first()) {
        let right = labels.right().min(title.left());
        let room = Rect::from_min_max(pos2(left, title.top()), pos2(right, title.bottom() - titles::GAP));
        paint(["query token ↓", "query ↓"], room, Align2::RIGHT_BOTTOM);
    }
    if let (Some(below), Some(labels)) = (layout.key_labels.first(), layout.query_labels.last()) {
        let room = Rect::from_min_max(pos2(left, below.top()), pos2(labels.right(), below.bottom()));
        paint(["key token →", "key →"], room, Align2::RIGHT_TOP);
    }
    around
}

fn labels_ui(ui: &Ui, scene: &Scene<'_>, layout: &GridLayout) {
    let (tokens, cell) = (&scene.frame.outcome.tokens, scene.cell());
    let positions = &scene.session.scope().positions;
    let is_chosen =
        |&position: &usize| matches!(positions, PositionScope::Selection(_)) && positions.contains(position);
    let chosen: Vec<usize> = (0..tokens.len()).filter(is_chosen).collect();
    for (row, labels) in layout.panels.iter().zip(&layout.query_labels) {
        if let Some(&panel) = row.first() {
            AxisLabels::new(AxisSide::Left, scene.window, tokens)
                .emphasized(cell.map(|cell| cell.query))
                .marked(&chosen)
                .show(ui, panel, labels.width());
        }
    }
    for (&panel, labels) in layout.panels.last().into_iter().flatten().zip(&layout.key_labels) {
        AxisLabels::new(AxisSide::Bottom, scene.window, tokens)
            .emphasized(cell.map(|cell| cell.key))
            .marked(&chosen)
            .show(ui, panel, labels.height());
    }
}
