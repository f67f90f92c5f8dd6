//! The kernels under a drag and those under a model's layers, each run a fixed number of times on one thread, for
//! `.ci/instructions` to count their instructions with callgrind. Under valgrind the processor has AVX2 and no AVX-512, wherever it runs: the counts are
//! those of one path.
//!
//! `instructions NAME` runs one kernel and prints how many cells, multiplications or numbers it went through; `instructions nothing` runs none, so
//! that what comes before can be taken off.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a benchmark stops at the first surprise"
)]

use std::{hint::black_box, path::Path, sync::Arc};

use attenuate::{
    attention::{
        Comparison, Component, Edit, Epsilon, HeadEdit, LayerAttention, LayerQkv, Mask, Operation, Pattern,
        PositionScope, exp_in_place,
    },
    engine::Panel,
    figure::{
        ColorNorm, Colormap, Edges, Ground, Histogram, MaskedStyle, Measure, Palette, Quantity, Window, paint,
        pool_measure,
    },
    model::{gguf, loading::unwatched},
};
use ndarray::Array3;

const POSITIONS: usize = 512;
const HEAD_DIM: usize = 64;
const D_MODEL: usize = 576;
const CELLS: usize = POSITIONS * (POSITIONS + 1) / 2;
/// Side of a panel at 1280×800.
const SIDE: usize = 200;
const KERNELS: [&str; 11] =
    ["nothing", "exp", "rows", "histogram", "pixels", "metrics", "scores", "model", "product", "one-row", "decode"];
/// The model inside, in `Q4_1` but for its embedding, which is its output too.
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/model/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
/// Rows of a product, as a prompt has.
const ROWS: usize = 32;
/// Products with one row: in the first the weights are looked at, in the others they are multiplied as the file has them.
const TIMES: usize = 16;
/// Tokens whose rows are decoded.
const TOKENS: u32 = 2048;

/// Opens the model, which is all that `model` does, and multiplies with its output matrix or reads rows of its embedding.
fn in_model(kernel: &str) -> usize {
    let model = gguf::open(Path::new(MODEL), &unwatched).unwrap();
    let transformer = model.transformer();
    let n_tokens = if kernel == "decode" { TOKENS } else { ROWS as u32 };
    let residual = transformer.embed(&(0..n_tokens).collect::<Vec<_>>()).unwrap();
    match kernel {
        "model" => 0,
        "decode" => black_box(residual).positions().len() * D_MODEL,
        "one-row" => {
            let last = residual.last().unwrap();
            (0..TIMES).map(|_| black_box(transformer.logits(&last).unwrap()).len() * D_MODEL).sum()
        }
        _ => black_box(transformer.logits(&residual).unwrap()).len() * D_MODEL,
    }
}

fn layer() -> LayerQkv {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut vectors = || {
        Array3::from_shape_simple_fn((1, POSITIONS, HEAD_DIM), || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        })
    };
    LayerQkv::new(vectors(), vectors(), None, 0.125, Mask::CAUSAL).unwrap()
}

fn main() {
    let kernel = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let Some(kernel) = kernel else {
        println!("expected one of {}", KERNELS.join(", "));
        return;
    };
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().unwrap();
    let layer = Arc::new(layer());
    let scores = Arc::new(layer.head_scores(0));
    let edit = Edit {
        component: Component::Query,
        operation: Operation::Scale,
        epsilon: Epsilon::new(0.5).unwrap(),
        positions: PositionScope::All,
    };
    let panel = |edit: HeadEdit| Panel::new(scores.pattern(&edit), LayerAttention::Vectors(layer.clone()), 0, edit);
    let (baseline, panel) = (panel(HeadEdit::NOTHING), panel(layer.head_edit(0, 0, Some(&edit))));
    let measure = Measure::new(Quantity::Weight, &panel, &baseline).unwrap();
    let palette =
        Palette::new(Colormap::default(), ColorNorm::default().resolve(|| None), MaskedStyle::Quiet, Ground::Light);
    let edges = Edges::of(palette.scale());
    let below: Vec<f32> = (0..CELLS).map(|i| -((i % 2048) as f32) / 32.0).collect();
    println!("{}", run(&kernel, &layer, &baseline.pattern, &measure, &palette, &edges, below));
}

/// The number of cells, multiplications or numbers gone through.
fn run(
    kernel: &str,
    layer: &LayerQkv,
    baseline: &Pattern,
    measure: &Measure,
    palette: &Palette,
    edges: &Edges,
    mut below: Vec<f32>,
) -> usize {
    let mut row = vec![0.0; POSITIONS];
    match kernel {
        "nothing" => return 0,
        "model" | "product" | "one-row" | "decode" => return in_model(kernel),
        "exp" => exp_in_place(black_box(&mut below)),
        "rows" => (0..POSITIONS).for_each(|query| {
            black_box(measure.pattern().row_into(query, &mut row));
        }),
        "histogram" => {
            let mut histogram = Histogram::default();
            below.chunks(POSITIONS).for_each(|row| histogram.count(black_box(row), edges));
            black_box(histogram);
        }
        "pixels" => {
            let (pooled, histogram) = pool_measure(measure, Window::whole(POSITIONS), [SIDE; 2], palette.scale());
            black_box((paint(&pooled, palette), histogram));
        }
        "metrics" => {
            black_box(Comparison::of(baseline, measure.pattern()));
        }
        "scores" => {
            black_box(layer.head_scores(0));
        }
        unknown => panic!("expected one of {}, found {unknown}", KERNELS.join(", ")),
    }
    CELLS
}
