//! The sizes that are offered suit every grid, every number of tokens and every label.

use attenuate::{
    attention::{Components, Epsilon, Grid},
    figure::{Figure, LEGIBLE, LeastText, PanelMetric, Repair},
};

use super::{
    FigureError, FigureStyle, FontSize, LimitsFrom, Look, Outcome, assert_whole, figure_of, layout, support, texts,
};
use attenuate::figure::FigureSpec;

const PRESETS: [&str; 2] = ["85", "178"];

fn epsilon(text: &str) -> Epsilon {
    text.parse().unwrap()
}

fn outcome(rows: &str, n_columns: usize, n_tokens: usize, word: &str) -> Outcome {
    let columns = ["5e-1", "1e-3", "1e-10", "3.16e-2", "2.5e-12", "0"].map(epsilon);
    let grid = Grid::repeated(rows.parse::<Components>().unwrap(), &columns[..n_columns]).unwrap();
    let tokens = (0..n_tokens).map(|position| word.chars().take(1 + position % 40).collect()).collect();
    support::gridded(grid, tokens)
}

fn sizes<'a>(figure: &'a Figure, of: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = f64> + 'a {
    texts(figure).filter(move |text| of(&text.text)).map(|text| text.size)
}

#[test]
fn presets_never_fail() {
    let numbers = FigureStyle {
        metrics: PanelMetric::ALL.into(),
        look: Look { norm: "auto".parse().unwrap(), limits_from: LimitsFrom::EachPanel, ..Look::default() },
        ..FigureStyle::default()
    };
    for rows in ["value", "query,key,value", "query,key,value,output"] {
        for n_columns in [2, 3, 6] {
            for n_tokens in [1, 24, 90] {
                for word in ["the", "antidisestablishmentarianism", "WWWWWWWWWWWWWWWW"] {
                    let outcome = outcome(rows, n_columns, n_tokens, word);
                    for preset in PRESETS {
                        for style in [&FigureStyle::default(), &numbers] {
                            let style = FigureStyle { page: preset.parse().unwrap(), ..style.clone() };
                            let name = format!(
                                "{preset} mm, {rows}, {n_columns} columns, {n_tokens} × {word}, {} numbers",
                                style.metrics.len()
                            );
                            let drawn = layout(&FigureSpec::from_outcome(&outcome, &style))
                                .unwrap_or_else(|error| panic!("{name}: {error}"));
                            assert_whole(&name, &drawn);
                            let smallest = drawn.smallest_text().unwrap();
                            let repair = Repair::of(&outcome, &style);
                            assert_eq!(repair.is_none(), smallest >= LEGIBLE - 1e-9, "{name}: {smallest}");
                            let Some(repair) = repair else { continue };
                            let repaired = figure_of(&outcome, &repair.of_style(style));
                            assert!(repaired.smallest_text().unwrap() >= LEGIBLE - 1e-9, "{name}: {repair:?}");
                        }
                    }
                }
            }
        }
    }
}

/// The figure in one column of a journal: what was refused, and what had titles of 3.4 points.
#[test]
fn one_column_holds_the_figure_with_short_titles_that_can_be_read() {
    let outcome = support::captured();
    let style = FigureStyle { page: "85".parse().unwrap(), ..FigureStyle::default() };
    let figure = figure_of(&outcome, &style);
    let titles: Vec<f64> = sizes(&figure, |text| text.contains("ε = ")).collect();
    let largest = texts(&figure).filter(|text| text.text.ends_with("position")).map(|text| text.size).next().unwrap();
    assert!(!titles.is_empty() && titles.iter().all(|&size| size == largest), "{titles:?}, captions of {largest}");
    assert!(!texts(&figure).any(|text| text.text.starts_with("Modifying")));
    assert!(figure.smallest_text().unwrap() >= LEGIBLE - 1e-9, "{:?}", figure.smallest_text());
    assert!(figure.fitted.is_empty(), "labels are whole: {:?}", figure.fitted);
}

#[test]
fn long_titles_stay_where_they_have_their_size_and_go_where_not() {
    let outcome = support::captured();
    let with = |points: f64| FigureStyle { font_size: FontSize::new(points).ok(), ..FigureStyle::default() };
    for (points, title) in [(8.0, "Modifying Query with ε = 5e-1"), (14.0, "Query, ε = 5e-1"), (18.0, "ε = 5e-1")] {
        let figure = figure_of(&outcome, &with(points));
        let titles: Vec<f64> = sizes(&figure, |text| text == title).collect();
        assert!(!titles.is_empty() && titles.iter().all(|&size| size == points), "{points}: {titles:?}");
    }
}

/// Rows whose ε differ have heads too, and each of their panels its ε.
#[test]
fn rows_with_other_epsilon_say_it_above_each_panel() {
    let rows: Components = "query,key".parse().unwrap();
    let [half, tenth] = ["5e-1", "1e-1"].map(epsilon);
    let grid = Grid::from_rows(rows.iter().zip([vec![half, tenth], vec![half, half]])).unwrap();
    let outcome = support::gridded(grid, vec!["a".to_owned(); 6]);
    let style =
        FigureStyle { font_size: FontSize::new(14.0).ok(), page: "90".parse().unwrap(), ..FigureStyle::default() };
    let figure = figure_of(&outcome, &style);
    let of = |title: &str| sizes(&figure, |text| text == title).count();
    assert_eq!(["ε = 5e-1", "ε = 1e-1", "Query", "Key"].map(of), [2, 1, 1, 1]);
}

#[test]
fn what_had_no_room_is_told() {
    let outcome = outcome("query,key,value", 3, 24, "antidisestablishmentarianism");
    let style =
        FigureStyle { page: "60".parse().unwrap(), font_size: FontSize::new(12.0).ok(), ..FigureStyle::default() };
    let figure = figure_of(&outcome, &style);
    assert!(figure.fitted.iter().any(|told| told.contains("in the place of 12")), "{:?}", figure.fitted);
}

#[test]
fn the_smallest_text_is_as_large_as_is_asked_for() {
    let outcome = support::captured();
    let default = figure_of(&outcome, &FigureStyle::default());
    assert!((5.0..LEGIBLE).contains(&default.smallest_text().unwrap()), "every token has its label");
    let Some(Repair::LeastText(least)) = Repair::of(&outcome, &FigureStyle::default()) else { panic!("no repair") };
    assert_eq!(least, LeastText::LEGIBLE);
    let style = FigureStyle { least_text: least, ..FigureStyle::default() };
    let figure = figure_of(&outcome, &style);
    assert_eq!(figure.smallest_text(), Some(LEGIBLE));
    assert!(texts(&figure).count() < texts(&default).count(), "some labels are left out");
    assert_eq!(Repair::of(&outcome, &style), None);
}

#[test]
fn a_page_that_is_too_small_is_refused_and_a_larger_one_offered() {
    let outcome = support::captured();
    let style = FigureStyle { page: "20x20".parse().unwrap(), ..FigureStyle::default() };
    let error = layout(&FigureSpec::from_outcome(&outcome, &style)).unwrap_err();
    assert!(matches!(error, FigureError::NoRoom { .. } | FigureError::NoRoomForBar { .. }), "{error}");
    let Some(repair @ Repair::Page(_)) = Repair::of(&outcome, &style) else { panic!("no larger page") };
    let repaired = figure_of(&outcome, &repair.of_style(style));
    assert!(repaired.smallest_text().unwrap() >= LEGIBLE);
}
