//! The prompt and its tokens.

use egui::{RichText, Ui};

use super::scope;
use crate::{
    attention::{PositionScope, Scope},
    engine::{Outcome, Prompt, SourceSpec, Token},
    session::{Cell, Command, Session},
    ui::{
        jobs::pictures::Frame,
        shell::action::Actions,
        theme::{self, space},
        widgets::{Chip, ChipKind, TokenChips, heading, named},
    },
};

/// The text being edited, which may be one that the model could not read.
#[derive(Default)]
pub struct PromptEditor {
    text: String,
    /// What `text` came from, or became.
    shown: Option<Shown>,
    /// Whether tokens could be chosen in the last frame that had any.
    was_choosing: Option<bool>,
}

/// Where the text in the box is from.
#[derive(Clone, PartialEq)]
enum Shown {
    Nothing,
    Prompt(Prompt),
    /// What these token ids say.
    Spelled(Prompt),
    /// What was read when this capture was made.
    Captured(SourceSpec),
}

/// The prompt box; its tokens as chips; why it could not be read, if so.
pub fn prompt_ui(
    ui: &mut Ui,
    editor: &mut PromptEditor,
    session: &Session,
    frame: Option<&Frame>,
    failure: Option<&str>,
    hovered: Option<Cell>,
    actions: &mut Actions,
) {
    heading(ui, "Prompt");
    let is_capture = frame.is_some_and(|frame| !frame.outcome.facts.kind.is_model());
    let captured = frame.filter(|frame| {
        let source = &frame.outcome.facts.source;
        // The bundled capture's text is the session's prompt.
        is_capture && source == session.source() && !matches!(source, SourceSpec::Bundled(_))
    });
    let spelled = frame.and_then(|frame| spelled(session, frame));
    let shown = match (captured, &spelled) {
        (Some(frame), _) => Shown::Captured(frame.outcome.facts.source.clone()),
        (None, Some(_)) => Shown::Spelled(session.prompt().clone()),
        // What token ids say is not known yet.
        (None, None) if frame.is_none() && matches!(session.prompt(), Prompt::TokenIds(_)) => Shown::Nothing,
        (None, None) => Shown::Prompt(session.prompt().clone()),
    };
    if editor.shown.as_ref() != Some(&shown) {
        editor.text = match (&shown, captured, spelled) {
            (Shown::Nothing, ..) => String::new(),
            (_, Some(frame), _) => text_of(&frame.outcome.tokens),
            (_, None, Some(text)) => text,
            (_, None, None) => match session.prompt() {
                Prompt::Text { text, .. } => text.to_string(),
                Prompt::TokenIds(ids) => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            },
        };
        editor.shown = Some(shown);
    }
    let field = egui::TextEdit::multiline(&mut editor.text)
        .desired_rows(2)
        .desired_width(f32::INFINITY)
        .hint_text(if is_capture { "No text in the capture. Type a prompt…" } else { "Type a prompt…" });
    let label = ui.label(
        RichText::new(if is_capture {
            "Captured. Type to switch to the live model."
        } else {
            "Read live by the model."
        })
        .small()
        .color(theme::of(ui).text_weak),
    );
    let response = egui::ScrollArea::vertical().id_salt("prompt").max_height(84.0).show(ui, |ui| ui.add(field)).inner;
    named(response.clone().labelled_by(label.id), "Prompt");
    // Emptying the box on the way to another prompt does not leave the figure yet.
    if response.changed() && !(is_capture && editor.text.is_empty()) {
        actions.push(Command::SetPrompt(editor.text.clone()).into());
    }
    if let Prompt::Text { bos, .. } = session.prompt()
        && frame.is_some_and(|frame| frame.outcome.facts.has_bos)
    {
        let mut bos = *bos;
        let hint = "Put the beginning-of-sequence token in front; most models rest their attention on it";
        if ui.checkbox(&mut bos, "Start with BOS").on_hover_text(hint).changed() {
            actions.push(Command::SetBos(bos).into());
        }
    }
    if let Some(failure) = failure {
        ui.label(RichText::new(failure).small().color(theme::of(ui).error));
    }
    if let Some(frame) = frame {
        ui.add_space(space::XS);
        let is_choosing = matches!(session.scope().positions, PositionScope::Selection(_));
        let chips = ui.scope(|ui| chips_ui(ui, frame, session, hovered, actions)).response;
        if is_choosing && editor.was_choosing == Some(false) {
            // They are what is clicked next.
            chips.scroll_to_me(None);
        }
        editor.was_choosing = Some(is_choosing);
    }
}

/// What the session's token ids say, once they are on screen. Not of a model that puts a token in front of every text:
/// typing on would give it another one.
fn spelled(session: &Session, frame: &Frame) -> Option<String> {
    let Prompt::TokenIds(ids) = session.prompt() else { return None };
    let Outcome { facts, tokens, .. } = &frame.outcome;
    let are_shown =
        facts.source == *session.source() && tokens.iter().map(|token| token.id).eq(ids.iter().copied().map(Some));
    (are_shown && facts.kind.is_model() && !facts.has_bos).then(|| text_of(tokens))
}

/// What tokens say; nothing where they are numbers only.
fn text_of(tokens: &[Token]) -> String {
    let is_numbered = tokens.iter().enumerate().all(|(position, token)| token.piece == position.to_string());
    if is_numbered { String::new() } else { tokens.iter().map(|token| token.text.as_str()).collect() }
}

/// The tokens; where the scope's positions are chosen, each of them can be.
fn chips_ui(ui: &mut Ui, frame: &Frame, session: &Session, hovered: Option<Cell>, actions: &mut Actions) {
    let has_bos = frame.outcome.facts.has_bos && matches!(session.prompt(), Prompt::Text { bos: true, .. });
    let chips: Vec<Chip<'_>> = frame
        .outcome
        .tokens
        .iter()
        .enumerate()
        .map(|(position, token)| Chip {
            text: &token.text,
            kind: if position == 0 && has_bos { ChipKind::Special } else { ChipKind::Text },
        })
        .collect();
    let linked: Vec<usize> = hovered.into_iter().flat_map(|cell| [cell.query, cell.key]).collect();
    let chips = TokenChips::new(&chips).linked(&linked);
    let positions = &session.scope().positions;
    let PositionScope::Selection(selected) = positions else {
        chips.show(ui, "tokens");
        return;
    };
    let response = chips.chosen(&|position| positions.contains(position)).show(ui, "tokens");
    if let Some(positions) = scope::after_click(selected, response) {
        actions.push(Command::SetScope(Scope { positions, ..session.scope().clone() }).into());
    }
}
