//! Texts in other scripts in the window, with the fonts that the tests carry: any character that nothing draws ends these
//! tests.

use std::path::PathBuf;

use attenuate::{
    engine::{Bundled, Prompt},
    figure::Fonts,
    session::{Command, Session},
};
use egui::{FontFamily, FontId};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::support::Window;

/// Chinese and Arabic, and a Thai word that the carried fonts lack.
const PROMPT: &str = "中文 猫 سلام ไทย emma";

fn session() -> Session {
    let prompt = Prompt::Text { text: PROMPT.into(), bos: true };
    Session::example(Bundled::Austen).with([Command::Read(prompt)])
}

fn carried() -> Fonts {
    Fonts::in_folders([PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/support/fonts")])
}

#[test]
fn fonts_of_the_machine_are_added_when_a_character_needs_one() {
    let fonts = carried();
    let mut window = Window::with(Session::default(), |setup| setup.fonts = fonts.clone());
    window.settle();
    assert_eq!(fonts.known('中'), None, "nothing was looked for before it was needed");

    let fonts = carried();
    let mut window = Window::with(session(), |setup| setup.fonts = fonts.clone());
    window.settle();
    window.harness.step();
    assert!(fonts.known('中').flatten().is_some() && fonts.known('س').flatten().is_some());
    assert_eq!(fonts.known('ไ'), Some(None));
    let font = FontId::new(13.5, FontFamily::Proportional);
    let drawn = |text: &str| window.harness.ctx.fonts_mut(|fonts| fonts.has_glyphs(&font, text));
    assert!(drawn("中文猫سلام"), "in the fonts that were found");
    assert!(!drawn("ไ"), "as its code point");
}

#[test]
fn without_any_font_the_window_says_which_labels_stand_as_code_points() {
    let mut window = Window::with(session(), |_| {});
    window.settle();
    let field = window.harness.get_by_role_and_label(egui::Role::MultilineTextInput, "Prompt");
    assert_eq!(field.accesskit_node().value().unwrap_or_default(), PROMPT, "a screen reader reads the text itself");
}
