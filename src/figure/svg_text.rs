//! Texts of a figure as the SVG that is drawn and measured.

use crate::base::xml;

/// A text as XML: line breaks and tabs become spaces, characters that XML cannot hold U+FFFD, and ‖ two strokes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    // Ubuntu Light lacks ‖, and for one missing glyph the renderer sets the whole text in the other font.
    xml::push_text(&mut escaped, &text.replace('‖', "||"), |escaped, character| {
        escaped.push(if matches!(character, '\t' | '\n' | '\r') { ' ' } else { char::REPLACEMENT_CHARACTER });
    });
    escaped
}
