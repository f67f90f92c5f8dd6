//! Every quantity against fractions by hand, a direct evaluation from the vectors, and PyTorch.

use std::{fs, path::Path};

use attenuate::{
    attention::{Component, Mask, Preset},
    engine::{Bundled, Engine, Outcome},
    figure::{
        CellValues, ColorNorm, FigureStyle, Ground, Keep, LimitsFrom, Look, Measure, NormScale, PanelPictures,
        PanelRenderer, PictureSpec, Pooling, Quantity, Window, draw, pool_measure,
    },
    session::{Command, OnScreen, Session},
};
use safetensors::SafeTensors;

use crate::figure::support;
use crate::support::grids::at;

fn measure(outcome: &Outcome, quantity: Quantity, component: Component, column: usize) -> Measure {
    let measure = Measure::new(quantity, &outcome.panels[at(component, column)], &outcome.baseline).unwrap();
    assert_eq!(measure.quantity(), quantity);
    measure
}

/// Both evaluations of a row.
#[track_caller]
fn assert_row(measure: &Measure, query: usize, expected: &[f64], tolerance: f64) {
    let mut buffer = vec![f32::NAN; measure.n_positions()];
    let keys = measure.rows().row_into(query, &mut buffer);
    let fast: Vec<f64> = keys.iter().map(|key| f64::from(buffer[key])).collect();
    let exact = measure.exact_row(query);
    assert_eq!((fast.len(), exact.len()), (expected.len(), expected.len()));
    for (key, &expected) in expected.iter().enumerate() {
        let quantity = measure.quantity();
        let slack = tolerance * expected.abs().max(1.0);
        assert!((exact[key] - expected).abs() <= slack, "{quantity} ({query}, {key}): {}, {expected}", exact[key]);
        assert!((fast[key] - expected).abs() <= slack + 1e-6 * expected.abs().max(1.0), "{quantity} in f32");
        assert_eq!(measure.exact(query, key), Some(exact[key]));
    }
    assert_eq!(measure.exact(query, expected.len()), None, "masked or outside");
}

#[test]
fn two_tokens_by_hand() {
    use Component::{Key, Query, Value};
    let outcome = support::two_tokens();
    let root = 3.0_f64.sqrt();
    // Weights of the second row: 3/4 and 1/4; under ε = 1/2 they are √3 and 1 over √3 + 1, under ε = 0 a half each.
    let [sink, rest] = [root / (root + 1.0), 1.0 / (root + 1.0)];
    for (quantity, component, column, first, second) in [
        (Quantity::Weight, Query, 0, 1.0, [sink, rest]),
        (Quantity::Weight, Value, 1, 1.0, [0.75, 0.25]),
        (Quantity::Difference, Query, 0, 0.0, [sink - 0.75, rest - 0.25]),
        (Quantity::Difference, Key, 1, 0.0, [-0.25, 0.25]),
        (Quantity::Difference, Value, 0, 0.0, [0.0, 0.0]),
        (Quantity::UniformRatio, Value, 0, 1.0, [1.5, 0.5]),
        (Quantity::UniformRatio, Query, 1, 1.0, [1.0, 1.0]),
        (Quantity::Score, Query, 0, 3.0_f64.ln() / 2.0, [3.0_f64.ln() / 2.0, 0.0]),
        (Quantity::Score, Query, 1, 0.0, [0.0, 0.0]),
        (Quantity::Score, Value, 0, 3.0_f64.ln(), [3.0_f64.ln(), 0.0]),
        (Quantity::WeightedValue, Query, 1, 5.0, [2.5, 1.0]),
        (Quantity::WeightedValue, Value, 0, 2.5, [0.75 * 2.5, 0.25]),
        (Quantity::WeightedValue, Value, 1, 0.0, [0.0, 0.0]),
        (Quantity::WeightedValue, Value, 2, 5.0, [3.75, 0.5]),
    ] {
        let measure = measure(&outcome, quantity, component, column);
        // ln 3 is rounded to f32 in the vectors.
        assert_row(&measure, 0, &[first], 1e-7);
        assert_row(&measure, 1, &second, 1e-7);
    }
    assert_eq!(measure(&outcome, Quantity::Weight, Query, 0).exact(2, 0), None);
}

