//! The line at the bottom: what is shown, what is being opened or computed, and how long the last recompute took.

use egui::{Align, Id, LayerId, Layout, Panel, Rect, RichText, Sense, TextStyle, Ui, UiBuilder, vec2};

use crate::{
    attention::{Operation, PanelId},
    engine::{Role, Token},
    figure::Illegible,
    session::{Cell, Command, Session},
    ui::{
        jobs::pictures::{Frame, Pictures},
        memo::{Memo, Revision, Same},
        numbers::{self, CellNumbers},
        progress::{opening_ui, working_ui},
        shell::{
            action::{Action, Actions},
            opener::Opening,
            part::{Part, PartContext},
            shown::Shown,
        },
        theme::{self, space},
        widgets::shortened,
    },
};

const NOT_A_NUMBER: &str = "Of the cells in view in all panels. NaN, not a number, comes of NaN or infinities in \
    Query, Key, Value or the weights; such cells have a colour of their own, which the colour bar shows.";

/// The line.
pub struct Status {
    room: Rect,
    line: Memo<(Same<Session>, Revision), Line>,
    cell: Memo<(Revision, PanelId, Cell), String>,
}

impl Default for Status {
    fn default() -> Self {
        Self { room: Rect::NOTHING, line: Memo::default(), cell: Memo::default() }
    }
}

/// What it says of the picture on screen.
struct Line {
    text: String,
    /// How many cells are not numbers.
    n_bad: u64,
    /// How much the panels are enlarged, where they do not show everything.
    zoom: Option<String>,
}

impl Part for Status {
    /// Takes its room, before the panels at both sides.
    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        let drawn = Panel::bottom("status").show(ui, |ui| {
            // Always as high as with a button in it, so that the panels above keep their size.
            let height = ui.spacing().interact_size.y.max(theme::TARGET.y);
            ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover()).0
        });
        (self.room, cx.shown.status) = (drawn.inner, drawn.response.rect);
    }

    /// Draws into it what it says, behind all panels: so the keyboard comes to it last.
    fn over_ui(&mut self, cx: &mut PartContext<'_>) {
        let room = UiBuilder::new().layer_id(LayerId::background()).max_rect(self.room);
        let mut ui = Ui::new(cx.egui.clone(), Id::unique("status line"), room);
        let (shown, opening) = (&*cx.shown, cx.navigation.opening());
        let pictures = &shown.pictures;
        match pictures.frame() {
            Some(frame) => {
                let line = self.line.get((Same::of(cx.session), frame.revision), || line(cx.session, frame));
                let pinned = || cx.session.pinned().map(|cell| (cx.session.selected(), cell));
                let cell = shown.hovered.or_else(pinned).map(|(panel, cell)| {
                    let panel = frame.outcome.shape().nearest(panel);
                    &**self.cell.get((frame.revision, panel, cell), || cell_text(frame, panel, cell))
                });
                status_ui(&mut ui, (frame, line, cell), shown, opening, cx.actions);
            }
            None => line_ui(&mut ui, |ui| first_ui(ui, pictures, opening)),
        }
    }
}

fn line_ui(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        contents(ui);
    });
}

fn status_ui(
    ui: &mut Ui,
    (frame, line, cell): (&Frame, &Line, Option<&str>),
    shown: &Shown,
    opening: Option<&Opening>,
    actions: &mut Actions,
) {
    line_ui(ui, |ui| {
        if let Some(opening) = opening.filter(|opening| opening.is_noticeable()) {
            opening_ui(ui, opening, actions);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            last_run_ui(ui, (frame, line, cell), shown, actions);
            zoom_ui(ui, line.zoom.as_deref(), actions);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                notices_ui(ui, frame);
                illegible_ui(ui, shown.illegible.as_ref());
                shortened(ui, &line.text, TextStyle::Small, theme::of(ui).text_weak);
            });
        });
    });
}

/// Before there is a picture. After a failure there is nothing to wait for; why a source was not opened stands where the
/// picture would be, and what an open one cannot be computed for (weights that are not finite, by their tensor's name) here
/// too.
fn first_ui(ui: &mut Ui, pictures: &Pictures, opening: Option<&Opening>) {
    let small = |text: &str| RichText::new(text).small();
    match (opening, pictures.failure()) {
        (Some(_), _) => _ = ui.label(small("Opening…")),
        (None, _) if pictures.is_busy() => _ = ui.label(small("Computing…")),
        (None, None) => _ = ui.label(small("Not opened")),
        (None, Some(failure)) => {
            let text = format!("Not computed: {failure}");
            shortened(ui, &text, TextStyle::Small, theme::of(ui).warning);
        }
    }
}

/// What whoever opened the source should know.
fn notices_ui(ui: &mut Ui, frame: &Frame) {
    for notice in &frame.outcome.facts.notices {
        let text = RichText::new(notice.brief).small().color(theme::of(ui).warning);
        ui.label(text).on_hover_text(&notice.sentence);
    }
}

