//! A text laid out token by token: which part of it each of them is.

use std::{borrow::Cow, sync::Arc};

use egui::{
    Color32, FontId, Galley, Rect, TextFormat, TextStyle, Ui, Vec2,
    text::{LayoutJob, TextWrapping},
    vec2,
};

use crate::{
    engine::WrittenToken,
    ui::memo::{Memo, Same},
};

/// What a line break looks like, in front of it.
const LINE_BREAK: &str = "↵\n";

/// A text and its tokens' places in it, made again when the `Key` is another or the text is laid out anew.
pub struct TokenText<Key> {
    written: Memo<Key, Written>,
    /// Of each token one in each row that it is in, relative to the text's corner, in order.
    places: Memo<Same<Galley>, Vec<Place>>,
}

/// What is laid out.
struct Written {
    job: LayoutJob,
    /// The tokens of the text's characters.
    owners: Vec<usize>,
}

impl<Key> Default for TokenText<Key> {
    fn default() -> Self {
        Self { written: Memo::default(), places: Memo::default() }
    }
}

/// Where a token is in a row.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub token: usize,
    pub rect: Rect,
    /// Without the spaces at its ends; all of it where it is nothing else.
    pub ink: Rect,
}

impl Place {
    pub fn translate(self, by: Vec2) -> Self {
        Self { rect: self.rect.translate(by), ink: self.ink.translate(by), ..self }
    }
}

impl<Key: PartialEq> TokenText<Key> {
    /// In rows of `width`; `look` is a token's colour and what is behind it. `key` is all that they depend on.
    pub fn laid_out(
        &mut self,
        ui: &Ui,
        key: Key,
        tokens: &[WrittenToken],
        width: f32,
        look: impl Fn(usize) -> [Color32; 2],
    ) -> (Arc<Galley>, &[Place]) {
        let Written { job, owners } =
            self.written.get(key, || Written::new(TextStyle::Body.resolve(ui.style()), tokens, width, look));
        // Where the fonts have changed it is another one.
        let galley = ui.painter().layout_job(job.clone());
        let places = self.places.get(Same::of(&galley), || places(&galley, owners));
        (galley, places)
    }
}

impl Written {
    fn new(font: FontId, tokens: &[WrittenToken], width: f32, look: impl Fn(usize) -> [Color32; 2]) -> Self {
        let wrap = TextWrapping { max_width: width, ..TextWrapping::default() };
        let mut job = LayoutJob { wrap, ..LayoutJob::default() };
        let mut owners = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            let [color, background] = look(index);
            let text = visible(&token.piece);
            job.append(&text, 0.0, TextFormat { background, ..TextFormat::simple(font.clone(), color) });
            owners.resize(owners.len() + text.chars().count(), index);
        }
        Self { job, owners }
    }
}

/// `owners` are the tokens of the text's characters.
fn places(galley: &Galley, owners: &[usize]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let mut owners = owners.iter().copied();
    for row in &galley.rows {
        let first = places.len();
        for (glyph, token) in row.glyphs.iter().zip(owners.by_ref()) {
            let corner = row.pos + vec2(glyph.pos.x, 0.0);
            let rect = Rect::from_min_size(corner, vec2(glyph.advance_width, row.size.y));
            if places[first..].last().is_none_or(|last| last.token != token) {
                places.push(Place { token, rect: Rect::NOTHING, ink: Rect::NOTHING });
            }
            if let Some(place) = places.last_mut() {
                place.rect |= rect;
                if !glyph.chr.is_whitespace() {
                    place.ink |= rect;
                }
            }
        }
        for place in places[first..].iter_mut().filter(|place| !place.ink.is_positive()) {
            place.ink = place.rect;
        }
        if row.ends_with_newline {
            owners.next();
        }
    }
    places
}

/// Control characters as they are written in strings, so that nothing in a text moves what is around it.
pub fn visible(piece: &str) -> Cow<'_, str> {
    if !piece.chars().any(char::is_control) {
        return Cow::Borrowed(piece);
    }
    let mut text = String::with_capacity(piece.len() + 8);
    for character in piece.chars() {
        match character {
            '\n' => text.push_str(LINE_BREAK),
            control if control.is_control() => text.extend(control.escape_default()),
            other => text.push(other),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_visible_and_lines_break() {
        for (piece, text) in [(" a", " a"), ("\n\n", "↵\n↵\n"), ("a\tb\r", "a\\tb\\r"), ("\u{1b}", "\\u{1b}")] {
            assert_eq!(visible(piece), text);
        }
    }

    #[test]
    fn every_token_has_a_place_in_each_row_that_it_is_in() {
        let token = |piece: &str| WrittenToken { id: 0, piece: piece.to_owned() };
        let tokens = ["one", " two", "", "\n", "thr", "ee"].map(token);
        let mut found = Vec::new();
        egui::__run_test_ui(|ui| {
            let mut text = TokenText::default();
            let (_, places) = text.laid_out(ui, (), &tokens, 500.0, |_| [Color32::PLACEHOLDER; 2]);
            found = places.to_vec();
        });
        assert_eq!(found.iter().map(|place| place.token).collect::<Vec<_>>(), [0, 1, 3, 4, 5]);
        let rects: Vec<Rect> = found.iter().map(|place| place.rect).collect();
        assert!(rects[0].right() <= rects[1].left() + 0.1 && rects[1].top() == rects[0].top());
        assert!(rects[3].top() >= rects[2].bottom() - 0.1 && rects[3].left() < 1.0, "{rects:?}");
        assert!(found[1].ink.left() > rects[1].left() + 1.0 && found[1].ink.right() == rects[1].right());
        let [thr, ee] = [rects[3].width(), rects[4].width()];
        assert!(ee > 0.5 * thr && ee < thr, "{rects:?}");
    }
}
