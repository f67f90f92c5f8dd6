//! The figure's title, and one above each panel.

use std::sync::Arc;

use egui::{Align2, Color32, FontId, Galley, Rect, Sense, TextStyle, Ui, vec2};

use super::scene::Scene;
use crate::{
    attention::{Epsilon, Grid, PanelId},
    engine::Outcome,
    figure,
    session::Command,
    ui::{
        jobs::pictures::Frame,
        memo::{Memo, Revision},
        shell::action::Actions,
        theme,
    },
};

/// Between a panel's title and its picture: room for the outline of the selection.
pub const GAP: f32 = 5.0;
/// Of the figure's title, the first that fits.
const SIZES: [TextStyle; 3] = [TextStyle::Heading, TextStyle::Body, TextStyle::Small];

/// The longest texts that a slider leads to, one of them in each notation.
const LONGEST: [&str; 2] = ["8.88e-10", "8.88e-4"];

/// The titles of a frame: written once for it, fitted once into the room that they have.
#[derive(Default)]
pub struct Titles {
    texts: Memo<Revision, Texts>,
    size: Memo<Room, Option<TextStyle>>,
    style: Memo<Room, TitleStyle>,
}

struct Texts {
    title: String,
    /// What panels are called in full.
    names: Grid<String>,
    /// `Query, ε = 5e-1`
    short: Grid<String>,
    /// `Q 5e-1`
    letter: Grid<String>,
    /// `5e-1`
    least: Grid<String>,
    /// As long as they become while ε is dragged, so that their style stays.
    longest: Option<Box<Texts>>,
}

/// What decides how a title is written.
#[derive(PartialEq)]
struct Room {
    frame: Revision,
    width: f32,
    pixels_per_point: f32,
    fonts: [FontId; 3],
}

impl Room {
    fn new(ui: &Ui, frame: &Frame, width: f32) -> Self {
        let fonts = SIZES.map(|size| size.resolve(ui.style()));
        Self { frame: frame.revision, width, pixels_per_point: ui.pixels_per_point(), fonts }
    }
}

impl Texts {
    fn of(frame: &Frame) -> Self {
        let notation = frame.presentation.picture.look.notation;
        let epsilon = &frame.outcome.experiment.epsilon;
        let longest = LONGEST.iter().filter_map(|text| text.parse().ok());
        let longest = longest.map(|epsilon: Epsilon| epsilon.written(notation)).max_by_key(|text| text.chars().count());
        let longest = longest.unwrap_or_default();
        let written = |panel| epsilon[panel].written(notation);
        let at_longest = |panel| {
            let written = written(panel);
            if written.chars().count() > longest.chars().count() { written } else { longest.clone() }
        };
        Self { longest: Some(Box::new(Self::with(frame, &at_longest))), ..Self::with(frame, &written) }
    }

    /// Of panels whose ε is `written` so.
    fn with(frame: &Frame, written: &dyn Fn(PanelId) -> String) -> Self {
        let (outcome, shape) = (&frame.outcome, frame.outcome.shape());
        let operation = outcome.experiment.operation.kind();
        let notation = frame.presentation.picture.look.notation;
        let unchanged = |panel| figure::outcome_panel_title(outcome, panel, notation);
        let of_vectors = |text: &dyn Fn(PanelId) -> String| {
            Grid::from_fn(shape, |panel| if outcome.facts.kind.has_vectors() { text(panel) } else { unchanged(panel) })
        };
        Self {
            title: figure::outcome_title(outcome, frame.pictures.quantity(), shape.rows()),
            names: of_vectors(&|panel| figure::panel_title(panel.component, operation, written(panel))),
            short: of_vectors(&|panel| format!("{}, ε = {}", panel.component, written(panel))),
            letter: of_vectors(&|panel| {
                let letter: String = panel.component.name().chars().take(1).collect();
                format!("{letter} {}", written(panel))
            }),
            least: of_vectors(written),
            longest: None,
        }
    }

