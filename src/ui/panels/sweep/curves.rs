//! The sweeps that are known, and the one that is shown.

use std::{num::NonZeroUsize, sync::Arc};

use lru::LruCache;

use super::measured::Measured;
use crate::{
    attention::Epsilon,
    engine::{OpenSource, Question as _, Service, SourceId, Sweep, SweepMetric, SweepQuestion},
    session::{RowChoice, Session},
    ui::{
        jobs::{Arrival, Client},
        memo::{Memo, Same},
    },
};

/// Sweeps that are kept, so that stepping back is instant.
const KEPT: NonZeroUsize = NonZeroUsize::new(12).unwrap();

/// Where most changes at most heads, while nothing is measured: the output follows ε itself, and has most of its way there.
const USUAL: [Epsilon; 2] = [Epsilon::TENTH, Epsilon::ONE];

/// Whether a sweep is made though nobody looks at its curves, for the slider's tint alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// It takes a moment.
    Little,
    /// It reads layers anew at each ε, or a long prompt.
    Much,
}

/// The newest sweep, and those before it.
pub struct Curves {
    client: Client<SweepQuestion>,
    /// What is shown, or will be.
    question: Option<SweepQuestion>,
    /// With points; an older question's until the first of the newest arrives.
    shown: Option<Arc<Measured>>,
    /// Whether `shown` answers an older question.
    is_old: bool,
    effort: Effort,
    known: LruCache<SweepQuestion, Arc<Measured>>,
    wanted: Memo<(SourceId, Same<Session>), SweepQuestion>,
}

impl Curves {
    pub fn new(service: &Service) -> Self {
        let (client, known) = (Client::new(service), LruCache::new(KEPT));
        Self {
            client,
            question: None,
            shown: None,
            is_old: false,
            effort: Effort::Much,
            known,
            wanted: Memo::default(),
        }
    }

    /// Follows `session`: asks for its sweep while the panel is open or it takes little, unless it is known or asked
    /// already.
    pub fn follow(&mut self, source: &OpenSource, session: &Arc<Session>, effort: Effort) {
        self.effort = effort;
        let (is_open, is_there) = (session.view().sweep.open || effort == Effort::Little, self.is_there());
        let wanted = self.wanted.get((source.id(), Same::of(session)), || question(source, session));
        if self.question.as_ref().is_some_and(|asked| asked.covers(wanted)) && (is_open || is_there) {
            return;
        }
        let known = self.known.iter().find(|(known, _)| known.covers(wanted)).map(|(known, _)| known.clone());
        if let Some(known) = known {
            self.client.forget();
            self.shown = self.known.get(&known).cloned();
            (self.question, self.is_old) = (Some(known), false);
        } else if is_open {
            let question = wanted.clone();
            if self.question.as_ref().is_some_and(|asked| asked.source != question.source) {
                self.forget();
            }
            self.client.want(question.clone());
            (self.question, self.is_old) = (Some(question), true);
        } else {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.client.forget();
        (self.question, self.shown) = (None, None);
    }

    /// Whether the whole sweep is shown that was asked for.
    fn is_there(&self) -> bool {
        self.shown.is_some() && !self.is_old && !self.is_busy()
    }

    /// Takes in what has arrived.
    pub fn poll(&mut self) {
        while let Some(arrival) = self.client.poll() {
            match arrival {
                Arrival::Part { part, is_newest: true, .. } => {
                    (self.shown, self.is_old) = (Some(Arc::new(Measured::new(part))), false);
                }
                Arrival::Done => {
                    if let Some((question, measured)) = self.question.clone().zip(self.shown.clone()) {
                        self.known.put(question, measured);
                    }
                }
                Arrival::Failed(_) if self.client.failure().is_some() => self.shown = None,
                Arrival::Part { .. } | Arrival::Failed(_) | Arrival::GivenUp => {}
            }
        }
    }

    /// What is there so far, once there is something.
    pub fn shown(&self) -> Option<&Sweep> {
        self.shown.as_ref().map(|measured| measured.sweep())
    }

    /// The same with what is known of its curves.
    pub fn measured(&self) -> Option<&Arc<Measured>> {
        self.shown.as_ref()
    }

    /// Whether what is shown answers an older question.
    pub fn is_old(&self) -> bool {
        self.is_old
    }

    /// Whether more is to come.
    pub fn is_busy(&self) -> bool {
        self.client.is_busy()
    }

    /// Why there is nothing.
    pub fn failure(&self) -> Option<String> {
        self.client.failure().map(|why| why.message("measuring over ε"))
    }

    /// Where the curves of the chosen rows are steep, from the first to the last; where they are flat or not measured, the
    /// decade where most heads change.
    pub fn transition(&self, rows: RowChoice) -> [Epsilon; 2] {
        // What takes little is there in the next frame.
        let shown = self.shown.as_ref().filter(|_| !self.is_old || self.effort == Effort::Little);
        shown.and_then(|measured| measured.transition_of(rows)).unwrap_or(USUAL)
    }
}

/// The pinned cell is asked for only where its weight is looked at, as its curve alone would not be worth a sweep, and a
/// target only where its chances are, as they take a run of the model each.
fn question(source: &OpenSource, session: &Session) -> SweepQuestion {
    let metric = session.view().sweep.metric;
    let is_looked_at = metric == SweepMetric::Weight;
    let cell = session.pinned().filter(|_| is_looked_at).map(|cell| [cell.query, cell.key]);
    let is_followed = metric.is_of_target() && source.facts().kind.is_model();
    let target = is_followed.then(|| session.view().target.clone());
    SweepQuestion { source: source.id(), spec: session.run_spec(), cell, target }.canonical()
}
