//! Head sets, and several changes one after the other, against the sequence of their hooks in PyTorch, from
//! `tests/parity/changes`.

use std::{collections::BTreeSet, fs, path::PathBuf};

use attenuate::attention::{Blocked, Change, Edit, Heads, Intervention, Operation, PositionScope};
use ndarray::{Ix1, s};
use safetensors::SafeTensors;
use serde_json::Value;

use crate::parity::{
    LOGIT_TOLERANCE, WEIGHT_TOLERANCE,
    golden::{array, goldens_folder, load},
    largest_difference,
};

fn folder() -> PathBuf {
    goldens_folder().join("../parity/changes")
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

fn heads(described: &Value) -> Heads {
    let pairs = described["heads"].as_array().unwrap().iter();
    pairs.map(|pair| (number(&pair[0]), number(&pair[1]))).collect()
}

fn change(described: &Value) -> Change {
    let text = |field: &str| described[field].as_str().unwrap();
    let positions = described["positions"].as_array().map_or(PositionScope::All, |positions| {
        PositionScope::Selection(positions.iter().map(number).collect::<BTreeSet<_>>().into())
    });
    let edit = Edit {
        component: text("component").parse().unwrap(),
        operation: Operation::of_the_prompt(text("operation").parse().unwrap()).unwrap(),
        epsilon: described["eps"].as_f64().unwrap().try_into().unwrap(),
        positions,
    };
    Change { edit, heads: heads(described) }
}

fn blocked(described: &Value) -> Blocked {
    let edges = described["block"].as_array().unwrap().iter();
    let edges: Vec<String> = edges.map(|edge| format!("{}->{}", number(&edge[0]), number(&edge[1]))).collect();
    Blocked { edges: edges.join(",").parse().unwrap(), heads: heads(described) }
}

#[test]
fn changes_are_the_sequence_of_pytorchs_hooks() {
    let described: Value = serde_json::from_slice(&fs::read(folder().join("cases.json")).unwrap()).unwrap();
    let cases = described["cases"].as_array().unwrap();
    for (family, golden) in [("llama", "llama"), ("gpt2", "gpt2"), ("gemma2", "families/gemma2")] {
        let golden = load(&goldens_folder().join(golden)).unwrap();
        let stored = fs::read(folder().join(format!("{family}.safetensors"))).unwrap();
        let stored = SafeTensors::deserialize(&stored).unwrap();
        let of_family: Vec<&Value> = cases.iter().filter(|case| case["family"] == family).collect();
        assert_eq!(2 * of_family.len(), stored.len());
        let unchanged = golden.run(None);
        let (mut worst, mut worst_logit) = (0.0_f64, 0.0_f32);
        for case in of_family {
            let changes = case["changes"].as_array().unwrap();
            let (blocks, changes): (Vec<&Value>, Vec<&Value>) =
                changes.iter().partition(|change| change["block"].is_array());
            let name = case["name"].as_str().unwrap();
            let intervention = Intervention::of(changes.into_iter().map(change));
            let run = golden.run(Some(intervention.blocking(blocks.into_iter().map(blocked))));
            let expected = array(&stored.tensor(&format!("{name}.attn")).unwrap());
            for (layer, head, pattern) in run.all() {
                let difference = largest_difference(&pattern, &expected.slice(s![layer, head, .., ..]));
                assert!(difference <= WEIGHT_TOLERANCE, "{name} layer {layer} head {head}: {difference:e}");
                worst = worst.max(difference);
            }
            let expected = array(&stored.tensor(&format!("{name}.logits")).unwrap());
            let expected = expected.into_dimensionality::<Ix1>().unwrap();
            let last = run.logits.row(run.logits.nrows() - 1);
            let largest = expected.iter().fold(0.0_f32, |largest, logit| largest.max(logit.abs()));
            let difference = (&last - &expected).iter().fold(0.0_f32, |worst, d| worst.max(d.abs())) / largest;
            assert!(difference <= LOGIT_TOLERANCE, "{name}: logits {difference:e}");
            assert_ne!(last, unchanged.logits.row(run.logits.nrows() - 1), "{name} changes something");
            worst_logit = worst_logit.max(difference);
        }
        println!("{family:12} weights within {worst:.1e}, logits within {worst_logit:.1e}");
    }
}
