//! The command line: arguments become a [`Session`](crate::session::Session), which is run by the same engine and drawn
//! by the same figure code as the window's.

mod animate;
mod batch;
mod check;
mod continuing;
mod export;
mod figure;
mod heads;
mod manual;
mod models;
mod notices;
mod others;
mod root;
mod shared;
mod start;
mod streams;
mod sweep;
mod weights;
mod window;

use std::{ffi::OsString, io::IsTerminal};

use clap::{CommandFactory as _, Parser};

use root::{Arguments, Subcommands};

use crate::engine::Engine;
pub use window::WindowTask;

/// What the arguments ask for.
pub enum Invocation {
    /// Open the window.
    Window(Box<WindowTask>),
    /// The work is done without a window by [`Task::run`].
    Task(Box<Task>),
    /// `--help` and `--version`: text for standard output.
    Print(String),
}

/// Work without a window.
pub struct Task(Subcommands);

impl Task {
    /// Does the work on `engine`; tables go to standard output.
    ///
    /// # Errors
    /// With one sentence for a person.
    pub fn run(self, engine: &mut Engine) -> anyhow::Result<()> {
        match self.0 {
            Subcommands::Export(arguments) => export::export(&arguments, engine),
            Subcommands::Animate(arguments) => animate::animate(&arguments, engine),
            Subcommands::Weights(arguments) => weights::weights(&arguments, engine),
            Subcommands::Heads(arguments) => heads::heads(&arguments, engine),
            Subcommands::Sweep(arguments) => sweep::sweep(&arguments, engine),
            Subcommands::Models(arguments) => models::models(&arguments),
            Subcommands::Continue(arguments) => continuing::continue_texts(&arguments, engine),
            // Answered while the arguments are read.
            Subcommands::Manual(_) => Ok(()),
        }
        .map_err(|error| anyhow::Error::msg(printable(&format!("{error:#}"))))
    }
}

/// Reads the arguments, the program's name first.
///
/// # Errors
/// With one line that says what cannot be understood.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, String> {
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(error) if error.use_stderr() => return Err(one_line(&error.to_string())),
        Err(help) => return Ok(Invocation::Print(for_stdout(&help.render()))),
    };
    match &parsed.command {
        None => parsed.window.check(),
        Some(Subcommands::Export(arguments)) => arguments.check(),
        Some(Subcommands::Animate(arguments)) => arguments.check(),
        Some(Subcommands::Weights(arguments)) => arguments.check(),
        Some(Subcommands::Heads(arguments)) => arguments.check(),
        Some(Subcommands::Sweep(arguments)) => arguments.check(),
        Some(Subcommands::Models(_)) => Ok(()),
        Some(Subcommands::Continue(arguments)) => arguments.check(),
        Some(Subcommands::Manual(manual)) => {
            return manual.text(definition()).map(Invocation::Print).map_err(|error| error.to_string());
        }
    }?;
    Ok(match parsed.command {
        Some(command) => Invocation::Task(Box::new(Task(command))),
        None => Invocation::Window(Box::new(WindowTask(parsed.window))),
    })
}

/// Every command with its options, as they are parsed.
pub fn definition() -> clap::Command {
    Arguments::command()
}

/// With colours where a terminal shows them and nobody minds (<https://no-color.org>).
fn for_stdout(text: &clap::builder::StyledStr) -> String {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if std::io::stdout().is_terminal() && !no_color { text.ansi().to_string() } else { text.to_string() }
}

/// clap's message without its usage, hints on one line.
fn one_line(message: &str) -> String {
    let body = message.split("\n\nUsage:").next().unwrap_or(message);
    let body = body.split("\n\nFor more information").next().unwrap_or(body);
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    format!("{} (attenuate --help lists all options)", printable(line))
}

