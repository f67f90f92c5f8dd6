//! The same task for several heads: the source is read once, and a file is written for each.

use std::{
    ffi::OsStr,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, sync_channel},
    },
};

use clap::Args;

use super::notices;
use crate::{
    base::ProtectedFiles,
    engine::{Engine, EngineError, LayerNumbers, Outcome, SourceFacts},
    session::{Command, Session},
};

/// Nobody waits for an interruption on the command line: Ctrl+C ends the program.
pub const NEVER: fn() -> bool = || false;

const LAYER: &str = "{layer}";
const HEAD: &str = "{head}";

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

/// Layers or heads: `3`, `0..=5`, `0,3,4` or `all`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Several {
    All,
    Listed(Vec<usize>),
}

impl Several {
    /// Whether there may be more than one.
    fn are_many(&self) -> bool {
        match self {
            Self::All => true,
            Self::Listed(numbers) => numbers.len() > 1,
        }
    }

    fn of(&self, count: usize) -> Vec<usize> {
        match self {
            Self::All => (0..count).collect(),
            Self::Listed(numbers) => numbers.clone(),
        }
    }
}

impl FromStr for Several {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        /// More than any model has: a range is written out.
        const MOST: usize = 100_000;
        let wrong = || format!("expected N, A..=B, I,J,… or all, found “{text}”");
        let number = |text: &str| text.trim().parse::<usize>().ok().filter(|&number| number < MOST).ok_or_else(wrong);
        if text.trim() == "all" {
            return Ok(Self::All);
        }
        if let Some((first, last)) = text.split_once("..=") {
            let range = number(first)?..=number(last)?;
            return if range.is_empty() { Err(wrong()) } else { Ok(Self::Listed(range.collect())) };
        }
        let mut numbers = text.split(',').map(number).collect::<Result<Vec<_>, _>>()?;
        numbers.sort_unstable();
        numbers.dedup();
        Ok(Self::Listed(numbers))
    }
}

impl PlacesArguments {
    /// Files of several heads need names of their own.
    ///
    /// # Errors
    /// With one sentence that names the option.
    pub fn check(&self, output: &Path) -> Result<(), String> {
        for (option, several, placeholder) in [("--layer", &self.layer, LAYER), ("--head", &self.head, HEAD)] {
            let is_named = output.iter().filter_map(OsStr::to_str).any(|name| name.contains(placeholder));
            if several.as_ref().is_some_and(Several::are_many) && !is_named {
                return Err(format!(
                    "{option} with several needs {placeholder} in the name of the file, such as '{LAYER}-{HEAD}.png'; \
                     found {}",
                    output.display()
                ));
            }
        }
        Ok(())
    }
}

/// One file to write, and what besides the answer it is made of.
struct Job<T> {
    session: Session,
    outcome: Outcome,
    also: T,
    path: PathBuf,
}

/// Runs `session` for each of the `places`, once `finish` knows which, and calls `write` with each answer, with what `also` is
/// computed for it, and with its file: on as many threads as there are cores, while the next is computed. Ends with the first failure. Nothing is computed or written where one of the
/// files is `protected`.
pub fn each<T: Send>(
    engine: &mut Engine,
    session: &Session,
    places: &PlacesArguments,
    (output, protected): (&Path, &ProtectedFiles),
    finish: impl Fn(&mut Session),
    also: impl Fn(&mut Engine, &Session) -> anyhow::Result<T>,
    write: impl Fn(&Session, (&Outcome, &T), &Path) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<()> {
    let layers = notices::write(engine, session)?.layers.clone();
    let mut sessions = sessions(engine, session, places)?;
    sessions.iter_mut().for_each(finish);
    sessions.iter().try_for_each(|session| protected.check(&file_of(output, session, &layers)))?;
    let n_writers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(sessions.len());
    // Answers of long prompts are large: one waits at most.
    let (sender, receiver) = sync_channel(1);
    let receiver = Mutex::new(Some(receiver));
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..n_writers).map(|_| scope.spawn(|| write_all(&receiver, &write))).collect();
        let mut computed = Ok(());
        for session in sessions {
            let made = engine.run(&session.run_spec(), &NEVER).map_err(anyhow::Error::from);
            match made.and_then(|outcome| Ok((outcome, also(engine, &session)?))) {
                Ok((outcome, also)) => {
                    let path = file_of(output, &session, &layers);
                    if sender.send(Job { session, outcome, also, path }).is_err() {
                        break;
                    }
                }
                Err(error) => {
                    computed = Err(error);
                    break;
                }
            }
        }
        drop(sender);
        let written = writers.into_iter().map(|writer| match writer.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        // All are waited for, whatever the first says.
        let written: Vec<anyhow::Result<()>> = written.collect();
        written.into_iter().collect::<anyhow::Result<()>>().and(computed)
    })
}

