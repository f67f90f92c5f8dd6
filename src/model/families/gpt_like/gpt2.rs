//! GPT-2.
//!
//! - Radford et al. 2019, "Language Models are Unsupervised Multitask Learners",
//!   <https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf>.
//! - Reference: `modeling_gpt2.py` and `configuration_gpt2.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/gpt2>.
//!
//! ```text
//! x = token embedding + position embedding
//! x ← x + Attention(LayerNorm(x))
//! x ← x + Down(gelu(Up(LayerNorm(x))))
//! ```

use crate::{
    attention::Mask,
    model::{
        ModelError,
        config::{
            Config,
            common_config::{MOST_NAMED_POSITIONS, MOST_WIDTH, ShapeKeys, Unembedding},
        },
        families::{
            description::{
                Attention, Description, Embedding, FeedForward, Layer, LayerRule, Layout, Map, Names, Norm, Norms,
                Order, Output, PositionRows, Positions, Projections, usual_scale,
            },
            family::Family,
            readers::gguf_names::{Gguf, LAYER_EPS, ShapeNames},
        },
        layers::activation::Activation,
        transformer::ModelShape,
    },
};

pub const GPT2: Family = Family { model_types: &["gpt2"], models: "GPT-2, DistilGPT-2", read };

pub const GPT2_GGUF: Gguf =
    Gguf { shape: ShapeNames::GPT2, eps: Some((LAYER_EPS, "layer_norm_epsilon")), ..Gguf::named("gpt2") };

const NAMES: Names = Names {
    prefix: "transformer.",
    layers: "h.",
    complete: &[],
    // The causal mask and what masked scores are set to.
    redundant: &[".attn.bias", ".attn.masked_bias"],
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    config.refuse_flag("add_cross_attention", "only attention within the prompt is")?;
    // `reorder_and_upcast_attn` computes the same scores in f32, as is done here always.
    let block = Block { map: Map::conv1d, ..Block::read(config, ShapeKeys::GPT2, "n_inner")? };
    // As Mistral's GPT-2s of 2021 do.
    let by_layer = config.flag("scale_attn_by_inverse_layer_idx")?;
    let scale = scale(config, &block.shape)?;
    let mut gpt2 = block.describe();
    for (index, layer) in gpt2.layers.iter_mut().enumerate() {
        layer.attention.rule.scale = if by_layer { scale / (index + 1) as f64 } else { scale };
    }
    Ok(gpt2)
}

/// Of scores, which some of GPT-2's and `StarCoder`'s kind do not scale.
///
/// # Errors
/// When `scale_attn_weights` is no truth value.
pub fn scale(config: Config<'_>, shape: &ModelShape) -> Result<f64, ModelError> {
    Ok(if config.flag_or("scale_attn_weights", true)? { usual_scale(shape.head_dim) } else { 1.0 })
}

/// GPT-2, and what its relatives share with it: layer norms, a plain feed-forward block, learned positions, names.
#[derive(Clone, Debug)]
pub struct Block {
    pub shape: ModelShape,
    /// Rows of the table of positions.
    n_rows: usize,
    eps: f64,
    activation: Activation,
    d_ff: usize,
    unembedding: Unembedding,
    /// How maps are stored.
    pub map: fn(&'static str) -> Map,
}

impl Block {
    /// With biases; `d_ff` is the key of the feed-forward block's width, four times the model's without it.
    ///
    /// # Errors
    /// When a value is absent or out of bounds, or the model does something that is not computed here.
    pub fn read(config: Config<'_>, keys: ShapeKeys, d_ff: &'static str) -> Result<Self, ModelError> {
        config.refuse(&["quantization_config"], "only unquantized weights are")?;
        let shape = keys.read(config)?;
        Ok(Self {
            n_rows: config.required_count(keys.max_positions, 1..=MOST_NAMED_POSITIONS)?,
            eps: config.positive("layer_norm_epsilon", 1e-5)?,
            activation: Activation::read(config, "activation_function", Activation::GeluTanh)?,
            d_ff: config.count(d_ff, 1..=MOST_WIDTH)?.unwrap_or(4 * shape.d_model),
            unembedding: Unembedding::read(config, Unembedding::Tied)?,
            map: Map::biased,
            shape,
        })
    }

