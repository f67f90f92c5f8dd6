//! What each head does to the output: what was asked, and the values that are there.

use crate::{
    attention::{Component, Operation, PositionScope},
    engine::{HeadShips, OpenSource, Prompt, RunSpec, Service, ShipsOf, ShipsQuestion, Target},
    ui::jobs::{Arrival, Client},
};

/// Ships of all heads, as far as they are there, and what they are of.
pub struct Ships {
    client: Client<ShipsQuestion>,
    n_heads: usize,
    /// `[layer · n_heads + head]`
    values: Vec<Option<HeadShips>>,
    revision: u64,
}

impl Ships {
    pub fn new(service: &Service) -> Self {
        Self { client: Client::new(service), n_heads: 0, values: Vec::new(), revision: 0 }
    }

    /// Starts anew; what an older question is still finding is dropped. `spec` says what is read and where.
    pub fn ask(&mut self, source: &OpenSource, spec: RunSpec, of: ShipsOf, target: Target) {
        let facts = source.facts();
        self.n_heads = facts.n_heads;
        self.values = vec![None; facts.n_layers * facts.n_heads];
        self.client.forget();
        self.client.want(ShipsQuestion { source: source.id(), spec, of, target });
        self.revision += 1;
    }

    pub fn cancel(&mut self) {
        self.client.cancel();
    }

    /// Forgets what is of another source or prompt.
    pub fn keep_if(&mut self, source: &OpenSource, prompt: &Prompt) {
        let is_same = |asked: &ShipsQuestion| asked.source == source.id() && asked.spec.prompt == *prompt;
        if self.client.question().is_some_and(|asked| !is_same(asked)) {
            self.client.forget();
            self.values.clear();
            self.revision += 1;
        }
    }

    /// Takes in what has arrived. Returns a message for a person when something is wrong.
    pub fn poll(&mut self) -> Option<String> {
        let mut failure = None;
        while let Some(arrival) = self.client.poll() {
            match arrival {
                Arrival::Part { part, is_newest: true, .. } => self.take_in(&part),
                Arrival::Failed(why) => failure = Some(why.message("ranking the heads")),
                Arrival::Part { .. } | Arrival::Done | Arrival::GivenUp => {}
            }
        }
        failure
    }

    fn take_in(&mut self, heads: &[HeadShips]) {
        for head in heads {
            if let Some(value) = self.values.get_mut(head.layer * self.n_heads + head.head) {
                *value = Some(*head);
            }
        }
        self.revision += 1;
    }

    pub fn get(&self, index: usize) -> Option<HeadShips> {
        self.values.get(index).copied().flatten()
    }

    /// What the values are of; `None` where there are none.
    pub fn of(&self) -> Option<ShipsOf> {
        self.client.question().filter(|_| self.values.iter().any(Option::is_some)).map(|asked| asked.of.clone())
    }

    /// Whose chances the values are of.
    pub fn target(&self) -> Option<&Target> {
        self.client.question().map(|asked| &asked.target)
    }

    /// Whether all heads were ranked by just this.
    pub fn answers(&self, of: &ShipsOf, positions: &PositionScope, target: &Target) -> bool {
        let is_this = |asked: &ShipsQuestion| {
            asked.of == *of && asked.target == *target && asked.spec.experiment.scope.positions == *positions
        };
        self.client.is_done() && self.client.question().is_some_and(is_this)
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn is_busy(&self) -> bool {
        self.client.is_busy()
    }

    pub fn is_given_up(&self) -> bool {
        self.client.is_given_up()
    }

    /// Heads that are done and heads in all, while there are more to come.
    pub fn progress(&self) -> Option<(usize, usize)> {
        self.is_busy().then(|| (self.values.iter().flatten().count(), self.values.len()))
    }
}

/// What Ships is computed of in words, for the button's tooltip.
pub fn explained(of: &ShipsOf) -> String {
    let what = match (&of.operation, of.component) {
        (Operation::Scale, Component::Value | Component::Output) => "scaling contribution",
        (Operation::Scale, _) => "undifferentiated attention",
        _ => "the operation chosen at the left",
    };
    format!(
        "Ships of every head: that head’s {of} alone ({what}), one run of the model each; KL(baseline ‖ modified) of the next token, in nats"
    )
}
