//! Lists of what can be opened, a row each: columns of text, one click, and where it lies under the pointer.

use egui::{Align, Label, Layout, Rect, RichText, Role, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, vec2};

use crate::ui::{
    theme::{self, RADIUS, space},
    widgets::focus_ring,
};

/// Of a row, in points; the line of headings is as high.
pub const HEIGHT: f32 = 26.0;

/// A column of a list.
pub struct Column {
    pub heading: &'static str,
    /// Part of the width, from 0 to 1.
    pub share: f32,
    pub align: Align,
}

/// A thing that may be opened.
pub struct Row {
    /// One for each column.
    pub texts: Vec<String>,
    /// Where it lies, and what else is to be known.
    pub hint: String,
    pub can_be_opened: bool,
}

/// Headings, and as many of the `n_rows` rows as `height` has room for; the others are scrolled to, and only those in
/// view are made by `row`. Returns the one that was clicked.
pub fn rows_ui(
    ui: &mut Ui,
    name: &str,
    columns: &[Column],
    n_rows: usize,
    height: f32,
    row: impl Fn(usize) -> Option<Row>,
) -> Option<usize> {
    heading_ui(ui, columns);
    let mut clicked = None;
    let spacing = std::mem::take(&mut ui.spacing_mut().item_spacing.y);
    let area = ScrollArea::vertical().id_salt(name).auto_shrink([false, false]).max_height(height);
    area.show_rows(ui, HEIGHT, n_rows, |ui, range| {
        for index in range {
            if row(index).is_some_and(|row| row_ui(ui, columns, &row)) {
                clicked = Some(index);
            }
        }
    });
    ui.spacing_mut().item_spacing.y = spacing;
    clicked
}

fn heading_ui(ui: &mut Ui, columns: &[Column]) {
    let (area, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    let color = theme::of(ui).text_weak;
    for (column, rect) in columns.iter().zip(cells(area, columns)) {
        cell_ui(ui, rect, column.align, RichText::new(column.heading).small().color(color));
    }
}

/// Returns whether it was clicked.
fn row_ui(ui: &mut Ui, columns: &[Column], row: &Row) -> bool {
    let opens = row.can_be_opened;
    let sense = if opens { Sense::click() } else { Sense::hover() };
    let (area, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), sense);
    let colors = theme::of(ui);
    if opens && response.hovered() {
        ui.painter().rect_filled(area, RADIUS, ui.visuals().widgets.hovered.weak_bg_fill);
    }
    if response.has_focus() {
        focus_ring(ui.painter(), area.shrink(1.0), RADIUS, colors);
    }
    let color = if opens { colors.text_strong } else { colors.text_weak };
    for ((column, rect), text) in columns.iter().zip(cells(area, columns)).zip(&row.texts) {
        cell_ui(ui, rect, column.align, RichText::new(text).color(color));
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Button, opens, row.texts.join(", ")));
    response.on_hover_text(&row.hint).clicked()
}

/// Where the columns of a row stand.
fn cells(row: Rect, columns: &[Column]) -> impl Iterator<Item = Rect> {
    columns.iter().scan(row.min, move |left, column| {
        let size = vec2(column.share * row.width() - space::S, row.height());
        let cell = Rect::from_min_size(*left, size);
        left.x += column.share * row.width();
        Some(cell)
    })
}

/// What does not fit ends with three dots.
fn cell_ui(ui: &mut Ui, rect: Rect, align: Align, text: RichText) {
    let layout = match align {
        Align::Max => Layout::right_to_left(Align::Center),
        Align::Min | Align::Center => Layout::left_to_right(Align::Center),
    };
    let mut cell = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
    cell.add(Label::new(text).truncate().selectable(false));
}
