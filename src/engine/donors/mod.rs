//! What other prompts bring into a prompt: their vectors or means over them, as the unmodified model reads them.

mod means;
mod patch;

use std::{collections::BTreeSet, sync::Arc};

use super::{Engine, EngineError, RunSpec, Token, memory::Held, prompt_run::PromptRun, source::Reader};
use crate::{
    attention::{Component, Donated, Donor, Intervention, Operation, PromptSet},
    model::LanguageModel,
};

pub(super) use means::Means;

impl Held for Donor {
    fn bytes(&self) -> usize {
        Self::bytes(self)
    }
}

/// In which layers which components of other prompts are needed.
type Places = BTreeSet<(usize, Component)>;

/// The prompt that receives, and what is asked of others for it.
struct Recipient<'a> {
    run: &'a PromptRun,
    model: &'a LanguageModel,
    spec: &'a RunSpec,
    cancelled: &'a dyn Fn() -> bool,
}

impl Engine {
    /// `spec` with the vectors that its operations bring in from other prompts, wherever one of `interventions` needs them.
    ///
    /// # Errors
    /// For a capture, when another prompt cannot be read, or its vectors cannot stand in this one's.
    pub(super) fn donated(
        &self,
        spec: &RunSpec,
        run: &PromptRun,
        interventions: impl Iterator<Item = Intervention>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<RunSpec, EngineError> {
        let mut operations = spec.experiment.operations().filter(|operation| operation.donated().is_some());
        let Some(operation) = operations.next() else { return Ok(spec.clone()) };
        let Reader::Model(model) = &run.source.reader else {
            let (operation, title) = (operation.kind().word(), run.source.facts.title.clone());
            return Err(EngineError::NeedsModel { operation, title });
        };
        let recipient = Recipient { run, model, spec, cancelled };
        let mut donated = Vec::new();
        for (operation, places) in places(interventions) {
            let donors = places.into_iter().map(|place| Ok((place, self.donor(&recipient, &operation, place)?)));
            donated.push((operation.clone(), donors.collect::<Result<Donated, EngineError>>()?));
        }
        let with_vectors = |operation: &Operation| {
            let found = donated.iter().find(|(of, _)| of == operation);
            found.map_or_else(|| operation.clone(), |(of, donated)| of.clone().with_donated(donated.clone()))
        };
        Ok(spec.clone().with(|experiment| *experiment = experiment.with_operations(with_vectors)))
    }

    /// What an operation brings into one layer's component, which is kept with the prompt.
    fn donor(
        &self,
        recipient: &Recipient<'_>,
        operation: &Operation,
        (layer, component): (usize, Component),
    ) -> Result<Arc<Donor>, EngineError> {
        let run = recipient.run;
        if let Some(known) = run.known_donor(operation, layer, component) {
            return Ok(known);
        }
        let donor = match operation {
            Operation::Patch { from, .. } => self.counterpart(recipient, from, layer, component)?,
            Operation::MeanPrompts { over, .. } => self.mean(recipient, over, layer, component)?,
            Operation::Scale | Operation::MeanHeads | Operation::MeanPositions | Operation::Noise { .. } => {
                return Err(EngineError::NoOutput);
            }
        };
        Ok(run.keep_donor(operation, layer, component, Arc::new(donor)))
    }

    /// The mean of a component in a layer over the tokens of all prompts of a set.
    fn mean(
        &self,
        Recipient { run, model, spec, cancelled }: &Recipient<'_>,
        over: &PromptSet,
        layer: usize,
        component: Component,
    ) -> Result<Donor, EngineError> {
        let means = self.means(run.source.id(), &spec.prompt, over);
        for (number, other) in over.prompts.iter().enumerate() {
            if cancelled() {
                return Err(EngineError::Cancelled);
            }
            means
                .read(model, number, &spec.prompt.other(other), over.first, *cancelled)
                .map_err(|cause| EngineError::of_other_prompt(format!("prompt {}, {other}", number + 1), cause))?;
        }
        let nothing = || EngineError::NothingToMean { found: over.to_string() };
        means.mean(layer, component).ok_or_else(nothing)
    }

    /// The tokens of the prompt that the panels are patched from; `None` where they are not.
    pub(super) fn patched_from(&self, spec: &RunSpec, run: &PromptRun) -> Result<Option<Arc<[Token]>>, EngineError> {
        let Operation::Patch { from, .. } = &spec.experiment.operation else { return Ok(None) };
        Ok(Some(self.other_run(spec, run, from)?.tokens.clone()))
    }
}

/// Where the changes of interventions need vectors of other prompts, by operation.
fn places(interventions: impl Iterator<Item = Intervention>) -> Vec<(Operation, Places)> {
    let mut all: Vec<(Operation, Places)> = Vec::new();
    for intervention in interventions {
        for change in intervention.changes().iter().filter(|change| change.edit.operation.donated().is_some()) {
            let (operation, component) = (&change.edit.operation, change.edit.component);
            let at = all.iter().position(|(known, _)| known == operation).unwrap_or_else(|| {
                all.push((operation.clone(), Places::new()));
                all.len() - 1
            });
            if let Some((_, places)) = all.get_mut(at) {
                places.extend(change.layers().map(|layer| (layer, component)));
            }
        }
    }
    all
}
