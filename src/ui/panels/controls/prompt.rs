//! The prompt and its tokens.

use egui::{RichText, Ui};

use super::{chat, scope};
use crate::{
    attention::{PositionScope, Scope},
    engine::{Outcome, Prompt, SourceSpec, Token},
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
    /// A name for the tokens on screen.
    chips: Memo<Same<[Token]>, Revision>,
}

/// Where the text in the box is from.
#[derive(PartialEq)]
enum Shown {
    Nothing,
    Prompt(Prompt),
    /// What these token ids say.
    Spelled(Prompt),
    /// What was read when this capture was made.
    Captured(SourceSpec),
}

/// What decides which text is in the box.
struct Origin<'a> {
    session: &'a Session,
    /// The capture whose text it is.
    captured: Option<&'a Frame>,
    /// Whether tokens on screen say what the session's token ids are.
    is_spelled: bool,
    /// Whether nothing is on screen yet.
    is_awaited: bool,
}

impl Origin<'_> {
    /// Whether what token ids say is not known yet.
    fn is_unknown(&self) -> bool {
        self.is_awaited && matches!(self.session.prompt(), Prompt::TokenIds(_))
    }
}

impl Shown {
    /// What the box is for: the text of the capture, what token ids say, else the session's prompt.
    fn of(origin: &Origin<'_>) -> Self {
        let prompt = origin.session.prompt();
        match origin.captured {
            Some(frame) => Self::Captured(frame.outcome.facts.source.clone()),
            None if origin.is_spelled => Self::Spelled(prompt.clone()),
            None if origin.is_unknown() => Self::Nothing,
            None => Self::Prompt(prompt.clone()),
        }
    }

    /// Whether it is still that; asked in every frame.
    fn is_of(&self, origin: &Origin<'_>) -> bool {
        let is_prompt = |prompt: &Prompt| prompt == origin.session.prompt();
        match (self, origin.captured) {
            (Self::Captured(source), Some(frame)) => *source == frame.outcome.facts.source,
            (Self::Spelled(prompt), None) => origin.is_spelled && is_prompt(prompt),
            (Self::Nothing, None) => !origin.is_spelled && origin.is_unknown(),
            (Self::Prompt(prompt), None) => !origin.is_spelled && !origin.is_unknown() && is_prompt(prompt),
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
    let is_spelled = frame.is_some_and(|frame| is_spelled(session, frame));
    let origin = Origin { session, captured, is_spelled, is_awaited: frame.is_none() };
    if !editor.shown.as_ref().is_some_and(|shown| shown.is_of(&origin)) {
        let shown = Shown::of(&origin);
        editor.text = match (&shown, captured.or(frame), session.prompt()) {
            (Shown::Nothing, ..) => String::new(),
            (Shown::Captured(_) | Shown::Spelled(_), Some(frame), _) => text_of(&frame.outcome.tokens),
            (_, _, Prompt::Text { text, .. }) => text.to_string(),
            (_, _, Prompt::Chat(chat)) => chat.user.to_string(),
            (_, _, Prompt::TokenIds(ids)) => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
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
    let of_session = frame.map(|frame| &frame.outcome.facts).filter(|facts| facts.source == *session.source());
    // A chat that cannot be read can be left.
    if of_session.is_some_and(|facts| facts.has_chat) || matches!(session.prompt(), Prompt::Chat(_)) {
        chat::chat_ui(ui, session, &editor.text, actions);
    }
    if let Some(failure) = failure {
        ui.label(RichText::new(failure).small().color(theme::of(ui).error));
    }
    if let Some(frame) = frame {
        ui.add_space(space::XS);
        let is_choosing = matches!(session.scope().positions, PositionScope::Selection(_));
        let chips = ui.scope(|ui| chips_ui(ui, &mut editor.chips, frame, session, hovered, actions)).response;
        if is_choosing {
            chat::roles_ui(ui, session, &frame.outcome.tokens, actions);
        }
        if is_choosing && editor.was_choosing == Some(false) {
            // They are what is clicked next.
            chips.scroll_to_me(None);
        }
        editor.was_choosing = Some(is_choosing);
    }
}

/// Whether the tokens on screen are what the session's token ids say. Not of a model that puts a token in front of every
/// text: typing on would give it another one.
fn is_spelled(session: &Session, frame: &Frame) -> bool {
    let Prompt::TokenIds(ids) = session.prompt() else { return false };
    let Outcome { facts, tokens, .. } = &frame.outcome;
    let are_shown =
        facts.source == *session.source() && tokens.iter().map(|token| token.id).eq(ids.iter().copied().map(Some));
    are_shown && facts.kind.is_model() && !facts.has_bos
}

/// What tokens say; nothing where they are numbers only.
fn text_of(tokens: &[Token]) -> String {
    let is_numbered = tokens.iter().enumerate().all(|(position, token)| token.piece == position.to_string());
    if is_numbered { String::new() } else { tokens.iter().map(|token| token.text.as_str()).collect() }
}

/// The tokens; where the scope's positions are chosen, each of them can be.
fn chips_ui(
    ui: &mut Ui,
    known: &mut Memo<Same<[Token]>, Revision>,
    frame: &Frame,
    session: &Session,
    hovered: Option<Cell>,
    actions: &mut Actions,
) {
    let tokens = &frame.outcome.tokens;
    let name = egui::util::hash(known.get(Same::of(tokens), Revision::next));
    let chip = |position: usize| {
        let token = tokens.get(position);
        Chip {
            text: token.map_or("", |token| &token.text),
            kind: token.map_or(ChipKind::Text, |token| chat::kind(token.role)),
        }
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
