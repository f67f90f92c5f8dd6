//! The table of commands, in the order of the menus.

use super::{
    entry::{Entry, Situation, back_to},
    of_source::{compared_with, of_files},
};
use crate::{
    attention::{Component, Notation, OperationKind, Preset},
    engine::Bundled,
    figure::{ColorNorm, Colormap, Limits, LimitsFrom, MaskedStyle, Pooling, Quantity},
    session::{COLUMNS, Command, PaperFigure, RowChoice, ScaleStep, SliderRange, Theme, TokenTint, UserSettings, View},
    ui::{
        column_names, numbers,
        shell::{
            action::{Action, Clipping, Exported, SessionAction},
            lesson::Lesson,
        },
    },
};

/// Colour scales and what they are called.
pub const NORMS: [(ColorNorm, &str); 5] = [
    (ColorNorm::Linear(Limits::UNIT), "Linear, 0 to 1"),
    (ColorNorm::LOG, "Logarithmic, 1e-4 to 1"),
    (ColorNorm::Auto, "Smallest to largest value"),
    (ColorNorm::Symmetric, "Symmetric about 0"),
    (ColorNorm::LogSymmetric, "Logarithmic, symmetric about 1"),
];

/// Quantities, what they are called and what they are.
pub const QUANTITIES: [(Quantity, &str, &str); 5] = [
    (Quantity::Weight, "Attention weight", "After softmax; every row sums to 1"),
    (Quantity::Difference, "Difference from baseline", "Weight less the unmodified weight"),
    (Quantity::UniformRatio, "Ratio to uniform", "Weight over 1/(attended keys); 1 is no preference"),
    (Quantity::Score, "Score", "Before softmax, after 1/√d and ε"),
    (Quantity::WeightedValue, "Weight × ‖value‖", "How much a cell carries; follows ε in the Value row too"),
];

/// Ways to write ε, each by the figure's three columns.
pub const NOTATIONS: [(Notation, &str); 3] = [
    (Notation::Scientific, "5e-1, 1e-3, 1e-10"),
    (Notation::Decimal, "0.5, 0.001, 10⁻¹⁰"),
    (Notation::Powers, "0.5, 10⁻³, 10⁻¹⁰"),
];

/// What tokens are tinted by, what that is called, in short and in full, and what it is.
pub const TOKEN_TINTS: [(TokenTint, &str, &str, &str); 3] = [
    (TokenTint::Reads, "reads", "What it reads", "How much the token that is pointed at or pinned looks at each"),
    (TokenTint::ReadBy, "read by", "Who reads it", "How much each looks at the token that is pointed at or pinned"),
    (
        TokenTint::Difference,
        "Δ",
        "What changes under ε",
        "How much more or less the token that is pointed at or pinned looks at each than in the baseline",
    ),
];

/// What one dialog opens. The palette finds it by each of these words.
const OPENS: &str = "A model folder, GGUF file, capture (safetensors, NPZ), session (JSON) or exported figure (PNG, SVG, \
    PDF), or a model on this disk that Hugging Face, Ollama, LM Studio or llama.cpp keep";

/// Why nothing is modified of a source without vectors.
const NO_VECTORS: &str = "This file holds patterns only, no query, key or value";

/// Whether it says what is done to vectors, or shows it.
fn changes_vectors(action: &Action) -> bool {
    match action {
        Action::Session(command) => command.changes_vectors(),
        Action::TogglePlay => true,
        Action::Export(exported) => matches!(exported, Exported::Animation | Exported::Sweep | Exported::Text),
        _ => false,
    }
}

/// Every command there is, in the order of the menus, with what is known of it now.
pub fn table(situation: &Situation<'_>) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(128);
    file(situation, &mut entries);
    edit(situation, &mut entries);
    view(situation, &mut entries);
    help(&mut entries);
    slider(situation, &mut entries);
    cell(situation, &mut entries);
    if situation.frame.is_some_and(|frame| !frame.outcome.facts.kind.has_vectors()) {
        for entry in entries.iter_mut().filter(|entry| changes_vectors(&entry.action)) {
            entry.why_not = Some(NO_VECTORS);
        }
    }
    entries
}

