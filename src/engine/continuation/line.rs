//! A continuation as a line of JSON.

use serde::Serialize;

use super::{Choice, Continuation, Stopped, Written};
use crate::{
    attention::{Component, Epsilon, Experiment, InForce, Operation, Scope},
    base::Date,
    engine::{Prompt, RunSpec},
    numbers::JsonNumber,
};

/// What was written behind a prompt, and under what: the fields of the line that `attenuate continue` and the window write.
#[derive(Debug, Serialize)]
pub struct ContinuationLine<'a> {
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    chat: Option<ChatLine<'a>>,
    token_ids: &'a [u32],
    baseline: Column,
    modified: Column,
    kl: Vec<JsonNumber>,
    first_difference: Option<usize>,
    source: String,
    layer: usize,
    head: usize,
    component: Component,
    operation: &'a Operation,
    epsilon: Epsilon,
    scope: &'a Scope,
    /// What acts beneath the change.
    in_force: &'a InForce,
    choice: Choice,
}

/// How the prompt was put to the model.
#[derive(Debug, Serialize)]
struct ChatLine<'a> {
    system: Option<&'a str>,
    date: Date,
    /// What the template made of it, as its tokens spell it.
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct Column {
    token_ids: Vec<u32>,
    text: String,
    stopped: Option<Stopped>,
}

impl<'a> ContinuationLine<'a> {
    /// What was written for `spec`, with a component changed to an ε.
    pub fn new(
        written: &'a Continuation,
        spec: &'a RunSpec,
        (component, epsilon): (Component, Epsilon),
        choice: Choice,
    ) -> Self {
        let Experiment { layer, head, operation, scope, in_force, .. } = &spec.experiment;
        Self {
            prompt: spec.prompt.words().unwrap_or(&written.prompt),
            chat: match &spec.prompt {
                Prompt::Chat(chat) => {
                    Some(ChatLine { system: chat.system.as_deref(), date: chat.date, text: &written.prompt })
                }
                Prompt::Text { .. } | Prompt::TokenIds(_) => None,
            },
            token_ids: &written.prompt_ids,
            baseline: (&written.baseline).into(),
            modified: (&written.modified).into(),
            kl: written.kl.iter().copied().map(JsonNumber).collect(),
            first_difference: written.first_difference(),
            source: spec.source.to_string(),
            layer: *layer,
            head: *head,
            component,
            operation,
            epsilon,
            scope,
            in_force,
            choice,
        }
    }

    /// One line, with its end.
    ///
    /// # Errors
    /// When something cannot be said in JSON.
    pub fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

impl From<&Written> for Column {
    fn from(written: &Written) -> Self {
        Self { token_ids: written.token_ids().collect(), text: written.text(), stopped: written.stopped }
    }
}
