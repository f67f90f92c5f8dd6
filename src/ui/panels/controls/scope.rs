//! Where ε acts: presets, and layers, heads and positions by themselves.

use std::collections::BTreeSet;

use egui::{DragValue, RichText, Ui};

use super::{
    explain::{self, Note},
    in_force,
    row::row,
};
use crate::{
    attention::{HeadScope, LayerScope, PositionScope, Positions, Preset, Scope},
    engine::Outcome,
    session::{Command, Session},
    ui::{
        jobs::pictures::Frame,
        memo::{Memo, Revision},
        panels::sentence::sentence_ui,
        shell::action::Actions,
        theme::{self, space},
        widgets::{ChipsResponse, Segment, segmented, segmented_row, with_accessible_name},
    },
};

/// Width of the names in front of the rows.
const NAMES: f32 = 60.0;

const GROUPED: &str = "All query heads that read the same key and value head as the one on screen: the model has fewer \
                       of those (grouped-query attention)";

/// What the scope's controls remember besides the session.
#[derive(Default)]
pub struct ScopeEditor {
    /// The positions that were chosen last.
    chosen: BTreeSet<usize>,
    sentences: Memo<(Scope, Revision), Sentences>,
}

/// What the scope comes to, in words.
struct Sentences {
    scope: String,
    sharing: Option<Note>,
}

/// Presets; layers, heads and positions; what it comes to in words.
pub fn scope_ui(
    ui: &mut Ui,
    editor: &mut ScopeEditor,
    session: &Session,
    frame: Option<&Frame>,
    actions: &mut Actions,
) {
    ui.add_space(space::M);
    let mut preset = session.scope().preset();
    let choices = Preset::ALL.map(|preset| (Some(preset), preset.name(), preset_hint(preset)));
    let name = RichText::new("Scope").strong().color(theme::of(ui).text_strong);
    let mut is_chosen = false;
    row_ui(ui, name, |ui| is_chosen = segmented(ui, "Scope", &mut preset, &choices));
    if is_chosen && let Some(preset) = preset {
        actions.push(Command::SetScope(preset.scope()).into());
    }
    let Some(frame) = frame.filter(|frame| frame.outcome.facts.kind.has_vectors()) else { return };
    let outcome = &frame.outcome;
    ui.add_space(space::XS);
    let mut scope = session.scope().clone();
    if scope.set.is_some() {
        row_ui(ui, "Heads", |ui| in_force::set_ui(ui, &mut scope, outcome.shown()));
    } else {
        ui.add_enabled_ui(outcome.facts.kind.is_model(), |ui| {
            row_ui(ui, "Layers", |ui| layers_ui(ui, &mut scope, outcome))
                .on_disabled_hover_text("A capture knows only the shown layer; a live model has them all");
        });
        row_ui(ui, "Heads", |ui| heads_ui(ui, &mut scope.heads, outcome));
    }
    row_ui(ui, "Positions", |ui| positions_ui(ui, editor, &mut scope.positions, outcome.n_positions()));
    let sentences = editor.sentences.get((scope.clone(), frame.revision), || Sentences {
        scope: explain::scope(&scope, outcome),
        sharing: explain::sharing(&scope, outcome),
    });
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        sentence_ui(ui, &sentences.scope, None, actions);
        if let Some(note) = &sentences.sharing {
            sentence_ui(ui, &note.text, note.lesson, actions);
        }
    });
    if scope != *session.scope() {
        actions.push(Command::SetScope(scope).into());
    }
    in_force::in_force_ui(ui, session, actions);
}

fn row_ui(ui: &mut Ui, name: impl Into<egui::WidgetText>, contents: impl FnOnce(&mut Ui)) -> egui::Response {
    row(ui, |ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        let start = ui.cursor().left();
        ui.label(name);
        ui.add_space((start + NAMES - ui.cursor().left()).max(0.0));
        contents(ui);
    })
    .response
}

fn preset_hint(preset: Preset) -> &'static str {
    match preset {
        Preset::ThisHead => "Only the head on screen, as in the paper",
        Preset::ThisLayer => "All heads of the layer on screen",
        Preset::AllLayers => "All heads of all layers: Value acts through earlier layers",
    }
}

/// Which of [`LayerScope`]'s kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LayerChoice {
    Shown,
    All,
    Range,
}

fn layers_ui(ui: &mut Ui, scope: &mut Scope, outcome: &Outcome) {
    let reach = scope.layers(outcome.shown());
    let last_layer = outcome.facts.n_layers.saturating_sub(1);
    let (mut first, mut last) = (reach.start, reach.end.saturating_sub(1));
    let mut choice = match scope.layers {
        LayerScope::Shown => LayerChoice::Shown,
        LayerScope::All => LayerChoice::All,
        LayerScope::Range { .. } => LayerChoice::Range,
    };
    let choices = [
        Segment::new(LayerChoice::Shown, "Shown", "Layers: shown", "The layer on screen"),
        Segment::new(LayerChoice::All, "All", "Layers: all", "Every layer of the model"),
        Segment::new(LayerChoice::Range, "Range", "Layers: range", "From one layer to another, both included"),
    ];
    if segmented_row(ui, "Layers in scope", &mut choice, &choices) {
        scope.layers = match choice {
            LayerChoice::Shown => LayerScope::Shown,
            LayerChoice::All => LayerScope::All,
            LayerChoice::Range => LayerScope::Range { first, last },
        };
    }
    ui.add_space(space::XS);
    // Just after another source was opened, the bounds are still those of the source on screen: they must not cut the
    // session's range.
    let (first_end, last_start, last_end) = (last.max(first), first.min(last), last_layer.max(last));
    let from = with_accessible_name(ui.add(DragValue::new(&mut first).range(0..=first_end)), "first layer in scope");
    ui.label("–");
    let to =
        with_accessible_name(ui.add(DragValue::new(&mut last).range(last_start..=last_end)), "last layer in scope");
    if from.changed() || to.changed() {
        scope.layers = LayerScope::Range { first, last };
    }
}