fn file(situation: &Situation<'_>, entries: &mut Vec<Entry>) {
    const FILE: &[&str] = &["File"];
    const EXAMPLES: &[&str] = &["File", "Examples"];
    const RECENT: &[&str] = &["File", "Open recent"];
    const COPY: &[&str] = &["File", "Copy"];
    const PAPER: &str = "The paper’s figure, with the source, prompt and scope that are open";
    let session = situation.session;
    entries.extend([
        Entry::new(EXAMPLES, "The figure: SmolLM2-135M, reads any prompt", Command::OpenExample(Bundled::Smollm2)),
        Entry::new(EXAMPLES, "The same figure, captured", Command::OpenExample(Bundled::Smollm2Capture)),
        Entry::new(EXAMPLES, "Small model: Austen, reads any prompt", Command::OpenExample(Bundled::Austen)),
        Entry::new(EXAMPLES, "Here: scaled by 5e-1, 1e-3, 1e-10", Command::UseFigure(PaperFigure::Modifying))
            .hint(PAPER)
            .in_new_group(""),
        Entry::new(
            EXAMPLES,
            "Here: the mean operation, ε = 5e-1, 1e-1, 0",
            Command::UseFigure(PaperFigure::MeanOperation),
        )
        .hint(PAPER),
        Entry::new(FILE, "Open…", Action::AskToOpen).hint(OPENS),
    ]);
    entries.extend(situation.recent.iter().map(|recent| {
        Entry::new(RECENT, recent.name(), Action::OpenRecent(recent.clone()))
            .detail(recent.folder())
            .hint(recent.to_string())
    }));
    let selected = session.selected();
    let notation = session.view().look.notation;
    let which = numbers::panel_name(selected.component, session.selected_epsilon(), notation);
    entries.extend([
        Entry::new(RECENT, "Clear recent", Action::ClearRecent)
            .only_if(!situation.recent.is_empty(), "Nothing was opened from the disk")
            .in_new_group(""),
        Entry::new(FILE, "Save session", SessionAction::Save).in_new_group(""),
        Entry::new(FILE, "Save session as…", SessionAction::SaveAs),
        Entry::new(FILE, "Export figure…", Action::Export(Exported::Figure))
            .hint("The figure, drawn for print")
            .in_new_group(""),
        Entry::new(FILE, "Export numbers…", Action::Export(Exported::Numbers)).hint("As NPZ, safetensors, CSV or JSON"),
        Entry::new(FILE, "Export animation…", Action::Export(Exported::Animation)),
        Entry::new(FILE, "Export sweep…", Action::Export(Exported::Sweep)),
        Entry::new(FILE, "Export text…", Action::Export(Exported::Text))
            .hint("Both texts and what they are of, as JSONL"),
        Entry::new(COPY, "Figure as a picture", Action::CopyOut(Clipping::Figure)),
        Entry::new(COPY, "Selected panel as a picture", Action::CopyOut(Clipping::Panel(selected))).hint(which.clone()),
        Entry::new(COPY, "Selected panel’s weights", Action::CopyOut(Clipping::PanelNumbers(selected))).hint(which),
        Entry::new(COPY, "Weights of all panels", Action::CopyOut(Clipping::Numbers)),
        Entry::new(FILE, "Quit", Action::Quit).in_new_group(""),
    ]);
}

fn edit(situation: &Situation<'_>, entries: &mut Vec<Entry>) {
    const EDIT: &[&str] = &["Edit"];
    let back = situation
        .previous
        .map_or_else(|| "Back".into(), |previous| std::borrow::Cow::Owned(back_to(previous.source())));
    entries.extend([
        Entry::new(EDIT, "Undo", Action::Undo).only_if(situation.can_undo, "Nothing was changed yet"),
        Entry::new(EDIT, "Redo", Action::Redo).only_if(situation.can_redo, "Nothing was undone"),
        Entry::new(EDIT, back, Action::Back)
            .hint("The view before this source was opened")
            .only_if(situation.previous.is_some(), "No other source was open before"),
        Entry::new(EDIT, "Keep this change", Command::KeepChange)
            .hint("The selected panel’s change stays in force beneath all panels, its heads by their numbers")
            .in_new_group(""),
        Entry::new(EDIT, "Block the pinned edge", Command::BlockPinned)
            .hint("The pinned query sees the pinned key no more, in the heads of the scope, in all panels")
            .only_if(situation.session.pinned().is_some(), "Click a cell first"),
        Entry::new(EDIT, "Command palette…", Action::OpenPalette).hint("Every command by its name").in_new_group(""),
    ]);
}

