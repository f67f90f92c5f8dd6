use std::{borrow::Cow, sync::Arc};

use egui::{
    Color32, Context, FontId, Galley, Id, Painter, TextStyle, Ui,
    text::{CCursor, CCursorRange, LayoutJob, TextWrapping},
    text_edit::TextEditState,
};

/// A token as a label: without the spaces around it, control characters escaped, never empty.
///
/// A token of spaces alone becomes one middle dot per space.
pub fn visible_token(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim_matches(' ');
    if trimmed.is_empty() {
        return Cow::Owned("·".repeat(text.chars().count().max(1)));
    }
    if trimmed.chars().any(char::is_control) {
        return Cow::Owned(
            trimmed
                .chars()
                .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
                .collect(),
        );
    }
    Cow::Borrowed(trimmed)
}

/// A token as chips and quotes show it: a middle dot for each space in front of it and behind it, and between them the
/// token as [`visible_token`] gives it. Of spaces alone all are in the middle.
pub fn dotted_token(text: &str) -> [Cow<'_, str>; 3] {
    let spaces = |is_in_front: bool| {
        let trimmed = if is_in_front { text.trim_start_matches(' ') } else { text.trim_end_matches(' ') };
        if trimmed.is_empty() { 0 } else { text.len() - trimmed.len() }
    };
    let dots = |count: usize| if count == 0 { Cow::Borrowed("") } else { Cow::Owned("·".repeat(count)) };
    [dots(spaces(true)), visible_token(text), dots(spaces(false))]
}

/// A token in quotes, as it stands among words: `“·love”`.
pub fn quoted_token(text: &str) -> String {
    format!("“{}”", dotted_token(text).concat())
}

/// Lays out one line, ended by `…` where it would be wider than `max_width` points.
pub fn elided(painter: &Painter, text: &str, font: FontId, color: Color32, max_width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap =
        TextWrapping { max_width: max_width.max(0.0), max_rows: 1, break_anywhere: true, ..TextWrapping::default() };
    painter.layout_job(job)
}

/// What a button of that name takes of a line, with the gap beside it, in points.
pub fn button_width(ui: &Ui, name: &str) -> f32 {
    let font = TextStyle::Button.resolve(ui.style());
    let text = ui.painter().layout_no_wrap(name.to_owned(), font, Color32::PLACEHOLDER).size().x;
    text + 2.0 * ui.spacing().button_padding.x + ui.spacing().item_spacing.x
}

/// Selects all that a text field holds: what is typed or pasted replaces it.
pub fn select_all(ctx: &Context, id: Id, text: &str) {
    if let Some(mut state) = TextEditState::load(ctx, id) {
        let all = CCursorRange::two(CCursor::default(), CCursor::new(text.chars().count()));
        state.cursor.set_char_range(Some(all));
        state.store(ctx, id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_around_a_token_are_dots_in_chips_and_quotes() {
        for (token, quoted) in [
            (" love", "“·love”"),
            ("love", "“love”"),
            ("  x ", "“··x·”"),
            (" a b", "“·a b”"),
            ("  ", "“··”"),
            ("", "“·”"),
            (" \n", "“·\\n”"),
        ] {
            assert_eq!(quoted_token(token), quoted);
        }
        assert_eq!(dotted_token(" love"), ["·", "love", ""]);
    }

    #[test]
    fn tokens_are_trimmed_escaped_and_never_empty() {
        for (token, label) in
            [(" love", "love"), ("a b", "a b"), ("\n", "\\n"), ("  ", "··"), ("", "·"), (" x\ty", "x\\ty"), ("é", "é")]
        {
            assert_eq!(visible_token(token), label);
        }
    }
}
