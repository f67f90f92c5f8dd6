//! What differences are taken from.

use serde::{Deserialize, Serialize};

use crate::attention::Experiment;

/// What each panel is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reference {
    /// The shown head without any intervention, for all panels.
    #[default]
    Baseline,
    /// The same panel of another head: this head minus that head, under the same intervention.
    Head {
        /// 0-based layer.
        layer: usize,
        /// 0-based query head.
        head: usize,
    },
    /// The same panel of the model that the adapter is over: the model with its adapter minus the model without it, under
    /// the same intervention.
    Base,
    /// The shown head under what is in force alone, for all panels.
    InForce,
    /// The same panel of a view that was kept: ε now minus ε then.
    View(Box<Experiment>),
}

impl Reference {
    /// The panels of an experiment, to compare others with later.
    pub fn kept(experiment: &Experiment) -> Self {
        Self::View(Box::new(experiment.clone()))
    }

    /// In the midst of a sentence.
    pub fn name(&self) -> String {
        match self {
            Self::Baseline => "baseline".to_owned(),
            Self::Head { layer, head } => format!("layer {layer}, head {head}"),
            Self::Base => "the base model".to_owned(),
            Self::InForce => "what is in force".to_owned(),
            Self::View(_) => "the kept view".to_owned(),
        }
    }
}
