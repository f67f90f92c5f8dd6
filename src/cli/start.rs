//! What the arguments name becomes a session: the figure, a source, or a saved session with what is given besides.

use std::path::Path;

use anyhow::{anyhow, bail};

use super::{
    batch::layer_of,
    check,
    others::OthersArguments,
    shared::{
        ColumnArguments, GivenInForce, InterventionArguments, OnDisk, PlaceArguments, SourceArguments, ViewArguments,
    },
    streams,
};
use crate::{
    attention::{Experiment, Kept, KeptBlock, Operation, OperationKind},
    base::{Date, InputRole},
    engine::{Bundled, Chat, Engine, Fingerprints, Prompt, Reference, SourceSpec},
    figure::{LimitsFrom, Look, Quantity},
    session::{
        Command, OnScreen, Session, UserSettings,
        document::{self, Inputs, Named, SessionDocument, Start, Whereabouts},
    },
};

/// What can be said of the source before any file is read.
///
/// # Errors
/// With one sentence that names the option that cannot be obeyed.
pub fn check_source(arguments: &SourceArguments) -> Result<(), String> {
    if arguments.check_disk().is_ok() {
        arguments.adapter()?;
    }
    if arguments.session().is_some() {
        return Ok(());
    }
    if arguments.model.is_some() {
        return Err("--model is for a session: expected SOURCE to be a FILE.json, .png, .svg or .pdf".to_owned());
    }
    if arguments.check_disk().is_err() {
        // What it would read is not known.
        return Ok(());
    }
    check::of_chat(arguments, arguments.chat)?;
    check::prompt(arguments, without_session(arguments).source())
}

/// Whether what is named is on the disk, where it can change; of a session, nobody knows yet.
///
/// # Errors
/// With one sentence that names `--follow`.
pub fn check_follow(arguments: &SourceArguments) -> Result<(), String> {
    let is_known = arguments.session().is_none() && arguments.check_disk().is_ok();
    match without_session(arguments).source() {
        source @ SourceSpec::Bundled(_) if is_known => {
            Err(format!("--follow is for a source on the disk: {source} does not change"))
        }
        _ => Ok(()),
    }
}

/// The session that the arguments name, whose source may have moved: the window looks for it.
///
/// # Errors
/// With one sentence, when something that is named cannot be read.
pub fn unlocated(arguments: &SourceArguments) -> anyhow::Result<Start> {
    arguments.check_disk()?;
    let (Some(path), None) = (arguments.session(), &arguments.model) else {
        return Ok(source_and_prompt(arguments)?.into());
    };
    let document = read(path)?;
    let mut session = document.session;
    prompt(&mut session, arguments)?;
    Ok(Start { from: Some((path.to_owned(), document.source)), ..session.into() })
}

/// The source and prompt that the arguments name: the figure unless something is to be read.
///
/// # Errors
/// With one sentence, when something that is named cannot be read.
pub fn source_and_prompt(arguments: &SourceArguments) -> anyhow::Result<Session> {
    arguments.check_disk()?;
    let mut session = match arguments.session() {
        Some(path) => {
            let document = read(path)?;
            let source = match &arguments.model {
                Some(place) => place.get()?.clone(),
                None => located(&document, path)?,
            };
            document.session_on(source)
        }
        None => without_session(arguments),
    };
    prompt(&mut session, arguments)?;
    Ok(session)
}

/// The files that are read for `session`: its source, the session's own, and `files`.
pub fn inputs<'a>(
    arguments: &SourceArguments,
    files: impl Iterator<Item = (&'a Path, InputRole)>,
    session: &Session,
) -> Inputs {
    let mut inputs = Inputs::default();
    for (file, role) in files {
        inputs.add_file(file, role);
    }
    inputs.add_source(session.source());
    if let Some(path) = arguments.session() {
        inputs.add_session(path);
    }
    inputs
}

/// A session that the arguments name without a file.
fn without_session(arguments: &SourceArguments) -> Session {
    let opened = |source| Session::default().with([Command::Open(source), Command::SetLayer(0), Command::SetHead(0)]);
    // What is refused of it was said before.
    if let Ok(Some(adapter)) = arguments.adapter() {
        return opened(adapter);
    }
    let reads = arguments.prompt.is_some() || arguments.token_ids.is_some();
    match arguments.source.as_ref().and_then(OnDisk::known) {
        Some(Named::Source(SourceSpec::Bundled(bundled))) => Session::example(*bundled),
        Some(Named::Source(source)) => opened(source.clone()),
        _ if reads => Session::example(Bundled::READER),
        _ => Session::default(),
    }
}

fn read(path: &Path) -> anyhow::Result<SessionDocument> {
    let mut document = document::read(path).map_err(|error| anyhow!("{error}"))?;
    // Theme and scale are of the person who saved it.
    do_each(&mut document.session, [Command::SetUserSettings(UserSettings::default())]);
    Ok(document)
}

