//! What marks a text or a figure's metadata as a session, and how long one may be.

use crate::figure::payload;

/// The version that is written, and the newest that is read.
pub const VERSION: u32 = 2;
/// The value of `format`.
pub const FORMAT: &str = "attenuate-session";
/// Larger than any session: a prompt of a million tokens has a tenth.
pub const MOST_BYTES: u64 = 16 << 20;
/// The keyword of a PNG's chunk and the element of an SVG's or PDF's metadata that holds a session.
pub const KEYWORD: &str = payload::XML_ELEMENT;
/// The XML namespace of the element.
pub const NAMESPACE: &str = payload::XML_NAMESPACE;
