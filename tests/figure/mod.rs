//! The whole figure: from an outcome to bytes.

mod bar;
mod coarse;
mod files;
mod presets;
mod quantities;
mod scripts;
mod strip;
mod sweeps;

use crate::support::outcomes as support;

use attenuate::{
    attention::Mask,
    engine::Outcome,
    figure::{
        Anchor, AxisLabels, ColorNorm, Dpi, Figure, FigureError, FigureSpec, FigureStyle, FontSize, Ground, Item,
        LimitsFrom, Look, MaskedStyle, PageSize, Picture, Quantity, Rect, Rgb, Text, TextMode, Turn, layout, render,
        to_png, to_svg,
    },
};

fn figure_of(outcome: &Outcome, style: &FigureStyle) -> Figure {
    layout(&FigureSpec::from_outcome(outcome, style)).unwrap()
}

/// Writes PNG files to look at: `cargo test --release figure::gallery -- --ignored`.
#[test]
#[ignore = "for the eye"]
fn gallery() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let default = FigureStyle::default();
    let dark = FigureStyle { ground: Ground::Dark, ..default.clone() };
    let printed = FigureStyle { look: Look { masked: MaskedStyle::AsZero, ..default.look }, ..default.clone() };
    let look = Look { norm: ColorNorm::LOG, colormap: "viridis".parse().unwrap(), ..default.look };
    let log = FigureStyle { look, ..default.clone() };
    let positions =
        FigureStyle { axis_labels: AxisLabels::Positions, page: "178x120".parse().unwrap(), ..default.clone() };
    let cut = FigureStyle {
        look: Look { norm: "0:0.5".parse().unwrap(), ..default.look },
        font_size: FontSize::new(10.0).ok(),
        page: "200x200".parse().unwrap(),
        ..default.clone()
    };
    let hidden = FigureStyle { axis_labels: AxisLabels::Hidden, page: "85".parse().unwrap(), ..default.clone() };
    let quantity = |quantity, ground| FigureStyle { ground, ..FigureStyle::of(quantity) };
    let look = Look { limits_from: LimitsFrom::EachPanel, ..Look::of(Quantity::WeightedValue) };
    let own = FigureStyle { look, ..default.clone() };
    let causal = |n| support::synthetic(n, Mask::CAUSAL);
    for (name, outcome, style) in [
        ("captured", support::captured(), &default),
        ("dark", support::captured(), &dark),
        ("printed", support::captured(), &printed),
        ("log", support::captured(), &log),
        ("positions", support::captured(), &positions),
        ("cut", support::captured(), &cut),
        ("hidden", support::captured(), &hidden),
        ("t1", causal(1), &default),
        ("t2", causal(2), &default),
        ("t64", causal(64), &default),
        ("t300", causal(300), &default),
        ("t600", causal(600), &dark),
        ("bidirectional", support::synthetic(12, Mask::BIDIRECTIONAL), &default),
        ("difference", support::captured(), &FigureStyle::of(Quantity::Difference)),
        ("difference-dark", support::captured(), &quantity(Quantity::Difference, Ground::Dark)),
        ("ratio", support::captured(), &FigureStyle::of(Quantity::UniformRatio)),
        ("score", support::captured(), &FigureStyle::of(Quantity::Score)),
        ("score-dark", support::captured(), &quantity(Quantity::Score, Ground::Dark)),
        ("value-norm", support::captured(), &FigureStyle::of(Quantity::WeightedValue)),
        ("value-norm-dark", support::captured(), &quantity(Quantity::WeightedValue, Ground::Dark)),
        ("per-panel", support::captured(), &own),
        ("ratio-t300", causal(300), &FigureStyle::of(Quantity::UniformRatio)),
        ("nan", bar::with_a_nan(), &cut),
    ] {
        let figure = figure_of(&outcome, style);
        std::fs::write(folder.join(format!("{name}.png")), to_png(&figure, Dpi::default(), None).unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.svg")), to_svg(&figure, TextMode::Embedded, None).unwrap()).unwrap();
    }
    println!("{}", folder.display());
}

