//! The session inside its figure: where each kind of file carries it.
//!
//! Every exporter takes an opaque text (JSON that the session's own document writes and reads) and puts it where
//! the file's format keeps such things, unchanged, so that a figure can be opened again as the session it shows.

/// Keyword of the uncompressed `iTXt` chunk that carries the session in a PNG; it stands before `IDAT`.
pub const PNG_KEYWORD: &str = "attenuate:session";

/// XML name of the element that carries the session: in the SVG's `<metadata>` and in the PDF's XMP packet, where it
/// lies in an `rdf:Description`. Its text is the JSON, XML-escaped.
pub const XML_ELEMENT: &str = "attenuate:session";

/// XML namespace behind the prefix `attenuate` of [`XML_ELEMENT`].
pub const XML_NAMESPACE: &str = "urn:attenuate:session:1";
