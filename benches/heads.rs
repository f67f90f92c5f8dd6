//! All heads of a model of 30 layers and 9 heads as thumbnails, at 64 tokens. It should stay below 150 ms.
//!
//! `cargo bench --bench heads`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark stops at the first surprise"
)]

use std::{collections::HashMap, hint::black_box, path::PathBuf, sync::Arc};

use attenuate::{
    attention::{Component, Epsilon},
    engine::{Engine, HeadPattern, Job, OpenSource, RunSpec, SourceSpec, Under},
    figure::{ColorNorm, Colormap, Ground, MaskedStyle, Palette, Picture, Window, paint, pool_pattern},
    session::Session,
};
use criterion::{Criterion, criterion_group, criterion_main};
use rayon::prelude::*;
use safetensors::{Dtype, tensor::TensorView};

const LAYERS: usize = 30;
const HEADS: usize = 9;
const KV_HEADS: usize = 3;
const POSITIONS: usize = 64;
const HEAD_DIM: usize = 64;
/// Of a thumbnail, in pixels.
const SIDE: usize = 80;

/// A capture of pseudorandom vectors, as a file.
fn capture(folder: &std::path::Path) -> PathBuf {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut vectors = |heads: usize| -> Vec<u8> {
        (0..LAYERS * heads * POSITIONS * HEAD_DIM)
            .flat_map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 40) as f32 / (1 << 23) as f32 - 1.0).to_le_bytes()
            })
            .collect()
    };
    let data: HashMap<&str, (usize, Vec<u8>)> =
        [("q", HEADS), ("k", KV_HEADS)].into_iter().map(|(name, heads)| (name, (heads, vectors(heads)))).collect();
    let views = data.iter().map(|(name, (heads, bytes))| {
        (*name, TensorView::new(Dtype::F32, vec![LAYERS, *heads, POSITIONS, HEAD_DIM], bytes).unwrap())
    });
    let path = folder.join("capture.safetensors");
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    path
}

fn thumbnails(engine: &mut Engine, spec: &RunSpec, under: Under) -> Vec<Picture> {
    let palette =
        Palette::new(Colormap::default(), ColorNorm::default().resolve(|| None), MaskedStyle::default(), Ground::Light);
    let mut pictures = Vec::with_capacity(LAYERS * HEADS);
    let mut each = |heads: Vec<HeadPattern>| {
        let draw =
            |head: HeadPattern| paint(&pool_pattern(&head.pattern, Window::whole(POSITIONS), [SIDE, SIDE]), &palette);
        pictures.par_extend(heads.into_par_iter().map(draw));
    };
    engine.head_patterns(spec, under, &mut each, &|| false).unwrap();
    pictures
}

fn heads(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let source = SourceSpec::Capture(capture(folder.path()));
    let open = Arc::new(OpenSource::open(&source, &Job::unwatched()).unwrap());
    let spec = RunSpec { source, ..Session::default().run_spec() };
    let engine = || {
        let mut engine = Engine::default();
        engine.adopt(open.clone());
        engine
    };
    assert_eq!(thumbnails(&mut engine(), &spec, Under::Baseline).len(), LAYERS * HEADS);
    let mut group = criterion.benchmark_group("heads");
    group.sample_size(20);
    group.bench_function("270 baselines, first time", |bencher| {
        bencher.iter(|| black_box(thumbnails(&mut engine(), &spec, Under::Baseline)));
    });
    let mut warm = engine();
    let change = Under::Change(Component::Query, Epsilon::new(0.3).unwrap());
    group.bench_function("270 changed, again", |bencher| {
        bencher.iter(|| black_box(thumbnails(&mut warm, &spec, change)));
    });
    group.finish();
}

criterion_group!(benches, heads);
criterion_main!(benches);
