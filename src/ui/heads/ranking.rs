//! The thread that finds what each head does to the output.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use egui::Context;

use super::gallery::FreshEngine;
use crate::{
    attention::{Component, HeadScope, LayerScope, Operation, PositionScope},
    engine::{Answer, EngineError, HeadShips, OpenSource, Reference, RequestNumber, RunSpec, ShipsOf, Worker},
};

/// How often news may wake the window while heads come in quickly.
const REPORTS: Duration = Duration::from_millis(40);

/// What Ships is asked of.
#[derive(Clone)]
pub struct Asked {
    pub source: Arc<OpenSource>,
    pub spec: RunSpec,
    pub of: ShipsOf,
}

impl Asked {
    /// `spec` says what is read and where; ε and component are those of `of`.
    pub fn new(source: Arc<OpenSource>, spec: RunSpec, of: ShipsOf) -> Self {
        let spec = RunSpec { reference: Reference::Baseline, ..spec }.with(|experiment| {
            (experiment.layer, experiment.head, experiment.operation) = (0, 0, of.operation);
            (experiment.scope.layers, experiment.scope.heads) = (LayerScope::Shown, HeadScope::Shown);
        });
        Self { source, spec, of }
    }

    fn positions(&self) -> &PositionScope {
        &self.spec.experiment.scope.positions
    }

    fn reads_the_same(&self, source: &Arc<OpenSource>, spec: &RunSpec) -> bool {
        Arc::ptr_eq(&self.source, source) && self.spec.prompt == spec.prompt
    }
}

enum Reply {
    Heads(Vec<HeadShips>),
    Done,
    NoOutput,
    Failed(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Computing,
    Done,
    GivenUp,
    Failed,
}

/// Ships of all heads, as far as they are there, and what they are of.
pub struct Ships {
    worker: Worker<Asked, Reply>,
    asked: Option<Asked>,
    number: RequestNumber,
    state: State,
    /// `[layer · n_heads + head]`
    values: Vec<Option<f64>>,
    revision: u64,
}

impl Ships {
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(ctx: &Context) -> std::io::Result<Self> {
        let (mut engine, repaint) = (FreshEngine::default(), ctx.clone());
        let wake = move || repaint.request_repaint();
        let worker = Worker::spawn("ships", wake, move |ticket, asked: Asked, send: &mut dyn FnMut(Reply)| {
            let engine = engine.on(&asked.source, &asked.spec.prompt);
            let (mut found, mut told) = (Vec::new(), Instant::now());
            let mut each = |head| {
                found.push(head);
                if told.elapsed() >= REPORTS {
                    told = Instant::now();
                    send(Reply::Heads(std::mem::take(&mut found)));
                }
            };
            let of = asked.of;
            let result = engine.ships(&asked.spec, of.component, of.epsilon, &mut each, &|| ticket.is_stale());
            match result {
                Ok(Some(_)) => {
                    send(Reply::Heads(found));
                    send(Reply::Done);
                }
                Ok(None) => send(Reply::NoOutput),
                Err(EngineError::Cancelled) => {}
                Err(error) => send(Reply::Failed(error.to_string())),
            }
        })?;
        Ok(Self { worker, asked: None, number: 0, state: State::Done, values: Vec::new(), revision: 0 })
    }

    /// Starts anew; what an older request is still finding is dropped.
    pub fn ask(&mut self, asked: Asked) {
        let facts = asked.source.facts();
        self.values = vec![None; facts.n_layers * facts.n_heads];
        self.asked = Some(asked.clone());
        self.number = self.worker.submit(asked);
        self.state = State::Computing;
        self.revision += 1;
    }

    pub fn cancel(&mut self) {
        if self.is_busy() {
            self.number = self.worker.cancel();
            self.state = State::GivenUp;
        }
    }

    /// Forgets what is of another source or prompt.
    pub fn keep_if(&mut self, source: &Arc<OpenSource>, spec: &RunSpec) {
        if self.asked.as_ref().is_some_and(|asked| !asked.reads_the_same(source, spec)) {
            self.number = self.worker.cancel();
            (self.asked, self.state) = (None, State::Done);
            self.values.clear();
            self.revision += 1;
        }
    }

    /// Takes in what has arrived. Returns a message for a person when something is wrong.
    pub fn poll(&mut self) -> Option<String> {
        let mut failure = None;
        while let Some((number, answer)) = self.worker.poll() {
            if number != self.number {
                continue;
            }
            match answer {
                Answer::Result(Reply::Heads(heads)) => self.take_in(&heads),
                Answer::Result(Reply::Done) => self.state = State::Done,
                Answer::Result(Reply::NoOutput) => {
                    failure = Some("This model has no output to compare: there is nothing to rank by.".to_owned());
                }
                Answer::Result(Reply::Failed(message)) => failure = Some(message),
                Answer::Panicked(message) => {
                    failure = Some(format!("Internal error while ranking the heads: {message}."));
                }
            }
        }
        if failure.is_some() {
            self.state = State::Failed;
        }
        failure
    }

    fn take_in(&mut self, heads: &[HeadShips]) {
        let n_heads = self.asked.as_ref().map_or(0, |asked| asked.source.facts().n_heads);
        for head in heads {
            if let Some(value) = self.values.get_mut(head.layer * n_heads + head.head) {
                *value = Some(head.ships);
            }
        }
        self.revision += 1;
    }

    pub fn get(&self, index: usize) -> Option<f64> {
        self.values.get(index).copied().flatten()
    }

    /// What the values are of; `None` where there are none.
    pub fn of(&self) -> Option<ShipsOf> {
        self.asked.as_ref().filter(|_| self.values.iter().any(Option::is_some)).map(|asked| asked.of)
    }

    /// Whether all heads were ranked by just this.
    pub fn answers(&self, of: ShipsOf, positions: &PositionScope) -> bool {
        self.state == State::Done
            && self.asked.as_ref().is_some_and(|asked| asked.of == of && asked.positions() == positions)
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    pub fn is_busy(&self) -> bool {
        self.state == State::Computing
    }

    pub fn is_given_up(&self) -> bool {
        self.state == State::GivenUp
    }

    /// Heads that are done and heads in all, while there are more to come.
    pub fn progress(&self) -> Option<(usize, usize)> {
        self.is_busy().then(|| (self.values.iter().flatten().count(), self.values.len()))
    }
}

/// What Ships is computed of in words, for the button's tooltip.
pub fn explained(of: ShipsOf) -> String {
    let what = match (of.operation, of.component) {
        (Operation::Scale, Component::Value) => "scaling contribution",
        (Operation::Scale, _) => "undifferentiated attention",
        _ => "the operation chosen at the left",
    };
    format!(
        "Ships of every head: that head’s {of} alone ({what}), one run of the model each; KL(baseline ‖ modified) of the next token, in nats"
    )
}
