//! A model of SmolLM2-135M's shape with random weights, from a folder: what opening it, one full forward, the forward to
//! the middle layer and the nine panels of scope *All layers* cost. `benches/pytorch_eager.py` times the same with PyTorch.
//!
//! `cargo bench --bench model`
//!
//! `ATTENUATE_BENCH_FOLDER=… cargo bench --bench model` takes a folder that is there instead, for instance the one that
//! the Python script writes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark stops at the first surprise"
)]

use std::{borrow::Cow, fs, hint::black_box, path::Path};

use attenuate::{
    attention::{Components, Epsilon, Grid, Preset},
    engine::{Engine, Prompt, RunSpec, SourceSpec},
    model::{LanguageModel, folder, loading::unwatched, run},
    session::Session,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use half::bf16;
use safetensors::{Dtype, View};
use serde_json::json;

const N_LAYERS: usize = 30;
const N_HEADS: usize = 9;
const N_KV_HEADS: usize = 3;
const HEAD_DIM: usize = 64;
const D_MODEL: usize = N_HEADS * HEAD_DIM;
const D_FF: usize = 1536;
const VOCAB: usize = 49_152;
const SHOWN_LAYER: usize = 15;
const N_POSITIONS: usize = 64;

/// A tensor of random numbers, made when it is written.
struct Random {
    shape: Vec<usize>,
    dtype: Dtype,
    seed: u64,
}

impl View for Random {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Norms are 1, matrices uniform with the standard deviation 0.02 of an untrained model.
    fn data(&self) -> Cow<'_, [u8]> {
        let n = self.shape.iter().product();
        let mut state = self.seed;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            0.02 * 3.0_f32.sqrt() * ((state >> 40) as f32 / (1 << 23) as f32 - 1.0)
        };
        let mut bytes = Vec::with_capacity(self.data_len());
        for _ in 0..n {
            let number = if self.shape.len() == 1 { 1.0 } else { random() };
            match self.dtype {
                Dtype::BF16 => bytes.extend(bf16::from_f32(number).to_le_bytes()),
                _ => bytes.extend(number.to_le_bytes()),
            }
        }
        bytes.into()
    }

    fn data_len(&self) -> usize {
        self.shape.iter().product::<usize>() * if self.dtype == Dtype::BF16 { 2 } else { 4 }
    }
}

fn write_model(folder: &Path, dtype: Dtype) {
    let config = json!({
        "model_type": "llama", "hidden_act": "silu", "tie_word_embeddings": true, "rms_norm_eps": 1e-5,
        "rope_theta": 100_000.0, "max_position_embeddings": 8192, "vocab_size": VOCAB, "hidden_size": D_MODEL,
        "intermediate_size": D_FF, "num_hidden_layers": N_LAYERS, "num_attention_heads": N_HEADS,
        "num_key_value_heads": N_KV_HEADS
    });
    fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let of_layer = [
        ("input_layernorm", vec![D_MODEL]),
        ("self_attn.q_proj", vec![D_MODEL, D_MODEL]),
        ("self_attn.k_proj", vec![N_KV_HEADS * HEAD_DIM, D_MODEL]),
        ("self_attn.v_proj", vec![N_KV_HEADS * HEAD_DIM, D_MODEL]),
        ("self_attn.o_proj", vec![D_MODEL, D_MODEL]),
        ("post_attention_layernorm", vec![D_MODEL]),
        ("mlp.gate_proj", vec![D_FF, D_MODEL]),
        ("mlp.up_proj", vec![D_FF, D_MODEL]),
        ("mlp.down_proj", vec![D_MODEL, D_FF]),
    ];
    let layers = (0..N_LAYERS).flat_map(|layer| {
        of_layer.iter().map(move |(name, shape)| (format!("model.layers.{layer}.{name}.weight"), shape.clone()))
    });
    let others = [("model.embed_tokens.weight", vec![VOCAB, D_MODEL]), ("model.norm.weight", vec![D_MODEL])];
    let all = layers.chain(others.map(|(name, shape)| (name.to_owned(), shape)));
    let tensors = all.zip(1_u64..).map(|((name, shape), seed)| (name, Random { shape, dtype, seed }));
    safetensors::serialize_to_file(tensors, None, &folder.join("model.safetensors")).unwrap();
}

/// Tokens that no earlier prompt had, so that nothing is answered from a cache.
fn token_ids(round: u32) -> Vec<u32> {
    (0..N_POSITIONS as u32).map(|position| (position * 7919 + round * 104_729) % VOCAB as u32).collect()
}

fn forward(model: &LanguageModel, ids: &[u32]) -> Vec<f32> {
    let start = model.transformer().embed(ids).unwrap();
    let n_layers = model.shape().n_layers;
    let last = run::advance(model.transformer(), 0..n_layers, start, None, &|| false, &mut |_, _, _| {}).unwrap();
    // At every position, as PyTorch does.
    model.transformer().logits(&last).unwrap().into_raw_vec_and_offset().0
}

fn smollm2(criterion: &mut Criterion) {
    let given = std::env::var_os("ATTENUATE_BENCH_FOLDER");
    let mut group = criterion.benchmark_group("SmolLM2-135M's shape, T = 64");
    group.sample_size(20);
    for (name, dtype) in [("BF16", Dtype::BF16), ("F32", Dtype::F32)] {
        let temporary = tempfile::tempdir().unwrap();
        let folder = given.as_ref().map_or(temporary.path(), Path::new);
        if given.is_none() {
            write_model(folder, dtype);
        }
        group.bench_function(BenchmarkId::new("open", name), |bencher| {
            bencher.iter(|| black_box(folder::open(folder, &unwatched).unwrap()));
        });
        let model = folder::open(folder, &unwatched).unwrap();
        let mut round = 0;
        let mut fresh_ids = || {
            round += 1;
            token_ids(round)
        };
        group.bench_function(BenchmarkId::new("one full forward", name), |bencher| {
            bencher.iter(|| black_box(forward(&model, &fresh_ids())));
        });
        let mut engine = Engine::default();
        let mut spec = RunSpec { source: SourceSpec::Folder(folder.to_owned()), ..Session::default().run_spec() }.with(
            |experiment| {
                experiment.layer = SHOWN_LAYER;
                experiment.head = 3;
                experiment.scope = Preset::AllLayers.scope();
            },
        );
        spec.experiment.epsilon = Grid::repeated(Components::FIGURE, &Epsilon::FIGURE).unwrap();
        let this_head = spec.clone().with(|experiment| experiment.scope = Preset::ThisHead.scope());
        group.bench_function(BenchmarkId::new("forward to layer 15 of 30 and its nine panels", name), |bencher| {
            bencher.iter(|| {
                let spec = RunSpec { prompt: Prompt::TokenIds(fresh_ids()), ..this_head.clone() };
                black_box(engine.run(&spec, &|| false).unwrap())
            });
        });
        group.bench_function(BenchmarkId::new("nine panels, scope All layers, layer 15 of 30", name), |bencher| {
            bencher.iter(|| {
                spec.prompt = Prompt::TokenIds(fresh_ids());
                black_box(engine.run(&spec, &|| false).unwrap())
            });
        });
    }
}

criterion_group!(benches, smollm2);
criterion_main!(benches);
