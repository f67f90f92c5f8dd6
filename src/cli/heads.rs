//! `attenuate heads`: the table of all heads.

use std::{io::Write, path::PathBuf, sync::Arc};

use anyhow::{Context, anyhow, bail};
use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser as _},
};

use super::{
    batch::NEVER,
    check, notices,
    others::OthersArguments,
    shared::{GivenInForce, SourceArguments, parse_in_force},
    start, streams,
};
use crate::{
    attention::{Component, Epsilon, Operation, OperationKind, Scope},
    engine::{
        Engine, HeadEffect, HeadMetric, HeadRow, HeadSummary, HeadsTable, PartKind, Ranking, Rival, ShipsOf,
        ShipsPreset, TableFormat, Target, TokenWrites, Under, Writes, WrittenTokens,
    },
    session::{Command, Session},
};

/// What a preset says by itself.
const NOT_OF_PRESETS: [&str; 13] = [
    "component",
    "epsilon",
    "operation",
    "seed",
    "from_prompt",
    "from_token_ids",
    "from_prompts",
    "with_first",
    "token_ids",
    "no_bos",
    "chat",
    "system",
    "date",
];

#[derive(Debug, Args)]
pub struct HeadsArguments {
    /// Print JSON instead of a table
    #[arg(long, conflicts_with = "output")]
    pub json: bool,
    /// File to write instead; the extension decides the format (.csv, .json)
    #[arg(short, long, value_name = "FILE", allow_hyphen_values = true, value_parser = OsStringValueParser::new().try_map(|name| streams::output(&name)))]
    pub output: Option<PathBuf>,
    /// First what has most of it: layer (in order), sink, entropy, diagonal, previous, induction, ships, writes,
    /// writes-over-rival; of target-change and rival-change what is lowered most [default: ships with --ships, writes
    /// (over the rival, where there is one) with --writes, else layer]
    #[arg(long, value_name = "METRIC")]
    pub sort: Option<Ranking>,
    /// Add what each head does to the model's output: KL(baseline ‖ modified) of the next token, in nats, when that head
    /// alone is changed. One run a head
    #[arg(long)]
    pub ships: bool,
    /// Ships as they were published, in the place of --component, --epsilon and --operation: safety-heads (arXiv
    /// 2410.13708: the head’s queries times 1e-4 at every position, and the prompt as “## Query:… ## Answer:”)
    #[arg(long, value_name = "NAME", requires = "ships", conflicts_with_all = NOT_OF_PRESETS)]
    pub preset: Option<ShipsPreset>,
    /// What is changed of the head: query or key (undifferentiated attention), value (scaling contribution)
    #[arg(long, value_name = "NAME", default_value = "query", requires = "ships")]
    pub component: Component,
    /// How far, 0 or more [default: 0, which takes the head’s vectors away; of noise 5e-1]
    #[arg(long, alias = "epsilon-ships", value_name = "E", allow_hyphen_values = true, requires = "ships")]
    pub epsilon: Option<Epsilon>,
    /// What ε does to the head's vectors: scale, mean-heads, mean-positions, noise, patch (from another prompt),
    /// mean-prompts (over other prompts)
    #[arg(long, value_name = "NAME", default_value = "scale", requires = "ships")]
    pub operation: OperationKind,
    /// Which noise, for --operation noise [default: 0]
    #[arg(long, value_name = "N", requires = "ships")]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub others: OthersArguments,
    /// Changes that act beneath each head's: COMPONENT@HEADS[@POSITIONS]=[OPERATION:]EPSILON with ";" between, such as
    /// "key@14:*=0.5; value@3..=5:0@rest=mean-heads:0"; or a FILE.json
    #[arg(long, value_name = "SPEC|FILE", value_parser = parse_in_force, requires = "ships")]
    pub in_force: Option<GivenInForce>,
    /// Add what each head writes, in logits: what its output at the last position adds to the logit of TOKEN, and to that
    /// less RIVAL's, in front of the final soft cap; with --ships also how their log-probabilities change. Each is an id
    /// or a text that is one token, space in front included. All heads and the other parts (embeddings, feed-forwards,
    /// biases) sum to the logit
    #[arg(long, value_name = "TOKEN[,RIVAL]", allow_hyphen_values = true)]
    pub writes: Option<Target>,
    /// Position whose output it is, 0-based [default: the last]
    #[arg(long, value_name = "I", requires = "writes", conflicts_with = "ships")]
    pub at: Option<usize>,
    #[command(flatten)]
    pub source: SourceArguments,
}

