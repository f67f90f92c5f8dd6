//! The tokens that the shown head promotes and suppresses most: what was asked last, and the newest answer as a list.

use std::sync::Arc;

use egui::{Align, FontFamily, Label, Layout, RichText, TextStyle, Ui, vec2};

use super::texts::hint;
use crate::{
    engine::{
        OpenSource, Outcome, Question as _, Service, SourceId, TokenWrites, Under, WrittenTokens, WrittenTokensQuestion,
    },
    session::Session,
    ui::{
        jobs::{Arrival, Client},
        memo::{Memo, Same},
        notation, numbers, theme,
        widgets::quoted_token,
    },
};

/// Of either kind.
const TOKENS: usize = 6;
/// Of the width, for a token's text.
const NAME: f32 = 0.42;

/// The newest answer, which stays until the next one is there.
pub struct HeadTokens {
    client: Client<WrittenTokensQuestion>,
    shown: Option<(WrittenTokensQuestion, Arc<WrittenTokens>)>,
    wanted: Memo<(SourceId, Same<Session>), WrittenTokensQuestion>,
    /// Whether the list was in view when the inspector was drawn last: else nothing is asked.
    pub is_looked_at: bool,
}

impl HeadTokens {
    pub fn new(service: &Service) -> Self {
        Self { client: Client::new(service), shown: None, wanted: Memo::default(), is_looked_at: false }
    }

    /// Follows `session`. While ε moves, each answer is waited for before the next is asked.
    pub fn follow(&mut self, source: &OpenSource, session: &Arc<Session>) {
        if !std::mem::take(&mut self.is_looked_at) || !source.facts().kind.is_model() {
            return;
        }
        let wanted = self.wanted.get((source.id(), Same::of(session)), || question(source, session));
        let is_same_head = |asked: &WrittenTokensQuestion| {
            let [a, b] = [asked, wanted].map(|of| (of.source, &of.spec.prompt, of.spec.experiment.layer));
            a == b && asked.spec.experiment.head == wanted.spec.experiment.head
        };
        if self.shown.as_ref().is_some_and(|(shown, _)| !is_same_head(shown)) {
            self.shown = None;
        }
        if !(self.client.is_busy() && self.client.question().is_some_and(is_same_head)) {
            self.client.want(wanted.clone());
        }
    }

    /// Takes in what has arrived.
    pub fn poll(&mut self) {
        while let Some(arrival) = self.client.poll() {
            match arrival {
                Arrival::Part { part, is_newest: true, .. } => {
                    self.shown = self.client.question().cloned().map(|asked| (asked, part));
                }
                Arrival::Failed(_) => self.shown = None,
                Arrival::Part { .. } | Arrival::Done | Arrival::GivenUp => {}
            }
        }
    }

    pub fn is_busy(&self) -> bool {
        self.client.is_busy()
    }

    /// Both lists.
    pub fn list_ui(&mut self, ui: &mut Ui, outcome: &Outcome) {
        self.is_looked_at = true;
        if !outcome.facts.kind.is_model() {
            hint(ui, "A capture has no weights that make logits of what a head writes.");
            return;
        }
        if let Some(failure) = self.client.failure() {
            hint(ui, &failure.message("finding what the head writes"));
            return;
        }
        let Some((asked, tokens)) = &self.shown else {
            hint(ui, "not computed yet");
            return;
        };
        let changed = match asked.under {
            Under::Baseline => "baseline".to_owned(),
            Under::Change(component, epsilon) => numbers::panel_name(component, epsilon, notation::of(ui)),
        };
        hint(ui, &format!("Logits at the last position: baseline, and {changed}"));
        for (name, tokens) in [("Promoted", &tokens.promoted), ("Suppressed", &tokens.suppressed)] {
            ui.label(RichText::new(name).small().color(theme::of(ui).text_weak));
            for token in tokens {
                token_ui(ui, token);
            }
        }
    }
}

/// The selected panel's change beside the baseline.
fn question(source: &OpenSource, session: &Session) -> WrittenTokensQuestion {
    let under = Under::Change(session.selected().component, session.selected_epsilon());
    WrittenTokensQuestion { source: source.id(), spec: session.run_spec(), under, count: TOKENS }.canonical()
}

/// A row a token: its text, and what the head adds to its logit without and with the change.
fn token_ui(ui: &mut Ui, token: &TokenWrites) {
    let (width, height) = (ui.available_width(), ui.text_style_height(&TextStyle::Small));
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = height;
        ui.allocate_ui_with_layout(vec2(width * NAME, height), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(width * NAME);
            ui.add(Label::new(RichText::new(quoted_token(&token.text)).small()).truncate());
        });
        for logits in [token.baseline, token.modified] {
            ui.label(RichText::new(format!("{logits:+.4}")).small().family(FontFamily::Monospace));
        }
    });
}
