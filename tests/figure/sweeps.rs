//! Curves over ε as figures.

use attenuate::{
    attention::{Component, Epsilon},
    engine::{Bundled, Engine, Sweep, SweepMetric},
    figure::{Face, FigureError, Ground, LEGIBLE, SweepRange, SweepStyle, sweep_figure},
    session::Session,
};

use super::{FontSize, assert_whole, texts};

fn swept() -> Sweep {
    let spec = Session::example(Bundled::Smollm2Capture).run_spec();
    Engine::default().sweep(&spec, Some([6, 2]), None, &mut |_| {}, &|| false).unwrap()
}

const TITLE: &str =
    "HuggingFaceTB/SmolLM2-135M-Instruct (weights dequantized from Q4_1), after RoPE, layer 14, head 3: curves over ε";

#[test]
fn curves_are_whole_on_every_page() {
    let sweep = swept();
    let columns = ["5e-1", "1e-3", "1e-10", "9e-4", "0", "3e1"].map(|text| text.parse::<Epsilon>().unwrap());
    let is_measured = |metric: &SweepMetric| metric.of(&sweep.baseline).is_some();
    let measured: Vec<SweepMetric> = SweepMetric::ALL.into_iter().filter(is_measured).collect();
    assert_eq!(measured.len(), 6, "all but those of a target, which a capture does not have");
    let metrics = [&SweepMetric::ALL[..1], &SweepMetric::ALL[2..3], &measured, &SweepMetric::ALL];
    for page in ["85", "178", "85x60", "700x1700px"] {
        for metrics in metrics {
            for range in ["", "1e-2..=1e1", "2e-1..=8e-1", "1e-12..=1e-11"] {
                for (face, ground) in
                    [(Face::Light, Ground::Light), (Face::Sans, Ground::Dark), (Face::Serif, Ground::Transparent)]
                {
                    let style = SweepStyle {
                        page: page.parse().unwrap(),
                        metrics: metrics.to_vec(),
                        range: range.parse().ok(),
                        face,
                        ground,
                        ..SweepStyle::default()
                    };
                    let name = format!("{page}, {} metrics, {range}, {face:?}", metrics.len());
                    let figure = match sweep_figure(&sweep, &columns, TITLE, &style) {
                        Ok(figure) => figure,
                        Err(error) => {
                            // Names of plots are read or the page is refused: they are not made smaller than the rest.
                            let has_room = page == "700x1700px" && metrics.len() <= 6 || metrics.len() == 1;
                            let is_refused = page.contains('x') && !has_room;
                            assert!(
                                is_refused && matches!(error, FigureError::NoRoomForPlots { .. }),
                                "{name}: {error}"
                            );
                            continue;
                        }
                    };
                    assert_whole(&name, &figure);
                    let is_named = |metric: &&SweepMetric| {
                        texts(&figure).any(|text| [metric.name(), metric.short_name()].contains(&text.text.as_str()))
                    };
                    assert_eq!(metrics.iter().filter(is_named).count(), metrics.len(), "{name}");
                    assert!(figure.smallest_text().unwrap() >= LEGIBLE - 1e-9, "{name}");
                    assert!(figure.fitted.is_empty());
                }
            }
        }
    }
}

#[test]
fn a_range_shows_its_epsilon_and_no_others() {
    let sweep = swept();
    let range: SweepRange = "1e-2..=1e1".parse().unwrap();
    let style = SweepStyle { range: Some(range), ..SweepStyle::default() };
    let columns = ["5e-1", "1e-3"].map(|text| text.parse::<Epsilon>().unwrap());
    let figure = sweep_figure(&sweep, &columns, "", &style).unwrap();
    let words: Vec<&str> = texts(&figure).map(|text| text.text.as_str()).collect();
    let decades: Vec<&str> =
        words.iter().copied().filter(|word| word.contains('e') && word.parse::<f64>().is_ok()).collect();
    assert_eq!(decades, ["1e-2", "1e-1", "1e0", "1e1"]);
    assert!(words.contains(&"1") && !words.contains(&"2"), "the second column lies outside: {words:?}");
    assert!(figure.description.contains("from 1e-2 to 1e1") && figure.description.contains("Query, Key, Value"));
    assert!(figure.smallest_text().unwrap() >= LEGIBLE);
}

#[test]
fn text_is_made_to_fit_and_that_is_told() {
    let sweep = swept();
    let style =
        SweepStyle { page: "60".parse().unwrap(), font_size: FontSize::new(20.0).ok(), ..SweepStyle::default() };
    let figure = sweep_figure(&sweep, &[], TITLE, &style).unwrap();
    assert!(figure.fitted[0].contains("in the place of 20"), "{:?}", figure.fitted);
    let style = SweepStyle { page: "30x20".parse().unwrap(), ..style };
    assert!(sweep_figure(&sweep, &[], TITLE, &style).is_err());
    assert!(sweep.components().eq(Component::FIGURE));
}
