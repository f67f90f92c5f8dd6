use std::sync::Arc;

use egui::{
    AsIdSalt, Color32, CornerRadius, Id, Painter, Pos2, Rect, Response, Role, ScrollArea, Sense, Shape, Stroke,
    StrokeKind, TextFormat, TextStyle, Ui, UiBuilder, Vec2, WidgetInfo, pos2,
    text::{LayoutJob, TextWrapping},
    vec2,
};

use super::{
    focus::{focus_ring, move_along},
    text::{dotted_token, visible_token},
};
use crate::ui::theme::{self, Colors, space};

/// Side of the box in front of a token that can be chosen, in points.
const TICK: f32 = 11.0;
const TICK_GAP: f32 = 4.0;
/// Between chips, and between rows of them, in points.
const GAP: f32 = 3.0;
/// Room for the focus ring of the first row, in points.
const TOP: f32 = 2.0;
/// Up to so many, also those out of sight are there for screen readers; of more, only what is in sight.
const ALWAYS_THERE: usize = 512;

/// What a token is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChipKind {
    /// A piece of the prompt.
    #[default]
    Text,
    /// Added by the tokenizer, such as BOS, or by a chat template.
    Special,
    /// Of what a user says in a chat.
    User,
}

/// One token as a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chip<'a> {
    /// As a reader sees it, with its leading space.
    pub text: &'a str,
    /// An ordinary or a special token.
    pub kind: ChipKind,
}

/// The tokens of a prompt as wrapped chips; long prompts scroll.
pub struct TokenChips<'a> {
    count: usize,
    chip: &'a dyn Fn(usize) -> Chip<'a>,
    name: Option<u64>,
    linked: &'a [usize],
    chosen: Option<&'a dyn Fn(usize) -> bool>,
    tinted: Option<&'a dyn Fn(usize) -> Option<Tint>>,
    max_height: f32,
}

/// What a chip's colour says.
#[derive(Clone, Debug, PartialEq)]
pub struct Tint {
    /// Over the chip's own ground, as strong as it is opaque.
    pub color: Color32,
    /// The same for a screen reader.
    pub said: String,
}

/// Where chips are, relative to the corner of the list.
struct Places {
    /// A hash of all that they depend on.
    key: u64,
    rects: Vec<Rect>,
    height: f32,
}

/// What the user did to the chips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChipsResponse {
    /// The position under the pointer or with the keyboard focus.
    pub hovered: Option<usize>,
    /// By pointer, or by Space or Enter.
    pub clicked: Option<usize>,
    /// Where the click extends from, if Shift was held: the chip clicked before.
    pub extended_from: Option<usize>,
}

impl<'a> TokenChips<'a> {
    /// `count` chips in order of position, at most 96 points high unless set.
    pub fn new(count: usize, chip: &'a dyn Fn(usize) -> Chip<'a>) -> Self {
        Self { count, chip, name: None, linked: &[], chosen: None, tinted: None, max_height: 96.0 }
    }

    /// What tells these chips from all others that are shown here, so that their texts need not be compared.
    #[must_use]
    pub fn known_as(mut self, name: u64) -> Self {
        self.name = Some(name);
        self
    }

    /// Positions to highlight because they are hovered elsewhere, such as a cell's query and key.
    #[must_use]
    pub fn linked(mut self, positions: &'a [usize]) -> Self {
        self.linked = positions;
        self
    }

    /// Shows each chip with a box that is ticked where `chosen` says so.
    #[must_use]
    pub fn chosen(mut self, chosen: &'a dyn Fn(usize) -> bool) -> Self {
        self.chosen = Some(chosen);
        self
    }

    /// Colours each chip as `tinted` says.
    #[must_use]
    pub fn tinted(mut self, tinted: &'a dyn Fn(usize) -> Option<Tint>) -> Self {
        self.tinted = Some(tinted);
        self
    }

    /// In points.
    #[must_use]
    pub fn max_height(mut self, height: f32) -> Self {
        self.max_height = height;
        self
    }

