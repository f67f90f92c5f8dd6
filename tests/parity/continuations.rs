//! What models write: PyTorch's texts token for token, and reading on with a cache against reading all anew.

use std::{path::Path, sync::Arc};

use attenuate::{
    attention::{
        Change, Component, Donor, Edit, Epsilon, FirstToken, Heads, Intervention, LayerQkv, Operation, OtherPrompt,
        PositionScope, Preset, PromptSet, Reach,
    },
    engine::{AtEnd, Engine, Job, OpenSource, Prompt, RunSpec, SourceSpec, Writing},
    model::{Reading, Residual, run},
    session::{Command, Session},
};
use ndarray::{Array1, Array3, Axis};

use crate::parity::golden::{Golden, family_goldens, goldens, goldens_folder, load};

/// Of the divergence at a step, in nats.
const KL_TOLERANCE: f64 = 1e-4;

/// Of a logit, relative to the largest of its position.
const LOGIT_TOLERANCE: f32 = 1e-5;

/// Layer and head of the goldens' cases of one head.
const PLACE: (usize, usize) = (1, 2);

/// The text that a stored case is of: as many tokens as PyTorch wrote.
fn written(engine: &mut Engine, golden: &Golden, case: &str, n_tokens: usize) -> attenuate::engine::Continuation {
    let (component, scope, epsilon) = match case {
        "base" => (Component::Query, Preset::ThisHead.scope(), 1.0),
        "q.head.0" => (Component::Query, Preset::ThisHead.scope(), 0.0),
        "v.head.0" => (Component::Value, Preset::ThisHead.scope(), 0.0),
        "v.all.0.5" => (Component::Value, Preset::AllLayers.scope(), 0.5),
        other => panic!("{other}: what is it?"),
    };
    let (layer, head) = PLACE;
    let session = Session::default().with([
        Command::Open(source(golden)),
        Command::SetLayer(layer),
        Command::SetHead(head),
        Command::SetScope(scope),
    ]);
    let mut spec = session.run_spec();
    spec.prompt = Prompt::TokenIds(golden.token_ids.clone());
    let writing = Writing { at_end: AtEnd::GoOn, ..Writing::greedy(n_tokens) };
    let change = (component, Epsilon::new(epsilon).unwrap());
    engine.continuation(&Job::unwatched(), &spec, change, &writing, &mut |_| {}).unwrap()
}

fn source(golden: &Golden) -> SourceSpec {
    SourceSpec::Folder(Path::new("/nowhere").join(&golden.name))
}

#[test]
fn every_text_is_pytorchs_token_for_token() {
    let (mut n_texts, mut worst) = (0, 0.0_f64);
    for mut golden in family_goldens() {
        if golden.continuations.is_empty() {
            continue;
        }
        let mut engine = Engine::default();
        let model = std::mem::replace(&mut golden.model, attenuate::model::bundled::load().unwrap());
        engine.adopt(Arc::new(OpenSource::live(&source(&golden), &golden.name, model)));
        for (case, expected) in &golden.continuations {
            let found = written(&mut engine, &golden, case, expected.token_ids.len());
            let name = &golden.name;
            assert_eq!(found.modified.token_ids().collect::<Vec<_>>(), expected.token_ids, "{name} {case}");
            let base = &golden.continuations["base"].token_ids;
            assert_eq!(found.baseline.token_ids().collect::<Vec<_>>(), *base, "{name} {case}");
            for (step, (kl, found)) in expected.kl.iter().flatten().zip(&found.kl).enumerate() {
                let difference = (kl - found).abs();
                assert!(difference <= KL_TOLERANCE, "{name} {case} step {step}: {found}, not {kl}");
                worst = worst.max(difference);
            }
            assert_eq!(found.kl.len(), base.len());
            n_texts += 1;
        }
    }
    println!("{n_texts} texts, divergences within {worst:.1e}");
    assert!(n_texts > 150, "{n_texts}");
}

