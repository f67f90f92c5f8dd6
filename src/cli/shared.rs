//! Arguments that several commands have. Each command takes those that it obeys, and no others.

use std::path::{Path, PathBuf};

use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser as _},
};

use super::{
    others::OthersArguments,
    streams::{self, TokenIds},
};
use crate::{
    attention::{
        Edges, Epsilon, Grid, HeadScope, HeadSet, InForce, LayerScope, Notation, OperationKind, PositionScope,
        ScopeError, Shape,
    },
    base::{Date, InputRole, regular_file},
    engine::{SourceSpec, SourceSpecError},
    figure::{ColorNorm, Colormap, Pooling, Quantity},
    session::{
        COLUMNS,
        document::{Named, NamedError},
        figure_grid,
    },
};

/// What is read.
#[derive(Debug, Args)]
pub struct SourceArguments {
    /// bundled:smollm2 (default: the figure, live), bundled:smollm2-capture (its figure, captured), bundled:austen (a
    /// small live model), a Hugging Face model FOLDER, a model FILE.gguf, a model that another program keeps on this disk
    /// (hf:OWNER/NAME[@REVISION][:FILE] or ollama:NAME[:TAG], as attenuate models lists them), a capture FILE.safetensors or
    /// FILE.npz, or a session: FILE.json or an exported figure FILE.png, FILE.svg or FILE.pdf; what is given besides takes
    /// the place of what the session says
    #[arg(value_name = "SOURCE", value_parser = OsStringValueParser::new().try_map(|name| parse_named(Path::new(&name))))]
    pub source: Option<OnDisk<Named>>,
    /// Where the model or capture of a session is now, whatever its content
    #[arg(long, value_name = "PATH", help_heading = "Source",
        value_parser = OsStringValueParser::new().try_map(|path| parse_spec(Path::new(&path))))]
    pub model: Option<OnDisk<SourceSpec>>,
    /// The model that the adapter SOURCE is over, a folder or hf:OWNER/NAME [default: the one that it names, beside it or in
    /// Hugging Face's cache]
    #[arg(long, value_name = "SOURCE", help_heading = "Source",
        value_parser = OsStringValueParser::new().try_map(|path| parse_spec(Path::new(&path))))]
    pub base: Option<OnDisk<SourceSpec>>,
    /// The model that the adapter SOURCE is over, without the adapter
    #[arg(long, help_heading = "Source")]
    pub without_adapter: bool,
    /// Text for the live model to read; - reads it from standard input
    #[arg(
        long,
        value_name = "TEXT",
        conflicts_with = "token_ids",
        allow_hyphen_values = true,
        help_heading = "Source"
    )]
    pub prompt: Option<String>,
    /// Tokens for the live model to read, exactly as given (no BOS added); - reads them from standard input
    #[arg(long, value_name = "I,J,…", help_heading = "Source")]
    pub token_ids: Option<TokenIds>,
    /// Put no beginning-of-sequence token in front of the prompt
    #[arg(long, conflicts_with = "token_ids", help_heading = "Source")]
    pub no_bos: bool,
    /// Put the prompt through the model's chat template, as what a user says
    #[arg(long, conflicts_with_all = ["token_ids", "no_bos"], help_heading = "Source")]
    pub chat: bool,
    /// What the model of a chat is told to be [default: what its template says by itself]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with_all = ["token_ids", "no_bos"], help_heading = "Source")]
    pub system: Option<String>,
    /// What a chat template is told that asks for today [default: today]
    #[arg(long, value_name = "YYYY-MM-DD", conflicts_with_all = ["token_ids", "no_bos"], help_heading = "Source")]
    pub date: Option<Date>,
}

impl SourceArguments {
    /// The session file or figure that is named, if one is.
    pub fn session(&self) -> Option<&Path> {
        match self.source.as_ref().and_then(OnDisk::known) {
            Some(Named::Session(path)) => Some(path),
            _ => None,
        }
    }

    /// The adapter that is named, over the base that is, or that base alone.
    ///
    /// # Errors
    /// With one sentence, where SOURCE is no adapter or `--base` no folder.
    pub fn adapter(&self) -> Result<Option<SourceSpec>, String> {
        let over = self.over_base()?;
        if !self.without_adapter {
            return Ok(over);
        }
        let named = match self.source.as_ref().and_then(OnDisk::known) {
            Some(Named::Source(source)) => over.as_ref().unwrap_or(source).with_adapter_switched(),
            _ => None,
        };
        let expected =
            "--without-adapter is for a model with an adapter: expected SOURCE to be a folder or hf:OWNER/NAME";
        named.map(Some).ok_or_else(|| expected.to_owned())
    }