fn texts(figure: &Figure) -> impl Iterator<Item = &Text> {
    figure.items.iter().filter_map(|item| match item {
        Item::Text(text) => Some(text),
        Item::Rect { .. } | Item::Triangle { .. } | Item::Frame { .. } | Item::Line { .. } => None,
    })
}

/// The box around a text as the renderer draws it, with the figure's own fonts.
fn text_boxes(figure: &Figure) -> Vec<(String, Rect)> {
    let mut options = resvg::usvg::Options::default();
    let [sans, serif]: [&[u8]; 2] =
        [include_bytes!("../../assets/fonts/sans.ttf"), include_bytes!("../../assets/fonts/serif.ttf")];
    for font in [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR, sans, serif] {
        options.fontdb_mut().load_font_data(font.to_vec());
    }
    options.fontdb_mut().set_sans_serif_family("Attenuate Sans");
    options.fontdb_mut().set_serif_family("Attenuate Serif");
    // The texts themselves, which no program draws.
    let svg = to_svg(figure, TextMode::Embedded, None).unwrap().replace("fill-opacity=\"0\"", "");
    let tree = resvg::usvg::Tree::from_str(&svg, &options).unwrap();
    // The page in points over the page in the renderer's pixels.
    let scale = figure.width / f64::from(tree.size().width());
    let mut boxes = Vec::new();
    let mut groups = vec![tree.root()];
    while let Some(group) = groups.pop() {
        for node in group.children() {
            match node {
                resvg::usvg::Node::Group(group) => groups.push(group),
                resvg::usvg::Node::Text(text) => {
                    // Ink, not line height: the outlines of the glyphs.
                    let ink = text.flattened().bounding_box().transform(text.abs_transform()).unwrap();
                    let [x, y, width, height] =
                        [ink.x(), ink.y(), ink.width(), ink.height()].map(|length| f64::from(length) * scale);
                    let words = text.chunks().iter().map(resvg::usvg::TextChunk::text).collect();
                    boxes.push((words, Rect { x, y, width, height }));
                }
                resvg::usvg::Node::Path(_) | resvg::usvg::Node::Image(_) => {}
            }
        }
    }
    boxes
}

