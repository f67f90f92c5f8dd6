use std::time::Duration;

use egui::{
    Align, Align2, Area, Color32, Context, CornerRadius, Frame, Id, Layout, Margin, Order, Painter, Pos2, Rect,
    Response, Role, ScrollArea, Sense, Shape, Stroke, TextStyle, Ui, UiBuilder, Vec2, WidgetInfo, accesskit, pos2,
    vec2,
};

use super::{
    focus::focus_ring,
    text::{button_width, elided},
};
use crate::ui::theme::{self, CARD_RADIUS, Colors, space};

/// Most toasts on screen; older ones wait behind the newest.
const SHOWN: usize = 4;
const WIDTH: f32 = 360.0;
/// Beside the figure they stand where so much is free.
const LEAST_WIDTH: f32 = 240.0;
/// Of a message of two lines.
const LEAST_HEIGHT: f32 = 56.0;
/// Over the menus there is a line alone.
const WIDTH_ABOVE: f32 = 560.0;
/// Left and right of what a message says.
const MARGINS: [i8; 2] = [14, 8];
const ICON: f32 = 16.0;
const COPY: &str = "Copy";
/// Seconds on screen for any toast, and more for every character to read.
const SECONDS: f64 = 4.0;
const SECONDS_PER_CHARACTER: f64 = 0.03;

/// What messages leave in sight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Uncovered {
    /// A dialog, whose buttons are at the bottom.
    Dialog,
    /// Where these are drawn.
    Figure {
        /// Panels with their titles and labels.
        figure: Rect,
        /// The line at the bottom.
        status: Rect,
        /// The bar with the prompt; what is above it is the menus'.
        prompt: Rect,
        /// The tokens below it.
        tokens: Rect,
        /// What may be covered at the left: beside the figure, but not over controls.
        left: Rect,
        /// Controls at the left: they are covered only where even the panel at the right is not there.
        controls: Option<Rect>,
        /// A panel at the right: it is covered only where nothing else is free.
        right: Option<Rect>,
    },
}

impl Default for Uncovered {
    fn default() -> Self {
        let nothing = Rect::NOTHING;
        Self::Figure {
            figure: nothing,
            status: nothing,
            prompt: nothing,
            tokens: nothing,
            left: Rect::EVERYTHING,
            controls: None,
            right: None,
        }
    }
}

/// Where messages stand: in `room`, at its side `align`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    room: Rect,
    align: Align2,
    width: f32,
    form: Form,
}

/// How messages are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Below each other, each with all its text.
    Cards,
    /// The newest alone, in one line; all of its text is under the pointer.
    Line,
}

impl Uncovered {
    /// At the bottom right, else at the bottom left, beside the figure and below the controls, else over the panel at the
    /// right, else over the controls; where there is no room, over the menus.
    fn place(self, screen: Rect) -> Place {
        let form = Form::Cards;
        let Self::Figure { figure, status, prompt, tokens, left: may_cover, controls, right: panel } = self else {
            let room = screen.shrink2(vec2(space::L, space::S));
            return Place { room, align: Align2::CENTER_TOP, width: WIDTH.min(room.width()), form };
        };
        let bottom = if status.is_positive() { status.top() } else { screen.bottom() };
        // What is not on screen ends nowhere.
        let top = screen.top().max(prompt.bottom()).max(tokens.bottom());
        let room = screen.with_max_y(bottom).with_min_y(top).shrink(space::L);
        let [right, left] = if figure.is_positive() {
            let left = room.with_max_x(figure.left() - space::S).intersect(may_cover.shrink(space::S));
            [room.with_min_x(room.left().max(figure.right() + space::S)), left]
        } else {
            [room; 2]
        };
        let free = right.with_max_x(panel.map_or(right.right(), |panel| panel.left() - space::S));
        let [at_right, at_left] = [Align2::RIGHT_BOTTOM, Align2::LEFT_BOTTOM];
        let over_controls = controls.map_or(Rect::NOTHING, |controls| controls.shrink(space::S));
        for (room, align) in [(free, at_right), (left, at_left), (right, at_right), (over_controls, at_left)] {
            if room.width() >= LEAST_WIDTH && room.height() >= LEAST_HEIGHT {
                return Place { room, align, width: WIDTH.min(room.width()), form };
            }
        }
        let room = screen.with_max_y(figure.top().min(prompt.top())).shrink2(vec2(space::XS, 1.0));
        Place { room, align: Align2::CENTER_TOP, width: WIDTH_ABOVE.min(room.width()), form: Form::Line }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Info,
    Success,
    /// Stays until it is closed.
    Error,
}

#[derive(Debug)]
struct Toast {
    id: u64,
    kind: Kind,
    text: String,
    /// In egui's time, set when it is first shown; never for errors.
    ends: Option<f64>,
}

/// Short messages beside the figure. Errors stay until closed and can be copied; others leave by themselves, though
/// not from under the pointer.
#[derive(Debug, Default)]
pub struct Toasts {
    shown: Vec<Toast>,
    next_id: u64,
    has_forgotten: bool,
    /// Of all that were drawn last, in points: what has no room is scrolled.
    height: f32,
}

impl Toasts {
    /// Tells something to know.
    pub fn info(&mut self, text: impl Into<String>) {
        self.push(Kind::Info, text.into());
    }

