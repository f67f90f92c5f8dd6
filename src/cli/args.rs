//! The command line as clap reads it.

use std::path::{Path, PathBuf};

use clap::{
    Args, Parser, Subcommand,
    builder::{OsStringValueParser, TypedValueParser as _},
};

use super::{
    animate::AnimateArguments, batch::Several, export::FigureArguments, manual::Manual, sweep::SweepArguments,
};
use crate::{
    attention::{Component, Epsilon, HeadScope, LayerScope, Operation, PositionScope},
    engine::{Ranking, SourceSpec},
    figure::{ColorNorm, Colormap, Pooling, Quantity},
    session::document::Named,
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
    pub place: PlaceArguments,
    #[command(flatten)]
    pub view: ViewArguments,
}

const EXAMPLES: &str = "\
Examples:
  attenuate                                        the figure, on a real language model
  attenuate --prompt \"The cat sat on the mat.\"     the bundled live model reads your prompt
  attenuate bundled:austen --layers all --heads all
  attenuate export -o figure.png                   the figure as a picture, 300 dpi
  attenuate export -o figure.pdf --rows value      its last row on a page, sharp at any size
  attenuate animate -o film.gif                    ε of the first column runs from 1 to 1e-3 and back
  attenuate weights -o weights.json --epsilon 0.1,0.01,0
  attenuate heads bundled:smollm2                  which heads have an attention sink
  attenuate sweep -o sweep.csv                     sink mass, entropy and others over ε
  attenuate heads bundled:austen --ships           which heads the next word depends on

Exit status: 0 when done, 1 when something failed, 2 when the arguments cannot be understood.";

#[derive(Debug, Subcommand)]
pub enum Subcommands {
    /// Draw the figure into a file (PNG, SVG or PDF)
    #[command(max_term_width = 110, after_help = super::export::EXAMPLES)]
    Export(ExportArguments),
    /// Draw the figure into an animation (PNG or GIF) in which ε of one column moves
    #[command(max_term_width = 110, after_help = super::animate::EXAMPLES)]
    Animate(AnimateArguments),
    /// Write the numbers into a file (NPZ, safetensors, CSV or JSON)
    #[command(max_term_width = 110)]
    Weights(WeightsArguments),
    /// List all heads: sink mass, entropy, weight on the diagonal, and what each does to the output (--ships)
    #[command(max_term_width = 110)]
    Heads(HeadsArguments),
    /// Write metrics over ε into a file (CSV or JSON), or draw one of them (PNG or SVG)
    #[command(max_term_width = 110)]
    Sweep(SweepArguments),
    #[command(flatten)]
    Manual(Manual),
}

#[derive(Debug, Args)]
pub struct ExportArguments {
    /// File to write; the extension decides the format (.png, .svg, .pdf). {layer} and {head} stand for the numbers of
    /// what is shown
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Leave out the session (source, prompt, ε, view), which the file otherwise carries and which opens it again
    #[arg(long)]
    pub no_session: bool,
    #[command(flatten)]
    pub figure: FigureArguments,
    #[command(flatten)]
    pub places: PlacesArguments,
    #[command(flatten)]
    pub view: ViewArguments,
}

#[derive(Debug, Args)]
pub struct WeightsArguments {
    /// File to write; the extension decides the format (.npz, .safetensors, .csv, .json). {layer} and {head} stand for
    /// the numbers of what is shown
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    #[command(flatten)]
    pub places: PlacesArguments,
    #[command(flatten)]
    pub view: ViewArguments,
}

