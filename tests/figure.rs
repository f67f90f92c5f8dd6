//! The whole figure: from an outcome to bytes.

mod support;

use attenuate::{
    attention::Mask,
    engine::Outcome,
    figure::{
        Anchor, AxisLabels, ColorNorm, Dpi, Figure, FigureError, FigureSpec, FigureStyle, FontSize, Ground, Item,
        MaskedStyle, PageSize, Picture, Rect, Rgb, Text, Turn, layout, render, to_png, to_svg,
    },
};

fn figure_of(outcome: &Outcome, style: &FigureStyle) -> Figure {
    layout(&FigureSpec::from_outcome(outcome, style)).unwrap()
}

/// Writes PNG files to look at: `cargo test --release --test figure -- --ignored`.
#[test]
#[ignore = "for the eye"]
fn gallery() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let default = FigureStyle::default();
    let dark = FigureStyle { ground: Ground::Dark, ..default.clone() };
    let printed = FigureStyle { masked: MaskedStyle::AsZero, ..default.clone() };
    let log = FigureStyle { norm: ColorNorm::LOG, colormap: "viridis".parse().unwrap(), ..default.clone() };
    let positions =
        FigureStyle { axis_labels: AxisLabels::Positions, page: "178x120".parse().unwrap(), ..default.clone() };
    let hidden = FigureStyle { axis_labels: AxisLabels::Hidden, page: "85".parse().unwrap(), ..default.clone() };
    let causal = |n| support::synthetic(n, Mask::Causal);
    for (name, outcome, style) in [
        ("captured", support::captured(), &default),
        ("dark", support::captured(), &dark),
        ("printed", support::captured(), &printed),
        ("log", support::captured(), &log),
        ("positions", support::captured(), &positions),
        ("hidden", support::captured(), &hidden),
        ("t1", causal(1), &default),
        ("t2", causal(2), &default),
        ("t64", causal(64), &default),
        ("t300", causal(300), &default),
        ("t600", causal(600), &dark),
        ("bidirectional", support::synthetic(12, Mask::Bidirectional), &default),
    ] {
        let figure = figure_of(&outcome, style);
        std::fs::write(folder.join(format!("{name}.png")), to_png(&figure, Dpi::default()).unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.svg")), to_svg(&figure).unwrap()).unwrap();
    }
    println!("{}", folder.display());
}
