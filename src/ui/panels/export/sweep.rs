//! The dialog that exports the curves over ε: as numbers, or as a figure with a preview of it.

use std::{path::Path, sync::Arc};

use egui::{Grid, ScrollArea, Ui, vec2};

use super::{
    exportable::Exportable,
    figure_form::{ground_ui, line, size_ui, text_ui},
    foot::save_foot,
    preview::{AROUND, LEAST_PREVIEW, Looks, Measured, OPTIONS_WIDTH, Preview, Previewed},
    write::SweepTask,
};
use crate::{
    attention::Epsilon,
    engine::{Outcome, RunSpec, Sweep, SweepMetric},
    figure::{Figure, Illegible, Repair, SweepExport, SweepFormat, SweepRange, SweepStyle},
    ui::{
        dialogs::path_field::{FileKind, PathField, Purpose},
        theme::space,
        widgets::{FootButton, epsilon_field},
    },
};

const SWEEP: FileKind =
    FileKind { name: "Curves (CSV, JSON, PNG, SVG, PDF)", extensions: &["csv", "json", "png", "svg", "pdf"] };
/// Sides of the preview: as the window leaves room, within these.
const PREVIEW: (f32, f32) = (24.0, 360.0);

pub struct SweepDialog {
    field: PathField,
    /// Its metrics are those that were ticked; of none the one that the panel shows.
    style: SweepStyle,
    ends: [Epsilon; 2],
    preview: Preview<PreviewedCurves>,
}

