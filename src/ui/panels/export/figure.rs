//! The dialog that exports the figure: its form, a preview of it, and where it goes.

use std::path::Path;

use egui::{Button, ScrollArea, Ui, vec2};

use super::{
    exportable::Exportable,
    figure_form::{FigureForm, form_ui},
    foot::save_foot,
    preview::{AROUND, LEAST_PREVIEW, Looks, Measured, OPTIONS_WIDTH, Preview},
    previewed::{PreviewedFigure, style_of},
    write::FigureTask,
};
use crate::{
    figure::{FigureStyle, FileFormat, caption},
    ui::{
        dialogs::path_field::{FileKind, PathField, Purpose},
        shell::action::{Action, Actions},
        theme::space,
        widgets::{FootButton, segmented},
    },
};

const FIGURE: FileKind = FileKind { name: "Figure (PNG, SVG, PDF)", extensions: &["png", "svg", "pdf"] };
/// Sides of the preview: as the window leaves room, within these.
const PREVIEW: (f32, f32) = (24.0, 480.0);

pub struct FigureDialog {
    field: PathField,
    form: FigureForm,
    preview: Preview<PreviewedFigure>,
}

impl FigureDialog {
    pub fn new(folder: &Path) -> Self {
        let field = PathField::new(Purpose::Save, FIGURE, &folder.join("attenuate.png"));
        Self { field, form: FigureForm::default(), preview: Preview::default() }
    }

    pub fn focus(&mut self) {
        self.field.focus();
    }

    /// See [`PathField::suggest`].
    pub fn suggest(&mut self, stem: &str) {
        self.field.suggest(stem);
    }

    pub fn is_busy(&self) -> bool {
        self.field.is_looking() || self.preview.is_drawing()
    }

    /// Whether what the model writes is drawn.
    pub fn has_strip(&self) -> bool {
        self.form.strip.is_some()
    }

    /// Returns what is to be done when the figure is to be saved.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        shown: &Exportable<'_>,
        is_saving: bool,
        actions: &mut Actions,
    ) -> Option<FigureTask> {
        let format = FileFormat::of(&self.field.path()).ok();
        let room = ui.ctx().content_rect().size() - AROUND;
        let [width, height] = [room.x, room.y].map(|side| side.clamp(PREVIEW.0, PREVIEW.1));
        let style = style_of(&self.form, shown);
        let is_written = self.form.strip.is_none() || style.strip.is_some();
        let has_preview = room.x >= LEAST_PREVIEW;
        self.preview.follow(ui, PreviewedFigure::of(shown, &style), Looks::Drawn(vec2(width, height)));
        let measured = match format {
            Some(FileFormat::Svg | FileFormat::Pdf) => Measured::Lengths,
            Some(FileFormat::Png) | None => Measured::Pixels(style.dpi),
        };
        ui.horizontal_top(|ui| {
            if has_preview {
                ui.vertical(|ui| self.preview.show_ui(ui, style.ground, measured, vec2(width, height)));
                ui.add_space(space::S);
            }
            ui.vertical(|ui| {
                ui.set_width(OPTIONS_WIDTH.min(ui.ctx().content_rect().width() - 64.0));
                ScrollArea::vertical()
                    .id_salt("figure form")
                    .max_height(height + space::XL)
                    .auto_shrink(false)
                    .show(ui, |ui| form_ui(ui, &mut self.form, shown, format, actions));
            });
        });
        if let Some(repair) = self.preview.verdict_ui(ui) {
            self.form.style = repair.of_style(self.form.style.clone());
        }
        ui.separator();
        let entered = self.field.show(ui, "Figure file");
        let is_refused = self.preview.is_refused();
        let is_possible = shown.frame.is_some() && !is_saving && !is_refused && is_written;
        let why_not = match (is_refused, is_written) {
            (true, _) => "It cannot be drawn as it is",
            (false, true) => "Its panels are still being computed",
            (false, false) => "What the model writes is still to come",
        };
        let button = FootButton::new("Save figure", ()).only_if(is_possible, why_not);
        let clicked = save_foot(ui, button, is_saving, |ui| {
            let mut chosen = format;
            let choices = FORMATS.map(|(format, name, hint)| (Some(format), name, hint));
            if segmented(ui, "Format", &mut chosen, &choices)
                && let Some(chosen) = chosen
            {
                self.field.set_path(&self.field.path().with_extension(chosen.extension()));
            }
            copy_caption_ui(ui, shown, &style, actions);
        });
        let frame = shown.frame.filter(|_| (entered || clicked) && is_possible)?;
        let carried = self.form.with_session.then(|| (shown.session.clone(), shown.fingerprints.clone()));
        Some(FigureTask {
            path: self.field.path(),
            outcome: frame.outcome.clone(),
            style,
            carried,
            inputs: shown.inputs.clone(),
        })
    }
}

/// A caption for the figure as it will be written, for the clipboard.
fn copy_caption_ui(ui: &mut Ui, shown: &Exportable<'_>, style: &FigureStyle, actions: &mut Actions) {
    let button = ui
        .add_enabled(shown.frame.is_some(), Button::new("Copy caption"))
        .on_hover_text("A text for the paper: model, layer, head, prompt, operation, scope, ε and version");
    if let Some(frame) = shown.frame.filter(|_| button.clicked()) {
        let text = caption(&frame.outcome, &frame.spec, style);
        actions.push(Action::Copy { text, what: "The caption’s words" });
    }
}

const FORMATS: [(FileFormat, &str, &str); 3] = [
    (FileFormat::Png, "PNG", "Pixels, for slides and the web"),
    (FileFormat::Svg, "SVG", "Lines, text and cells, sharp at any size; to edit"),
    (FileFormat::Pdf, "PDF", "Sharp at any size; for LaTeX"),
];