/// Which labels stand as code points.
fn illegible_ui(ui: &mut Ui, illegible: Option<&Illegible>) {
    let Some(illegible) = illegible else { return };
    let labels = if illegible.labels == 1 { "1 label".to_owned() } else { format!("{} labels", illegible.labels) };
    let scripts = illegible.scripts.iter().copied().collect::<Vec<_>>().join(", ");
    let text = RichText::new(format!("no font for {labels} ({scripts})")).small().color(theme::of(ui).warning);
    ui.label(text).on_hover_text(format!("{illegible}."));
}

/// That a part of the panels is in view, and the way back.
fn zoom_ui(ui: &mut Ui, zoom: Option<&str>, actions: &mut Actions) {
    let Some(zoom) = zoom else { return };
    if ui.small_button(format!("{zoom} · show all")).on_hover_text("All cells (a double click on a panel)").clicked() {
        actions.push(Command::SetWindow(None).into());
    }
}

/// What is on screen, in a line.
fn line(session: &Session, frame: &Frame) -> Line {
    let outcome = &frame.outcome;
    let intervention = if outcome.facts.kind.has_vectors() {
        format!("  ·  scope: {}{}", session.scope(), operation(&outcome.experiment.operation))
    } else {
        String::new()
    };
    let text = format!(
        "{}  ·  T = {}{}  ·  layer {} ({}), head {} (0 to {}){intervention}",
        outcome.facts.source,
        outcome.n_positions(),
        added(&outcome.tokens),
        outcome.layer_number(),
        outcome.facts.layers.text(outcome.facts.n_layers),
        outcome.experiment.head,
        outcome.facts.n_heads.saturating_sub(1),
    );
    let zoom =
        session.view().window.map(|window| format!("×{:.1}", outcome.n_positions() as f64 / (window.x1 - window.x0)));
    Line { text, n_bad: frame.pictures.histogram().bad, zoom }
}

/// The hovered or pinned cell: its tokens, its weight in the panel, and without the intervention.
fn cell_text(frame: &Frame, panel: PanelId, cell: Cell) -> String {
    let outcome = &frame.outcome;
    let tokens = format!("{} → {}", numbers::token(outcome, cell.query), numbers::token(outcome, cell.key));
    match CellNumbers::of(outcome, panel, cell) {
        None => format!("{tokens}: {}", numbers::masked(outcome, cell)),
        Some(found) => format!(
            "{tokens}: {} ({}), baseline {}",
            numbers::weight(found.panel.weight),
            numbers::percent(found.panel.weight),
            numbers::weight(found.baseline.weight),
        ),
    }
}

/// From right to left.
fn last_run_ui(ui: &mut Ui, (frame, line, cell): (&Frame, &Line, Option<&str>), shown: &Shown, actions: &mut Actions) {
    let pictures = &shown.pictures;
    let colors = theme::of(ui);
    if let Some(working) = shown.working() {
        working_ui(ui, working, actions);
        return;
    }
    let is_outdated = pictures.is_outdated() || !frame.is_whole();
    if shown.is_given_up() {
        let hint = "Compute what was cancelled";
        if ui.small_button("Compute").on_hover_text(hint).clicked() {
            actions.push(Action::Compute);
        }
        let text = if is_outdated { "cancelled; shown: an older result" } else { "cancelled: effect on the output" };
        ui.label(RichText::new(text).small().color(colors.warning));
        return;
    }
    if let Some(cell) = cell {
        ui.label(RichText::new(cell).small());
    } else {
        let milliseconds = frame.elapsed.as_secs_f64() * 1e3;
        ui.label(RichText::new(format!("recomputed in {milliseconds:7.2} ms")).small().monospace());
    }
    if line.n_bad > 0 {
        let n_bad = line.n_bad;
        let text = if n_bad == 1 { "1 cell is NaN".to_owned() } else { format!("{n_bad} cells are NaN") };
        ui.label(RichText::new(text).small().color(colors.warning)).on_hover_text(NOT_A_NUMBER);
    }
    if let Some(failure) = pictures.failure() {
        ui.label(RichText::new("shown: the last result").small().color(colors.warning)).on_hover_text(failure);
    }
}

/// What was put around the words that were typed.
fn added(tokens: &[Token]) -> String {
    if tokens.iter().any(|token| token.role == Role::Template) {
        return " (by the chat template)".to_owned();
    }
    let added: Vec<&str> =
        tokens.iter().filter(|token| token.role == Role::Added).map(|token| token.text.as_str()).collect();
    if added.is_empty() { String::new() } else { format!(" ({} added)", added.join(", ")) }
}

/// Nothing for scaling, which is what is expected.
fn operation(operation: &Operation) -> String {
    match operation {
        Operation::Scale => String::new(),
        // By its name, and what it does it with.
        other => {
            let (kind, text) = (other.kind(), other.to_string());
            format!("  ·  {}", text.replacen(kind.word(), &kind.name().to_lowercase(), 1))
        }
    }
}
