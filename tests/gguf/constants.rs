//! What llama.cpp's files do not say and its code has as constants, by architecture and the number of layers.

use std::{collections::BTreeMap, fs, path::Path};

use attenuate::model::{folder, loading::unwatched};
use safetensors::{SafeTensors, serialize, tensor::TensorView};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::gguf::{
    files::{
        families::converted,
        writer::{Gguf, Meta},
    },
    golden::{Golden, goldens_folder, load},
    opening::open,
};

/// A golden's folder with so many layers, the golden's over and over, after a change to its configuration.
fn deepened(family: &str, n_layers: usize, change: impl FnOnce(&mut Value)) -> TempDir {
    let (from, to) = (goldens_folder().join("families").join(family), tempfile::tempdir().unwrap());
    let mut config: Value = serde_json::from_slice(&fs::read(from.join("config.json")).unwrap()).unwrap();
    let n_golden = config["num_hidden_layers"].as_u64().unwrap() as usize;
    config["num_hidden_layers"] = n_layers.into();
    config.as_object_mut().unwrap().remove("layer_types");
    change(&mut config);
    fs::write(to.path().join("config.json"), config.to_string()).unwrap();
    let bytes = fs::read(from.join("model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: BTreeMap<String, TensorView<'_>> = BTreeMap::new();
    for (name, view) in file.iter() {
        let Some((layer, rest)) = name.strip_prefix("model.layers.").and_then(|rest| rest.split_once('.')) else {
            tensors.insert(name.to_owned(), view);
            continue;
        };
        for copy in (layer.parse().unwrap()..n_layers).step_by(n_golden) {
            tensors.insert(format!("model.layers.{copy}.{rest}"), view.clone());
        }
    }
    fs::write(to.path().join("model.safetensors"), serialize(tensors, None).unwrap()).unwrap();
    to
}

#[track_caller]
fn assert_same(family: &str, of: &Path, file: &Gguf) {
    let golden = || -> Golden { load(&goldens_folder().join("families").join(family)).unwrap() };
    let expected = golden().with_model(folder::open(of, &unwatched).unwrap()).run(None);
    let ours = golden().with_model(open(&file.bytes()).unwrap()).run(None);
    assert!(ours.bits() == expected.bits() && ours.logits == expected.logits, "{family}");
}

/// By the root of what the heads' dimension divides, but in the 27B models of the width's share, 32 / 4.
#[test]
fn gemmas_scores_are_scaled_by_the_models_size() {
    for (family, n_layers, scalar) in
        [("gemma2", 46, 8), ("gemma2", 42, 16), ("gemma3", 62, 8), ("gemma3", 48, 16), ("gemma3", 46, 16)]
    {
        let folder = deepened(family, n_layers, |config| config["query_pre_attn_scalar"] = scalar.into());
        assert_same(family, folder.path(), &converted(folder.path()));
    }
}

/// All but every second, fourth or sixth layer have the window; a list or a number in the file comes first.
#[test]
fn which_layers_have_a_window_is_a_constant_unless_the_file_says() {
    for (family, architecture) in [
        ("cohere2", "cohere2"),
        ("exaone4", "exaone4"),
        ("gemma2", "gemma2"),
        ("gemma3", "gemma3"),
        ("gpt_oss", "gpt-oss"),
        ("olmo3", "olmo2"),
    ] {
        let key = format!("{architecture}.attention.sliding_window_pattern");
        let like_a_file = |config: &mut Value| {
            if config.get("query_pre_attn_scalar").is_some() {
                config["query_pre_attn_scalar"] = config["head_dim"].clone();
            }
        };
        let folder = deepened(family, 9, like_a_file);
        let types = |every: usize| -> Vec<&str> {
            (1..=9)
                .map(|n: usize| if n.is_multiple_of(every) { "full_attention" } else { "sliding_attention" })
                .collect()
        };
        // The writer lists the layers of a configuration that does.
        let listed = deepened(family, 9, |config| {
            like_a_file(config);
            config["layer_types"] = json!(types(match family {
                "gemma2" | "gpt_oss" => 2,
                "gemma3" => 6,
                _ => 4,
            }));
        });
        let file = converted(listed.path()).without(&key);
        assert_same(family, folder.path(), &file);
        let third = deepened(family, 9, |config| {
            like_a_file(config);
            config["layer_types"] = json!(types(3));
        });
        assert_same(family, third.path(), &file.clone().set(&key, 3));
        let flags = types(3).iter().map(|kind| *kind == "sliding_attention").collect();
        assert_same(family, third.path(), &file.set(&key, Meta::Flags(flags)));
    }
}

/// Gemma 3 turns layers with a window by a base of 10⁴, OLMo 3 by that of the others; both scale the others alone.
#[test]
fn layers_with_a_window_have_a_rotation_of_their_own() {
    let scaled = |full: Value, sliding: f64| {
        move |config: &mut Value| {
            if config.get("query_pre_attn_scalar").is_some() {
                config["query_pre_attn_scalar"] = config["head_dim"].clone();
            }
            let sliding = json!({"rope_type": "default", "rope_theta": sliding});
            config["rope_parameters"] = json!({ "full_attention": full, "sliding_attention": sliding });
        }
    };
    let linear = json!({"rope_type": "linear", "rope_theta": 1e6, "factor": 8.0});
    let gemma = deepened("gemma3", 7, scaled(linear.clone(), 1e4));
    let file = converted(gemma.path());
    assert_same("gemma3", gemma.path(), &file);
    let named = deepened("gemma3", 7, scaled(linear, 500.0));
    assert_same("gemma3", named.path(), &file.set("gemma3.rope.freq_base_swa", Meta::F32(500.0)));
    let yarn = json!({"rope_type": "yarn", "rope_theta": 5e5, "factor": 8.0, "original_max_position_embeddings": 8,
        "attention_factor": 1.25, "beta_fast": 32.0, "beta_slow": 1.0});
    let olmo = deepened("olmo3", 8, |config| {
        scaled(yarn, 5e5)(config);
        let types = (1..=8).map(|n: usize| if n.is_multiple_of(4) { "full_attention" } else { "sliding_attention" });
        config["layer_types"] = types.collect();
    });
    let file = converted(olmo.path());
    assert_same("olmo3", olmo.path(), &file);
    assert_same("olmo3", olmo.path(), &file.without("olmo2.rope.freq_base_swa"));
}

#[test]
fn a_window_of_nothing_is_none() {
    let folder = deepened("exaone4", 5, |config| config["sliding_window"] = Value::Null);
    let file = converted(&goldens_folder().join("families/exaone4"));
    let none = |mut file: Gguf| {
        file.tensors = converted(
            deepened("exaone4", 5, |config| {
                config["layer_types"] = json!(vec!["full_attention"; 5]);
            })
            .path(),
        )
        .tensors;
        file.set("exaone4.block_count", 5).without("exaone4.attention.sliding_window_pattern")
    };
    let file = none(file);
    assert_same("exaone4", folder.path(), &file.clone().set("exaone4.attention.sliding_window", 0));
    assert_same("exaone4", folder.path(), &file.without("exaone4.attention.sliding_window"));
}