const VIEW: &[&str] = &["View"];
const ABOUT: &str = concat!("Attenuate ", env!("CARGO_PKG_VERSION"), ", ", env!("CARGO_PKG_LICENSE"));

/// What opens or closes the controls.
pub fn controls(situation: &Situation<'_>) -> Entry {
    Entry::new(VIEW, "Controls", Action::ToggleControls)
        .hint("ε, scope and head, beside the panels")
        .check(situation.has_controls)
}

/// What opens beside or in place of the panels.
pub fn panels(view: &View) -> [Entry; 4] {
    [
        Entry::new(VIEW, "Inspector", Command::ToggleInspector)
            .hint("The pinned cell’s numbers, its row, and the effect on the output")
            .check(view.inspector),
        Entry::new(VIEW, "Heads", Command::ToggleHeads).hint("All layers and heads, to choose one").check(view.heads),
        Entry::new(VIEW, "Sweep", Command::ToggleSweep)
            .hint("Sink mass, entropy and other metrics over ε, for Query, Key and Value")
            .check(view.sweep.open),
        Entry::new(VIEW, "Text", Command::ToggleText)
            .hint("What the model writes behind the prompt, without and with the selected panel’s change")
            .check(view.text.open),
    ]
}

fn view(situation: &Situation<'_>, entries: &mut Vec<Entry>) {
    const THEME: &[&str] = &["View", "Theme"];
    const ROWS: &[&str] = &["View", "Rows"];
    const QUANTITY: &[&str] = &["View", "Quantity"];
    const COLOURS: &[&str] = &["View", "Colours"];
    const SCALE: &[&str] = &["View", "Colour scale"];
    const LIMITS: &[&str] = &["View", "Limits"];
    const MASKED: &[&str] = &["View", "Masked cells"];
    const CROWDED: &[&str] = &["View", "Crowded pixels"];
    const SIZE: &[&str] = &["View", "Size"];
    let session = situation.session;
    let view = session.view();
    // In front: in a window that was scaled up, the end of a long menu may be out of sight.
    entries.extend(UserSettings::UI_SCALES.map(|scale| {
        Entry::new(SIZE, format!("{:.0} %", scale * 100.0), Command::SetUiScale(scale))
            .radio(view.user.ui_scale == scale)
    }));
    let steps = [(ScaleStep::Larger, "Larger"), (ScaleStep::Smaller, "Smaller")];
    entries.extend(steps.map(|(step, name)| {
        let is_possible = view.user.next_scale(step) != view.user.ui_scale;
        let entry = Entry::new(SIZE, name, Command::StepUiScale(step)).only_if(is_possible, "No size beyond this one");
        if step == ScaleStep::Larger { entry.in_new_group("") } else { entry }
    }));
    entries.push(
        Entry::new(SIZE, "Full screen", Action::ToggleFullScreen).hint("The whole screen, and back").in_new_group(""),
    );
    entries.push(controls(situation));
    entries.extend(panels(view));
    entries.push(
        Entry::new(VIEW, "One panel alone", Command::ToggleSolo(session.selected()))
            .hint("The selected panel, and back to all nine")
            .check(view.solo.is_some()),
    );
    let themes = [(Theme::System, "System"), (Theme::Light, "Light"), (Theme::Dark, "Dark")];
    entries.extend(
        themes.map(|(theme, name)| Entry::new(THEME, name, Command::SetTheme(theme)).radio(view.user.theme == theme)),
    );
    let rows = session.shape().rows();
    entries.extend(Component::ALL.map(|component| {
        let toggled = rows.toggled(component);
        Entry::new(ROWS, component.name(), Command::SetRows(toggled.unwrap_or(rows)))
            .hint("Its row of panels")
            .check(rows.contains(component))
            .only_if(toggled.is_some(), "The last row stays")
    }));
    entries.extend(QUANTITIES.map(|(quantity, name, hint)| {
        Entry::new(QUANTITY, name, Command::SetQuantity(quantity))
            .hint(hint)
            .radio(view.look.quantity == quantity)
            .only_if_none(situation.frame.and_then(|frame| quantity.why_not(&frame.outcome)))
    }));
    compared_with(situation, entries);
    entries.extend(Colormap::ALL.into_iter().enumerate().map(|(index, colormap)| {
        let entry = Entry::new(COLOURS, colormap.to_string(), Command::SetColormap(colormap));
        let entry = entry.radio(view.look.colormap == colormap).swatch(colormap);
        let begins = index > 0 && colormap.is_diverging() && !Colormap::ALL[index - 1].is_diverging();
        if begins { entry.in_new_group("diverging") } else { entry }
    }));
    entries.extend(
        NORMS.map(|(norm, name)| Entry::new(SCALE, name, Command::SetNorm(norm)).radio(view.look.norm == norm)),
    );
    let limits = [(LimitsFrom::AllPanels, "Locked across panels"), (LimitsFrom::EachPanel, "Of each panel by itself")];
    entries.extend(limits.map(|(from, name)| {
        Entry::new(LIMITS, name, Command::SetLimitsFrom(from))
            .radio(view.look.limits_from == from)
            .only_if(view.look.norm.is_automatic(), "Fixed limits are the same in every panel")
    }));
    let masked = [(MaskedStyle::Quiet, "A colour of their own"), (MaskedStyle::AsZero, "As weight 0")];
    entries.extend(masked.map(|(style, name)| {
        Entry::new(MASKED, name, Command::SetMaskedStyle(style)).radio(view.look.masked == style)
    }));
    let crowded = [(Pooling::Max, "Show the largest cell"), (Pooling::Mean, "Show the mean of the cells")];
    entries.extend(crowded.map(|(pooling, name)| {
        Entry::new(CROWDED, name, Command::SetPooling(pooling)).radio(view.look.pooling == pooling)
    }));
    texts(view, entries);
    of_files(situation, entries);
    entries.push(
        Entry::new(VIEW, "Reduced motion", Command::SetReducedMotion(!view.user.reduced_motion))
            .hint("Open, close and scroll at once")
            .check(view.user.reduced_motion),
    );
}

