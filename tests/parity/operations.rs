//! The mean operations, and all of them on outputs, against PyTorch's (`operations/make_operations.py`), every stored case.

use std::{collections::HashMap, fs, path::PathBuf};

use attenuate::attention::{Component, Heads, Mask, Operation, PositionScope, Reach};
use ndarray::s;
use safetensors::SafeTensors;
use serde_json::Value;

use crate::parity::{
    WEIGHT_TOLERANCE,
    golden::{Case, Golden, array, goldens_folder, load},
    largest_difference,
};

fn folder() -> PathBuf {
    goldens_folder().join("../parity/operations")
}

fn case(described: &Value, golden: &Golden) -> Case {
    let text = |field: &str| described[field].as_str().unwrap().to_owned();
    let numbers = |field: &str| -> Option<Vec<usize>> {
        Some(described[field].as_array()?.iter().map(|n| n.as_u64().unwrap() as usize).collect())
    };
    let layers = numbers("layers").unwrap();
    let heads = numbers("heads").map_or(0..golden.model.shape().n_heads, |heads| heads[0]..heads[heads.len() - 1] + 1);
    let positions = numbers("positions").map_or(PositionScope::All, |positions| {
        PositionScope::Selection(positions.into_iter().collect::<std::collections::BTreeSet<_>>().into())
    });
    Case {
        name: text("name"),
        component: text("component").parse::<Component>().unwrap(),
        operation: Operation::of_the_prompt(text("operation").parse().unwrap()).unwrap(),
        epsilon: described["eps"].as_f64().unwrap().try_into().unwrap(),
        reach: Reach { heads: Heads::block(layers[0]..layers[layers.len() - 1] + 1, heads), positions },
    }
}

#[test]
fn every_operation_is_pytorchs() {
    let described: Value = serde_json::from_slice(&fs::read(folder().join("cases.json")).unwrap()).unwrap();
    let mut by_family: HashMap<&str, Vec<&Value>> = HashMap::new();
    for case in described["cases"].as_array().unwrap() {
        by_family.entry(case["family"].as_str().unwrap()).or_default().push(case);
    }
    assert_eq!(by_family.len(), 3);
    for (family, cases) in by_family {
        let golden = load(&goldens_folder().join(family)).unwrap();
        let stored = fs::read(folder().join(format!("{family}.safetensors"))).unwrap();
        let stored = SafeTensors::deserialize(&stored).unwrap();
        assert_eq!(stored.len(), cases.len());
        let unchanged = golden.run(None).bits();
        let mut worst = 0.0_f64;
        for described in cases {
            let case = case(described, &golden);
            let expected = array(&stored.tensor(&case.name).unwrap());
            let run = golden.run(Some(case.intervention()));
            for (layer, head, pattern) in run.all() {
                let difference = largest_difference(&pattern, &expected.slice(s![layer, head, .., ..]));
                assert!(difference <= WEIGHT_TOLERANCE, "{} layer {layer} head {head}: {difference:e}", case.name);
                worst = worst.max(difference);
            }
            // Row 0 of a causal pattern is one key, whatever its score; nothing but values reaches the output there.
            let silent = golden.mask() == Mask::CAUSAL
                && case.component == Component::Query
                && (1..golden.token_ids.len()).all(|position| !case.reach.positions.contains(position));
            assert_eq!(run.bits() == unchanged, silent, "{}: changes something", case.name);
        }
        println!("{family:12} operations within {worst:.1e}");
    }
}
