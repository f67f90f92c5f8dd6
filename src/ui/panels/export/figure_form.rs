//! How an exported figure form: a form.

use egui::{Atoms, Checkbox, ComboBox, DragValue, Grid, IntoAtoms as _, TextEdit, Ui};

use super::exportable::Exportable;
use crate::{
    attention::Shape,
    figure::{
        AxisLabels, ColorNorm, Colormap, Dpi, Face, FigureStyle, FileFormat, FontSize, Ground, LabelRotation,
        LeastText, PageSize, PanelMetric, StripLines, TextMode, Unit, outcome_title, title_of,
    },
    session::{Command, View},
    ui::{
        column_names,
        shell::{
            action::Actions,
            commands::{NORMS, QUANTITIES},
        },
        theme::{self, space},
        widgets::{swatch, with_accessible_name},
    },
};

const DPI: std::ops::RangeInclusive<u32> = 36..=2400;
const POINTS: std::ops::RangeInclusive<f64> = 4.0..=24.0;
const LEAST_POINTS: std::ops::RangeInclusive<f64> = 4.0..=12.0;
/// The size that text has where the page has room for it.
const FITTED: f64 = 8.0;
/// All choices of a menu at once.
const MENU_HEIGHT: f32 = 480.0;
const MM_PER_INCH: f64 = 25.4;

/// What is chosen. What the view says of colours and numbers is the view's.
#[derive(Clone, Debug)]
pub struct FigureForm {
    pub style: FigureStyle,
    has_title: bool,
    /// Empty for the one that the figure gives itself.
    title: String,
    /// Lines of what the model writes under each panel.
    pub strip: Option<StripLines>,
    /// Whether the file carries its session.
    pub with_session: bool,
}

impl Default for FigureForm {
    fn default() -> Self {
        Self { style: FigureStyle::default(), has_title: true, title: String::new(), strip: None, with_session: true }
    }
}

impl FigureForm {
    /// With the resolution of a slide.
    pub fn of_films(dpi: Dpi) -> Self {
        Self { style: FigureStyle { dpi, ..FigureStyle::default() }, ..Self::default() }
    }

    /// The figure's style, in the quantity and the colours of `view`.
    pub fn style(&self, view: &View) -> FigureStyle {
        let title = match (self.has_title, self.title.trim()) {
            (false, _) => Some(String::new()),
            (true, "") => None,
            (true, own) => Some(own.to_owned()),
        };
        FigureStyle { title, look: view.look, ..self.style.clone() }
    }
}

/// The whole form. Quantity and colours go to the view, so that window and figure agree.
pub fn form_ui(
    ui: &mut Ui,
    form: &mut FigureForm,
    shown: &Exportable<'_>,
    format: Option<FileFormat>,
    actions: &mut Actions,
) {
    Grid::new("form").num_columns(2).spacing([space::M, space::S]).show(ui, |ui| {
        line(ui, "Panels", |ui| panels_ui(ui, &mut form.style, shown.session.epsilon().shape()));
        line(ui, "Size", |ui| page_ui(ui, &mut form.style));
        line(ui, "Title", |ui| title_ui(ui, form, shown));
        line(ui, "Labels", |ui| labels_ui(ui, &mut form.style));
        line(ui, "Text", |ui| {
            let style = &mut form.style;
            ui.horizontal_wrapped(|ui| text_ui(ui, &mut style.face, &mut style.font_size));
            ui.horizontal(|ui| least_ui(ui, &mut style.least_text));
        });
        line(ui, "Ground", |ui| ground_ui(ui, &mut form.style.ground));
        line(ui, "Numbers", |ui| metrics_ui(ui, &mut form.style));
        line(ui, "Continuation", |ui| strip_ui(ui, &mut form.strip, shown));
        let view = shown.session.view();
        line(ui, "Quantity", |ui| {
            let mut quantity = view.look.quantity;
            let choices = QUANTITIES.map(|(quantity, name, _)| (quantity, name));
            let possible: Vec<_> = choices
                .into_iter()
                .filter(|(quantity, _)| shown.frame.is_none_or(|frame| quantity.is_in(&frame.outcome.baseline)))
                .collect();
            if choice_ui(ui, "Quantity of the figure", &mut quantity, &possible) {
                actions.push(Command::SetQuantity(quantity).into());
            }
        });
        line(ui, "Colours", |ui| colours_ui(ui, view, actions));
        if matches!(format, Some(FileFormat::Svg | FileFormat::Pdf)) {
            line(ui, "Words", |ui| {
                let choices = [(TextMode::Embedded, "Text with its font"), (TextMode::Paths, "Outlines")];
                choice_ui(ui, "Text of the file", &mut form.style.text, &choices);
            });
        }
        line(ui, "Session", |ui| session_ui(ui, form));
    });
}