    fn over_base(&self) -> Result<Option<SourceSpec>, String> {
        let Some(base) = self.base.as_ref().and_then(OnDisk::known) else { return Ok(None) };
        let Some(Named::Source(adapter @ SourceSpec::Folder(_))) = self.source.as_ref().and_then(OnDisk::known) else {
            return Err("--base is for an adapter: expected SOURCE to be a folder with adapter_config.json".to_owned());
        };
        let over = adapter.over(base);
        over.map(Some).ok_or_else(|| format!("--base is a model folder or hf:OWNER/NAME, found {base}"))
    }

    /// # Errors
    /// When SOURCE, `--base` or `--model` is not there, or cannot be read.
    pub fn check_disk(&self) -> anyhow::Result<()> {
        self.source.as_ref().map_or(Ok(()), |source| source.get().map(|_| ()))?;
        let mut besides = [&self.model, &self.base].into_iter().flatten();
        besides.try_for_each(|source| source.get().map(|_| ()))
    }
}

/// A name of something on the disk, or why it cannot be opened. That is seen while the arguments are read, and yet it
/// is a failure (exit 1): the arguments are well understood.
#[derive(Clone, Debug)]
pub struct OnDisk<T>(Result<T, String>);

impl<T> OnDisk<T> {
    /// What is named, unless the disk does not have it.
    pub fn known(&self) -> Option<&T> {
        self.0.as_ref().ok()
    }

    /// # Errors
    /// When nothing is there, or it cannot be read.
    pub fn get(&self) -> anyhow::Result<&T> {
        self.0.as_ref().map_err(|message| anyhow::Error::msg(message.clone()))
    }
}

fn parse_named(path: &Path) -> Result<OnDisk<Named>, NamedError> {
    if let Some(refused) = of_input(path) {
        return Ok(refused);
    }
    on_disk(Named::at(path), NamedError::is_of_the_disk)
}

fn parse_spec(path: &Path) -> Result<OnDisk<SourceSpec>, SourceSpecError> {
    if let Some(refused) = of_input(path) {
        return Ok(refused);
    }
    on_disk(SourceSpec::named(path), SourceSpecError::is_of_the_disk)
}

/// Why nothing is opened out of standard input.
fn of_input<T>(path: &Path) -> Option<OnDisk<T>> {
    let why = "a source is read at many places of its file, which standard input (-) has not: name a file";
    streams::is_input(path).then(|| OnDisk(Err(why.to_owned())))
}

