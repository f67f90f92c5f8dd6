//! Sessions from and to files: reading them and finding their sources again, saving, and what is kept for after a crash.

mod autosave;
mod crashed;
mod missing_source;
mod saver;

use std::{path::PathBuf, sync::Arc};

use egui::{Context, Panel, Ui, ViewportCommand};

use crate::{
    engine::{Fingerprints, Outcome},
    session::{
        Session,
        document::{self, SessionDocument, Whereabouts},
    },
    ui::{
        dialogs::save_dialog::SaveDialog,
        jobs::background::{Background, Finished},
        memo::{Memo, Revision, Same},
        shell::{
            action::{Action, Actions, SessionAction},
            part::{Modality, Part, PartContext},
            recent_files::RecentFile,
            restoring::{Origin, Restoring},
            setup::Setup,
        },
    },
};
use autosave::Autosave;
use crashed::Crashed;
use missing_source::{Answer, MissingSource};
use saver::{SaveTask, Written, session_dialog, suggested};

const TITLE: &str = "Attenuate";

/// A document that was read, and where its source is.
struct Looked {
    document: SessionDocument,
    origin: Origin,
    whereabouts: Whereabouts,
}

/// Says why nothing comes of it.
fn failed(cx: &mut PartContext<'_>, message: impl Into<String>) {
    cx.actions.push(Action::NotOpened(message.into()));
    cx.actions.push(Action::Stay);
}

/// Where a session is saved.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The file that it has.
    Same,
    /// One that is asked for.
    New,
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
    missing: Option<MissingSource>,
    saver: SaveDialog<Written>,
    file: Option<OwnFile>,
    autosave: Autosave,
    searching: Background<Option<Crashed>>,
    offer: Option<Offer>,
    /// Of the session and its file.
    title: Memo<(Same<Session>, Option<Revision>), String>,
    /// The title that the window has.
    shown_title: String,
}

/// What [`SessionAction::Save`] writes, and what it holds.
struct OwnFile {
    path: PathBuf,
    session: Session,
    /// Of path and session.
    revision: Revision,
}

impl OwnFile {
    fn new(path: PathBuf, session: Session) -> Self {
        Self { path, session, revision: Revision::next() }
    }
}

impl Sessions {
    /// Looks for what crashed windows left; and for the source of `session`, where that was read from a file.
    pub fn new(ctx: &Context, session: &Session, setup: &Setup, fingerprints: Arc<Fingerprints>) -> Self {
        let kept = setup.kept.clone();
        let mut searching = Background::default();
        if let Some(folder) = kept.clone() {
            searching.start(ctx, "crashed sessions", move || crashed::find(&folder));
        }
        let mut sessions = Self {
            fingerprints: fingerprints.clone(),
            reading: Background::default(),
            newest: 0,
            missing: None,
            saver: session_dialog(),
            file: None,
            autosave: Autosave::new(kept, session.clone(), fingerprints),
            searching,
            offer: None,
            title: Memo::default(),
            shown_title: TITLE.to_owned(),
        };
        if let Some((file, source)) = setup.from.clone() {
            let document = SessionDocument { source, ..SessionDocument::of_unread(session, None) };
            sessions.find(ctx, document, Origin::File(file));
        }
        sessions
    }

    /// Reads a session from `file` and looks for its source.
    fn open(&mut self, ctx: &Context, file: PathBuf) {
        let fingerprints = self.fingerprints.clone();
        self.look(ctx, move || {
            let document = document::read(&file).map_err(|error| error.to_string())?;
            let whereabouts = document::locate(&document, Some(&file), &fingerprints);
            Ok(Looked { document, origin: Origin::File(file), whereabouts })
        });
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

    /// Saves into the session's file; asks for one where there is none, or where a new one is wanted.
    fn save(&mut self, cx: &PartContext<'_>, place: Place) {
        match &self.file {
            Some(file) if place == Place::Same => {
                let path = file.path.clone();
                self.write(cx, path);
            }
            file => {
                if let Some(file) = file {
                    self.saver.suggest(&suggested(Some(&file.path)));
                }
                self.saver.open();
            }
        }
    }

    fn write(&mut self, cx: &PartContext<'_>, file: PathBuf) {
        let task = SaveTask {
            file,
            session: Session::clone(cx.session),
            shown: cx.shown.answer(cx.session).cloned(),
            fingerprints: self.fingerprints.clone(),
            inputs: cx.navigation.inputs().clone(),
        };
        self.saver.start(cx.egui, "saving a session", move || task.run());
    }

    /// Brings back what a crashed window had.
    fn restore(&mut self, ctx: &Context) {
        let Some(offer) = &mut self.offer else { return };
        offer.is_coming = true;
        let document = offer.crashed.document.clone();
        self.find(ctx, document, Origin::Crash);
    }

    /// Removes what a crashed window left.
    fn dismiss(&mut self) {
        if let Some(offer) = self.offer.take() {
            offer.crashed.discard();
        }
    }

    /// The session is on screen.
    fn arrived(&mut self, restored: &Restoring) {
        let Restoring { session, origin } = restored;
        match origin {
            Origin::Crash => self.dismiss(),
            // A figure is not overwritten by its session.
            Origin::File(file) if file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) => {
                self.file = Some(OwnFile::new(file.clone(), session.clone()));
            }
            Origin::File(_) => self.file = None,
        }
    }

    /// It will not come: a crashed window's session is offered again.
    fn stays_away(&mut self) {
        if let Some(missing) = &mut self.missing {
            missing.end();
        }
        if let Some(offer) = &mut self.offer {
            offer.is_coming = false;
        }
    }

