//! What is on screen, kept in a file as long as the window is open: after a crash it is still there.
//!
//! Every window has a file of its own, `NAME.json`, and beside it `NAME.lock`, which it holds locked: the operating
//! system lets go of it when the process ends, however it ends. A `.json` whose lock is free is what a crash left.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use egui::Context;

use crate::{
    engine::{Fingerprints, Outcome},
    session::{Session, document::SessionDocument},
    ui::jobs::background::{Background, Finished},
};

/// From a change to the file.
const SOON: Duration = Duration::from_secs(2);

/// The window's own file.
struct Own {
    /// Locked while it is open.
    _lock: File,
    lock_path: PathBuf,
    path: PathBuf,
}

impl Own {
    fn create(folder: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(folder)?;
        let prefix = format!("{}-", std::process::id());
        let (lock, lock_path) = tempfile::Builder::new().prefix(&prefix).suffix(".lock").tempfile_in(folder)?.keep()?;
        lock.lock()?;
        let path = lock_path.with_extension("json");
        Ok(Self { _lock: lock, lock_path, path })
    }
}

#[derive(Default)]
struct Shared {
    own: Option<Own>,
    /// The window is closed: nothing is written any more.
    is_over: bool,
}

pub struct Autosave {
    /// Without one nothing is kept.
    folder: Option<PathBuf>,
    /// What is in the file, or will be.
    kept: Session,
    due: Option<Instant>,
    fingerprints: Arc<Fingerprints>,
    shared: Arc<Mutex<Shared>>,
    job: Background<Result<(), String>>,
}

impl Autosave {
    /// Nothing is written until the session differs from `session`.
    pub fn new(folder: Option<PathBuf>, session: Session, fingerprints: Arc<Fingerprints>) -> Self {
        let shared = Arc::default();
        Self { folder, kept: session, due: None, fingerprints, shared, job: Background::default() }
    }

    /// Writes what has changed, soon.
    pub fn follow(&mut self, ctx: &Context, session: &Session, shown: Option<&Outcome>) {
        let Some(folder) = &self.folder else { return };
        if *session == self.kept {
            self.due = None;
            return;
        }
        let due = *self.due.get_or_insert_with(|| Instant::now() + SOON);
        let left = due.saturating_duration_since(Instant::now());
        if !left.is_zero() || self.job.is_running() {
            ctx.request_repaint_after(left.max(Duration::from_millis(100)));
            return;
        }
        self.due = None;
        self.kept = session.clone();
        let (folder, session, shown) = (folder.clone(), session.clone(), shown.cloned());
        let (fingerprints, shared) = (self.fingerprints.clone(), self.shared.clone());
        self.job.start(ctx, "autosave", move || {
            let document = SessionDocument::of(&session, shown.as_ref(), &fingerprints);
            write(&shared, &folder, document)
        });
    }

    /// Why nothing is kept, the first time.
    pub fn poll(&mut self) -> Option<String> {
        let complaint = match self.job.poll()? {
            Finished::Done(Ok(())) => return None,
            Finished::Done(Err(complaint)) => complaint,
            Finished::Broken => "internal error".to_owned(),
        };
        self.folder = None;
        Some(format!("What is on screen is not kept for after a crash: {complaint}"))
    }
}

fn write(shared: &Mutex<Shared>, folder: &Path, document: SessionDocument) -> Result<(), String> {
    let mut shared = lock(shared);
    if shared.is_over {
        return Ok(());
    }
    let own = if let Some(own) = &shared.own {
        own
    } else {
        let own = Own::create(folder).map_err(|error| format!("{error}: {}", folder.display()))?;
        shared.own.insert(own)
    };
    document.save(&own.path).map_err(|error| error.to_string())
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Autosave {
    /// A window that is closed leaves nothing; one that ends in a panic leaves what it had.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let mut shared = lock(&self.shared);
        shared.is_over = true;
        if let Some(own) = shared.own.take() {
            // What cannot be removed is offered at the next start, no more.
            let _ = fs::remove_file(&own.path);
            let _ = fs::remove_file(&own.lock_path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::panels::sessions::crashed;

    fn document() -> SessionDocument {
        SessionDocument::of_unread(&Session::default().with([crate::session::Command::SetLayer(7)]), None)
    }

    #[test]
    fn an_open_windows_file_is_its_own_and_a_closed_one_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("state").join("sessions");
        let open = || Autosave::new(Some(kept.clone()), Session::default(), Arc::default());
        let (first, second) = (open(), open());
        for autosave in [&first, &second, &first] {
            write(&autosave.shared, &kept, document()).unwrap();
        }
        assert_eq!(fs::read_dir(&kept).unwrap().count(), 4, "a file and a lock each");
        assert!(crashed::find(&kept).is_none(), "both are alive");
        drop(first);
        assert_eq!(fs::read_dir(&kept).unwrap().count(), 2);

        // The process of the second ends: its lock is free, and nothing is removed.
        lock(&second.shared).own.take();
        let left = crashed::find(&kept).unwrap();
        assert_eq!(left.document.session.layer(), 7);
        assert!(crashed::find(&kept).is_none(), "another start does not offer it as well");
        drop(left);
        crashed::find(&kept).unwrap().discard();
        assert_eq!(fs::read_dir(&kept).unwrap().count(), 0);
        drop(second);
    }

    #[test]
    fn a_panic_leaves_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().to_owned();
        let thread = std::thread::Builder::new().spawn(move || {
            let autosave = Autosave::new(Some(kept.clone()), Session::default(), Arc::default());
            write(&autosave.shared, &kept, document()).unwrap();
            panic!("on purpose");
        });
        assert!(thread.unwrap().join().is_err());
        assert!(crashed::find(folder.path()).is_some());
    }

    #[test]
    fn what_cannot_be_read_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("a.json", "{}"), ("b.json", ""), ("notes.txt", "")] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        assert!(crashed::find(folder.path()).is_none());
        assert!(folder.path().join("a.json").exists());
        assert!(crashed::find(&folder.path().join("none")).is_none());
    }
}
