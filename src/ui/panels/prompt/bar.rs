use egui::{Align, Layout, Panel, RichText, Sense, TextStyle, Ui, UiBuilder, vec2};

use super::{
    chat,
    editor::{NAME, PromptEditor, is_capture},
};
use crate::{
    engine::Prompt,
    session::{Command, Session},
    ui::{
        jobs::pictures::Frame,
        panels::{
            outcome::{ask_next_token, next_token_ui},
            tour::{Landmark, landmark},
        },
        shell::{
            action::{Action, Actions},
            commands,
            part::{Part, PartContext},
            shown::Shown,
        },
        theme::{self, space},
        widgets::{button_width, shortened, with_accessible_name},
    },
};

const BOS: &str = "Start with BOS";
const CONTINUE: &str = "Continue…";
/// In a small window.
const SHORT_BOS: &str = "BOS";
/// The field, where the next token stands beside it, in points.
const LEAST_FIELD: f32 = 300.0;
/// The field in every window.
const SMALLEST_FIELD: f32 = 120.0;
/// The next token beside the field.
const LEAST_OUTCOME: f32 = 290.0;
const MOST_OUTCOME: f32 = 500.0;
/// Of the room for both.
const OUTCOME_SHARE: f32 = 0.45;
/// In a narrower window the prompt's name is left out and BOS is short.
const ROOMY: f32 = 560.0;
/// In a lower window the figure needs the room of a second line, and the inspector has what stands there.
const LEAST_HEIGHT: f32 = 280.0;
/// Lines of the field while it is edited, in a low window and in others.
const MOST_ROWS: [u8; 2] = [2, 5];

/// The bar with the prompt; it asks for the next token that other parts show too.
#[derive(Default)]
pub struct PromptBar {
    editor: PromptEditor,
}

impl Part for PromptBar {
    fn poll(&mut self, cx: &mut PartContext<'_>) {
        cx.shown.next_token.poll();
    }

    fn wants(&mut self, cx: &mut PartContext<'_>) {
        ask_next_token(cx);
    }

    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        profiling::scope!("prompt");
        let is_model =
            cx.source.as_ref().map_or_else(|| cx.session.source().is_live(), |source| source.facts().kind.is_model());
        let contents = Contents::of(cx.session, cx.shown, is_model);
        let actions = &mut *cx.actions;
        let drawn = Panel::top("prompt").show(ui, |ui| {
            landmark(ui, Landmark::Prompt, |ui| self.bar_ui(ui, &contents, actions));
        });
        cx.shown.prompt = drawn.response.rect;
    }

    fn act(&mut self, action: &Action, cx: &mut PartContext<'_>) {
        match action {
            Action::CancelComputing => cx.shown.next_token.cancel(),
            Action::Compute => cx.shown.next_token.retry(),
            _ => {}
        }
    }
}

/// What the bar shows.
struct Contents<'a> {
    session: &'a Session,
    shown: &'a Shown,
    frame: Option<&'a Frame>,
    /// Whether a model says what comes next.
    is_model: bool,
    bos: Option<bool>,
    has_chat: bool,
}

impl<'a> Contents<'a> {
    fn of(session: &'a Session, shown: &'a Shown, is_model: bool) -> Self {
        let frame = shown.pictures.frame();
        let facts = frame.map(|frame| &frame.outcome.facts);
        let bos = match session.prompt() {
            Prompt::Text { bos, .. } if facts.is_some_and(|facts| facts.has_bos) => Some(*bos),
            _ => None,
        };
        // A chat that cannot be read can be left.
        let is_chat = matches!(session.prompt(), Prompt::Chat(_));
        let has_chat = is_chat || facts.is_some_and(|facts| facts.has_chat && facts.source == *session.source());
        Self { session, shown, frame, is_model, bos, has_chat }
    }
}

impl Contents<'_> {
    fn has_ticks(&self) -> bool {
        self.bos.is_some() || self.has_chat
    }
}

/// How wide things are in the bar, in points.
struct Lane {
    is_roomy: bool,
    field: f32,
    beside: Beside,
}

/// Where the next token stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Beside {
    Field(f32),
    Below,
    Nowhere,
}

impl Lane {
    fn of(ui: &Ui, contents: &Contents<'_>) -> Self {
        let width = ui.available_width();
        let is_roomy = width >= ROOMY;
        let font = TextStyle::Button.resolve(ui.style());
        let text = |text: &str| ui.painter().layout_no_wrap(text.to_owned(), font.clone(), theme::of(ui).text).size().x;
        let tick = ui.spacing().icon_width + ui.spacing().icon_spacing + space::S;
        let bos = if is_roomy { BOS } else { SHORT_BOS };
        let name = if is_roomy { text(NAME) + space::S } else { 0.0 };
        let ticks = [(contents.bos.is_some(), bos), (contents.has_chat, chat::CHAT)];
        let ticks: f32 = ticks.into_iter().filter(|(is_there, _)| *is_there).map(|(_, name)| text(name) + tick).sum();
        let rest = width - name - ticks;
        let beside = if rest >= LEAST_FIELD + LEAST_OUTCOME {
            Beside::Field((rest * OUTCOME_SHARE).clamp(LEAST_OUTCOME, MOST_OUTCOME))
        } else if contents.is_model && ui.ctx().content_rect().height() >= LEAST_HEIGHT {
            Beside::Below
        } else {
            Beside::Nowhere
        };
        let field = if let Beside::Field(outcome) = beside { rest - outcome - space::S } else { rest };
        Self { is_roomy, field: field.max(SMALLEST_FIELD), beside }
    }
}

