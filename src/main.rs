//! Chooses between the window and the command line, and turns errors into exit codes.

use std::{io::Write, process::ExitCode};

use attenuate::{cli, ui};

fn main() -> ExitCode {
    match cli::parse(std::env::args_os()) {
        Err(line) => fail(&line, 2),
        Ok(cli::Invocation::Print(text)) => {
            // A closed pipe (`attenuate --help | head`) is no failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Ok(cli::Invocation::Task(task)) => finish(task.run()),
        Ok(cli::Invocation::Window(task)) => finish(task.start().and_then(|start| Ok(ui::open(start)?))),
    }
}

fn finish(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}"), 1),
    }
}

/// One line on standard error.
fn fail(line: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "attenuate: {line}");
    ExitCode::from(code)
}