/// Without a window nobody can be asked.
fn located(document: &SessionDocument, path: &Path) -> anyhow::Result<SourceSpec> {
    let hint = "--model PATH names its place";
    match document::locate(document, Some(path), &Fingerprints::default()) {
        Whereabouts::Here(source) => Ok(source),
        Whereabouts::Gone { looked } => {
            let places: Vec<String> = looked.iter().map(ToString::to_string).collect();
            bail!("{}: the session’s source is not at {}; {hint}", path.display(), places.join(" nor at "))
        }
        Whereabouts::Changed { source, what } => {
            let same = "--model PATH opens what is there all the same";
            bail!("{}: the session’s source is not the same: {what}: {source}; {same}", path.display())
        }
    }
}

fn prompt(session: &mut Session, arguments: &SourceArguments) -> anyhow::Result<()> {
    check::prompt(arguments, session.source()).map_err(anyhow::Error::msg)?;
    let of_session = match session.prompt() {
        Prompt::Chat(chat) if arguments.token_ids.is_none() => Some(chat),
        _ => None,
    };
    check::of_chat(arguments, arguments.chat || of_session.is_some()).map_err(anyhow::Error::msg)?;
    let text = arguments.prompt.as_deref().map(|text| streams::text("--prompt", text)).transpose()?;
    let command = match (&arguments.token_ids, &text) {
        (Some(ids), _) => Command::Read(Prompt::TokenIds(ids.get("--token-ids")?)),
        (None, text) if arguments.chat || of_session.is_some() => {
            Command::Read(Prompt::Chat(chat(arguments, text.as_deref(), session, of_session)?))
        }
        (None, Some(text)) => Command::Read(Prompt::Text { text: text.as_str().into(), bos: !arguments.no_bos }),
        (None, None) if arguments.no_bos => Command::SetBos(false),
        (None, None) => return Ok(()),
    };
    do_each(session, [command]);
    Ok(())
}

/// What is said to the model: what is given takes the place of what the session says.
fn chat(
    arguments: &SourceArguments,
    text: Option<&str>,
    session: &Session,
    of_session: Option<&Chat>,
) -> anyhow::Result<Chat> {
    if arguments.no_bos {
        bail!("--no-bos is for a text: a chat has the tokens of its template");
    }
    let user = text.map(Into::into).or_else(|| session.words());
    Ok(Chat {
        user: user.ok_or_else(|| anyhow!("--chat needs --prompt: the session reads token ids"))?,
        system: arguments.system.as_deref().map(Into::into).or_else(|| of_session?.system.clone()),
        date: arguments.date.or(of_session.map(|chat| chat.date)).unwrap_or_else(Date::today),
    })
}

/// What is done to the vectors; what is given takes the place of what the session says.
///
/// # Errors
/// When a seed is given for a session that adds no noise, or anything for a source without vectors.
pub fn intervene(
    session: &mut Session,
    columns: &ColumnArguments,
    arguments: &InterventionArguments,
) -> anyhow::Result<()> {
    let of_others = arguments.others.given().next().map(|(option, _)| option);
    let given = [
        ("--epsilon", columns.epsilon.is_some()),
        ("--operation", arguments.operation.is_some()),
        ("--seed", arguments.seed.is_some()),
        (of_others.unwrap_or_default(), of_others.is_some()),
        ("--layers", arguments.layers.is_some()),
        ("--heads", arguments.heads.is_some()),
        ("--set", arguments.set.is_some()),
        ("--in-force", arguments.in_force.is_some()),
        ("--block", arguments.block.is_some()),
        ("--positions", arguments.positions.is_some()),
    ];
    check::vectors(session.source(), &given)?;
    let operation = operation(session.operation(), arguments.operation, arguments.seed, &arguments.others)?;
    let mut scope = session.scope().clone();
    scope.layers = arguments.layers.unwrap_or(scope.layers);
    scope.heads = arguments.heads.unwrap_or(scope.heads);
    if arguments.set.is_some() {
        (scope.layers, scope.heads) = Default::default();
    }
    if arguments.set.is_some() || arguments.layers.is_some() || arguments.heads.is_some() {
        scope.set.clone_from(&arguments.set);
    }
    if let Some(positions) = &arguments.positions {
        scope.positions.clone_from(positions);
    }
    let given = arguments.in_force.as_ref().map(GivenInForce::get).transpose()?.cloned();
    let mut in_force = given.unwrap_or_else(|| session.in_force().clone());
    if let Some(block) = arguments.block.clone() {
        in_force = in_force.with(Kept::Block(KeptBlock { block, heads: None }));
    }
    let in_force = [Command::SetInForce(in_force)];
    let grid = columns.epsilon.as_ref().map(|columns| Command::SetGrid(columns.grid(session.shape())));
    do_each(
        session,
        [Command::SetOperation(operation), Command::SetScope(scope)].into_iter().chain(in_force).chain(grid),
    );
    Ok(())
}