    /// Keeps what is on screen for after a crash, and the window's title.
    fn follow(&mut self, ctx: &Context, session: &Arc<Session>, shown: Option<&Outcome>) {
        self.autosave.follow(ctx, session, shown);
        let file = self.file.as_ref();
        let made_of = (Same::of(session), file.map(|file| file.revision));
        let title = self.title.get(made_of, || title(file, session));
        if *title != self.shown_title {
            self.shown_title.clone_from(title);
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
        }
    }

    /// Takes in a document that was read; asks where its source is, if it is not where it was.
    fn found(&mut self, looked: Looked, actions: &mut Actions) {
        let Looked { document, origin, whereabouts } = looked;
        match whereabouts {
            Whereabouts::Here(source) => {
                // The question stays until it is open.
                self.missing.take_if(|missing| !missing.begin(&document, &origin));
                let restoring = Restoring { session: document.session_on(source), origin };
                actions.push(Action::Restore(Box::new(restoring)));
            }
            missing => {
                self.missing = Some(MissingSource::new(document, origin, missing, self.missing.take()));
                actions.push(Action::AskedForSource);
            }
        }
    }

    /// The question where the source is, where it is asked.
    fn missing_ui(&mut self, cx: &mut PartContext<'_>) {
        let is_looking = self.reading.is_running();
        let Some(missing) = &mut self.missing else { return };
        match missing.show(cx.egui, is_looking) {
            Some(Answer::Look(source)) => {
                let (document, origin) = missing.wanted();
                let fingerprints = self.fingerprints.clone();
                self.look(cx.egui, move || {
                    let whereabouts = document.check(source, &fingerprints);
                    Ok(Looked { document, origin, whereabouts })
                });
            }
            Some(Answer::Anyway(source)) => {
                let (document, origin) = missing.wanted();
                missing.begin(&document, &origin);
                let restoring = Restoring { session: document.session_on(source), origin };
                cx.actions.push(Action::Restore(Box::new(restoring)));
            }
            Some(Answer::Cancel) => {
                if missing.is_coming() {
                    cx.actions.push(Action::CancelOpening);
                }
                self.missing = None;
                // What is being looked at is not wanted any more.
                self.newest += 1;
                self.stays_away();
                cx.actions.push(Action::Stay);
            }
            None => {}
        }
    }

    /// What a crashed window left, to be taken or not.
    fn offer_ui(&self, ui: &mut Ui, actions: &mut Actions) {
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

/// The file's name, with a mark while it holds something else.
fn title(file: Option<&OwnFile>, session: &Session) -> String {
    let Some(file) = file else { return TITLE.to_owned() };
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let mark = if file.session == *session { "" } else { "● " };
    format!("{mark}{name} – {TITLE}")
}

impl Part for Sessions {
    fn poll(&mut self, cx: &mut PartContext<'_>) {
        if let Some(Finished::Done(Some(crashed))) = self.searching.poll() {
            self.offer = Some(Offer { crashed, is_coming: false });
        }
        if let Some(complaint) = self.autosave.poll() {
            cx.toasts.info(complaint);
        }
        match self.saver.poll() {
            Some(Ok((file, session))) => {
                cx.toasts.success(format!("Saved {}", file.display()));
                cx.actions.push(Action::SessionSaved(file.clone()));
                self.file = Some(OwnFile::new(file, session));
            }
            Some(Err(message)) => cx.toasts.error(message),
            None => {}
        }
        while let Some(finished) = self.reading.poll() {
            match finished {
                Finished::Done((number, _)) if number != self.newest => {}
                Finished::Done((_, Ok(looked))) => self.found(looked, cx.actions),
                Finished::Done((_, Err(message))) => {
                    self.stays_away();
                    failed(cx, message);
                }
                Finished::Broken => {
                    self.stays_away();
                    failed(cx, "Internal error while reading a session.");
                }
            }
        }
    }

    fn wants(&mut self, cx: &mut PartContext<'_>) {
        self.follow(cx.egui, cx.session, cx.shown.answer(cx.session));
    }

    fn show_ui(&mut self, ui: &mut Ui, cx: &mut PartContext<'_>) {
        self.offer_ui(ui, cx.actions);
    }

    fn over_ui(&mut self, cx: &mut PartContext<'_>) {
        if let Some(file) = self.saver.show(cx.egui) {
            self.write(cx, file);
        }
        self.missing_ui(cx);
    }

    fn act(&mut self, action: &Action, cx: &mut PartContext<'_>) {
        match action {
            Action::Sessions(SessionAction::Open(file)) | Action::OpenRecent(RecentFile::Session { session: file }) => {
                self.open(cx.egui, file.clone());
            }
            Action::Sessions(SessionAction::Save) => self.save(cx, Place::Same),
            Action::Sessions(SessionAction::SaveAs) => self.save(cx, Place::New),
            Action::Sessions(SessionAction::Restore) => self.restore(cx.egui),
            Action::Sessions(SessionAction::Dismiss) => self.dismiss(),
            Action::Restored(restored) => {
                self.missing = None;
                self.arrived(restored);
            }
            Action::NotRestored => self.stays_away(),
            _ => {}
        }
    }

    fn takes_refusal(&mut self, why: &str) -> bool {
        self.missing.as_mut().is_some_and(|missing| missing.take_refusal(why))
    }

    fn modality(&self) -> Modality {
        if self.missing.is_some() { Modality::Keys } else { self.saver.modality() }
    }

    /// Whether something is being read or written that was asked for.
    fn is_busy(&self) -> bool {
        self.reading.is_running() || self.saver.is_saving() || self.searching.is_running()
    }
}
