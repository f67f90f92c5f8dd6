use std::fs;

use tempfile::TempDir;

use super::*;
use crate::model::on_disk::State;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const OTHER: &str = "89abcdef0123456789abcdef0123456789abcdef";

/// A cache with what a test puts into it.
struct Cache(TempDir);

impl Cache {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn locate(&self, name: &str) -> Result<Target, String> {
        match name.parse().unwrap() {
            ModelName::HuggingFace(wanted) => {
                locate(&wanted, &[self.path().to_owned()]).map_err(|error| error.to_string())
            }
            ModelName::Ollama(_) => panic!("{name}"),
        }
    }

    fn names(&self) -> Vec<String> {
        let name = |found: Found| match found.source {
            DiskSource::Name(name) => name.to_string(),
            other => panic!("{other:?}"),
        };
        found(&Root::open(self.path()).unwrap()).into_iter().map(name).collect()
    }

    fn flaw(&self) -> (State, String) {
        let mut found = found(&Root::open(self.path()).unwrap());
        let flaw = found.remove(0).target.unwrap_err();
        assert!(found.is_empty());
        (flaw.state, flaw.why)
    }
}

fn snapshot(commit: &str) -> String {
    format!("models--a--b/snapshots/{commit}")
}

#[test]
fn main_is_meant_unless_a_revision_is_named() {
    let cache = Cache::new();
    cache.write(&format!("{}/config.json", snapshot(COMMIT)), b"{}");
    cache.write(&format!("{}/config.json", snapshot(OTHER)), b"{}");
    cache.write("models--a--b/refs/main", COMMIT.as_bytes());
    cache.write("datasets--a--b/refs/main", b"x");
    cache.write("version.txt", b"1");
    let at = |commit: &str| Ok(Target::Folder(cache.path().join(snapshot(commit))));
    assert_eq!(cache.locate("hf:a/b"), at(COMMIT));
    assert_eq!(cache.locate("hf:a/b@main"), at(COMMIT));
    assert_eq!(cache.locate("hf:a/b@89ab"), at(OTHER));
    assert_eq!(cache.names(), ["hf:a/b", "hf:a/b@89abcdef0123"]);
    cache.write("models--a--b/refs/refs/pr/1", OTHER.as_bytes());
    assert_eq!(cache.locate("hf:a/b@refs/pr/1"), at(OTHER));
    assert_eq!(cache.names(), ["hf:a/b", "hf:a/b@refs/pr/1"]);
    let unknown = cache.locate("hf:a/b@v2").unwrap_err();
    assert_eq!(unknown, "hf:a/b@v2: expected one of hf:a/b, hf:a/b@refs/pr/1");
    let gone = cache.locate("hf:a/c").unwrap_err();
    assert!(
        gone.starts_with("hf:a/c is not on this disk, looked in ") && gone.contains("nothing is fetched"),
        "{gone}"
    );
}

#[test]
fn a_gguf_file_of_several_is_named() {
    let cache = Cache::new();
    for name in ["m.Q4_K_M.gguf", "m.Q8_0.gguf", "mmproj.bin"] {
        cache.write(&format!("{}/{name}", snapshot(COMMIT)), b"GGUF\x03\0\0\0\0");
    }
    cache.write(&format!("{}/README.md", snapshot(COMMIT)), b"GGUF");
    cache.write(&format!("{}/config.json", snapshot(COMMIT)), b"{}");
    assert_eq!(cache.names(), ["hf:a/b:m.Q4_K_M.gguf", "hf:a/b:m.Q8_0.gguf", "hf:a/b:mmproj.bin"]);
    let file = |name: &str| Ok(Target::Gguf(cache.path().join(snapshot(COMMIT)).join(name)));
    assert_eq!(cache.locate("hf:a/b:q4_k_m"), file("m.Q4_K_M.gguf"));
    assert_eq!(cache.locate("hf:a/b:m.Q8_0.gguf"), file("m.Q8_0.gguf"));
    assert!(cache.locate("hf:a/b").unwrap_err().contains("expected one of hf:a/b:m.Q4_K_M.gguf, "));
}

#[test]
fn what_is_not_whole_is_told_apart() {
    let cache = Cache::new();
    cache.write("models--a--b/refs/main", COMMIT.as_bytes());
    let (state, why) = cache.flaw();
    assert_eq!((state, why), (State::Missing, format!("refs/main names {COMMIT}, whose snapshot is not there")));
    cache.write("models--a--b/blobs/00ff.incomplete", &[0; 2000]);
    let (state, why) = cache.flaw();
    assert_eq!(state, State::Unfinished);
    assert!(why.starts_with("a download was not finished (2.00 kB of a file): refs/main names "), "{why}");
    let empty = Cache::new();
    fs::create_dir(empty.path().join("models--gpt2")).unwrap();
    assert_eq!(empty.names(), ["hf:gpt2"]);
    assert_eq!(empty.flaw(), (State::Missing, "it has no snapshot".to_owned()));
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_out_of_the_cache_nor_round_in_circles() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("config.json"), "{}").unwrap();
    let cache = Cache::new();
    let folder = cache.path().join(snapshot(COMMIT));
    cache.write("models--a--b/refs/main", COMMIT.as_bytes());
    cache.write("models--a--b/blobs/b10b", b"{}");
    fs::create_dir_all(&folder).unwrap();
    symlink("../../blobs/b10b", folder.join("config.json")).unwrap();
    assert_eq!(cache.locate("hf:a/b"), Ok(Target::Folder(folder.clone())), "as the cache makes it");

    symlink("../../blobs/gone", folder.join("model.safetensors")).unwrap();
    let (state, why) = cache.flaw();
    assert_eq!(state, State::Missing);
    assert!(why.ends_with("model.safetensors is a link to a file that is gone"), "{why}");
    for (to, part) in [
        (outside.path().join("config.json"), "a link that leads out of"),
        (folder.join("model.safetensors"), "a link to a file that is gone"),
    ] {
        fs::remove_file(folder.join("model.safetensors")).unwrap();
        symlink(to, folder.join("model.safetensors")).unwrap();
        assert!(cache.flaw().1.contains(part), "{:?}", cache.flaw());
        assert!(cache.locate("hf:a/b").unwrap_err().contains(part));
    }

    for place in ["models--a--b/snapshots", "models--a--b"] {
        let path = cache.path().join(place);
        fs::rename(&path, outside.path().join("moved")).unwrap();
        symlink(outside.path().join("moved"), &path).unwrap();
        assert!(cache.locate("hf:a/b").is_err(), "{place}");
        fs::remove_file(&path).unwrap();
        fs::rename(outside.path().join("moved"), &path).unwrap();
    }

    let snapshots = cache.path().join("models--a--b/snapshots");
    fs::remove_dir_all(&folder).unwrap();
    symlink(&snapshots, &folder).unwrap();
    symlink("refs", cache.path().join("models--a--b/refs/round")).unwrap();
    assert!(!cache.names().is_empty());
}

#[test]
fn a_reference_that_leads_elsewhere_is_only_named() {
    let cache = Cache::new();
    cache.write("models--a--b/refs/main", b"../../../../etc");
    cache.write("models--a--b/refs/long", &vec![b'a'; 100_000]);
    let (state, why) = cache.flaw();
    assert_eq!((state, why.as_str()), (State::Missing, "refs/main names ../../../../etc, whose snapshot is not there"));
}
