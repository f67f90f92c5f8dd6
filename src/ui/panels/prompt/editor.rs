//! The text that is read: what the box says, and what that is from.

use std::sync::Arc;

use egui::{
    Align2, Galley, Id, Response, ScrollArea, TextBuffer, TextEdit, TextStyle, Ui,
    text::{CCursor, CCursorRange, LayoutJob, TextWrapping},
    text_edit::TextEditState,
    vec2,
};

use crate::{
    engine::{Outcome, Prompt, SourceSpec, Token},
    session::{Command, Session},
    ui::{jobs::pictures::Frame, shell::action::Actions, widgets::with_accessible_name},
};

/// What a screen reader calls the box.
pub const NAME: &str = "Prompt";

/// The text being edited, which may be one that the model could not read.
#[derive(Default)]
pub struct PromptEditor {
    text: String,
    /// What `text` came from, or became.
    shown: Option<Shown>,
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

impl PromptEditor {
    /// Takes what the box is for, unless it is that already.
    pub fn follow(&mut self, session: &Session, frame: Option<&Frame>) {
        let captured = frame.filter(|frame| {
            let source = &frame.outcome.facts.source;
            // The bundled capture's text is the session's prompt.
            is_capture(Some(frame)) && source == session.source() && !matches!(source, SourceSpec::Bundled(_))
        });
        let is_spelled = frame.is_some_and(|frame| is_spelled(session, frame));
        let origin = Origin { session, captured, is_spelled, is_awaited: frame.is_none() };
        if self.shown.as_ref().is_some_and(|shown| shown.is_of(&origin)) {
            return;
        }
        let shown = Shown::of(&origin);
        self.text = match (&shown, captured.or(frame), session.prompt()) {
            (Shown::Nothing, ..) => String::new(),
            (Shown::Captured(_) | Shown::Spelled(_), Some(frame), _) => text_of(&frame.outcome.tokens),
            (_, _, Prompt::Text { text, .. }) => text.to_string(),
            (_, _, Prompt::Chat(chat)) => chat.user.to_string(),
            (_, _, Prompt::TokenIds(ids)) => ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        };
        self.shown = Some(shown);
    }

    /// What the box says.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The box, one line high; of a longer text up to `most_rows` while it is edited.
    pub fn field_ui(
        &mut self,
        ui: &mut Ui,
        width: f32,
        most_rows: u8,
        is_capture: bool,
        actions: &mut Actions,
    ) -> Response {
        let row = ui.text_style_height(&TextStyle::Body);
        let height = ui.spacing().interact_size.y;
        let id = ui.make_persistent_id("prompt text");
        let is_edited = ui.memory(|memory| memory.has_focus(id));
        let most = if is_edited { height + row * f32::from(most_rows.saturating_sub(1)) } else { height };
        let hint = if is_capture { "No text in the capture. Type a prompt…" } else { "Type a prompt…" };
        let mut layouter = |ui: &Ui, text: &dyn TextBuffer, width: f32| one_line_unless(is_edited, ui, text, width);
        let field = TextEdit::multiline(&mut self.text)
            .id(id)
            .desired_rows(1)
            .desired_width(width)
            .min_size(vec2(width, height))
            .align(Align2::LEFT_CENTER)
            .hint_text(hint)
            .layouter(&mut layouter);
        let area = ScrollArea::vertical().id_salt("prompt").max_width(width).max_height(most).min_scrolled_height(most);
        let response = ui.allocate_ui(vec2(width, most), |ui| area.show(ui, |ui| ui.add(field)).inner).inner;
        if response.gained_focus() && !ui.input(|input| input.pointer.any_pressed() || input.pointer.any_released()) {
            // By keyboard one goes on behind the text, of which the line may have shown the beginning alone.
            put_caret_behind(ui, id, &self.text);
        }
        // Emptying the box on the way to another prompt does not leave the figure yet.
        if response.changed() && !(is_capture && self.text.is_empty()) {
            actions.push(Command::SetPrompt(self.text.clone()).into());
        }
        with_accessible_name(response, NAME)
    }
}

fn put_caret_behind(ui: &Ui, id: Id, text: &str) {
    let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
    state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(text.chars().count()))));
    state.store(ui.ctx(), id);
}

/// The text over as many lines as it takes while it is edited, else the beginning of it in one.
fn one_line_unless(is_edited: bool, ui: &Ui, text: &dyn TextBuffer, width: f32) -> Arc<Galley> {
    let font = TextStyle::Body.resolve(ui.style());
    let mut job = LayoutJob::simple(text.as_str().to_owned(), font, ui.visuals().text_color(), width);
    if !is_edited {
        job.wrap = TextWrapping::truncate_at_width(width);
    }
    ui.painter().layout_job(job)
}

/// Whether what is on screen is of a file, without a model behind it.
pub fn is_capture(frame: Option<&Frame>) -> bool {
    frame.is_some_and(|frame| !frame.outcome.facts.kind.is_model())
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
