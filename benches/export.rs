//! Time to draw the default figure, and where it goes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark stops at the first surprise"
)]

#[allow(dead_code, reason = "the benchmark draws one of the outcomes that the tests share")]
#[path = "../tests/support/outcomes.rs"]
mod support;

use std::hint::black_box;

use attenuate::{
    attention::Mask,
    figure::{
        ColorNorm, Colormap, Dpi, FigureSpec, FigureStyle, Ground, MaskedStyle, Palette, TextMode, Window, layout,
        paint, pool_pattern, render, to_png, to_svg,
    },
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

/// The figure on the bundled capture, T = 24, at 300 dpi.
fn export(c: &mut Criterion) {
    let outcome = support::captured();
    let style = FigureStyle::default();
    let spec = FigureSpec::from_outcome(&outcome, &style);
    let figure = layout(&spec).unwrap();
    let mut group = c.benchmark_group("figure");
    group.sample_size(20);
    group.bench_function("layout", |b| b.iter(|| layout(black_box(&spec)).unwrap()));
    group.bench_function("render", |b| b.iter(|| render(black_box(&figure), Dpi::default()).unwrap()));
    group.bench_function("svg", |b| b.iter(|| to_svg(black_box(&figure), TextMode::Embedded, None).unwrap()));
    group.bench_function("png", |b| {
        b.iter(|| to_png(&layout(&FigureSpec::from_outcome(&outcome, &style)).unwrap(), Dpi::default(), None).unwrap());
    });
    group.finish();
}

/// One panel at the size that the window has for it.
fn panel(c: &mut Criterion) {
    let scale = ColorNorm::default().resolve(|| None);
    let palette = Palette::new(Colormap::BlueRed, scale, MaskedStyle::Quiet, Ground::Light);
    let mut group = c.benchmark_group("panel of 250×250 pixels");
    for n_positions in [24, 64, 512] {
        let pattern = support::synthetic(n_positions, Mask::CAUSAL).panels.as_slice()[0].pattern.clone();
        let window = Window::whole(n_positions);
        let mut buffer = vec![0.0; n_positions];
        group.bench_function(BenchmarkId::new("weights alone", n_positions), |b| {
            b.iter(|| (0..n_positions).map(|query| pattern.row_into(query, &mut buffer)[0]).sum::<f32>());
        });
        group.bench_function(BenchmarkId::new("pool", n_positions), |b| {
            b.iter(|| pool_pattern(black_box(&pattern), window, [250, 250]));
        });
        let pooled = pool_pattern(&pattern, window, [250, 250]);
        group.bench_function(BenchmarkId::new("paint", n_positions), |b| {
            b.iter(|| paint(black_box(&pooled), &palette));
        });
    }
    group.finish();
}

criterion_group!(benches, export, panel);
criterion_main!(benches);
