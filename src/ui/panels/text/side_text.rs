//! One of the two texts, and what is known of its tokens.

use std::sync::Arc;

use super::texts::ShownTexts;
use crate::{
    attention::Notation,
    engine::{NextToken, Target, Written},
    ui::{panels::inspector::significant, widgets::visible_token},
};

/// Digits of KL.
const DIGITS: usize = 3;

/// Which of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Baseline,
    Changed,
}

/// A text and what is known of its tokens.
#[derive(Clone, Copy)]
pub struct SideText<'a> {
    pub side: Side,
    pub shown: &'a ShownTexts,
    /// The first token in which the texts differ.
    pub first_difference: Option<usize>,
    /// The token whose logit and chances other panels follow.
    pub target: &'a Target,
}

impl<'a> SideText<'a> {
    /// For screen readers.
    pub const fn name(&self) -> &'static str {
        match self.side {
            Side::Baseline => "Baseline",
            Side::Changed => "Changed",
        }
    }

    /// What it is written under.
    pub fn heading(&self, notation: Notation) -> String {
        match self.side {
            Side::Baseline => "Baseline".to_owned(),
            Side::Changed => self.shown.changed_name(notation),
        }
    }

    pub fn written(&self) -> &'a Written {
        match self.side {
            Side::Baseline => &self.shown.written.baseline,
            Side::Changed => &self.shown.written.modified,
        }
    }

    /// Whether it stands where the texts are no longer the same: there the divergence is not that of this text.
    pub fn is_behind_difference(&self, token: usize) -> bool {
        self.side == Side::Changed && self.first_difference.is_some_and(|first| token > first)
    }

    /// KL at a token's step.
    pub fn kl(&self, token: usize) -> Option<f64> {
        self.shown.written.kl.get(token).copied().filter(|_| !self.is_behind_difference(token))
    }

    /// The likeliest tokens at a token's step.
    pub fn top(&self, token: usize) -> Option<&'a Arc<[NextToken]>> {
        self.shown.written.top.get(token).filter(|_| !self.is_behind_difference(token))
    }

    /// The prompt's ids and the text's, with that of `token`.
    pub fn ids_up_to(&self, token: usize) -> Vec<u32> {
        let prompt = self.shown.written.prompt_ids.iter().copied();
        prompt.chain(self.written().token_ids().take(token + 1)).collect()
    }

    /// `Token 5: love, id 1234, KL 0.42 nats, first difference`
    pub fn described(&self, token: usize) -> String {
        let Some(written) = self.written().tokens.get(token) else { return String::new() };
        let kl = self.kl(token).map(|kl| format!(", KL {} nats", significant(kl, DIGITS))).unwrap_or_default();
        let first = if self.first_difference == Some(token) { ", first difference" } else { "" };
        format!("Token {token}: {}, id {}{kl}{first}", visible_token(&written.piece), written.id)
    }

    /// `Baseline token 5: love`
    pub fn spoken(&self, token: usize) -> String {
        let first = if self.first_difference == Some(token) { ", first difference" } else { "" };
        let piece = self.written().tokens.get(token).map_or("", |token| &token.piece);
        format!("{} token {token}: {}{first}", self.name(), visible_token(piece))
    }
}