/// A patch from the prompt backwards without two of its tokens, which leaves positions as they are, and a mean over that.
fn of_others(golden: &Golden) -> [Operation; 2] {
    let ids: Vec<u32> = golden.token_ids.iter().rev().skip(2).copied().collect();
    let (transformer, n_layers) = (golden.model.transformer(), golden.model.shape().n_layers);
    let (mut patched, mut means) = (Vec::new(), Vec::new());
    let mut keep = |layer: usize, residual: &Residual, qkv: &Arc<LayerQkv>| {
        for component in Component::ALL {
            let vectors = qkv.of_all_heads(component).unwrap();
            let mean = vectors.mean_axis(Axis(1)).unwrap().insert_axis(Axis(1));
            let donor = if component.makes_scores() {
                let moved = residual.at_end_of(golden.token_ids.len()).unwrap();
                let [query, key, _] = transformer.vectors_of_runs(layer, &moved).unwrap().swap_remove(0);
                let vectors = if component == Component::Query { query } else { key };
                Donor::from(2, vectors).made_of(moved.rows().clone())
            } else {
                Donor::from(2, vectors.clone())
            };
            patched.push(((layer, component), Arc::new(donor)));
            means.push(((layer, component), Arc::new(Donor::everywhere(mean))));
        }
    };
    let start = transformer.embed(&ids).unwrap();
    run::advance(transformer, 0..n_layers, start, None, &|| false, &mut keep).unwrap();
    let from = OtherPrompt::TokenIds(ids.into());
    let over = PromptSet { prompts: [from.clone()].into(), first: FirstToken::Counted };
    [
        Operation::patch(from).with_donated(patched.into_iter().collect()),
        Operation::mean_prompts(over).with_donated(means.into_iter().collect()),
    ]
}

/// Interventions of every operation, component and choice of positions, at one head and at all.
fn interventions(golden: &Golden) -> Vec<Option<Intervention>> {
    let shape = golden.model.shape();
    let mut all = vec![None];
    let selection: PositionScope = "0,3,5".parse().unwrap();
    let operations = [Operation::Scale, Operation::MeanHeads, Operation::MeanPositions, Operation::Noise { seed: 3 }];
    let operations = operations.into_iter().chain(of_others(golden));
    let operations: Vec<Operation> = operations.collect();
    for (at, component) in Component::ALL.into_iter().enumerate() {
        for operation in &operations {
            let positions = [PositionScope::All, PositionScope::First, PositionScope::Rest, selection.clone()];
            for (of_positions, positions) in positions.into_iter().enumerate() {
                // One head of the last layer but one, or all heads of all layers, in turn.
                let (layers, heads) = if (at + of_positions) % 2 == 0 {
                    (0..shape.n_layers, 0..shape.n_heads)
                } else {
                    let layer = shape.n_layers.saturating_sub(2);
                    (layer..layer + 1, shape.n_heads - 1..shape.n_heads)
                };
                let epsilon = Epsilon::new(if *operation == Operation::Scale { 0.3 } else { 0.4 }).unwrap();
                let reach = Reach { heads: Heads::block(layers, heads), positions };
                all.push(Some(Intervention::new(component, operation.clone(), epsilon, reach)));
            }
        }
    }
    let every = Heads::block(0..shape.n_layers, 0..shape.n_heads);
    let change = |component, operation| {
        let (epsilon, positions) = (Epsilon::new(0.6).unwrap(), PositionScope::Rest);
        Change { edit: Edit { component, operation, epsilon, positions }, heads: every.clone() }
    };
    // Each finds what the one before has left, in the text as in the prompt.
    for component in Component::ALL {
        let in_turn = [Operation::Noise { seed: 5 }, Operation::MeanPositions, Operation::MeanHeads];
        let in_turn = in_turn.into_iter().chain(of_others(golden));
        all.push(Some(Intervention::of(in_turn.map(|operation| change(component, operation)))));
    }
    all
}

