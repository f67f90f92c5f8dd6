//! The prompts that an operation takes vectors from.

use egui::{RichText, ScrollArea, TextEdit, Ui};

use super::row::row;
use crate::{
    attention::{FirstToken, Operation, OtherPrompt, PromptSet},
    engine::Outcome,
    session::{Command, Session},
    ui::{shell::action::Actions, theme, widgets::with_accessible_name},
};

const OTHER: &str = "The prompt whose vectors are brought in. It becomes tokens as the prompt does; prompts of different \
                     lengths are aligned at the end";
const SET: &str = "A prompt on each line. The mean over their tokens is brought in";
const FIRST: &str = "Most models rest their attention on the first token, whose vectors are like those of no other";

/// The text being edited.
#[derive(Default)]
pub struct OthersEditor {
    text: String,
    /// What `text` came from, or became.
    of: Option<Operation>,
}

/// What the other prompt or prompts say, where the operation takes vectors from any.
pub fn others_ui(
    ui: &mut Ui,
    editor: &mut OthersEditor,
    session: &Session,
    outcome: Option<&Outcome>,
    actions: &mut Actions,
) {
    let operation = session.operation();
    if editor.of.as_ref() != Some(operation) {
        let Some(text) = text_of(operation, outcome) else { return };
        (editor.text, editor.of) = (text, Some(operation.clone()));
    }
    match operation {
        Operation::Patch { .. } => {
            row(ui, |ui| {
                let label = ui.label("From");
                let field = TextEdit::singleline(&mut editor.text)
                    .id_salt("other prompt")
                    .desired_width(f32::INFINITY)
                    .hint_text("Type the other prompt…");
                let response = ui.add(field).labelled_by(label.id);
                if with_accessible_name(response, "Other prompt").on_hover_text(OTHER).changed() {
                    typed(editor, session, actions);
                }
            });
        }
        Operation::MeanPrompts { over, .. } => {
            let field = TextEdit::multiline(&mut editor.text)
                .id_salt("other prompts")
                .desired_rows(2)
                .desired_width(f32::INFINITY)
                .hint_text("Type prompts, one on each line…");
            let shown = ScrollArea::vertical().id_salt("other prompts").max_height(66.0).show(ui, |ui| ui.add(field));
            if with_accessible_name(shown.inner, "Other prompts").on_hover_text(SET).changed() {
                typed(editor, session, actions);
            }
            row(ui, |ui| {
                ui.label(RichText::new(format!("Mean over {over}")).small().color(theme::of(ui).text_weak));
                let mut counts = over.first == FirstToken::Counted;
                let checkbox = ui.checkbox(&mut counts, "Count first tokens").on_hover_text(FIRST);
                if checkbox.changed() {
                    let first = if counts { FirstToken::Counted } else { FirstToken::LeftOut };
                    let over = PromptSet { first, ..over.clone() };
                    let operation = Operation::mean_prompts(over);
                    editor.of = Some(operation.clone());
                    actions.push(Command::SetOperation(operation).into());
                }
            });
        }
        Operation::Scale | Operation::MeanHeads | Operation::MeanPositions | Operation::Noise { .. } => {}
    }
}

/// The text stays as it is typed, though the session takes no notice of an empty line in it.
fn typed(editor: &mut OthersEditor, session: &Session, actions: &mut Actions) {
    editor.of = Some(session.operation_from(&editor.text));
    actions.push(Command::TypeOthers(editor.text.clone()).into());
}

/// What is to be edited; `None` where it is not known yet, or there is nothing.
fn text_of(operation: &Operation, outcome: Option<&Outcome>) -> Option<String> {
    match operation {
        Operation::Patch { from: OtherPrompt::Text(text), .. } => Some(text.to_string()),
        Operation::Patch { from: OtherPrompt::TokenIds(ids), .. } => {
            let outcome = outcome?;
            let tokens = outcome.patched_from.as_ref()?;
            let are_these = tokens.iter().map(|token| token.id).eq(ids.iter().copied().map(Some));
            // A text would get a token in front that the ids do not have.
            if outcome.facts.has_bos {
                return Some(numbers(ids));
            }
            are_these.then(|| tokens.iter().map(|token| token.text.as_str()).collect())
        }
        Operation::MeanPrompts { over, .. } => {
            let line = |prompt: &OtherPrompt| match prompt {
                OtherPrompt::Text(text) => text.to_string(),
                OtherPrompt::TokenIds(ids) => numbers(ids),
            };
            Some(over.prompts.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
        Operation::Scale | Operation::MeanHeads | Operation::MeanPositions | Operation::Noise { .. } => None,
    }
}

fn numbers(ids: &[u32]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
