//! Which operation a choice of its kind, or what is typed, leads to.

use super::Session;
use crate::attention::{FirstToken, Operation, OperationKind, OtherPrompt, PromptSet};

impl Session {
    /// The session's operation, which takes vectors from what `typed` says: a prompt, or a prompt on each line that is not
    /// empty. As it is where it takes none from other prompts.
    pub fn operation_from(&self, typed: &str) -> Operation {
        match self.operation() {
            Operation::Patch { .. } => Operation::patch(OtherPrompt::text(typed)),
            Operation::MeanPrompts { over, .. } => Operation::mean_prompts(PromptSet::of_lines(typed, over.first)),
            other => other.clone(),
        }
    }

    /// The operation that choosing a kind leads to: the session's own where it is of that kind. What takes vectors from
    /// other prompts begins with those of the prompt itself, of which every change is one of words.
    pub fn operation_of(&self, kind: OperationKind) -> Operation {
        if self.operation().kind() == kind {
            return self.operation().clone();
        }
        let prompt = || self.prompt().as_other();
        match kind {
            OperationKind::Patch => Operation::patch(prompt()),
            OperationKind::MeanPrompts => {
                Operation::mean_prompts(PromptSet { prompts: [prompt()].into(), first: FirstToken::default() })
            }
            other => Operation::of_the_prompt(other).unwrap_or_default(),
        }
    }
}