fn on_disk<T, E: ToString>(parsed: Result<T, E>, is_of_the_disk: impl Fn(&E) -> bool) -> Result<OnDisk<T>, E> {
    match parsed {
        Ok(found) => Ok(OnDisk(Ok(found))),
        Err(error) if is_of_the_disk(&error) => Ok(OnDisk(Err(error.to_string()))),
        Err(error) => Err(error),
    }
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

/// The columns of the grid.
#[derive(Clone, Debug, Default, Args)]
pub struct ColumnArguments {
    /// The columns from left to right, two to six, each 0 or more [default: 5e-1,1e-3,1e-10]
    #[arg(long, value_name = "E,E,…", allow_hyphen_values = true, value_parser = parse_columns, help_heading = "Intervention")]
    pub epsilon: Option<Columns>,
}

/// What is done to the vectors, and where.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Intervention")]
pub struct InterventionArguments {
    /// What ε does to the vectors: scale, mean-heads, mean-positions, noise, patch (from another prompt), mean-prompts
    /// (over other prompts) [default: scale]
    #[arg(long, value_name = "NAME")]
    pub operation: Option<OperationKind>,
    /// Which noise, for --operation noise [default: 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub others: OthersArguments,
    /// Layers that are changed: shown, all, or A..=B [default: shown]
    #[arg(long, value_name = "LAYERS")]
    pub layers: Option<LayerScope>,
    /// Heads that are changed: shown (this query head alone), group (its KV group), or all [default: shown]
    #[arg(long, value_name = "HEADS")]
    pub heads: Option<HeadScope>,
    /// Heads that are changed by their numbers, in place of --layers and --heads: 14:3,20:5 (LAYER:HEAD), 14:* (all of
    /// a layer), 3..=5:0 (of some layers)
    #[arg(long, value_name = "L:H,…", conflicts_with_all = ["layers", "heads"])]
    pub set: Option<HeadSet>,
    /// Changes that act beneath the panels', in their order: COMPONENT@HEADS[@POSITIONS]=[OPERATION:]EPSILON with ";"
    /// between, such as "key@14:*=0.5; value@3..=5:0@rest=mean-heads:0"; or a FILE.json
    #[arg(long, value_name = "SPEC|FILE", value_parser = parse_in_force)]
    pub in_force: Option<GivenInForce>,
    /// Edges that are blocked beneath that in the heads that are changed, their scores masked: QUERY->KEY, 0-based, such
    /// as 5->0,7->0; * is every position
    #[arg(long, value_name = "I->J,…")]
    pub block: Option<Edges>,
    /// Positions that are changed: all, first, rest, or I,J,… [default: all]
    #[arg(long, value_name = "POSITIONS")]
    pub positions: Option<PositionScope>,
}

impl InterventionArguments {
    /// The files that are read besides the source.
    pub fn files(&self) -> impl Iterator<Item = (&Path, InputRole)> {
        self.in_force.iter().flat_map(GivenInForce::files).chain(self.others.files())
    }
}

/// What is shown of the result, and in which colours.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "View")]
pub struct ViewArguments {
    /// What is shown: weight, difference (from baseline), uniform-ratio (1 is uniform), score (before softmax), or
    /// value-norm (weight × ‖value‖) [default: weight]
    #[arg(long, value_name = "NAME")]
    pub quantity: Option<Quantity>,
    /// Differences from this head instead of the baseline, LAYER:HEAD, 0-based, under the same intervention
    #[arg(long, value_name = "L:H", value_parser = parse_head, conflicts_with_all = ["compare_base", "compare_epsilon"])]
    pub compare_head: Option<(usize, usize)>,
    /// Differences from the model that the adapter SOURCE is over instead of the baseline, under the same intervention
    #[arg(long, conflicts_with = "compare_epsilon")]
    pub compare_base: bool,
    /// Differences from the same view at these ε instead of the baseline
    #[arg(long, value_name = "E,E,…", allow_hyphen_values = true, value_parser = parse_columns)]
    pub compare_epsilon: Option<Columns>,
    /// What a pixel shows that covers many cells: max (of a signed quantity the farthest from its centre), or mean
    /// [default: max]
    #[arg(long, value_name = "NAME")]
    pub pooling: Option<Pooling>,
    /// Values to colours: linear (0 to 1), log (or log:DECADES, log:LO:HI), auto, symmetric (about 0), log-symmetric
    /// (about 1), or LO:HI; the default fits the quantity
    #[arg(long, value_name = "NORM", allow_hyphen_values = true)]
    pub norm: Option<ColorNorm>,
    /// Automatic limits for each panel by itself instead of all nine together
    #[arg(long)]
    pub per_panel: bool,
    /// Colours: blue-red (the figure's), viridis, magma, cividis, inferno, greys; diverging: rdbu, puor, brbg; the
    /// default fits the quantity, and is sequential on a log scale
    #[arg(long, value_name = "NAME")]
    pub colormap: Option<Colormap>,
    /// How ε is written: scientific (5e-1, 1e-10), decimal (0.5, 10⁻¹⁰) or powers (0.5, 10⁻³) [default: that of the
    /// session, else scientific]
    #[arg(long, value_name = "NAME")]
    pub notation: Option<Notation>,
}

impl ViewArguments {
    /// The option that says what differences are taken from, if one is given.
    pub fn comparison(&self) -> Option<&'static str> {
        match self {
            Self { compare_head: Some(_), .. } => Some("--compare-head"),
            Self { compare_base: true, .. } => Some("--compare-base"),
            Self { compare_epsilon: Some(_), .. } => Some("--compare-epsilon"),
            _ => None,
        }
    }
}

/// ε of the columns, from left to right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns(pub Vec<Epsilon>);

impl Columns {
    /// The same in every row that `like` has.
    pub fn grid(&self, like: Shape) -> Grid<Epsilon> {
        Grid::repeated(like.rows(), &self.0).unwrap_or_else(figure_grid)
    }
}

