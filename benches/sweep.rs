//! Metrics over ε on the bundled model, T = 64: 62 points and up to 24 more, of three components.
//!
//! `cargo bench --bench sweep`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark stops at the first surprise"
)]

use std::hint::black_box;

use attenuate::{
    attention::Preset,
    engine::{Bundled, Engine, Prompt, RunSpec},
    session::Session,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn spec(preset: Preset) -> RunSpec {
    let ids = (0..64).map(|position| (position * 37) % 2048).collect();
    RunSpec { prompt: Prompt::TokenIds(ids), ..Session::example(Bundled::Austen).run_spec() }
        .with(|experiment| experiment.scope = preset.scope())
}

fn sweep(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sweep, bundled model, T = 64");
    group.sample_size(10);
    for (name, preset) in [("This layer", Preset::ThisLayer), ("All layers", Preset::AllLayers)] {
        let (spec, mut engine) = (spec(preset), Engine::default());
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| black_box(engine.sweep(&spec, None, None, &mut |_| {}, &|| false).unwrap()));
        });
    }
}

criterion_group!(benches, sweep);
criterion_main!(benches);