    /// Tells that something was done.
    pub fn success(&mut self, text: impl Into<String>) {
        self.push(Kind::Success, text.into());
    }

    /// Tells that something failed; it stays until it is closed.
    pub fn error(&mut self, text: impl Into<String>) {
        self.push(Kind::Error, text.into());
    }

    /// Something will not be there at the next start. All that is remembered lies in one folder: one line is enough.
    pub fn not_remembered(&mut self, text: impl Into<String>) {
        if !std::mem::replace(&mut self.has_forgotten, true) {
            self.info(text);
        }
    }

    /// How many are shown or waiting.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether none is shown or waiting.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// The same message again is the same toast, moved to the front.
    fn push(&mut self, kind: Kind, text: String) {
        self.shown.retain(|toast| (toast.kind, &toast.text) != (kind, &text));
        self.shown.push(Toast { id: self.next_id, kind, text, ends: None });
        self.next_id += 1;
    }

    /// Shows the toasts over everything else but what stays `uncovered`. Asks for a repaint only when the next one is due
    /// to leave.
    pub fn show(&mut self, ctx: &Context, uncovered: Uncovered) {
        let now = ctx.input(|i| i.time);
        self.shown.retain(|toast| toast.ends.is_none_or(|ends| now < ends));
        if self.shown.is_empty() {
            return;
        }
        let Place { room, align, width, form } = uncovered.place(ctx.content_rect());
        let shown = if form == Form::Line { 1 } else { SHOWN };
        let first = self.shown.len().saturating_sub(shown);
        let (mut closed, mut close_all) = (None, false);
        let area = Area::new(Id::unique("toasts")).order(Order::Foreground);
        area.pivot(align).fixed_pos(align.pos_in_rect(&room)).constrain(false).show(ctx, |ui| {
            ui.set_width(width);
            ui.spacing_mut().item_spacing.y = space::S;
            let are_many = form == Form::Cards && self.shown.len() > 1;
            let mut contents = |ui: &mut Ui| {
                if are_many {
                    ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
                        close_all = ui.button("Close all").clicked();
                    });
                }
                for toast in self.shown.iter_mut().skip(first) {
                    let response = toast_ui(ui, toast, width, form);
                    if response.close {
                        closed = Some(toast.id);
                    }
                    toast.keep_time(now, response.held);
                }
                ui.min_size().y
            };
            self.height = if self.height > room.height() {
                let area = ScrollArea::vertical().max_height(room.height()).stick_to_bottom(true);
                area.show(ui, contents).inner
            } else {
                contents(ui)
            };
        });
        self.shown.retain(|toast| Some(toast.id) != closed && !close_all);
        let ends = self.shown.iter().filter_map(|toast| toast.ends).reduce(f64::min);
        if let Some(seconds) = ends.and_then(|ends| Duration::try_from_secs_f64(ends - now).ok()) {
            ctx.request_repaint_after(seconds);
        }
        if closed.is_some() || close_all {
            ctx.request_repaint();
        }
    }
}

impl Toast {
    fn keep_time(&mut self, now: f64, held: bool) {
        if self.kind == Kind::Error {
            return;
        }
        let ends =
            *self.ends.get_or_insert_with(|| now + SECONDS + SECONDS_PER_CHARACTER * self.text.chars().count() as f64);
        if held {
            self.ends = Some(ends.max(now + SECONDS / 2.0));
        }
    }
}

struct ToastResponse {
    close: bool,
    /// The pointer is on it.
    held: bool,
}

