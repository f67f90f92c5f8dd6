//! Patches from another prompt, and means over prompts, against PyTorch's (`others/make_others.py`): beneath the panels, and as
//! theirs.

use std::{collections::BTreeSet, fs, path::PathBuf, sync::Arc};

use attenuate::{
    attention::{Component, Epsilon, Grid, InForce, Kept, KeptChange, Operation, PositionScope, Scope},
    engine::{Engine, HeadPattern, OpenSource, Prompt, RunSpec, SourceSpec, Under},
};
use ndarray::{ArrayD, s};
use safetensors::SafeTensors;
use serde_json::Value;

use crate::parity::{
    WEIGHT_TOLERANCE,
    golden::{array, goldens_folder, load},
    largest_difference,
};
use crate::support::captured_figure;

/// In nats.
const KL_TOLERANCE: f64 = 1e-5;

fn folder() -> PathBuf {
    goldens_folder().join("../parity/others")
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn change(described: &Value) -> KeptChange {
    let heads: Vec<String> =
        described["heads"].as_array().unwrap().iter().map(|pair| format!("{}:{}", pair[0], pair[1])).collect();
    let positions = described["positions"].as_array().map_or(PositionScope::All, |positions| {
        PositionScope::Selection(positions.iter().map(number).collect::<BTreeSet<_>>().into())
    });
    KeptChange {
        component: described["component"].as_str().unwrap().parse().unwrap(),
        heads: heads.join(",").parse().unwrap(),
        positions,
        operation: serde_json::from_value(described["operation"].clone()).unwrap(),
        epsilon: described["eps"].as_f64().unwrap().try_into().unwrap(),
    }
}

/// Every head's pattern and the divergence of the next token, with `component` changed to `epsilon`.
fn found(engine: &mut Engine, spec: &RunSpec, component: Component, epsilon: Epsilon) -> (Vec<HeadPattern>, f64) {
    let spec = spec.clone().with(|experiment| experiment.epsilon = Grid::filled(experiment.shape(), epsilon));
    let mut heads = Vec::new();
    let mut each = |some: Vec<HeadPattern>| heads.extend(some);
    engine.head_patterns(&spec, Under::Change(component, epsilon), &mut each, &|| false).unwrap();
    let panel = spec.experiment.shape().panels().find(|panel| panel.component == component).unwrap();
    (heads, engine.effect(&spec, panel, &|| false).unwrap().unwrap().kl)
}

fn worst(name: &str, heads: &[HeadPattern], expected: &ArrayD<f32>) -> f64 {
    assert_eq!(heads.len(), expected.shape()[0] * expected.shape()[1]);
    let differences = heads.iter().map(|HeadPattern { summary, pattern }| {
        let difference = largest_difference(pattern, &expected.slice(s![summary.layer, summary.head, .., ..]));
        assert!(difference <= WEIGHT_TOLERANCE, "{name} layer {} head {}: {difference:e}", summary.layer, summary.head);
        difference
    });
    differences.fold(0.0, f64::max)
}

#[test]
fn vectors_of_other_prompts_are_pytorchs() {
    let described: Value = serde_json::from_slice(&fs::read(folder().join("cases.json")).unwrap()).unwrap();
    let cases = described["cases"].as_array().unwrap();
    for (family, place) in [("llama", "llama"), ("gpt2", "gpt2"), ("gemma2", "families/gemma2")] {
        let golden = load(&goldens_folder().join(place)).unwrap();
        let stored = fs::read(folder().join(format!("{family}.safetensors"))).unwrap();
        let stored = SafeTensors::deserialize(&stored).unwrap();
        let of_family: Vec<&Value> = cases.iter().filter(|case| case["family"] == family).collect();
        assert_eq!(of_family.len(), stored.len());
        let source = SourceSpec::Folder(family.into());
        let mut engine = Engine::default();
        engine.adopt(Arc::new(OpenSource::live(&source, family, golden.model)));
        let prompt = Prompt::TokenIds(golden.token_ids);
        let plain = RunSpec { source, prompt, ..captured_figure().run_spec() }.with(|experiment| {
            (experiment.layer, experiment.head) = (0, 0);
            experiment.epsilon =
                Grid::from_rows(Component::ALL.map(|component| (component, vec![Epsilon::ONE; 2]))).unwrap();
        });
        let (mut worst_weight, mut worst_kl) = (0.0_f64, 0.0_f64);
        for case in of_family {
            let name = case["name"].as_str().unwrap();
            let expected = array(&stored.tensor(&format!("{name}.attn")).unwrap());
            let changes: Vec<KeptChange> = case["changes"].as_array().unwrap().iter().map(change).collect();
            let mut ways = Vec::new();
            // Beneath panels that change nothing.
            let in_force: InForce = changes.iter().cloned().map(Kept::Change).collect();
            ways.push((
                plain.clone().with(|experiment| experiment.in_force = in_force),
                Component::Query,
                Epsilon::ONE,
            ));
            // The last as the panels' own.
            let (last, beneath) = changes.split_last().unwrap();
            let KeptChange { component, heads, positions, operation, epsilon } = last.clone();
            let own = plain.clone().with(|experiment| {
                experiment.in_force = beneath.iter().cloned().map(Kept::Change).collect();
                experiment.scope = Scope { set: Some(heads), positions, ..Scope::default() };
                experiment.operation = operation;
            });
            ways.push((own, component, epsilon));
            for (spec, component, epsilon) in ways {
                let (heads, kl) = found(&mut engine, &spec, component, epsilon);
                worst_weight = worst_weight.max(worst(name, &heads, &expected));
                let difference = (kl - case["kl"].as_f64().unwrap()).abs();
                assert!(difference <= KL_TOLERANCE, "{name}: KL {kl}, {difference:e}");
                assert!(kl > 0.0, "{name} changes something");
                worst_kl = worst_kl.max(difference);
            }
        }
        println!("{family:12} weights within {worst_weight:.1e}, divergences within {worst_kl:.1e}");
    }
}

#[test]
fn what_a_norm_follows_is_refused_at_another_place_and_taken_at_its_own() {
    let folder = goldens_folder().join("families/hunyuan_v1_dense");
    let golden = load(&folder).unwrap();
    let (source, ids) = (SourceSpec::Folder("hunyuan".into()), golden.token_ids.clone());
    let mut engine = Engine::default();
    engine.adopt(Arc::new(OpenSource::live(&source, "hunyuan", golden.model)));
    let mut of = |component: Component, from: &[u32]| {
        let spec =
            RunSpec { source: source.clone(), prompt: Prompt::TokenIds(ids.clone()), ..captured_figure().run_spec() };
        let spec = spec.with(|experiment| {
            (experiment.layer, experiment.head) = (1, 0);
            experiment.operation = Operation::patch(attenuate::attention::OtherPrompt::TokenIds(from.into()));
            experiment.epsilon = Grid::from_rows([(component, vec![Epsilon::ZERO; 2])]).unwrap();
        });
        engine.run(&spec, &|| false).map_err(|error| error.to_string())
    };
    let reversed: Vec<u32> = ids.iter().rev().copied().collect();
    for component in Component::ALL {
        assert!(of(component, &reversed).is_ok(), "{component}: prompts of one length need no turning");
        let refused = of(component, &reversed[2..]);
        if component.makes_scores() {
            let message = refused.err().unwrap();
            assert!(message.starts_with("hunyuan norms queries and keys behind their rotary embedding"), "{message}");
        } else {
            assert!(refused.is_ok(), "{component} stands where it stands");
        }
    }
}
