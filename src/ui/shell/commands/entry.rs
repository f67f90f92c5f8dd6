//! What one command of the table is.

use std::borrow::Cow;

use super::{bindings::keys_of, keys::Keys};
use crate::{
    engine::{Bundled, SourceSpec},
    figure::Colormap,
    session::{Session, document::Follow},
    ui::{
        jobs::pictures::Frame,
        shell::{action::Action, navigation::Navigation, recent_files::RecentFile, shown::Shown},
        widgets::Place,
    },
};

/// What commands depend on: what is shown, and what can be done now.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    pub session: &'a Session,
    /// What is on screen, once there is something.
    pub frame: Option<&'a Frame>,
    pub recent: &'a [RecentFile],
    /// The view that *Back* leads to.
    pub previous: Option<&'a Session>,
    /// Whether the controls beside the panels are on screen.
    pub has_controls: bool,
    pub can_undo: bool,
    pub can_redo: bool,
    /// What happens when the source changes on the disk.
    pub follow: Follow,
    /// What Esc gives up where no cell is pinned: an opening source, or what is being computed.
    pub given_up: Option<&'static Action>,
}

impl<'a> Situation<'a> {
    pub fn new(navigation: &'a Navigation, shown: &'a Shown) -> Self {
        let timeline = navigation.timeline();
        Self {
            session: timeline.session(),
            frame: shown.pictures.frame(),
            recent: navigation.recent(),
            previous: timeline.before_source().map(|(_, session)| session),
            has_controls: shown.sides.controls != Place::Closed,
            can_undo: timeline.before().is_some(),
            can_redo: timeline.after().is_some(),
            follow: shown.follow,
            given_up: navigation.given_up(shown),
        }
    }
}

/// A command by its name: an item of a menu, a line of the palette and of the sheet of keys.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The menu and submenus that it is in. Where the first is no menu, palette and sheet alone have it.
    pub place: &'static [&'static str],
    pub name: Cow<'static, str>,
    /// What it does, where the name does not say all; empty otherwise.
    pub hint: Cow<'static, str>,
    /// At the right of the item, in the place of a key.
    pub detail: Option<String>,
    pub mark: Mark,
    /// The colours that it chooses, which are drawn before its name.
    pub swatch: Option<Colormap>,
    /// Why it cannot be done now.
    pub why_not: Option<&'static str>,
    /// A line stands above it in its menu, and these words; none where they are empty.
    pub group: Option<&'static str>,
    pub action: Action,
}

/// What stands before an item's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    None,
    /// One of several that exclude each other, and whether it is the one.
    Radio(bool),
    /// Whether it is on.
    Check(bool),
}

impl Entry {
    pub fn new(place: &'static [&'static str], name: impl Into<Cow<'static, str>>, action: impl Into<Action>) -> Self {
        Self {
            place,
            name: name.into(),
            hint: Cow::Borrowed(""),
            detail: None,
            mark: Mark::None,
            swatch: None,
            why_not: None,
            group: None,
            action: action.into(),
        }
    }

    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = hint.into();
        self
    }

    pub fn detail(mut self, detail: String) -> Self {
        self.detail = Some(detail);
        self
    }

    pub const fn swatch(mut self, colormap: Colormap) -> Self {
        self.swatch = Some(colormap);
        self
    }

    pub const fn radio(mut self, is_chosen: bool) -> Self {
        self.mark = Mark::Radio(is_chosen);
        self
    }

    pub const fn check(mut self, is_on: bool) -> Self {
        self.mark = Mark::Check(is_on);
        self
    }

    /// Cannot be done, for this reason, unless `is_possible`.
    pub const fn only_if(mut self, is_possible: bool, why_not: &'static str) -> Self {
        if !is_possible {
            self.why_not = Some(why_not);
        }
        self
    }

    /// Cannot be done for this reason, if there is one.
    pub const fn only_if_none(mut self, why_not: Option<&'static str>) -> Self {
        if why_not.is_some() {
            self.why_not = why_not;
        }
        self
    }

    /// With a line above it, and `name` if it is not empty.
    pub const fn in_new_group(mut self, name: &'static str) -> Self {
        self.group = Some(name);
        self
    }

    pub const fn is_possible(&self) -> bool {
        self.why_not.is_none()
    }

    pub fn keys(&self) -> Option<Keys> {
        keys_of(&self.action)
    }

    /// As a menu has it: the name, and its key.
    pub fn label(&self) -> String {
        match self.keys() {
            Some(keys) => format!("{}   {keys}", self.name),
            None => self.name.clone().into_owned(),
        }
    }

    /// As the palette has it: where it is, and its name.
    pub fn full_name(&self) -> String {
        let mut full = self.place.join(" ▸ ");
        full.push_str(" ▸ ");
        full.push_str(&self.name);
        full
    }
}

/// What the way back to `source` is called.
pub fn back_to(source: &SourceSpec) -> String {
    match source {
        SourceSpec::Bundled(Bundled::Smollm2 | Bundled::Smollm2Capture) => "Back to the figure".to_owned(),
        other => format!("Back to {}", other.name()),
    }
}
