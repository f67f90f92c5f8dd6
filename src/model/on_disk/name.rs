//! What other programs call a model: `hf:OWNER/NAME[@REVISION][:FILE]`, `ollama:NAME[:TAG]`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::program::Program;
use crate::base::Excerpt;

const HUGGING_FACE: &str = "hf:";
const OLLAMA: &str = "ollama:";
/// The tag of a name without one.
const LATEST: &str = "latest";

/// The name of a model in a cache. It is the same on every machine, which a path is not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ModelName {
    /// In the cache of Hugging Face.
    HuggingFace(Repository),
    /// In Ollama's store.
    Ollama(OllamaModel),
}

/// A repository of the Hugging Face hub, of which a cache has snapshots.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Repository {
    /// `OWNER/NAME`; a few old ones have no owner.
    pub id: String,
    /// A branch, a tag or the beginning of a commit; `None` for `main`.
    pub revision: Option<String>,
    /// A GGUF file of several: its path in the repository, or a part of its name such as `Q4_K_M`.
    pub file: Option<String>,
}

/// A model of Ollama's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OllamaModel {
    /// `NAME`, `USER/NAME` or `HOST/USER/NAME`.
    pub id: String,
    /// `None` for `latest`.
    pub tag: Option<String>,
}

/// A text that begins as a name does and is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{}” is no name of a model: expected hf:OWNER/NAME[@REVISION][:FILE] or ollama:NAME[:TAG]", Excerpt::new(.0))]
pub struct NameError(String);

impl ModelName {
    /// Whether a text means a name and no path.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(HUGGING_FACE) || text.starts_with(OLLAMA)
    }

    /// Whose name it is.
    pub const fn program(&self) -> Program {
        match self {
            Self::HuggingFace(_) => Program::HuggingFace,
            Self::Ollama(_) => Program::Ollama,
        }
    }

    /// Without the program that has it.
    pub fn short(&self) -> String {
        let whole = self.to_string();
        let short = whole.strip_prefix(HUGGING_FACE).or_else(|| whole.strip_prefix(OLLAMA));
        short.unwrap_or(&whole).to_owned()
    }
}

impl Repository {
    /// The repository itself, at `main`.
    pub fn new(id: &str) -> Option<Self> {
        let parts = parts(id);
        let is_name = (1..=2).contains(&parts.len()) && parts.iter().all(|part| is_plain(part)) && !id.contains("--");
        is_name.then(|| Self { id: id.to_owned(), revision: None, file: None })
    }

    fn parse(text: &str) -> Option<Self> {
        let (text, file) = split(text, ':');
        let (id, revision) = split(text, '@');
        if !revision.iter().chain(&file).all(|path| parts(path).iter().all(|part| is_plain(part))) {
            return None;
        }
        let owned = |text: &str| text.to_owned();
        Some(Self {
            revision: revision.filter(|name| *name != "main").map(owned),
            file: file.map(owned),
            ..Self::new(id)?
        })
    }

    /// The folder that a cache has for it.
    pub fn folder(&self) -> String {
        format!("models--{}", self.id.replace('/', "--"))
    }
}

impl OllamaModel {
    fn parse(text: &str) -> Option<Self> {
        let at = text.rfind('/').map_or(0, |slash| slash + 1);
        let (id, tag) = match text.get(at..)?.split_once(':') {
            Some((name, tag)) => (text.get(..at + name.len())?, Some(tag)),
            None => (text, None),
        };
        let parts = parts(id);
        let is_name = (1..=3).contains(&parts.len()) && parts.iter().chain(&tag).all(|part| is_plain(part));
        is_name.then(|| Self { id: id.to_owned(), tag: tag.filter(|tag| *tag != LATEST).map(ToOwned::to_owned) })
    }

    /// Where the store has its manifest, below `manifests`.
    pub fn manifest(&self) -> [&str; 4] {
        let tag = self.tag.as_deref().unwrap_or(LATEST);
        match parts(&self.id)[..] {
            [host, user, name] => [host, user, name, tag],
            [user, name] => [HOST, user, name, tag],
            _ => [HOST, LIBRARY, &self.id, tag],
        }
    }

    /// The model whose manifest is there; `None` where these are no names.
    pub fn of_manifest([host, user, name, tag]: [&str; 4]) -> Option<Self> {
        let id = match (host, user) {
            (HOST, LIBRARY) => name.to_owned(),
            (HOST, user) => format!("{user}/{name}"),
            (host, user) => format!("{host}/{user}/{name}"),
        };
        Self::parse(&format!("{id}:{tag}")).filter(|model| model.manifest() == [host, user, name, tag])
    }
}