/// How texts look that stand around the panels.
fn texts(view: &View, entries: &mut Vec<Entry>) {
    const TINT: &[&str] = &["View", "Tokens tinted by"];
    const NOTATION: &[&str] = &["View", "Notation"];
    entries.extend(TOKEN_TINTS.map(|(tint, _, name, hint)| {
        Entry::new(TINT, name, Command::SetTokenTint(tint)).hint(hint).radio(view.token_tint == tint)
    }));
    entries.extend(NOTATIONS.map(|(notation, name)| {
        Entry::new(NOTATION, name, Command::SetNotation(notation))
            .hint("How ε is written, here and in figures")
            .radio(view.look.notation == notation)
    }));
}

fn help(entries: &mut Vec<Entry>) {
    const HELP: &[&str] = &["Help"];
    const LESSONS: &[&str] = &["Help", "Lessons"];
    const TRIALS: &[&str] = &["Help", "Try this"];
    entries.extend(Lesson::ALL.map(|lesson| {
        Entry::new(if lesson.is_trial() { TRIALS } else { LESSONS }, lesson.title(), Action::OpenLesson(lesson))
    }));
    entries.extend([
        Entry::new(HELP, "Last lesson", Action::ToggleLessons),
        Entry::new(HELP, "Guided tour", Action::StartTour),
        Entry::new(HELP, "Keyboard and mouse", Action::ToggleShortcuts).in_new_group(""),
        Entry::new(HELP, ABOUT, Action::Copy { text: ABOUT.to_owned(), what: "Version and licence" })
            .hint("Click to copy")
            .in_new_group(""),
    ]);
}

