//! The next token of the selected panel: what was asked last, and the newest answer.

use std::{sync::Arc, time::Duration};

use crate::{
    engine::{Effect, NextTokenQuestion, OpenSource, Progress, Question as _, Service, SourceId},
    session::Session,
    ui::{
        jobs::{Arrival, Client, pictures::SLOW},
        memo::{Memo, Same},
    },
};

/// What is there of it.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// Nothing yet.
    Awaited,
    /// The model predicts no token.
    None,
    /// What was asked and its answer: of the session, or of its last step while the next is computed.
    Some { question: &'a NextTokenQuestion, effect: &'a Effect, is_old: bool },
}

/// The newest answer, which stays until the next one is there.
pub struct NextToken {
    client: Client<NextTokenQuestion>,
    /// What was asked when `shown` was answered.
    shown: Option<(NextTokenQuestion, Option<Effect>)>,
    /// Whether `shown` answers an older question.
    is_old: bool,
    wanted: Memo<(SourceId, Same<Session>), NextTokenQuestion>,
}

impl NextToken {
    pub fn new(service: &Service) -> Self {
        Self { client: Client::new(service), shown: None, is_old: false, wanted: Memo::default() }
    }

    /// Follows `session`, whose text is on screen. While ε moves, each answer is waited for before the next is asked: what is asked anew at each
    /// step would never be answered.
    pub fn follow(&mut self, source: &OpenSource, session: &Arc<Session>) {
        if !source.facts().kind.is_model() {
            self.client.forget();
            self.shown = None;
            return;
        }
        let wanted = self.wanted.get((source.id(), Same::of(session)), || question(source, session));
        if self.shown.as_ref().is_some_and(|(shown, _)| !shown.has_same_text(wanted)) {
            self.shown = None;
        }
        self.is_old = self.shown.as_ref().is_some_and(|(shown, _)| shown != wanted);
        let is_on_its_way =
            self.client.is_busy() && self.client.question().is_some_and(|asked| asked.has_same_text(wanted));
        if !is_on_its_way {
            self.client.want(wanted.clone());
        }
    }

    /// Gives up what is being computed.
    pub fn cancel(&mut self) {
        self.client.cancel();
    }

    /// Asks again for what was given up.
    pub fn retry(&mut self) {
        self.client.forget();
    }

    /// Takes in what has arrived.
    pub fn poll(&mut self) {
        while let Some(arrival) = self.client.poll() {
            if let Arrival::Part { part, is_newest: true, .. } = arrival
                && let Some(question) = self.client.question()
            {
                self.shown = Some((question.clone(), part));
            }
        }
    }

    /// What is there for the session that was followed last.
    pub fn answer(&self) -> Answer<'_> {
        match &self.shown {
            None => Answer::Awaited,
            Some((_, None)) => Answer::None,
            Some((question, Some(effect))) => Answer::Some { question, effect, is_old: self.is_old },
        }
    }

    /// Whether more is to come.
    pub fn is_busy(&self) -> bool {
        self.client.is_busy()
    }

    pub fn is_given_up(&self) -> bool {
        self.client.is_given_up()
    }

    /// Whether it is so long in coming that it is waited for visibly.
    pub fn is_slow(&self) -> bool {
        self.client.waiting().is_some_and(|waiting| waiting > SLOW)
    }

    /// How far it is.
    pub fn progress(&self) -> Option<Progress> {
        self.client.progress()
    }

    /// How long an answer is waited for.
    pub fn waiting(&self) -> Option<Duration> {
        self.client.waiting()
    }

    /// Why there is none.
    pub fn failure(&self) -> Option<String> {
        self.client.failure().map(|why| why.message("predicting the next token"))
    }
}

fn question(source: &OpenSource, session: &Session) -> NextTokenQuestion {
    NextTokenQuestion { source: source.id(), spec: session.run_spec(), panel: session.selected() }.canonical()
}
