//! How the user likes the window, from one start to the next: theme, scale, colours, which panels are open and how large.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use egui::{Context, Vec2};
use serde::{Deserialize, Serialize};

use super::{
    chats::Chats,
    state_file::{self, Writing},
};
use crate::{
    attention::Notation,
    base::{WriteError, regular_file},
    engine::{Clock, HeadMetric, OpenSource, Ranking},
    figure::{Colormap, Look, MaskedStyle, Pooling, Quantity},
    session::{Command, HeadsPlace, Session, SweepView, TextView, UserSettings, View},
};

/// Nobody changes everything at once: written when nothing has changed for so long.
const PAUSE: Duration = Duration::from_millis(500);
/// Larger than any file of this kind.
const MOST_BYTES: u64 = 1 << 16;

/// What is kept of the window from one start to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredPreferences {
    #[serde(flatten)]
    user: UserSettings,
    /// Of attention weights: other quantities bring their own.
    colormap: Colormap,
    masked: MaskedStyle,
    pooling: Pooling,
    notation: Notation,
    inspector: bool,
    heads: bool,
    heads_place: HeadsPlace,
    heads_list: HeadsList,
    sweep: SweepView,
    text: TextView,
    pub sizes: Sizes,
    chats: Chats,
}

/// In points; `None` where it was never seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sizes {
    pub window: Option<[f32; 2]>,
    pub controls: Option<f32>,
    pub inspector: Option<f32>,
    pub heads: Option<f32>,
    pub sweep: Option<f32>,
    pub text: Option<f32>,
}

/// How the browser of heads lists them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HeadsList {
    pub tab: HeadsTab,
    pub metric: HeadMetric,
    pub ranking: Ranking,
}

/// The ways to look at the heads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeadsTab {
    #[default]
    Thumbnails,
    Table,
    /// A cell each, layer × head, in the colour of the metric.
    Map,
}

impl Default for StoredPreferences {
    fn default() -> Self {
        let View { user, look, inspector, heads, heads_place, sweep, text, .. } = View::default();
        let Look { colormap, masked, pooling, notation, .. } = look;
        Self {
            user,
            colormap,
            masked,
            pooling,
            notation,
            inspector,
            heads,
            heads_place,
            heads_list: HeadsList::default(),
            sweep,
            text,
            sizes: Sizes::default(),
            chats: Chats::default(),
        }
    }
}

impl StoredPreferences {
    /// What `file` holds; the defaults where it is missing, no JSON, or of nonsense.
    pub fn read(file: &Path) -> Self {
        let text = regular_file::read(file, MOST_BYTES).unwrap_or_default();
        let stored: Self = serde_json::from_slice(&text).unwrap_or_default();
        let is_size = |side: &f32| (50.0..=20_000.0).contains(side);
        let Sizes { window, controls, inspector, heads, sweep, text } = stored.sizes;
        let sizes = Sizes {
            window: window.filter(|sides| sides.iter().all(is_size)),
            controls: controls.filter(is_size),
            inspector: inspector.filter(is_size),
            heads: heads.filter(is_size),
            sweep: sweep.filter(is_size),
            text: text.filter(is_size),
        };
        let mut user = stored.user;
        if !UserSettings::UI_SCALE.contains(&user.ui_scale) {
            user.ui_scale = UserSettings::default().ui_scale;
        }
        Self { user, sizes, ..stored }
    }

    /// The session as this user likes to see it. What it says otherwise than the defaults stays: someone asked for it.
    #[must_use]
    pub fn over(&self, session: Session) -> Session {
        let (view, usual) = (session.view(), View::default());
        let mut commands = vec![Command::SetUserSettings(self.user)];
        if self.inspector && !view.inspector && !view.heads {
            commands.push(Command::ToggleInspector);
        }
        if self.heads && !view.heads && !view.inspector {
            commands.push(Command::PlaceHeads(self.heads_place));
        }
        if view.look.colormap == usual.look.colormap && view.look.quantity == Quantity::Weight {
            commands.push(Command::SetColormap(self.colormap));
        }
        if view.look.masked == usual.look.masked {
            commands.push(Command::SetMaskedStyle(self.masked));
        }
        if view.look.pooling == usual.look.pooling {
            commands.push(Command::SetPooling(self.pooling));
        }
        if view.look.notation == usual.look.notation {
            commands.push(Command::SetNotation(self.notation));
        }
        if view.sweep == usual.sweep {
            commands.push(Command::SetSweepMetric(self.sweep.metric));
            if self.sweep.open != view.sweep.open {
                commands.push(Command::ToggleSweep);
            }
        }
        if view.text == usual.text {
            commands.push(Command::SetWriting(self.text.writing));
            commands.push(Command::ShowTextsOf(self.text.of));
            if self.text.open != view.text.open {
                commands.push(Command::ToggleText);
            }
        }
        session.with(commands)
    }

    /// A saved session: theme and scale of the window are the user's, all else is the session's.
    #[must_use]
    pub fn over_saved(&self, session: Session) -> Session {
        session.with([Command::SetUserSettings(self.user)])
    }

    /// As `session` has it now; of a quantity with colours of its own, the colours of before.
    fn now(&self, session: &Session) -> Self {
        let View { user, look, inspector, heads, heads_place, sweep, text, .. } = *session.view();
        let Look { masked, pooling, notation, .. } = look;
        let colormap = if look.quantity == Quantity::Weight { look.linear_colormap() } else { self.colormap };
        Self { user, colormap, masked, pooling, notation, inspector, heads, heads_place, sweep, text, ..self.clone() }
    }
}

