//! What is asked of the engine: plain data, comparable, without handles.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Bundled, DefaultView, Reference};
pub use crate::model::Chat;
use crate::{
    attention::{Experiment, OtherPrompt},
    base::Contents,
    model::on_disk::{DiskSource, ModelName, NameError},
};

/// What the names of bundled sources begin with.
const BUNDLED: &str = "bundled:";

/// Where attention comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SourceSpec {
    /// What ships inside the program.
    Bundled(Bundled),
    /// A model folder in Hugging Face layout.
    Folder(PathBuf),
    /// An adapter in a folder of its own, over a model that was named for it.
    Adapter {
        /// The adapter's folder.
        adapter: PathBuf,
        /// The model.
        base: Box<SourceSpec>,
    },
    /// The model that an adapter is over, without the adapter.
    Unadapted(Box<SourceSpec>),
    /// A model in one file, in GGUF format.
    Gguf(PathBuf),
    /// A capture file, safetensors or NPZ.
    Capture(PathBuf),
    /// A model in the cache of another program, by its name there.
    Cached(ModelName),
}

impl SourceSpec {
    /// Whether a text means a source by its name and no path.
    pub fn is_name(text: &str) -> bool {
        text.starts_with(BUNDLED) || ModelName::is_meant(text)
    }

    /// The source at a path, which need not be UTF-8, or the one of that name.
    ///
    /// # Errors
    /// When there is no source of that name, or neither folder, nor first bytes, nor extension say what the
    /// path is.
    pub fn named(path: &Path) -> Result<Self, SourceSpecError> {
        if let Some(name) = path.to_str().filter(|name| name.starts_with(BUNDLED)) {
            let known = Bundled::ALL.into_iter().find(|bundled| bundled.name() == name);
            return known.map(Self::Bundled).ok_or_else(|| SourceSpecError::UnknownBundled(name.to_owned()));
        }
        if let Some(name) = path.to_str().filter(|name| ModelName::is_meant(name)) {
            return Ok(Self::Cached(name.parse()?));
        }
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        match Contents::of(path) {
            Some(Contents::Gguf) => Ok(Self::Gguf(path.to_owned())),
            Some(Contents::Capture) => Ok(Self::Capture(path.to_owned())),
            Some(Contents::Pickle) if path.exists() => Err(SourceSpecError::Pickled(path.display().to_string())),
            Some(Contents::Pickle | Contents::Json | Contents::Png | Contents::Svg | Contents::Pdf) | None => {
                Err(match path.metadata() {
                    Ok(_) => SourceSpecError::UnknownKind(path.display().to_string()),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        SourceSpecError::Missing(path.display().to_string())
                    }
                    Err(error) => SourceSpecError::Unreadable { path: path.display().to_string(), cause: error.kind() },
                })
            }
        }
    }

    /// The adapter in this folder over `base`; `None` where this is no folder, or a base is none that adapters are merged with.
    pub fn over(&self, base: &Self) -> Option<Self> {
        match (self, base) {
            (Self::Folder(adapter), Self::Folder(_) | Self::Cached(_)) => {
                Some(Self::Adapter { adapter: adapter.clone(), base: Box::new(base.clone()) })
            }
            _ => None,
        }
    }

    /// The model without its adapter, of what may have one; of that, the model with it again. `None` of what never has an
    /// adapter.
    pub fn with_adapter_switched(&self) -> Option<Self> {
        match self {
            Self::Folder(_) | Self::Adapter { .. } | Self::Cached(_) => Some(Self::Unadapted(Box::new(self.clone()))),
            Self::Unadapted(adapted) => Some((**adapted).clone()),
            Self::Bundled(_) | Self::Gguf(_) | Self::Capture(_) => None,
        }
    }

    /// Whether it reads any prompt; a capture has its own.
    pub const fn is_live(&self) -> bool {
        match self {
            Self::Bundled(bundled) => bundled.is_live(),
            Self::Folder(_) | Self::Adapter { .. } | Self::Gguf(_) | Self::Cached(_) => true,
            Self::Unadapted(adapted) => adapted.is_live(),
            Self::Capture(_) => false,
        }
    }

    /// Where it is on the disk; `None` for what is called by a name.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Bundled(_) | Self::Cached(_) => None,
            Self::Folder(path) | Self::Adapter { adapter: path, .. } | Self::Gguf(path) | Self::Capture(path) => {
                Some(path)
            }
            Self::Unadapted(adapted) => adapted.path(),
        }
    }

    /// The same kind of source in another place; what is called by a name stays.
    #[must_use]
    pub fn at(&self, path: PathBuf) -> Self {
        match self {
            Self::Bundled(_) | Self::Cached(_) => self.clone(),
            Self::Folder(_) => Self::Folder(path),
            Self::Adapter { base, .. } => Self::Adapter { adapter: path, base: base.clone() },
            Self::Unadapted(adapted) => Self::Unadapted(Box::new(adapted.at(path))),
            Self::Gguf(_) => Self::Gguf(path),
            Self::Capture(_) => Self::Capture(path),
        }
    }

    /// With its whole path: a relative one means something else at the next start.
    #[must_use]
    pub fn absolute(&self) -> Self {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        match self {
            Self::Adapter { adapter, base } => {
                Self::Adapter { adapter: absolute(adapter), base: Box::new(base.absolute()) }
            }
            Self::Unadapted(adapted) => Self::Unadapted(Box::new(adapted.absolute())),
            _ => self.path().map_or_else(|| self.clone(), |path| self.at(absolute(path))),
        }
    }

    /// Its name without the folder that it is in.
    pub fn name(&self) -> String {
        match self {
            Self::Cached(name) => return name.short(),
            Self::Unadapted(adapted) => return format!("{} without its adapter", adapted.name()),
            _ => {}
        }
        let name = self.path().and_then(Path::file_name);
        name.map_or_else(|| self.to_string(), |name| name.to_string_lossy().into_owned())
    }
}