impl HeadsArguments {
    /// There is no order by a column that is not there, and no seed without noise.
    ///
    /// # Errors
    /// With one sentence that names the option that cannot be obeyed.
    pub fn check(&self) -> Result<(), String> {
        if let Some(Ranking::Highest(metric) | Ranking::Lowest(metric)) = self.sort {
            let has_rival = self.writes.as_ref().is_some_and(|target| target.rival != Rival::None);
            let needs = match metric {
                HeadMetric::Ships if !self.ships => Some("--ships, which computes it"),
                HeadMetric::Writes if self.writes.is_none() => Some("--writes TOKEN, which computes it"),
                HeadMetric::WritesOverRival if !has_rival => Some("--writes TOKEN,RIVAL, which computes it"),
                HeadMetric::TargetChange if !self.ships || self.writes.is_none() => {
                    Some("--ships and --writes TOKEN, which compute it")
                }
                HeadMetric::RivalChange if !self.ships || !has_rival => {
                    Some("--ships and --writes TOKEN,RIVAL, which compute it")
                }
                _ => None,
            };
            if let Some(needs) = needs {
                return Err(format!("--sort {} needs {needs}", metric.key().replace('_', "-")));
            }
        }
        if let Some((option, _)) = self.others.given().next().filter(|_| !self.ships) {
            return Err(format!("{option} needs --ships, which computes what it does"));
        }
        self.others.check(self.operation)?;
        self.others.check_complete(self.operation)?;
        if self.seed.is_some() && self.operation != OperationKind::Noise {
            return Err(check::seed_without_noise(self.operation));
        }
        start::check_source(&self.source)
    }
}

pub fn heads(arguments: &HeadsArguments, engine: &mut Engine) -> anyhow::Result<()> {
    let format = match &arguments.output {
        Some(path) => Some(TableFormat::of(path).with_context(|| path.display().to_string())?),
        None => arguments.json.then_some(TableFormat::Json),
    };
    let mut session = start::source_and_prompt(&arguments.source)?;
    if let Some(preset) = arguments.preset {
        session = of_preset(preset, session)?;
    } else if arguments.ships {
        let kind = Some(arguments.operation);
        let operation = start::operation(&Operation::default(), kind, arguments.seed, &arguments.others)?;
        session = session.with([Command::SetOperation(operation)]);
    }
    let files = arguments.in_force.iter().flat_map(GivenInForce::files).chain(arguments.others.files());
    let protected = start::inputs(&arguments.source, files, &session).protected();
    if let Some(path) = &arguments.output {
        protected.check(path)?;
    }
    let table = table(engine, &session, arguments)?;
    if let (Some(path), Some(format)) = (&arguments.output, format) {
        return streams::write(path, &protected, |file| table.write(format, file));
    }
    let mut out = std::io::stdout().lock();
    let written = match format {
        Some(format) => table.write(format, &mut out),
        None => write_aligned(&table, &mut out),
    };
    match written {
        // `attenuate heads | head` is no failure.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing the table to standard output"),
    }
}

/// The session whose heads a preset ranks: its prompt, and what is done at which positions.
fn of_preset(preset: ShipsPreset, session: Session) -> anyhow::Result<Session> {
    let words =
        session.words().ok_or_else(|| anyhow!("--preset {preset} needs --prompt: the session reads token ids"))?;
    let scope = Scope { positions: preset.positions(), ..session.scope().clone() };
    let operation = preset.of().operation;
    let commands = [Command::Read(preset.prompt(&words)), Command::SetScope(scope), Command::SetOperation(operation)];
    Ok(session.with(commands))
}

fn table(engine: &mut Engine, session: &Session, arguments: &HeadsArguments) -> anyhow::Result<HeadsTable> {
    let layers = notices::write(engine, session)?.layers.clone();
    // What is refused is refused before anything takes its time.
    let (writes, tokens) = match &arguments.writes {
        Some(target) => writes(engine, session, target, arguments)?,
        None => (None, Arc::default()),
    };
    let summaries = engine.heads(session.source(), session.prompt(), &NEVER)?;
    let row = |summary: HeadSummary| {
        let writes = writes.as_ref().and_then(|writes| writes.head(summary.layer, summary.head)).copied();
        HeadRow { summary, effect: HeadEffect { writes, ..HeadEffect::default() } }
    };
    let mut rows: Vec<_> = summaries.into_iter().map(row).collect();
    let ships = if arguments.ships { Some(add_ships(engine, session, arguments, &mut rows)?) } else { None };
    let has_rival = writes.as_ref().is_some_and(|writes| writes.rival.is_some());
    let mut table = HeadsTable { rows, layers, ships, writes, tokens };
    let ranking = match (arguments.sort, arguments.ships, &arguments.writes) {
        (Some(ranking), ..) => ranking,
        (None, true, _) => Ranking::Highest(HeadMetric::Ships),
        (None, false, Some(_)) if has_rival => Ranking::Highest(HeadMetric::WritesOverRival),
        (None, false, Some(_)) => Ranking::Highest(HeadMetric::Writes),
        (None, false, None) => Ranking::ByLayer,
    };
    table.sort(ranking);
    Ok(table)
}