#[derive(Debug, Args)]
pub struct HeadsArguments {
    /// Print JSON instead of a table
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
    /// File to write instead; the extension decides the format (.csv, .json)
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// First what has most of it: layer (in order), sink, entropy, diagonal, previous, induction, ships [default: ships
    /// with --ships, else layer]
    #[arg(long, value_name = "METRIC")]
    pub sort: Option<Ranking>,
    /// Add what each head does to the model's output: KL(baseline ‖ modified) of the next token, in nats, when that head
    /// alone is changed. One run a head
    #[arg(long)]
    pub ships: bool,
    /// What is changed of the head: query or key (undifferentiated attention), value (scaling contribution)
    #[arg(long, value_name = "NAME", default_value = "query", requires = "ships")]
    pub component: Component,
    /// How far, 0 or more [default: 5e-1]
    #[arg(
        long,
        alias = "epsilon-ships",
        value_name = "E",
        allow_hyphen_values = true,
        value_parser = parse_epsilon,
        requires = "ships"
    )]
    pub epsilon: Option<Epsilon>,
    /// What ε does to the head's vectors: scale, mean-heads, mean-positions, noise
    #[arg(long, value_name = "NAME", default_value = "scale", requires = "ships")]
    pub operation: Operation,
    #[command(flatten)]
    pub source: SourceArguments,
}

/// What is read.
#[derive(Debug, Args)]
pub struct SourceArguments {
    /// bundled:smollm2 (default: the figure), bundled:austen (live; default with --prompt or --token-ids), a Hugging
    /// Face model FOLDER, a model FILE.gguf, a capture FILE.safetensors or FILE.npz, or a session: FILE.json or an
    /// exported figure FILE.png, FILE.svg or FILE.pdf; what is given besides takes the place of what the session says
    #[arg(value_name = "SOURCE", value_parser = OsStringValueParser::new().try_map(|name| Named::at(Path::new(&name))))]
    pub source: Option<Named>,
    /// Where the model or capture of a session is now, whatever its content
    #[arg(long, value_name = "PATH", help_heading = "Source",
        value_parser = OsStringValueParser::new().try_map(|path| SourceSpec::named(Path::new(&path))))]
    pub model: Option<SourceSpec>,
    /// Text for the live model to read
    #[arg(long, value_name = "TEXT", conflicts_with = "token_ids", help_heading = "Source")]
    pub prompt: Option<String>,
    /// Tokens for the live model to read, exactly as given (no BOS added)
    #[arg(long, value_name = "I,J,…", value_delimiter = ',', help_heading = "Source")]
    pub token_ids: Option<Vec<u32>>,
    /// Put no beginning-of-sequence token in front of the prompt
    #[arg(long, conflicts_with = "token_ids", help_heading = "Source")]
    pub no_bos: bool,
}

/// Which head is shown.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Source")]
pub struct PlaceArguments {
    /// Layer whose pattern is shown, 0-based [default: the source's own]
    #[arg(long, value_name = "N")]
    pub layer: Option<usize>,
    /// Query head whose pattern is shown, 0-based [default: the source's own]
    #[arg(long, value_name = "N")]
    pub head: Option<usize>,
}

/// Which heads are shown, in a file each.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Source")]
pub struct PlacesArguments {
    /// Layers whose patterns are shown, 0-based: N, A..=B, I,J,… or all; of several, in a file each [default: the
    /// source's own]
    #[arg(long, value_name = "LAYERS")]
    pub layer: Option<Several>,
    /// Query heads whose patterns are shown, 0-based: N, A..=B, I,J,… or all; of several, in a file each [default: the
    /// source's own]
    #[arg(long, value_name = "HEADS")]
    pub head: Option<Several>,
}

