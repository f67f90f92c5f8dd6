//! `--operation` and `--seed`, as numbers.

use std::{fs, path::Path};

use safetensors::SafeTensors;

use crate::cli::{
    goldens::{TOLERANCE, difference, folder},
    weights_file::{Panel, Weights},
};

const TOKEN_IDS: &str = "input_ids";

/// The golden's tokens as `--token-ids` takes them.
fn token_ids(family: &str) -> String {
    let file = fs::read(folder(family).join("golden.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let ids = tensors.tensor(TOKEN_IDS).unwrap();
    let ids = ids.data().chunks_exact(8).map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap()).to_string());
    ids.collect::<Vec<_>>().join(",")
}

fn weights(family: &str, options: &[&str]) -> Weights {
    let (folder, ids) = (folder(family), token_ids(family));
    let source = [folder.to_str().unwrap(), "--token-ids", &ids];
    Weights::from_json(&[&source[..], options].concat())
}

#[test]
fn means_are_pytorchs() {
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/operations");
    for family in ["llama", "gpt2", "bert"] {
        let file = fs::read(stored.join(format!("{family}.safetensors"))).unwrap();
        let goldens = SafeTensors::deserialize(&file).unwrap();
        for (operation, layer, head) in [("mean-heads", 2, 3), ("mean-positions", 1, 0)] {
            let (layer_text, head_text) = (layer.to_string(), head.to_string());
            let everywhere = ["--layers", "all", "--heads", "all", "--epsilon", "0,0.5,1", "--operation", operation];
            let place = ["--layer", layer_text.as_str(), "--head", head_text.as_str()];
            let found = weights(family, &[&everywhere[..], &place].concat());
            let rows = [("query", &found.query), ("key", &found.key), ("value", &found.value)];
            for (component, panels) in rows {
                for (column, epsilon) in ["0", "0.5"].into_iter().enumerate() {
                    let name = format!("{family}.{component}.{operation}.all.{epsilon}");
                    let worst = difference(&panels[column], &goldens.tensor(&name).unwrap(), layer, head);
                    assert!(worst <= TOLERANCE, "{name}: {worst:e}");
                }
                assert_eq!(panels[2], found.baseline, "ε = 1 changes nothing");
            }
        }
    }
}

#[test]
fn a_seed_is_a_noise() {
    let noisy = |seed: &str| {
        let options = ["--operation", "noise", "--seed", seed, "--epsilon", "0,0.1,1"];
        Weights::from_json(&[&["bundled:austen", "--layers", "all", "--heads", "all"], &options[..]].concat())
    };
    let first = noisy("1");
    let again = noisy("1");
    let other = noisy("2");
    let distance = |panel: &Panel| {
        let cells = panel.iter().flatten().zip(first.baseline.iter().flatten());
        cells.map(|(a, b)| f64::from((a.unwrap_or(0.0) - b.unwrap_or(0.0)).abs())).sum::<f64>()
    };
    for (ours, [again, other]) in [
        (&first.query, [&again.query, &other.query]),
        (&first.key, [&again.key, &other.key]),
        (&first.value, [&again.value, &other.value]),
    ] {
        assert_eq!(ours, again, "to the last bit");
        assert_eq!(ours[0], first.baseline, "ε = 0 adds none");
        assert_ne!(ours[1], other[1]);
        assert!(0.0 < distance(&ours[1]) && distance(&ours[1]) < distance(&ours[2]), "more noise, more change");
    }
}