fn heads_ui(ui: &mut Ui, heads: &mut HeadScope, outcome: &Outcome) {
    let has_groups = outcome.facts.n_kv_heads < outcome.facts.n_heads;
    let shown = Segment::new(
        HeadScope::Shown,
        "Shown",
        "Heads: shown",
        "The query head on screen alone; where others share its key and value head, they keep the unchanged one. The \
         paper’s models have no such groups",
    );
    let group = Segment::new(HeadScope::Group, "KV group", "Heads: KV group", GROUPED);
    let all = Segment::new(HeadScope::All, "All", "Heads: all", "All heads of each layer in scope");
    if has_groups {
        segmented_row(ui, "Heads in scope", heads, &[shown, group, all]);
    } else {
        // Each head has a key and value head of its own: its group is itself.
        let mut choice = if *heads == HeadScope::Group { HeadScope::Shown } else { *heads };
        if segmented_row(ui, "Heads in scope", &mut choice, &[shown, all]) {
            *heads = choice;
        }
    }
}

/// Which of [`PositionScope`]'s kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PositionChoice {
    All,
    First,
    Rest,
    Chosen,
}

fn positions_ui(ui: &mut Ui, editor: &mut ScopeEditor, positions: &mut PositionScope, n_positions: usize) {
    let mut choice = match positions {
        PositionScope::All => PositionChoice::All,
        PositionScope::First => PositionChoice::First,
        PositionScope::Rest => PositionChoice::Rest,
        PositionScope::Selection(selected) => {
            editor.chosen = selected.clone().into();
            PositionChoice::Chosen
        }
    };
    let choices = [
        Segment::new(PositionChoice::All, "All", "Positions: all", "Every token of the prompt"),
        Segment::new(PositionChoice::First, "First", "Positions: first", "The first token alone: the sink"),
        Segment::new(PositionChoice::Rest, "Not first", "Positions: all but the first", "Every token but the first"),
        Segment::new(
            PositionChoice::Chosen,
            "Chosen",
            "Positions: chosen tokens",
            "The tokens under the prompt that are clicked (Shift: all between)",
        ),
    ];
    if segmented_row(ui, "Positions in scope", &mut choice, &choices) {
        *positions = match choice {
            PositionChoice::All => PositionScope::All,
            PositionChoice::First => PositionScope::First,
            PositionChoice::Rest => PositionScope::Rest,
            PositionChoice::Chosen => {
                let fitting = editor.chosen.iter().copied().filter(|&position| position < n_positions);
                PositionScope::Selection(fitting.collect::<BTreeSet<_>>().into())
            }
        };
    }
}

/// The chosen positions after a click on a token: it joins or leaves; with Shift all from the one clicked before do as
/// that one did.
pub fn after_click(selected: &Positions, response: ChipsResponse) -> Option<PositionScope> {
    let clicked = response.clicked?;
    let mut positions: BTreeSet<usize> = selected.clone().into();
    let (range, join) = match response.extended_from {
        Some(from) => (from.min(clicked)..=from.max(clicked), positions.contains(&from)),
        None => (clicked..=clicked, !positions.contains(&clicked)),
    };
    for position in range {
        if join {
            positions.insert(position);
        } else {
            positions.remove(&position);
        }
    }
    Some(PositionScope::Selection(positions.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clicked(positions: &[usize], clicked: usize, extended_from: Option<usize>) -> Vec<usize> {
        let selected = Positions::from(positions.iter().copied().collect::<BTreeSet<_>>());
        let response = ChipsResponse { hovered: None, clicked: Some(clicked), extended_from };
        let Some(PositionScope::Selection(positions)) = after_click(&selected, response) else { panic!("a selection") };
        BTreeSet::from(positions).into_iter().collect()
    }

    #[test]
    fn a_click_toggles_and_shift_extends() {
        assert_eq!(clicked(&[], 3, None), [3]);
        assert_eq!(clicked(&[1, 3], 3, None), [1]);
        assert_eq!(clicked(&[3], 6, Some(3)), [3, 4, 5, 6], "forwards");
        assert_eq!(clicked(&[3, 9], 1, Some(3)), [1, 2, 3, 9], "backwards");
        assert_eq!(clicked(&[1, 2, 4, 5], 5, Some(3)), [1, 2], "the one before has left, and so do these");
    }
}
