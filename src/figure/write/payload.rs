//! The session inside its figure: where each kind of file carries it.
//!
//! Every exporter takes an opaque text (JSON that the session's own document writes and reads) and puts it where
//! the file's format keeps such things, unchanged, so that a figure can be opened again as the session it shows.

use std::fmt::Write as _;

use crate::base::xml;

/// Keyword of the uncompressed `iTXt` chunk that carries the session in a PNG; it stands before `IDAT`.
pub const PNG_KEYWORD: &str = "attenuate:session";

/// XML name of the element that carries the session: in the SVG's `<metadata>` and in an XMP packet inside the PDF, where
/// it lies in an `rdf:Description`. Its text is the JSON, XML-escaped.
pub const XML_ELEMENT: &str = "attenuate:session";

/// XML namespace behind the prefix `attenuate` of [`XML_ELEMENT`].
pub const XML_NAMESPACE: &str = "urn:attenuate:session:1";

/// The session as the text of an XML element, from which a reader gets the same JSON back.
pub(in crate::figure) fn xml_element(payload: &str) -> String {
    let mut element = format!("<{XML_ELEMENT} xmlns:attenuate=\"{XML_NAMESPACE}\">");
    xml::push_text(&mut element, payload, |element, character| match character {
        // A reader would make a line feed of it.
        '\r' => element.push_str("&#13;"),
        '\t' | '\n' => element.push(character),
        // XML cannot hold them, and JSON has them only within strings, where this means the same.
        other => _ = write!(element, "\\u{:04x}", u32::from(other)),
    });
    element.push_str("</");
    element.push_str(XML_ELEMENT);
    element.push('>');
    element
}

/// The session as an XMP packet, which readers find in a PDF by its first and last bytes.
pub(in crate::figure) fn xmp_packet(payload: &str) -> String {
    format!(
        "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n\
         <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n\
         <rdf:Description rdf:about=\"\" xmlns:attenuate=\"{XML_NAMESPACE}\">{}</rdf:Description>\n\
         </rdf:RDF>\n\
         </x:xmpmeta>\n\
         <?xpacket end=\"r\"?>",
        xml_element(payload)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_xml_reader_gets_the_json_back() {
        let payload = "{\"prompt\": \"<b>&amp;</b> ]]> ‖ é 猫 \u{1f600}\",\r\n\t\"v\": 1}";
        for document in [xml_element(payload), xmp_packet(payload)] {
            let document = roxmltree::Document::parse(&document).unwrap();
            let element = document.descendants().find(|node| node.has_tag_name((XML_NAMESPACE, "session"))).unwrap();
            assert_eq!(element.text(), Some(payload));
        }
        let odd = "{\"a\":\"\u{fffe}\"}";
        let document = xml_element(odd);
        let read = roxmltree::Document::parse(&document).unwrap().root_element().text().unwrap().to_owned();
        let [read, odd] = [&read, odd].map(|json| serde_json::from_str::<serde_json::Value>(json).unwrap());
        assert_eq!(read, odd);
    }
}
