//! What parts of models write: they sum to PyTorch's logits in every golden, and each is what PyTorch's hooks find of it
//! (`writes/make_writes.py`).

use std::{fs, sync::Arc};

use attenuate::{
    attention::{Component, Preset},
    engine::{
        Engine, EngineError, OpenSource, Part, PartKind, Prompt, Rival, RunSpec, SourceSpec, Target, TokenName, Under,
        Writes,
    },
};
use serde_json::Value;

use crate::{
    parity::golden::{Golden, family_goldens, goldens, goldens_folder, load},
    support::captured_figure,
};

/// Relative to the largest logit of the position: PyTorch's own f32 differs from its f64 by as much.
const TOLERANCE: f64 = 1e-5;

/// Of a part, relative to the largest logit, beside PyTorch's f64: our vectors are made in f32.
const OF_PART: f64 = 2e-6;

/// Families in which a head's output is no part of a logit, and why in a word.
const REFUSED: [(&str, &str); 6] = [
    ("bert", "post-norm"),
    ("distilbert", "post-norm"),
    ("electra", "post-norm"),
    ("roberta", "post-norm"),
    ("modernbert", "nonlinear transform"),
    ("opt_350m", "post-norm"),
];

struct Asked {
    engine: Engine,
    spec: RunSpec,
    softcap: Option<f64>,
}

fn asked(name: &str, golden: Golden) -> (Asked, Golden) {
    let source = SourceSpec::Folder(name.into());
    let ids = golden.token_ids.clone();
    let config = ["", "families"].map(|folder| goldens_folder().join(folder).join(name).join("config.json"));
    let config = config.iter().find_map(|path| fs::read(path).ok());
    let config: Value = config.map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).unwrap());
    let mut engine = Engine::default();
    // The golden keeps another copy of its tensors.
    let again = load_again(name);
    engine.adopt(Arc::new(OpenSource::live(&source, name, again.model)));
    let spec = RunSpec { source, prompt: Prompt::TokenIds(ids), ..captured_figure().run_spec() };
    let spec = spec.with(|experiment| {
        experiment.scope = Preset::AllLayers.scope();
        (experiment.layer, experiment.head) = (0, 0);
    });
    (Asked { engine, spec, softcap: config["final_logit_softcapping"].as_f64() }, golden)
}

fn load_again(name: &str) -> Golden {
    let folders = [goldens_folder().join(name), goldens_folder().join("families").join(name)];
    load(folders.iter().find(|folder| folder.join("golden.safetensors").exists()).unwrap()).unwrap()
}

impl Asked {
    fn writes(&mut self, under: Under, target: u32, rival: u32, position: usize) -> Result<Writes, EngineError> {
        let target = Target { token: Some(TokenName::Id(target)), rival: Rival::Named(TokenName::Id(rival)) };
        self.engine.writes(&self.spec, under, &target, Some(position), &|| false)
    }

    fn capped(&self, logit: f64) -> f64 {
        self.softcap.map_or(logit, |cap| cap * (logit / cap).tanh())
    }
}

/// The largest difference from PyTorch's logits of some tokens at some positions, relative to the largest logit there.
fn differs(asked: &mut Asked, golden: &Golden, case: &str, under: Under) -> Result<f64, EngineError> {
    let logits = golden.logits(case).unwrap();
    let vocab = logits.ncols();
    let mut worst = 0.0_f64;
    for position in [golden.token_ids.len() - 1, golden.token_ids.len() / 2, 0] {
        let row = logits.row(position).mapv(f64::from);
        let largest = row.iter().fold(0.0_f64, |largest, logit| largest.max(logit.abs()));
        let order = |id: &usize| std::cmp::Reverse((row[*id] * 1e9) as i64);
        let likeliest = (0..vocab).min_by_key(order).unwrap();
        for (target, rival) in [(likeliest, 1), (vocab - 1, likeliest), (vocab / 3, 0)] {
            let writes = asked.writes(under, target as u32, rival as u32, position)?;
            let sum: f64 = PartKind::ALL.into_iter().map(|kind| writes.to_target(kind)).sum();
            assert!((sum - writes.logit()).abs() < 1e-9 * largest, "every part is of one kind");
            let rivals = writes.logit() - writes.over_rival().unwrap();
            worst = worst.max((asked.capped(writes.logit()) - row[target]).abs() / largest);
            worst = worst.max((asked.capped(rivals) - row[rival]).abs() / largest);
        }
    }
    Ok(worst)
}