/// What the controls beside the panels do.
fn slider(situation: &Situation<'_>, entries: &mut Vec<Entry>) {
    const SLIDER: &[&str] = &["Slider"];
    const MODIFY: &[&str] = &["Modify by"];
    const SCOPE: &[&str] = &["Scope"];
    const SHOWN: &[&str] = &["Shown"];
    let session = situation.session;
    let shape = session.shape();
    let move_rows = |rows: RowChoice, name: String| {
        Entry::new(SLIDER, name, Command::ChooseRows(rows)).radio(session.rows() == rows)
    };
    entries.push(move_rows(RowChoice::All, "Move all rows".to_owned()));
    entries.extend(shape.rows().iter().map(|row| move_rows(RowChoice::Only(row), format!("Move the {row} row"))));
    entries.extend(shape.columns().map(|column| {
        let name = format!("Move the {} column", column_names::name(column, shape));
        Entry::new(SLIDER, name, Command::ChooseColumn(column)).radio(session.column() == column)
    }));
    entries.extend([
        Entry::new(SLIDER, "Add a column", Command::AddColumn)
            .hint("One more column of panels, with an ε of its own")
            .only_if(shape.n_columns() < *COLUMNS.end(), "Six columns are the most"),
        Entry::new(SLIDER, "Remove the column", Command::RemoveColumn(session.column()))
            .hint("Removes the column that the slider moves")
            .only_if(shape.n_columns() > *COLUMNS.start(), "Two columns are the least"),
        Entry::new(SLIDER, "Reset to figure", Command::ResetToFigure).hint("ε = 5e-1, 1e-3, 1e-10 in every row"),
        Entry::new(SLIDER, "Play ε, or pause it", Action::TogglePlay).hint("ε runs to and fro over the slider’s range"),
        Entry::new(SLIDER, "Show the whole scale", Command::SetSliderRange(SliderRange::Whole))
            .only_if(session.view().slider != SliderRange::Whole, "The slider shows all of it"),
    ]);
    entries.extend(OperationKind::ALL.map(|kind| {
        Entry::new(MODIFY, kind.name(), Command::SetOperation(session.operation_of(kind)))
            .hint(kind.formula())
            .radio(session.operation().kind() == kind)
    }));
    entries.extend(Preset::ALL.map(|preset| {
        Entry::new(SCOPE, preset.name(), Command::SetScope(preset.scope()))
            .radio(session.scope().preset() == Some(preset))
    }));
    entries.extend([
        Entry::new(SHOWN, "Layer down", Command::StepLayer(-1)),
        Entry::new(SHOWN, "Layer up", Command::StepLayer(1)),
        Entry::new(SHOWN, "Head down", Command::StepHead(-1)),
        Entry::new(SHOWN, "Head up", Command::StepHead(1)),
        Entry::new(SHOWN, "Whole matrix", Command::SetWindow(None))
            .only_if(session.view().window.is_some(), "All of it is in view"),
    ]);
}

/// What is done with the pinned cell; and Esc, which is for it first.
fn cell(situation: &Situation<'_>, entries: &mut Vec<Entry>) {
    const CELL: &[&str] = &["Pinned cell"];
    const NONE: &str = "No cell is pinned";
    let is_pinned = situation.session.pinned().is_some();
    let moves = [
        ("Up", Command::MovePin { queries: -1, keys: 0 }),
        ("Down", Command::MovePin { queries: 1, keys: 0 }),
        ("Left", Command::MovePin { queries: 0, keys: -1 }),
        ("Right", Command::MovePin { queries: 0, keys: 1 }),
    ];
    entries.extend(moves.map(|(name, command)| Entry::new(CELL, name, command).only_if(is_pinned, NONE)));
    entries.extend([
        Entry::new(CELL, "Unpin", Command::Unpin).only_if(is_pinned, NONE),
        Entry::new(CELL, "Copy its numbers", Action::CopyPinned),
    ]);
    let working = [("Cancel opening", Action::CancelOpening), ("Cancel computing", Action::CancelComputing)];
    entries.extend(working.map(|(name, action)| {
        let is_possible = !is_pinned && situation.given_up == Some(&action);
        Entry::new(&["Working"], name, action).only_if(is_possible, "Nothing to cancel, or a cell is pinned")
    }));
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use crate::session::{Cell, Session, document::Follow};

    fn situation(session: &Session) -> Situation<'_> {
        Situation {
            session,
            frame: None,
            recent: &[],
            previous: None,
            has_controls: true,
            can_undo: true,
            can_redo: true,
            follow: Follow::default(),
            given_up: Some(&Action::CancelComputing),
        }
    }

    #[test]
    fn every_command_has_a_name_of_its_own_and_no_two_answer_the_same_key() {
        let pinned = Session::default().with([Command::Pin(Cell { query: 2, key: 1 })]);
        for session in [Session::default(), pinned] {
            let (mut names, mut keys) = (HashSet::new(), HashMap::new());
            for entry in table(&situation(&session)) {
                let name = entry.full_name();
                assert!(names.insert(name.clone()), "{name}");
                let key = entry.keys().filter(|_| entry.is_possible()).map(|keys| keys.to_string());
                if let Some(key) = key
                    && let Some(other) = keys.insert(key.clone(), name.clone())
                {
                    panic!("{key}: {name} and {other}");
                }
            }
        }
    }
}
