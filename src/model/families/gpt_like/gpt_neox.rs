//! GPT-NeoX and its relatives, among them Pythia.
//!
//! - Black et al. 2022, arXiv 2204.06745 (GPT-NeoX-20B); Biderman et al. 2023, arXiv 2304.01373 (Pythia).
//! - Reference: `modeling_gpt_neox.py` and `configuration_gpt_neox.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/gpt_neox>.
//!
//! ```text
//! x ← x + Attention(LayerNorm₁(x)) + Down(gelu(Up(LayerNorm₂(x))))    parallel residual, or in sequence:
//! x ← x + Attention(LayerNorm₁(x)), then x ← x + Down(gelu(Up(LayerNorm₂(x))))
//! ```
//!
//! The first dimensions of query and key are rotated by position (RoPE), the others are not.

use crate::{
    attention::Mask,
    model::{
        ModelError,
        config::{
            Config,
            common_config::{MOST_WIDTH, ShapeKeys, Unembedding},
            rope_config::RopeKeys,
        },
        families::{
            description::{
                Attention, Description, Embedding, FeedForward, Layer, LayerRule, Layout, Map, Names, Norm, Norms,
                Order, Output, Projections, usual_scale,
            },
            family::Family,
            readers::{
                gguf_names::{Gguf, LAYER_EPS, Rotated, ShapeNames},
                rotary,
            },
        },
        layers::activation::Activation,
    },
};

pub const GPT_NEOX: Family = Family { model_types: &["gpt_neox"], models: "GPT-NeoX, Pythia", read };

pub const GPT_NEOX_GGUF: Gguf = Gguf {
    shape: ShapeNames { n_kv_heads: None, head_dim: None, ..ShapeNames::USUAL },
    eps: Some((LAYER_EPS, "layer_norm_eps")),
    rotated: Rotated::Some,
    keys: &[("use_parallel_residual", "use_parallel_residual")],
    ..Gguf::called("gptneox", "gpt_neox")
};