#[test]
fn parts_sum_to_the_logit_in_every_family_or_are_refused_by_name() {
    let (mut wrong, mut refused) = (Vec::new(), Vec::new());
    let small = goldens().into_iter().filter(|golden| golden.name != "bundled");
    for golden in small.chain(family_goldens()) {
        let name = golden.name.clone();
        let (mut asked, golden) = asked(&name, golden);
        let expected = REFUSED.iter().find(|(family, _)| *family == name);
        match differs(&mut asked, &golden, "base", Under::Baseline) {
            Ok(worst) => {
                assert!(expected.is_none(), "{name} is not refused");
                println!("{name:18} within {worst:.1e} of the largest logit");
                if worst > TOLERANCE {
                    wrong.push(format!("{name}: {worst:e}"));
                }
                // All values of all layers turned down as well: what is written then sums to those logits.
                for case in golden.cases.iter().filter(|case| golden.logits(&case.name).is_some()) {
                    let all = format!("{}.all.", if case.component == Component::Value { "v" } else { "q" });
                    if case.name.starts_with(&all) {
                        let under = Under::Change(case.component, case.epsilon);
                        let worst = differs(&mut asked, &golden, &case.name, under).unwrap();
                        if worst > TOLERANCE {
                            wrong.push(format!("{name}, {}: {worst:e}", case.name));
                        }
                    }
                }
            }
            Err(error) => {
                let (_, why) = expected.unwrap_or_else(|| panic!("{name}: {error}"));
                let message = error.to_string();
                assert!(message.starts_with("what a head writes is no part of a logit in this model: "), "{message}");
                assert!(message.contains(why), "{name}: {message}");
                refused.push(name);
            }
        }
    }
    assert_eq!(refused.len(), REFUSED.len(), "{refused:?}");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn each_part_is_what_pytorchs_hooks_find() {
    let stored: Value =
        serde_json::from_slice(&fs::read(goldens_folder().join("../parity/writes/writes.json")).unwrap()).unwrap();
    let stored = stored.as_object().unwrap();
    assert_eq!(stored.len(), 3);
    for (folder, stored) in stored {
        let name = folder.strip_prefix("families/").unwrap_or(folder);
        let (mut asked, golden) = asked(name, load_again(name));
        let number = |value: &Value| value.as_f64().unwrap();
        let id = |key: &str| u32::try_from(stored[key].as_u64().unwrap()).unwrap();
        let logits: Vec<f64> = stored["logits"].as_array().unwrap().iter().map(number).collect();
        let largest = logits.iter().fold(0.0_f64, |largest, logit| largest.max(logit.abs()));
        // What is likeliest is found.
        let writes = asked.engine.writes(&asked.spec, Under::Baseline, &Target::default(), None, &|| false).unwrap();
        assert_eq!((writes.target.id, writes.rival.as_ref().unwrap().id), (id("target"), id("rival")));
        assert_eq!(writes.position, golden.token_ids.len() - 1);
        let close = |found: (f64, Option<f64>), expected: &Value, what: &str| {
            let [target, rival] = [&expected[0], &expected[1]].map(number);
            for difference in [found.0 - target, found.1.unwrap() - (target - rival)] {
                assert!(difference.abs() <= OF_PART * largest, "{folder}, {what}: {found:?}, expected {expected}");
            }
        };
        for part in &writes.parts {
            let found = (part.to_target, part.over_rival);
            match part.part {
                Part::Head { layer, head } => close(found, &stored["heads"][layer][head], &format!("{layer}:{head}")),
                Part::FeedForward { layer } => close(found, &stored["feed_forwards"][layer], &format!("block {layer}")),
                Part::Embeddings => close(found, &stored["embeddings"], "embeddings"),
                Part::AttentionBias { .. } | Part::FinalNormBias | Part::OutputBias => {}
            }
        }
        let biases = (writes.to_target(PartKind::Biases), writes.kind_over_rival(PartKind::Biases));
        close(biases, &stored["biases"], "biases");
        assert!((writes.logit() - logits[writes.target.id as usize]).abs() <= OF_PART * largest);
        let all = asked.engine.all_written_tokens(&asked.spec, Under::Baseline, None, 5, &|| false).unwrap();
        let n_heads = stored["heads"][0].as_array().unwrap().len();
        assert_eq!(all.len(), n_heads * stored["heads"].as_array().unwrap().len());
        for (at, tokens) in all.iter().enumerate() {
            let (layer, head) = (at / n_heads, at % n_heads);
            for (found, key) in [(&tokens.promoted, "promoted"), (&tokens.suppressed, "suppressed")] {
                let ids: Vec<u64> = found.iter().map(|token| u64::from(token.id)).collect();
                let expected: Vec<u64> =
                    stored[key][layer][head].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
                assert_eq!(ids, expected, "{folder}, {key} by {layer}:{head}");
            }
        }
    }
}
