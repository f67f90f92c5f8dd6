//! From a moved slider to the pixels of nine panels of 200×200, against a naive recomputation in the same run.
//!
//! `cargo bench --bench drag`; what numpy and PyTorch take for the same scores: `python benches/numpy_drag.py`.
//!
//! In scope *This head* the Value row is the baseline and does not move. *one column* moves the three panels of one
//! column by one ε: Query and Key are equal panels, computed once. *Query and Key apart* moves them by different ε: two
//! of the three panels are computed. *nine different ε*: six of the nine are.
//!
//! `quantity/…` moves one column of each quantity under the norm that it comes with: differences, ratios, scores and
//! weight × ‖value‖ take their limits from the cells, so that the weight under `auto` stands beside them.
//!
//! `rule/…` moves one column under each part of the attention rule: a window, a soft cap, a sink logit, a bias.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark stops at the first surprise"
)]

use std::{collections::HashMap, hint::black_box, path::PathBuf};

use attenuate::{
    attention::{Column, Component, Epsilon, Grid, PanelId, Preset, Scope, Shape, exp_in_place},
    engine::{Bundled, Engine, Prompt, RunSpec, SourceSpec},
    figure::{ColorNorm, Ground, Look, PanelRenderer, PictureSpec, Quantity},
    session::Session,
};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;
use safetensors::{Dtype, tensor::TensorView};

const HEAD_DIM: usize = 64;
/// Side of a panel at 1280×800.
const PANEL: [usize; 2] = [200, 200];

/// A capture of one head with `n_positions` tokens of pseudorandom vectors, as a file.
fn capture(folder: &std::path::Path, n_positions: usize) -> PathBuf {
    capture_under(folder, n_positions, None)
}

/// The same with an entry that says something of its attention rule.
fn capture_under(folder: &std::path::Path, n_positions: usize, rule: Option<(&str, String)>) -> PathBuf {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut vectors = || -> Vec<u8> {
        (0..n_positions * HEAD_DIM)
            .flat_map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 40) as f32 / (1 << 23) as f32 - 1.0).to_le_bytes()
            })
            .collect()
    };
    let data: HashMap<&str, Vec<u8>> = ["q", "k", "v"].into_iter().map(|name| (name, vectors())).collect();
    let views = data
        .iter()
        .map(|(name, bytes)| (*name, TensorView::new(Dtype::F32, vec![n_positions, HEAD_DIM], bytes).unwrap()));
    let path = folder.join(format!("capture-{n_positions}.safetensors"));
    let metadata = rule.map(|(name, text)| HashMap::from([(name.to_owned(), text)]));
    std::fs::write(&path, safetensors::serialize(views, metadata).unwrap()).unwrap();
    path
}

fn spec(source: SourceSpec, scope: Scope) -> RunSpec {
    RunSpec { source, ..Session::default().run_spec() }.with(|experiment| {
        experiment.layer = 0;
        experiment.head = 0;
        experiment.scope = scope;
    })
}

/// *one column* at T = 512 of every quantity.
fn quantities(criterion: &mut Criterion) {
    const POSITIONS: usize = 512;
    let folder = tempfile::tempdir().unwrap();
    let source = SourceSpec::Capture(capture(folder.path(), POSITIONS));
    let mut group = criterion.benchmark_group("quantity");
    let own = Quantity::ALL.map(|quantity| (quantity.to_string(), quantity, quantity.default_norm()));
    for (name, quantity, norm) in own.into_iter().chain([("weight, auto".into(), Quantity::Weight, ColorNorm::Auto)]) {
        let mut spec = spec(source.clone(), Preset::ThisHead.scope());
        let picture = PictureSpec { look: Look { quantity, norm, ..Look::default() }, ..picture_spec() };
        let (mut engine, mut renderer, mut drag) = (Engine::default(), PanelRenderer::default(), Drag(1.0));
        group.bench_function(BenchmarkId::new(name, POSITIONS), |bencher| {
            bencher.iter(|| {
                let epsilon = drag.step();
                move_first_column(&mut spec, || epsilon);
                let outcome = engine.run(&spec, &|| false).unwrap();
                black_box(renderer.render(&outcome, &picture))
            });
        });
    }
}

