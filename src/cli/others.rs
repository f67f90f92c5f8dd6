//! Prompts besides the one that is read, from which vectors are taken.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::streams::{self, TokenIds};
use crate::{
    attention::{FirstToken, Operation, OperationKind, OtherPrompt, PromptSet},
    base::{InputRole, regular_file},
};

/// A set of prompts goes into every file that carries the session; one beyond is refused.
const MOST_BYTES: u64 = 1 << 20;

/// Where an operation takes vectors from.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Intervention")]
pub struct OthersArguments {
    /// The prompt that --operation patch takes vectors from, read as the prompt is: with its BOS, or in its chat
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with = "from_token_ids")]
    pub from_prompt: Option<String>,
    /// The tokens that --operation patch takes vectors from, exactly as given
    #[arg(long, value_name = "I,J,…")]
    pub from_token_ids: Option<TokenIds>,
    /// A file with a prompt on each line (- for standard input), over whose tokens --operation mean-prompts takes the mean; empty lines are passed
    /// over
    #[arg(long, value_name = "FILE")]
    pub from_prompts: Option<PathBuf>,
    /// Count the first token of each of these prompts too
    #[arg(long)]
    pub with_first: bool,
}

impl OthersArguments {
    /// The options that were given, and the operation that each is for.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, OperationKind)> {
        let options = [
            ("--from-prompt", self.from_prompt.is_some(), OperationKind::Patch),
            ("--from-token-ids", self.from_token_ids.is_some(), OperationKind::Patch),
            ("--from-prompts", self.from_prompts.is_some(), OperationKind::MeanPrompts),
            ("--with-first", self.with_first, OperationKind::MeanPrompts),
        ];
        options.into_iter().filter(|(_, is_given, _)| *is_given).map(|(option, _, of)| (option, of))
    }

    /// The file that is read, if there is one.
    pub fn files(&self) -> impl Iterator<Item = (&Path, InputRole)> {
        let files = self.from_prompts.iter().map(PathBuf::as_path).filter(|path| !streams::is_input(path));
        files.map(|file| (file, InputRole::Prompts))
    }

    /// # Errors
    /// With one sentence, for an option that is for another operation.
    pub fn check(&self, operation: OperationKind) -> Result<(), String> {
        match self.given().find(|(_, of)| *of != operation) {
            Some((option, of)) => Err(format!("{option} is for --operation {of}, found {operation}")),
            None => Ok(()),
        }
    }

    /// # Errors
    /// With one sentence, where the operation needs a prompt and none was given.
    pub fn check_complete(&self, operation: OperationKind) -> Result<(), String> {
        let is_patched = self.from_prompt.is_some() || self.from_token_ids.is_some();
        match operation {
            OperationKind::Patch if !is_patched => Err(needs(operation, "--from-prompt TEXT")),
            OperationKind::MeanPrompts if self.from_prompts.is_none() => Err(needs(operation, "--from-prompts FILE")),
            _ => Ok(()),
        }
    }

    /// The operation of a kind that takes vectors from other prompts: from those that are given, else from those of `old`.
    ///
    /// # Errors
    /// When none are given and `old` has none, or the file cannot be read.
    pub fn operation(&self, kind: OperationKind, old: &Operation) -> anyhow::Result<Operation> {
        if let Some(operation) = Operation::of_the_prompt(kind) {
            return Ok(operation);
        }
        let first = if self.with_first { FirstToken::Counted } else { FirstToken::LeftOut };
        let given = match (kind, self, old) {
            (OperationKind::Patch, Self { from_prompt: Some(text), .. }, _) => {
                Some(Operation::patch(OtherPrompt::text(&streams::text("--from-prompt", text)?)))
            }
            (OperationKind::Patch, Self { from_token_ids: Some(ids), .. }, _) => {
                let ids = ids.get("--from-token-ids")?;
                Some(Operation::patch(OtherPrompt::TokenIds(ids.as_slice().into())))
            }
            (OperationKind::MeanPrompts, Self { from_prompts: Some(path), .. }, _) => {
                let over = PromptSet::of_lines(&text("--from-prompts", path, MOST_BYTES)?, first);
                Some(Operation::mean_prompts(over))
            }
            (OperationKind::MeanPrompts, Self { with_first: true, .. }, Operation::MeanPrompts { over, .. }) => {
                Some(Operation::mean_prompts(PromptSet { first, ..over.clone() }))
            }
            _ => None,
        };
        match given {
            Some(operation) => Ok(operation),
            None if old.kind() == kind => Ok(old.clone()),
            None => self.check_complete(kind).map_err(anyhow::Error::msg).map(|()| Operation::default()),
        }
    }
}

fn needs(operation: OperationKind, option: &str) -> String {
    format!("--operation {operation} needs {option}")
}

/// The file of `option` with a prompt on each line that is not empty, or standard input.
///
/// # Errors
/// When it cannot be read, is larger than `most`, or has no prompt.
pub fn text(option: &'static str, path: &Path, most: u64) -> anyhow::Result<String> {
    let text = if streams::is_input(path) {
        streams::input(option)?
    } else {
        let bytes = regular_file::read(path, most).with_context(|| path.display().to_string())?;
        String::from_utf8(bytes).with_context(|| format!("{}: expected UTF-8", path.display()))?
    };
    if text.len() as u64 > most {
        bail!("{option} -: expected at most {most} bytes, found {}", text.len());
    }
    if text.lines().all(str::is_empty) {
        bail!("{}: expected a prompt on each line, found none", path.display());
    }
    Ok(text)
}
