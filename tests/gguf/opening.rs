//! Opening files made by hand.

use std::{fs, path::Path};

use attenuate::model::{LanguageModel, gguf, loading::unwatched};

/// Writes the file and opens it.
pub fn open(bytes: &[u8]) -> Result<LanguageModel, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    fs::write(&path, bytes).unwrap();
    open_path(&path)
}

/// The error must name the file.
pub fn open_path(path: &Path) -> Result<LanguageModel, String> {
    gguf::open(path, &unwatched).map_err(|error| {
        let message = error.to_string();
        let (what, named) = message.rsplit_once(": ").unwrap();
        assert_eq!(named, path.display().to_string(), "{message}");
        assert!(!message.contains('\n') && message.len() < 500, "{message}");
        what.to_owned()
    })
}
