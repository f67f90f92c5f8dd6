//! Figures of other scripts, with the fonts that the tests carry: what is drawn, embedded, named and said.

use std::path::PathBuf;

use attenuate::{
    engine::Outcome,
    figure::{FigureStyle, FileFormat, Fonts, draw, figure, illegible},
};

use super::support;

/// A Chinese font in a collection with cubic outlines, and an Arabic one.
fn carried() -> Fonts {
    Fonts::in_folders([PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/support/fonts")])
}

fn styled(fonts: Fonts) -> FigureStyle {
    FigureStyle { fonts, ..FigureStyle::default() }
}

/// The captured outcome with these as its first tokens.
fn with_tokens(texts: &[&str]) -> Outcome {
    let mut outcome = support::captured();
    let mut tokens = outcome.tokens.to_vec();
    for (token, text) in tokens.iter_mut().zip(texts) {
        (*text).clone_into(&mut token.text);
    }
    outcome.tokens = tokens.into();
    outcome
}

const TOKENS: [&str; 5] = ["中文", " 猫", "سلام", "e\u{301}", "中"];

#[test]
fn glyphs_of_the_machines_fonts_are_embedded_and_named() {
    let outcome = with_tokens(&TOKENS);
    assert_eq!(illegible(&outcome, &styled(carried())), None);
    let figure = figure(&outcome, &styled(carried())).unwrap();
    let names: Vec<&str> = figure.machine_fonts().into_iter().collect();
    assert_eq!(names, ["Noto Naskh Arabic Regular", "Noto Sans CJK SC"], "Chinese as in China");

    let pdf = draw(&outcome, &styled(carried()), FileFormat::Pdf, None).unwrap();
    let text = String::from_utf8_lossy(&pdf);
    assert!(text.contains("NotoSansCJK") && text.contains("NotoNaskhArabic"), "embedded");
    assert!(text.contains("pdfuaid"), "accessible: every character has a glyph");
    assert!(text.contains("Fonts of the machine: Noto Naskh Arabic Regular, Noto Sans CJK SC"));
    assert!(pdf.len() < 120_000, "parts of fonts: {}", pdf.len());

    let svg = String::from_utf8(draw(&outcome, &styled(carried()), FileFormat::Svg, None).unwrap()).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let fonts = document.descendants().find(|node| node.tag_name().name() == "fonts").unwrap();
    assert_eq!(fonts.text(), Some("Noto Naskh Arabic Regular, Noto Sans CJK SC"));
    assert!(svg.contains(">中文</text>") && svg.contains(">سلام</text>"), "to be searched");

    let png = draw(&outcome, &styled(carried()), FileFormat::Png, None).unwrap();
    let info = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap().info().clone();
    let named = info.utf8_text.iter().find(|chunk| chunk.keyword == "attenuate:fonts").unwrap();
    assert_eq!(named.get_text().unwrap(), "Noto Naskh Arabic Regular, Noto Sans CJK SC");
    for format in FileFormat::ALL {
        let again = draw(&outcome, &styled(carried()), format, None).unwrap();
        assert!(draw(&outcome, &styled(carried()), format, None).unwrap() == again, "{format:?}: the same bytes");
    }
}

#[test]
fn a_figure_without_other_scripts_asks_no_font_of_the_machine() {
    let figure = figure(&support::captured(), &styled(carried())).unwrap();
    assert!(figure.machine_fonts().is_empty());
    let svg = draw(&support::captured(), &styled(carried()), FileFormat::Svg, None).unwrap();
    assert!(!String::from_utf8(svg).unwrap().contains("<metadata>"));
}

#[test]
fn code_points_stand_in_where_the_machine_has_no_font() {
    let outcome = with_tokens(&TOKENS);
    let style = styled(Fonts::own());
    let figure = figure(&outcome, &style).unwrap();
    let texts: Vec<&str> = figure.texts().map(|text| text.text.as_str()).collect();
    for shown in ["U+4E2D U+6587", "U+732B", "U+0633 U+0644\u{2026}", "e\u{301}"] {
        assert!(texts.contains(&shown), "{shown}: {texts:?}");
    }
    let said = illegible(&outcome, &style).unwrap().to_string();
    assert_eq!(
        said,
        "4 labels hold characters that no font of this machine has (Arabic, Han): their code points stand in"
    );
    let titled = FigureStyle { title: Some("猫 and more".to_owned()), ..style };
    let figure = attenuate::figure::figure(&support::captured(), &titled).unwrap();
    assert!(figure.texts().any(|text| text.text == "U+732B and more"));
}