#[test]
fn the_captured_head_evaluated_directly() {
    let outcome = support::captured();
    let [q, k, v] = support::captured_vectors();
    // Query head 3 of nine reads kv head 1 of three.
    let dot = |i: usize, j: usize| (0..64).map(|d| f64::from(q[[3, i, d]]) * f64::from(k[[1, j, d]])).sum::<f64>();
    let norm = |j: usize| (0..64).map(|d| f64::from(v[[1, j, d]]).powi(2)).sum::<f64>().sqrt();
    let softmax = |scores: &[f64]| -> Vec<f64> {
        let max = scores.iter().copied().fold(f64::MIN, f64::max);
        let sum: f64 = scores.iter().map(|score| (score - max).exp()).sum();
        scores.iter().map(|score| (score - max).exp() / sum).collect()
    };
    for query in 0..24 {
        let scores: Vec<f64> = (0..=query).map(|key| dot(query, key) / 8.0).collect();
        let baseline = softmax(&scores);
        for (column, epsilon) in [0.5, 1e-3, 1e-10].into_iter().enumerate() {
            let scaled: Vec<f64> = scores.iter().map(|score| epsilon * score).collect();
            let modified = softmax(&scaled);
            let n = (query + 1) as f64;
            let is = |quantity, component, expected: Vec<f64>| {
                assert_row(&measure(&outcome, quantity, component, column), query, &expected, 1e-9);
            };
            let difference = modified.iter().zip(&baseline).map(|(a, b)| a - b).collect();
            is(Quantity::Difference, Component::Query, difference);
            is(Quantity::Difference, Component::Value, vec![0.0; query + 1]);
            is(Quantity::UniformRatio, Component::Key, modified.iter().map(|weight| weight * n).collect());
            is(Quantity::Score, Component::Query, scaled.clone());
            is(Quantity::Score, Component::Value, scores.clone());
            let weighted = modified.iter().enumerate().map(|(key, weight)| weight * norm(key)).collect();
            is(Quantity::WeightedValue, Component::Key, weighted);
            let weighted = baseline.iter().enumerate().map(|(key, weight)| weight * epsilon * norm(key)).collect();
            is(Quantity::WeightedValue, Component::Value, weighted);
        }
    }
}

/// To the bit: the card at the pointer, the colour bar and files name one number.
#[test]
fn all_quantities_of_one_cell_are_those_of_the_measures() {
    let outcome = support::captured();
    for component in Component::FIGURE {
        for (column, [query, key]) in [(0, [23, 0]), (1, [9, 9]), (2, [0, 0])] {
            let panel = &outcome.panels[at(component, column)];
            let values = CellValues::of(panel, &outcome.baseline, [query, key]).unwrap();
            for quantity in Quantity::ALL {
                let exact = measure(&outcome, quantity, component, column).exact(query, key);
                assert_eq!(values.value(quantity), exact, "{quantity} {component} {column}");
            }
        }
    }
    assert_eq!(CellValues::of(&outcome.baseline, &outcome.baseline, [3, 4]), None, "masked");
    let without_values = support::synthetic(5, Mask::CAUSAL).baseline;
    let values = CellValues::of(&without_values, &without_values, [3, 2]).unwrap();
    assert_eq!(values.value(Quantity::WeightedValue), None);
}