/// The heads in order of their layers, so that a model's layers are run once.
fn sessions(engine: &mut Engine, session: &Session, places: &PlacesArguments) -> Result<Vec<Session>, EngineError> {
    let facts = engine.facts(session.source())?;
    let (n_layers, n_heads) = (facts.n_layers, facts.n_heads);
    let layers = match &places.layer {
        None => vec![session.layer()],
        Some(Several::All) => (0..n_layers).collect(),
        Some(Several::Listed(numbers)) => {
            // Before the first file is written.
            let layer = |&number| layer_of(number, &facts);
            numbers.iter().map(layer).collect::<Result<_, _>>()?
        }
    };
    let heads = places.head.as_ref().map_or_else(|| vec![session.head()], |heads| heads.of(n_heads));
    if let Some(&head) = heads.iter().find(|&&head| head >= n_heads) {
        return Err(EngineError::NoSuchHead { head, n_heads, title: facts.title.clone() });
    }
    let of_layer = |layer: usize| {
        heads.iter().map(move |&head| session.clone().with([Command::SetLayer(layer), Command::SetHead(head)]))
    };
    Ok(layers.into_iter().flat_map(of_layer).collect())
}

/// The layer that is called by this number.
///
/// # Errors
/// When there is none.
pub fn layer_of(number: usize, facts: &SourceFacts) -> Result<usize, EngineError> {
    let layer = facts.layers.layer(number).filter(|&layer| layer < facts.n_layers);
    layer.ok_or_else(|| EngineError::no_such_layer(number, facts))
}

fn file_of(output: &Path, session: &Session, layers: &LayerNumbers) -> PathBuf {
    let filled = |name: &str| {
        name.replace(LAYER, &layers.of(session.layer()).to_string()).replace(HEAD, &session.head().to_string())
    };
    // A placeholder in a name that is not UTF-8 was refused; folders may have such names.
    output.iter().map(|name| name.to_str().map_or_else(|| name.to_owned(), |name| filled(name).into())).collect()
}

/// Takes jobs until there are no more. A failure closes the channel: nothing more is computed then.
fn write_all<T>(
    receiver: &Mutex<Option<Receiver<Job<T>>>>,
    write: &(impl Fn(&Session, (&Outcome, &T), &Path) -> anyhow::Result<()> + Sync),
) -> anyhow::Result<()> {
    loop {
        let next = match &*receiver.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(receiver) => receiver.recv(),
            None => return Ok(()),
        };
        let Ok(Job { session, outcome, also, path }) = next else { return Ok(()) };
        if let Err(error) = write(&session, (&outcome, &also), &path) {
            receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
            return Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_are_a_number_a_range_a_list_or_all() {
        for (text, numbers) in [("3", vec![3]), ("0..=2", vec![0, 1, 2]), ("4, 1,4", vec![1, 4]), ("all", vec![0, 1])] {
            assert_eq!(text.parse::<Several>().unwrap().of(2), numbers, "{text}");
        }
        for text in ["", "x", "2..=1", "0..2", "1,", "-1", "0..=99999999999", "ALL"] {
            let error = text.parse::<Several>().unwrap_err();
            assert!(error.contains("A..=B") && error.contains(text), "{error}");
        }
    }

    #[test]
    fn files_of_several_heads_have_names_of_their_own() {
        let places = |layer: &str, head: &str| PlacesArguments {
            layer: Some(layer.parse().unwrap()),
            head: Some(head.parse().unwrap()),
        };
        assert!(places("1", "2").check(Path::new("a.png")).is_ok());
        assert!(places("1", "all").check(Path::new("{head}.png")).is_ok());
        let error = places("0,1", "all").check(Path::new("{head}.png")).unwrap_err();
        assert!(error.starts_with("--layer") && error.contains("{layer}"), "{error}");
        assert!(places("0", "all").check(Path::new("a.png")).is_err_and(|error| error.starts_with("--head")));
        let session = Session::default().with([Command::SetLayer(12), Command::SetHead(3)]);
        assert_eq!(
            file_of(Path::new("o/{layer}-{head}-{layer}.png"), &session, &LayerNumbers::default()),
            Path::new("o/12-3-12.png")
        );
    }
}