fn toast_ui(ui: &mut Ui, toast: &Toast, width: f32, form: Form) -> ToastResponse {
    let colors = theme::of(ui);
    let role = if toast.kind == Kind::Error { Role::Alert } else { Role::Status };
    let card =
        UiBuilder::new().id_salt(("toast", toast.id)).accessibility_role(role).accessibility_label(toast.text.as_str());
    let [left, right] = MARGINS;
    let above = if form == Form::Line { 0 } else { right };
    let frame = Frame::new()
        .fill(colors.surface)
        .stroke(Stroke::new(1.0, colors.line))
        .corner_radius(CARD_RADIUS)
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin { left, right, top: above, bottom: above });
    let shown = ui.scope_builder(card, |ui| {
        let width = width - f32::from(left) - f32::from(right);
        let card = frame.show(ui, |ui| match form {
            Form::Cards => contents_ui(ui, toast, width),
            Form::Line => line_ui(ui, toast, width),
        });
        let rect = card.response.rect;
        paint_edge(ui.painter(), rect, color_of(toast.kind, colors));
        let live = if toast.kind == Kind::Error { accesskit::Live::Assertive } else { accesskit::Live::Polite };
        ui.ctx().accesskit_node_builder(ui.unique_id(), |node| {
            node.set_live(live);
            node.set_bounds(accesskit::Rect {
                x0: rect.left().into(),
                y0: rect.top().into(),
                x1: rect.right().into(),
                y1: rect.bottom().into(),
            });
        });
        card.inner
    });
    ToastResponse { close: shown.inner, held: ui.rect_contains_pointer(shown.response.rect) }
}

/// Icon, as much of the text as there is room for, and buttons. Returns whether it should close.
fn line_ui(ui: &mut Ui, toast: &Toast, width: f32) -> bool {
    let mut close = false;
    ui.horizontal(|ui| {
        ui.set_width(width);
        ui.spacing_mut().interact_size.y = theme::TARGET.y;
        let (icon, _) = ui.allocate_exact_size(vec2(ICON, theme::TARGET.y), Sense::hover());
        paint_icon(ui.painter(), icon.center(), toast.kind, theme::of(ui));
        let copy = if toast.kind == Kind::Error { button_width(ui, COPY) } else { 0.0 };
        let room = ui.available_width() - copy - theme::TARGET.x - ui.spacing().item_spacing.x;
        let color = theme::of(ui).text;
        let text = elided(ui.painter(), &toast.text, TextStyle::Body.resolve(ui.style()), color, room);
        let (place, response) = ui.allocate_exact_size(vec2(room.max(0.0), theme::TARGET.y), Sense::hover());
        let above = (place.height() - text.size().y) / 2.0;
        ui.painter().galley(place.min + vec2(0.0, above), text, color);
        response.on_hover_text(&toast.text);
        if toast.kind == Kind::Error && ui.small_button(COPY).clicked() {
            ui.ctx().copy_text(toast.text.clone());
        }
        close = close_button(ui).clicked();
    });
    close
}

/// Icon, text and buttons. Returns whether it should close.
fn contents_ui(ui: &mut Ui, toast: &Toast, width: f32) -> bool {
    let colors = theme::of(ui);
    ui.set_width(width);
    let mut close = false;
    ui.horizontal_top(|ui| {
        // The first line is level with the icon and the cross.
        let line = theme::TARGET.y;
        let (icon, _) = ui.allocate_exact_size(vec2(ICON, line), Sense::hover());
        paint_icon(ui.painter(), icon.center(), toast.kind, colors);
        let room = width - ICON - theme::TARGET.x - 2.0 * ui.spacing().item_spacing.x;
        let font = TextStyle::Body.resolve(ui.style());
        let galley = ui.painter().layout(toast.text.clone(), font, colors.text, room);
        let above = ((line - ui.text_style_height(&TextStyle::Body)) / 2.0).max(0.0);
        let (text, _) = ui.allocate_exact_size(vec2(room, galley.size().y + 2.0 * above), Sense::hover());
        ui.painter().galley(text.min + vec2(0.0, above), galley, colors.text);
        close = close_button(ui).clicked();
    });
    if toast.kind == Kind::Error {
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            if ui.button(COPY).clicked() {
                ui.ctx().copy_text(toast.text.clone());
            }
        });
    }
    close
}

fn close_button(ui: &mut Ui) -> Response {
    let colors = theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(theme::TARGET, Sense::click());
    let color = if response.hovered() { colors.text_strong } else { colors.text_weak };
    if response.hovered() {
        ui.painter().rect_filled(rect, 4.0, colors.raised);
    }
    if response.has_focus() {
        focus_ring(ui.painter(), rect.shrink(2.0), 4.0, colors);
    }
    let cross = Rect::from_center_size(rect.center(), Vec2::splat(8.0));
    let stroke = Stroke::new(1.5, color);
    ui.painter().line_segment([cross.left_top(), cross.right_bottom()], stroke);
    ui.painter().line_segment([cross.left_bottom(), cross.right_top()], stroke);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Close"));
    response.on_hover_text("Close")
}

fn color_of(kind: Kind, colors: &Colors) -> Color32 {
    match kind {
        Kind::Info => colors.accent,
        Kind::Success => colors.success,
        Kind::Error => colors.error,
    }
}

/// A coloured left edge.
fn paint_edge(painter: &Painter, card: Rect, color: Color32) {
    let edge = Rect::from_min_max(card.min, pos2(card.left() + 4.0, card.bottom()));
    painter.rect_filled(edge, CornerRadius { nw: CARD_RADIUS, sw: CARD_RADIUS, ..CornerRadius::ZERO }, color);
}

