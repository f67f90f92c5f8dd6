//! *Show me*: the view that a page speaks of.

use crate::{
    attention::{Column, Component, Epsilon, HeadScope, PanelId, PositionScope, Preset, Scope},
    engine::{Bundled, Outcome, Prompt},
    figure::{ColorNorm, LimitsFrom, Quantity},
    session::{Cell, Command, PaperFigure, Session},
    ui::shell::lesson::Lesson,
};

/// A text that says everything twice.
const TWICE: &str = "The grey owl saw a small boat near the old mill. The grey owl saw a small boat near the old mill.";
/// The capitals, and the head that has much to do with the last one.
const CAPITALS: &str = "The capital of France is Paris. The capital of Germany is Berlin. The capital of Italy is";
const CAPITALS_LAYER: usize = 18;
const CAPITALS_HEAD: usize = 8;
const CAPITALS_EPSILON: &str = "0.02";
/// Rows in which one is looked for that says something.
const ROWS: usize = 64;

/// Why there is nothing to show in this program, if so.
pub fn why_not(lesson: Lesson) -> Option<&'static str> {
    let needs_model = lesson.is_trial() && !Bundled::Smollm2.is_live();
    needs_model.then_some("This program was built without the model inside")
}

/// What makes `session` the view that the page speaks of, as one step; `outcome` is what is on screen.
pub fn shown(lesson: Lesson, session: &Session, outcome: Option<&Outcome>) -> Vec<Command> {
    let commands = commands(lesson, session, outcome);
    let target = session.clone().with(commands.clone());
    // Another source has to be opened first.
    if target.source() == session.source() { commands } else { vec![Command::Restore(Box::new(target))] }
}

fn commands(lesson: Lesson, session: &Session, outcome: Option<&Outcome>) -> Vec<Command> {
    let mut commands = Vec::new();
    let mut set = |more: Vec<Command>| commands.extend(more);
    if session.view().heads {
        set(vec![Command::ToggleHeads]);
    }
    let (first, second) = (Column::FIRST, session.shape().columns().nth(1).unwrap_or(Column::FIRST));
    let select = |component, column| Command::SelectPanel(PanelId { component, column });
    let weights = || vec![Command::SetQuantity(Quantity::Weight), Command::SetNorm(ColorNorm::default())];
    let last = outcome.map_or(0, |outcome| outcome.n_positions().saturating_sub(1));
    match lesson {
        Lesson::Panel => {
            set(weights());
            let panel = session.selected();
            if session.view().solo.is_none() {
                set(vec![Command::ToggleSolo(panel)]);
            }
            if let Some(cell) = outcome.and_then(|outcome| telling_cell(outcome, panel)) {
                set(vec![Command::Pin(cell)]);
            }
        }
        Lesson::Sink => {
            set(weights());
            set(vec![
                Command::SetScope(Preset::ThisHead.scope()),
                select(Component::Value, first),
                Command::Pin(Cell { query: last, key: 0 }),
            ]);
        }
        Lesson::Uniform => {
            set(weights());
            set(vec![select(Component::Query, first), Command::SetEpsilon(Epsilon::ZERO)]);
        }
        Lesson::LookAlike => set(vec![
            select(Component::Query, second),
            Command::SetQuantity(Quantity::UniformRatio),
            Command::SetLimitsFrom(LimitsFrom::EachPanel),
        ]),
        Lesson::QueryEqualsKey => {
            let scope = Scope { positions: PositionScope::First, ..session.scope().clone() };
            set(vec![select(Component::Query, first), Command::SetScope(scope)]);
        }
        Lesson::ValueLater => {
            if !session.source().is_live() {
                set(vec![Command::OpenExample(Bundled::READER)]);
            }
            set(vec![Command::SetScope(Preset::AllLayers.scope()), select(Component::Value, second)]);
        }
        Lesson::GroupedQueries => {
            let scope = Scope { heads: HeadScope::Group, ..Preset::ThisHead.scope() };
            set(vec![select(Component::Key, first), Command::SetScope(scope)]);
        }
        Lesson::Operations => set(vec![Command::UseFigure(PaperFigure::MeanOperation)]),
        Lesson::RemoveSink => {
            set(weights());
            set(vec![Command::OpenExample(Bundled::Smollm2), Command::UseFigure(PaperFigure::Modifying)]);
            let scope = Scope { positions: PositionScope::First, ..Preset::ThisHead.scope() };
            set(vec![Command::SetScope(scope), select(Component::Key, first), Command::SetEpsilon(Epsilon::ZERO)]);
        }
        Lesson::FindCopier => {
            set(weights());
            set(vec![Command::OpenExample(Bundled::Smollm2), read(TWICE), Command::ToggleHeads]);
        }
        Lesson::FlattenHead => {
            set(weights());
            set(vec![
                Command::OpenExample(Bundled::Smollm2),
                read(CAPITALS),
                Command::UseFigure(PaperFigure::Modifying),
                Command::SetLayer(CAPITALS_LAYER),
                Command::SetHead(CAPITALS_HEAD),
                Command::SetScope(Preset::ThisHead.scope()),
                select(Component::Query, first),
                Command::SetEpsilon(CAPITALS_EPSILON.parse().unwrap_or(Epsilon::ZERO)),
            ]);
        }
    }
    commands
}

fn read(text: &str) -> Command {
    Command::Read(Prompt::Text { text: text.into(), bos: false })
}

/// The cell of the largest weight on another token than the first and the query itself, in the last rows.
fn telling_cell(outcome: &Outcome, panel: PanelId) -> Option<Cell> {
    let pattern = &outcome.panels.get(panel)?.pattern;
    let n = outcome.n_positions();
    let cells = (n.saturating_sub(ROWS)..n).flat_map(|query| {
        (1..query).filter_map(move |key| Some((Cell { query, key }, pattern.exact_cell(query, key)?.weight)))
    });
    cells.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(cell, _)| cell)
}