/// The file, and what is to be written into it.
pub struct Preferences {
    file: Option<PathBuf>,
    latest: StoredPreferences,
    written: StoredPreferences,
    changed: Option<Duration>,
    clock: Clock,
    writing: Writing,
}

impl Preferences {
    /// Without a file nothing outlives the window.
    pub fn new(file: Option<PathBuf>, clock: Clock) -> Self {
        let stored = file.as_deref().map(StoredPreferences::read).unwrap_or_default();
        let (latest, written) = (stored.clone(), stored);
        Self { file, latest, written, changed: None, clock, writing: Writing::default() }
    }

    /// What the file held when the window was opened, until something changes.
    pub fn stored(&self) -> &StoredPreferences {
        &self.latest
    }

    /// With which sources it is chatted.
    pub fn chats(&self) -> &Chats {
        &self.latest.chats
    }

    /// Of panels that can be dragged.
    pub fn sizes(&self) -> &Sizes {
        &self.latest.sizes
    }

    /// What parts keep themselves: the sizes of panels that can be dragged, and how heads are listed.
    pub fn kept_mut(&mut self) -> (&mut Sizes, &mut HeadsList) {
        (&mut self.latest.sizes, &mut self.latest.heads_list)
    }

    /// Keeps what `session` and the window have become, on a thread, when nothing has changed for a while. `source` is the
    /// session's, once that is open: before, its prompt is not yet where it was left.
    pub fn follow(&mut self, ctx: &Context, session: &Session, source: Option<&OpenSource>) {
        if source.is_some() {
            self.latest.chats.follow(session);
        }
        if self.file.is_none() {
            return;
        }
        let inner = ctx.input(|input| input.viewport().inner_rect.map(|rect| rect.size()));
        if let Some(Vec2 { x, y }) = inner {
            // A window is opened before its scale is known.
            let scale = ctx.zoom_factor();
            self.latest.sizes.window = Some([x * scale, y * scale]);
        }
        let now = self.latest.now(session);
        if now != self.latest || (self.changed.is_none() && now != self.written) {
            self.latest = now;
            self.changed = Some(self.clock.now());
            ctx.request_repaint_after(PAUSE);
        }
        let has_settled = self.changed.is_some_and(|changed| self.clock.since(changed) >= PAUSE);
        if has_settled && !self.writing.is_busy() {
            self.changed = None;
            self.written = self.latest.clone();
            if let Some(file) = self.file.clone() {
                let stored = self.latest.clone();
                self.writing.start(ctx, move || write(&file, &stored));
            }
        }
    }

    pub fn is_busy(&self) -> bool {
        self.writing.is_busy()
    }

    /// Why it could not be kept.
    pub fn poll(&mut self) -> Option<String> {
        let cause = self.writing.poll()?;
        Some(format!("How the window looks is not remembered: {cause}"))
    }
}

impl Drop for Preferences {
    /// What changed just before the window was closed.
    fn drop(&mut self) {
        if self.changed.is_some()
            && let Some(file) = &self.file
        {
            // Nobody is there any more to be told.
            let _ = write(file, &self.latest);
        }
    }
}

fn write(file: &Path, stored: &StoredPreferences) -> Result<(), WriteError> {
    state_file::write(file, |out| serde_json::to_writer_pretty(out, stored).map_err(std::io::Error::from))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::session::Theme;

    #[test]
    fn what_is_written_is_read_and_nonsense_is_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep").join("preferences.json");
        assert_eq!(StoredPreferences::read(&file), StoredPreferences::default());
        let window = Some([1000.0, 700.0]);
        let sizes = Sizes { window, controls: Some(300.0), inspector: Some(400.0), ..Sizes::default() };
        let user = UserSettings { theme: Theme::Dark, ui_scale: 1.5, reduced_motion: true, controls: false };
        let stored = StoredPreferences { user, inspector: true, sizes, ..StoredPreferences::default() };
        write(&file, &stored).unwrap();
        assert_eq!(StoredPreferences::read(&file), stored);
        for text in ["", "[]", "{\"theme\": 7}", "{\"ui_scale\": 1e9, \"sizes\": {\"window\": [-1, 1e30]}}"] {
            fs::write(&file, text).unwrap();
            assert_eq!(StoredPreferences::read(&file), StoredPreferences::default(), "{text}");
        }
        assert!(write(&file.join("below"), &stored).unwrap_err().to_string().contains("below"));
    }

    #[test]
    fn what_was_asked_for_stays() {
        let user = UserSettings { theme: Theme::Dark, ..UserSettings::default() };
        let stored = StoredPreferences { colormap: Colormap::Viridis, user, ..StoredPreferences::default() };
        let plain = stored.over(Session::default());
        assert_eq!((plain.view().look.colormap, plain.view().user.theme), (Colormap::Viridis, Theme::Dark));
        let asked = Session::default().with([Command::SetColormap(Colormap::Magma)]);
        assert_eq!(stored.over(asked).view().look.colormap, Colormap::Magma);
        let difference = Session::default().with([Command::SetQuantity(Quantity::Difference)]);
        assert_eq!(stored.over(difference.clone()).view().look.colormap, difference.view().look.colormap);
        assert_eq!(stored.now(&difference).colormap, Colormap::Viridis);
    }
}
