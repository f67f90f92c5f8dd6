//! One work at a model's real size, several times: what `benches/real_size.py` pairs with PyTorch and llama.cpp.
//!
//! ```sh
//! cargo bench --bench real_size -- WORK ROUNDS [MODEL]
//! ```
//!
//! Prints a line of JSON: milliseconds of wall time of each round, and of CPU time of one, of all cores together (Linux
//! alone counts it). MODEL is a GGUF file or a folder, the model inside if none is given. Rounds are fresh prompts, so that
//! nothing is answered from a cache; a drag's are fresh ε on one prompt.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a benchmark stops at the first surprise"
)]

use std::{fs, hint::black_box, path::PathBuf, sync::Arc, time::Instant};

use attenuate::{
    attention::{Component, Components, Epsilon, Grid, LayerQkv, PanelId, Preset},
    engine::{AtEnd, Engine, Job, Prompt, RunSpec, SourceSpec, Writing},
    model::{LanguageModel, Reading, Transformer, folder, gguf, loading::unwatched, run},
    session::Session,
};
use serde_json::json;

/// The model inside.
const INSIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/model/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
const WORKS: &str =
    "open, forward:T, panels:LAYER, this-head:LAYER:T, row:LAYER, column:LAYER, set:N, ships, tokens:N, continue:T:N";
/// Of a set as many as are asked for, which all have the same first layer.
const SET: [&str; 8] = ["3:0", "4:1", "5:2", "6:0", "7:1", "8:2", "9:0", "10:1"];
/// Tokens of a prompt, where none are named.
const N_POSITIONS: usize = 64;
/// Before tokens are written one after another.
const N_READ: usize = 32;

fn open(path: &std::path::Path) -> LanguageModel {
    if path.is_dir() { folder::open(path, &unwatched).unwrap() } else { gguf::open(path, &unwatched).unwrap() }
}

/// A prompt that no earlier round had.
fn token_ids(round: usize, n: usize, vocab: usize) -> Vec<u32> {
    (0..n).map(|position| ((position * 7919 + round * 104_729 + 11) % vocab) as u32).collect()
}

fn never() -> bool {
    false
}

/// Logits at every position.
fn forward(model: &LanguageModel, ids: &[u32]) {
    let transformer = model.transformer();
    let start = transformer.embed(ids).unwrap();
    let last = run::advance(transformer, 0..model.shape().n_layers, start, None, &never, &mut |_, _, _| {}).unwrap();
    black_box(transformer.logits(&last).unwrap());
}

/// Reads a prompt, and then as many tokens one by one.
fn reading(model: &LanguageModel, round: usize) -> Reading {
    let transformer = model.transformer();
    let ids = token_ids(round, N_READ, model.shape().vocab_size);
    let mut layers: Vec<Arc<LayerQkv>> = Vec::new();
    let keep = &mut |_, _: &_, qkv: &Arc<LayerQkv>| layers.push(qkv.clone());
    run::advance(transformer, 0..model.shape().n_layers, transformer.embed(&ids).unwrap(), None, &never, keep).unwrap();
    Reading::of_prompt(ids, None, layers)
}

fn write_on(transformer: &dyn Transformer, reading: &mut Reading, n: usize) {
    let mut next = 1;
    for _ in 0..n {
        let logits = Reading::read_on(transformer, &mut [(reading, next)], &never).unwrap();
        let best = logits.row(0).iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(id, _)| id);
        next = best as u32;
    }
}

/// Milliseconds of each of `rounds`, what `before` makes not counted, and of CPU time in all.
fn timed<S>(rounds: usize, mut before: impl FnMut(usize) -> S, mut work: impl FnMut(S)) -> (Vec<f64>, f64) {
    work(before(rounds));
    let mut cpu = 0.0;
    let wall = (0..rounds).map(|round| {
        let state = before(round);
        let (start, used) = (Instant::now(), cpu_ms());
        work(state);
        cpu += cpu_ms() - used;
        1e3 * start.elapsed().as_secs_f64()
    });
    (wall.collect(), cpu)
}