type Written = (Option<Arc<Writes>>, Arc<[WrittenTokens]>);

/// What each head adds to the target's logit, and the tokens that it promotes and suppresses most.
fn writes(
    engine: &mut Engine,
    session: &Session,
    target: &Target,
    arguments: &HeadsArguments,
) -> anyhow::Result<Written> {
    let (spec, under) = (session.run_spec(), Under::Baseline);
    let writes = engine.writes(&spec, under, target, arguments.at, &NEVER).context("--writes")?;
    let tokens = engine.all_written_tokens(&spec, under, arguments.at, WrittenTokens::IN_TABLES, &NEVER)?;
    Ok((Some(Arc::new(writes)), tokens.into()))
}

/// Rows are by layer and head, as the engine gives them.
fn add_ships(
    engine: &mut Engine,
    session: &Session,
    arguments: &HeadsArguments,
    rows: &mut [HeadRow],
) -> anyhow::Result<ShipsOf> {
    // Without noise nothing would be changed.
    let removal = if arguments.operation == OperationKind::Noise { Epsilon::FIGURE[0] } else { Epsilon::ZERO };
    let (component, epsilon) = (arguments.component, arguments.epsilon.unwrap_or(removal));
    let given = ShipsOf { component, operation: session.operation().clone(), epsilon };
    let of = arguments.preset.map_or(given, ShipsPreset::of);
    let in_force = arguments.in_force.as_ref().map(GivenInForce::get).transpose()?.cloned();
    let spec = session.run_spec().with(|experiment| {
        experiment.in_force = in_force.unwrap_or_else(|| std::mem::take(&mut experiment.in_force));
    });
    let Some(all) = engine.ships(&spec, of.component, of.epsilon, arguments.writes.as_ref(), &mut |_| {}, &NEVER)?
    else {
        bail!("--ships needs a model that predicts tokens, and {} has no output to compare", session.source());
    };
    for (row, found) in rows.iter_mut().zip(all) {
        row.effect.ships = Some(found.ships);
        row.effect.change = found.target;
    }
    Ok(of)
}

/// For people, in columns.
fn write_aligned(table: &HeadsTable, out: &mut impl Write) -> std::io::Result<()> {
    write!(out, "{:>5}  {:>4}", "layer", "head")?;
    for metric in table.metrics() {
        write!(out, "  {:>width$}", metric.name(), width = width(metric))?;
    }
    writeln!(out, "{}", if table.tokens.is_empty() { "" } else { "  promoted · suppressed" })?;
    for row in &table.rows {
        let (layer, head) = table.named_place(row);
        write!(out, "{layer:>5}  {head:>4}")?;
        for metric in table.metrics() {
            let text = row.get(metric).map_or_else(|| "–".to_owned(), |value| metric.text(value));
            write!(out, "  {text:>width$}", width = width(metric))?;
        }
        if let Some(WrittenTokens { promoted, suppressed }) = table.tokens_of(row) {
            let [promoted, suppressed] = [promoted, suppressed].map(|tokens| some(tokens));
            write!(out, "  {promoted} · {suppressed}")?;
        }
        writeln!(out)?;
    }
    if let Some(of) = &table.ships {
        writeln!(out, "\nShips: {of}, in each head alone")?;
    }
    table.writes.as_ref().map_or(Ok(()), |writes| write_sum(writes, out))
}

/// Three tokens.
fn some(tokens: &[TokenWrites]) -> String {
    let quoted: Vec<String> = tokens.iter().take(3).map(|token| format!("“{}”", token.text)).collect();
    quoted.join(" ")
}

/// What the heads and the other parts sum to.
fn write_sum(writes: &Writes, out: &mut impl Write) -> std::io::Result<()> {
    let rival = writes.rival.as_ref().map_or_else(String::new, |rival| format!(" − “{}”", rival.text));
    writeln!(out, "\nlogit of “{}”{rival} behind position {}", writes.target.text, writes.position)?;
    let mut line = |name: &str, to_target: f64, over_rival: Option<f64>| {
        let over_rival = over_rival.map_or_else(String::new, |number| format!("  {number:>10.4}"));
        writeln!(out, "{name:>20}  {to_target:>10.4}{over_rival}")
    };
    for kind in PartKind::ALL {
        line(kind.name(), writes.to_target(kind), writes.kind_over_rival(kind))?;
    }
    line("sum", writes.logit(), writes.rival.as_ref().and_then(|_| writes.over_rival()))
}

fn width(metric: HeadMetric) -> usize {
    metric.name().chars().count().max(8)
}