    /// The layers and the names of their tensors.
    pub fn describe(self) -> Description {
        let Self { shape, n_rows, eps, activation, d_ff, unembedding, map } = self;
        let layer = Layer {
            attention: Attention {
                projections: Projections::Fused { map: map("attn.c_attn"), layout: Layout::Blocks },
                clamp: None,
                qk_norm: None,
                rotary: None,
                rule: LayerRule::plain(usual_scale(shape.head_dim), Mask::CAUSAL),
                output: map("attn.c_proj"),
            },
            attention_norms: Norms::before(Norm::layer("ln_1", eps)),
            feed_forward: FeedForward::Plain { up: map("mlp.c_fc"), activation, down: map("mlp.c_proj"), d_ff },
            feed_forward_norms: Norms::before(Norm::layer("ln_2", eps)),
            order: Order::Sequential,
            residual_multiplier: None,
        };
        Description {
            names: NAMES,
            embedding: Embedding {
                positions: Some(Positions { name: "wpe", n_rows, rows: PositionRows::From(0) }),
                ..Embedding::new("wte", shape.d_model)
            },
            layers: vec![layer; shape.n_layers],
            output: Output::new(Some(Norm::layer("ln_f", eps)), "lm_head", unembedding),
            shape,
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{
        config::common_config::MOST_POSITIONS,
        families::network::Network,
        transformer::{PositionLimit, Transformer as _},
        weights::{Weights, tensors::tests::HandMade},
    };

    fn read(changes: Value) -> Result<Description, ModelError> {
        let mut config = json!({
            "model_type": "gpt2", "n_embd": 4, "n_layer": 2, "n_head": 2, "n_positions": 3, "vocab_size": 2,
            "n_inner": 1
        });
        config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        super::read(Config::new(config.as_object().unwrap()))
    }

    fn refusal(changes: Value) -> String {
        read(changes).unwrap_err().to_string()
    }

    #[test]
    fn absent_keys_take_the_references_defaults() {
        let gpt2 = read(json!({"n_inner": null})).unwrap();
        assert!(matches!(
            gpt2.layers[1].feed_forward,
            FeedForward::Plain { d_ff: 16, activation: Activation::GeluTanh, .. }
        ));
        assert_eq!(gpt2.layers[1].attention_norms, Norms::before(Norm::layer("ln_1", 1e-5)));
        assert_eq!(gpt2.output.unembedding, Unembedding::Tied);
        // Heads of 2 dimensions.
        assert_eq!(gpt2.layers[1].attention.rule.scale, 1.0 / 2.0_f64.sqrt());
        let long = read(json!({"n_positions": 10_000})).unwrap();
        assert_eq!(long.shape.max_positions, MOST_POSITIONS);
        assert_eq!(long.embedding.positions.unwrap().n_rows, 10_000);
        assert_eq!(long.shape.position_limit, PositionLimit::Program);
    }

    #[test]
    fn scores_are_scaled_as_the_configuration_says() {
        // Heads of 4 dimensions.
        let scale = |changes: Value| {
            let mut wide = json!({"n_embd": 8});
            wide.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            read(wide).unwrap().layers[1].attention.rule.scale
        };
        assert_eq!(scale(json!({"scale_attn_weights": false})), 1.0);
        assert_eq!(scale(json!({"scale_attn_by_inverse_layer_idx": true})), 0.25);
        assert_eq!(scale(json!({"reorder_and_upcast_attn": true})), 0.5);
    }

    #[test]
    fn what_is_not_computed_is_refused_by_name() {
        assert_eq!(
            refusal(json!({"add_cross_attention": true})),
            "add_cross_attention true is not supported: only attention within the prompt is"
        );
        assert!(refusal(json!({"activation_function": "mish"})).starts_with("activation_function mish is not"));
        assert!(refusal(json!({"quantization_config": {}})).starts_with("quantization_config"));
        assert_eq!(refusal(json!({"n_embd": 5})), "config.json: n_embd must be a multiple of n_head, 2, found 5");
        assert!(refusal(json!({"n_layer": null})).contains("n_layer must be a whole number"));
        assert!(refusal(json!({"scale_attn_weights": 1})).contains("scale_attn_weights must be true or false"));
    }

    /// One layer of width 4 with nothing but zeros in it.
    fn zeros() -> HandMade {
        HandMade::zeros(&[
            ("wte.weight", &[2, 4]),
            ("wpe.weight", &[3, 4]),
            ("h.0.ln_1.weight", &[4]),
            ("h.0.ln_1.bias", &[4]),
            ("h.0.attn.c_attn.weight", &[4, 12]),
            ("h.0.attn.c_attn.bias", &[12]),
            ("h.0.attn.c_proj.weight", &[4, 4]),
            ("h.0.attn.c_proj.bias", &[4]),
            ("h.0.ln_2.weight", &[4]),
            ("h.0.ln_2.bias", &[4]),
            ("h.0.mlp.c_fc.weight", &[4, 1]),
            ("h.0.mlp.c_fc.bias", &[1]),
            ("h.0.mlp.c_proj.weight", &[1, 4]),
            ("h.0.mlp.c_proj.bias", &[4]),
            ("ln_f.weight", &[4]),
            ("ln_f.bias", &[4]),
        ])
    }

    fn load(store: &HandMade, changes: Value) -> Result<Network, ModelError> {
        Network::load(&read(changes)?, &Weights::new(store), None)
    }

    #[test]
    fn the_fused_projection_is_queries_then_keys_then_values() {
        // The norm gives (0, 1, 0, 0), so that the projection is row 1 of its weight: 0 … 11.
        let row = |row: usize| (0..12).map(move |column| if row == 1 { column as f32 } else { 0.0 });
        let store =
            zeros().set("h.0.ln_1.bias", [0.0, 1.0, 0.0, 0.0]).set("h.0.attn.c_attn.weight", (0..4).flat_map(row));
        let model = load(&store, json!({"n_layer": 1})).unwrap();
        let qkv = model.qkv(0, &model.embed(&[1]).unwrap()).unwrap();
        // Head 1: q = (2, 3), k = (6, 7), v = (10, 11); its score is (12 + 21)/√2.
        assert!((qkv.head_scores(1).exact_row(0)[0] - 33.0 / 2.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(qkv.value(1).unwrap(), array![[10.0, 11.0]]);
        assert_eq!(qkv.value(0).unwrap(), array![[8.0, 9.0]]);
    }

    #[test]
    fn positions_are_added_to_tokens() {
        let store = zeros()
            .set("wte.weight", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
            .set("wpe.weight", (0..12).map(|i| 10.0 * i as f32));
        let model = load(&store, json!({"n_layer": 1})).unwrap();
        let x = model.embed(&[1, 0]).unwrap();
        assert_eq!(*x.rows, array![[5.0, 16.0, 27.0, 38.0], [41.0, 52.0, 63.0, 74.0]]);
        assert!(model.embed(&[0; 4]).is_err(), "three positions have an embedding");
    }

    #[test]
    fn without_an_unembedding_of_its_own_a_model_has_attention_but_no_logits() {
        let model = load(&zeros(), json!({"n_layer": 1, "tie_word_embeddings": false})).unwrap();
        let x = model.embed(&[0]).unwrap();
        assert!(model.qkv(0, &x).is_ok());
        let error = model.logits(&x).unwrap_err().to_string();
        assert!(error.starts_with("the weights have no lm_head, so that there are no logits"), "{error}");
    }

    #[test]
    fn a_model_that_makes_rewards_makes_no_logits() {
        let tied = load(&zeros(), json!({"n_layer": 1})).unwrap();
        assert!(tied.logits(&tied.embed(&[0]).unwrap()).is_ok());
        let reward = zeros().with("score.weight", &[1, 4]);
        let reward = load(&reward, json!({"n_layer": 1})).unwrap();
        assert!(reward.logits(&reward.embed(&[0]).unwrap()).is_err());
    }
}
