//! The rows of the list: a name, its size and family, and whether it opens.

use egui::{Align, Label, Layout, Rect, RichText, Role, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, vec2};

use crate::{
    base::byte_count,
    engine::SourceSpec,
    model::on_disk::{DiskModel, DiskSource, State},
    ui::{
        theme::{self, RADIUS, space},
        widgets::focus_ring,
    },
};

/// Of a row.
pub const HEIGHT: f32 = 26.0;
/// Parts of the width: name, size, family, and what is said of it.
const SHARES: [f32; 4] = [0.42, 0.11, 0.13, 0.34];
const HEADINGS: [&str; 4] = ["Name", "Size", "Family", "Opens"];

/// What a row calls a model: the name that opens it, or that of its file and folder.
pub fn name(model: &DiskModel) -> String {
    match &model.source {
        DiskSource::Name(name) => name.to_string(),
        DiskSource::Folder(path) | DiskSource::Gguf(path) => {
            let names: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
            names.into_iter().rev().collect::<Vec<_>>().join("/")
        }
    }
}

/// Only those in view are laid out. Returns the one that was clicked.
pub fn rows_ui<'a>(ui: &mut Ui, models: &[&'a DiskModel], height: f32) -> Option<&'a DiskModel> {
    heading_ui(ui);
    let mut clicked = None;
    let spacing = std::mem::take(&mut ui.spacing_mut().item_spacing.y);
    ScrollArea::vertical().auto_shrink([false, false]).max_height(height).show_rows(
        ui,
        HEIGHT,
        models.len(),
        |ui, range| {
            for model in models.get(range).unwrap_or_default() {
                if row_ui(ui, model) {
                    clicked = Some(*model);
                }
            }
        },
    );
    ui.spacing_mut().item_spacing.y = spacing;
    clicked
}

fn heading_ui(ui: &mut Ui) {
    let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    let color = theme::of(ui).text_weak;
    for (column, heading) in HEADINGS.into_iter().enumerate() {
        cell_ui(ui, cell(area, column), column, RichText::new(heading).small().color(color));
    }
}

/// Returns whether it was clicked.
fn row_ui(ui: &mut Ui, model: &DiskModel) -> bool {
    let opens = model.state == State::Opens;
    let sense = if opens { Sense::click() } else { Sense::hover() };
    let (area, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), sense);
    let colors = theme::of(ui);
    if opens && response.hovered() {
        ui.painter().rect_filled(area, RADIUS, ui.visuals().widgets.hovered.weak_bg_fill);
    }
    if response.has_focus() {
        focus_ring(ui.painter(), area.shrink(1.0), RADIUS, colors);
    }
    let texts = texts(model);
    for (column, text) in texts.iter().enumerate() {
        let color = if opens { colors.text_strong } else { colors.text_weak };
        cell_ui(ui, cell(area, column), column, RichText::new(text).color(color));
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Button, opens, texts.join(", ")));
    let path = SourceSpec::from(model.source.clone());
    let hint = if opens { path.to_string() } else { format!("{path}\n{}", model.why) };
    response.on_hover_text(hint).clicked()
}

fn texts(model: &DiskModel) -> [String; 4] {
    let size = if model.n_bytes == 0 { "–".to_owned() } else { byte_count(model.n_bytes) };
    let family = model.family.clone().unwrap_or_else(|| "–".to_owned());
    [name(model), size, family, model.opens()]
}

fn cell(row: Rect, column: usize) -> Rect {
    let left: f32 = SHARES.iter().take(column).sum();
    let width = SHARES.get(column).copied().unwrap_or_default();
    let min = row.min + vec2(left * row.width(), 0.0);
    Rect::from_min_size(min, vec2(width * row.width() - space::S, row.height()))
}

/// What does not fit ends with three dots.
fn cell_ui(ui: &mut Ui, rect: Rect, column: usize, text: RichText) {
    let layout = if column == 1 { Layout::right_to_left(Align::Center) } else { Layout::left_to_right(Align::Center) };
    let mut cell = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
    cell.add(Label::new(text).truncate().selectable(false));
}
