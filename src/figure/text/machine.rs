//! Fonts of the machine, for characters that the program's own fonts lack: looked for when the first such character is
//! there, and not before.

use std::{
    collections::HashMap,
    fmt,
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError},
};

use super::{face::Face, font_index::FontIndex, fonts::Font};

/// The fonts that texts are drawn with: the program's own, and behind them those of a machine or of some folders. Which
/// font a character is drawn with depends on nothing but the character and the fonts that are there.
///
/// A handle, cheap to clone: all clones share what was read.
#[derive(Clone)]
pub struct Fonts {
    library: Arc<Library>,
    face: Face,
}

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
        let library = Library { place, index: OnceLock::new(), known: Mutex::default() };
        Self { library: Arc::new(library), face: Face::default() }
    }

    /// The same fonts with this face first.
    #[must_use]
    pub fn in_face(self, face: Face) -> Self {
        Self { face, ..self }
    }

    pub(in crate::figure) fn face(&self) -> Face {
        self.face
    }

    /// The program's own, by preference.
    pub(in crate::figure) fn own_fonts(&self) -> impl Iterator<Item = Font> {
        self.face.fonts()
    }

    /// What [`Self::fallback`] has found for the character; `None` where it was not asked yet. Never waits for a disk.
    pub fn known(&self, character: char) -> Option<Option<Font>> {
        self.library.known.lock().unwrap_or_else(PoisonError::into_inner).get(&character).copied()
    }

    /// The font that a character is drawn with; `None` where there is none.
    pub fn font(&self, character: char) -> Option<Font> {
        let own = self.own_fonts().find(|font| font.has(character));
        own.or_else(|| self.fallback(character))
    }

    /// The font for a character that the window's fonts lack: a face of figures, or a font of the machine; `None` where
    /// there is none.
    pub fn fallback(&self, character: char) -> Option<Font> {
        if let Some(font) = self.known(character) {
            return font;
        }
        let face = Face::Sans.fonts().find(|font| font.has(character));
        let font = face.or_else(|| self.index().font(character));
        self.library.known.lock().unwrap_or_else(PoisonError::into_inner).insert(character, font);
        font
    }

    fn index(&self) -> &FontIndex {
        self.library.index.get_or_init(|| match &self.library.place {
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
        (&self.library.place, self.face) == (&other.library.place, other.face)
    }
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fonts").field(&self.library.place).field(&self.face).finish()
    }
}