/// `given`, else the operation that there is, with this seed, or with vectors from these prompts.
///
/// # Errors
/// When a seed is given for an operation that adds no noise, a prompt for one that takes nothing from it, or none where
/// there must be one.
pub fn operation(
    old: &Operation,
    given: Option<OperationKind>,
    seed: Option<u64>,
    others: &OthersArguments,
) -> anyhow::Result<Operation> {
    let kind = given.unwrap_or(old.kind());
    if seed.is_some() && kind != OperationKind::Noise {
        bail!(check::seed_without_noise(kind));
    }
    others.check(kind).map_err(anyhow::Error::msg)?;
    match seed {
        Some(seed) => Ok(Operation::Noise { seed }),
        None if given.is_none() && others.given().next().is_none() => Ok(old.clone()),
        None => others.operation(kind, old),
    }
}

/// Which head is shown.
///
/// # Errors
/// When a capture has no such layer.
pub fn place(session: &mut Session, arguments: PlaceArguments) -> anyhow::Result<()> {
    let layer = arguments.layer.map(|number| layer(session, number)).transpose()?;
    do_each(session, layer.map(Command::SetLayer).into_iter().chain(arguments.head.map(Command::SetHead)));
    Ok(())
}

/// The layer that is called by this number. Only a capture calls them otherwise than by their place; of all other
/// sources, the engine checks it. A file that cannot be read is refused by who opens it.
fn layer(session: &Session, number: usize) -> anyhow::Result<usize> {
    match session.source() {
        source @ SourceSpec::Capture(_) => match Engine::default().facts(source) {
            Ok(facts) => Ok(layer_of(number, &facts)?),
            Err(_) => Ok(number),
        },
        _ => Ok(number),
    }
}

/// What differences are taken from, for the head that is shown: [`show`] does this too, before several are.
///
/// # Errors
/// When ε are given for another number of columns, or a capture has no such layer.
pub fn compare(session: &mut Session, arguments: &ViewArguments) -> anyhow::Result<()> {
    if let Some((number, head)) = arguments.compare_head {
        let layer = layer(session, number)?;
        do_each(session, [Command::Compare(Reference::Head { layer, head })]);
    }
    if arguments.compare_base {
        check::adapter("--compare-base", session.source()).map_err(anyhow::Error::msg)?;
        do_each(session, [Command::Compare(Reference::Base)]);
    }
    if let Some(columns) = &arguments.compare_epsilon {
        let (found, expected) = (columns.0.len(), session.shape().n_columns());
        if found != expected {
            bail!("--compare-epsilon: expected {expected} values, one for each column of ε, found {found}");
        }
        let then = Experiment { epsilon: columns.grid(session.shape()), ..session.experiment().clone() };
        do_each(session, [Command::Compare(Reference::kept(&then))]);
    }
    Ok(())
}

/// What is shown of the head, and in which colours; what is given takes the place of what the session says.
///
/// # Errors
/// As [`compare`], and when the quantity needs vectors that the source does not have.
pub fn show(session: &mut Session, arguments: &ViewArguments) -> anyhow::Result<()> {
    let given = [
        ("--compare-epsilon", arguments.compare_epsilon.is_some()),
        ("--quantity score", arguments.quantity == Some(Quantity::Score)),
        ("--quantity value-norm", arguments.quantity == Some(Quantity::WeightedValue)),
    ];
    check::vectors(session.source(), &given)?;
    // First, as it brings a quantity with its colours along.
    compare(session, arguments)?;
    // A quantity that is named brings its norm and colours along, also where it is shown already.
    let of_quantity = arguments.quantity.map(|quantity| (quantity, Look::of(quantity)));
    let commands = [
        of_quantity.map(|(quantity, _)| Command::SetQuantity(quantity)),
        of_quantity.map(|(_, look)| Command::SetNorm(look.norm)),
        of_quantity.map(|(_, look)| Command::SetColormap(look.colormap)),
        arguments.pooling.map(Command::SetPooling),
        arguments.norm.map(Command::SetNorm),
        arguments.colormap.map(Command::SetColormap),
        arguments.notation.map(Command::SetNotation),
        arguments.per_panel.then_some(Command::SetLimitsFrom(LimitsFrom::EachPanel)),
    ];
    do_each(session, commands.into_iter().flatten());
    Ok(())
}

/// Carries out `commands` while nothing is on screen.
fn do_each(session: &mut Session, commands: impl IntoIterator<Item = Command>) {
    for command in commands {
        session.apply(command, OnScreen::default());
    }
}