/// The prompt under an intervention, and the logits behind it.
fn prompt(golden: &Golden, intervention: Option<&Intervention>) -> (Reading, Array1<f32>) {
    let transformer = golden.model.transformer();
    let (start, mut layers) = (transformer.embed(&golden.token_ids).unwrap(), Vec::new());
    let mut keep = |_: usize, _: &_, qkv: &Arc<LayerQkv>| layers.push(qkv.clone());
    let all = 0..golden.model.shape().n_layers;
    let residual = run::advance(transformer, all, start, intervention, &|| false, &mut keep).unwrap();
    let logits = golden.model.next_token_logits(&residual).unwrap().row(0).to_owned();
    (Reading::of_prompt(golden.token_ids.clone(), intervention.cloned(), layers), logits)
}

fn likeliest(logits: &Array1<f32>) -> u32 {
    let best = logits.iter().enumerate().reduce(|best, other| if other.1 > best.1 { other } else { best });
    u32::try_from(best.unwrap().0).unwrap()
}

fn compare(name: &str, cached: &Array1<f32>, anew: &Array1<f32>) -> f32 {
    let largest = anew.iter().fold(0.0_f32, |largest, logit| largest.max(logit.abs()));
    let difference = (cached - anew).iter().fold(0.0_f32, |worst, d| worst.max(d.abs())) / largest;
    assert!(difference <= LOGIT_TOLERANCE, "{name}: {difference:e}");
    assert_eq!(likeliest(cached), likeliest(anew), "{name}");
    difference
}

#[test]
fn reading_on_is_reading_all_anew() {
    // Frequencies of dynamic and longrope scaling change behind eight positions.
    const PROMPT: usize = 7;
    const STEPS: usize = 3;
    for mut golden in goldens().into_iter().chain(family_goldens()) {
        if !golden.mask().is_causal() {
            continue;
        }
        golden.token_ids.truncate(PROMPT);
        let transformer = golden.model.transformer();
        let (interventions, mut worst) = (interventions(&golden), 0.0_f32);
        for intervention in &interventions {
            let (mut reading, mut logits) = prompt(&golden, intervention.as_ref());
            for _ in 0..STEPS {
                let mut readings = [(&mut reading, likeliest(&logits))];
                logits = Reading::read_on(transformer, &mut readings, &|| false).unwrap().row(0).to_owned();
            }
            let name = format!("{} {intervention:?}", golden.name);
            let last = reading.clone().read_anew(transformer, &|| false).unwrap();
            worst = worst.max(compare(&name, &logits, &transformer.logits(&last).unwrap().row(0).to_owned()));
            // Where an operation takes nothing of the prompt, it is also what a run without any of this makes of the text.
            let takes_nothing = intervention.as_ref().is_none_or(|intervention| {
                let mut edits = intervention.at(intervention.first_layer(), golden.model.shape().n_heads - 1);
                edits.all(|edit| matches!(edit.operation, Operation::Scale | Operation::MeanHeads))
            });
            if takes_nothing {
                let (start, all) = (transformer.embed(reading.token_ids()).unwrap(), 0..golden.model.shape().n_layers);
                let run = run::advance(transformer, all, start, intervention.as_ref(), &|| false, &mut |_, _, _| {});
                let whole = golden.model.next_token_logits(&run.unwrap()).unwrap().row(0).to_owned();
                worst = worst.max(compare(&name, &logits, &whole));
            }
        }
        println!("{:18} {} interventions within {worst:.1e}", golden.name, interventions.len());
    }
}