/// `tests/goldens/bundled`: the bundled model on its default prompt under interventions on all layers.
#[test]
fn differences_and_ratios_are_pytorchs() {
    let mut session = Session::example(Bundled::Austen);
    session.apply(Command::SetScope(Preset::AllLayers.scope()), OnScreen::default());
    let outcome = Engine::default().run(&session.run_spec(), &|| false).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/bundled/golden.safetensors");
    let file = fs::read(path).unwrap();
    let golden = SafeTensors::deserialize(&file).unwrap();
    let n = outcome.n_positions();
    let pattern = |name: &str| -> Vec<f64> {
        let tensor = golden.tensor(&format!("{name}.attn")).unwrap();
        let (heads, shown) = (tensor.shape()[1], outcome.experiment.layer);
        let values = tensor.data().chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap())));
        values.skip((shown * heads + outcome.experiment.head) * n * n).take(n * n).collect()
    };
    let baseline = pattern("base");
    for (component, letter) in Component::FIGURE.into_iter().zip(["q", "k", "v"]) {
        for (column, epsilon) in ["0.5", "0.001", "1e-10"].into_iter().enumerate() {
            let modified = pattern(&format!("{letter}.all.{epsilon}"));
            for query in 0..n {
                let row = query * n..query * n + query + 1;
                let rows = modified[row.clone()].iter().zip(&baseline[row.clone()]);
                let difference: Vec<f64> = rows.map(|(a, b)| a - b).collect();
                let ratio: Vec<f64> = modified[row].iter().map(|a| a * (query + 1) as f64).collect();
                assert_row(&measure(&outcome, Quantity::Difference, component, column), query, &difference, 2e-5);
                let tolerance = 1e-5 * n as f64;
                assert_row(&measure(&outcome, Quantity::UniformRatio, component, column), query, &ratio, tolerance);
            }
        }
    }
    let largest = |component| {
        let measure = measure(&outcome, Quantity::Difference, component, 1);
        (0..n).flat_map(|query| measure.exact_row(query)).fold(0.0, |most: f64, value| most.max(value.abs()))
    };
    assert!(largest(Component::Value) > 0.05, "under all layers the Value row moves: {}", largest(Component::Value));
}

#[test]
fn without_values_there_is_no_weighted_value() {
    let outcome = support::synthetic(5, Mask::CAUSAL);
    assert!(outcome.baseline.value_norms().is_none());
    assert!(
        Measure::new(Quantity::WeightedValue, &outcome.panels[at(Component::Query, 0)], &outcome.baseline).is_none()
    );
    let shown = Measure::of_panels(Quantity::WeightedValue, &outcome);
    assert_eq!(
        shown[at(Component::Value, 2)].quantity(),
        Quantity::Weight,
        "the window shows what there is, and says so"
    );
    let style = FigureStyle::of(Quantity::WeightedValue);
    let error = draw(&outcome, &style, attenuate::figure::FileFormat::Png, None).unwrap_err().to_string();
    assert!(error.contains("value vectors"), "{error}");
}

fn spec(quantity: Quantity, size: usize) -> PictureSpec {
    PictureSpec { window: None, size: [size; 2], look: Look::of(quantity), ground: Ground::default() }
}

fn render(outcome: &Outcome, spec: &PictureSpec) -> PanelPictures {
    PanelRenderer::default().render(outcome, spec)
}

#[test]
fn reduced_a_sink_is_seen_in_every_quantity() {
    let outcome = support::synthetic(300, Mask::CAUSAL);
    let queries = 150..300;
    for quantity in [Quantity::Weight, Quantity::Difference, Quantity::UniformRatio, Quantity::Score] {
        let (component, column) =
            if quantity == Quantity::Difference { (Component::Query, 2) } else { (Component::Value, 0) };
        let measure = measure(&outcome, quantity, component, column);
        let rank = |value: f64| quantity.center().map_or(value, |center| (value - f64::from(center)).abs());
        let scale = NormScale::Linear(attenuate::figure::Limits::UNIT);
        let (pooled, _) = pool_measure(&measure, Window::whole(300), [40, 40], scale);
        for y in 20..40 {
            let rows = (0..300).filter(|query| ((*query as f64 + 0.5) / 7.5) as usize == y);
            let cells = rows.flat_map(|query| measure.exact_row(query).into_iter().take(8).enumerate());
            // Cells of pixel 0: those whose centres lie in 0 to 7.5.
            let farthest = cells
                .filter(|(key, _)| (*key as f64 + 0.5) < 7.5)
                .map(|(_, value)| value)
                .max_by(|a, b| rank(*a).total_cmp(&rank(*b)))
                .unwrap();
            let shown = f64::from(pooled.value(0, y).unwrap());
            assert!((shown - farthest).abs() <= 1e-5 * farthest.abs().max(1.0), "{quantity} {y}: {shown}, {farthest}");
        }
    }
    assert_eq!(Keep::of(Quantity::Difference, Pooling::Max), Keep::Farthest(0.0));
    // The sink of the baseline is gone at ε = 1e-10: the difference says so in one pixel column.
    let difference = measure(&outcome, Quantity::Difference, Component::Query, 2);
    let most = queries.map(|query| difference.exact(query, 0).unwrap()).fold(0.0, f64::min);
    assert!(most < -0.9, "{most}");
}