    fn galley(&self, ui: &Ui, style: TitleStyle, panel: PanelId, color: Color32) -> Arc<Galley> {
        let (texts, size) = match style {
            TitleStyle::Full => (&self.names, TextStyle::Body),
            TitleStyle::Small => (&self.names, TextStyle::Small),
            TitleStyle::Short => (&self.short, TextStyle::Small),
            TitleStyle::Letter => (&self.letter, TextStyle::Small),
            TitleStyle::Least => (&self.least, TextStyle::Small),
        };
        ui.painter().layout_no_wrap(texts[panel].clone(), size.resolve(ui.style()), color)
    }
}

impl Titles {
    /// What each panel is called in full.
    pub fn names(&mut self, frame: &Frame) -> &Grid<String> {
        &self.texts.get(frame.revision, || Texts::of(frame)).names
    }

    /// Writes the figure's title. Where there is no room for it, it is left out rather than cut: the figure that is
    /// exported has it.
    pub fn figure_ui(&mut self, ui: &Ui, frame: &Frame, rect: Rect) {
        if rect.height() <= 0.0 {
            return;
        }
        let color = theme::of(ui).text_strong;
        let title = &self.texts.get(frame.revision, || Texts::of(frame)).title;
        let galley = |size: &TextStyle| ui.painter().layout_no_wrap(title.clone(), size.resolve(ui.style()), color);
        let size = self.size.get(Room::new(ui, frame, rect.width()), || {
            SIZES.into_iter().find(|size| galley(size).size().x <= rect.width())
        });
        if let Some(galley) = size.as_ref().map(galley) {
            let position = Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size()).min;
            ui.painter().galley(position, galley, color);
        }
    }

    /// Writes a panel's title into `rect`; it is clicked to select the panel. All titles are `width` wide at most.
    pub fn panel_ui(
        &mut self,
        ui: &Ui,
        scene: &Scene<'_>,
        panel: PanelId,
        rect: Rect,
        width: f32,
        actions: &mut Actions,
    ) {
        let frame = scene.frame;
        let texts = self.texts.get(frame.revision, || Texts::of(frame));
        let style =
            *self.style.get(Room::new(ui, frame, width), || TitleStyle::fitting(ui, texts, &frame.outcome, width));
        let colors = theme::of(ui);
        let color = if scene.is_selected(panel) { colors.accent } else { colors.text };
        let galley = texts.galley(ui, style, panel, color);
        let position = Align2::CENTER_BOTTOM.anchor_size(rect.center_bottom() - vec2(0.0, GAP), galley.size()).min;
        ui.painter().galley(position, galley, color);
        let response = ui.interact(rect, ui.scope_id().with(("title", panel)), Sense::click());
        response.widget_info(|| {
            let name = format!("Select {}", texts.names[panel]);
            egui::WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), name)
        });
        if response.double_clicked() {
            actions.push(Command::ToggleSolo(panel).into());
        } else if response.clicked() {
            actions.push(Command::SelectPanel(panel).into());
        }
    }
}

/// How panel titles are written: all of them alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TitleStyle {
    Full,
    Small,
    Short,
    /// In a small window.
    Letter,
    Least,
}

impl TitleStyle {
    /// The fullest one that fits all panels, at every ε that they are dragged to.
    fn fitting(ui: &Ui, texts: &Texts, outcome: &Outcome, room: f32) -> Self {
        let texts = texts.longest.as_deref().unwrap_or(texts);
        let fits = |style: Self| {
            let width = |panel| texts.galley(ui, style, panel, Color32::PLACEHOLDER).size().x;
            outcome.shape().panels().all(|panel| width(panel) <= room)
        };
        [Self::Full, Self::Small, Self::Short, Self::Letter]
            .into_iter()
            .find(|&style| fits(style))
            .unwrap_or(Self::Least)
    }
}