fn parse_head(text: &str) -> Result<(usize, usize), String> {
    let parts =
        text.split_once(':').and_then(|(layer, head)| Some((layer.trim().parse().ok()?, head.trim().parse().ok()?)));
    parts.ok_or_else(|| format!("expected LAYER:HEAD such as 3:1, found “{text}”"))
}

/// Changes in force: a list, and the file that holds it, if it is in one.
#[derive(Clone, Debug)]
pub struct GivenInForce {
    list: OnDisk<InForce>,
    file: Option<PathBuf>,
}

impl GivenInForce {
    /// # Errors
    /// When the file is not there, or does not hold such a list.
    pub fn get(&self) -> anyhow::Result<&InForce> {
        self.list.get()
    }

    /// The file that is read, if there is one.
    pub fn files(&self) -> impl Iterator<Item = (&Path, InputRole)> {
        self.file.iter().map(|file| (file.as_path(), InputRole::InForce))
    }
}

/// Larger than a list of changes is; one beyond is not read.
const MOST_IN_FORCE: u64 = 16 << 20;

/// What is in force as it is written, or as a JSON file holds it: a list of changes.
pub fn parse_in_force(text: &str) -> Result<GivenInForce, ScopeError> {
    let path = Path::new(text);
    if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("json")) {
        return text.parse().map(|in_force| GivenInForce { list: OnDisk(Ok(in_force)), file: None });
    }
    let read = regular_file::read(path, MOST_IN_FORCE).map_err(|error| format!("{text}: {error}"));
    let parsed = read.and_then(|json| serde_json::from_slice(&json).map_err(|error| format!("{text}: {error}")));
    Ok(GivenInForce { list: OnDisk(parsed), file: Some(path.to_owned()) })
}

pub fn parse_columns(text: &str) -> Result<Columns, String> {
    let columns: Vec<Epsilon> = text
        .split(',')
        .map(|part| part.parse().map_err(|error| format!("“{}”: {error}", part.trim())))
        .collect::<Result<_, String>>()?;
    let count = columns.len();
    if COLUMNS.contains(&count) {
        Ok(Columns(columns))
    } else {
        Err(format!("expected two to six values separated by commas, found {count}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_two_to_six_factors() {
        let columns =
            parse_columns("5e-1, 1e-3,0").map(|columns| columns.0.into_iter().map(Epsilon::get).collect::<Vec<_>>());
        assert_eq!(columns, Ok(vec![0.5, 1e-3, 0.0]));
        assert!(parse_columns("1,2").is_ok() && parse_columns("1,2,3,4,5,6").is_ok());
        for text in ["1", "1,2,3,4,5,6,7"] {
            assert!(parse_columns(text).is_err_and(|error| error.contains("two to six")), "{text}");
        }
        assert!(parse_columns("1,-2,3").is_err_and(|error| error.contains("“-2”")));
    }

    #[test]
    fn what_is_in_force_is_written_or_read() {
        let written = parse_in_force("key@14:*=0.5; query@0:1=0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("circuit.json");
        std::fs::write(&path, serde_json::to_vec(written.get().unwrap()).unwrap()).unwrap();
        assert_eq!(parse_in_force(path.to_str().unwrap()).unwrap().get().unwrap(), written.get().unwrap());
        assert!(parse_in_force("key@14:*").is_err());
        let files: Vec<_> =
            parse_in_force(path.to_str().unwrap()).unwrap().files().map(|(file, _)| file.to_owned()).collect();
        assert_eq!(files, std::slice::from_ref(&path));
        assert_eq!(written.files().count(), 0);
        std::fs::write(&path, "[{}]").unwrap();
        for unreadable in [path.to_str().unwrap(), "no such.json"] {
            let message = parse_in_force(unreadable).unwrap().get().unwrap_err().to_string();
            assert!(message.starts_with(unreadable), "{message}");
        }
    }

    #[test]
    fn what_is_missing_is_understood_and_what_has_no_meaning_is_not() {
        let missing = parse_named(Path::new("no such folder")).unwrap();
        assert!(missing.known().is_none());
        assert_eq!(missing.get().unwrap_err().to_string(), "there is no such file or folder: no such folder");
        assert!(parse_named(Path::new("bundled:nobody")).is_err() && parse_spec(Path::new("Cargo.toml")).is_err());
        assert!(parse_spec(Path::new("bundled:austen")).unwrap().get().is_ok());
    }
}
