//! What cannot be understood about shared arguments, and clap cannot know. Each refusal names its option.

use super::shared::{InterventionArguments, SourceArguments, ViewArguments};
use crate::{
    attention::OperationKind,
    engine::{Bundled, Engine, PATTERNS_ONLY, SourceSpec},
    figure::{ColorNorm, Quantity},
};

/// A capture holds one prompt: to ignore another one would give the numbers of a text that nobody asked for.
///
/// # Errors
/// With one sentence, for a prompt that `source` does not read.
pub fn prompt(arguments: &SourceArguments, source: &SourceSpec) -> Result<(), String> {
    let option = match arguments {
        SourceArguments { prompt: Some(_), .. } => "--prompt",
        SourceArguments { token_ids: Some(_), .. } => "--token-ids",
        SourceArguments { no_bos: true, .. } => "--no-bos",
        SourceArguments { chat: true, .. } => "--chat",
        SourceArguments { system: Some(_), .. } => "--system",
        SourceArguments { date: Some(_), .. } => "--date",
        _ => return Ok(()),
    };
    if source.is_live() {
        return Ok(());
    }
    let reader = Bundled::READER.name();
    Err(format!("{option} needs a model that reads: {source} is a capture of one prompt, {reader} reads any"))
}

/// What is said of a chat has nothing to act on where there is none; `is_chat` tells whether there is.
///
/// # Errors
/// With one sentence that names the option.
pub fn of_chat(arguments: &SourceArguments, is_chat: bool) -> Result<(), String> {
    let option = match arguments {
        SourceArguments { system: Some(_), .. } => "--system",
        SourceArguments { date: Some(_), .. } => "--date",
        _ => return Ok(()),
    };
    if is_chat { Ok(()) } else { Err(format!("{option} is for --chat: without it the prompt is read as it is")) }
}

/// # Errors
/// With one sentence, for a seed without noise, another prompt that nothing is taken from, or none where there must be one.
/// The operation of a session is not known yet.
pub fn intervention(arguments: &InterventionArguments, source: &SourceArguments) -> Result<(), String> {
    others(arguments, source)?;
    match (arguments.seed, arguments.operation) {
        (None, _) | (Some(_), Some(OperationKind::Noise)) => Ok(()),
        (Some(_), None) if source.session().is_some() => Ok(()),
        (Some(_), operation) => Err(seed_without_noise(operation.unwrap_or_default())),
    }
}

/// # Errors
/// With one sentence, for another prompt that nothing is taken from, or none where there must be one.
pub fn others(arguments: &InterventionArguments, source: &SourceArguments) -> Result<(), String> {
    let InterventionArguments { operation, others, .. } = arguments;
    match operation {
        Some(operation) => others.check(*operation),
        None if source.session().is_some() => Ok(()),
        None => others.check(OperationKind::default()),
    }?;
    // What is not given may be the session's.
    if source.session().is_some() { Ok(()) } else { others.check_complete(operation.unwrap_or_default()) }
}

/// Options that say what is done to vectors have nothing to act on where a file holds patterns only. `given` are options
/// with whether they were given; where none was, the file is not opened. One that cannot be read is refused by who opens it.
///
/// # Errors
/// With one sentence that names the first such option.
pub fn vectors(source: &SourceSpec, given: &[(&str, bool)]) -> anyhow::Result<()> {
    let Some((option, _)) = given.iter().find(|(_, is_given)| *is_given) else { return Ok(()) };
    // Every other source has vectors.
    let is_capture = matches!(source, SourceSpec::Capture(_));
    if is_capture && Engine::default().facts(source).is_ok_and(|facts| !facts.kind.has_vectors()) {
        anyhow::bail!("{option} has nothing to act on: {PATTERNS_ONLY}: {source}");
    }
    Ok(())
}

/// What is wrong with a seed for an operation that adds no noise.
pub fn seed_without_noise(operation: OperationKind) -> String {
    format!("--seed is for --operation noise, found --operation {operation}")
}

/// # Errors
/// With one sentence that names the option, for a source that never has an adapter.
pub fn adapter(option: &str, source: &SourceSpec) -> Result<(), String> {
    let expected = "expected SOURCE to be a folder with an adapter or hf:OWNER/NAME";
    let possible = source.with_adapter_switched().map(|_| ());
    possible.ok_or_else(|| format!("{option} is for a model with an adapter: {expected}, found {source}"))
}

/// # Errors
/// With one sentence, for a comparison that would not be shown.
pub fn view(arguments: &ViewArguments) -> Result<(), String> {
    match (arguments.comparison(), arguments.quantity) {
        (None, _) | (Some(_), None | Some(Quantity::Difference)) => Ok(()),
        (Some(option), Some(quantity)) => Err(format!("{option} shows differences, found --quantity {quantity}")),
    }
}

/// In a file: a window shows the choice of limits whatever the scale is. Of a session the scale is not known yet.
///
/// # Errors
/// With one sentence, for limits that nothing would follow.
pub fn limits(arguments: &ViewArguments, source: &SourceArguments) -> Result<(), String> {
    if !arguments.per_panel || arguments.norm.is_none() && arguments.quantity.is_none() && source.session().is_some() {
        return Ok(());
    }
    let quantity =
        if arguments.comparison().is_some() { Quantity::Difference } else { arguments.quantity.unwrap_or_default() };
    limits_of(arguments.norm.unwrap_or_else(|| quantity.default_norm()))
}

/// # Errors
/// With one sentence, for limits that nothing would follow.
pub fn limits_of(norm: ColorNorm) -> Result<(), String> {
    if norm.is_automatic() {
        return Ok(());
    }
    Err(format!("--per-panel is for automatic limits (--norm auto, symmetric, log-symmetric), found --norm {norm}"))
}