impl PromptBar {
    fn bar_ui(&mut self, ui: &mut Ui, contents: &Contents<'_>, actions: &mut Actions) {
        let Contents { session, shown, frame, .. } = *contents;
        self.editor.follow(session, frame);
        let lane = Lane::of(ui, contents);
        let height = ui.spacing().interact_size.y;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            let in_line = Layout::left_to_right(Align::Center);
            let name = lane.is_roomy.then(|| {
                let size = vec2(0.0, height);
                let name = RichText::new(NAME).strong().color(theme::of(ui).text_strong);
                ui.allocate_ui_with_layout(size, in_line, |ui| ui.label(name)).inner
            });
            let most_rows = MOST_ROWS[usize::from(ui.ctx().content_rect().height() >= LEAST_HEIGHT)];
            let field = self.editor.field_ui(ui, lane.field, most_rows, is_capture(frame), actions);
            if let Some(name) = name {
                field.labelled_by(name.id);
            }
            // Without any there is no gap either: the line would be wider than the window.
            if contents.has_ticks() {
                let size = vec2(0.0, height);
                ui.allocate_ui_with_layout(size, in_line, |ui| self.ticks_ui(ui, contents, &lane, actions));
            }
            if let Beside::Field(width) = lane.beside {
                let size = vec2(width, height);
                ui.allocate_ui_with_layout(size, in_line, |ui| beside_ui(ui, contents, actions));
            }
        });
        if lane.beside == Beside::Below {
            ui.horizontal(|ui| beside_ui(ui, contents, actions));
        }
        if let Prompt::Chat(chat) = session.prompt() {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::S;
                chat::date_ui(ui, chat, actions);
                chat::system_ui(ui, chat, actions);
            });
        }
        // Beside the field it takes no room from the panels, which would be drawn anew for that.
        if let Some(failure) = shown.pictures.failure().filter(|_| lane.beside == Beside::Nowhere) {
            failure_ui(ui, &failure);
        }
    }

    fn ticks_ui(&self, ui: &mut Ui, contents: &Contents<'_>, lane: &Lane, actions: &mut Actions) {
        if let Some(mut bos) = contents.bos {
            let hint = "Put the beginning-of-sequence token in front; most models rest their attention on it";
            let tick = ui.checkbox(&mut bos, if lane.is_roomy { BOS } else { SHORT_BOS });
            if with_accessible_name(tick, BOS).on_hover_text(hint).changed() {
                actions.push(Command::SetBos(bos).into());
            }
        }
        if contents.has_chat {
            chat::switch_ui(ui, contents.session, self.editor.text(), actions);
        }
    }
}

/// Why there is no picture, in one line; whole under the pointer.
fn failure_ui(ui: &mut Ui, failure: &str) {
    shortened(ui, failure, TextStyle::Small, theme::of(ui).error);
}

/// What the way to what the model writes takes of the line: nothing while that is on screen. An encoder writes nothing.
fn continue_width(ui: &Ui, contents: &Contents<'_>) -> f32 {
    let writes = contents.frame.is_none_or(|frame| frame.outcome.mask().is_causal());
    if contents.session.view().text.open || !writes {
        return 0.0;
    }
    button_width(ui, CONTINUE)
}

/// The way to what the model writes.
fn continue_ui(ui: &mut Ui, actions: &mut Actions) {
    let open = Command::ToggleText.into();
    let hint = commands::hint("What the model writes behind the prompt, without and with the change", &open);
    if ui.small_button(CONTINUE).on_hover_text(hint).clicked() {
        actions.push(open);
    }
}

/// What the model says next, or why it could not read; of a capture, that it has none.
fn beside_ui(ui: &mut Ui, contents: &Contents<'_>, actions: &mut Actions) {
    if let Some(failure) = contents.shown.pictures.failure() {
        failure_ui(ui, &failure);
    } else if contents.is_model {
        let rest = continue_width(ui, contents);
        let size = vec2(ui.available_width() - rest, ui.spacing().interact_size.y);
        // Of this size whatever is in it: the button stays within the window.
        let (place, _) = ui.allocate_exact_size(size, Sense::hover());
        let in_place = UiBuilder::new().max_rect(place).layout(Layout::left_to_right(Align::Center));
        let mut line = ui.new_child(in_place);
        line.shrink_clip_rect(place);
        next_token_ui(&mut line, contents.session, contents.shown, actions);
        if rest > 0.0 {
            continue_ui(ui, actions);
        }
    } else {
        let text = "Captured. Type to switch to the live model.";
        shortened(ui, text, TextStyle::Small, theme::of(ui).text_weak);
    }
}
