//! The list of all models on this disk, by their headers.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{
    Flaw, ModelName, Places, Program, State, Target,
    adapter_base::locate_base,
    confined::Root,
    found::{DiskSource, Found},
    hugging_face, loose_files, ollama,
};
use crate::model::{
    folder::{self, FolderError},
    gguf,
    summary::Summary,
};

/// A model on this disk, as its headers say it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskModel {
    /// What opens it.
    pub source: DiskSource,
    /// Whose folder it is in.
    pub program: Program,
    /// Where it is.
    pub path: PathBuf,
    /// What the model calls its kind: `model_type`, or the architecture of a GGUF file.
    pub family: Option<String>,
    /// Of the files with its weights, or of what is there of a download.
    pub n_bytes: u64,
    /// Whether it opens.
    pub state: State,
    /// Why it does not; empty where it does.
    pub why: String,
    /// Of an adapter that opens, the model that it is over.
    pub over: Option<ModelName>,
}

impl DiskModel {
    /// Whether it opens, over what, or why not, for people.
    pub fn opens(&self) -> String {
        match (self.state, &self.over) {
            (State::Opens, None) => "yes".to_owned(),
            (State::Opens, Some(base)) => format!("yes, an adapter over {base}"),
            (State::Refused | State::Unfinished | State::Missing, _) => format!("no: {}", self.why),
        }
    }
}

/// A folder that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchedFolder {
    /// Whose it would be.
    pub program: Program,
    /// Where it would be.
    pub path: PathBuf,
    /// Why nothing was looked at in it; `None` where it was.
    pub why_not: Option<String>,
}

/// What is on this disk, and where it was looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// By program, then by name.
    pub models: Vec<DiskModel>,
    /// Every folder that was looked for.
    pub searched: Vec<SearchedFolder>,
}

/// All models in `places`. Reads their headers, on all cores; `is_over` gives up what is not read yet.
pub fn list(places: &Places, is_over: &(dyn Fn() -> bool + Sync)) -> Listing {
    let Places { hugging_face, ollama, lm_studio, llama_cpp } = places;
    let of = |program, folders: &[PathBuf]| folders.iter().map(|path| (program, path.clone())).collect::<Vec<_>>();
    let folders = [
        of(Program::HuggingFace, hugging_face),
        of(Program::Ollama, ollama),
        of(Program::LmStudio, lm_studio),
        of(Program::LlamaCpp, llama_cpp),
    ];
    let mut listing = Listing::default();
    let mut found = Vec::new();
    for (program, path) in folders.concat() {
        let why_not = match Root::open(&path) {
            Ok(root) => {
                found.extend(all_in(program, &root));
                None
            }
            Err(cause) => Some(cause.to_string()),
        };
        listing.searched.push(SearchedFolder { program, path, why_not });
    }
    let inspected = found.into_par_iter().filter_map(|found| (!is_over()).then(|| inspect(found, places)));
    listing.models = inspected.collect();
    listing
}

fn all_in(program: Program, root: &Root) -> Vec<Found> {
    match program {
        Program::HuggingFace => hugging_face::found(root),
        Program::Ollama => ollama::found(root),
        Program::LmStudio | Program::LlamaCpp => loose_files::found(program, root),
    }
}

/// Looks at the headers.
fn inspect(found: Found, places: &Places) -> DiskModel {
    let Found { program, source, path, target, partial } = found;
    let mut over = None;
    let (summary, flaw) = match target {
        Ok(Target::Folder(folder)) if folder::is_adapter_alone(&folder) => {
            let (summary, opens) = inspect_adapter(&folder, places);
            (summary, opens.map(|base| over = Some(base)).err())
        }
        Ok(Target::Folder(folder)) => {
            let (summary, opens) = folder::summary(&folder);
            (summary, opens.err().map(|error| flaw(error.is_missing(), &error.to_string(), &folder)))
        }
        Ok(Target::Gguf(file)) => {
            let (summary, opens) = gguf::summary(&file);
            (summary, opens.err().map(|error| flaw(error.is_missing(), &error.to_string(), &file)))
        }
        Err(flaw) => (Summary::default(), Some(flaw)),
    };
    let flaw = match (flaw, partial) {
        (Some(flaw), Some(partial)) => Some(partial.explain(flaw)),
        (flaw, _) => flaw,
    };
    let Summary { family, n_bytes } = summary;
    let n_bytes = if n_bytes == 0 { partial.map_or(0, |partial| partial.n_bytes) } else { n_bytes };
    let (state, why) = flaw.map_or((State::Opens, String::new()), |Flaw { state, why }| (state, why));
    DiskModel { source, program, path, family, n_bytes, state, why, over }
}

