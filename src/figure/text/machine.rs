//! Fonts of the machine, for characters that the program's own fonts lack: looked for when the first such character is
//! there, and not before.

use std::{
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError},
};

use super::{font_index::FontIndex, fonts::Font};

/// The fonts that texts are drawn with: the program's own, and behind them those of a machine or of some folders. Which
/// font a character is drawn with depends on nothing but the character and the fonts that are there.
///
/// A handle, cheap to clone: all clones share what was read.
#[derive(Clone)]
pub struct Fonts(Arc<Library>);

struct Library {
    place: Place,
    index: OnceLock<FontIndex>,
    known: Mutex<HashMap<char, Option<Font>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    System,
    Folders(Vec<PathBuf>),
}

impl Fonts {
    /// Those of this machine.
    pub fn of_machine() -> Self {
        static MACHINE: LazyLock<Fonts> = LazyLock::new(|| Fonts::at(Place::System));
        MACHINE.clone()
    }

    /// Those in the folders and all folders inside.
    pub fn in_folders(folders: impl IntoIterator<Item = PathBuf>) -> Self {
        Self::at(Place::Folders(folders.into_iter().collect()))
    }

    /// The program's own alone.
    pub fn own() -> Self {
        Self::in_folders([])
    }

    fn at(place: Place) -> Self {
        Self(Arc::new(Library { place, index: OnceLock::new(), known: Mutex::default() }))
    }

    /// What [`Self::fallback`] has found for the character; `None` where it was not asked yet. Never waits for a disk.
    pub fn known(&self, character: char) -> Option<Option<Font>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner).get(&character).copied()
    }

    /// The font that a character is drawn with; `None` where there is none.
    pub fn font(&self, character: char) -> Option<Font> {
        let own = Font::own().iter().copied().find(|font| font.has(character));
        own.or_else(|| self.fallback(character))
    }

    /// The font of the machine for a character that the program's own lack; `None` where there is none.
    pub fn fallback(&self, character: char) -> Option<Font> {
        if let Some(font) = self.known(character) {
            return font;
        }
        let font = self.index().font(character);
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner).insert(character, font);
        font
    }

    fn index(&self) -> &FontIndex {
        self.0.index.get_or_init(|| match &self.0.place {
            Place::System => FontIndex::of_system(),
            Place::Folders(folders) => FontIndex::of_folders(folders),
        })
    }
}

impl Default for Fonts {
    fn default() -> Self {
        Self::of_machine()
    }
}

impl PartialEq for Fonts {
    fn eq(&self, other: &Self) -> bool {
        self.0.place == other.0.place
    }
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fonts").field(&self.0.place).finish()
    }
}