    /// Shows the chips in the available width. Tab reaches them once; ← → then move along them.
    pub fn show(self, ui: &mut Ui, id_salt: impl AsIdSalt) -> ChipsResponse {
        let id = ui.make_persistent_id(id_salt);
        let list = UiBuilder::new().accessibility_role(Role::List).accessibility_label("tokens");
        ui.scope_builder(list, |ui| {
            ScrollArea::vertical()
                .id_salt(id)
                .max_height(self.max_height)
                // egui would not make it lower than three lines.
                .min_scrolled_height(self.max_height)
                .auto_shrink([false, true])
                .show(ui, |ui| self.chips_ui(ui, id))
                .inner
        })
        .inner
    }

    fn chips_ui(&self, ui: &mut Ui, id: Id) -> ChipsResponse {
        let reached = move_along(ui, id, self.count);
        let places = self.places(ui, id);
        let (_, area) = ui.allocate_space(vec2(ui.available_width(), places.height));
        let mut response = ChipsResponse::default();
        for (position, place) in places.rects.iter().enumerate() {
            let rect = place.translate(area.min.to_vec2());
            if position != reached && self.count > ALWAYS_THERE && !ui.is_rect_visible(rect) {
                continue;
            }
            let chip = (self.chip)(position);
            // One chip is in the tab order, the one last visited: a prompt may have thousands.
            let sense = if position == reached { Sense::click() } else { Sense::CLICK };
            let chip_response = self.chip_ui(ui, id.with(position), &chip, position, rect, sense);
            if chip_response.hovered() || (chip_response.has_focus() && response.hovered.is_none()) {
                response.hovered = Some(position);
            }
            if chip_response.clicked() {
                if self.chosen.is_some() {
                    chip_response.request_focus();
                }
                let anchor = id.with("clicked before");
                let before = ui.data(|data| data.get_temp::<usize>(anchor));
                response.clicked = Some(position);
                response.extended_from =
                    before.filter(|&before| before < self.count && ui.input(|input| input.modifiers.shift));
                ui.data_mut(|data| {
                    data.insert_temp(id, position);
                    data.insert_temp(anchor, position);
                });
            }
            if chip_response.gained_focus() {
                chip_response.scroll_to_me(None);
            }
        }
        response
    }

    /// Where the chips are, as it was computed before if nothing is different: thousands of texts are not laid out in
    /// every frame.
    fn places(&self, ui: &Ui, id: Id) -> Arc<Places> {
        let (width, scale) = (ui.available_width(), ui.pixels_per_point());
        let font = TextStyle::Body.resolve(ui.style());
        let name = self.name.unwrap_or_else(|| {
            let chips = (0..self.count).map(|position| (self.chip)(position));
            egui::util::hash(chips.map(|chip| (chip.text, chip.kind == ChipKind::Special)).collect::<Vec<_>>())
        });
        let key = egui::util::hash((name, font, width.to_bits(), scale.to_bits(), self.chosen.is_some()));
        let id = id.with("places");
        if let Some(known) = ui.data(|data| data.get_temp::<Arc<Places>>(id)).filter(|places| places.key == key) {
            return known;
        }
        let places = Arc::new(self.place(ui, width, key));
        ui.data_mut(|data| data.insert_temp(id, places.clone()));
        places
    }

    /// In rows of `width`, as many chips in each as it has room for.
    fn place(&self, ui: &Ui, width: f32, key: u64) -> Places {
        let colors = theme::of(ui);
        let size = |position| {
            let text = chip_text(ui, &(self.chip)(position), colors);
            ui.painter().layout_job(text).size() + vec2(12.0 + self.tick_width(), 5.0)
        };
        let sizes: Vec<Vec2> = (0..self.count).map(size).collect();
        let row_height = sizes.iter().map(|size| size.y).fold(ui.spacing().interact_size.y, f32::max);
        let (mut left, mut top) = (0.0, TOP);
        let mut rects = Vec::with_capacity(sizes.len());
        for size in sizes {
            if left > 0.0 && left + size.x > width {
                (left, top) = (0.0, top + row_height + GAP);
            }
            rects.push(Rect::from_min_size(pos2(left, top + (row_height - size.y) / 2.0), size));
            left += size.x + GAP;
        }
        Places { key, rects, height: top + row_height }
    }