const NAMES: Names = Names {
    prefix: "gpt_neox.",
    layers: "layers.",
    complete: &[],
    // What old files carry although it follows from the configuration: the causal mask, what masked scores are set to,
    // and the rotary frequencies.
    redundant: &[".attention.bias", ".attention.masked_bias", ".attention.rotary_emb.inv_freq"],
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    const ROPE: RopeKeys =
        RopeKeys { theta: "rotary_emb_base", share: "rotary_pct", default_share: 0.25, ..RopeKeys::USUAL };
    config.refuse(&["quantization_config"], "only unquantized weights are")?;
    let shape = ShapeKeys::USUAL.read(config)?;
    let bias = config.flag_or("attention_bias", true)?.into();
    let eps = config.positive("layer_norm_eps", 1e-5)?;
    let parallel = config.flag_or("use_parallel_residual", true)?;
    let layer = Layer {
        attention: Attention {
            projections: Projections::Fused {
                map: Map::new("attention.query_key_value", bias),
                layout: Layout::Groups,
            },
            clamp: None,
            qk_norm: None,
            rotary: Some(rotary::partial(config, ROPE, shape.head_dim)?),
            rule: LayerRule::plain(usual_scale(shape.head_dim), Mask::CAUSAL),
            output: Map::new("attention.dense", bias),
        },
        attention_norms: Norms::before(Norm::layer("input_layernorm", eps)),
        feed_forward: FeedForward::Plain {
            up: Map::biased("mlp.dense_h_to_4h"),
            activation: Activation::read(config, "hidden_act", Activation::Gelu)?,
            down: Map::biased("mlp.dense_4h_to_h"),
            d_ff: config.required_count("intermediate_size", 1..=MOST_WIDTH)?,
        },
        feed_forward_norms: Norms::before(Norm::layer("post_attention_layernorm", eps)),
        order: if parallel { Order::Parallel } else { Order::Sequential },
        residual_multiplier: None,
    };
    Ok(Description {
        names: NAMES,
        embedding: Embedding::new("embed_in", shape.d_model),
        layers: vec![layer; shape.n_layers],
        output: Output::new(
            Some(Norm::layer("final_layer_norm", eps)),
            "embed_out",
            Unembedding::read(config, Unembedding::Own)?,
        ),
        shape,
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{
        config::common_config::Bias,
        families::network::Network,
        transformer::Transformer as _,
        weights::{Weights, tensors::tests::HandMade},
    };

    fn read(changes: Value) -> Result<Description, ModelError> {
        let mut config = json!({
            "model_type": "gpt_neox", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
            "max_position_embeddings": 16, "vocab_size": 2, "intermediate_size": 1, "rotary_pct": 0.5
        });
        config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        super::read(Config::new(config.as_object().unwrap()))
    }

    fn refusal(changes: Value) -> String {
        read(changes).unwrap_err().to_string()
    }

    /// How many dimensions are rotated, and the base of their wavelengths.
    fn rotation(neox: &Description) -> (usize, f64) {
        let rotary = neox.layers[0].attention.rotary.as_ref().unwrap();
        (rotary.dims.n, rotary.rope.theta)
    }

    #[test]
    fn absent_keys_take_the_references_defaults() {
        let neox = read(json!({"rotary_pct": null, "hidden_size": 16})).unwrap();
        let Layer { attention, feed_forward, order, .. } = &neox.layers[0];
        assert_eq!(rotation(&neox), (2, 1e4));
        assert!(matches!(feed_forward, FeedForward::Plain { activation: Activation::Gelu, .. }));
        assert_eq!(attention.output.bias, Bias::Present);
        assert_eq!((*order, neox.output.unembedding), (Order::Parallel, Unembedding::Own));
    }

    #[test]
    fn old_and_new_keys_of_the_rotation_mean_the_same() {
        let old = read(json!({"rotary_pct": 1.0, "rotary_emb_base": 500})).unwrap();
        let inside = json!({"rope_type": "default", "rope_theta": 500, "partial_rotary_factor": 1.0});
        let new = read(json!({"rotary_pct": null, "rope_parameters": inside})).unwrap();
        assert_eq!(old, new);
        assert_eq!(rotation(&old), (4, 500.0));
    }

    #[test]
    fn what_is_not_computed_is_refused_by_name() {
        assert!(refusal(json!({"hidden_act": "mish"})).starts_with("hidden_act mish is not supported"));
        assert!(refusal(json!({"quantization_config": {}})).starts_with("quantization_config"));
        let unknown = json!({"rope_scaling": {"type": "ntk", "factor": 2.0}});
        assert!(refusal(unknown).starts_with("rope_type ntk is not supported: default, "));
        assert_eq!(
            refusal(json!({"rotary_pct": 0.25})),
            "config.json: rotary_pct must be a share that rotates an even number of 4 dimensions, found 0.25"
        );
        assert!(refusal(json!({"rotary_pct": 1.5})).contains("rotary_pct must be"));
        assert!(refusal(json!({"rotary_pct": 1e-9})).contains("rotary_pct must be"));
        assert!(refusal(json!({"hidden_size": 9})).contains("hidden_size must be a multiple of num_attention_heads"));
        assert!(refusal(json!({"intermediate_size": null})).contains("intermediate_size must be a whole number"));
    }

    /// One layer with nothing but zeros in it.
    fn zeros() -> HandMade {
        HandMade::zeros(&[
            ("gpt_neox.embed_in.weight", &[2, 8]),
            ("gpt_neox.layers.0.input_layernorm.weight", &[8]),
            ("gpt_neox.layers.0.input_layernorm.bias", &[8]),
            ("gpt_neox.layers.0.attention.query_key_value.weight", &[24, 8]),
            ("gpt_neox.layers.0.attention.query_key_value.bias", &[24]),
            ("gpt_neox.layers.0.attention.dense.weight", &[8, 8]),
            ("gpt_neox.layers.0.attention.dense.bias", &[8]),
            ("gpt_neox.layers.0.post_attention_layernorm.weight", &[8]),
            ("gpt_neox.layers.0.post_attention_layernorm.bias", &[8]),
            ("gpt_neox.layers.0.mlp.dense_h_to_4h.weight", &[1, 8]),
            ("gpt_neox.layers.0.mlp.dense_h_to_4h.bias", &[1]),
            ("gpt_neox.layers.0.mlp.dense_4h_to_h.weight", &[8, 1]),
            ("gpt_neox.layers.0.mlp.dense_4h_to_h.bias", &[8]),
            ("gpt_neox.final_layer_norm.weight", &[8]),
            ("gpt_neox.final_layer_norm.bias", &[8]),
            ("embed_out.weight", &[2, 8]),
        ])
    }

    fn load(store: &HandMade, changes: Value) -> Result<Network, ModelError> {
        Network::load(&read(changes)?, &Weights::new(store), None)
    }

    #[test]
    fn the_fused_projection_is_query_key_and_value_head_by_head() {
        let store = zeros().set("gpt_neox.layers.0.attention.query_key_value.bias", (0..24_u8).map(f32::from));
        let model = load(&store, json!({})).unwrap();
        let qkv = model.qkv(0, &model.embed(&[0, 1]).unwrap()).unwrap();
        // Head 1 has q = (12, 13, 14, 15), k = (16, 17, 18, 19), v = (20, 21, 22, 23), and √head_dim is 2.
        assert_eq!(qkv.value(1).unwrap().row(0), array![20.0, 21.0, 22.0, 23.0]);
        let first_score = (12.0 * 16.0 + 13.0 * 17.0 + 14.0 * 18.0 + 15.0 * 19.0) / 2.0;
        assert_eq!(qkv.head_scores(1).exact_row(0), [first_score]);
        // At position 1 the first pair is turned by 1 radian, the other two dimensions are not.
        let (sin, cos) = 1.0_f64.sin_cos();
        let turned = (12.0 * cos - 13.0 * sin, 13.0 * cos + 12.0 * sin);
        let score = (turned.0 * 16.0 + turned.1 * 17.0 + 14.0 * 18.0 + 15.0 * 19.0) / 2.0;
        assert!((qkv.head_scores(1).exact_row(1)[0] - score).abs() < 1e-4);
    }

    #[test]
    fn the_feed_forward_block_reads_what_attention_reads_or_what_it_wrote() {
        // LayerNorm₂ passes on the sign of what makes a row: attention adds a row that is the opposite of x and
        // twice as long. Up picks dimension 0 and scales it by 100, where gelu is the identity above 0 and 0 below.
        let x: [f32; 8] = [1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0];
        let store = zeros()
            .set("gpt_neox.embed_in.weight", x.into_iter().chain(x))
            .set("gpt_neox.layers.0.attention.dense.bias", x.map(|x| -2.0 * x))
            .set("gpt_neox.layers.0.post_attention_layernorm.weight", [1.0; 8])
            .set("gpt_neox.layers.0.mlp.dense_h_to_4h.weight", [100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
            .set("gpt_neox.layers.0.mlp.dense_4h_to_h.weight", [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let written = |parallel: bool| {
            let model = load(&store, json!({"use_parallel_residual": parallel})).unwrap();
            let after = model.finish(0, &model.embed(&[0]).unwrap(), Array2::zeros((1, 8))).unwrap();
            assert_eq!(after.rows[[0, 0]], -1.0, "x and attention's −2x");
            after.rows[[0, 1]] - 1.0
        };
        assert!((written(true) - 100.0).abs() < 0.01);
        assert_eq!(written(false), 0.0);
    }

    #[test]
    fn biases_of_attention_may_be_left_out() {
        let plain = zeros()
            .remove("gpt_neox.layers.0.attention.query_key_value.bias")
            .remove("gpt_neox.layers.0.attention.dense.bias");
        assert!(load(&plain, json!({"attention_bias": false})).is_ok());
        assert!(load(&plain, json!({})).err().unwrap().to_string().ends_with("query_key_value.bias"));
        let surplus = load(&zeros(), json!({"attention_bias": false})).err().unwrap().to_string();
        assert!(surplus.contains("layers.0.attention.dense.bias that the configuration does not"), "{surplus}");
    }
}