impl fmt::Display for SourceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundled(bundled) => f.write_str(bundled.name()),
            Self::Folder(path) | Self::Gguf(path) | Self::Capture(path) => path.display().fmt(f),
            Self::Adapter { adapter, base } => write!(f, "{} over {base}", adapter.display()),
            Self::Unadapted(adapted) => write!(f, "{adapted} without its adapter"),
            Self::Cached(name) => name.fmt(f),
        }
    }
}

impl From<DiskSource> for SourceSpec {
    fn from(source: DiskSource) -> Self {
        match source {
            DiskSource::Name(name) => Self::Cached(name),
            DiskSource::Folder(path) => Self::Folder(path),
            DiskSource::Gguf(path) => Self::Gguf(path),
        }
    }
}

/// A word that names no source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceSpecError {
    /// A name that begins with `bundled:` and is none.
    #[error("there is no “{0}”: the bundled sources are bundled:smollm2, bundled:smollm2-capture and bundled:austen")]
    UnknownBundled(String),
    /// A file that is neither a model nor a capture.
    #[error(
        "{0}: expected bundled:smollm2, bundled:smollm2-capture, bundled:austen, hf:OWNER/NAME, ollama:NAME, a model folder, a model in a .gguf file, or a capture in .safetensors or .npz"
    )]
    UnknownKind(String),
    /// Weights as pickled Python objects, which are never unpickled.
    #[error(
        "a pickle, which is never run: save the model as safetensors (save_pretrained of transformers does), and open its folder: {0}"
    )]
    Pickled(String),
    /// A name that begins as one of a cache does and is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nothing is at the path.
    #[error("there is no such file or folder: {0}")]
    Missing(String),
    /// The system refuses to look.
    #[error("cannot read ({cause}): {path}")]
    Unreadable {
        /// The path, as text.
        path: String,
        /// The underlying error, as the operating system or the reader reported it.
        cause: io::ErrorKind,
    },
}

impl SourceSpecError {
    /// Whether the name may well be right, and it is the disk that does not have it.
    pub fn is_of_the_disk(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::Unreadable { .. })
    }
}

impl FromStr for SourceSpec {
    type Err = SourceSpecError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::named(Path::new(text))
    }
}

/// What a live model reads. A capture has its tokens in the file and ignores this.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prompt {
    /// Tokenized by the model's tokenizer, with its beginning-of-sequence token in front where `bos` is set. The text is
    /// shared: a session or request is copied without it, and equals its copy without reading it.
    Text {
        /// As it is typed.
        text: Arc<str>,
        /// Whether the tokenizer's beginning-of-sequence token stands in front.
        bos: bool,
    },
    /// What a user says, between the special tokens of the model's chat template and with no others around it.
    Chat(Chat),
    /// Taken exactly as given.
    TokenIds(Vec<u32>),
}

impl Prompt {
    /// A text behind the beginning of a sequence, where the tokenizer has one.
    pub fn text(text: &str) -> Self {
        Self::Text { text: text.into(), bos: true }
    }

    /// What was typed; `None` of token ids.
    pub const fn words(&self) -> Option<&Arc<str>> {
        match self {
            Self::Text { text, .. } => Some(text),
            Self::Chat(chat) => Some(&chat.user),
            Self::TokenIds(_) => None,
        }
    }

    /// Another prompt, read as this one is.
    #[must_use]
    pub fn other(&self, other: &OtherPrompt) -> Self {
        match other {
            OtherPrompt::Text(text) => self.reworded(text),
            OtherPrompt::TokenIds(ids) => Self::TokenIds(ids.to_vec()),
        }
    }

    /// This one, as another prompt is named.
    pub fn as_other(&self) -> OtherPrompt {
        match self {
            Self::Text { text, .. } => OtherPrompt::Text(text.clone()),
            Self::Chat(chat) => OtherPrompt::Text(chat.user.clone()),
            Self::TokenIds(ids) => OtherPrompt::TokenIds(ids.as_slice().into()),
        }
    }

    /// Other words in the place of these: in a chat as what the user says, else with or without a BOS as before.
    #[must_use]
    pub fn reworded(&self, text: &str) -> Self {
        match self {
            Self::Chat(chat) => Self::Chat(Chat { user: text.into(), ..chat.clone() }),
            Self::Text { bos, .. } => Self::Text { text: text.into(), bos: *bos },
            Self::TokenIds(_) => Self::text(text),
        }
    }
}

impl From<DefaultView> for Prompt {
    fn from(view: DefaultView) -> Self {
        view.token_ids.map_or_else(|| Self::text(view.prompt), |ids| Self::TokenIds(ids.to_vec()))
    }
}

/// One request: everything that the panels depend on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RunSpec {
    /// Where attention comes from.
    pub source: SourceSpec,
    /// What the model reads; ignored by a capture.
    pub prompt: Prompt,
    /// The shown head, and an intervention for every panel.
    pub experiment: Experiment,
    /// What differences are taken from.
    pub reference: Reference,
}

impl RunSpec {
    /// The same request with another experiment.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Experiment)) -> Self {
        change(&mut self.experiment);
        self
    }
}
