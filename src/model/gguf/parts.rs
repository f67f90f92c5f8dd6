//! Split GGUF files: the parts of one model, found from the name of any of them and read as one file.
//!
//! Reference: `llama_split_path` and `LLM_KV_SPLIT_COUNT` in
//! <https://github.com/ggml-org/llama.cpp/blob/master/src/llama-model-loader.cpp>.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    cursor::Stop,
    error::{Defect, GgufError},
    extent::Extent,
    header::Header,
    metadata::wrong,
};
use crate::base::MappedFile;

/// A first look at a file; four times as much is read until the header is in it.
const FIRST_BYTES: usize = 1 << 22;
/// Larger than any header there is: vocabularies take a few megabytes.
const MOST_HEADER: usize = 256 << 20;
/// More than any model is split into: each is an open file.
const MOST_PARTS: usize = 512;

const COUNT: &str = "split.count";
const NUMBER: &str = "split.no";
const TENSORS: &str = "split.tensors.count";

/// `{stem}-00002-of-00003.gguf`
struct PartName<'a> {
    path: &'a Path,
    stem: &'a str,
    ending: &'a str,
    n_parts: usize,
}

impl<'a> PartName<'a> {
    /// `None` where the name is not that of a part.
    fn of(path: &'a Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let dot = name.rfind('.')?;
        let (rest, ending) = name.split_at(dot);
        let (rest, n_parts) = rest.rsplit_once("-of-")?;
        let (stem, number) = rest.rsplit_once('-')?;
        let counted = |digits: &str| {
            let is_number = digits.len() == 5 && digits.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { digits.parse::<usize>().ok() } else { None }
        };
        let (number, n_parts) = (counted(number)?, counted(n_parts)?);
        (1..=n_parts).contains(&number).then_some(Self { path, stem, ending, n_parts })
    }

    /// Of all parts, in their order.
    fn all(&self) -> impl Iterator<Item = PathBuf> {
        let Self { path, stem, ending, n_parts } = *self;
        (1..=n_parts).map(move |number| path.with_file_name(format!("{stem}-{number:05}-of-{n_parts:05}{ending}")))
    }
}

/// Every file that is read, or is missing, when the model at `path` is opened: its parts, or `path` alone. Reads
/// nothing.
pub fn paths(path: &Path) -> Vec<PathBuf> {
    match PartName::of(path).filter(|name| (2..=MOST_PARTS).contains(&name.n_parts)) {
        Some(name) => name.all().collect(),
        None => vec![path.to_owned()],
    }
}

/// A mapped file and a copy of its header: texts must not change while they are read.
pub struct Part {
    path: PathBuf,
    pub file: Arc<MappedFile>,
    header: Vec<u8>,
    /// Of how many parts it is one, where the header says so as it should.
    n_parts: Option<usize>,
}

impl Part {
    fn open(path: &Path) -> Result<Self, GgufError> {
        let unreadable = |cause| GgufError::Unreadable { path: path.to_owned(), cause };
        let file = MappedFile::open(path).map_err(|error| unreadable(error.into()))?;
        Ok(Self::of(Arc::new(file), path))
    }

    /// A file that is mapped already and is a model by itself; messages call it `name`.
    pub fn of(file: Arc<MappedFile>, name: &Path) -> Self {
        let (header, n_parts) = header_bytes(file.bytes());
        Self { path: name.to_owned(), file, header, n_parts }
    }

    fn header(&self) -> Result<Header<'_>, GgufError> {
        Header::parse(&self.header, self.file.bytes().len() as u64).map_err(|stop| {
            self.malformed(match stop {
                Stop::Defect(defect) => defect,
                Stop::More => Defect::TooLarge { most: MOST_HEADER as u64 },
            })
        })
    }

    fn malformed(&self, cause: Defect) -> GgufError {
        GgufError::Malformed { path: self.path.clone(), cause }
    }

    fn n_parts(&self) -> Result<usize, GgufError> {
        match self.n_parts {
            Some(n_parts) => Ok(n_parts),
            None => n_parts(&self.header()?).map_err(|cause| self.malformed(cause)),
        }
    }
}