    fn tick_width(&self) -> f32 {
        if self.chosen.is_some() { TICK + TICK_GAP } else { 0.0 }
    }

    fn chip_ui(&self, ui: &Ui, id: Id, chip: &Chip<'_>, position: usize, rect: Rect, sense: Sense) -> Response {
        let colors = theme::of(ui);
        let chosen = self.chosen.map(|chosen| chosen(position));
        let tint = self.tinted.and_then(|tinted| tinted(position));
        let response = ui.interact(rect, id, sense);
        if ui.is_rect_visible(rect) {
            let galley = ui.painter().layout_job(chip_text(ui, chip, colors));
            let lit = response.hovered() || self.linked.contains(&position);
            let radius = CornerRadius::same(4);
            let ground = if chip.kind == ChipKind::Special { colors.ground } else { colors.raised };
            let (fill, outline) = match (lit, chip.kind) {
                (true, _) => (colors.accent_soft, colors.accent),
                (false, ChipKind::Text) => (colors.raised, colors.raised),
                (false, ChipKind::User) => (colors.accent_soft, colors.accent_soft),
                // An outline alone: not something that was typed.
                (false, ChipKind::Special) => (colors.ground, colors.outline),
            };
            let fill = tint.as_ref().map_or(fill, |tint| ground.blend(tint.color));
            ui.painter().rect(rect, radius, fill, Stroke::new(1.0, outline), StrokeKind::Inside);
            if response.has_focus() {
                focus_ring(ui.painter(), rect.shrink(1.0), radius, colors);
            }
            if let Some(chosen) = chosen {
                let center = pos2(rect.left() + 6.0 + TICK / 2.0, rect.center().y);
                paint_tick(ui.painter(), center, chosen, colors);
            }
            let corner = rect.center() + vec2(self.tick_width(), 0.0) / 2.0 - galley.size() / 2.0;
            ui.painter().galley(corner, galley, colors.text);
        }
        let enabled = ui.is_enabled();
        response.widget_info(|| WidgetInfo {
            selected: chosen,
            ..WidgetInfo::labeled(Role::Button, enabled, spoken(position, chip))
        });
        if let Some(tint) = tint {
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(tint.said));
        }
        response
    }
}

fn spoken(position: usize, chip: &Chip<'_>) -> String {
    let of_user = if chip.kind == ChipKind::User { ", user" } else { "" };
    format!("token {position}: {}{of_user}", visible_token(chip.text))
}

/// A box, ticked or not.
fn paint_tick(painter: &Painter, center: Pos2, ticked: bool, colors: &Colors) {
    let area = Rect::from_center_size(center, Vec2::splat(TICK));
    let (fill, outline) = if ticked { (colors.accent, colors.accent) } else { (colors.surface, colors.outline) };
    painter.rect(area, 2.0, fill, Stroke::new(1.0, outline), StrokeKind::Inside);
    if ticked {
        let points = [vec2(-3.0, 0.2), vec2(-0.8, 2.4), vec2(3.2, -2.4)].map(|offset| center + offset);
        painter.add(Shape::line(points.to_vec(), Stroke::new(1.6, colors.on_accent)));
    }
}

/// The token, with the spaces around it as subtle dots.
fn chip_text(ui: &Ui, chip: &Chip<'_>, colors: &Colors) -> LayoutJob {
    let body = TextFormat::simple(TextStyle::Body.resolve(ui.style()), colors.text);
    let quiet = TextFormat { color: colors.text_weak.gamma_multiply(0.55), ..body.clone() };
    let special = TextFormat::simple(TextStyle::Small.resolve(ui.style()), colors.text_weak);
    let widest = (ui.max_rect().width() - space::XL).max(space::XL);
    let mut job =
        LayoutJob { wrap: TextWrapping::truncate_at_width(widest), break_on_newline: false, ..LayoutJob::default() };
    match chip.kind {
        ChipKind::Special => job.append(&visible_token(chip.text), 0.0, special),
        ChipKind::Text | ChipKind::User => {
            let [before, token, behind] = dotted_token(chip.text);
            job.append(&before, 0.0, quiet.clone());
            job.append(&token, 0.0, body);
            job.append(&behind, 0.0, quiet);
        }
    }
    job
}