fn overlap(a: Rect, b: Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

/// Styles and outcomes that stretch the layout in different directions.
fn stretched() -> Vec<(String, Figure)> {
    let causal = |n| support::synthetic(n, Mask::CAUSAL);
    let outcomes = [support::captured(), causal(1), causal(2), causal(5), causal(64), causal(97), causal(300)];
    let mut figures = Vec::new();
    for quantity in Quantity::ALL {
        for limits_from in [LimitsFrom::AllPanels, LimitsFrom::EachPanel] {
            let outcome = support::captured();
            let look = Look { limits_from, ..Look::of(quantity) };
            let style = FigureStyle { look, page: "120".parse().unwrap(), ..FigureStyle::default() };
            figures.push((format!("{quantity}, {limits_from:?}"), figure_of(&outcome, &style)));
        }
    }
    figures.push(("not a number".to_owned(), figure_of(&bar::with_a_nan(), &FigureStyle::default())));
    for outcome in &outcomes {
        for page in ["178", "120x120", "400x200", "178x300"] {
            for axis_labels in [AxisLabels::Tokens, AxisLabels::Positions, AxisLabels::Hidden] {
                for norm in ["linear", "log:2", "0.1:0.2"] {
                    let (page, norm) = (page.parse().unwrap(), norm.parse().unwrap());
                    let look = Look { norm, ..Look::default() };
                    let style = FigureStyle { page, axis_labels, look, ..FigureStyle::default() };
                    let name = format!("T = {}, {page} mm, {axis_labels:?}, {norm}", outcome.n_positions());
                    figures.push((name, figure_of(outcome, &style)));
                }
            }
        }
    }
    figures
}

/// Everything is on the page, and no text covers another or a panel.
fn assert_whole(name: &str, figure: &Figure) {
    let page = Rect { x: 0.0, y: 0.0, width: figure.width, height: figure.height };
    let inside = |rect: Rect| {
        rect.x >= page.x && rect.y >= page.y && rect.right() <= page.right() && rect.bottom() <= page.bottom()
    };
    let boxes = text_boxes(figure);
    assert_eq!(boxes.len(), texts(figure).count(), "{name}: every text is drawn");
    for (index, (text, rect)) in boxes.iter().enumerate() {
        assert!(inside(*rect), "{name}: “{text}” at {rect:?} leaves the page");
        for (other, other_rect) in &boxes[..index] {
            assert!(!overlap(*rect, *other_rect), "{name}: “{text}” meets “{other}”");
        }
        for heatmap in &figure.heatmaps {
            assert!(!overlap(*rect, heatmap.rect), "{name}: “{text}” at {rect:?} covers {:?}", heatmap.rect);
        }
    }
    for item in &figure.items {
        match item {
            Item::Rect { rect, .. } | Item::Frame { rect, .. } => assert!(inside(*rect), "{name}: {rect:?}"),
            Item::Line { from: [x, y], to, .. } => {
                let rect = Rect { x: *x, y: *y, width: to[0] - x, height: to[1] - y };
                assert!(inside(rect), "{name}: {rect:?}");
            }
            Item::Triangle { corners, .. } => {
                for [x, y] in *corners {
                    assert!(inside(Rect { x, y, width: 0.0, height: 0.0 }), "{name}: {corners:?}");
                }
            }
            Item::Text(_) => {}
        }
    }
}

#[test]
fn everything_is_on_the_page_and_no_two_texts_meet() {
    for (name, figure) in stretched() {
        assert_whole(&name, &figure);
    }
}

#[test]
fn panels_are_equal_squares_in_rows_and_columns() {
    for (name, figure) in stretched() {
        let rects: Vec<Rect> = figure.heatmaps.iter().map(|heatmap| heatmap.rect).collect();
        assert_eq!(rects.len(), 9);
        let [pitch_x, pitch_y] = [rects[1].x - rects[0].x, rects[3].y - rects[0].y];
        for (index, rect) in rects.iter().enumerate() {
            let (row, column) = (index / 3, index % 3);
            assert_eq!((rect.width, rect.height), (rects[0].width, rects[0].width), "{name}");
            assert!((rect.x - rects[0].x - column as f64 * pitch_x).abs() < 1e-9, "{name}");
            assert!((rect.y - rects[0].y - row as f64 * pitch_y).abs() < 1e-9, "{name}");
        }
    }
}

#[test]
fn at_300_dpi_every_cell_has_the_same_whole_number_of_pixels() {
    for n_positions in [1, 2, 5, 12, 24, 31, 64] {
        let figure = figure_of(&support::synthetic(n_positions, Mask::CAUSAL), &FigureStyle::default());
        for heatmap in &figure.heatmaps {
            let [x, y, side] = [heatmap.rect.x, heatmap.rect.y, heatmap.rect.width].map(|at| at * 300.0 / 72.0);
            let cell = side / n_positions as f64;
            for pixels in [x, y, cell] {
                assert!((pixels - pixels.round()).abs() < 1e-6, "T = {n_positions}: {pixels}");
            }
        }
    }
}

#[test]
fn the_words_are_the_figures() {
    let figure = figure_of(&support::captured(), &FigureStyle::default());
    let words: Vec<&str> = texts(&figure).map(|text| text.text.as_str()).collect();
    let titles: Vec<&str> = words.iter().copied().filter(|text| text.starts_with("Modifying")).collect();
    assert_eq!(
        titles,
        [
            "Modifying Query with ε = 5e-1",
            "Modifying Query with ε = 1e-3",
            "Modifying Query with ε = 1e-10",
            "Modifying Key with ε = 5e-1",
            "Modifying Key with ε = 1e-3",
            "Modifying Key with ε = 1e-10",
            "Modifying Value with ε = 5e-1",
            "Modifying Value with ε = 1e-3",
            "Modifying Value with ε = 1e-10",
        ]
    );
    assert_eq!(words[0], "The Attention Weight after Modifying Query, Key and Value");
    assert!(words.contains(&"Attention Weight"));
    let bar: Vec<&str> = words.iter().copied().filter(|text| text.parse::<f32>().is_ok()).collect();
    assert_eq!(bar, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    // Every token on three query axes and three key axes; `the` is in the prompt three times.
    assert_eq!(words.iter().filter(|&&word| word == "the").count(), 18);
    assert_eq!(words.iter().filter(|&&word| word == "<|endoftext|>").count(), 6);
    for turn in [Turn::Level, Turn::Upwards] {
        let labels: Vec<&Text> = texts(&figure).filter(|text| text.text == "sentence" && text.turn == turn).collect();
        assert_eq!(labels.len(), 3);
        assert!(labels.iter().all(|label| label.anchor == Anchor::End));
    }
}

#[test]
fn a_long_title_is_made_smaller_then_parted_then_cut() {
    let figure_with = |repeated: usize| {
        let title =
            "A title that says far more than any title should say, and then says it once more ".repeat(repeated);
        let style = FigureStyle { title: Some(title), font_size: FontSize::new(8.0).ok(), ..FigureStyle::default() };
        figure_of(&support::captured(), &style)
    };
    let lines = |figure: &Figure| -> Vec<(String, Rect)> {
        let mut lines = text_boxes(figure);
        lines.retain(|(text, _)| text.contains("say"));
        lines.sort_by(|a, b| a.1.y.total_cmp(&b.1.y));
        lines
    };
    for (repeated, n_lines, is_cut) in [(1, 1, false), (3, 2, false), (5, 2, true)] {
        let figure = figure_with(repeated);
        let lines = lines(&figure);
        assert_eq!(lines.len(), n_lines, "{lines:?}");
        assert!(lines[0].0.starts_with("A title") && !lines[0].0.ends_with('…'), "{lines:?}");
        assert_eq!(lines[n_lines - 1].0.ends_with('…'), is_cut, "{lines:?}");
        assert!(lines.windows(2).all(|pair| pair[0].1.bottom() <= pair[1].1.y), "{lines:?}");
        assert!(lines.iter().all(|(_, rect)| rect.x >= 0.0 && rect.right() <= figure.width), "{lines:?}");
    }
    let none = FigureStyle { title: Some(String::new()), ..FigureStyle::default() };
    assert!(figure_of(&support::captured(), &none).height < figure_with(1).height);
}

#[test]
fn a_page_without_room_is_refused() {
    let style = FigureStyle { page: PageSize::new(30.0, None).unwrap(), ..FigureStyle::default() };
    let error = layout(&FigureSpec::from_outcome(&support::captured(), &style)).unwrap_err();
    assert!(matches!(error, FigureError::NoRoom { .. }), "{error}");
}

fn decode(png: &[u8]) -> (png::Info<'static>, Picture) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut rgb).unwrap();
    let rgba = rgb.chunks(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
    let picture = Picture { width: frame.width as usize, height: frame.height as usize, rgba };
    (reader.info().clone(), picture)
}

#[test]
fn a_png_shows_the_colour_of_every_weight_and_knows_its_resolution() {
    let outcome = support::captured();
    let spec = FigureSpec::from_outcome(&outcome, &FigureStyle::default());
    let figure = layout(&spec).unwrap();
    for (dpi, per_meter) in [(300, 11_811), (97, 3_819)] {
        let (info, picture) = decode(&to_png(&figure, Dpi::new(dpi).unwrap(), None).unwrap());
        assert_eq!(info.pixel_dims.map(|dims| (dims.xppu, dims.yppu)), Some((per_meter, per_meter)));
        let scale = f64::from(dpi) / 72.0;
        let expected = [figure.width, figure.height].map(|side| (side * scale).round() as usize);
        assert_eq!([picture.width, picture.height], expected);
        // 178 mm at 300 dpi.
        assert!(dpi != 300 || picture.width.abs_diff(2102) <= 1);
        for heatmap in &figure.heatmaps {
            let cell = heatmap.rect.width / 24.0;
            for query in 0..24 {
                for key in 0..24 {
                    let middle = |from: f64, index: usize| ((from + (index as f64 + 0.5) * cell) * scale) as usize;
                    let shown = picture.pixel(middle(heatmap.rect.x, key), middle(heatmap.rect.y, query)).unwrap();
                    let expected = match heatmap.measure.pattern().exact_cell(query, key) {
                        Some(cell) => heatmap.palette.color(cell.weight),
                        None => heatmap.palette.masked(),
                    };
                    // A weight in f32 may fall on the other side of a step from the same weight in f64.
                    let apart = shown.0.iter().zip(expected.0).map(|(a, b)| a.abs_diff(b)).max().unwrap();
                    assert!(apart <= 4, "({query}, {key}) at {dpi} dpi: {shown}, expected {expected}");
                }
            }
        }
    }
}

#[test]
fn a_sink_of_one_column_survives_a_resolution_that_has_fewer_pixels_than_cells() {
    let outcome = support::synthetic(300, Mask::CAUSAL);
    let spec = FigureSpec::from_outcome(&outcome, &FigureStyle::default());
    let figure = layout(&spec).unwrap();
    // The baseline's strongest weight on key 0 in the lower half, where nothing else is as strong.
    let value = &figure.heatmaps[6];
    let (query, weight) = (150..300)
        .map(|query| (query, value.measure.pattern().exact_cell(query, 0).unwrap().weight))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap();
    assert!(weight > 0.9, "{weight}");
    let dpi = Dpi::new(60).unwrap();
    let scale = 60.0 / 72.0;
    assert!(value.rect.width * scale < 150.0, "fewer than one pixel for two cells");
    let picture = render(&figure, dpi).unwrap();
    let x = (value.rect.x * scale).round() as usize;
    let y = ((value.rect.y + (query as f64 + 0.5) / 300.0 * value.rect.height) * scale) as usize;
    let reddest = (y - 1..=y + 1).filter_map(|y| picture.pixel(x, y)).map(|Rgb([r, _, b])| i32::from(r) - i32::from(b));
    assert!(reddest.max().unwrap() > 100, "the sink at key 0 is seen");
}

#[test]
fn the_same_figure_gives_the_same_bytes() {
    let draw = || {
        let figure = figure_of(&support::captured(), &FigureStyle::default());
        (to_png(&figure, Dpi::default(), None).unwrap(), to_svg(&figure, TextMode::Embedded, None).unwrap())
    };
    assert!(draw() == draw());
}

#[test]
fn too_many_pixels_are_refused_before_they_are_allocated() {
    let page = PageSize::new(2000.0, Some(2000.0)).unwrap();
    let figure = figure_of(&support::captured(), &FigureStyle { page, ..FigureStyle::default() });
    let error = to_png(&figure, Dpi::new(2400).unwrap(), None).unwrap_err();
    assert!(matches!(error, FigureError::TooManyPixels { width: 188_976, .. }), "{error}");
}

/// The renderer's picture of the SVG, heatmaps included, against the PNG, where they go straight to their pixels.
#[test]
fn svg_and_png_show_the_same() {
    for (outcome, style) in [
        (support::captured(), FigureStyle::default()),
        (
            support::captured(),
            FigureStyle {
                look: Look { masked: MaskedStyle::AsZero, ..Look::default() },
                ground: Ground::Dark,
                ..FigureStyle::default()
            },
        ),
        (
            support::synthetic(100, Mask::BIDIRECTIONAL),
            FigureStyle { look: Look { norm: ColorNorm::Auto, ..Look::default() }, ..FigureStyle::default() },
        ),
    ] {
        let figure = figure_of(&outcome, &style);
        let picture = render(&figure, Dpi::default()).unwrap();
        // Without any font: a program that has others draws the same.
        let options = resvg::usvg::Options::default();
        let tree = resvg::usvg::Tree::from_str(&to_svg(&figure, TextMode::Embedded, None).unwrap(), &options).unwrap();
        let mut pixmap = resvg::tiny_skia::Pixmap::new(picture.width as u32, picture.height as u32).unwrap();
        let scale = (300.0 / 72.0 * figure.width) as f32 / tree.size().width();
        resvg::render(&tree, resvg::tiny_skia::Transform::from_scale(scale, scale), &mut pixmap.as_mut());
        let differing = pixmap.data().chunks(4).zip(picture.rgba.chunks(4)).filter(|(a, b)| a != b).count();
        let share = differing as f64 / (picture.width * picture.height) as f64;
        // At T = 100 a cell has a fraction of a pixel more than five; its edges may round either way.
        assert!(share < 0.02, "{:.2} % of the pixels differ", share * 100.0);
    }
}
