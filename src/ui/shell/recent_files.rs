//! The sources and sessions that were opened lately, remembered in a small JSON file.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use egui::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::state_file;
use crate::{
    base::{WriteError, is_handed_over, regular_file},
    engine::SourceSpec,
    ui::jobs::background::{Background, Finished},
};

/// Most that are remembered.
const MOST: usize = 10;
/// Most of a path that a menu shows.
const PATH_CHARACTERS: usize = 36;
/// A longer file is none of ours.
const MOST_BYTES: u64 = 1 << 20;

/// What was open lately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RecentFile {
    Session { session: PathBuf },
    Source(SourceSpec),
}

impl RecentFile {
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Session { session } => Some(session),
            Self::Source(source) => source.path(),
        }
    }

    /// What is bundled is in a menu of its own.
    fn is_remembered(&self) -> bool {
        !matches!(self, Self::Source(SourceSpec::Bundled(_)))
    }

    /// Its name without the folder that it is in.
    pub fn name(&self) -> String {
        match self {
            Self::Session { session } => session.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Source(source) => source.name(),
        }
    }

    /// The end of the path of the folder that it is in; of what has a name instead, whose cache that is.
    pub fn folder(&self) -> String {
        match self {
            Self::Source(SourceSpec::Cached(name)) => name.program().name().to_owned(),
            other => other.path().and_then(Path::parent).map_or_else(String::new, elided),
        }
    }
}

/// What opens it, whole.
impl fmt::Display for RecentFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session { session } => session.display().fmt(f),
            Self::Source(source) => source.fmt(f),
        }
    }
}

/// The end of a long path.
fn elided(path: &Path) -> String {
    let text = path.display().to_string();
    let length = text.chars().count();
    if length <= PATH_CHARACTERS {
        return text;
    }
    let end: String = text.chars().skip(length + 1 - PATH_CHARACTERS).collect();
    format!("…{end}")
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    Add(RecentFile),
    Remove(RecentFile),
    Clear,
}

/// Sources from the disk, newest first. The file is read and written on a thread; another window may change it too.
pub struct RecentFiles {
    file: Option<PathBuf>,
    sources: Vec<RecentFile>,
    /// Not in the file yet.
    waiting: Vec<Change>,
    job: Background<Result<Vec<RecentFile>, WriteError>>,
    is_readable: bool,
}

impl RecentFiles {
    /// Starts to read `file`; without one nothing outlives the window.
    pub fn new(ctx: &Context, file: Option<PathBuf>) -> Self {
        let mut recent =
            Self { file, sources: Vec::new(), waiting: Vec::new(), job: Background::default(), is_readable: true };
        recent.start(ctx);
        recent
    }

    /// At most ten, newest first.
    pub fn sources(&self) -> &[RecentFile] {
        &self.sources
    }

    /// Whether the file is being read or written.
    pub fn is_busy(&self) -> bool {
        self.job.is_running()
    }

    /// Puts a source in front; does nothing for a bundled one, nor for what was handed over and goes with its window.
    pub fn add(&mut self, ctx: &Context, source: &SourceSpec) {
        let recent = RecentFile::Source(source.absolute());
        if recent.is_remembered() && !source.path().is_some_and(is_handed_over) {
            self.change(ctx, Change::Add(recent));
        }
    }

    /// Puts a session's file, or a figure with one, in front.
    pub fn add_session(&mut self, ctx: &Context, file: &Path) {
        let session = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        self.change(ctx, Change::Add(RecentFile::Session { session }));
    }

    /// Returns whether it was there.
    pub fn remove(&mut self, ctx: &Context, source: &SourceSpec) -> bool {
        let source = RecentFile::Source(source.absolute());
        let was_there = self.sources.contains(&source);
        if was_there {
            self.change(ctx, Change::Remove(source));
        }
        was_there
    }

    pub fn clear(&mut self, ctx: &Context) {
        self.change(ctx, Change::Clear);
    }

    fn change(&mut self, ctx: &Context, change: Change) {
        apply(&mut self.sources, &change);
        self.waiting.push(change);
        self.start(ctx);
    }

