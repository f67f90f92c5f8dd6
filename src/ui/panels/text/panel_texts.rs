//! The texts of all panels: what was asked last, and the newest that is there.

use std::sync::Arc;

use crate::{
    engine::{OpenSource, PanelTexts, PanelTextsQuestion, Question as _, Service, SourceId},
    session::Session,
    ui::{
        jobs::{Arrival, Client, pictures::SLOW},
        memo::{Memo, Same},
    },
};

/// The newest texts, which stay until the next ones of the same prompt begin.
pub struct AllTexts {
    client: Client<PanelTextsQuestion>,
    shown: Option<(PanelTextsQuestion, Arc<PanelTexts>)>,
    wanted: Memo<(SourceId, Same<Session>), PanelTextsQuestion>,
    /// Whether a figure is about to be drawn with them.
    pub is_drawn: bool,
}

impl AllTexts {
    pub fn new(service: &Service) -> Self {
        Self { client: Client::new(service), shown: None, wanted: Memo::default(), is_drawn: false }
    }

    /// Follows `session` while somebody looks at them.
    pub fn follow(&mut self, source: &OpenSource, session: &Arc<Session>) {
        let wanted = self.wanted.get((source.id(), Same::of(session)), || question(source, session));
        let is_same_prompt = |(shown, _): &(PanelTextsQuestion, _)| {
            (shown.source, &shown.spec.prompt) == (wanted.source, &wanted.spec.prompt)
                && shown.spec.experiment.shape() == wanted.spec.experiment.shape()
        };
        if self.shown.as_ref().is_some_and(|shown| !is_same_prompt(shown)) {
            self.shown = None;
        }
        self.client.want(wanted.clone());
    }

    /// Nobody looks at them.
    pub fn rest(&mut self) {
        self.client.forget();
    }

    /// Gives up what is being written.
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
            if let Arrival::Part { part, is_newest: true, .. } = arrival {
                self.shown = self.client.question().cloned().map(|question| (question, part));
            }
        }
    }

    /// What is there, once there is something, and what it answers.
    pub fn shown(&self) -> Option<&(PanelTextsQuestion, Arc<PanelTexts>)> {
        self.shown.as_ref()
    }

    /// All of them, once they answer what was asked last.
    pub fn whole(&self) -> Option<&Arc<PanelTexts>> {
        let is_newest = |(question, _): &&(PanelTextsQuestion, _)| self.client.question() == Some(question);
        self.shown.as_ref().filter(|shown| self.client.is_done() && is_newest(shown)).map(|(_, texts)| texts)
    }

    /// Whether more is to come.
    pub fn is_busy(&self) -> bool {
        self.client.is_busy()
    }

    /// Whether it is so long in coming that it is waited for visibly.
    pub fn is_slow(&self) -> bool {
        self.client.answering().is_some_and(|answering| answering > SLOW)
    }

    pub fn is_given_up(&self) -> bool {
        self.client.is_given_up()
    }

    /// Why there is nothing.
    pub fn failure(&self) -> Option<String> {
        self.client.failure().map(|why| why.message("writing the texts"))
    }
}

fn question(source: &OpenSource, session: &Session) -> PanelTextsQuestion {
    let writing = session.view().text.writing;
    PanelTextsQuestion { source: source.id(), spec: session.run_spec(), writing }.canonical()
}
