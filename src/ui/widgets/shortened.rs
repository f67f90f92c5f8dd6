//! A line of text in too little room.

use egui::{Color32, Label, Response, RichText, Role, Sense, TextStyle, Ui, WidgetInfo, vec2};

/// As many characters before the three dots are read as the beginning of something.
const LEAST_CHARACTERS: usize = 6;

/// One line of `text` that ends with three dots where it has no room; nothing where not even a readable beginning has.
/// Whole under the pointer and for a screen reader in every case.
pub fn shortened(ui: &mut Ui, text: &str, style: TextStyle, color: Color32) -> Response {
    let font = style.resolve(ui.style());
    let width = |text: String| ui.painter().layout_no_wrap(text, font.clone(), color).size().x;
    let room = ui.available_width();
    if width(readable(text)) <= room {
        return ui.add(Label::new(RichText::new(text).text_style(style).color(color)).truncate());
    }
    let size = vec2(room.max(0.0), ui.spacing().interact_size.y);
    let (_, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response.on_hover_text(text)
}

/// The least of a text that is worth showing.
fn readable(text: &str) -> String {
    // Three dots are no shorter than one character that they would stand for.
    if text.chars().count() <= LEAST_CHARACTERS + 1 {
        return text.to_owned();
    }
    text.chars().take(LEAST_CHARACTERS).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;

    #[test]
    fn the_least_is_a_beginning_or_all() {
        for (text, least) in [("", ""), ("short", "short"), ("seven 7", "seven 7"), ("SmolLM2-135M", "SmolLM…")] {
            assert_eq!(readable(text), least);
        }
    }

    /// What is drawn of a name in a room of so many points, as text.
    fn drawn(room: f32) -> String {
        let mut harness = Harness::new_ui(move |ui| {
            ui.set_max_width(room);
            shortened(ui, "Austen, 1.4 M parameters", TextStyle::Body, Color32::WHITE);
        });
        harness.run();
        assert!(harness.query_by_label("Austen, 1.4 M parameters").is_some(), "it is said in every room");
        let texts = harness.output().shapes.iter().filter_map(|clipped| match &clipped.shape {
            egui::Shape::Text(text) => Some(text.galley.rows.iter().map(|row| row.text()).collect::<String>()),
            _ => None,
        });
        texts.collect()
    }

    #[test]
    fn three_dots_never_stand_alone() {
        assert_eq!(drawn(400.0), "Austen, 1.4 M parameters");
        for room in 0..160 {
            let drawn = drawn(room as f32);
            let n_characters = drawn.trim_end_matches('…').chars().count();
            assert!(drawn.is_empty() || n_characters >= LEAST_CHARACTERS, "“{drawn}” in {room} points");
        }
        assert!(drawn(100.0).ends_with('…') && drawn(20.0).is_empty());
    }
}