/// What an adapter alone is over, where that is in the cache too and the two open.
fn inspect_adapter(folder: &Path, places: &Places) -> (Summary, Result<ModelName, Flaw>) {
    let Some(named) = folder::base_named(folder) else {
        let why = "an adapter of a model that it does not name: --base names it for the adapter's folder";
        return (folder::summary(folder).0, Err(Flaw::refused(why)));
    };
    match locate_base(&named, places) {
        Ok((name, base)) => {
            let (summary, opens) = folder::summary_of_adapter(folder, &base);
            let refused = |error: FolderError| {
                let message = without_path(&error.to_string(), folder);
                flaw(error.is_missing(), &format!("over {name}: {message}"), &base)
            };
            (summary, opens.map(|()| name.clone()).map_err(refused))
        }
        Err(flaw) => (folder::summary(folder).0, Err(flaw)),
    }
}

fn flaw(is_missing: bool, message: &str, path: &Path) -> Flaw {
    let why = without_path(message, path);
    if is_missing { Flaw::missing(why) } else { Flaw::refused(why) }
}

/// A message whose end is the model's path, or one within: the list has the path beside it.
fn without_path(message: &str, path: &Path) -> String {
    match message.rsplit_once(&format!(": {}", path.display())) {
        Some((message, "")) => message.to_owned(),
        Some((message, below)) => format!("{message}: {}", below.trim_start_matches(['/', '\\'])),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::bundled;

    fn loose(folder: &Path) -> Vec<DiskModel> {
        let places = Places { lm_studio: vec![folder.to_owned()], ..Places::default() };
        list(&places, &|| false).models
    }

    fn write(folder: &Path, name: &str, bytes: &[u8]) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn a_model_is_listed_with_what_its_headers_say() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a/austen/config.json", bundled::CONFIG);
        write(folder.path(), "a/austen/model.safetensors", bundled::WEIGHTS);
        write(folder.path(), "b/mamba/config.json", br#"{"model_type": "mamba"}"#);
        write(folder.path(), "c/x.gguf", b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        write(folder.path(), "c/y.gguf.part", &[0; 30]);
        write(folder.path(), "notes.txt", b"GGUF");
        let found = loose(folder.path());
        let [austen, mamba, partial, empty] = &found[..] else { panic!("{found:?}") };
        assert_eq!(austen.source, DiskSource::Folder(folder.path().join("a/austen")));
        assert_eq!((austen.state, austen.family.as_deref()), (State::Opens, Some("llama")));
        assert_eq!(austen.n_bytes, bundled::WEIGHTS.len() as u64);
        assert_eq!((mamba.state, mamba.family.as_deref()), (State::Refused, Some("mamba")));
        assert!(mamba.why.ends_with("have no attention pattern"), "the path stands beside it: {}", mamba.why);
        assert_eq!((partial.state, partial.n_bytes), (State::Unfinished, 30));
        assert_eq!((empty.state, empty.family.as_deref()), (State::Refused, None));
        assert_eq!(list(&Places::default(), &|| false), Listing::default());
    }

    #[test]
    fn a_folder_that_is_not_there_is_told() {
        let places = Places { ollama: vec!["/no/such folder".into()], ..Places::default() };
        let searched = list(&places, &|| false).searched;
        assert!(searched[0].why_not.is_some() && searched[0].program == Program::Ollama, "{searched:?}");
    }

    #[cfg(unix)]
    #[test]
    fn links_out_and_circles_are_not_followed_and_pipes_not_waited_for() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let outside = tempfile::tempdir().unwrap();
        write(outside.path(), "x.gguf", b"GGUF");
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("m")).unwrap();
        symlink(outside.path(), at("m/out")).unwrap();
        symlink(outside.path().join("x.gguf"), at("m/out.gguf")).unwrap();
        symlink("..", at("m/up")).unwrap();
        symlink("round", at("m/round")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("m/pipe.gguf")).status().unwrap().success());
        fs::create_dir(at("shut")).unwrap();
        fs::set_permissions(at("shut"), fs::Permissions::from_mode(0o000)).unwrap();
        // Whoever may read everything has no unreadable folder.
        let is_shut = fs::read_dir(at("shut")).is_err();
        let found = loose(folder.path());
        fs::set_permissions(at("shut"), fs::Permissions::from_mode(0o700)).unwrap();
        let whys: Vec<&str> = found.iter().map(|model| &*model.why).collect();
        assert_eq!(whys.iter().filter(|why| why.contains("leads out of")).count(), 2, "{whys:?}");
        assert_eq!(
            whys.iter().filter(|why| why.starts_with("cannot read shut")).count(),
            usize::from(is_shut),
            "{whys:?}"
        );
        assert!(found.iter().all(|model| model.state != State::Opens));
    }
}
