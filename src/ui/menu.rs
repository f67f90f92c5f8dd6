//! The bar at the top.

use std::path::Path;

use egui::{Button, MenuBar, RadioButton, RichText, Ui};

use super::{
    action::{Action, Actions},
    compare,
    export::{Clipping, Exported},
    frame::Frame,
    lessons::Lesson,
    limits,
    recent::Lately,
    sessions::SessionAction,
    theme,
    tour::{Landmark, mark},
};
use crate::{
    engine::Bundled,
    figure::{ColorNorm, Colormap, Limits, MaskedStyle, Pooling, Quantity},
    session::{Command, PaperFigure, Session, Theme, View},
};

/// Most of a path that a menu shows.
const PATH_CHARACTERS: usize = 36;
const SCALES: [f32; 6] = [0.75, 1.0, 1.25, 1.5, 2.0, 2.5];

/// Menus, the way back, and what is shown.
pub fn menu_ui(
    ui: &mut Ui,
    session: &Session,
    previous: Option<&Session>,
    frame: Option<&Frame>,
    recent: &[Lately],
    actions: &mut Actions,
) {
    MenuBar::new().ui(ui, |ui| {
        ui.menu_button("File", |ui| file_ui(ui, session, recent, actions));
        ui.menu_button("View", |ui| view_ui(ui, session, frame, actions));
        ui.menu_button("Help", |ui| help_ui(ui, actions));
        if let Some(previous) = previous {
            ui.separator();
            let text = format!("← Back to {}", previous.source);
            if ui.button(text).on_hover_text("The view before this source was opened (Alt+←)").clicked() {
                actions.push(Action::Back);
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let export = ui.button("Export figure…").on_hover_text("The figure, drawn for print (Ctrl+E)");
            mark(ui, Landmark::Export, export.rect);
            if export.clicked() {
                actions.push(Action::Export(Exported::Figure));
            }
            let mut inspector = session.view.inspector;
            let hint = "The pinned cell’s numbers, its row, and the effect on the output (I)";
            let toggle = ui.toggle_value(&mut inspector, "Inspector").on_hover_text(hint);
            mark(ui, Landmark::Inspector, toggle.rect);
            if toggle.changed() {
                actions.push(Command::ToggleInspector.into());
            }
            let mut heads = session.view.heads;
            let hint = "All layers and heads, to choose one (H)";
            if ui.toggle_value(&mut heads, "Heads").on_hover_text(hint).changed() {
                actions.push(Command::ToggleHeads.into());
            }
            let mut sweep = session.view.sweep.open;
            let hint = "Sink mass, entropy and other metrics over ε, for Query, Key and Value (W)";
            let toggle = ui.toggle_value(&mut sweep, "Sweep").on_hover_text(hint);
            mark(ui, Landmark::Sweep, toggle.rect);
            if toggle.changed() {
                actions.push(Command::ToggleSweep.into());
            }
            if let Some(frame) = frame {
                let text = RichText::new(&frame.outcome.facts.title).color(theme::of(ui).text_weak);
                ui.add(egui::Label::new(text).truncate());
            }
        });
    });
}

fn help_ui(ui: &mut Ui, actions: &mut Actions) {
    ui.menu_button("Lessons", |ui| {
        for lesson in Lesson::ALL {
            if ui.button(lesson.title()).clicked() {
                actions.push(Action::OpenLesson(lesson));
                ui.close();
            }
        }
    });
    if ui.button("Last lesson   F1").clicked() {
        actions.push(Action::ToggleLessons);
        ui.close();
    }
    if ui.button("Guided tour").clicked() {
        actions.push(Action::StartTour);
        ui.close();
    }
    ui.separator();
    if ui.button("Keyboard and mouse   ?").clicked() {
        actions.push(Action::ToggleShortcuts);
    }
}

