//! Metrics and thumbnails of all heads: what was asked, and what of it is there.

use std::time::Duration;

use egui::Context;
use rayon::prelude::*;

use super::atlas::Atlas;
use crate::{
    engine::{
        Engine, EngineError, HeadPattern, HeadSummary, HeadsQuestion, Job, Lane, LayerNumbers, OpenSource, Question,
        Service,
    },
    figure::{Palette, Picture, Window, paint, pool_pattern},
    ui::jobs::{Arrival, Client},
};

/// What takes longer shows its progress.
const SUDDEN: Duration = Duration::from_millis(150);
/// What a panic interrupts.
const DOING: &str = "looking at all heads";

/// All heads as thumbnails.
#[derive(Clone, Debug, PartialEq)]
pub struct Thumbnails {
    pub heads: HeadsQuestion,
    pub palette: Palette,
    /// Of a thumbnail, in pixels.
    pub side: usize,
}

impl Thumbnails {
    /// Whether heads of the two can stand side by side until the newer ones have arrived.
    fn reads_the_same(&self, other: &Self) -> bool {
        self.heads.source == other.heads.source
            && self.heads.spec.prompt == other.heads.spec.prompt
            && self.side == other.side
    }
}

impl Question for Thumbnails {
    /// Some heads, each of which comes once.
    type Part = Vec<(HeadSummary, Picture)>;

    const LANE: Lane = HeadsQuestion::LANE;

    fn canonical(self) -> Self {
        Self { heads: self.heads.canonical(), ..self }
    }

    fn answer(&self, engine: &mut Engine, job: &Job<'_>, send: &mut dyn FnMut(Self::Part)) -> Result<(), EngineError> {
        let draw = |head: HeadPattern| {
            let whole = Window::whole(head.pattern.n_positions());
            (head.summary, paint(&pool_pattern(&head.pattern, whole, [self.side; 2]), &self.palette))
        };
        self.heads.answer(engine, job, &mut |heads| send(heads.into_par_iter().map(draw).collect()))
    }
}

/// Metrics and thumbnails of all heads, as far as they are there.
pub struct Gallery {
    client: Client<Thumbnails>,
    /// What the heads that are there belong to.
    of: Option<Thumbnails>,
    ctx: Context,
    /// `[layer · n_heads + head]`
    summaries: Vec<Option<HeadSummary>>,
    n_heads: usize,
    layers: LayerNumbers,
    /// How many have come of the newest question.
    arrived: usize,
    /// Counts the changes of `summaries`.
    revision: u64,
    pub atlas: Atlas,
}

impl Gallery {
    pub fn new(ctx: &Context, service: &Service) -> Self {
        Self {
            client: Client::new(service),
            of: None,
            ctx: ctx.clone(),
            summaries: Vec::new(),
            n_heads: 0,
            layers: LayerNumbers::default(),
            arrived: 0,
            revision: 0,
            atlas: Atlas::default(),
        }
    }

    /// Asks for what is `wanted`, in its canonical form, unless that was asked last.
    pub fn ask(&mut self, source: &OpenSource, wanted: &Thumbnails) {
        if self.client.question() == Some(wanted) {
            return;
        }
        let facts = source.facts();
        let n_all = facts.n_layers * facts.n_heads;
        if !self.of.as_ref().is_some_and(|of| of.reads_the_same(wanted)) {
            self.n_heads = facts.n_heads;
            self.layers = facts.layers.clone();
            self.summaries = vec![None; n_all];
            self.revision += 1;
            self.atlas.clear(n_all, wanted.side);
        }
        self.arrived = 0;
        self.of = Some(wanted.clone());
        self.client.want(wanted.clone());
        self.ctx.request_repaint_after(SUDDEN);
    }

    /// Gives up what is being computed; what is there stays.
    pub fn cancel(&mut self) {
        self.client.cancel();
    }

    /// Asks again for what was given up, the next time that something is asked.
    pub fn retry(&mut self) {
        self.client.forget();
    }

    /// Takes in what has arrived. Returns the message of a failure that is a bug.
    pub fn poll(&mut self) -> Option<String> {
        let mut bug = None;
        while let Some(arrival) = self.client.poll() {
            match arrival {
                Arrival::Part { part, is_newest: true, .. } => self.take_in(part),
                Arrival::Failed(why) if !why.is_refusal() => bug = Some(why.message(DOING)),
                Arrival::Part { .. } | Arrival::Failed(_) | Arrival::Done | Arrival::GivenUp => {}
            }
        }
        bug
    }

    fn take_in(&mut self, heads: Vec<(HeadSummary, Picture)>) {
        self.arrived += heads.len();
        for (summary, picture) in heads {
            let index = summary.layer * self.n_heads + summary.head;
            if let Some(slot) = self.summaries.get_mut(index) {
                *slot = Some(summary);
                self.atlas.set(&self.ctx, index, &picture);
            }
        }
        self.revision += 1;
    }

    /// By layer and head; `None` for what is still to come.
    pub fn summaries(&self) -> &[Option<HeadSummary>] {
        &self.summaries
    }

    /// What layers are called.
    pub fn layers(&self) -> &LayerNumbers {
        &self.layers
    }

    pub fn n_heads(&self) -> usize {
        self.n_heads
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

    pub fn failure(&self) -> Option<String> {
        self.client.failure().map(|why| why.message(DOING))
    }

    /// Heads that are done and heads in all, where that takes its time.
    pub fn progress(&self) -> Option<(usize, usize)> {
        let takes_long = self.client.answering().is_some_and(|time| time >= SUDDEN);
        takes_long.then_some((self.arrived, self.summaries.len()))
    }
}
