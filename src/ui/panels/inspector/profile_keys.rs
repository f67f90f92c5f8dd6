//! The legend of the row profile: which lines are drawn, by component and column.

use std::collections::BTreeSet;

use egui::{Color32, Painter, Rect, Response, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};

use crate::{
    attention::{Component, PanelId},
    engine::Outcome,
    ui::{
        notation, numbers,
        theme::{self, Colors, RADIUS, space},
        widgets::focus_ring,
    },
};

const SAMPLE: f32 = 20.0;

/// Which lines are hidden.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    pub baseline: bool,
    pub panels: BTreeSet<PanelId>,
}

impl Hidden {
    fn show(&mut self, panel: PanelId, shown: bool) {
        if shown {
            self.panels.remove(&panel);
        } else {
            self.panels.insert(panel);
        }
    }
}

/// How a line is drawn: columns by colour, components by stroke.
#[derive(Clone, Copy, Debug)]
pub struct LineLook {
    pub color: Color32,
    pub width: f32,
    /// `None` for a solid line.
    pub dashes: Option<[f32; 2]>,
}

impl LineLook {
    pub fn of_baseline(colors: &Colors) -> Self {
        Self { color: colors.text_weak, width: 2.5, dashes: None }
    }

    pub fn of_panel(colors: &Colors, panel: PanelId, is_selected: bool) -> Self {
        let dashes = match panel.component {
            Component::Query => None,
            Component::Key => Some([6.0, 4.0]),
            Component::Value => Some([1.5, 3.0]),
            Component::Output => Some([9.0, 3.0]),
        };
        Self { color: colors.of_column(panel.column), width: if is_selected { 2.5 } else { 1.2 }, dashes }
    }

    /// A stretch of such a line.
    fn paint(&self, painter: &Painter, rect: Rect) {
        let (from, to) = (rect.left_center(), rect.right_center());
        let stroke = Stroke::new(self.width, self.color);
        match self.dashes {
            None => {
                painter.line_segment([from, to], stroke);
            }
            Some([dash, gap]) => painter.extend(Shape::dashed_line(&[from, to], stroke, dash, gap)),
        }
    }
}

/// One switch a line, in the order of the panels.
pub fn keys_ui(ui: &mut Ui, hidden: &mut Hidden, outcome: &Outcome, selected: PanelId) {
    let colors = theme::of(ui);
    ui.spacing_mut().item_spacing = vec2(space::XS, 0.0);
    let baseline = LineLook::of_baseline(colors);
    let n_columns = outcome.shape().n_columns() as f32;
    let width = ui.available_width() / (n_columns + 1.0);
    if let Some(shown) = key_ui(ui, "baseline", "baseline", baseline, width, !hidden.baseline) {
        hidden.baseline = !shown;
    }
    if !outcome.facts.kind.has_vectors() {
        return;
    }
    for (component, row) in outcome.experiment.epsilon.rows() {
        ui.horizontal(|ui| {
            let width = (ui.available_width() - n_columns * space::XS) / (n_columns + 1.0);
            let panels: Vec<_> = outcome.shape().columns().map(|column| PanelId { component, column }).collect();
            let is_shown = panels.iter().any(|panel| !hidden.panels.contains(panel));
            if let Some(shown) = whole_row_ui(ui, component, width, is_shown) {
                for &panel in &panels {
                    hidden.show(panel, shown);
                }
            }
            for (&panel, epsilon) in panels.iter().zip(row) {
                let look = LineLook::of_panel(colors, panel, selected == panel);
                let notation = notation::of(ui);
                let (text, name) = (epsilon.written(notation), numbers::name_of_panel(outcome, panel, notation));
                if let Some(shown) = key_ui(ui, &text, &name, look, width, !hidden.panels.contains(&panel)) {
                    hidden.show(panel, shown);
                }
            }
        });
    }
}

/// The component's name, which switches its lines. Returns whether they are to be shown, where that was changed.
fn whole_row_ui(ui: &mut Ui, component: Component, width: f32, is_shown: bool) -> Option<bool> {
    let response = switch_ui(ui, width, component.name(), is_shown, 0.0);
    let name = format!("all {component} lines");
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, is_shown, &name));
    response.on_hover_text("Shows or hides the row’s lines").clicked().then_some(!is_shown)
}

/// As [`whole_row_ui`], of one line.
fn key_ui(ui: &mut Ui, text: &str, name: &str, look: LineLook, width: f32, is_shown: bool) -> Option<bool> {
    let response = switch_ui(ui, width, text, is_shown, SAMPLE + space::XS);
    let left = response.rect.left() + space::XS;
    let sample = Rect::from_min_max(pos2(left, response.rect.top()), pos2(left + SAMPLE, response.rect.bottom()));
    let look = if is_shown { look } else { LineLook { color: theme::of(ui).line, ..look } };
    look.paint(ui.painter(), sample);
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, is_shown, name));
    response.on_hover_text(name).clicked().then_some(!is_shown)
}

/// Something to click with a text `indent` points from its left.
fn switch_ui(ui: &mut Ui, width: f32, text: &str, is_shown: bool, indent: f32) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width.max(1.0), theme::TARGET.y), Sense::click());
    let colors = theme::of(ui);
    if response.hovered() {
        ui.painter().rect_filled(rect, RADIUS, colors.raised_hover);
    }
    if response.has_focus() {
        focus_ring(ui.painter(), rect, RADIUS, colors);
    }
    let color = if is_shown { colors.text } else { colors.outline };
    let font = TextStyle::Small.resolve(ui.style());
    let at = pos2(rect.left() + space::XS + indent, rect.center().y);
    let painter = ui.painter().with_clip_rect(rect);
    let place = painter.text(at, egui::Align2::LEFT_CENTER, text, font, color);
    if !is_shown {
        painter.hline(place.x_range(), place.center().y, Stroke::new(1.0, color));
    }
    response
}