#[test]
fn texts_that_are_read_together_are_what_each_is_alone() {
    for golden in goldens().into_iter().filter(|golden| golden.mask().is_causal()) {
        let transformer = golden.model.transformer();
        let reach = Reach { heads: Heads::block(1..2, 0..1), positions: PositionScope::All };
        let changed = Intervention::new(Component::Value, Operation::Scale, Epsilon::ZERO, reach);
        let prompts = [None, Some(&changed)].map(|intervention| prompt(&golden, intervention).0);
        let [mut plain, mut changed] = prompts.clone();
        let both = Reading::read_on(transformer, &mut [(&mut plain, 3), (&mut changed, 5)], &|| false).unwrap();
        for ((mut alone, next), together) in prompts.into_iter().zip([3, 5]).zip(both.outer_iter()) {
            let logits = Reading::read_on(transformer, &mut [(&mut alone, next)], &|| false).unwrap();
            assert_eq!(logits.row(0), together, "{}", golden.name);
        }
    }
}

/// What the rotary embedding of these families turns a pair of dimensions by per position, in a text of `n_positions`:
/// by transformers' formulas, in f64.
fn frequency(config: &serde_json::Value, pair: usize, n_positions: usize) -> f64 {
    let rope = &config["rope_parameters"];
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let n_dims = number(&config["hidden_size"]) / number(&config["num_attention_heads"]);
    let exponent = 2.0 * pair as f64 / n_dims;
    let theta = number(&rope["rope_theta"]);
    let n = n_positions as f64;
    match rope["rope_type"].as_str().unwrap() {
        "dynamic" => {
            let (factor, longest) = (number(&rope["factor"]), number(&config["max_position_embeddings"]));
            let stretched = (factor * n.max(longest) / longest - (factor - 1.0)).powf(n_dims / (n_dims - 2.0));
            (theta * stretched).powf(-exponent)
        }
        "longrope" => {
            let is_long = n > number(&rope["original_max_position_embeddings"]);
            let factors = &rope[if is_long { "long_factor" } else { "short_factor" }];
            1.0 / (number(&factors[pair]) * theta.powf(exponent))
        }
        other => panic!("{other}"),
    }
}

/// Vectors of a prompt of its own, `[heads, n, d]`, whose halves are turned together, as they stand from `first` on in a text
/// of `n_positions`.
#[expect(clippy::cast_possible_truncation, reason = "back to the precision of the vectors")]
fn turned(config: &serde_json::Value, vectors: &Array3<f32>, first: usize, n_positions: usize) -> Array3<f32> {
    let (n_there, half) = (vectors.len_of(Axis(1)), vectors.len_of(Axis(2)) / 2);
    let mut turned = vectors.clone();
    for mut of_head in turned.outer_iter_mut() {
        for (position, mut vector) in of_head.outer_iter_mut().enumerate() {
            for pair in 0..half {
                let angle = (first + position) as f64 * frequency(config, pair, n_positions)
                    - position as f64 * frequency(config, pair, n_there);
                let (x, y) = (f64::from(vector[pair]), f64::from(vector[pair + half]));
                vector[pair] = (x * angle.cos() - y * angle.sin()) as f32;
                vector[pair + half] = (y * angle.cos() + x * angle.sin()) as f32;
            }
        }
    }
    turned
}