/// *one column* under rules that are more than scale and mask.
fn rules(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rule");
    for n_positions in [512, 4096] {
        group.sample_size(if n_positions > 1024 { 20 } else { 100 });
        let bias: Vec<f32> = (0..n_positions).map(|key| key as f32 / 256.0).collect();
        for (name, rule) in [
            ("plain", None),
            ("window of 256", Some(("window", "256".to_owned()))),
            ("soft cap", Some(("softcap", "2.0".to_owned()))),
            ("sink", Some(("sinks", "[[0.5]]".to_owned()))),
            ("bias", Some(("alibi", format!("[{bias:?}]")))),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let source = SourceSpec::Capture(capture_under(folder.path(), n_positions, rule));
            let mut spec = spec(source, Preset::ThisHead.scope());
            let (mut engine, mut renderer, mut drag) = (Engine::default(), PanelRenderer::default(), Drag(1.0));
            group.bench_function(BenchmarkId::new(name, n_positions), |bencher| {
                bencher.iter(|| {
                    let epsilon = drag.step();
                    move_first_column(&mut spec, || epsilon);
                    let outcome = engine.run(&spec, &|| false).unwrap();
                    black_box(renderer.render(&outcome, &picture_spec()))
                });
            });
        }
    }
}

fn picture_spec() -> PictureSpec {
    PictureSpec { window: None, size: PANEL, look: Look::default(), ground: Ground::Light }
}

/// ε that no earlier step had, so that nothing is answered from a cache.
struct Drag(f64);

impl Drag {
    fn step(&mut self) -> Epsilon {
        self.0 = if self.0 < 1e-6 { 1.0 } else { self.0 * 0.999 };
        Epsilon::new(self.0).unwrap()
    }

    /// Nine different values: seven different pictures in scope *This head*, where Value leaves the pattern alone.
    fn grid(&mut self) -> Grid<Epsilon> {
        Grid::from_fn(Shape::FIGURE, |_| self.step())
    }
}

/// Sets ε of the first column, asked for each row.
fn move_first_column(spec: &mut RunSpec, mut epsilon: impl FnMut() -> Epsilon) {
    for (_, of_panel) in spec.experiment.epsilon.iter_mut().filter(|(panel, _)| panel.column == Column::FIRST) {
        *of_panel = epsilon();
    }
}

fn this_head(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("drag, scope This head, to pixels");
    for n_positions in [64, 256, 512, 1024, 2048, 4096] {
        group.sample_size(if n_positions > 1024 { 20 } else { 100 });
        let source = SourceSpec::Capture(capture(folder.path(), n_positions));
        let mut spec = spec(source, Preset::ThisHead.scope());
        let (mut engine, mut renderer, mut drag) = (Engine::default(), PanelRenderer::default(), Drag(1.0));
        let mut pixels = |spec: &RunSpec| {
            let outcome = engine.run(spec, &|| false).unwrap();
            black_box(renderer.render(&outcome, &picture_spec()))
        };
        group.bench_function(BenchmarkId::new("one column", n_positions), |bencher| {
            bencher.iter(|| {
                let epsilon = drag.step();
                move_first_column(&mut spec, || epsilon);
                pixels(&spec)
            });
        });
        group.bench_function(BenchmarkId::new("one column, Query and Key apart", n_positions), |bencher| {
            bencher.iter(|| {
                move_first_column(&mut spec, || drag.step());
                pixels(&spec)
            });
        });
        group.bench_function(BenchmarkId::new("nine different ε", n_positions), |bencher| {
            bencher.iter(|| {
                spec.experiment.epsilon = drag.grid();
                pixels(&spec)
            });
        });
        if n_positions > 1024 {
            continue;
        }
        let scores = Array2::from_shape_fn((n_positions, n_positions), |(i, j)| ((i * 7 + j * 13) % 97) as f32 / 24.0);
        group.bench_function(BenchmarkId::new("baseline: nine dense softmaxes", n_positions), |bencher| {
            bencher.iter(|| {
                for epsilon in drag.grid().into_values() {
                    black_box(dense_softmax(&scores, epsilon.get() as f32));
                }
            });
        });
    }
}

