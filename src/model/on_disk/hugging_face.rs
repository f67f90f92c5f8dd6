//! The cache of Hugging Face: `models--OWNER--NAME` with `refs`, which name commits, `snapshots`, a folder of links for
//! each commit, and `blobs`, where the links lead.
//!
//! Reference: <https://huggingface.co/docs/huggingface_hub/guides/manage-cache>.

use std::path::{Path, PathBuf};

use super::{
    Flaw, ModelName, OnDiskError, Program, Target,
    confined::{Leads, Root, file_name},
    found::{DiskSource, Found, Partial},
    name::Repository,
    snapshot::{self, SnapshotModel},
};
use crate::base::{Excerpt, regular_file};

/// What a reference is called that nobody names.
const MAIN: &str = "main";
/// A longer file is no reference: a commit has 40 digits.
const MOST_REF_BYTES: u64 = 256;
/// `refs/refs/pr/1`
const MOST_REF_DEPTH: usize = 3;
/// Digits of a commit that name it.
const SHORT_COMMIT: usize = 12;
/// The fewest that are taken for the beginning of one.
const SHORTEST_COMMIT: usize = 4;

/// A repository in a cache.
struct Cached {
    repository: Repository,
    snapshots: Vec<Snapshot>,
    partial: Option<Partial>,
}

struct Snapshot {
    /// Names of the references that lead to it.
    refs: Vec<String>,
    commit: String,
    path: PathBuf,
    models: Vec<SnapshotModel>,
}

/// All that is in a cache.
pub fn found(root: &Root) -> Vec<Found> {
    let entries = root.entries(root.path()).unwrap_or_default();
    let repository = |path: &PathBuf| {
        let id = file_name(path)?.strip_prefix("models--")?.replace("--", "/");
        Repository::new(&id).map(|repository| Cached::read(root, path, repository))
    };
    entries.iter().filter_map(repository).flat_map(Cached::into_found).collect()
}

/// Where the model of this name is.
///
/// # Errors
/// When it is not there, or not whole, or several are meant.
pub fn locate(wanted: &Repository, roots: &[PathBuf]) -> Result<Target, OnDiskError> {
    let name = || ModelName::HuggingFace(wanted.clone());
    for root in roots.iter().filter_map(|root| Root::open(root).ok()) {
        let path = root.path().join(wanted.folder());
        if !matches!(root.leads(&path), Leads::Nowhere) {
            let alone = Repository { revision: None, file: None, ..wanted.clone() };
            return Cached::read(&root, &path, alone).choose(wanted, name);
        }
    }
    Err(OnDiskError::NotThere { name: name(), looked: roots.to_vec() })
}

impl Cached {
    fn read(root: &Root, path: &Path, repository: Repository) -> Self {
        let flawed = |flaw| {
            let models = vec![SnapshotModel { file: None, target: Err(flaw) }];
            Snapshot { refs: vec![MAIN.to_owned()], commit: String::new(), path: path.to_owned(), models }
        };
        let folders = match root.entries(path) {
            Ok(_) => root.entries(&path.join("snapshots")).unwrap_or_default(),
            Err(flaw) => return Self { repository, snapshots: vec![flawed(flaw)], partial: None },
        };
        let refs = refs(root, &path.join("refs"));
        let snapshot = |folder: PathBuf| {
            let commit = file_name(&folder)?.to_owned();
            let of_this = refs.iter().filter(|(_, found)| *found == commit);
            let refs = of_this.map(|(name, _)| name.clone()).collect();
            Some(Snapshot { refs, commit, models: snapshot::models(root, &folder), path: folder })
        };
        let mut snapshots: Vec<Snapshot> = folders.into_iter().filter_map(snapshot).collect();
        for (name, commit) in &refs {
            if snapshots.iter().all(|found| found.commit != *commit) {
                let why = format!("refs/{name} names {}, whose snapshot is not there", Excerpt::new(commit));
                snapshots.push(Snapshot { refs: vec![name.clone()], ..flawed(Flaw::missing(why)) });
            }
        }
        if snapshots.is_empty() {
            snapshots.push(flawed(Flaw::missing("it has no snapshot")));
        }
        Self { repository, snapshots, partial: partial(root, &path.join("blobs")) }
    }

    /// Which snapshot a name without a revision means: that of `main`, or the only one.
    fn is_default(&self, snapshot: &Snapshot) -> bool {
        let is_main = |snapshot: &Snapshot| snapshot.refs.iter().any(|name| name == MAIN);
        is_main(snapshot) || self.snapshots.len() == 1
    }

    fn is_named(&self, snapshot: &Snapshot, revision: Option<&str>) -> bool {
        let Some(revision) = revision else { return self.is_default(snapshot) };
        let is_commit = revision.len() >= SHORTEST_COMMIT && snapshot.commit.starts_with(revision);
        is_commit || snapshot.refs.iter().any(|name| name == revision)
    }

