//! What each head writes into the logit of a token: what was asked last, and the newest answer.

use std::sync::Arc;

use crate::{
    engine::{
        AllWrittenTokensQuestion, OpenSource, Part, PartWrites, Question as _, Service, Target, Under, Writes,
        WritesQuestion, WrittenTokens,
    },
    session::Session,
    ui::jobs::{Arrival, Client},
};

/// The newest answer, which stays until the next one of the same text is there.
pub struct Written {
    client: Client<WritesQuestion>,
    shown: Option<(WritesQuestion, Arc<Writes>)>,
    /// `[layer · n_heads + head]`
    of_heads: Vec<PartWrites>,
    tokens: Client<AllWrittenTokensQuestion>,
    /// Of all heads, for a file.
    found: Option<(AllWrittenTokensQuestion, Arc<[WrittenTokens]>)>,
    revision: u64,
}

impl Written {
    pub fn new(service: &Service) -> Self {
        let (client, tokens) = (Client::new(service), Client::new(service));
        Self { client, shown: None, of_heads: Vec::new(), tokens, found: None, revision: 0 }
    }

    /// Asks for what each head writes, unless that was asked last.
    pub fn follow(&mut self, source: &OpenSource, session: &Session, under: Under, target: &Target) {
        if !source.facts().kind.is_model() {
            self.client.forget();
            self.show(None);
            return;
        }
        let (spec, target) = (session.run_spec(), target.clone());
        let wanted = WritesQuestion { source: source.id(), spec, under, target, position: None }.canonical();
        let is_same_text =
            |asked: &WritesQuestion| asked.source == wanted.source && asked.spec.prompt == wanted.spec.prompt;
        if self.shown.as_ref().is_some_and(|(shown, _)| !is_same_text(shown)) {
            self.show(None);
        }
        self.client.want(wanted);
    }

    fn show(&mut self, shown: Option<(WritesQuestion, Arc<Writes>)>) {
        if shown.is_none() && self.shown.is_none() {
            return;
        }
        let parts = shown.iter().flat_map(|(_, writes)| &writes.parts);
        self.of_heads = parts.filter(|part| matches!(part.part, Part::Head { .. })).copied().collect();
        self.shown = shown;
        self.revision += 1;
    }

    /// Takes in what has arrived. Returns the message of a failure that is a bug.
    pub fn poll(&mut self) -> Option<String> {
        let mut bug = None;
        while let Some(arrival) = self.client.poll() {
            match arrival {
                Arrival::Part { part, is_newest: true, .. } => {
                    let asked = self.client.question().cloned();
                    self.show(asked.map(|asked| (asked, part)));
                }
                Arrival::Failed(why) if !why.is_refusal() => bug = Some(why.message(DOING)),
                // What is refused has no numbers; those of another token would be taken for its.
                Arrival::Failed(_) => self.show(None),
                Arrival::Part { .. } | Arrival::Done | Arrival::GivenUp => {}
            }
        }
        while let Some(arrival) = self.tokens.poll() {
            match arrival {
                Arrival::Part { part, is_newest: true, .. } => {
                    self.found = self.tokens.question().cloned().map(|asked| (asked, part));
                }
                Arrival::Failed(why) if !why.is_refusal() => bug = Some(why.message(DOING)),
                Arrival::Failed(_) | Arrival::Part { .. } | Arrival::Done | Arrival::GivenUp => {}
            }
        }
        bug
    }

    /// The tokens that all heads promote and suppress most, under the change that [`Self::writes`] is of: asked for where
    /// they are not known, and `None` until they are there. None of a source whose heads write into no logit.
    pub fn tokens_of_all(&mut self) -> Option<Arc<[WrittenTokens]>> {
        let Some((WritesQuestion { source, spec, under, .. }, _)) = &self.shown else { return Some(Arc::default()) };
        let count = WrittenTokens::IN_TABLES;
        let wanted = AllWrittenTokensQuestion { source: *source, spec: spec.clone(), under: *under, count }.canonical();
        if let Some((_, tokens)) = self.found.as_ref().filter(|(found, _)| *found == wanted) {
            return Some(tokens.clone());
        }
        self.tokens.want(wanted);
        // What has failed will not come: the numbers are there all the same.
        self.tokens.failure().map(|_| Arc::default())
    }

    pub fn get(&self, index: usize) -> Option<PartWrites> {
        self.of_heads.get(index).copied()
    }

    pub fn writes(&self) -> Option<&Arc<Writes>> {
        self.shown.as_ref().map(|(_, writes)| writes)
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn is_busy(&self) -> bool {
        self.client.is_busy() || self.tokens.is_busy()
    }

    /// Why there is none.
    pub fn failure(&self) -> Option<String> {
        self.client.failure().map(|why| why.message(DOING))
    }
}

/// What a panic interrupts.
const DOING: &str = "finding what heads write";
