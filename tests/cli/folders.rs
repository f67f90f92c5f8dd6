//! Model folders and GGUF files by path: the tiny Hugging Face models of the goldens, which have no tokenizer.

use std::{fs, path::PathBuf};

use safetensors::SafeTensors;

use crate::cli::{
    gguf_files::{convert::golden, quantize::Format},
    goldens::{TOLERANCE, columns, difference, folder},
    sandbox::Sandbox,
    weights_file::Weights,
};

const FAMILIES: [&str; 8] = ["llama", "llama_f16", "llama_bf16", "qwen2", "qwen3", "gpt2", "gpt_neox", "bert"];

fn token_ids(goldens: &SafeTensors<'_>) -> String {
    let ids = goldens.tensor("input_ids").unwrap();
    let ids = ids.data().chunks_exact(8).map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap()).to_string());
    ids.collect::<Vec<_>>().join(",")
}

#[test]
fn a_folder_gives_pytorchs_numbers() {
    for name in FAMILIES {
        let path = folder(name);
        let file = fs::read(path.join("golden.safetensors")).unwrap();
        let goldens = SafeTensors::deserialize(&file).unwrap();
        let (source, ids) = (path.to_str().unwrap(), token_ids(&goldens));
        let mut compared = 0;
        for (layer, head) in [(0, 3), (1, 0), (2, 2)] {
            let (layer_text, head_text) = (layer.to_string(), head.to_string());
            let place = ["--layer", layer_text.as_str(), "--head", head_text.as_str()];
            let scope = [source, "--token-ids", ids.as_str(), "--layers", "all", "--heads", "all"];
            let weights = Weights::from_json(&[&scope[..], &place].concat());
            assert_eq!((weights.n_layers, weights.n_heads, weights.causal), (3, 4, name != "bert"), "{name}");
            for (tensor, golden) in goldens.iter().filter(|(tensor, _)| tensor.ends_with(".attn")) {
                let panels = match tensor {
                    "base.attn" => vec![&weights.baseline],
                    // The figure's three ε; the goldens have more.
                    all if all.contains(".all.") => columns(&weights, all),
                    _ => Vec::new(),
                };
                for panel in panels {
                    let difference = difference(panel, &golden, layer, head);
                    assert!(difference <= TOLERANCE, "{name} {tensor} layer {layer} head {head}: {difference:e}");
                    compared += 1;
                }
            }
        }
        assert_eq!(compared, 3 * (1 + 9), "{name}");
    }
}

#[test]
fn a_folder_that_is_no_model_exits_with_1_and_says_where() {
    let sandbox = Sandbox::new();
    let empty: PathBuf = sandbox.path("empty");
    fs::create_dir(&empty).unwrap();
    let path = empty.to_str().unwrap();
    sandbox.run(&["weights", path, "-o", "x.json", "--token-ids", "1"]).assert_refused(1, &["no config.json", path]);
    let llama = folder("llama");
    let llama = llama.to_str().unwrap();
    sandbox.run(&["weights", llama, "-o", "x.json"]).assert_refused(1, &["tokenizer", "token ids"]);
    sandbox.run(&["weights", llama, "-o", "x.json", "--token-ids", "999"]).assert_refused(1, &["999", "256"]);
    assert_eq!(sandbox.names(), ["empty"]);
}

#[test]
fn a_gguf_file_gives_pytorchs_numbers_or_says_what_is_wrong() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("llama.gguf");
    let gguf = golden("llama", Format::F32);
    fs::write(&path, gguf.bytes()).unwrap();
    let file = fs::read(folder("llama").join("golden.safetensors")).unwrap();
    let goldens = SafeTensors::deserialize(&file).unwrap();
    let (source, ids) = (path.to_str().unwrap(), token_ids(&goldens));
    let arguments = [source, "--token-ids", &ids, "--layer", "2", "--head", "1", "--layers", "all", "--heads", "all"];
    let weights = Weights::from_json(&arguments);
    let baseline = goldens.tensor("base.attn").unwrap();
    assert!(difference(&weights.baseline, &baseline, 2, 1) <= TOLERANCE);
    let damaged = sandbox.write("damaged.gguf", &gguf.bytes()[..100]);
    sandbox.run(&["weights", damaged, "-o", "x.json"]).assert_refused(1, &["header", "damaged.gguf"]);
    sandbox.run(&["heads", "missing.gguf"]).assert_refused(1, &["cannot read", "missing.gguf"]);
    sandbox.run(&["weights", source, "-o", "x.json"]).assert_refused(1, &["tokenizer", "token ids"]);
    assert_eq!(sandbox.names(), ["damaged.gguf", "llama.gguf"]);
}
