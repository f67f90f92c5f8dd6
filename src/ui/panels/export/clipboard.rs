//! Onto the clipboard: pictures and numbers, made on another thread.

use egui::{ColorImage, Ui};

use crate::{
    attention::{Components, PanelId},
    engine::{Outcome, RunSpec},
    figure::{FigureStyle, PanelColumns, Picture, figure, render},
    ui::{
        jobs::background::{Background, Finished},
        shell::{
            action::{Action, Clipping},
            part::{Part, PartContext},
        },
    },
};

/// More cells than a spreadsheet or an editor takes from the clipboard.
const MOST_CELLS: usize = 1_000_000;

/// For the clipboard.
enum Copied {
    Picture(ColorImage),
    Text(String),
}

/// What the clipboard holds afterwards, for users.
fn what(clipping: Clipping) -> &'static str {
    match clipping {
        Clipping::Figure => "The figure is on the clipboard.",
        Clipping::Panel(_) => "The panel is on the clipboard.",
        Clipping::PanelNumbers(_) => "The panel’s weights are on the clipboard.",
        Clipping::Numbers => "All weights are on the clipboard.",
    }
}

fn make(clipping: Clipping, outcome: &Outcome, spec: &RunSpec, style: &FigureStyle) -> Result<Copied, String> {
    match clipping {
        Clipping::Figure => picture(outcome, style),
        Clipping::Panel(panel) => {
            let panel = outcome.shape().nearest(panel);
            let rows = Components::new([panel.component]).unwrap_or_default();
            let columns = PanelColumns::new([panel.column.index()]).unwrap_or_default();
            picture(outcome, &FigureStyle { rows: Some(rows), columns, ..style.clone() })
        }
        Clipping::PanelNumbers(panel) => {
            check(outcome.n_positions() * outcome.n_positions())?;
            Ok(Copied::Text(matrix(outcome, outcome.shape().nearest(panel))))
        }
        Clipping::Numbers => {
            check(outcome.shape().n_panels() * outcome.n_positions() * outcome.n_positions() / 2)?;
            let mut text = Vec::new();
            outcome.numbers(spec).write_tabs(&mut text).map_err(|error| error.to_string())?;
            String::from_utf8(text).map(Copied::Text).map_err(|error| error.to_string())
        }
    }
}

fn picture(outcome: &Outcome, style: &FigureStyle) -> Result<Copied, String> {
    let figure = figure(outcome, style).map_err(|error| error.to_string())?;
    let Picture { width, height, rgba } = render(&figure, style.dpi).map_err(|error| error.to_string())?;
    Ok(Copied::Picture(ColorImage::from_rgba_unmultiplied([width, height], &rgba)))
}

fn check(cells: usize) -> Result<(), String> {
    if cells <= MOST_CELLS {
        return Ok(());
    }
    Err(format!(
        "{cells} numbers are too many for the clipboard, which takes {MOST_CELLS}: export them into a file instead"
    ))
}

/// Tab-separated, tokens along both axes; a masked cell is empty.
fn matrix(outcome: &Outcome, panel: PanelId) -> String {
    use std::fmt::Write as _;

    // A tab or a line break within a token would be one of the table's.
    let token = |position: usize| {
        outcome.tokens.get(position).map_or_else(String::new, |token| token.piece.replace(['\t', '\n', '\r'], " "))
    };
    let pattern = &outcome.panels[panel].pattern;
    let mut text = "query \\ key".to_owned();
    for key in 0..outcome.n_positions() {
        let _ = write!(text, "\t{}", token(key));
    }
    text.push('\n');
    for query in 0..outcome.n_positions() {
        text.push_str(&token(query));
        for key in 0..outcome.n_positions() {
            text.push('\t');
            if let Some(exact) = pattern.exact_cell(query, key) {
                let _ = write!(text, "{}", exact.weight);
            }
        }
        text.push('\n');
    }
    text
}

/// The clipboard: what is put there at once, and the thread that makes what takes a moment.
#[derive(Default)]
pub struct Clipboard {
    job: Background<(Clipping, Result<Copied, String>)>,
}

impl Part for Clipboard {
    /// Shows nothing. Outside of a frame that is drawn, what is meant for the clipboard goes nowhere.
    fn show_ui(&mut self, _ui: &mut Ui, cx: &mut PartContext<'_>) {
        while let Some(finished) = self.job.poll() {
            match finished {
                Finished::Done((clipping, Ok(copied))) => {
                    match copied {
                        Copied::Picture(image) => cx.egui.copy_image(image),
                        Copied::Text(text) => cx.egui.copy_text(text),
                    }
                    cx.toasts.success(what(clipping));
                }
                Finished::Done((_, Err(message))) => cx.toasts.error(message),
                Finished::Broken => cx.toasts.error("Copying stopped because of an internal error."),
            }
        }
    }

    fn act(&mut self, action: &Action, cx: &mut PartContext<'_>) {
        match action {
            Action::Copy { text, what } => {
                cx.egui.copy_text(text.clone());
                cx.toasts.info(format!("{what} are on the clipboard."));
            }
            // What the window shows, in the colours that it has.
            &Action::CopyOut(clipping) => match cx.shown.whole_frame() {
                Some(frame) => {
                    let (outcome, spec) = (frame.outcome.clone(), frame.spec.clone());
                    let style = cx.session.view().figure_style();
                    self.job.start(cx.egui, "copy", move || (clipping, make(clipping, &outcome, &spec, &style)));
                }
                None => cx.toasts.info("The panels are still being computed."),
            },
            _ => {}
        }
    }

    fn is_busy(&self) -> bool {
        self.job.is_running()
    }
}
