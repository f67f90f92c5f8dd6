//! Ollama's store: a manifest for each tag below `manifests`, which names the GGUF file among `blobs` by its digest.
//!
//! Reference: <https://github.com/ollama/ollama/blob/main/server/modelpath.go>.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{
    Flaw, ModelName, OnDiskError, Program, Target,
    confined::{self, Leads, Root, file_name},
    found::{DiskSource, Found, Partial},
    name::OllamaModel,
};
use crate::base::{Excerpt, regular_file};

/// A manifest is a short list.
const MOST_MANIFEST_BYTES: u64 = 1 << 20;
/// Hexadecimal digits of a SHA-256.
const DIGEST: usize = 64;

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    size: u64,
}

/// All that is in a store.
pub fn found(root: &Root) -> Vec<Found> {
    let mut manifests = vec![root.path().join("manifests")];
    for _ in 0..4 {
        manifests = manifests.iter().flat_map(|folder| root.entries(folder).unwrap_or_default()).collect();
    }
    manifests.into_iter().filter_map(|manifest| of_manifest(root, &manifest)).collect()
}

fn of_manifest(root: &Root, manifest: &Path) -> Option<Found> {
    let names: Option<Vec<&str>> = manifest.iter().rev().take(4).map(|name| name.to_str()).collect();
    let [tag, name, user, host] = *names?.as_array()?;
    let model = OllamaModel::of_manifest([host, user, name, tag])?;
    let target = target(root, manifest);
    let path = target.as_ref().map_or_else(|_| manifest.to_owned(), |target| target.path().to_owned());
    let source = DiskSource::Name(ModelName::Ollama(model));
    Some(Found { program: Program::Ollama, source, path, target, partial: None })
}

/// Where the model of this name is.
///
/// # Errors
/// When it is not there, or not whole.
pub fn locate(wanted: &OllamaModel, roots: &[PathBuf]) -> Result<Target, OnDiskError> {
    let name = || ModelName::Ollama(wanted.clone());
    for root in roots.iter().filter_map(|root| Root::open(root).ok()) {
        let manifest = wanted.manifest().iter().fold(root.path().join("manifests"), |path, part| path.join(part));
        if !matches!(root.leads(&manifest), Leads::Nowhere) {
            return target(&root, &manifest).map_err(|flaw| OnDiskError::Flawed { name: name(), flaw });
        }
    }
    Err(OnDiskError::NotThere { name: name(), looked: roots.to_vec() })
}

/// The file that a manifest names.
fn target(root: &Root, manifest: &Path) -> Result<Target, Flaw> {
    match root.leads(manifest) {
        Leads::Out => return Err(root.leads_out(manifest)),
        Leads::Unknown(cause) => return Err(confined::unreadable(manifest, &cause)),
        Leads::Within(_) | Leads::Nowhere => {}
    }
    let text = regular_file::read(manifest, MOST_MANIFEST_BYTES);
    let text = text.map_err(|cause| Flaw::refused(format!("its manifest cannot be read ({cause})")))?;
    let parsed: Manifest = serde_json::from_slice(&text)
        .map_err(|cause| Flaw::refused(format!("its manifest cannot be read ({cause})")))?;
    let of_kind =
        |kind: &str| parsed.layers.iter().filter(|layer| layer.media_type.ends_with(kind)).collect::<Vec<_>>();
    if !of_kind(".image.adapter").is_empty() {
        return Err(Flaw::refused("it has an adapter of its own beside the model, which is not applied here"));
    }
    match of_kind(".image.model")[..] {
        [layer] => blob(root, layer),
        [] if !of_kind(".image.tensor").is_empty() => {
            Err(Flaw::refused("its weights are tensors by themselves, expected one GGUF file"))
        }
        ref other => Err(Flaw::refused(format!("its manifest names {} models, expected one", other.len()))),
    }
}