    /// What a person types for a model.
    fn name(&self, snapshot: &Snapshot, model: &SnapshotModel) -> ModelName {
        let commit = || snapshot.commit.get(..SHORT_COMMIT).unwrap_or(&snapshot.commit);
        let revision = || snapshot.refs.first().map_or_else(commit, String::as_str).to_owned();
        ModelName::HuggingFace(Repository {
            revision: (!self.is_default(snapshot)).then(revision),
            file: model.file.clone().filter(|_| snapshot.models.len() > 1),
            ..self.repository.clone()
        })
    }

    fn choose(self, wanted: &Repository, name: impl Fn() -> ModelName) -> Result<Target, OnDiskError> {
        let is_meant = |snapshot: &&Snapshot| self.is_named(snapshot, wanted.revision.as_deref());
        let of_revision = self.snapshots.iter().filter(is_meant);
        let models =
            || of_revision.clone().flat_map(|snapshot| snapshot.models.iter().map(move |model| (snapshot, model)));
        let is_file = |model: &SnapshotModel, is_same: &dyn Fn(&str, &str) -> bool| match (&wanted.file, &model.file) {
            (Some(wanted), Some(file)) => is_same(&file.to_lowercase(), &wanted.to_lowercase()),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let exact: Vec<_> = models().filter(|(_, model)| is_file(model, &|file, wanted| file == wanted)).collect();
        let alike = || models().filter(|(_, model)| is_file(model, &|file, wanted| file.contains(wanted))).collect();
        let meant: Vec<(&Snapshot, &SnapshotModel)> = if exact.is_empty() { alike() } else { exact };
        match meant[..] {
            [(_, SnapshotModel { target: Ok(target), .. })] => Ok(target.clone()),
            [(_, SnapshotModel { target: Err(flaw), .. })] => {
                Err(OnDiskError::Flawed { name: name(), flaw: in_view_of(self.partial, flaw.clone()) })
            }
            _ => {
                let all = || {
                    self.snapshots
                        .iter()
                        .flat_map(|snapshot| snapshot.models.iter().map(move |model| (snapshot, model)))
                };
                let there = if meant.is_empty() { all().collect() } else { meant };
                let there = there.into_iter().map(|(snapshot, model)| self.name(snapshot, model).to_string());
                Err(OnDiskError::Several { name: name(), there: there.collect() })
            }
        }
    }

    fn into_found(self) -> Vec<Found> {
        let names: Vec<Vec<ModelName>> = (self.snapshots.iter())
            .map(|snapshot| snapshot.models.iter().map(|model| self.name(snapshot, model)).collect())
            .collect();
        let partial = self.partial;
        let of_snapshot = |(snapshot, names): (Snapshot, Vec<ModelName>)| {
            let path = snapshot.path;
            snapshot.models.into_iter().zip(names).map(move |(model, name)| {
                let file = model.target.as_ref().map(|target| target.path().to_owned());
                Found {
                    program: Program::HuggingFace,
                    source: DiskSource::Name(name),
                    path: file.unwrap_or_else(|_| path.clone()),
                    target: model.target.map_err(|flaw| in_view_of(partial, flaw)),
                    partial,
                }
            })
        };
        self.snapshots.into_iter().zip(names).flat_map(of_snapshot).collect()
    }
}

/// What is missing beside a download that was not finished is what that would have brought.
fn in_view_of(partial: Option<Partial>, flaw: Flaw) -> Flaw {
    match partial {
        Some(partial) => partial.explain(flaw),
        None => flaw,
    }
}

/// References by name, and the commits that they name.
fn refs(root: &Root, folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect_refs(root, folder, "", MOST_REF_DEPTH, &mut found);
    found
}

fn collect_refs(root: &Root, folder: &Path, above: &str, depth: usize, found: &mut Vec<(String, String)>) {
    for path in root.entries(folder).unwrap_or_default() {
        let Some(name) = file_name(&path).map(|name| format!("{above}{name}")) else { continue };
        match root.leads(&path) {
            Leads::Within(metadata) if metadata.is_dir() && depth > 0 && !path.is_symlink() => {
                collect_refs(root, &path, &format!("{name}/"), depth - 1, found);
            }
            Leads::Within(metadata) if metadata.is_file() => {
                let commit =
                    regular_file::read(&path, MOST_REF_BYTES).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                found.extend(commit.map(|commit| (name, commit.trim().to_owned())));
            }
            _ => {}
        }
    }
}

/// Blobs that are still being fetched, or were given up.
fn partial(root: &Root, blobs: &Path) -> Option<Partial> {
    let entries = root.entries(blobs).unwrap_or_default();
    let is_partial = |path: &&PathBuf| file_name(path).is_some_and(|name| name.ends_with(".incomplete"));
    Partial::of(entries.iter().filter(is_partial))
}

#[cfg(test)]
mod tests;
