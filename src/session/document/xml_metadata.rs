//! The metadata of SVG and PDF that holds a session: an element `session` of its own namespace.

use roxmltree::{Document, Node, ParsingOptions};

use super::{error::Problem, format::NAMESPACE, xml_depth};

/// A larger figure is not read; its picture would have hundreds of millions of pixels.
pub const MOST_BYTES: u64 = 128 << 20;
/// Ours have a few thousand, however many cells they show: panels are pictures.
const MOST_NODES: u32 = 1 << 20;
const PACKET: &[u8] = b"<?xpacket begin=";
const PACKET_END: &[u8] = b"<?xpacket end";

/// The session of an SVG file, as it stands there.
pub fn svg(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::Picture("it is not UTF-8"))?;
    element(text)?.ok_or(Problem::None)
}

/// The session in the metadata (XMP) of a PDF file, as it stands there. A file that was changed by other programs may
/// have several packets; the last with a session is the newest.
pub fn pdf(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    if !bytes.starts_with(b"%PDF-") {
        return Err(Problem::Picture("it does not begin as a PDF does"));
    }
    let mut rest = bytes;
    let mut found = Err(Problem::None);
    while let Some(start) = find(rest, PACKET) {
        rest = &rest[start + PACKET.len()..];
        let (Some(open), Some(end)) = (find(rest, b"?>"), find(rest, PACKET_END)) else { break };
        if let Some(Ok(packet)) = rest.get(open + 2..end).map(std::str::from_utf8) {
            match element(packet.trim()) {
                Ok(Some(session)) => found = Ok(session),
                Ok(None) => {}
                Err(problem) => found = found.or(Err(problem)),
            }
        }
        rest = &rest[end..];
    }
    found
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    // Only where the first byte is right is the rest compared.
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| *byte == part[0]) {
        if bytes[from + at..].starts_with(part) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// The text of the element. A document type, and with it every entity, is refused by the parser.
fn element(xml: &str) -> Result<Option<Vec<u8>>, Problem> {
    if !xml_depth::is_shallow(xml) {
        return Err(Problem::Picture("its elements are nested too deep"));
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES };
    let document = Document::parse_with_options(xml, options).map_err(Problem::Xml)?;
    let found = document.descendants().find(|node| node.has_tag_name((NAMESPACE, "session")));
    Ok(found
        .map(|node| node.descendants().filter(Node::is_text).filter_map(|text| text.text()).collect::<String>().into()))
}
