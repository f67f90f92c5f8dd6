//! The colour bar says what the colours are, and nothing else.

use attenuate::{
    attention::{Epsilon, LayerQkv, Mask},
    engine::Outcome,
    figure::{
        ColorNorm, Colormap, Figure, FigureSpec, FigureStyle, Item, LimitsFrom, Look, Quantity, Rgb, TextMode, layout,
        to_svg,
    },
};
use ndarray::Array3;

use crate::figure::{figure_of, support, texts};

/// A head one of whose queries holds a number that is none.
pub fn with_a_nan() -> Outcome {
    let vectors = |rate: f32| Array3::from_shape_fn((1, 6, 2), |(_, i, d)| ((i + 2 * d) as f32 * rate).sin() * 3.0);
    let mut query = vectors(0.9);
    query[[0, 4, 1]] = f32::NAN;
    let qkv = LayerQkv::new(query, vectors(0.7), None, 1.0, Mask::CAUSAL).unwrap();
    support::outcome_at(&Epsilon::FIGURE, qkv, 0, ["a", "b", "c", "d", "e", "f"].map(str::to_owned).to_vec())
}

fn words(figure: &Figure) -> Vec<&str> {
    texts(figure).map(|text| text.text.as_str()).collect()
}

fn triangles(figure: &Figure) -> Vec<Rgb> {
    let fills = figure.items.iter().filter_map(|item| match item {
        Item::Triangle { fill, .. } => Some(*fill),
        _ => None,
    });
    fills.collect()
}

fn has_rect(figure: &Figure, color: Rgb) -> bool {
    figure.items.iter().any(|item| matches!(item, Item::Rect { fill, .. } if *fill == color))
}

#[test]
fn every_quantity_has_its_label_title_and_ticks() {
    let outcome = support::captured();
    for (quantity, label, tick) in [
        (Quantity::Weight, "Attention Weight", "0.2"),
        (Quantity::Difference, "Difference from Baseline", "0.0"),
        (Quantity::UniformRatio, "Weight / Uniform", "1"),
        (Quantity::Score, "Score", "0.0"),
        (Quantity::WeightedValue, "Weight × ‖Value‖", "0.0"),
    ] {
        let figure = figure_of(&outcome, &FigureStyle::of(quantity));
        let words = words(&figure);
        assert!(words.contains(&label) && words.contains(&tick), "{words:?}");
        assert_eq!(words[0], format!("The {label} after Modifying Query, Key and Value"));
        let svg = to_svg(&figure, TextMode::Embedded, None).unwrap();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let drawn =
            document.descendants().find(|node| node.has_tag_name("text") && node.text() == Some(label)).unwrap();
        let length: f64 = drawn.attribute("textLength").unwrap().parse().unwrap();
        // In Ubuntu Light but for ‖; every glyph of the monospaced font would be 0.6 em wide.
        let widest = 0.55 * 8.0 * label.chars().count() as f64;
        assert!(length < widest, "{label}: {length} of {widest}");
    }
}

#[test]
fn the_middle_of_a_signed_bar_is_its_centre() {
    let outcome = support::captured();
    for (quantity, center) in [(Quantity::Difference, "0.0"), (Quantity::UniformRatio, "1")] {
        let spec = FigureSpec::from_outcome(&outcome, &FigureStyle::of(quantity));
        let middle = spec.bar.ticks.iter().find(|tick| tick.label == center).unwrap();
        assert!((middle.position - 0.5).abs() < 1e-6, "{middle:?}");
        assert!(spec.bar.colormap.is_diverging());
    }
}

#[test]
fn what_lies_beyond_has_a_triangle_of_its_own_colour_and_only_then() {
    let outcome = support::captured();
    let table = Colormap::BlueRed.table();
    let with = |norm: &str| {
        figure_of(
            &outcome,
            &FigureStyle { look: Look { norm: norm.parse().unwrap(), ..Look::default() }, ..FigureStyle::default() },
        )
    };
    assert!(triangles(&with("linear")).is_empty());
    assert_eq!(triangles(&with("0:0.5")), [table.over]);
    assert_eq!(triangles(&with("log:2")), [table.under]);
    let both = with("0.1:0.2");
    assert_eq!(triangles(&both), [table.over, table.under]);
    assert!(words(&both).contains(&"less") && words(&both).contains(&"more"));
    assert!(triangles(&with("auto")).is_empty(), "automatic limits hold everything");
}

#[test]
fn what_is_not_a_number_has_a_swatch_and_only_then() {
    let bad = Colormap::BlueRed.table().bad;
    let figure = figure_of(&with_a_nan(), &FigureStyle::default());
    assert!(has_rect(&figure, bad) && words(&figure).contains(&"NaN"));
    let figure = figure_of(&support::captured(), &FigureStyle::default());
    assert!(!has_rect(&figure, bad) && !words(&figure).contains(&"NaN"));
}

#[test]
fn panels_with_limits_of_their_own_say_them() {
    let outcome = support::captured();
    let look = Look { limits_from: LimitsFrom::EachPanel, ..Look::of(Quantity::WeightedValue) };
    let style = FigureStyle { look, ..FigureStyle::default() };
    let spec = FigureSpec::from_outcome(&outcome, &style);
    let figure = layout(&spec).unwrap();
    for (panel, heatmap) in spec.panels.iter().flatten().zip(&figure.heatmaps) {
        assert_eq!(panel.note, heatmap.palette.scale().range_text());
        assert!(words(&figure).contains(&panel.note.as_str()));
    }
    let bar: Vec<&str> = spec.bar.ticks.iter().map(|tick| tick.label.as_str()).collect();
    assert_eq!(bar, ["low", "high"], "no number is true of all nine");
    // Fixed limits are everybody's, whatever is chosen.
    let fixed = FigureStyle { look: Look { norm: ColorNorm::default(), ..look }, ..style };
    let spec = FigureSpec::from_outcome(&outcome, &fixed);
    assert!(spec.panels.iter().flatten().all(|panel| panel.note.is_empty()));
    assert_eq!(spec.bar.ticks.len(), 6);
}