fn blob(root: &Root, layer: &Layer) -> Result<Target, Flaw> {
    let digest = layer.digest.strip_prefix("sha256:").or_else(|| layer.digest.strip_prefix("sha256-"));
    let is_digest = |digest: &&str| digest.len() == DIGEST && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digest = digest.filter(is_digest).ok_or_else(|| {
        let found = Excerpt::new(&layer.digest);
        Flaw::refused(format!("its manifest names “{found}”, expected sha256: and {DIGEST} hexadecimal digits"))
    })?;
    let blobs = root.path().join("blobs");
    let path = blobs.join(format!("sha256-{digest}"));
    match root.leads(&path) {
        Leads::Within(metadata) if metadata.len() < layer.size => {
            let partial = Partial { n_files: 1, n_bytes: metadata.len() };
            Err(partial.explain(Flaw::missing("its file is shorter than the manifest says")))
        }
        Leads::Within(_) => Ok(Target::Gguf(path)),
        Leads::Out => Err(root.leads_out(&path)),
        Leads::Unknown(cause) => Err(confined::unreadable(&path, &cause)),
        Leads::Nowhere => {
            let flaw = Flaw::missing(format!("{} is not there", confined::shown(&path)));
            let start = format!("sha256-{digest}-partial");
            let entries = root.entries(&blobs).unwrap_or_default();
            let is_partial = |path: &&PathBuf| file_name(path).is_some_and(|name| name.starts_with(&start));
            Err(match Partial::of(entries.iter().filter(is_partial)) {
                Some(partial) => partial.explain(flaw),
                None => flaw,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::on_disk::State;

    const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// A store with one manifest, of these layers.
    fn store(layers: &str) -> tempfile::TempDir {
        let store = tempfile::tempdir().unwrap();
        let folder = store.path().join("manifests/registry.ollama.ai/library/m");
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir(store.path().join("blobs")).unwrap();
        fs::write(folder.join("1b"), format!(r#"{{"schemaVersion": 2, "layers": [{layers}]}}"#)).unwrap();
        store
    }

    fn layer(kind: &str, digest: &str) -> String {
        let kind = format!("application/vnd.ollama.image.{kind}");
        format!(r#"{{"mediaType": "{kind}", "digest": "{digest}", "size": 4}}"#)
    }

    fn locate_in(store: &Path) -> Result<Target, Flaw> {
        let found = found(&Root::open(store).unwrap());
        let wanted = OllamaModel { id: "m".to_owned(), tag: Some("1b".to_owned()) };
        match (locate(&wanted, &[store.to_owned()]), &found[..]) {
            (Ok(target), [found]) => {
                assert_eq!((found.target.clone().unwrap(), &*found.path), (target.clone(), target.path()));
                Ok(target)
            }
            (Err(OnDiskError::Flawed { flaw, .. }), [found]) => {
                assert_eq!(found.target.clone().unwrap_err(), flaw);
                Err(flaw)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_tag_is_the_blob_that_its_manifest_names() {
        let store = store(&[layer("template", "sha256:00"), layer("model", &format!("sha256:{DIGEST}"))].join(","));
        let blob = store.path().join("blobs").join(format!("sha256-{DIGEST}"));
        let missing = locate_in(store.path()).unwrap_err();
        assert_eq!((missing.state, missing.why.ends_with("is not there")), (State::Missing, true), "{missing}");
        fs::write(store.path().join("blobs").join(format!("sha256-{DIGEST}-partial-0")), "GG").unwrap();
        let partial = locate_in(store.path()).unwrap_err();
        assert!(partial.state == State::Unfinished && partial.why.contains("(2 bytes of a file)"), "{partial}");
        fs::write(&blob, "GG").unwrap();
        assert_eq!(locate_in(store.path()).unwrap_err().state, State::Unfinished, "shorter than the manifest says");
        fs::write(&blob, "GGUF").unwrap();
        assert_eq!(locate_in(store.path()), Ok(Target::Gguf(blob)));
        let absent = OllamaModel { id: "m".to_owned(), tag: None };
        assert!(matches!(locate(&absent, &[store.path().to_owned()]), Err(OnDiskError::NotThere { .. })));
    }

    #[test]
    fn a_manifest_leads_to_blobs_alone() {
        let elsewhere = layer("model", "sha256:../../../etc/passwd");
        let refusal = |layers: &str| locate_in(store(layers).path()).unwrap_err().why;
        assert!(
            refusal(&elsewhere).starts_with("its manifest names “sha256:../../../etc/passwd”, expected sha256: and 64")
        );
        assert!(refusal("").contains("names 0 models"));
        assert!(refusal("7").contains("cannot be read"));
        let model = layer("model", &format!("sha256:{DIGEST}"));
        assert!(refusal(&[&*model, &*layer("adapter", "x")].join(",")).contains("an adapter of its own"));
        assert!(refusal(&layer("tensor", "x")).contains("tensors by themselves"));
    }

    #[cfg(unix)]
    #[test]
    fn a_blob_that_is_a_link_out_of_the_store_is_not_followed() {
        let store = store(&layer("model", &format!("sha256:{DIGEST}")));
        let outside = tempfile::NamedTempFile::new().unwrap();
        fs::write(outside.path(), "GGUF").unwrap();
        let blob = store.path().join("blobs").join(format!("sha256-{DIGEST}"));
        std::os::unix::fs::symlink(outside.path(), blob).unwrap();
        let flaw = locate_in(store.path()).unwrap_err();
        assert!(flaw.state == State::Refused && flaw.why.contains("leads out of"), "{flaw}");
    }
}
