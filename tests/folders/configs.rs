//! Configurations that are malformed or absurd.

use std::fs;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::sandbox::Sandbox;

const FAMILIES: [&str; 4] = ["llama", "gpt2", "gpt_neox", "bert"];

#[test]
fn a_folder_without_a_configuration_is_no_model() {
    let sandbox = Sandbox::of("llama");
    fs::remove_file(sandbox.file("config.json")).unwrap();
    assert!(sandbox.refusal().starts_with("not a model folder, it has no config.json: "));
}

#[test]
fn text_that_is_no_configuration_is_refused() {
    let sandbox = Sandbox::of("llama");
    let deep = format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    let deep_list = "[".repeat(1_000_000);
    for text in ["", "[]", "1", "null", "{", "\u{FEFF}{", "{\"hidden_size\": 1e999}", &deep, &deep_list] {
        sandbox.write("config.json", text);
        assert!(sandbox.refusal().starts_with("config.json cannot be read: "), "{}", &text[..text.len().min(20)]);
    }
    sandbox.write("config.json", [0xFF, 0xFE, 0x00]);
    assert!(sandbox.refusal().starts_with("config.json cannot be read: "));
    // What some editors of Windows put in front of a text is passed over.
    for empty in ["{}", "\u{FEFF}{}"] {
        sandbox.write("config.json", empty);
        assert!(sandbox.refusal().starts_with("config.json: model_type must be a text, found nothing"));
    }
}

#[test]
fn dimensions_that_no_model_has_are_refused() {
    let absurd =
        [json!(0), json!(-1), json!(1.5), json!(1_u64 << 60), json!(u64::MAX), json!(1e300), json!("32"), json!([])];
    for (golden, keys) in [
        ("llama", ["hidden_size", "num_attention_heads", "num_hidden_layers", "vocab_size", "intermediate_size"]),
        ("gpt2", ["n_embd", "n_head", "n_layer", "vocab_size", "n_inner"]),
        ("gpt_neox", ["hidden_size", "num_attention_heads", "num_hidden_layers", "vocab_size", "intermediate_size"]),
        ("bert", ["hidden_size", "num_attention_heads", "num_hidden_layers", "vocab_size", "intermediate_size"]),
    ] {
        for key in keys {
            for value in &absurd {
                let sandbox = Sandbox::of(golden);
                sandbox.configure(key, value.clone());
                let refusal = sandbox.refusal();
                assert!(refusal.starts_with(&format!("config.json: {key} must be ")), "{golden} {value}: {refusal}");
            }
        }
    }
}

#[test]
fn the_largest_dimensions_that_are_read_take_no_memory_before_the_weights_contradict_them() {
    for golden in FAMILIES {
        let (width, heads, layers) = match golden {
            "gpt2" => ("n_embd", "n_head", "n_layer"),
            _ => ("hidden_size", "num_attention_heads", "num_hidden_layers"),
        };
        for (key, value) in [
            (width, 1 << 20),
            (heads, 1 << 12),
            (heads, 1),
            (layers, 1 << 12),
            ("vocab_size", 1 << 26),
            ("intermediate_size", 1 << 20),
            ("n_inner", 1 << 20),
            ("max_position_embeddings", u32::MAX),
            ("n_positions", u32::MAX),
            ("type_vocab_size", 1 << 20),
        ] {
            let sandbox = Sandbox::of(golden);
            sandbox.configure(key, json!(value));
            // Some keys mean nothing to some families, and more positions or fewer heads may fit the weights.
            if attenuate::model::folder::open(sandbox.path(), &attenuate::model::loading::unwatched).is_err() {
                sandbox.refusal();
            }
        }
        let sandbox = Sandbox::of(golden);
        sandbox.configure(width, json!(1 << 20));
        sandbox.configure(heads, json!(1));
        sandbox.configure("num_key_value_heads", Value::Null);
        sandbox.configure("head_dim", Value::Null);
        assert!(sandbox.refusal().contains("at most 1024 times"), "{}", sandbox.refusal());
    }
}

#[test]
fn heads_that_cannot_be_shared_are_refused() {
    let sandbox = Sandbox::of("llama");
    sandbox.configure("num_key_value_heads", json!(3));
    assert!(sandbox.refusal().contains("num_key_value_heads must be a divisor of num_attention_heads, 4, found 3"));
    sandbox.configure("num_key_value_heads", json!(0));
    assert!(sandbox.refusal().contains("num_key_value_heads must be a whole number from 1 to 4, found 0"));
    sandbox.configure("num_key_value_heads", json!(8));
    assert!(sandbox.refusal().contains("num_key_value_heads must be a whole number from 1 to 4, found 8"));
    sandbox.configure("num_key_value_heads", json!(2));
    sandbox.configure("head_dim", json!(7));
    assert!(sandbox.refusal().contains("head_dim must be even"));
    let sandbox = Sandbox::of("gpt2");
    sandbox.configure("n_head", json!(5));
    assert!(sandbox.refusal().contains("must be a multiple of n_head, 5"));
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (0_u64..200).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!({})),
        Just(json!([1, "a"])),
        Just(json!({"rope_type": "llama3", "factor": 0, "rope_theta": -1})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_value_of_any_key_is_refused_or_harmless(family in 0_usize..4, key: prop::sample::Index, value in any_value()) {
        let sandbox = Sandbox::of(FAMILIES[family]);
        let config: Value = serde_json::from_slice(&fs::read(sandbox.file("config.json")).unwrap()).unwrap();
        let keys: Vec<&String> = config.as_object().unwrap().keys().collect();
        let key = keys[key.index(keys.len())];
        sandbox.configure(key, value);
        match sandbox.run(attenuate::engine::Prompt::TokenIds([1, 2, 3].into())) {
            Ok(outcome) => prop_assert_eq!(outcome.n_positions(), 3),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
