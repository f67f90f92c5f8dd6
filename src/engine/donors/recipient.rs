use crate::{
    engine::{RunSpec, prompt_run::PromptRun},
    model::LanguageModel,
};

/// The prompt that receives, and what is asked of others for it.
pub struct Recipient<'a> {
    pub run: &'a PromptRun,
    pub model: &'a LanguageModel,
    pub spec: &'a RunSpec,
    pub cancelled: &'a dyn Fn() -> bool,
}