/// What is read, and what is done to it.
#[derive(Debug, Args)]
pub struct ViewArguments {
    #[command(flatten)]
    pub source: SourceArguments,
    /// The three columns, each 0 or more [default: 5e-1,1e-3,1e-10]
    #[arg(long, value_name = "E,E,E", allow_hyphen_values = true, value_parser = parse_columns, help_heading = "Intervention")]
    pub epsilon: Option<Columns>,
    /// What ε does to the vectors: scale, mean-heads, mean-positions, noise [default: scale]
    #[arg(long, value_name = "NAME", help_heading = "Intervention")]
    pub operation: Option<Operation>,
    /// Which noise, for --operation noise [default: 0]
    #[arg(long, value_name = "N", help_heading = "Intervention")]
    pub seed: Option<u64>,
    /// Layers that are changed: shown, all, or A..=B [default: shown]
    #[arg(long, value_name = "LAYERS", help_heading = "Intervention")]
    pub layers: Option<LayerScope>,
    /// Heads that are changed: shown (this query head alone), group (its KV group), or all [default: shown]
    #[arg(long, value_name = "HEADS", help_heading = "Intervention")]
    pub heads: Option<HeadScope>,
    /// Positions that are changed: all, first, rest, or I,J,… [default: all]
    #[arg(long, value_name = "POSITIONS", help_heading = "Intervention")]
    pub positions: Option<PositionScope>,
    /// What is shown: weight, difference (from baseline), uniform-ratio (1 is uniform), score (before softmax), or
    /// value-norm (weight × ‖value‖) [default: weight]
    #[arg(long, value_name = "NAME", help_heading = "View")]
    pub quantity: Option<Quantity>,
    /// Differences from this head instead of the baseline, LAYER:HEAD, 0-based, under the same intervention
    #[arg(long, value_name = "L:H", value_parser = parse_head, conflicts_with = "compare_epsilon", help_heading = "View")]
    pub compare_head: Option<(usize, usize)>,
    /// Differences from the same view at these ε instead of the baseline
    #[arg(long, value_name = "E,E,E", allow_hyphen_values = true, value_parser = parse_columns, help_heading = "View")]
    pub compare_epsilon: Option<Columns>,
    /// What a pixel shows that covers many cells: max (of a signed quantity the farthest from its centre), or mean
    /// [default: max]
    #[arg(long, value_name = "NAME", help_heading = "View")]
    pub pooling: Option<Pooling>,
    /// Values to colours: linear (0 to 1), log (or log:DECADES, log:LO:HI), auto, symmetric (about 0), log-symmetric
    /// (about 1), or LO:HI; the default fits the quantity
    #[arg(long, value_name = "NORM", allow_hyphen_values = true, help_heading = "View")]
    pub norm: Option<ColorNorm>,
    /// Automatic limits for each panel by itself instead of all nine together
    #[arg(long, help_heading = "View")]
    pub per_panel: bool,
    /// Colours: blue-red (the figure's), viridis, magma, cividis, inferno, greys; diverging: rdbu, puor, brbg; the
    /// default fits the quantity
    #[arg(long, value_name = "NAME", help_heading = "View")]
    pub colormap: Option<Colormap>,
}

/// ε of the columns, from left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(pub Vec<Epsilon>);

/// One ε; of three columns, the first.
fn parse_epsilon(text: &str) -> Result<Epsilon, String> {
    match text.split_once(',') {
        None => text.parse().map_err(|error| format!("{error}")),
        Some(_) => parse_columns(text).map(|columns| columns.0[0]),
    }
}

fn parse_head(text: &str) -> Result<(usize, usize), String> {
    let parts =
        text.split_once(':').and_then(|(layer, head)| Some((layer.trim().parse().ok()?, head.trim().parse().ok()?)));
    parts.ok_or_else(|| format!("expected LAYER:HEAD such as 3:1, found “{text}”"))
}

fn parse_columns(text: &str) -> Result<Columns, String> {
    let columns: Vec<Epsilon> = text
        .split(',')
        .map(|part| part.parse().map_err(|error| format!("“{}”: {error}", part.trim())))
        .collect::<Result<_, String>>()?;
    let count = columns.len();
    if count == 3 {
        Ok(Columns(columns))
    } else {
        Err(format!("expected three values separated by commas, found {count}"))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn columns_are_three_factors() {
        let columns =
            parse_columns("5e-1, 1e-3,0").map(|columns| columns.0.into_iter().map(Epsilon::get).collect::<Vec<_>>());
        assert_eq!(columns, Ok(vec![0.5, 1e-3, 0.0]));
        assert!(parse_columns("1,2").is_err_and(|error| error.contains("three")));
        assert!(parse_columns("1,-2,3").is_err_and(|error| error.contains("“-2”")));
    }
}