/// Whether the file carries its session.
pub fn session_ui(ui: &mut Ui, form: &mut FigureForm) {
    ui.checkbox(&mut form.with_session, "In the file").on_hover_text(
        "The file carries source, prompt, ε and view: dropped on the window, it opens what it shows. Its source is \
         named by its path: leave it out where nobody should read that",
    );
}

/// One line of a form, whose contents have the room that the form has and wrap where it is narrow.
pub fn line(ui: &mut Ui, label: &str, contents: impl FnOnce(&mut Ui)) {
    ui.label(label);
    ui.vertical(contents);
    ui.end_row();
}

/// Which rows and columns; one of each at least.
pub fn panels_ui(ui: &mut Ui, style: &mut FigureStyle, shape: Shape) {
    ui.horizontal_wrapped(|ui| {
        for component in shape.rows().iter() {
            let mut is_shown = style.shows(component);
            if ui.checkbox(&mut is_shown, component.name()).clicked() {
                style.rows = style.rows_of(shape.rows()).toggled(component).or(style.rows);
            }
        }
    });
    ui.horizontal_wrapped(|ui| {
        for column in shape.columns() {
            let mut is_shown = style.columns.contains(column);
            if ui.checkbox(&mut is_shown, column_names::label(column, shape)).clicked() {
                style.columns = style.columns.toggled(column, shape).unwrap_or(style.columns);
            }
        }
    });
}

/// Page and resolution; whether a size was chosen by its name.
pub fn size_ui(ui: &mut Ui, page: &mut PageSize, resolution: &mut Dpi) -> bool {
    let (mut unit, mut dpi) = (page.unit(), resolution.get());
    ui.horizontal_wrapped(|ui| {
        let mut sides = (page.width(), page.height());
        with_accessible_name(ui.add(side(&mut sides.0, unit)), "Width of the page");
        let mut height = sides.1.unwrap_or(sides.0);
        if choice_ui(ui, "Unit of the page", &mut unit, &[(Unit::Millimetres, "mm"), (Unit::Pixels, "px")]) {
            let factor = if unit == Unit::Pixels { f64::from(dpi) / MM_PER_INCH } else { MM_PER_INCH / f64::from(dpi) };
            let converted = |side: f64| (side * factor).round().clamp(*unit.sides().start(), *unit.sides().end());
            (sides.0, height) = (converted(sides.0), converted(height));
        }
        let mut has_height = sides.1.is_some();
        ui.checkbox(&mut has_height, "Height").on_hover_text("Off: as high as what is on it");
        with_accessible_name(ui.add_enabled(has_height, side(&mut height, unit)), "Height of the page");
        let rounded = |side: f64| if unit == Unit::Pixels { side.round() } else { side };
        let height = has_height.then(|| rounded(height));
        *page = PageSize::in_unit(rounded(sides.0), height, unit).unwrap_or(*page);
    });
    let mut is_named = false;
    ui.horizontal_wrapped(|ui| {
        with_accessible_name(ui.add(DragValue::new(&mut dpi).range(DPI).suffix(" dpi")), "Resolution");
        for (name, size) in [("1 column", 85.0), ("2 columns", 178.0)] {
            if ui.button(name).on_hover_text(format!("{size:.0} mm, as journals have them")).clicked() {
                *page = PageSize::new(size, None).unwrap_or(*page);
                is_named = true;
            }
        }
    });
    *resolution = Dpi::new(dpi).unwrap_or(*resolution);
    is_named
}

