//! Computing fingerprints of sources, and keeping those of files that have not changed.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs::{File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

use super::digest::{Extent, Fingerprint};
use crate::{
    base::regular_file,
    engine::{Located, SourceSpec},
    model::{
        folder::{self, FolderError},
        gguf,
        on_disk::OnDiskError,
    },
};

const MIB: u64 = 1 << 20;
/// A file up to this size is read whole.
const WHOLE: u64 = 64 * MIB;
/// Of a larger one, what is read from the start.
const START: u64 = 16 * MIB;
/// What is read from the end.
const END: u64 = MIB;
const BLOCK: u64 = 64 << 10;
const BLOCKS: u64 = 254;
/// A file that was written to so lately may be written to again without another time of modification.
const FRESH: Duration = Duration::from_secs(3);

/// Why a source has no fingerprint. Messages end with the path.
#[derive(Debug, thiserror::Error)]
pub enum FingerprintError {
    /// A file of the source cannot be read.
    #[error("cannot read ({cause}): {}", path.display())]
    Unreadable {
        /// Path of the file or folder that the error is about.
        path: PathBuf,
        /// The underlying error, as the operating system or the reader reported it.
        cause: io::Error,
    },
    /// The model of a cache is not there, or not whole.
    #[error(transparent)]
    OnDisk(#[from] OnDiskError),
    /// The files of the model folder cannot be told.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// What changes when a file is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: SystemTime,
}

impl Stamp {
    /// `None` where it tells nothing: without times, and when the file may just be being written.
    fn of(metadata: &Metadata) -> Option<Self> {
        let modified = metadata.modified().ok()?;
        let is_settled = modified.elapsed().is_ok_and(|age| age > FRESH);
        is_settled.then_some(Self { length: metadata.len(), modified })
    }
}

/// Fingerprints, and those that were taken before: a file is read again only when its length or time of modification
/// has changed. To be called where reading takes no one's time.
#[derive(Debug, Default)]
pub struct Fingerprints {
    known: Mutex<HashMap<PathBuf, (Stamp, Fingerprint)>>,
}

impl Fingerprints {
    /// `None` for what is bundled: its name says it all.
    ///
    /// # Errors
    /// When a file is missing or cannot be read, or a folder is no model.
    pub fn of(&self, source: &SourceSpec) -> Result<Option<Fingerprint>, FingerprintError> {
        match source.located()? {
            Located::Bundled(_) => Ok(None),
            Located::Folder(path) => self.of_files(folder::files(&path)?).map(Some),
            Located::Unadapted(path) => self.of_files(folder::files_without_adapter(&path)?).map(Some),
            Located::Adapter { adapter, base } => self.of_files(folder::files_of_adapter(&adapter, &base)?).map(Some),
            Located::Gguf(path) => match gguf::paths(&path) {
                parts if parts.len() > 1 => self.of_files(parts).map(Some),
                _ => self.of_file(&path).map(Some),
            },
            Located::Capture(path) => self.of_file(&path).map(Some),
        }
    }

    fn of_files(&self, files: Vec<PathBuf>) -> Result<Fingerprint, FingerprintError> {
        let mut lines = String::new();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            // Writing into a String does not fail.
            let _ = writeln!(lines, "{name} {}", self.of_file(&file)?);
        }
        Ok(Fingerprint { extent: Extent::Folder, digest: Sha256::digest(lines.as_bytes()).into() })
    }

