//! Onto the clipboard: pictures and numbers, made on another thread.

use egui::{ColorImage, Context};

use crate::{
    attention::{Components, PanelId},
    engine::{Outcome, RunSpec},
    figure::{FigureStyle, PanelColumns, Picture, figure, render},
    ui::{
        background::{Background, Finished},
        pictures::Frame,
    },
};

/// More cells than a spreadsheet or an editor takes from the clipboard.
const MOST_CELLS: usize = 1_000_000;

/// What is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clipping {
    /// The figure as the window has it, as a picture of 300 dpi.
    Figure,
    /// One panel of it.
    Panel(PanelId),
    /// The weights of one panel: a line for each query, a column for each key.
    PanelNumbers(PanelId),
    /// The weights of all panels: a line for each cell.
    Numbers,
}

/// For the clipboard.
pub enum Copied {
    Picture(ColorImage),
    Text(String),
}

impl Clipping {
    /// What the clipboard holds afterwards, for people.
    pub fn what(self) -> &'static str {
        match self {
            Self::Figure => "The figure is on the clipboard.",
            Self::Panel(_) => "The panel is on the clipboard.",
            Self::PanelNumbers(_) => "The panel’s weights are on the clipboard.",
            Self::Numbers => "All weights are on the clipboard.",
        }
    }

    fn make(self, outcome: &Outcome, spec: &RunSpec, style: &FigureStyle) -> Result<Copied, String> {
        match self {
            Self::Figure => picture(outcome, style),
            Self::Panel(panel) => {
                let panel = outcome.shape().nearest(panel);
                let rows = Components::new([panel.component]).unwrap_or_default();
                let columns = PanelColumns::new([panel.column.index()]).unwrap_or_default();
                picture(outcome, &FigureStyle { rows, columns, ..style.clone() })
            }
            Self::PanelNumbers(panel) => {
                check(outcome.n_positions() * outcome.n_positions())?;
                Ok(Copied::Text(matrix(outcome, outcome.shape().nearest(panel))))
            }
            Self::Numbers => {
                check(outcome.shape().n_panels() * outcome.n_positions() * outcome.n_positions() / 2)?;
                let mut text = Vec::new();
                outcome.numbers(spec).write_tabs(&mut text).map_err(|error| error.to_string())?;
                String::from_utf8(text).map(Copied::Text).map_err(|error| error.to_string())
            }
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

/// The thread that makes them.
#[derive(Default)]
pub struct Copies {
    job: Background<(Clipping, Result<Copied, String>)>,
}

impl Copies {
    pub fn is_busy(&self) -> bool {
        self.job.is_running()
    }

    pub fn start(&mut self, ctx: &Context, clipping: Clipping, frame: &Frame, style: FigureStyle) {
        let (outcome, spec) = (frame.outcome.clone(), frame.spec.clone());
        self.job.start(ctx, "copy", move || (clipping, clipping.make(&outcome, &spec, &style)));
    }

    /// Puts what is ready onto the clipboard; what to say of it.
    pub fn poll(&mut self, ctx: &Context) -> Option<Result<&'static str, String>> {
        match self.job.poll()? {
            Finished::Done((copy, Ok(copied))) => {
                match copied {
                    Copied::Picture(image) => ctx.copy_image(image),
                    Copied::Text(text) => ctx.copy_text(text),
                }
                Some(Ok(copy.what()))
            }
            Finished::Done((_, Err(message))) => Some(Err(message)),
            Finished::Broken => Some(Err("Copying stopped because of an internal error.".to_owned())),
        }
    }
}
