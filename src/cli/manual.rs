//! The man page and the shells' completions, made from the same definition as the command line itself.

use std::io;

use clap::Subcommand;
use clap_complete::Shell;

/// What is written to standard output for a package or a person's shell.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Manual {
    /// Write a completion script for a shell to standard output
    Completions {
        /// bash, elvish, fish, powershell or zsh
        shell: Shell,
    },
    /// Write the man page to standard output
    Man,
}

impl Manual {
    /// Of the whole command line, `command`.
    ///
    /// # Errors
    /// None that a person could cause: it is written into memory.
    pub fn text(self, mut command: clap::Command) -> io::Result<String> {
        let mut text = Vec::new();
        match self {
            Self::Completions { shell } => clap_complete::generate(shell, &mut command, "attenuate", &mut text),
            Self::Man => man(command, &mut text)?,
        }
        String::from_utf8(text).map_err(io::Error::other)
    }
}

/// One page: the program, then a section of options for each subcommand.
fn man(mut command: clap::Command, text: &mut Vec<u8>) -> io::Result<()> {
    command.build();
    let page = clap_mangen::Man::new(command.clone());
    page.render_title(text)?;
    page.render_name_section(text)?;
    page.render_synopsis_section(text)?;
    page.render_description_section(text)?;
    page.render_options_section(text)?;
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        let name = format!("attenuate {}", subcommand.get_name());
        let mut heading = clap_mangen::roff::Roff::new();
        heading.control("SH", [name.to_uppercase().as_str()]);
        heading.to_writer(text)?;
        // Its display name would be joined by a hyphen, as that of a page of its own.
        let subcommand = clap_mangen::Man::new(subcommand.clone().display_name(name));
        subcommand.render_description_section(text)?;
        subcommand.render_options_section(text)?;
    }
    page.render_extra_section(text)?;
    page.render_version_section(text)
}
