//! The tokens of what is read, as chips above the panels; where the scope's positions are chosen, each of them can be.

use egui::{Margin, Panel, Rect, TextStyle, Ui, vec2};

use super::{
    chat,
    tints::{Tinted, Tints, tint},
};
use crate::{
    attention::{PositionScope, Scope},
    engine::Token,
    session::{Command, Session, TokenTint},
    ui::{
        jobs::pictures::Frame,
        memo::{Memo, Revision, Same},
        panels::controls::after_click,
        shell::{
            action::Actions,
            commands::TOKEN_TINTS,
            part::{Part, PartContext},
        },
        widgets::{Chip, ChipKind, Segment, TokenChips, segmented_row},
    },
};

/// Of the height that chips and panels share, a line of chips for each so many points.
const HEIGHT_PER_LINE: f32 = 300.0;
/// A line of chips with the gap below it, in points.
const LINE: f32 = 27.0;
/// The same of small chips.
const COMPACT_LINE: f32 = 24.0;
/// In a lower room the panels have all of it, unless chips are what is clicked next.
const LEAST_HEIGHT: f32 = 240.0;
const MOST_LINES: f32 = 4.0;
/// From this width of the strip on, the switch beside the chips has room, in points.
const WIDE: f32 = 560.0;
const SWITCH: f32 = 150.0;
const MARGIN: Margin = Margin { left: 8, right: 8, top: 4, bottom: 0 };

/// The chips; a prompt with more lines of them scrolls.
#[derive(Default)]
pub struct TokenStrip {
    /// A name for the tokens on screen.
    name: Memo<Same<[Token]>, Revision>,
    tints: Tints,
    /// The chip under the pointer or with the keyboard, in the last frame.
    pointed_at: Option<usize>,
}

impl Part for TokenStrip {
    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        cx.shown.tokens = Rect::NOTHING;
        let (session, shown) = (cx.session, &*cx.shown);
        let Some(frame) = shown.pictures.frame() else { return };
        let is_choosing = matches!(session.scope().positions, PositionScope::Selection(_));
        let height = ui.available_height();
        if !is_choosing && (cx.shows_heads() || height < LEAST_HEIGHT) {
            return;
        }
        profiling::scope!("tokens");
        let lines = (height / HEIGHT_PER_LINE).floor().clamp(1.0, MOST_LINES);
        let hovered = shown.hovered.filter(|_| !cx.shows_heads()).map(|(_, cell)| cell).or(session.pinned());
        let linked = hovered.map(|cell| [cell.query, cell.key]);
        let by = session.view().token_tint;
        let of_cell = hovered.map(|cell| if by == TokenTint::ReadBy { cell.key } else { cell.query });
        let panel = frame.outcome.shape().nearest(session.selected());
        let tinted = self.pointed_at.or(of_cell).map(|position| Tinted { panel, by, position });
        let around = egui::Frame::side_top_panel(ui.style()).inner_margin(MARGIN);
        let drawn = Panel::top("tokens").frame(around).show_separator_line(false).show(ui, |ui| {
            let linked = linked.as_ref().map_or(&[][..], |cell| cell);
            ui.horizontal_top(|ui| {
                let is_wide = ui.available_width() >= WIDE;
                let width = ui.available_width() - if is_wide { SWITCH } else { 0.0 };
                let line = if is_choosing { LINE } else { COMPACT_LINE };
                ui.allocate_ui(vec2(width, 0.0), |ui| {
                    ui.set_width(width);
                    if !is_choosing {
                        compact(ui);
                    }
                    self.chips_ui(ui, lines * line, (frame, session), (linked, tinted), cx.actions);
                });
                if is_wide {
                    switch_ui(ui, by, cx.actions);
                }
            });
            if is_choosing {
                chat::roles_ui(ui, session, &frame.outcome.tokens, cx.actions);
            }
        });
        cx.shown.tokens = drawn.response.rect;
    }
}

/// What the chips are tinted by.
fn switch_ui(ui: &mut Ui, mut by: TokenTint, actions: &mut Actions) {
    let choices = TOKEN_TINTS.map(|(tint, short, name, hint)| Segment::new(tint, short, name, hint));
    if segmented_row(ui, "Tint of the tokens", &mut by, &choices) {
        actions.push(Command::SetTokenTint(by).into());
    }
}

/// What is read and not clicked leaves more room to the panels.
fn compact(ui: &mut Ui) {
    let small = TextStyle::Small.resolve(ui.style());
    ui.style_mut().text_styles.insert(TextStyle::Body, small);
    ui.spacing_mut().interact_size.y = 0.0;
}

impl TokenStrip {
    fn chips_ui(
        &mut self,
        ui: &mut Ui,
        max_height: f32,
        (frame, session): (&Frame, &Session),
        (linked, tinted): (&[usize], Option<Tinted>),
        actions: &mut Actions,
    ) {
        let tokens = &frame.outcome.tokens;
        let name = egui::util::hash(self.name.get(Same::of(tokens), Revision::next));
        let chip = |position: usize| {
            let token = tokens.get(position);
            Chip {
                text: token.map_or("", |token| &token.text),
                kind: token.map_or(ChipKind::Text, |token| chat::kind(token.role)),
            }
        };
        let values = tinted.map(|tinted| self.tints.values(frame, tinted));
        let tint = |position: usize| {
            let (tinted, values) = (tinted?, values?);
            tint(*values.get(position)?, tinted, &frame.outcome)
        };
        let chips = TokenChips::new(tokens.len(), &chip).known_as(name).linked(linked).max_height(max_height);
        let chips = chips.tinted(&tint);
        let positions = &session.scope().positions;
        let PositionScope::Selection(selected) = positions else {
            self.pointed_at = chips.show(ui, "tokens").hovered;
            return;
        };
        let response = chips.chosen(&|position| positions.contains(position)).show(ui, "tokens");
        self.pointed_at = response.hovered;
        if let Some(positions) = after_click(selected, response) {
            actions.push(Command::SetScope(Scope { positions, ..session.scope().clone() }).into());
        }
    }
}