/// User and system time of all threads, in steps of 10 ms; 0 where it is not told.
fn cpu_ms() -> f64 {
    let Ok(stat) = fs::read_to_string("/proc/self/stat") else { return 0.0 };
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    10.0 * (fields[14 - 3].parse::<f64>().unwrap() + fields[15 - 3].parse::<f64>().unwrap())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [work, rounds, given @ ..] = &arguments[..] else {
        println!("expected WORK ROUNDS [MODEL], WORK one of {WORKS}");
        return;
    };
    let rounds: usize = rounds.parse().unwrap();
    let path = given.first().map_or_else(|| PathBuf::from(INSIDE), PathBuf::from);
    let mut parts = work.split(':');
    let name = parts.next().unwrap();
    let numbers: Vec<usize> = parts.map(|number| number.parse().unwrap()).collect();

    if name == "open" {
        let (wall, cpu) = timed(rounds, |_| {}, |()| drop(black_box(open(&path))));
        return println!("{}", json!({ "wall_ms": wall, "cpu_ms": cpu / rounds as f64 }));
    }
    let model = open(&path);
    let vocab = model.shape().vocab_size;
    let source = if path.is_dir() { SourceSpec::Folder(path) } else { SourceSpec::Gguf(path) };
    let mut engine = Engine::default();
    let spec = |preset: Preset, layer: usize, prompt: Vec<u32>| {
        let spec = RunSpec { source: source.clone(), ..Session::default().run_spec() };
        let mut spec = spec.with(|experiment| {
            experiment.layer = layer;
            experiment.head = 3;
            experiment.scope = preset.scope();
        });
        spec.experiment.epsilon = Grid::repeated(Components::FIGURE, &Epsilon::FIGURE).unwrap();
        spec.prompt = Prompt::TokenIds(prompt);
        spec
    };
    let (wall, cpu) = match (name, &numbers[..]) {
        ("forward", &[n]) => timed(rounds, |round| token_ids(round, n, vocab), |ids| forward(&model, &ids)),
        ("tokens", &[n]) => {
            timed(rounds, |round| reading(&model, round), |mut reading| write_on(model.transformer(), &mut reading, n))
        }
        ("panels", &[layer]) => timed(
            rounds,
            |round| spec(Preset::AllLayers, layer, token_ids(round, N_POSITIONS, vocab)),
            |spec| drop(black_box(engine.run(&spec, &never).unwrap())),
        ),
        ("this-head", &[layer, n]) => timed(
            rounds,
            |round| spec(Preset::ThisHead, layer, token_ids(round, n, vocab)),
            |spec| drop(black_box(engine.run(&spec, &never).unwrap())),
        ),
        // A drag: everything but what is turned down by the new ε is known.
        (drag @ ("row" | "column"), &[layer]) => timed(
            rounds,
            |round| {
                let mut spec = spec(Preset::AllLayers, layer, token_ids(0, N_POSITIONS, vocab));
                let epsilon = Epsilon::new(0.4 - 1e-3 * round as f64).unwrap();
                for (panel, of_panel) in spec.experiment.epsilon.iter_mut() {
                    if panel.column.index() == 0 && (drag == "column" || panel.component == Component::Query) {
                        *of_panel = epsilon;
                    }
                }
                spec
            },
            |spec| drop(black_box(engine.run(&spec, &never).unwrap())),
        ),
        // A drag of the Query of some heads, shown in layer 15.
        ("set", &[n]) => timed(
            rounds,
            |round| {
                let mut spec = spec(Preset::ThisHead, 15, token_ids(0, N_POSITIONS, vocab));
                spec.experiment.scope.set = Some(SET[..n].join(",").parse().unwrap());
                spec.experiment.epsilon[PanelId::FIRST] = Epsilon::new(0.4 - 1e-3 * round as f64).unwrap();
                spec
            },
            |spec| drop(black_box(engine.run(&spec, &never).unwrap())),
        ),
        // The text that follows a drag; the other is known.
        ("continue", &[n_read, n]) => timed(
            rounds,
            |round| {
                let epsilon = Epsilon::new(0.4 - 1e-3 * round as f64).unwrap();
                (spec(Preset::ThisHead, 0, token_ids(0, n_read, vocab)), epsilon)
            },
            |(spec, epsilon)| {
                let writing = Writing { at_end: AtEnd::GoOn, ..Writing::greedy(n) };
                let changed = (Component::Query, epsilon);
                drop(black_box(
                    engine.continuation(&Job::until(&never), &spec, changed, &writing, &mut |_| {}).unwrap(),
                ));
            },
        ),
        ("ships", &[]) => timed(
            rounds,
            |round| spec(Preset::ThisHead, 0, token_ids(round, N_POSITIONS, vocab)),
            |spec| {
                let ships = engine.ships(&spec, Component::Query, Epsilon::ZERO, None, &mut |_| {}, &never);
                black_box(ships.unwrap().unwrap());
            },
        ),
        _ => panic!("expected one of {WORKS}, found {work}"),
    };
    println!("{}", json!({ "wall_ms": wall, "cpu_ms": cpu / rounds as f64 }));
}