/// The kind as a shape, not by colour alone: a dotted i, a tick, an exclamation mark.
fn paint_icon(painter: &Painter, center: Pos2, kind: Kind, colors: &Colors) {
    let color = color_of(kind, colors);
    painter.circle_filled(center, ICON / 2.0, color);
    let stroke = Stroke::new(1.8, colors.surface);
    let upright = |from: f32, to: f32, dot: f32| {
        painter.line_segment([center + vec2(0.0, from), center + vec2(0.0, to)], stroke);
        painter.circle_filled(center + vec2(0.0, dot), 1.2, colors.surface);
    };
    match kind {
        Kind::Info => upright(-0.8, 4.2, -3.8),
        Kind::Error => upright(-4.2, 1.0, 3.8),
        Kind::Success => {
            let points = [vec2(-3.8, 0.2), vec2(-1.0, 3.0), vec2(4.0, -2.8)].map(|offset| center + offset);
            painter.add(Shape::line(points.to_vec(), stroke));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_figure_nor_status_line_is_covered() {
        for (width, height) in [(360.0, 240.0), (640.0, 400.0), (900.0, 600.0), (1280.0, 800.0), (2560.0, 1440.0)] {
            let screen = Rect::from_min_size(Pos2::ZERO, vec2(width, height));
            let status = screen.with_min_y(height - 24.0);
            for (left, right) in [(0.0, 0.0), (264.0, 0.0), (0.0, 280.0), (0.2 * width, 0.2 * width)] {
                let figure = Rect::from_min_max(pos2(left + 8.0, 90.0), pos2(width - right - 8.0, height - 30.0));
                let prompt = Rect::from_min_max(pos2(0.0, 30.0), pos2(width, 62.0));
                let tokens = Rect::from_min_max(pos2(left, 62.0), pos2(width - right, 88.0));
                // Controls as long as the window is high, and shorter ones.
                for free in [0.0, 40.0, 120.0, height] {
                    let beneath = Rect::from_min_max(pos2(0.0, height - 24.0 - free), pos2(left, height - 24.0));
                    let (left, controls, right) = (beneath, None, None);
                    let uncovered = Uncovered::Figure { figure, status, prompt, tokens, left, controls, right };
                    let Place { room, width, align, .. } = uncovered.place(screen);
                    for covered in [figure, status, prompt, tokens] {
                        assert!(!room.intersects(covered), "{room} of {screen}");
                    }
                    assert!(screen.contains_rect(room) && width <= room.width() && width >= LEAST_WIDTH, "{room}");
                    assert!(align != Align2::LEFT_BOTTOM || beneath.contains_rect(room), "{room} over controls");
                }
            }
        }
        // 1280×800 with controls, figure and inspector.
        let screen = Rect::from_min_size(Pos2::ZERO, vec2(1280.0, 800.0));
        let [figure, status] = [screen.with_min_x(344.0).with_max_x(950.0).with_max_y(770.0), screen.with_min_y(774.0)];
        for (free, align) in [(100.0, Align2::LEFT_BOTTOM), (20.0, Align2::RIGHT_BOTTOM)] {
            let left = Rect::from_min_max(pos2(0.0, 770.0 - free), pos2(336.0, 770.0));
            let right = Some(screen.with_min_x(960.0));
            let (prompt, tokens, controls) = (Rect::NOTHING, Rect::NOTHING, None);
            let uncovered = Uncovered::Figure { figure, status, prompt, tokens, left, controls, right };
            assert_eq!(uncovered.place(screen).align, align);
        }
        // 1280×800 at 200 %, without and with controls, which the message is over rather than over the prompt.
        let screen = Rect::from_min_size(Pos2::ZERO, vec2(640.0, 400.0));
        let (status, prompt) = (screen.with_min_y(370.0), screen.with_min_y(30.0).with_max_y(62.0));
        for (controls, form) in [(None, Form::Line), (Some(screen.with_min_y(62.0).with_max_x(264.0)), Form::Cards)] {
            let figure = Rect::from_min_max(pos2(controls.map_or(8.0, |_| 272.0), 90.0), pos2(632.0, 368.0));
            let (tokens, left, right) = (Rect::NOTHING, Rect::NOTHING, None);
            let uncovered = Uncovered::Figure { figure, status, prompt, tokens, left, controls, right };
            let place = uncovered.place(screen);
            assert!(place.form == form && !place.room.intersects(prompt), "{place:?}");
        }
        let nothing = Uncovered::default().place(Rect::from_min_size(Pos2::ZERO, vec2(800.0, 700.0)));
        assert_eq!((nothing.align, nothing.width), (Align2::RIGHT_BOTTOM, WIDTH));
    }
}
