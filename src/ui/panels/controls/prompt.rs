//! The prompt and its tokens.

use egui::{RichText, Ui};

use super::scope;
use crate::{
    attention::{PositionScope, Scope},
    engine::{Prompt, SourceSpec, Token},
    session::{Cell, Command, Session},
    ui::{
        jobs::pictures::Frame,
        memo::{Memo, Revision, Same},
        shell::action::Actions,
        theme::{self, space},
        widgets::{Chip, ChipKind, TokenChips, heading, with_accessible_name},
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
    /// A name for the tokens on screen and whether the first was put in front of them.
    chips: Memo<(Same<[Token]>, bool), Revision>,
}

/// Where the text in the box is from.
#[derive(PartialEq)]
enum Shown {
    Prompt(Prompt),
    /// What was read when this capture was made.
    Captured(SourceSpec),
}

impl Shown {
    /// What the box is for: the text of `captured`, else the session's prompt.
    fn of(session: &Session, captured: Option<&Frame>) -> Self {
        match captured {
            Some(frame) => Self::Captured(frame.outcome.facts.source.clone()),
            None => Self::Prompt(session.prompt().clone()),
        }
    }

    fn is_of(&self, session: &Session, captured: Option<&Frame>) -> bool {
        match (self, captured) {
            (Self::Captured(source), Some(frame)) => *source == frame.outcome.facts.source,
            (Self::Prompt(prompt), None) => prompt == session.prompt(),
            _ => false,
        }
    }
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
    if !editor.shown.as_ref().is_some_and(|shown| shown.is_of(session, captured)) {
        editor.text = match (captured, session.prompt()) {
            (Some(frame), _) => captured_text(&frame.outcome.tokens),
            (None, Prompt::Text { text, .. }) => text.to_string(),
            (None, Prompt::TokenIds(ids)) => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        };
        editor.shown = Some(Shown::of(session, captured));
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
    with_accessible_name(response.clone().labelled_by(label.id), "Prompt");
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
        let chips = ui.scope(|ui| chips_ui(ui, &mut editor.chips, frame, session, hovered, actions)).response;
        if is_choosing && editor.was_choosing == Some(false) {
            // They are what is clicked next.
            chips.scroll_to_me(None);
        }
        editor.was_choosing = Some(is_choosing);
    }
}

/// What a capture's tokens say; nothing where they are numbers only.
fn captured_text(tokens: &[Token]) -> String {
    let is_numbered = tokens.iter().enumerate().all(|(position, token)| token.piece == position.to_string());
    if is_numbered { String::new() } else { tokens.iter().map(|token| token.text.as_str()).collect() }
}

/// The tokens; where the scope's positions are chosen, each of them can be.
fn chips_ui(
    ui: &mut Ui,
    known: &mut Memo<(Same<[Token]>, bool), Revision>,
    frame: &Frame,
    session: &Session,
    hovered: Option<Cell>,
    actions: &mut Actions,
) {
    let tokens = &frame.outcome.tokens;
    let has_bos = frame.outcome.facts.has_bos && matches!(session.prompt(), Prompt::Text { bos: true, .. });
    let name = egui::util::hash(known.get((Same::of(tokens), has_bos), Revision::next));
    let chip = |position: usize| Chip {
        text: tokens.get(position).map_or("", |token| &token.text),
        kind: if position == 0 && has_bos { ChipKind::Special } else { ChipKind::Text },
    };
    let linked = hovered.map(|cell| [cell.query, cell.key]);
    let chips = TokenChips::new(tokens.len(), &chip).known_as(name).linked(linked.as_ref().map_or(&[], |cell| cell));
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