/// Where a name without a host is from.
const HOST: &str = "registry.ollama.ai";
/// Whose a name without a user is.
const LIBRARY: &str = "library";

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(text, rest)| (text, Some(rest)))
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').collect()
}

/// Whether it is a file's name by itself on every system, and leads nowhere.
fn is_plain(part: &str) -> bool {
    let is_known = |character: char| character.is_ascii_alphanumeric() || "-_.+".contains(character);
    !part.is_empty()
        && part.len() <= 255
        && part.chars().all(is_known)
        && part.chars().any(|character| character != '.')
}

impl FromStr for ModelName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let name = match text.strip_prefix(HUGGING_FACE) {
            Some(rest) => Repository::parse(rest).map(Self::HuggingFace),
            None => text.strip_prefix(OLLAMA).and_then(OllamaModel::parse).map(Self::Ollama),
        };
        name.ok_or_else(|| NameError(text.to_owned()))
    }
}

impl TryFrom<String> for ModelName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<ModelName> for String {
    fn from(name: ModelName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HuggingFace(Repository { id, revision, file }) => {
                write!(f, "{HUGGING_FACE}{id}")?;
                revision.iter().try_for_each(|revision| write!(f, "@{revision}"))?;
                file.iter().try_for_each(|file| write!(f, ":{file}"))
            }
            Self::Ollama(OllamaModel { id, tag }) => {
                write!(f, "{OLLAMA}{id}")?;
                tag.iter().try_for_each(|tag| write!(f, ":{tag}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_as_it_is_read() {
        for name in [
            "hf:gpt2",
            "hf:Qwen/Qwen3-0.6B",
            "hf:a/b@v1.0",
            "hf:a/b@refs/pr/1:q/m.Q4_K_M.gguf",
            "ollama:llama3.2:1b",
            "ollama:qwen3",
            "ollama:me/mine:8b",
            "ollama:hf.co/a/B-GGUF:Q4_K_M",
        ] {
            let read: ModelName = name.parse().unwrap();
            assert_eq!(read.to_string(), name);
            let json = serde_json::to_string(&read).unwrap();
            assert_eq!((json.as_str(), serde_json::from_str(&json).ok()), (&*format!("\"{name}\""), Some(read)));
        }
        let same = |a: &str, b: &str| assert_eq!(a.parse::<ModelName>(), b.parse());
        same("ollama:qwen3:latest", "ollama:qwen3");
        same("hf:a/b@main", "hf:a/b");
    }

    #[test]
    fn nothing_that_leads_elsewhere_is_a_name() {
        for name in [
            "hf:",
            "hf:/etc",
            "hf:../../etc",
            "hf:a/..",
            "hf:a/b/c",
            "hf:a--b/c",
            "hf:a/b@../x",
            "hf:a/b:../x",
            "hf:a\\b",
            "hf:a/b@",
            "hf:a b",
            "ollama:",
            "ollama:../x",
            "ollama:a/b/c/d",
            "ollama:x:",
            "ollama:x:a/../b",
            "ollama:x:a:b",
            "Qwen/Qwen3",
        ] {
            assert!(name.parse::<ModelName>().is_err(), "{name}");
        }
        let message = "hf:../x".parse::<ModelName>().unwrap_err().to_string();
        assert!(message.starts_with("“hf:../x” is no name of a model: expected hf:OWNER/NAME"), "{message}");
    }

    #[test]
    fn a_manifests_place_is_that_of_its_name() {
        let place = |name: &str| match name.parse() {
            Ok(ModelName::Ollama(model)) => model.manifest().join("/"),
            other => panic!("{other:?}"),
        };
        assert_eq!(place("ollama:llama3.2:1b"), "registry.ollama.ai/library/llama3.2/1b");
        assert_eq!(place("ollama:me/mine"), "registry.ollama.ai/me/mine/latest");
        assert_eq!(place("ollama:hf.co/a/b:Q8_0"), "hf.co/a/b/Q8_0");
        let back = OllamaModel::of_manifest(["registry.ollama.ai", "library", "llama3.2", "1b"]).unwrap();
        assert_eq!(ModelName::Ollama(back).to_string(), "ollama:llama3.2:1b");
        assert_eq!(OllamaModel::of_manifest(["a", "b", "..", "d"]), None);
    }
}