/// From a file to the first picture's patterns: reads the shown head's vectors and makes its scores.
fn opening(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("opening a capture of one head, to scores");
    group.sample_size(10);
    for n_positions in [512, 1024, 2048, 4096] {
        let path = capture(folder.path(), n_positions);
        group.throughput(Throughput::Bytes(std::fs::metadata(&path).unwrap().len()));
        let spec = spec(SourceSpec::Capture(path), Preset::ThisHead.scope());
        group.bench_function(BenchmarkId::new("facts", n_positions), |bencher| {
            bencher.iter(|| black_box(Engine::default().facts(&spec.source).unwrap()));
        });
        group.bench_function(BenchmarkId::new("scores", n_positions), |bencher| {
            bencher.iter(|| black_box(Engine::default().run(&spec, &|| false).unwrap()));
        });
    }
}

/// On one core, in the cache.
fn exponential(criterion: &mut Criterion) {
    const ELEMENTS: usize = 4096;
    let below: Vec<f32> = (0..ELEMENTS).map(|i| -(i as f32) / 128.0).collect();
    let mut values = below.clone();
    let mut group = criterion.benchmark_group("exponential of 4096 scores");
    group.throughput(Throughput::Elements(ELEMENTS as u64));
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            values.copy_from_slice(black_box(&below));
            exp_in_place(black_box(&mut values));
        });
    });
    group.bench_function("baseline: f32::exp", |bencher| {
        bencher.iter(|| {
            values.copy_from_slice(black_box(&below));
            for x in black_box(&mut values).iter_mut() {
                *x = x.exp();
            }
        });
    });
}

/// What a notebook does: softmax(mask(ε·S)) as whole matrices, no pixels.
fn dense_softmax(scores: &Array2<f32>, epsilon: f32) -> Array2<f32> {
    let mut weights = scores * epsilon;
    for (i, mut row) in weights.outer_iter_mut().enumerate() {
        row.iter_mut().skip(i + 1).for_each(|score| *score = f32::NEG_INFINITY);
        let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.mapv_inplace(|score| (score - max).exp());
        let sum = row.sum();
        row /= sum;
    }
    weights
}

/// Upstream of the shown head: the layers below it are run again for every new ε.
fn all_layers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("drag, scope All layers, bundled model");
    for n_positions in [20, 64, 128] {
        let ids = (0..n_positions).map(|position| (position * 37) % 2048).collect();
        let mut spec = spec(SourceSpec::Bundled(Bundled::Austen), Preset::AllLayers.scope());
        (spec.prompt, spec.experiment.layer, spec.experiment.head) = (Prompt::TokenIds(ids), 5, 1);
        let (mut engine, mut renderer, mut drag) = (Engine::default(), PanelRenderer::default(), Drag(1.0));
        let mut pixels = |spec: &RunSpec| {
            let outcome = engine.run(spec, &|| false).unwrap();
            black_box(renderer.render(&outcome, &picture_spec()))
        };
        group.bench_function(BenchmarkId::new("one panel", n_positions), |bencher| {
            bencher.iter(|| {
                let panel = PanelId { component: Component::Value, column: Column::FIRST };
                spec.experiment.epsilon[panel] = drag.step();
                pixels(&spec)
            });
        });
        group.bench_function(BenchmarkId::new("one column", n_positions), |bencher| {
            bencher.iter(|| {
                let epsilon = drag.step();
                move_first_column(&mut spec, || epsilon);
                pixels(&spec)
            });
        });
    }
}

criterion_group!(benches, exponential, this_head, quantities, rules, all_layers, opening);
criterion_main!(benches);
