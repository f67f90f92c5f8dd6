//! Sessions from and to files: reading them and finding their sources again, saving, and what is kept for after a crash.

mod astray;
mod autosave;
mod crashed;
mod saver;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use egui::{Context, Panel, Ui, ViewportCommand};

use super::{
    action::{Action, Actions},
    background::{Background, Finished},
};
use crate::{
    engine::{Fingerprints, Outcome},
    session::{
        Session,
        document::{self, Inputs, SessionDocument, SourceRecord, Whereabouts},
    },
};
use astray::{Answer, Astray};
use autosave::Autosave;
use crashed::Crashed;
use saver::Saver;

const TITLE: &str = "Attenuate";

/// What a gesture asks of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionAction {
    /// Read this file, find its source, and go there.
    Open(PathBuf),
    /// Into the file that it came from or went to last; without one, ask.
    Save,
    SaveAs,
    /// What an earlier window left when it ended without being closed.
    Restore,
    Dismiss,
}

impl From<SessionAction> for Action {
    fn from(action: SessionAction) -> Self {
        Self::Sessions(action)
    }
}

/// Where a session comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    File(PathBuf),
    Crash,
}

/// A session on its way to the screen, on a source that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Restoring {
    pub session: Session,
    pub origin: Origin,
}

/// What has become of something.
pub enum Event {
    Restore(Box<Restoring>),
    Failed(String),
    Saved(PathBuf),
    Told(String),
}

/// A document that was read, and where its source is.
struct Looked {
    document: SessionDocument,
    origin: Origin,
    whereabouts: Whereabouts,
}

/// The crashed window's session, and whether it is on its way back.
struct Offer {
    crashed: Crashed,
    is_coming: bool,
}

/// The session's file, the dialogs, and the threads that read and write.
pub struct Sessions {
    fingerprints: Arc<Fingerprints>,
    /// Numbered: the newest wins.
    reading: Background<(u64, Result<Looked, String>)>,
    newest: u64,
    astray: Option<Astray>,
    saver: Saver,
    /// What [`SessionAction::Save`] writes, and what it holds.
    file: Option<(PathBuf, Session)>,
    /// Every source and session that this window has shown.
    inputs: Inputs,
    autosave: Autosave,
    searching: Background<Option<Crashed>>,
    offer: Option<Offer>,
    title: String,
}

impl Sessions {
    /// A window that keeps what it shows in the folder `kept`, and looks there for what others left.
    pub fn new(ctx: &Context, session: &Session, kept: Option<PathBuf>) -> Self {
        let mut searching = Background::default();
        if let Some(folder) = kept.clone() {
            searching.start(ctx, "crashed sessions", move || crashed::find(&folder));
        }
        let fingerprints = Arc::new(Fingerprints::default());
        Self {
            fingerprints: fingerprints.clone(),
            reading: Background::default(),
            newest: 0,
            astray: None,
            saver: Saver::default(),
            file: None,
            inputs: Inputs::default(),
            autosave: Autosave::new(kept, session.clone(), fingerprints),
            searching,
            offer: None,
            title: TITLE.to_owned(),
        }
    }

    /// What is known of the sources' content, for [`document::payload`] on a thread.
    pub fn fingerprints(&self) -> &Arc<Fingerprints> {
        &self.fingerprints
    }

    /// What this window has read, which nothing that it writes may destroy.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// Whether something is being read or written that was asked for.
    pub fn is_busy(&self) -> bool {
        self.reading.is_running() || self.saver.is_saving() || self.searching.is_running()
    }

    /// Whether a dialog is open.
    pub fn is_asking(&self) -> bool {
        self.astray.is_some() || self.saver.is_open()
    }

    /// Reads a session from `file` and looks for its source.
    pub fn open(&mut self, ctx: &Context, file: PathBuf) {
        let fingerprints = self.fingerprints.clone();
        self.look(ctx, move || {
            let document = document::read(&file).map_err(|error| error.to_string())?;
            let whereabouts = document::locate(&document, Some(&file), &fingerprints);
            Ok(Looked { document, origin: Origin::File(file), whereabouts })
        });
    }

    /// Looks for the source of a session that was read from a file already.
    pub fn start(&mut self, ctx: &Context, session: &Session, (file, source): (PathBuf, SourceRecord)) {
        let document = SessionDocument { source, ..SessionDocument::of_unread(session, None) };
        self.find(ctx, document, Origin::File(file));
    }

    fn find(&mut self, ctx: &Context, document: SessionDocument, origin: Origin) {
        let fingerprints = self.fingerprints.clone();
        self.look(ctx, move || {
            let file = match &origin {
                Origin::File(file) => Some(&**file),
                Origin::Crash => None,
            };
            let whereabouts = document::locate(&document, file, &fingerprints);
            Ok(Looked { document, origin, whereabouts })
        });
    }

    fn look(&mut self, ctx: &Context, work: impl FnOnce() -> Result<Looked, String> + Send + 'static) {
        self.newest += 1;
        let number = self.newest;
        self.reading.start(ctx, "session", move || (number, work()));
    }

    /// Saves into the session's file; asks for one where there is none, or where `anew`.
    pub fn save(&mut self, ctx: &Context, session: &Session, shown: Option<&Outcome>, anew: bool) {
        match &self.file {
            Some((file, _)) if !anew => {
                let file = file.clone();
                self.saver.save(ctx, file, session, shown, &self.fingerprints, &self.inputs);
            }
            file => self.saver.open(file.as_ref().map(|(file, _)| &**file)),
        }
    }