fn n_parts(header: &Header<'_>) -> Result<usize, Defect> {
    Ok(header.metadata.count(COUNT, 0..=MOST_PARTS)?.unwrap_or(1).max(1))
}

/// The file at `path`, or all parts of the model that it is a part of.
///
/// # Errors
/// When one of them is missing, unreadable or not the part that its name says.
pub fn open(path: &Path) -> Result<Vec<Part>, GgufError> {
    let given = Part::open(path)?;
    let n_parts = given.n_parts()?;
    if n_parts == 1 {
        return Ok(vec![given]);
    }
    let name = PartName::of(path).ok_or_else(|| given.malformed(Defect::PartName { n_parts }))?;
    if name.n_parts != n_parts {
        return Err(given.malformed(wrong(COUNT, format!("{}, as the file's name says", name.n_parts), n_parts)));
    }
    let missing = |path: PathBuf, number: usize| {
        move |error| match error {
            GgufError::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
                GgufError::MissingPart { path, number, n_parts }
            }
            error => error,
        }
    };
    let parts = name.all().zip(1..).map(|(path, number)| Part::open(&path).map_err(missing(path, number)));
    parts.collect()
}

/// The headers of all parts as one: the metadata of the first, the tensors of all.
///
/// # Errors
/// When one is malformed, or they are not the parts of one model.
pub fn header(parts: &[Part]) -> Result<Header<'_>, GgufError> {
    let Some((first, others)) = parts.split_first() else { return Ok(Header::default()) };
    let mut whole = first.header()?;
    if others.is_empty() {
        return Ok(whole);
    }
    for (number, part) in parts.iter().enumerate() {
        let header = part.header()?;
        let is = |key, expected: usize| match header.metadata.required_count(key, 0..=MOST_PARTS) {
            Ok(found) if found == expected => Ok(()),
            Ok(found) => Err(wrong(key, expected.to_string(), found)),
            Err(defect) => Err(defect),
        };
        is(COUNT, parts.len()).and_then(|()| is(NUMBER, number)).map_err(|cause| part.malformed(cause))?;
        if number > 0 {
            whole.append(header, number).map_err(|cause| part.malformed(cause))?;
        }
    }
    let found = whole.tensors.len();
    match whole.metadata.count(TENSORS, 0..=usize::MAX).map_err(|cause| first.malformed(cause))? {
        Some(named) if named != found => {
            Err(first.malformed(wrong(TENSORS, format!("{found}, the tensors that the parts have"), named)))
        }
        _ => Ok(whole),
    }
}

/// As many of a file's first bytes as its header takes, or all that are worth reading; and of how many parts it is one.
fn header_bytes(file: &[u8]) -> (Vec<u8>, Option<usize>) {
    let most = file.len().min(MOST_HEADER);
    if let Some(Extent { n_bytes, has_key }) = Extent::of(file, most, COUNT) {
        // What is wrong with it is said where the copy is read.
        return (file[..n_bytes].to_vec(), (!has_key).then_some(1));
    }
    let mut wanted = most.min(FIRST_BYTES);
    loop {
        let bytes = file[..wanted].to_vec();
        match Header::parse(&bytes, file.len() as u64) {
            Err(Stop::More) if wanted < most => wanted = wanted.saturating_mul(4).min(most),
            parsed => {
                let n_parts = parsed.ok().and_then(|header| n_parts(&header).ok());
                return (bytes, n_parts);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_names_all() {
        let folder = Path::new("/models/a-b");
        let expected = ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"].map(|name| folder.join(name));
        for path in &expected {
            assert_eq!(paths(path), expected);
        }
        assert_eq!(paths(&folder.join("m.Q4-00002-of-00003.GGUF")).len(), 3);
    }

    #[test]
    fn other_names_are_files_of_their_own() {
        for name in [
            "m.gguf",
            "m-00001-of-00001.gguf",
            "m-00000-of-00002.gguf",
            "m-00003-of-00002.gguf",
            "m-1-of-2.gguf",
            "m-+0001-of-00002.gguf",
            "m-00001-of-99999.gguf",
            "m-00001-of-00002",
            "-of-.gguf",
            "",
        ] {
            assert_eq!(paths(Path::new(name)), [Path::new(name)], "{name}");
        }
    }
}