/// Line breaks and escape sequences, which a file's name may hold, must not reach the terminal.
fn printable(message: &str) -> String {
    let mut printable = String::with_capacity(message.len());
    for character in message.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        attention::{Notation, Operation},
        engine::{Bundled, Prompt, SourceSpec},
        figure::{LimitsFrom, Pooling},
        session::Session,
    };

    fn window(arguments: &[&str]) -> Session {
        let arguments = std::iter::once("attenuate").chain(arguments.iter().copied()).map(OsString::from);
        match parse(arguments) {
            Ok(Invocation::Window(task)) => task.start().unwrap_or_else(|error| panic!("{error}")).session,
            Ok(_) => panic!("no window"),
            Err(error) => panic!("{error}"),
        }
    }

    fn refusal(arguments: &[&str]) -> String {
        let arguments = std::iter::once("attenuate").chain(arguments.iter().copied()).map(OsString::from);
        parse(arguments).err().unwrap_or_else(|| panic!("was accepted"))
    }

    #[test]
    fn nothing_is_the_figure_and_a_prompt_is_the_live_model() {
        assert_eq!(window(&[]), Session::default());
        let live = window(&["--prompt", "Hello."]);
        assert_eq!(*live.source(), SourceSpec::Bundled(Bundled::READER));
        assert_eq!((live.layer(), live.head()), (Session::default().layer(), Session::default().head()));
        assert_eq!(*live.prompt(), Prompt::Text { text: "Hello.".into(), bos: true });
        let exact = window(&["--token-ids", "0,12,7"]);
        assert_eq!(*exact.prompt(), Prompt::TokenIds(vec![0, 12, 7]));
    }

    #[test]
    fn options_reach_the_session() {
        let session =
            window(&["bundled:austen", "--layer", "2", "--head", "3", "--epsilon", "1,0.1,0", "--layers", "1..=2"]);
        assert_eq!((session.layer(), session.head()), (2, 3));
        assert_eq!(
            session
                .epsilon()
                .row(crate::attention::Component::Key)
                .iter()
                .map(|epsilon| epsilon.get())
                .collect::<Vec<_>>(),
            [1.0, 0.1, 0.0]
        );
        assert_eq!(session.scope().layers, crate::attention::LayerScope::Range { first: 1, last: 2 });
        assert_eq!(*window(&["--operation", "noise", "--seed", "7"]).operation(), Operation::Noise { seed: 7 });
        assert_eq!(*window(&["--operation", "mean-heads"]).operation(), Operation::MeanHeads);
    }

    #[test]
    fn a_quantity_comes_with_its_norm_and_colours_unless_others_are_asked_for() {
        let view = window(&["--quantity", "difference", "--per-panel"]).view().look;
        assert_eq!((view.norm.to_string(), view.colormap.to_string()), ("symmetric".into(), "rdbu".into()));
        assert_eq!(view.limits_from, LimitsFrom::EachPanel);
        assert_eq!(view.pooling, Pooling::Max);
        assert_eq!(window(&["--pooling", "mean"]).view().look.pooling, Pooling::Mean);
        assert_eq!(window(&["--notation", "Powers"]).view().look.notation, Notation::Powers);
        let view = window(&["--quantity", "value-norm", "--norm", "log:0.1:5", "--colormap", "magma"]).view().look;
        assert_eq!((view.norm.to_string(), view.colormap.to_string()), ("log:0.1:5".into(), "magma".into()));
    }

    #[test]
    fn a_refusal_is_one_line_that_names_the_argument() {
        for (arguments, part) in [
            (&["--epsilon", "1,-1,0"][..], "--epsilon"),
            (&["bundled:nobody"], "bundled:austen"),
            (&["--layers", "5..=1"], "A..=B"),
            (&["Cargo.toml"], "Cargo.toml"),
            (&["--operation", "halve"], "mean-heads"),
            (&["--seed", "3"], "--operation noise"),
            (&["--quantity", "logits"], "uniform-ratio"),
            (&["--notation", "roman"], "scientific, decimal or powers"),
            (&["--norm", "log:0:1"], "above zero"),
            (&["export"], "--output"),
        ] {
            let line = refusal(arguments);
            assert!(line.contains(part) && !line.contains('\n'), "{line}");
        }
    }
}