#[test]
fn automatic_limits_hold_every_cell_and_fixed_ones_name_what_they_do_not() {
    let outcome = support::captured();
    for quantity in Quantity::ALL {
        let pictures = render(&outcome, &spec(quantity, 120));
        assert_eq!(pictures.quantity(), quantity);
        let histogram = pictures.histogram();
        assert_eq!(histogram.bins.iter().sum::<u64>() + histogram.under + histogram.over, 9 * 24 * 25 / 2);
        assert_eq!((histogram.over, histogram.bad), (0, 0), "{quantity}");
        if quantity != Quantity::UniformRatio {
            assert_eq!(histogram.under, 0, "{quantity}");
        }
    }
    let mut log = spec(Quantity::Difference, 120);
    log.look.norm = ColorNorm::LOG;
    let histogram = render(&outcome, &log).histogram();
    assert!(histogram.under > 100, "no logarithm has negative numbers: {histogram:?}");
}

#[test]
fn locked_limits_are_those_of_all_panels_and_own_ones_differ() {
    let outcome = support::captured();
    let locked = render(&outcome, &spec(Quantity::WeightedValue, 60));
    let ranges = |pictures: &PanelPictures| -> Vec<String> {
        pictures.panels.values().map(|panel| panel.palette.scale().range_text()).collect()
    };
    assert!(ranges(&locked).windows(2).all(|pair| pair[0] == pair[1]));
    let mut own = spec(Quantity::WeightedValue, 60);
    own.look.limits_from = LimitsFrom::EachPanel;
    let own = render(&outcome, &own);
    let ranges = ranges(&own);
    assert_ne!(ranges[6], ranges[7], "the Value row follows ε");
    // 1e-10 of the same picture: under limits of its own it looks the same.
    assert_eq!(own.panels[at(Component::Value, 1)].histogram.bins, own.panels[at(Component::Value, 2)].histogram.bins);
}

#[test]
fn the_value_row_moves_with_epsilon_in_weight_times_value() {
    let outcome = support::captured();
    let weight = render(&outcome, &spec(Quantity::Weight, 120));
    let weighted = render(&outcome, &spec(Quantity::WeightedValue, 120));
    let row = |pictures: &PanelPictures| {
        [0, 1, 2].map(|column| pictures.panels[at(Component::Value, column)].picture.rgba.clone())
    };
    let [left, middle, right] = row(&weight);
    assert!(left == middle && middle == right);
    let [left, middle, _] = row(&weighted);
    assert!(left != middle);
}

#[test]
fn a_panel_is_drawn_again_only_where_its_quantity_changed() {
    let outcome = support::captured();
    let mut renderer = PanelRenderer::default();
    let first = renderer.render(&outcome, &spec(Quantity::Difference, 90));
    let again = renderer.render(&outcome, &spec(Quantity::Difference, 90));
    for (a, b) in first.panels.values().zip(again.panels.values()) {
        assert!(std::sync::Arc::ptr_eq(&a.picture, &b.picture));
        assert_eq!(a.histogram, b.histogram);
    }
    let other = renderer.render(&outcome, &spec(Quantity::Score, 90));
    assert!(other.panels[at(Component::Query, 0)].picture.rgba != first.panels[at(Component::Query, 0)].picture.rgba);
}
