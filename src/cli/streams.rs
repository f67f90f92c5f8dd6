//! Standard input and output in the place of files: `-`.

use std::{
    ffi::OsStr,
    io::{self, BufWriter, ErrorKind, IsTerminal as _, Read as _, Write},
    path::{Path, PathBuf},
    str::FromStr,
    sync::OnceLock,
};

use anyhow::{Context as _, anyhow, bail};

use crate::base::{Excerpt, ProtectedFiles, write_atomically};

/// Standard input; with an ending, which tells the format, standard output.
const STANDARD: &str = "-";
/// Endings of what no terminal shows.
const BINARY: [&str; 7] = ["png", "apng", "gif", "pdf", "npz", "safetensors", "jpg"];
/// Longer than a prompt is, or a file of prompts; what goes on behind it is not read.
const MOST_BYTES: u64 = 64 << 20;

/// Whether a file of this name is standard input.
pub fn is_input(path: &Path) -> bool {
    path.as_os_str() == STANDARD
}

/// Whether a file of this name is standard output: `-.json`.
pub fn is_output(path: &Path) -> bool {
    path.file_stem() == Some(OsStr::new(STANDARD)) && path.parent() == Some(Path::new(""))
}

/// The file that `-o` names. An option in its place was forgotten there.
///
/// # Errors
/// With one sentence that says what stands for standard output.
pub fn output(name: &OsStr) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    let begins = name.as_encoded_bytes().starts_with(STANDARD.as_bytes());
    if name == STANDARD {
        Err("- does not tell the format: with an ending, as in -.json, it is standard output".to_owned())
    } else if begins && !is_output(&path) {
        Err(format!("expected a file, found {} (./ in front of it makes it one)", path.display()))
    } else {
        Ok(path)
    }
}

/// As [`output`], of a command whose lines have one format.
///
/// # Errors
/// Those of [`output`].
pub fn output_of_lines(name: &OsStr) -> Result<PathBuf, String> {
    output(if name == STANDARD { OsStr::new("-.jsonl") } else { name })
}

/// Writes a file, whole or not at all, or to standard output.
///
/// # Errors
/// When it cannot be written, or what a terminal cannot show would go to one.
pub fn write(
    path: &Path,
    protected: &ProtectedFiles,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    if !is_output(path) {
        return Ok(write_atomically(path, protected, write)?);
    }
    print(path, |out| write(out).map_err(Into::into))
}

/// Writes to standard output what a file called `path` would hold.
///
/// # Errors
/// As [`write`].
pub fn print(path: &Path, write: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let stdout = io::stdout();
    let ending = path.extension().unwrap_or_default();
    if stdout.is_terminal() && BINARY.iter().any(|binary| ending.eq_ignore_ascii_case(binary)) {
        bail!("standard output is a terminal, which does not show .{}: name a file", ending.display());
    }
    let mut out = BufWriter::new(stdout.lock());
    let written = write(&mut out).and_then(|()| Ok(out.flush()?));
    match written {
        // `attenuate weights -o -.json | head` is no failure.
        Err(error) if is_closed(&error) => Ok(()),
        written => written.context("writing to standard output"),
    }
}

fn is_closed(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|io| io.kind() == ErrorKind::BrokenPipe)
}

/// What comes from standard input for `option`. It can be read once.
///
/// # Errors
/// When it cannot be read, is no UTF-8, or was read for another option.
pub fn input(option: &'static str) -> anyhow::Result<String> {
    static READ: OnceLock<(&str, Result<String, String>)> = OnceLock::new();
    let (taken_by, text) = READ.get_or_init(|| (option, read().map_err(|error| format!("{error:#}"))));
    if *taken_by != option {
        bail!("standard input is read for {taken_by}: {option} - needs a file in its place");
    }
    text.clone().map_err(|error| anyhow!("{option} -: {error}"))
}

fn read() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(MOST_BYTES).read_to_end(&mut bytes).context("standard input cannot be read")?;
    if bytes.len() as u64 == MOST_BYTES {
        bail!("expected less than {MOST_BYTES} bytes on standard input");
    }
    String::from_utf8(bytes).context("expected UTF-8 on standard input")
}

/// A text as it is given, or for `-` what comes from standard input, without the end of its last line.
///
/// # Errors
/// Those of [`input`].
pub fn text(option: &'static str, given: &str) -> anyhow::Result<String> {
    if given != STANDARD {
        return Ok(given.to_owned());
    }
    let text = input(option)?;
    let line = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    Ok(line.unwrap_or(&text).to_owned())
}

/// Token ids as they are given, or that they come from standard input.
#[derive(Clone, Debug)]
pub enum TokenIds {
    Listed(Vec<u32>),
    StandardInput,
}

impl TokenIds {
    /// The ids; from standard input with commas or white space between them, as Python prints them or one a line.
    ///
    /// # Errors
    /// Those of [`input`], and when something is no id.
    pub fn get(&self, option: &'static str) -> anyhow::Result<Vec<u32>> {
        match self {
            Self::Listed(ids) => Ok(ids.clone()),
            Self::StandardInput => {
                let text = input(option)?;
                let text = text.trim().trim_start_matches('[').trim_end_matches(']');
                let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
                words.map(|word| token_id(word).map_err(|error| anyhow!("{option} -: {error}"))).collect()
            }
        }
    }
}

impl FromStr for TokenIds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == STANDARD {
            return Ok(Self::StandardInput);
        }
        text.split(',').map(token_id).collect::<Result<_, _>>().map(Self::Listed)
    }
}

/// One of a list of token ids, which may be written as Python prints it: `[1, 2, 3]`.
fn token_id(text: &str) -> Result<u32, String> {
    let id = text.trim().trim_start_matches('[').trim_end_matches(']').trim();
    id.parse().map_err(|_| format!("expected numbers from 0 to 4294967295, found “{}”", Excerpt::new(id)))
}