fn file_ui(ui: &mut Ui, session: &Session, recent: &[Lately], actions: &mut Actions) {
    ui.menu_button("Examples", |ui| {
        for (bundled, text) in [
            (Bundled::Smollm2, "The figure: SmolLM2-135M, captured"),
            (Bundled::Austen, "Live model: Austen, reads any prompt"),
        ] {
            if ui.button(text).clicked() {
                actions.push(Command::OpenExample(bundled).into());
            }
        }
        ui.separator();
        for (figure, text) in [
            (PaperFigure::Modifying, "Here: scaled by 5e-1, 1e-3, 1e-10"),
            (PaperFigure::MeanOperation, "Here: the mean operation, ε = 5e-1, 1e-1, 0"),
        ] {
            let hint = "The paper’s figure, with the source, prompt and scope that are open";
            if ui.button(text).on_hover_text(hint).clicked() {
                actions.push(Command::UseFigure(figure).into());
            }
        }
    });
    if ui.button("Open model folder…").clicked() {
        actions.push(Action::OpenFolder);
    }
    if ui.button("Open GGUF file…").clicked() {
        actions.push(Action::OpenGguf);
    }
    if ui.button("Open capture…   Ctrl+O").clicked() {
        actions.push(Action::OpenCapture);
    }
    if ui.button("Open session…   Ctrl+Shift+O").clicked() {
        actions.push(Action::OpenSession);
    }
    ui.add_enabled_ui(!recent.is_empty(), |ui| ui.menu_button("Open recent", |ui| recent_ui(ui, recent, actions)));
    ui.separator();
    if ui.button("Save session   Ctrl+S").clicked() {
        actions.push(SessionAction::Save.into());
    }
    if ui.button("Save session as…   Ctrl+Shift+S").clicked() {
        actions.push(SessionAction::SaveAs.into());
    }
    ui.separator();
    for (exported, text) in [
        (Exported::Figure, "Export figure…   Ctrl+E"),
        (Exported::Numbers, "Export numbers…   Ctrl+Shift+E"),
        (Exported::Animation, "Export animation…"),
        (Exported::Sweep, "Export sweep…"),
    ] {
        if ui.button(text).clicked() {
            actions.push(Action::Export(exported));
        }
    }
    ui.menu_button("Copy", |ui| {
        let selected = session.selected();
        for (copy, text) in [
            (Clipping::Figure, "Figure as a picture   Ctrl+Shift+C"),
            (Clipping::Panel(selected), "Selected panel as a picture"),
            (Clipping::PanelNumbers(selected), "Selected panel’s weights"),
            (Clipping::Numbers, "Weights of all panels"),
        ] {
            if ui.button(text).clicked() {
                actions.push(Action::CopyOut(copy));
                ui.close();
            }
        }
    });
    ui.separator();
    if ui.button("Quit   Ctrl+Q").clicked() {
        actions.push(Action::Quit);
    }
}

fn recent_ui(ui: &mut Ui, recent: &[Lately], actions: &mut Actions) {
    for entry in recent {
        let folder = entry.path().and_then(Path::parent).map_or_else(String::new, elided);
        let button = Button::new(entry.name()).shortcut_text(RichText::new(folder).small());
        let hint = entry.path().map_or_else(String::new, |path| path.display().to_string());
        if ui.add(button).on_hover_text(hint).clicked() {
            actions.push(Action::OpenRecent(entry.clone()));
        }
    }
    ui.separator();
    if ui.button("Clear recent").clicked() {
        actions.push(Action::ClearRecent);
    }
}

/// The end of a long path.
fn elided(path: &Path) -> String {
    let text = path.display().to_string();
    let length = text.chars().count();
    if length <= PATH_CHARACTERS {
        return text;
    }
    let end: String = text.chars().skip(length + 1 - PATH_CHARACTERS).collect();
    format!("…{end}")
}

/// Colour scales and what they are called.
pub(super) const NORMS: [(ColorNorm, &str); 5] = [
    (ColorNorm::Linear(Limits::UNIT), "Linear, 0 to 1"),
    (ColorNorm::LOG, "Logarithmic, 1e-4 to 1"),
    (ColorNorm::Auto, "Smallest to largest value"),
    (ColorNorm::Symmetric, "As far below 0 as above"),
    (ColorNorm::LogSymmetric, "Logarithmic, as far below 1 as above"),
];

