//! What the model writes, under the panels of a figure.

use std::sync::Arc;

use attenuate::{
    engine::{Bundled, Engine, Job, Outcome, PanelTexts, Writing},
    figure::{Anchor, Figure, FigureStyle, FileFormat, FontSize, Fonts, StripLines, Text, TextStrip, draw, figure},
    session::Session,
};

const N_TOKENS: usize = 12;

fn written() -> (Outcome, Arc<PanelTexts>) {
    let (mut engine, spec) = (Engine::default(), Session::example(Bundled::Austen).run_spec());
    let outcome = engine.run(&spec, &|| false).unwrap();
    let texts = engine.panel_texts(&Job::unwatched(), &spec, &Writing::greedy(N_TOKENS), &mut |_| {}).unwrap();
    (outcome, Arc::new(texts))
}

fn style(texts: &Arc<PanelTexts>, lines: u8, page: &str) -> FigureStyle {
    let strip = Some(TextStrip { lines: StripLines::new(lines).unwrap(), texts: texts.clone() });
    FigureStyle { strip, page: page.parse().unwrap(), fonts: Fonts::own(), ..FigureStyle::default() }
}

/// The lines that begin at the left edge of a panel, below it and above the next row's, from the uppermost.
fn under(figure: &Figure, index: usize) -> Vec<&Text> {
    let rects: Vec<_> = figure.heatmaps.iter().map(|map| map.rect).collect();
    let rect = rects[index];
    let end = rects.iter().map(|other| other.y).filter(|&y| y > rect.y + 1.0).fold(figure.height, f64::min);
    let is_under = |text: &&Text| {
        let [x, y] = text.at;
        text.anchor == Anchor::Start && (x - rect.x).abs() < 1e-6 && y > rect.bottom() && y < end
    };
    let mut lines: Vec<&Text> = figure.texts().filter(is_under).collect();
    lines.sort_by(|a, b| a.at[1].total_cmp(&b.at[1]));
    lines
}

fn plain(text: &str) -> String {
    text.split_whitespace().filter(|word| *word != "↵").collect()
}

#[test]
fn each_panel_has_its_text_in_its_own_room_and_the_baselines_stands_at_the_foot() {
    let (outcome, texts) = written();
    let drawn = figure(&outcome, &style(&texts, 8, "178")).unwrap();
    assert_eq!(drawn.heatmaps.len(), 9);
    for (index, panel) in outcome.shape().panels().enumerate() {
        let lines = under(&drawn, index);
        assert!(!lines.is_empty() && lines.len() <= 8, "{panel:?}: {lines:?}");
        let joined: String = lines.iter().map(|line| plain(&line.text)).collect();
        assert_eq!(joined, plain(&texts.get(panel).unwrap().modified.text()));
        for pair in lines.windows(2) {
            // A line is as high as its tallest and its deepest glyph.
            assert!(pair[1].at[1] - pair[0].at[1] >= 0.9 * pair[0].size, "lines do not overlap");
        }
    }
    let foot = drawn.texts().find(|text| text.text.starts_with("Baseline: ")).unwrap();
    assert!(drawn.texts().all(|text| text.at[1] <= foot.at[1] + 2.0 * 1.3 * foot.size), "nothing stands below it");
    assert!(foot.at[1] < drawn.height);
    assert!(drawn.fitted.is_empty(), "{:?}", drawn.fitted);
    assert!(drawn.description.contains("unmodified the model writes “"), "{}", drawn.description);
}

#[test]
fn what_has_no_room_is_cut_and_told() {
    let (outcome, texts) = written();
    let drawn = figure(&outcome, &style(&texts, 1, "178")).unwrap();
    for index in 0..9 {
        let lines = under(&drawn, index);
        assert!(lines.len() == 1 && lines[0].text.ends_with('…'), "{lines:?}");
    }
    assert_eq!(drawn.fitted, ["what the model writes is cut: it has no room in these lines"]);
    // A page of one column, and one of a given height with a size of text.
    for page in ["85", "178x160"] {
        let style = FigureStyle { font_size: FontSize::new(7.0).ok(), ..style(&texts, 2, page) };
        let drawn = figure(&outcome, &style).unwrap();
        let [width, height] = [drawn.width, drawn.height];
        assert!(drawn.texts().all(|text| (0.0..width).contains(&text.at[0]) && (0.0..height).contains(&text.at[1])));
        assert!(!under(&drawn, 8).is_empty());
    }
}

#[test]
fn every_format_has_it_and_without_it_nothing_changes() {
    let (outcome, texts) = written();
    let with = style(&texts, 2, "120");
    let without = FigureStyle { strip: None, ..with.clone() };
    for format in FileFormat::ALL {
        let [with, without] = [&with, &without].map(|style| draw(&outcome, style, format, None).unwrap());
        assert!(with.len() > without.len(), "{format:?}");
    }
    let svg = String::from_utf8(draw(&outcome, &with, FileFormat::Svg, None).unwrap()).unwrap();
    assert!(svg.contains("Baseline: "), "as text that can be searched");
}