    /// Brings back what a crashed window had.
    pub fn restore(&mut self, ctx: &Context) {
        let Some(offer) = &mut self.offer else { return };
        offer.is_coming = true;
        let document = offer.crashed.document.clone();
        self.find(ctx, document, Origin::Crash);
    }

    /// Removes what a crashed window left.
    pub fn dismiss(&mut self) {
        if let Some(offer) = self.offer.take() {
            offer.crashed.discard();
        }
    }

    /// The session is on screen.
    pub fn arrived(&mut self, origin: Origin, session: &Session) {
        if let Origin::File(file) = &origin {
            self.inputs.add_session(file);
        }
        match origin {
            Origin::Crash => self.dismiss(),
            // A figure is not overwritten by its session.
            Origin::File(file) if file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) => {
                self.file = Some((file, session.clone()));
            }
            Origin::File(_) => self.file = None,
        }
    }

    /// It will not come: a crashed window's session is offered again.
    pub fn stays_away(&mut self) {
        if let Some(offer) = &mut self.offer {
            offer.is_coming = false;
        }
    }

    /// Keeps what is on screen for after a crash, and the window's title.
    pub fn follow(&mut self, ctx: &Context, session: &Session, shown: Option<&Outcome>) {
        self.inputs.add_source(session.source());
        self.autosave.follow(ctx, session, shown);
        let title = self.title_of(session);
        if title != self.title {
            self.title.clone_from(&title);
            ctx.send_viewport_cmd(ViewportCommand::Title(title));
        }
    }

    /// The file's name, with a mark while it holds something else.
    fn title_of(&self, session: &Session) -> String {
        let Some((file, saved)) = &self.file else { return TITLE.to_owned() };
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let mark = if saved == session { "" } else { "● " };
        format!("{mark}{name} – {TITLE}")
    }

    /// What the threads have done.
    pub fn poll(&mut self) -> Option<Event> {
        if let Some(Finished::Done(Some(crashed))) = self.searching.poll() {
            self.offer = Some(Offer { crashed, is_coming: false });
        }
        if let Some(complaint) = self.autosave.poll() {
            return Some(Event::Told(complaint));
        }
        match self.saver.poll() {
            Some(Ok((file, session))) => {
                self.inputs.add_session(&file);
                self.file = Some((file.clone(), session));
                return Some(Event::Saved(file));
            }
            Some(Err(message)) => return Some(Event::Failed(message)),
            None => {}
        }
        match self.reading.poll()? {
            Finished::Done((number, _)) if number != self.newest => None,
            Finished::Done((_, Ok(looked))) => self.found(looked),
            Finished::Done((_, Err(message))) => {
                self.stays_away();
                Some(Event::Failed(message))
            }
            Finished::Broken => {
                self.stays_away();
                Some(Event::Failed("Internal error while reading a session.".to_owned()))
            }
        }
    }

    fn found(&mut self, looked: Looked) -> Option<Event> {
        let Looked { document, origin, whereabouts } = looked;
        match whereabouts {
            Whereabouts::Here(source) => {
                self.astray = None;
                Some(Event::Restore(Box::new(Restoring { session: document.session_on(source), origin })))
            }
            astray => {
                self.astray = Some(Astray::new(document, origin, astray, self.astray.take()));
                None
            }
        }
    }

    /// The dialogs, where one is open. Returns what came of it.
    pub fn show(&mut self, ctx: &Context, session: &Session, shown: Option<&Outcome>) -> Option<Decision> {
        if let Some(file) = self.saver.show(ctx) {
            self.saver.save(ctx, file, session, shown, &self.fingerprints, &self.inputs);
        }
        let is_looking = self.reading.is_running();
        match self.astray.as_mut()?.show(ctx, is_looking)? {
            Answer::Look(source) => {
                let (document, origin) = self.astray.as_ref().map(Astray::wanted)?;
                let fingerprints = self.fingerprints.clone();
                self.look(ctx, move || {
                    let whereabouts = document.check(source, &fingerprints);
                    Ok(Looked { document, origin, whereabouts })
                });
                None
            }
            Answer::Anyway(source) => {
                let (document, origin) = self.astray.take()?.wanted();
                Some(Decision::Restore(Box::new(Restoring { session: document.session_on(source), origin })))
            }
            Answer::Cancel => {
                self.astray = None;
                // What is being looked at is not wanted any more.
                self.newest += 1;
                self.stays_away();
                Some(Decision::Stay)
            }
        }
    }

    /// What a crashed window left, to be taken or not.
    pub fn offer_ui(&self, ui: &mut Ui, actions: &mut Actions) {
        let Some(Offer { crashed, is_coming: false }) = &self.offer else { return };
        Panel::top("restore").show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                let session = &crashed.document.session;
                let (source, layer, head) = (session.source(), session.layer(), session.head());
                ui.label(format!(
                    "Attenuate ended without being closed. Restore what you had? {}, layer {layer}, head {head}",
                    source.name()
                ));
                if ui.button("Restore").clicked() {
                    actions.push(SessionAction::Restore.into());
                }
                if ui.button("Dismiss").on_hover_text("Forget it").clicked() {
                    actions.push(SessionAction::Dismiss.into());
                }
            });
        });
    }
}

/// What a dialog has led to.
pub enum Decision {
    Restore(Box<Restoring>),
    /// With what is on screen.
    Stay,
}

/// The session's own file next to `path`, a figure or nothing.
fn suggested(path: Option<&Path>) -> PathBuf {
    path.map_or_else(
        || std::env::current_dir().unwrap_or_default().join("session.json"),
        |path| path.with_extension("json"),
    )
}
