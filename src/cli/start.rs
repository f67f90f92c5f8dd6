//! What the arguments name becomes a session: the figure, a source, or a saved session with what is given besides.

use std::path::Path;

use anyhow::{Context, anyhow, bail};

use super::args::{PlaceArguments, SourceArguments, ViewArguments};
use crate::{
    attention::Operation,
    engine::{Bundled, Fingerprints, Prompt, Reference, SourceSpec},
    figure::LimitsFrom,
    session::{
        Command, OnScreen, Person, Session,
        document::{self, Inputs, Named, SessionDocument, Start, Whereabouts},
        repeated,
    },
};

/// The arguments of a window, whose session is not read yet.
pub struct WindowTask {
    pub(super) view: ViewArguments,
    pub(super) place: PlaceArguments,
}

impl WindowTask {
    /// What the window opens on. The source of a saved session is looked for by the window, which can ask.
    ///
    /// # Errors
    /// With one sentence, when the session cannot be read.
    pub fn start(self) -> anyhow::Result<Start> {
        let (arguments, place) = (&self.view, self.place);
        let Some(Named::Session(path)) = &arguments.source.source else {
            return Ok(session(arguments, place)?.into());
        };
        let document = read(path)?;
        let (mut session, from) = match &arguments.source.model {
            Some(place) => (document.session_on(place.clone()), None),
            None => (document.session, Some((path.clone(), document.source))),
        };
        prompt(&mut session, &arguments.source)?;
        view(&mut session, arguments, place)?;
        Ok(Start { session, from })
    }
}

/// The session of a task, on a source that is there.
pub fn session(arguments: &ViewArguments, place: PlaceArguments) -> anyhow::Result<Session> {
    let mut session = source_and_prompt(&arguments.source)?;
    view(&mut session, arguments, place)?;
    Ok(session)
}

/// The files that are read for `session`.
pub fn inputs(arguments: &SourceArguments, session: &Session) -> Inputs {
    let mut inputs = Inputs::default();
    inputs.add_source(&session.source);
    if let Some(Named::Session(path)) = &arguments.source {
        inputs.add_session(path);
    }
    inputs
}

/// The source and prompt that the arguments name: the figure unless something is to be read.
pub fn source_and_prompt(arguments: &SourceArguments) -> anyhow::Result<Session> {
    let mut session = match &arguments.source {
        Some(Named::Session(path)) => {
            let document = read(path)?;
            let source = match &arguments.model {
                Some(place) => place.clone(),
                None => located(&document, path)?,
            };
            document.session_on(source)
        }
        _ => without_session(arguments),
    };
    prompt(&mut session, arguments)?;
    Ok(session)
}

/// A session that the arguments name without a file.
pub fn without_session(arguments: &SourceArguments) -> Session {
    let reads = arguments.prompt.is_some() || arguments.token_ids.is_some();
    match &arguments.source {
        Some(Named::Source(SourceSpec::Bundled(bundled))) => Session::example(*bundled),
        Some(Named::Source(source)) => Session { source: source.clone(), layer: 0, head: 0, ..Session::default() },
        _ if reads => Session::example(Bundled::Austen),
        _ => Session::default(),
    }
}

fn read(path: &Path) -> anyhow::Result<SessionDocument> {
    let mut document = document::read(path).map_err(|error| anyhow!("{error}"))?;
    // Theme and scale are of the person who saved it.
    document.session.view.person = Person::default();
    Ok(document)
}

/// Without a window nobody can be asked.
fn located(document: &SessionDocument, path: &Path) -> anyhow::Result<SourceSpec> {
    let hint = "--model PATH names its place";
    match document::locate(document, Some(path), &Fingerprints::default()) {
        Whereabouts::Here(source) => Ok(source),
        Whereabouts::Gone { looked } => {
            let places: Vec<String> = looked.iter().map(|place| place.display().to_string()).collect();
            bail!("{}: the session’s source is not at {}; {hint}", path.display(), places.join(" nor at "))
        }
        Whereabouts::Changed { source, what } => {
            let same = "--model PATH opens what is there all the same";
            bail!("{}: the session’s source is not the same: {what}: {source}; {same}", path.display())
        }
    }
}

/// A capture holds one prompt: to ignore another one would give the numbers of a text that nobody asked for.
pub fn check_reader(arguments: &SourceArguments, session: &Session) -> Result<(), String> {
    let option = match arguments {
        SourceArguments { prompt: Some(_), .. } => "--prompt",
        SourceArguments { token_ids: Some(_), .. } => "--token-ids",
        SourceArguments { no_bos: true, .. } => "--no-bos",
        _ => return Ok(()),
    };
    let source = &session.source;
    if source.is_live() {
        return Ok(());
    }
    Err(format!("{option} needs a model that reads: {source} is a capture of one prompt, bundled:austen reads any"))
}

fn prompt(session: &mut Session, arguments: &SourceArguments) -> anyhow::Result<()> {
    check_reader(arguments, session).map_err(anyhow::Error::msg)?;
    let before = session.prompt.clone();
    if let Some(ids) = &arguments.token_ids {
        session.prompt = Prompt::TokenIds(ids.clone());
    } else if let Some(text) = &arguments.prompt {
        session.prompt = Prompt::Text { text: text.clone(), bos: !arguments.no_bos };
    } else if let Prompt::Text { bos, .. } = &mut session.prompt {
        *bos &= !arguments.no_bos;
    }
    if session.prompt != before {
        // Cells of another prompt mean nothing.
        session.pinned = None;
        session.view.window = None;
    }
    Ok(())
}

/// What is given takes the place of what the session says.
fn view(session: &mut Session, arguments: &ViewArguments, place: PlaceArguments) -> anyhow::Result<()> {
    session.layer = place.layer.unwrap_or(session.layer);
    session.head = place.head.unwrap_or(session.head);
    session.operation = arguments.operation.unwrap_or(session.operation);
    if let Some(seed) = arguments.seed {
        session.operation = match session.operation {
            Operation::Noise { .. } => Operation::Noise { seed },
            other => return Err(anyhow!("found --operation {other}")).context("--seed is for --operation noise"),
        };
    }
    let scope = &mut session.scope;
    scope.layers = arguments.layers.unwrap_or(scope.layers);
    scope.heads = arguments.heads.unwrap_or(scope.heads);
    if let Some(positions) = &arguments.positions {
        scope.positions.clone_from(positions);
    }
    if let Some(columns) = &arguments.epsilon {
        session.epsilon = repeated(&columns.0);
    }
    if let Some((layer, head)) = arguments.compare_head {
        session.apply(Command::Compare(Reference::Head { layer, head }), OnScreen::default());
    }
    if let Some(columns) = &arguments.compare_epsilon {
        let then = session.run_spec().with(|experiment| experiment.epsilon = repeated(&columns.0));
        session.apply(Command::Compare(Reference::kept(&then)), OnScreen::default());
    }
    let view = &mut session.view;
    if let Some(quantity) = arguments.quantity {
        view.show(quantity);
    }
    view.pooling = arguments.pooling.unwrap_or(view.pooling);
    view.norm = arguments.norm.unwrap_or(view.norm);
    view.colormap = arguments.colormap.unwrap_or(view.colormap);
    if arguments.per_panel {
        view.limits_from = LimitsFrom::EachPanel;
    }
    Ok(())
}