impl SweepDialog {
    pub fn new(folder: &Path) -> Self {
        Self {
            field: PathField::new(Purpose::Save, SWEEP, &folder.join("sweep.csv")),
            style: SweepStyle { metrics: Vec::new(), ..SweepStyle::default() },
            ends: [Epsilon::FIGURE[1], Epsilon::ONE],
            preview: Preview::default(),
        }
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

    /// Returns what is to be done when the curves are to be saved.
    pub fn show(&mut self, ui: &mut Ui, shown: &Exportable<'_>, is_saving: bool) -> Option<SweepTask> {
        let format = SweepFormat::of(&self.field.path()).ok();
        let there = shown.sweep.zip(shown.frame);
        let style = self.chosen(shown);
        let is_picture = format.is_some_and(SweepFormat::is_picture);
        let mut is_refused = false;
        if is_picture {
            let previewed = there.map(|(sweep, frame)| PreviewedCurves {
                sweep: sweep.clone(),
                outcome: frame.outcome.clone(),
                spec: shown.session.run_spec(),
                style: style.clone(),
            });
            self.picture_ui(ui, shown, format, previewed);
            is_refused = self.preview.is_refused();
        }
        let entered = self.field.show(ui, "CSV, JSON, PNG, SVG or PDF file");
        let is_possible = there.is_some() && !is_saving && !is_refused;
        let why_not =
            if is_refused { "They cannot be drawn as they are" } else { "The curves are still being computed" };
        let button = FootButton::new("Save sweep", ()).only_if(is_possible, why_not);
        let clicked = save_foot(ui, button, is_saving, |ui| _ = ui.label("The name’s ending decides the format."));
        let (sweep, frame) = there.filter(|_| (entered || clicked) && is_possible)?;
        Some(SweepTask::new(self.field.path(), sweep, &frame.outcome, shown.session, style, shown.inputs))
    }

    /// The style with metrics that were measured.
    fn chosen(&self, shown: &Exportable<'_>) -> SweepStyle {
        let is_there = |metric: &SweepMetric| shown.sweep.is_none_or(|sweep| metric.of(&sweep.baseline).is_some());
        let mut metrics: Vec<SweepMetric> = self.style.metrics.iter().copied().filter(is_there).collect();
        if metrics.is_empty() {
            metrics.push(shown.session.view().sweep.metric);
        }
        SweepStyle { metrics, notation: shown.session.view().look.notation, ..self.style.clone() }
    }

    fn picture_ui(
        &mut self,
        ui: &mut Ui,
        shown: &Exportable<'_>,
        format: Option<SweepFormat>,
        previewed: Option<PreviewedCurves>,
    ) {
        let room = ui.ctx().content_rect().size() - AROUND;
        let [width, height] = [room.x, room.y].map(|side| side.clamp(PREVIEW.0, PREVIEW.1));
        self.preview.follow(ui, previewed, Looks::Drawn(vec2(width, height)));
        let measured =
            if format == Some(SweepFormat::Png) { Measured::Pixels(self.style.dpi) } else { Measured::Lengths };
        ui.horizontal_top(|ui| {
            if room.x >= LEAST_PREVIEW {
                ui.vertical(|ui| self.preview.show_ui(ui, self.style.ground, measured, vec2(width, height)));
                ui.add_space(space::S);
            }
            ui.vertical(|ui| {
                ui.set_width(OPTIONS_WIDTH.min(ui.ctx().content_rect().width() - 64.0));
                ScrollArea::vertical()
                    .id_salt("sweep form")
                    .max_height(height + space::XL)
                    .auto_shrink(false)
                    .show(ui, |ui| self.form_ui(ui, shown));
            });
        });
        match self.preview.verdict_ui(ui) {
            Some(Repair::LeastText(_)) => self.style.font_size = None,
            Some(Repair::Page(page)) => (self.style.page, self.style.font_size) = (page, None),
            None => {}
        }
        ui.separator();
    }

    fn form_ui(&mut self, ui: &mut Ui, shown: &Exportable<'_>) {
        Grid::new("sweep form").num_columns(2).spacing([space::M, space::S]).show(ui, |ui| {
            line(ui, "Curves", |ui| {
                for metric in SweepMetric::ALL {
                    let is_there = shown.sweep.is_some_and(|sweep| metric.of(&sweep.baseline).is_some());
                    if is_there {
                        self.metric_ui(ui, shown, metric);
                    }
                }
            });
            line(ui, "ε", |ui| self.range_ui(ui));
            line(ui, "Size", |ui| {
                if size_ui(ui, &mut self.style.page, &mut self.style.dpi) {
                    self.style.font_size = None;
                }
            });
            line(ui, "Text", |ui| {
                ui.horizontal_wrapped(|ui| text_ui(ui, &mut self.style.face, &mut self.style.font_size));
            });
            line(ui, "Ground", |ui| ground_ui(ui, &mut self.style.ground));
        });
    }

    /// Whether the metric has a plot; the one that the panel shows has, until another is ticked.
    fn metric_ui(&mut self, ui: &mut Ui, shown: &Exportable<'_>, metric: SweepMetric) {
        let mut chosen = self.chosen(shown).metrics;
        let mut is_drawn = chosen.contains(&metric);
        if ui.checkbox(&mut is_drawn, metric.name()).clicked() {
            chosen.retain(|&other| other != metric);
            if is_drawn {
                chosen.push(metric);
            }
            chosen.sort_by_key(|metric| SweepMetric::ALL.iter().position(|other| other == metric));
            self.style.metrics = chosen;
        }
    }

    /// All ε, or those of a range.
    fn range_ui(&mut self, ui: &mut Ui) {
        let mut is_whole = self.style.range.is_none();
        ui.checkbox(&mut is_whole, "All of it").on_hover_text("From 1e-12 to 1e2, and 0 apart at the left");
        if is_whole {
            self.style.range = None;
            return;
        }
        ui.horizontal_top(|ui| {
            ui.label("from");
            let [from, to] = self.ends;
            let from = epsilon_field(ui, "sweep-from", "first epsilon of the curves", from).unwrap_or(from);
            ui.label("to");
            let to = epsilon_field(ui, "sweep-to", "last epsilon of the curves", to).unwrap_or(to);
            self.ends = [from, to];
        });
        match SweepRange::new(self.ends[0], self.ends[1]) {
            Ok(range) => self.style.range = Some(range),
            Err(error) => {
                // What was shown last stays; without any it is what the fields begin with.
                self.style.range = self.style.range.or(SweepRange::new(Epsilon::FIGURE[1], Epsilon::ONE).ok());
                let color = crate::ui::theme::of(ui).error;
                ui.label(egui::RichText::new(error.to_string()).small().color(color));
            }
        }
    }
}

/// What the preview is of.
#[derive(Clone)]
struct PreviewedCurves {
    sweep: Arc<Sweep>,
    outcome: Outcome,
    spec: RunSpec,
    style: SweepStyle,
}

impl PartialEq for PreviewedCurves {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.sweep, &other.sweep) && self.spec == other.spec && self.style == other.style
    }
}

impl PreviewedCurves {
    fn export(&self) -> SweepExport<'_> {
        SweepExport { sweep: &self.sweep, spec: &self.spec, outcome: &self.outcome, cell: None, style: &self.style }
    }
}

impl Previewed for PreviewedCurves {
    fn figure(&self) -> Result<Figure, String> {
        self.export().figure().map_err(|error| error.to_string())
    }

    fn illegible(&self) -> Option<Illegible> {
        Illegible::of(self.style.title.as_deref(), &self.style.fonts)
    }

    fn repair(&self) -> Option<Repair> {
        self.export().repair()
    }
}
