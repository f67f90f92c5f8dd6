//! What differences are taken from.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Engine, EngineError, Job, Outcome, Panel, RunSpec};
use crate::attention::{Experiment, Grid, PanelId};

/// What each panel is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reference {
    /// The shown head without any intervention, for all panels.
    #[default]
    Baseline,
    /// The same panel of another head: this head minus that head, under the same intervention.
    Head { layer: usize, head: usize },
    /// The same panel of a view that was kept: ε now minus ε then.
    View(Box<Experiment>),
}

impl Reference {
    /// What the panels of `spec` are, to compare others with later.
    pub fn kept(spec: &RunSpec) -> Self {
        Self::View(Box::new(spec.experiment.clone()))
    }

    /// In the midst of a sentence.
    pub fn name(&self) -> String {
        match self {
            Self::Baseline => "baseline".to_owned(),
            Self::Head { layer, head } => format!("layer {layer}, head {head}"),
            Self::View(_) => "the kept view".to_owned(),
        }
    }

    /// The request whose panels `spec` is compared with; `None` for the baseline.
    fn spec(&self, spec: &RunSpec) -> Option<RunSpec> {
        let alone = RunSpec { reference: Self::Baseline, ..spec.clone() };
        match self {
            Self::Baseline => None,
            &Self::Head { layer, head } => Some(alone.with(|experiment| {
                (experiment.layer, experiment.head) = (layer, head);
            })),
            Self::View(view) => Some(RunSpec { experiment: (**view).clone(), ..alone }),
        }
    }
}

/// The panels of a reference.
pub type ReferencePanels = Arc<Grid<Panel>>;

impl Engine {
    /// The panels that those of `spec` are compared with; `None` for the baseline.
    pub(super) fn reference(&mut self, job: &Job<'_>, spec: &RunSpec) -> Result<Option<ReferencePanels>, EngineError> {
        let Some(spec) = spec.reference.spec(spec) else { return Ok(None) };
        // A kept view stays the same while ε moves; its runs of layers may be long forgotten.
        let source = self.open(&spec.source)?.id();
        if let Some((of, known, panels)) = &self.last_reference
            && (*of, known) == (source, &spec)
        {
            return Ok(Some(panels.clone()));
        }
        let panels: ReferencePanels = Arc::new(self.run_for(job, &spec, PanelId::FIRST, &mut |_| {})?.panels);
        self.last_reference = Some((source, spec, panels.clone()));
        Ok(Some(panels))
    }
}

impl Outcome {
    /// What a panel's difference is taken from; the baseline where the reference has no such panel.
    pub fn compared_with(&self, panel: PanelId) -> &Panel {
        self.reference_panels.as_ref().and_then(|panels| panels.get(panel)).unwrap_or(&self.baseline)
    }
}