/// [`size_ui`] of a figure: text fits a size that is chosen by its name.
pub fn page_ui(ui: &mut Ui, style: &mut FigureStyle) {
    if size_ui(ui, &mut style.page, &mut style.dpi) {
        style.font_size = None;
    }
}

fn side(value: &mut f64, unit: Unit) -> DragValue<'_> {
    DragValue::new(value).range(unit.sides()).max_decimals(usize::from(unit == Unit::Millimetres))
}

fn title_ui(ui: &mut Ui, form: &mut FigureForm, shown: &Exportable<'_>) {
    ui.horizontal(|ui| {
        with_accessible_name(ui.add(Checkbox::without_text(&mut form.has_title)), "Title is drawn");
        let session = shown.session;
        let quantity = session.view().look.quantity;
        let own = shown.frame.map_or_else(
            || {
                title_of(
                    session.operation().kind(),
                    quantity,
                    session.reference(),
                    form.style.rows_of(session.shape().rows()),
                )
            },
            |frame| outcome_title(&frame.outcome, quantity, form.style.rows_of(session.shape().rows())),
        );
        let field = TextEdit::singleline(&mut form.title).hint_text(own).desired_width(f32::INFINITY);
        with_accessible_name(ui.add_enabled(form.has_title, field), "Title of the figure");
    });
}

fn labels_ui(ui: &mut Ui, style: &mut FigureStyle) {
    ui.horizontal_wrapped(|ui| {
        let labels =
            [(AxisLabels::Tokens, "Tokens"), (AxisLabels::Positions, "Positions"), (AxisLabels::Hidden, "None")];
        choice_ui(ui, "Labels of the axes", &mut style.axis_labels, &labels);
        let rotations =
            [(LabelRotation::Upwards, "Upwards"), (LabelRotation::Slanted, "Slanted"), (LabelRotation::Level, "Level")];
        ui.add_enabled_ui(style.axis_labels != AxisLabels::Hidden, |ui| {
            choice_ui(ui, "How key labels read", &mut style.label_rotation, &rotations);
        });
    });
}

/// What texts are set in, and how large they are.
pub fn text_ui(ui: &mut Ui, face: &mut Face, font_size: &mut Option<FontSize>) {
    let faces = [(Face::Light, "Light"), (Face::Sans, "Sans"), (Face::Serif, "Serif")];
    choice_ui(ui, "Face of the text", face, &faces);
    let mut is_fitted = font_size.is_none();
    ui.checkbox(&mut is_fitted, "Fitted").on_hover_text("8 pt, or less where the page has not the room");
    let mut points = font_size.map_or(FITTED, FontSize::points);
    let size = DragValue::new(&mut points).range(POINTS).max_decimals(1).speed(0.1).suffix(" pt");
    with_accessible_name(ui.add_enabled(!is_fitted, size), "Font size").on_hover_text("Other texts follow it");
    *font_size = if is_fitted { None } else { FontSize::new(points).ok().or(*font_size) };
}

/// The smallest size of labels.
fn least_ui(ui: &mut Ui, least_text: &mut LeastText) {
    ui.label("at least");
    let mut least = least_text.points();
    let field = DragValue::new(&mut least).range(LEAST_POINTS).max_decimals(1).speed(0.1).suffix(" pt");
    if with_accessible_name(ui.add(field), "Smallest text")
        .on_hover_text("Labels at the axes are no smaller; where they have no room some are left out")
        .changed()
    {
        *least_text = LeastText::new(least).unwrap_or(*least_text);
    }
}