/// Queries and keys of another prompt, of as many tokens and of fewer, turned by hand to the length of each text, in a fresh
/// reading of the whole text.
#[test]
fn a_patch_is_turned_with_the_text_where_its_length_changes_all_frequencies() {
    const PROMPT: usize = 6;
    const STEPS: usize = 6;
    let epsilon = Epsilon::new(0.4).unwrap();
    for family in ["llama_dynamic", "phi3_longrope"] {
        let folder = goldens_folder().join("families").join(family);
        let config = serde_json::from_slice(&std::fs::read(folder.join("config.json")).unwrap()).unwrap();
        let mut golden = load(&folder).unwrap();
        golden.token_ids.truncate(PROMPT);
        let n_layers = golden.model.shape().n_layers;
        let mut engine = Engine::default();
        let model = load(&folder).unwrap().model;
        engine.adopt(Arc::new(OpenSource::live(&source(&golden), family, model)));
        let transformer = golden.model.transformer();
        let unpatched = written(&mut engine, &golden, "base", STEPS);
        let mut differs = false;
        for (n_there, component) in
            [(6, Component::Query), (6, Component::Key), (4, Component::Query), (4, Component::Key)]
        {
            let ids: Vec<u32> = (0..n_there).map(|at| 11 + 7 * at).collect();
            let (mut there, mut entering) = (Vec::new(), Vec::new());
            let mut keep = |_: usize, residual: &Residual, qkv: &Arc<LayerQkv>| {
                there.push(qkv.clone());
                entering.push(residual.rows().clone());
            };
            let start = transformer.embed(&ids).unwrap();
            run::advance(transformer, 0..n_layers, start, None, &|| false, &mut keep).unwrap();
            let first = PROMPT - there[0].n_positions();
            let operation = Operation::patch(OtherPrompt::TokenIds(ids.into()));
            let reach = Reach {
                heads: Heads::block(0..n_layers, 0..golden.model.shape().n_heads),
                positions: PositionScope::All,
            };
            let intervention = |patch: Operation| Intervention::new(component, patch, epsilon, reach.clone());
            let (mut text, mut expected) = (golden.token_ids.clone(), Vec::new());
            for _ in 0..STEPS {
                let donor = |layer: usize| {
                    let vectors = there[layer].of_all_heads(component).unwrap();
                    ((layer, component), Arc::new(Donor::from(first, turned(&config, vectors, first, text.len()))))
                };
                let patched = operation.clone().with_donated((0..n_layers).map(donor).collect());
                let intervention = intervention(patched);
                let start = transformer.embed(&text).unwrap();
                let last =
                    run::advance(transformer, 0..n_layers, start, Some(&intervention), &|| false, &mut |_, _, _| {});
                let logits = golden.model.next_token_logits(&last.unwrap()).unwrap().row(0).to_owned();
                text.push(likeliest(&logits));
                expected.push(logits);
            }
            // As the engine asks for it, and writes it.
            let session = Session::default().with([
                Command::Open(source(&golden)),
                Command::SetLayer(0),
                Command::SetHead(0),
                Command::SetScope(Preset::AllLayers.scope()),
                Command::SetOperation(operation.clone()),
            ]);
            let spec = RunSpec { prompt: Prompt::TokenIds(golden.token_ids.clone()), ..session.run_spec() };
            let writing = Writing { at_end: AtEnd::GoOn, ..Writing::greedy(STEPS) };
            let found =
                engine.continuation(&Job::unwatched(), &spec, (component, epsilon), &writing, &mut |_| {}).unwrap();
            assert_eq!(
                found.modified.token_ids().collect::<Vec<_>>(),
                text[PROMPT..],
                "{family} {n_there} {component}"
            );
            differs |= found.modified.token_ids().ne(unpatched.baseline.token_ids());

            // Its logits, with the vectors that were made at the prompt's length.
            let donors = (0..n_layers).map(|layer| {
                let vectors = there[layer].of_all_heads(component).unwrap();
                let donor = Donor::from(first, turned(&config, vectors, first, PROMPT));
                ((layer, component), Arc::new(donor.made_of(entering[layer].clone())))
            });
            let patched = operation.clone().with_donated(donors.collect());
            let intervention = intervention(patched);
            let (mut reading, mut logits) = prompt(&golden, Some(&intervention));
            let mut worst = compare(family, &logits, &expected[0]);
            for (next, expected) in text[PROMPT..].iter().zip(&expected[1..]) {
                let mut readings = [(&mut reading, *next)];
                logits = Reading::read_on(transformer, &mut readings, &|| false).unwrap().row(0).to_owned();
                worst = worst.max(compare(family, &logits, expected));
            }
            println!("{family} {n_there} {component}: within {worst:.1e}");
        }
        assert!(differs, "{family}: the patch says something else");
    }
}