    /// Takes in what the thread has done. Returns why nothing can be remembered, the first time.
    pub fn poll(&mut self, ctx: &Context) -> Option<String> {
        let complaint = match self.job.poll()? {
            Finished::Done(Ok(sources)) => {
                self.sources = sources;
                for change in &self.waiting {
                    apply(&mut self.sources, change);
                }
                None
            }
            Finished::Done(Err(error)) => Some(error.to_string()),
            Finished::Broken => Some("internal error".to_owned()),
        };
        if complaint.is_none() {
            if !self.waiting.is_empty() {
                self.start(ctx);
            }
            return None;
        }
        let is_first = std::mem::replace(&mut self.is_readable, false);
        complaint.filter(|_| is_first).map(|cause| format!("Recent sources are not remembered: {cause}"))
    }

    fn start(&mut self, ctx: &Context) {
        let Some(file) = self.file.clone().filter(|_| self.is_readable && !self.job.is_running()) else { return };
        let changes = std::mem::take(&mut self.waiting);
        self.job.start(ctx, "recent sources", move || update(&file, &changes));
    }
}

fn apply(sources: &mut Vec<RecentFile>, change: &Change) {
    match change {
        Change::Add(source) => {
            sources.retain(|other| other != source);
            sources.insert(0, source.clone());
            sources.truncate(MOST);
        }
        Change::Remove(source) => sources.retain(|other| other != source),
        Change::Clear => sources.clear(),
    }
}

/// Carries out `changes` on the file, and returns what it then holds.
fn update(file: &Path, changes: &[Change]) -> Result<Vec<RecentFile>, WriteError> {
    let mut sources = read(file);
    if changes.is_empty() {
        return Ok(sources);
    }
    for change in changes {
        apply(&mut sources, change);
    }
    // A path that is no Unicode cannot stand in JSON.
    let values: Vec<Value> = sources.iter().filter_map(|source| serde_json::to_value(source).ok()).collect();
    state_file::write(file, |out| serde_json::to_writer_pretty(out, &values).map_err(io::Error::from))?;
    Ok(sources)
}

/// What the file holds; nothing where it is missing or no list. Entries of another version of the program are left out.
fn read(file: &Path) -> Vec<RecentFile> {
    let text = regular_file::read(file, MOST_BYTES).unwrap_or_default();
    let values: Vec<Value> = serde_json::from_slice(&text).unwrap_or_default();
    let sources = values.into_iter().filter_map(|value| serde_json::from_value(value).ok());
    sources.filter(RecentFile::is_remembered).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn capture(name: &str) -> RecentFile {
        RecentFile::Source(SourceSpec::Capture(Path::new("/somewhere").join(name)))
    }

    #[test]
    fn the_newest_ten_are_kept_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep").join("recent.json");
        for number in 0..15 {
            update(&file, &[Change::Add(capture(&number.to_string()))]).unwrap();
        }
        let changes = [Change::Add(capture("9")), Change::Remove(capture("14"))];
        let sources = update(&file, &changes).unwrap();
        let expected = ["9", "13", "12", "11", "10", "8", "7", "6", "5"].map(capture);
        assert_eq!(sources, expected);
        assert_eq!(read(&file), expected);
        assert_eq!(update(&file, &[Change::Clear]).unwrap(), []);
        assert_eq!(read(&file), []);
    }

    #[test]
    fn what_is_no_list_of_sources_is_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recent.json");
        assert_eq!(read(&file), [], "missing");
        assert_eq!(read(folder.path()), [], "a folder");
        for text in ["", "{", "{}", "7", "[1, null, {\"planet\": \"/x\"}, {\"bundled\": \"austen\"}]"] {
            fs::write(&file, text).unwrap();
            assert_eq!(read(&file), [], "{text}");
        }
        fs::write(&file, r#"[{"comet": "/x"}, {"folder": "/models/a"}, {"session": "/x.json"}]"#).unwrap();
        let known = [
            RecentFile::Source(SourceSpec::Folder("/models/a".into())),
            RecentFile::Session { session: "/x.json".into() },
        ];
        assert_eq!(read(&file), known, "what is known is read");
    }

    #[test]
    fn relative_paths_become_absolute() {
        let source = SourceSpec::Folder("models/a".into()).absolute();
        assert_eq!(source, SourceSpec::Folder(std::env::current_dir().unwrap().join("models/a")));
    }

    #[test]
    fn a_folder_that_takes_no_file_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        fs::write(&blocked, "").unwrap();
        let error = update(&blocked.join("recent.json"), &[Change::Clear]).unwrap_err();
        assert!(error.to_string().contains("recent.json"), "{error}");
    }
}
