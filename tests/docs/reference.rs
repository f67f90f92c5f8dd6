//! The reference of all options in `docs/command-line.md` is made from the definition of the command line.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use attenuate::cli;
use clap::{Arg, Command};

use super::root;

/// What follows this line is made.
const MARK: &str = "<!-- made from the program's own definition -->\n";

/// Written anew by `ATTENUATE_BLESS=1 cargo test --release docs::`.
#[test]
fn the_reference_is_that_of_this_program() {
    let mut command = cli::definition();
    command.build();
    let mut text = String::new();
    section(&mut text, &command, "attenuate");
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        section(&mut text, subcommand, &format!("attenuate {}", subcommand.get_name()));
    }
    let path = root().join("docs/command-line.md");
    let page = fs::read_to_string(&path).unwrap();
    let (by_hand, made) = page.split_once(MARK).unwrap();
    if std::env::var_os("ATTENUATE_BLESS").is_some() {
        fs::write(&path, [by_hand, MARK, &text].concat()).unwrap();
        return;
    }
    assert!(made == text, "docs/command-line.md is not this program's: ATTENUATE_BLESS=1 cargo test --release docs::");
}

fn section(text: &mut String, command: &Command, name: &str) {
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    writeln!(text, "\n### {name}\n\n{about}\n\n```text\n{}\n```", usage(command)).unwrap();
    // In the order in which the program lists them; those without a heading first.
    let mut headings: Vec<&str> = vec![""];
    let mut grouped: BTreeMap<&str, Vec<&Arg>> = BTreeMap::new();
    for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
        let heading = argument.get_help_heading().unwrap_or_default();
        if !headings.contains(&heading) {
            headings.push(heading);
        }
        grouped.entry(heading).or_default().push(argument);
    }
    for heading in headings {
        if !heading.is_empty() {
            write!(text, "\n**{heading}**\n").unwrap();
        }
        for (nth, argument) in grouped.get(heading).into_iter().flatten().enumerate() {
            let gap = if nth == 0 { "\n" } else { "" };
            writeln!(text, "{gap}- `{}`: {}", spelling(argument), help(argument)).unwrap();
        }
    }
    if let Some(examples) = command.get_after_help() {
        writeln!(text, "\n```text\n{examples}\n```").unwrap();
    }
}

fn usage(command: &Command) -> String {
    command.clone().render_usage().to_string().trim().to_owned()
}

fn spelling(argument: &Arg) -> String {
    let short = argument.get_short().map(|short| format!("-{short}"));
    let long = argument.get_long().map(|long| format!("--{long}"));
    let mut names: Vec<String> = short.into_iter().chain(long).collect();
    let takes_value = argument.get_action().takes_values();
    let value = argument.get_value_names().filter(|_| takes_value).map(|names| names.join(" "));
    if let Some(value) = value {
        match names.last_mut() {
            Some(last) => write!(last, " <{value}>").unwrap(),
            None => names.push(format!("[{value}]")),
        }
    }
    names.join(", ")
}

fn help(argument: &Arg) -> String {
    let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
    let defaults: Vec<String> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let is_flag = !argument.get_action().takes_values();
    // A bracket at the start of a word would be a link.
    let help = help.replace('<', "\\<").replace("\n\n", " ");
    if defaults.is_empty() || is_flag { help } else { format!("{help} [default: {}]", defaults.join(",")) }
}