    fn of_file(&self, path: &Path) -> Result<Fingerprint, FingerprintError> {
        let unreadable = |cause| FingerprintError::Unreadable { path: path.to_owned(), cause };
        let mut file = regular_file::open(path).map_err(|error| unreadable(error.into()))?;
        let metadata = file.metadata().map_err(unreadable)?;
        let stamp = Stamp::of(&metadata);
        let known = |known: &HashMap<PathBuf, (Stamp, Fingerprint)>| known.get(path).copied();
        if let Some((_, fingerprint)) = known(&self.lock()).filter(|(old, _)| Some(*old) == stamp) {
            return Ok(fingerprint);
        }
        let fingerprint = digest(&mut file, metadata.len()).map_err(unreadable)?;
        if let Some(stamp) = stamp {
            self.lock().insert(path.to_owned(), (stamp, fingerprint));
        }
        Ok(fingerprint)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, (Stamp, Fingerprint)>> {
        // What a panicking thread left is a map of whole entries all the same.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(file: &mut File, length: u64) -> io::Result<Fingerprint> {
    let mut hasher = Sha256::new();
    if length <= WHOLE {
        // Not beyond what was there when it was asked for: a file can grow while it is read.
        add(&mut hasher, file, 0, length)?;
        return Ok(Fingerprint { extent: Extent::Whole, digest: hasher.finalize().into() });
    }
    hasher.update(length.to_le_bytes());
    add(&mut hasher, file, 0, START)?;
    let between = length - START - END;
    for block in 0..BLOCKS {
        let offset = START + between / (BLOCKS + 1) * (block + 1);
        add(&mut hasher, file, offset, BLOCK.min(length - offset))?;
    }
    add(&mut hasher, file, length - END, END)?;
    Ok(Fingerprint { extent: Extent::Sampled, digest: hasher.finalize().into() })
}

/// Adds `count` bytes from `offset`.
fn add(hasher: &mut Sha256, file: &mut File, offset: u64, count: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    let mut buffer = vec![0; 64 << 10];
    let mut left = file.take(count);
    loop {
        let read = left.read(&mut buffer)?;
        if read == 0 {
            return if left.limit() == 0 { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        hasher.update(&buffer[..read]);
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use super::*;
    use crate::{engine::Bundled, model::bundled};

    fn of(source: &SourceSpec) -> String {
        Fingerprints::default().of(source).unwrap().unwrap().to_string()
    }

    #[test]
    fn a_small_file_has_the_sum_that_everyone_knows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.safetensors");
        fs::write(&path, "abc").unwrap();
        // FIPS 180-4, the one-block example.
        let known = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(of(&SourceSpec::Capture(path.clone())), known);
        assert_eq!(of(&SourceSpec::Gguf(path)), known);
        assert_eq!(known.parse::<Fingerprint>().unwrap().to_string(), known);
        for source in Bundled::ALL {
            assert!(Fingerprints::default().of(&SourceSpec::Bundled(source)).unwrap().is_none());
        }
    }

    #[test]
    fn a_large_file_differs_at_its_start_its_end_and_in_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.gguf");
        let source = SourceSpec::Gguf(path.clone());
        let file = File::create(&path).unwrap();
        file.set_len(WHOLE + 1).unwrap();
        let mut seen = vec![of(&source)];
        assert!(seen[0].starts_with("sha256-sampled:"), "{}", seen[0]);
        assert_eq!(of(&source), seen[0]);
        for offset in [3, START - 1, WHOLE] {
            (&file).seek(SeekFrom::Start(offset)).unwrap();
            (&file).write_all(b"x").unwrap();
            seen.push(of(&source));
        }
        file.set_len(WHOLE + 2).unwrap();
        seen.push(of(&source));
        for (index, fingerprint) in seen.iter().enumerate() {
            assert!(!seen[..index].contains(fingerprint), "{index}");
        }
    }

    #[test]
    fn a_folder_is_its_config_its_tokenizer_and_its_weights() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        let source = SourceSpec::Folder(folder.path().to_owned());
        let fingerprints = Fingerprints::default();
        let error = fingerprints.of(&source).unwrap_err().to_string();
        assert!(error.contains("no config.json") && error.ends_with(&folder.path().display().to_string()), "{error}");
        write("config.json", bundled::CONFIG);
        write("model.safetensors", bundled::WEIGHTS);
        let mut seen = vec![of(&source)];
        assert!(seen[0].starts_with("sha256-folder:"));
        write("README.md", b"no part of the model");
        assert_eq!(of(&source), seen[0]);
        write("tokenizer.json", bundled::TOKENIZER);
        seen.push(of(&source));
        write("config.json", &[bundled::CONFIG, b" "].concat());
        seen.push(of(&source));
        write("model.safetensors", &[bundled::WEIGHTS, b" "].concat());
        seen.push(of(&source));
        for (index, fingerprint) in seen.iter().enumerate() {
            assert!(!seen[..index].contains(fingerprint), "{index}");
        }
    }

    #[test]
    fn what_is_known_is_not_read_again_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let source = SourceSpec::Capture(path.clone());
        let fingerprints = Fingerprints::default();
        let old = SystemTime::now() - Duration::from_hours(1);
        let write = |bytes: &[u8], modified| {
            fs::write(&path, bytes).unwrap();
            File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        };
        write(b"abc", old);
        let first = fingerprints.of(&source).unwrap();
        write(b"xyz", old);
        assert_eq!(fingerprints.of(&source).unwrap(), first, "nothing tells that it has changed");
        write(b"xyz", old + Duration::from_secs(1));
        let second = fingerprints.of(&source).unwrap();
        assert_ne!(second, first);
        fs::write(&path, b"abc").unwrap();
        assert_eq!(fingerprints.of(&source).unwrap(), first);
        fs::write(&path, b"xyz").unwrap();
        assert_eq!(fingerprints.of(&source).unwrap(), second, "what was just written is read again");
    }

    #[test]
    fn what_is_no_fingerprint_or_no_file_says_so() {
        let hex = "0".repeat(64);
        for text in
            ["", "sha256", "sha256:", "md5:00", &format!("sha256:{}", &hex[1..]), &format!("sha256:{}é", &hex[2..])]
        {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("gone.gguf"), "/dev/zero".into()] {
            let error = Fingerprints::default().of(&SourceSpec::Gguf(path.clone())).unwrap_err().to_string();
            assert!(error.ends_with(&path.display().to_string()), "{error}");
        }
    }
}
