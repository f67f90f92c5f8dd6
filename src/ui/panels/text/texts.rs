//! The texts of the selected panel: what was asked last, and the newest that is there.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use crate::{
    attention::Notation,
    engine::{Continuation, OpenSource, Question as _, RequestNumber, Service, SourceId, TextQuestion},
    session::Session,
    ui::{
        jobs::{Arrival, Client, pictures::SLOW},
        memo::{Memo, Same},
        numbers,
    },
};

/// Questions whose parts may still come; older ones have ended.
const MOST_ASKED: usize = 32;

/// The newest texts, which stay until the next ones begin.
pub struct Texts {
    client: Client<TextQuestion>,
    /// The newest last.
    asked: VecDeque<(RequestNumber, TextQuestion)>,
    shown: Option<ShownTexts>,
    wanted: Memo<(SourceId, Same<Session>), TextQuestion>,
}

/// Both texts as far as they are there.
pub struct ShownTexts {
    /// What they answer: while ε moves, it may be that of a step before.
    pub question: TextQuestion,
    pub written: Arc<Continuation>,
}

impl ShownTexts {
    /// What the changed text is written under: `Query, ε = 5e-1`.
    pub fn changed_name(&self, notation: Notation) -> String {
        numbers::panel_name(self.question.component, self.question.epsilon, notation)
    }
}

impl Texts {
    pub fn new(service: &Service) -> Self {
        Self { client: Client::new(service), asked: VecDeque::new(), shown: None, wanted: Memo::default() }
    }

    /// Follows `session` while the panel is open.
    pub fn follow(&mut self, source: &OpenSource, session: &Arc<Session>) {
        let wanted = self.wanted.get((source.id(), Same::of(session)), || question(source, session));
        if self.client.question() == Some(wanted) {
            return;
        }
        if self.shown.as_ref().is_some_and(|shown| shown.question.source != wanted.source) {
            self.shown = None;
        }
        self.client.want(wanted.clone());
        if let Some(number) = self.client.number() {
            self.asked.push_back((number, wanted.clone()));
            if self.asked.len() > MOST_ASKED {
                self.asked.pop_front();
            }
        }
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

    /// Takes in what has arrived. Parts of older questions are shown too: during a drag each text that was begun is seen.
    pub fn poll(&mut self) {
        while let Some(arrival) = self.client.poll() {
            if let Arrival::Part { part, number, .. } = arrival
                && let Some((_, question)) = self.asked.iter().find(|(asked, _)| *asked == number)
            {
                let question = question.clone();
                self.take(question, part);
            }
        }
    }

    fn take(&mut self, question: TextQuestion, written: Arc<Continuation>) {
        if !self.client.question().is_some_and(|newest| newest.has_same_prompt(&question)) {
            return;
        }
        let begins = written.modified.tokens.is_empty() && written.modified.stopped.is_none();
        if begins && self.shown.as_ref().is_some_and(|shown| shown.question.has_same_prompt(&question)) {
            return;
        }
        self.client.restart_waiting();
        self.shown = Some(ShownTexts { question, written });
    }

    /// What is there, once there is something.
    pub fn shown(&self) -> Option<&ShownTexts> {
        self.shown.as_ref()
    }

    /// Both, once they are whole and answer what was asked last.
    pub fn whole(&self) -> Option<&ShownTexts> {
        self.shown.as_ref().filter(|_| self.is_newest() && self.client.is_done())
    }

    /// Whether what is shown answers what was asked last.
    fn is_newest(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| self.client.question() == Some(&shown.question))
    }

    /// Whether what is shown answers an older question, and visibly so.
    pub fn is_outdated(&self) -> bool {
        let is_late = || self.client.waiting().is_some_and(|waiting| waiting > SLOW);
        !self.is_newest() && (is_late() || self.client.is_given_up())
    }

    /// How many tokens of the changed text are there, of how many; none while the newest has not begun.
    pub fn progress(&self) -> [usize; 2] {
        let of = self.client.question().map_or(0, |question| question.writing.n_tokens);
        let done =
            self.shown.as_ref().filter(|_| self.is_newest()).map_or(0, |shown| shown.written.modified.tokens.len());
        [done, of]
    }

    /// Whether more is to come.
    pub fn is_busy(&self) -> bool {
        self.client.is_busy()
    }

    /// Whether it is so long in coming that it is waited for visibly.
    pub fn is_slow(&self) -> bool {
        self.client.answering().is_some_and(|answering| answering > SLOW)
    }

    /// When that changes by itself.
    pub fn is_slow_in(&self) -> Option<Duration> {
        let of = |waiting: Option<Duration>| SLOW.checked_sub(waiting?);
        let rests = [of(self.client.answering()), of(self.client.waiting())];
        rests.into_iter().flatten().min().map(|rest| rest + Duration::from_millis(1))
    }

    pub fn is_given_up(&self) -> bool {
        self.client.is_given_up()
    }

    /// Why there is nothing.
    pub fn failure(&self) -> Option<String> {
        self.client.failure().map(|why| why.message("writing the text"))
    }
}

fn question(source: &OpenSource, session: &Session) -> TextQuestion {
    TextQuestion {
        source: source.id(),
        spec: session.run_spec(),
        component: session.selected().component,
        epsilon: session.selected_epsilon(),
        writing: session.view().text.writing,
    }
    .canonical()
}