/// What the figure lies on.
pub fn ground_ui(ui: &mut Ui, ground: &mut Ground) {
    let grounds = [(Ground::Light, "Light"), (Ground::Dark, "Dark"), (Ground::Transparent, "Transparent")];
    choice_ui(ui, "Ground of the figure", ground, &grounds);
}

fn metrics_ui(ui: &mut Ui, style: &mut FigureStyle) {
    ui.horizontal_wrapped(|ui| {
        for metric in PanelMetric::ALL {
            let mut is_shown = style.metrics.contains(&metric);
            if ui.checkbox(&mut is_shown, metric.label()).on_hover_text("Under each panel").clicked() {
                if is_shown {
                    style.metrics.insert(metric);
                } else {
                    style.metrics.remove(&metric);
                }
            }
        }
    });
}

/// What the model writes under each panel, and on how many lines.
pub fn strip_ui(ui: &mut Ui, strip: &mut Option<StripLines>, shown: &Exportable<'_>) {
    ui.horizontal_wrapped(|ui| {
        let mut is_drawn = strip.is_some();
        let hint = "What the model writes behind the prompt under each panel’s change, and unmodified at the foot";
        let is_possible = is_drawn || shown.no_texts.is_none();
        let checkbox = ui.add_enabled(is_possible, Checkbox::new(&mut is_drawn, "Under each panel"));
        if checkbox.on_hover_text(hint).on_disabled_hover_text(shown.no_texts.unwrap_or_default()).changed() {
            *strip = is_drawn.then(StripLines::default);
        }
        if let Some(lines) = strip {
            let mut count = lines.get();
            let field = DragValue::new(&mut count).range(StripLines::RANGE).speed(0.05).suffix(" lines");
            with_accessible_name(ui.add(field), "Lines of the continuation");
            *lines = StripLines::new(count).unwrap_or(*lines);
            if let Some(why) = shown.no_texts {
                ui.label(egui::RichText::new(why).small().color(theme::of(ui).error));
            }
        }
    });
}

fn colours_ui(ui: &mut Ui, view: &View, actions: &mut Actions) {
    let mut colormap = view.look.colormap;
    let drawn = |map: Colormap| (swatch(theme::ramp(map)), map.name()).into_atoms();
    if drawn_choice_ui(ui, "Colours of the figure", &mut colormap, &Colormap::ALL, drawn) {
        actions.push(Command::SetColormap(colormap).into());
    }
    let (mut norm, own) = (view.look.norm, view.look.norm.to_string());
    let mut choices: Vec<(ColorNorm, &str)> = NORMS.to_vec();
    if !choices.iter().any(|(known, _)| *known == norm) {
        choices.push((norm, &own));
    }
    if choice_ui(ui, "Colour scale of the figure", &mut norm, &choices) {
        actions.push(Command::SetNorm(norm).into());
    }
}

/// A menu of choices under an accessible name; whether another one was chosen.
pub fn choice_ui<T: PartialEq + Copy>(ui: &mut Ui, name: &str, current: &mut T, choices: &[(T, &str)]) -> bool {
    let values: Vec<T> = choices.iter().map(|(choice, _)| *choice).collect();
    drawn_choice_ui(ui, name, current, &values, |value| {
        choices.iter().find(|(choice, _)| *choice == value).map_or("", |(_, text)| text).into_atoms()
    })
}

/// A menu of choices under an accessible name, each drawn as `drawn` says; whether another one was chosen.
fn drawn_choice_ui<'a, T: PartialEq + Copy>(
    ui: &mut Ui,
    name: &str,
    current: &mut T,
    choices: &[T],
    drawn: impl Fn(T) -> Atoms<'a>,
) -> bool {
    let before = *current;
    let menu = ComboBox::from_id_salt(name).selected_text(drawn(before)).width(0.0).height(MENU_HEIGHT);
    let combo = menu.show_ui(ui, |ui| {
        for &choice in choices {
            ui.selectable_value(current, choice, drawn(choice));
        }
    });
    with_accessible_name(combo.response, name);
    *current != before
}
