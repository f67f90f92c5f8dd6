use egui::{
    Align2, AsIdSalt, Id, Key, LayerId, Modifiers, Order, Rect, Response, Role, Sense, Stroke, StrokeKind, TextEdit,
    TextStyle, Ui, Vec2, WidgetInfo, accesskit, pos2, vec2,
};

use super::text::{elided, select_all};
use crate::{
    attention::{Epsilon, EpsilonError},
    ui::{
        notation,
        theme::{self, RADIUS},
    },
};

/// Room for `1.234567e-100`.
const WIDTH: f32 = 108.0;
const HINT_PADDING: Vec2 = vec2(6.0, 2.0);

/// What is being typed, kept in egui's memory until it is taken or given up.
#[derive(Clone)]
struct Draft {
    text: String,
    /// The value when typing began: when the caller's changes meanwhile, the draft is out of date.
    base: Epsilon,
    /// Set when the text was offered and refused; typing on clears it as soon as the text is good.
    refused: Option<EpsilonError>,
}

/// A field that takes any ε, such as `3e-4`, `0` or `0.02`, under the accessible name `name`.
///
/// Enter and leaving the field commit; Esc reverts. A text that is no ε leaves the value as it is and says why on the
/// line below, which is always reserved, so that nothing moves. Returns the new ε when the user changed it.
pub fn epsilon_field(ui: &mut Ui, id_salt: impl AsIdSalt, name: &str, current: Epsilon) -> Option<Epsilon> {
    let id = ui.make_persistent_id(id_salt);
    ui.vertical(|ui| {
        let mut draft = ui
            .data(|data| data.get_temp::<Draft>(id))
            .filter(|draft| draft.base == current)
            .unwrap_or_else(|| Draft { text: current.typed(notation::of(ui)), base: current, refused: None });
        let response = text_ui(ui, id, name, &mut draft);
        if response.gained_focus() {
            select_all(ui.ctx(), id, &draft.text);
        }

        // A decimal comma is how many people write it.
        let parsed = draft.text.replace(',', ".").parse::<Epsilon>();
        draft.refused = draft.refused.and(parsed.err());
        let mut changed = None;
        if escaped(ui, &response) {
            ui.data_mut(|data| data.remove::<Draft>(id));
            draft.refused = None;
        } else {
            // A screen reader sets the text without focusing the field.
            let offered = response.lost_focus() || (response.changed() && !response.has_focus());
            match parsed {
                Ok(epsilon) if offered => {
                    ui.data_mut(|data| data.remove::<Draft>(id));
                    changed = (epsilon != current).then_some(epsilon);
                }
                Err(error) if offered => {
                    draft.refused = Some(error);
                    if ui.input(|i| i.key_pressed(Key::Enter)) {
                        response.request_focus();
                    }
                    ui.data_mut(|data| data.insert_temp(id, draft.clone()));
                }
                _ if response.has_focus() || draft.refused.is_some() => {
                    ui.data_mut(|data| data.insert_temp(id, draft.clone()));
                }
                _ => {}
            }
        }
        hint_ui(ui, &response, draft.refused);
        changed
    })
    .inner
}

fn text_ui(ui: &mut Ui, id: Id, name: &str, draft: &mut Draft) -> Response {
    let colors = theme::of(ui);
    ui.scope(|ui| {
        if draft.refused.is_some() {
            let visuals = ui.visuals_mut();
            visuals.selection.stroke = Stroke::new(2.0, colors.error);
            visuals.text_edit_bg_color = Some(colors.error_soft);
            for state in [&mut visuals.widgets.inactive, &mut visuals.widgets.hovered, &mut visuals.widgets.active] {
                state.bg_stroke = Stroke::new(1.5, colors.error);
            }
        } else {
            ui.visuals_mut().widgets.inactive.bg_stroke = Stroke::new(1.0, colors.outline);
        }
        let edit = TextEdit::singleline(&mut draft.text)
            .id(id)
            .font(TextStyle::Monospace)
            .desired_width(WIDTH)
            .align(Align2::LEFT_CENTER)
            .char_limit(64)
            .text_color(if draft.refused.is_some() { colors.error } else { colors.text });
        ui.add(edit).accessible_name(name)
    })
    .inner
}

/// Whether Esc ended the typing. The key is consumed: it means nothing else then.
fn escaped(ui: &Ui, response: &Response) -> bool {
    response.lost_focus() && ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Escape))
}

/// Why the text was refused, on the reserved line; over whatever stands right of it, where the line is too short.
fn hint_ui(ui: &mut Ui, field: &Response, refused: Option<EpsilonError>) {
    let colors = theme::of(ui);
    let height = ui.text_style_height(&TextStyle::Small) + HINT_PADDING.y;
    let (_, line) = ui.allocate_space(vec2(field.rect.width(), height));
    let Some(error) = refused else { return };
    ui.ctx().accesskit_node_builder(field.id, |node| node.set_invalid(accesskit::Invalid::True));
    let id = field.id.with("hint");
    let painter = ui.ctx().layer_painter(LayerId::new(Order::Tooltip, id));
    let screen = ui.ctx().content_rect().shrink(HINT_PADDING.x);
    let font = TextStyle::Small.resolve(ui.style());
    let galley = elided(&painter, &error.to_string(), font, colors.error, screen.width() - 2.0 * HINT_PADDING.x);
    let size = galley.size() + 2.0 * HINT_PADDING;
    let left = line.left().min(screen.right() - size.x).max(screen.left());
    let rect = Rect::from_min_size(pos2(left, line.top()), size);
    painter.rect(rect, RADIUS, colors.error_soft, Stroke::new(1.0, colors.error), StrokeKind::Inside);
    painter.galley(rect.min + HINT_PADDING, galley, colors.error);
    ui.interact(rect, id, Sense::hover()).widget_info(|| WidgetInfo::labeled(Role::Alert, true, error));
}
