//! A fingerprint as a text: `sha256:HEX`, `sha256-sampled:HEX` or `sha256-folder:HEX`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How much of a source a fingerprint is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Extent {
    /// All of a file.
    Whole,
    /// Its length, its ends, and blocks between them.
    Sampled,
    /// The files of a model folder, or the parts of a split file.
    Folder,
}

impl Extent {
    const ALL: [Self; 3] = [Self::Whole, Self::Sampled, Self::Folder];

    const fn word(self) -> &'static str {
        match self {
            Self::Whole => "sha256",
            Self::Sampled => "sha256-sampled",
            Self::Folder => "sha256-folder",
        }
    }
}

/// Digest of a source's content, written `sha256:HEX`, `sha256-sampled:HEX` or `sha256-folder:HEX`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint {
    pub(super) extent: Extent,
    pub(super) digest: [u8; 32],
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.extent.word())?;
        self.digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no [`Fingerprint`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected sha256:, sha256-sampled: or sha256-folder: and 64 hexadecimal digits, found “{}”", .0.chars().take(80).collect::<String>())]
pub struct ParseFingerprintError(String);

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ParseFingerprintError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Fingerprint> {
    let (word, hex) = text.split_once(':')?;
    let extent = Extent::ALL.into_iter().find(|extent| extent.word() == word)?;
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(Fingerprint { extent, digest })
}

impl TryFrom<String> for Fingerprint {
    type Error = ParseFingerprintError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}
