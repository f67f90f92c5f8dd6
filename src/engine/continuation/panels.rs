//! What the model writes under the change of every panel.

use std::sync::Arc;

use super::{Continuation, Writing, Written};
use crate::{
    attention::{Grid, Intervention, PanelId},
    engine::{Engine, EngineError, Job, RunSpec, run},
};

/// What a model writes behind the prompt under the change of each panel, as far as it is there.
#[derive(Clone, Debug, PartialEq)]
pub struct PanelTexts(Grid<Option<Arc<Continuation>>>);

impl PanelTexts {
    /// What is written under a panel's change, beside the baseline's.
    pub fn get(&self, panel: PanelId) -> Option<&Arc<Continuation>> {
        self.0.get(panel)?.as_ref()
    }

    /// What the unmodified model writes.
    pub fn baseline(&self) -> Option<&Written> {
        self.0.values().flatten().next().map(|first| &first.baseline)
    }

    /// How many panels have their text, of how many.
    pub fn progress(&self) -> [usize; 2] {
        [self.0.values().flatten().count(), self.0.values().len()]
    }
}

/// Texts that were written, by what was changed: of one source and prompt, and written one way.
#[derive(Debug, Default)]
pub struct KnownTexts(Vec<(Intervention, Arc<Continuation>)>);

impl Engine {
    /// [`Engine::continuation`] for every panel of `spec`; panels that do the same are written once. `so_far` is handed what
    /// is there after each panel.
    ///
    /// # Errors
    /// As [`Engine::continuation`].
    pub fn panel_texts(
        &mut self,
        job: &Job<'_>,
        spec: &RunSpec,
        writing: &Writing,
        so_far: &mut dyn FnMut(&PanelTexts),
    ) -> Result<PanelTexts, EngineError> {
        self.panel_texts_beside(&mut KnownTexts::default(), job, spec, writing, so_far)
    }

    /// [`Engine::panel_texts`], of which those that are `known` are not written again; those that are written are known
    /// then.
    ///
    /// # Errors
    /// As [`Engine::continuation`].
    pub fn panel_texts_beside(
        &mut self,
        KnownTexts(known): &mut KnownTexts,
        job: &Job<'_>,
        spec: &RunSpec,
        writing: &Writing,
        so_far: &mut dyn FnMut(&PanelTexts),
    ) -> Result<PanelTexts, EngineError> {
        let experiment = &spec.experiment;
        let shown = run::check(spec, &*self.facts(&spec.source)?)?;
        let mut texts = PanelTexts(Grid::filled(experiment.shape(), None));
        for panel in experiment.shape().panels() {
            let intervention = experiment.intervention(shown, panel);
            let same = known.iter().find(|(other, _)| *other == intervention).map(|(_, text)| text.clone());
            let text = if let Some(text) = same {
                text
            } else {
                let change = (panel.component, experiment.epsilon[panel]);
                let text = Arc::new(self.continuation(job, spec, change, writing, &mut |_| {})?);
                known.push((intervention, text.clone()));
                text
            };
            texts.0[panel] = Some(text);
            so_far(&texts);
        }
        Ok(texts)
    }
}
