//! `attenuate continue`: what the model writes behind a prompt, without and with the change.

use std::{io::Write, num::NonZeroUsize, path::PathBuf};

use anyhow::{Context, bail};
use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser as _},
};

use super::{
    batch::NEVER,
    check, notices, others,
    shared::{ColumnArguments, InterventionArguments, PlaceArguments, SourceArguments},
    start, streams,
};
use crate::{
    attention::{Component, Epsilon, OperationKind},
    base::{InputRole, write_atomically},
    engine::{AtEnd, Choice, ContinuationLine, Engine, Job, Prompt, Sampling, Temperature, Writing},
    session::{Command, Session},
};

/// Larger than a file of prompts is; one beyond is not read.
const MOST_PROMPTS: u64 = 256 << 20;

pub const EXAMPLES: &str = "\
Examples:
  attenuate continue --prompt \"Once upon a time\" --component value --epsilon 0
  attenuate continue --chat --prompt \"What is the capital of France?\" --epsilon 0
  attenuate continue --prompts prompts.txt --layers all --heads all --epsilon 0.9 -o answers.jsonl
  attenuate continue --prompt \"A cat\" --temperature 0.8 --top-k 40 --seed 7 -n 80";

#[derive(Debug, Args)]
pub struct ContinueArguments {
    /// File to write instead of standard output (.jsonl; - is standard output): one JSON object a line, a line for each prompt
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true, value_parser = OsStringValueParser::new().try_map(|name| streams::output_of_lines(&name)))]
    pub output: Option<PathBuf>,
    /// How many tokens at most
    #[arg(short = 'n', long, value_name = "N", default_value = "40")]
    pub tokens: NonZeroUsize,
    /// Go on behind a token that ends a text
    #[arg(long)]
    pub past_eos: bool,
    /// Draw from so many of the likeliest tokens [default: the likeliest token follows; with --temperature: all]
    #[arg(long, value_name = "K", help_heading = "Choice")]
    pub top_k: Option<NonZeroUsize>,
    /// Draw tokens, from logits over this, above 0 [default: the likeliest token follows; with --top-k: 1]
    #[arg(long, value_name = "T", help_heading = "Choice")]
    pub temperature: Option<Temperature>,
    /// A file with a prompt on each line (- for standard input), in place of --prompt; empty lines are passed over
    #[arg(long, value_name = "FILE", conflicts_with_all = ["prompt", "token_ids"], help_heading = "Source")]
    pub prompts: Option<PathBuf>,
    #[command(flatten)]
    pub place: PlaceArguments,
    #[command(flatten)]
    pub source: SourceArguments,
    /// What is changed: query, key, value, output [default: that of the session's selected panel, else query]
    #[arg(long, value_name = "NAME", help_heading = "Intervention")]
    pub component: Option<Component>,
    /// How far, 0 or more [default: that of the session's selected panel, else 5e-1]
    #[arg(long, value_name = "E", allow_hyphen_values = true, help_heading = "Intervention")]
    pub epsilon: Option<Epsilon>,
    #[command(flatten)]
    pub intervention: InterventionArguments,
}

impl ContinueArguments {
    /// # Errors
    /// With one sentence that names the option that cannot be obeyed.
    pub fn check(&self) -> Result<(), String> {
        start::check_source(&self.source)?;
        if self.is_drawn() {
            check::others(&self.intervention, &self.source)
        } else {
            check::intervention(&self.intervention, &self.source)
        }
    }

    /// Whether tokens are drawn at random.
    const fn is_drawn(&self) -> bool {
        self.top_k.is_some() || self.temperature.is_some()
    }

    fn writing(&self) -> Writing {
        let sampling = Sampling {
            temperature: self.temperature.unwrap_or(Temperature::ONE),
            top_k: self.top_k,
            seed: self.intervention.seed.unwrap_or_default(),
        };
        Writing {
            n_tokens: self.tokens.get(),
            choice: if self.is_drawn() { Choice::Sampled(sampling) } else { Choice::Greedy },
            at_end: if self.past_eos { AtEnd::GoOn } else { AtEnd::Stop },
        }
    }
}

pub fn continue_texts(arguments: &ContinueArguments, engine: &mut Engine) -> anyhow::Result<()> {
    let mut session = start::source_and_prompt(&arguments.source)?;
    let prompts_file = arguments.prompts.iter().map(PathBuf::as_path).filter(|path| !streams::is_input(path));
    let prompts_file = prompts_file.map(|prompts| (prompts, InputRole::Prompts));
    let files = arguments.intervention.files().chain(prompts_file);
    let protected = start::inputs(&arguments.source, files, &session).protected();
    let output = arguments.output.as_ref().filter(|path| !streams::is_output(path));
    if let Some(path) = &arguments.output {
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            bail!("{}: expected .jsonl", path.display());
        }
        protected.check(path)?;
    }
    let intervention = intervention(arguments, &session);
    start::intervene(&mut session, &ColumnArguments::default(), &intervention)?;
    start::place(&mut session, arguments.place)?;
    let prompts = prompts(arguments, &session)?;
    notices::write(engine, &session)?;
    if let Some(path) = output {
        let mut lines = Vec::new();
        for prompt in prompts {
            lines.extend(line(arguments, engine, &session, prompt)?);
        }
        return Ok(write_atomically(path, &protected, |file| file.write_all(&lines))?);
    }
    for prompt in prompts {
        let line = line(arguments, engine, &session, prompt)?;
        match std::io::stdout().lock().write_all(&line) {
            // `attenuate continue | head` is no failure.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            written => written.context("writing to standard output")?,
        }
    }
    Ok(())
}

/// A seed is that of noise, of the tokens that are drawn, or of both.
fn intervention(arguments: &ContinueArguments, session: &Session) -> InterventionArguments {
    let operation = arguments.intervention.operation.unwrap_or_else(|| session.operation().kind());
    let is_of_tokens_alone = arguments.is_drawn() && operation != OperationKind::Noise;
    let seed = arguments.intervention.seed.filter(|_| !is_of_tokens_alone);
    InterventionArguments { seed, ..arguments.intervention.clone() }
}

fn prompts(arguments: &ContinueArguments, session: &Session) -> anyhow::Result<Vec<Prompt>> {
    let Some(path) = &arguments.prompts else { return Ok(vec![session.prompt().clone()]) };
    let text = others::text("--prompts", path, MOST_PROMPTS)?;
    let bos = !arguments.source.no_bos;
    let prompt = |line: &str| match session.prompt() {
        chat @ Prompt::Chat(_) => chat.reworded(line),
        Prompt::Text { .. } | Prompt::TokenIds(_) => Prompt::Text { text: line.into(), bos },
    };
    Ok(text.lines().filter(|line| !line.is_empty()).map(prompt).collect())
}

/// The line of one prompt.
fn line(
    arguments: &ContinueArguments,
    engine: &mut Engine,
    session: &Session,
    prompt: Prompt,
) -> anyhow::Result<Vec<u8>> {
    let spec = session.clone().with([Command::Read(prompt)]).run_spec();
    let selected = session.selected();
    let component = arguments.component.unwrap_or(selected.component);
    let epsilon = arguments.epsilon.unwrap_or_else(|| session.selected_epsilon());
    let writing = arguments.writing();
    let change = (component, epsilon);
    let written = engine.continuation(&Job::until(&NEVER), &spec, change, &writing, &mut |_| {})?;
    Ok(ContinuationLine::new(&written, &spec, change, writing.choice).bytes()?)
}
