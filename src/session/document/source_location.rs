//! Finding the source of a stored session, and checking that its content is still the same.

use std::path::Path;

use super::{relative_path::resolve, session_document::SessionDocument};
use crate::engine::{Fingerprint, Fingerprints, SourceSpec};

/// What became of a session's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// Here, with the content that it had, or nobody knows what that was.
    Here(SourceSpec),
    /// Nothing is left of these.
    Gone {
        /// Paths and names under which it was looked for.
        looked: Vec<SourceSpec>,
    },
    /// Something is there which is not the same, or cannot be read. `what` says so in lower case without a full stop.
    Changed {
        /// The source that was found.
        source: SourceSpec,
        /// What differs, in words.
        what: String,
    },
}

/// Looks for the source of a document that was read from `file`: where it was, then where it would be if both were
/// moved together. Reads files.
pub fn locate(document: &SessionDocument, file: Option<&Path>, fingerprints: &Fingerprints) -> Whereabouts {
    let saved = &document.session.source;
    let beside = document.source.beside.as_ref().zip(file).and_then(|(way, file)| resolve(file, way));
    let mut looked = vec![saved.clone()];
    looked.extend(beside.map(|beside| saved.at(beside)).filter(|beside| beside != saved));
    let mut changed = None;
    for source in looked.iter().filter(|source| !source.is_gone()) {
        match check(document.source.content, source.clone(), fingerprints) {
            Whereabouts::Changed { source, what } => _ = changed.get_or_insert(Whereabouts::Changed { source, what }),
            here => return here,
        }
    }
    changed.unwrap_or(Whereabouts::Gone { looked })
}

/// Whether `source` has the content `expected`.
fn check(expected: Option<Fingerprint>, source: SourceSpec, fingerprints: &Fingerprints) -> Whereabouts {
    match fingerprints.of(&source) {
        Ok(found) if expected.is_none() || found == expected => Whereabouts::Here(source),
        Ok(_) => Whereabouts::Changed { source, what: "its content is not what it was".to_owned() },
        Err(error) => Whereabouts::Changed { source, what: error.to_string() },
    }
}

impl SessionDocument {
    /// Whether `source`, a place that a person has named, has the content that the session's source had. Reads files.
    pub fn check(&self, source: SourceSpec, fingerprints: &Fingerprints) -> Whereabouts {
        if source.is_gone() {
            return Whereabouts::Gone { looked: vec![source] };
        }
        check(self.source.content, source, fingerprints)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::session::Session;

    #[test]
    fn what_moves_together_is_found_and_what_changed_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let old = folder.path().join("old");
        fs::create_dir(&old).unwrap();
        let (file, model) = (old.join("x.json"), old.join("m.gguf"));
        fs::write(&model, "weights").unwrap();
        let source = SourceSpec::Gguf(model.clone());
        let fingerprints = Fingerprints::default();
        let session = Session { source: source.clone(), ..Session::default() };
        let document = SessionDocument::of(&session, None, &fingerprints).beside(&file);
        assert_eq!(locate(&document, Some(&file), &fingerprints), Whereabouts::Here(source.clone()));

        let new = folder.path().join("new");
        fs::rename(&old, &new).unwrap();
        let (moved_file, moved) = (new.join("x.json"), source.at(new.join("m.gguf")));
        assert_eq!(locate(&document, Some(&moved_file), &fingerprints), Whereabouts::Here(moved.clone()));
        assert_eq!(locate(&document, None, &fingerprints), Whereabouts::Gone { looked: vec![source.clone()] });

        fs::write(new.join("m.gguf"), "Weights").unwrap();
        let changed = locate(&document, Some(&moved_file), &fingerprints);
        assert!(matches!(&changed, Whereabouts::Changed { source, .. } if *source == moved), "{changed:?}");
        // The same model beside the file, another one where it was.
        fs::create_dir(&old).unwrap();
        fs::write(&model, "others").unwrap();
        fs::write(new.join("m.gguf"), "weights").unwrap();
        assert_eq!(locate(&document, Some(&moved_file), &fingerprints), Whereabouts::Here(moved.clone()));
        let other = document.check(source, &fingerprints);
        assert!(matches!(&other, Whereabouts::Changed { what, .. } if what.contains("not what it was")), "{other:?}");
    }
}