/// Quantities, what they are called and what they are.
pub(super) const QUANTITIES: [(Quantity, &str, &str); 5] = [
    (Quantity::Weight, "Attention weight", "After softmax; every row sums to 1"),
    (Quantity::Difference, "Difference from baseline", "Weight less the unmodified weight"),
    (Quantity::UniformRatio, "Ratio to uniform", "Weight over 1/(attended keys); 1 is no preference"),
    (Quantity::Score, "Score", "Before softmax, after 1/√d and ε"),
    (Quantity::WeightedValue, "Weight × ‖value‖", "How much a cell carries; follows ε in the Value row too"),
];

fn view_ui(ui: &mut Ui, session: &Session, frame: Option<&Frame>, actions: &mut Actions) {
    let view = &session.view;
    ui.menu_button("Theme", |ui| {
        for (theme, name) in [(Theme::System, "System"), (Theme::Light, "Light"), (Theme::Dark, "Dark")] {
            if ui.radio(view.person.theme == theme, name).clicked() {
                actions.push(Command::SetTheme(theme).into());
            }
        }
    });
    ui.menu_button("Quantity", |ui| quantities_ui(ui, view, frame, actions));
    ui.menu_button("Compare with", |ui| compare::menu_ui(ui, session, frame, actions));
    ui.menu_button("Colours", |ui| colours_ui(ui, view, actions));
    ui.menu_button("Colour scale", |ui| {
        for (norm, name) in NORMS {
            if ui.radio(view.norm == norm, name).clicked() {
                actions.push(Command::SetNorm(norm).into());
            }
        }
    });
    ui.menu_button("Limits", |ui| limits::limits_ui(ui, view, frame, actions));
    ui.menu_button("Masked cells", |ui| {
        for (style, name) in [(MaskedStyle::Quiet, "A colour of their own"), (MaskedStyle::AsZero, "As weight 0")] {
            if ui.radio(view.masked == style, name).clicked() {
                actions.push(Command::SetMaskedStyle(style).into());
            }
        }
    });
    ui.menu_button("Crowded pixels", |ui| {
        for (pooling, name) in [(Pooling::Max, "Show the largest cell"), (Pooling::Mean, "Show the mean of the cells")]
        {
            if ui.radio(view.pooling == pooling, name).clicked() {
                actions.push(Command::SetPooling(pooling).into());
            }
        }
    });
    ui.menu_button("Size", |ui| {
        for scale in SCALES {
            if ui.radio(view.person.ui_scale == scale, format!("{:.0} %", scale * 100.0)).clicked() {
                actions.push(Command::SetUiScale(scale).into());
            }
        }
    });
    let mut reduced = view.person.reduced_motion;
    if ui.checkbox(&mut reduced, "Reduced motion").on_hover_text("Open, close and scroll at once").changed() {
        actions.push(Command::SetReducedMotion(reduced).into());
    }
}

fn quantities_ui(ui: &mut Ui, view: &View, frame: Option<&Frame>, actions: &mut Actions) {
    let has_values = frame.is_none_or(|frame| frame.outcome.baseline.has_values());
    for (quantity, name, hint) in QUANTITIES {
        let is_possible = has_values || quantity != Quantity::WeightedValue;
        let response = ui.add_enabled(is_possible, RadioButton::new(view.quantity == quantity, name));
        let response = response.on_hover_text(hint).on_disabled_hover_text("This capture holds no value vectors");
        if response.clicked() {
            actions.push(Command::SetQuantity(quantity).into());
        }
    }
}

fn colours_ui(ui: &mut Ui, view: &View, actions: &mut Actions) {
    for (index, colormap) in Colormap::ALL.into_iter().enumerate() {
        if index > 0 && colormap.is_diverging() && !Colormap::ALL[index - 1].is_diverging() {
            ui.separator();
            ui.label(RichText::new("diverging").small().color(theme::of(ui).text_weak));
        }
        if ui.radio(view.colormap == colormap, colormap.to_string()).clicked() {
            actions.push(Command::SetColormap(colormap).into());
        }
    }
}
