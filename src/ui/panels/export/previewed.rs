//! What the previews of a figure and of an animation are of: the figure on screen as it would be drawn for print.

use super::{exportable::Exportable, figure_form::FigureForm, preview::Previewed};
use crate::{
    engine::{Outcome, RunSpec},
    figure::{Figure, FigureStyle, Illegible, Repair, TextStrip, figure, illegible},
};

/// A figure in a style.
#[derive(Clone)]
pub struct PreviewedFigure {
    spec: RunSpec,
    outcome: Outcome,
    style: FigureStyle,
}

impl PreviewedFigure {
    /// What is on screen, once all its panels are there.
    pub fn of(shown: &Exportable<'_>, style: &FigureStyle) -> Option<Self> {
        let frame = shown.frame?;
        Some(Self { spec: frame.spec.clone(), outcome: frame.outcome.clone(), style: style.clone() })
    }
}

/// The style that a form describes, with what the model writes where that is wanted and there.
pub fn style_of(form: &FigureForm, shown: &Exportable<'_>) -> FigureStyle {
    let strip = form.strip.zip(shown.all_texts).map(|(lines, texts)| TextStrip { lines, texts: texts.clone() });
    FigureStyle { strip, ..form.style(shown.session.view()) }
}

impl PartialEq for PreviewedFigure {
    fn eq(&self, other: &Self) -> bool {
        self.spec == other.spec && self.style == other.style
    }
}

impl Previewed for PreviewedFigure {
    fn figure(&self) -> Result<Figure, String> {
        figure(&self.outcome, &self.style).map_err(|error| error.to_string())
    }

    fn illegible(&self) -> Option<Illegible> {
        illegible(&self.outcome, &self.style)
    }

    fn repair(&self) -> Option<Repair> {
        Repair::of(&self.outcome, &self.style)
    }
}
