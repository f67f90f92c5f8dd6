//! The whole command line as clap reads it: the window's own options, and a command each for work without a window.

use clap::{Parser, Subcommand};

use super::{
    animate::{self, AnimateArguments},
    continuing::{self, ContinueArguments},
    export::{self, ExportArguments},
    heads::HeadsArguments,
    manual::Manual,
    models::ModelsArguments,
    sweep::SweepArguments,
    weights::WeightsArguments,
    window::WindowArguments,
};

/// See a transformer's attention while its Query, Key or Value is turned down.
///
/// Without a subcommand a window opens: nine attention patterns, three rows (Query, Key, Value scaled by ε) and
/// three columns (ε = 5e-1, 1e-3, 1e-10), a slider for ε, exact weights under the pointer.
#[derive(Debug, Parser)]
#[command(
    name = "attenuate",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 110,
    after_help = EXAMPLES
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Subcommands>,
    #[command(flatten)]
    pub window: WindowArguments,
}

const EXAMPLES: &str = "\
Examples:
  attenuate                                        the figure, on a real language model
  attenuate --prompt \"The cat sat on the mat.\"     the model inside reads your prompt
  attenuate bundled:austen --layers all --heads all
  attenuate export -o figure.png                   the figure as a picture, 300 dpi
  attenuate export -o figure.pdf --rows value      its last row on a page, sharp at any size
  attenuate animate -o film.gif                    ε of the first column runs from 1 to 1e-3 and back
  attenuate weights -o weights.json --epsilon 0.1,0.01,0
  attenuate heads                                  which heads have an attention sink
  attenuate sweep -o sweep.csv                     sink mass, entropy and others over ε
  attenuate heads bundled:austen --ships           which heads the next word depends on
  attenuate models                                 the models on this disk, and how to name them
  attenuate hf:Qwen/Qwen3-0.6B                     one of them
  attenuate continue --prompt \"The cat\" --epsilon 0  what the model says without a head

Exit status: 0 when done, 1 when something failed, 2 when the arguments cannot be understood.";

#[derive(Debug, Subcommand)]
pub enum Subcommands {
    /// Draw the figure into a file (PNG, SVG or PDF)
    #[command(max_term_width = 110, after_help = export::EXAMPLES)]
    Export(ExportArguments),
    /// Draw the figure into an animation (PNG or GIF) in which ε of one column moves
    #[command(max_term_width = 110, after_help = animate::EXAMPLES)]
    Animate(AnimateArguments),
    /// Write the numbers into a file (NPZ, safetensors, CSV or JSON)
    #[command(max_term_width = 110)]
    Weights(WeightsArguments),
    /// List all heads: sink mass, entropy, weight on the diagonal, and what each does to the output (--ships)
    #[command(max_term_width = 110)]
    Heads(HeadsArguments),
    /// Write metrics over ε into a file (CSV or JSON), or draw one of them (PNG, SVG or PDF)
    #[command(max_term_width = 110)]
    Sweep(SweepArguments),
    /// List the models on this disk: the caches of Hugging Face, Ollama, LM Studio and llama.cpp
    #[command(max_term_width = 110)]
    Models(ModelsArguments),
    /// Write what the model says behind the prompt, without and with the change, as JSON
    #[command(
        max_term_width = 110,
        after_help = continuing::EXAMPLES,
        mut_arg("seed", |seed| seed.help("Of --operation noise, and of the tokens that are drawn [default: 0]"))
    )]
    Continue(ContinueArguments),
    #[command(flatten)]
    Manual(Manual),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }
}
