//! What is on screen: the newest answers of the engine's thread.

use std::time::Duration;

use crate::{
    attention::{Grid, Metrics, PanelId, Shape},
    engine::{Divergences, Outcome, Panel, RunSpec},
    figure::{Grain, PanelPictures, PictureSpec},
    ui::memo::Revision,
};

/// What takes longer is waited for visibly, and shows what it has so far.
pub const SLOW: Duration = Duration::from_millis(250);

/// Everything that the picture depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub spec: RunSpec,
    pub presentation: Presentation,
}

/// What changes no number, and so may change while the numbers are computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Presentation {
    pub picture: PictureSpec,
    /// The panel whose details are wanted, and which is wanted first.
    pub selected: PanelId,
    /// Whether the inspector is open: it wants the effect of all panels, which takes a run of the model each.
    pub inspector: bool,
}

/// Whether a panel answers the request that its frame answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PanelState {
    #[default]
    Current,
    /// It answers an earlier request, which differed in the intervention alone.
    Older,
    /// It is still to come: the baseline stands in its place.
    Awaited,
}

/// A picture of the whole grid and what it shows.
pub struct Frame {
    /// Another frame has another one: what depends on the frame alone is made once for each.
    pub revision: Revision,
    /// What was asked; the session may have moved on.
    pub spec: RunSpec,
    pub outcome: Outcome,
    pub pictures: PanelPictures,
    pub states: Grid<PanelState>,
    /// As it was drawn.
    pub presentation: Presentation,
    /// A coarse one is drawn again when the hand rests.
    pub grain: Grain,
    /// From request to pixels, without waiting for the hand to rest.
    pub elapsed: Duration,
}

impl Frame {
    /// A panel, if it is there.
    pub fn panel(&self, panel: PanelId) -> Option<&Panel> {
        self.outcome.panels.get(panel).filter(|_| self.states.get(panel) != Some(&PanelState::Awaited))
    }

    /// Whether all panels answer the same request.
    pub fn is_whole(&self) -> bool {
        self.states.values().all(|state| *state == PanelState::Current)
    }
}

/// What takes longer than the picture and comes after it.
#[derive(Clone, Debug)]
pub struct Details {
    /// As of a frame.
    pub revision: Revision,
    pub panels: Grid<Metrics>,
    /// Mean length of the head's output: baseline, selected panel. `None` without values.
    pub output_norms: Option<(f64, f64)>,
    /// What a norm behind the attention leaves of the selected panel's factor on all values; `None` where none does.
    pub kept_by_norm: Option<f64>,
    pub of_all: PanelEffects,
    /// Whether nothing more is to come.
    pub is_whole: bool,
}

/// What each panel's intervention does beyond the pattern, as far as it was asked and is there.
#[derive(Clone, Debug)]
pub struct PanelEffects {
    /// KL(baseline ‖ modified) of the next token's distribution, in nats.
    pub divergences: Divergences,
    /// Mean length of the head's output over the baseline's.
    pub norm_ratios: Grid<Option<f64>>,
}

impl PanelEffects {
    /// Of panels of which nothing is there.
    pub fn unknown(shape: Shape) -> Self {
        Self { divergences: Grid::filled(shape, None), norm_ratios: Grid::filled(shape, None) }
    }
}
