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

use std::sync::Arc;

use ndarray::Array2;

use super::{
    ModelError,
    common_config::{Bias, MOST_NAMED_POSITIONS, MOST_WIDTH, ShapeKeys, Unembedding},
    config::Config,
    feed_forward::{Activation, FeedForward},
    heads::{split_heads, unplaced},
    linear::Linear,
    matrix::Matrix,
    ops::LayerNorm,
    transformer::{ModelShape, Residual, Transformer, embed_tokens, layer_of},
    weights::Weights,
};
use crate::attention::{LayerQkv, Mask};

/// What distinguishes one GPT-2 from another.
#[derive(Clone, Debug, PartialEq)]
pub struct Gpt2Config {
    shape: ModelShape,
    /// How many positions have an embedding, be the prompts that are read longer or shorter.
    n_positions: usize,
    d_ff: usize,
    layer_norm_eps: f64,
    activation: Activation,
    score_scale: ScoreScale,
    unembedding: Unembedding,
}

/// What multiplies q·k.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ScoreScale {
    /// Whether by `1/√head_dim`.
    by_dim: bool,
    /// Whether by 1/(layer + 1), as Mistral's GPT-2s of 2021 do.
    by_layer: bool,
}

impl Gpt2Config {
    /// With the reference's defaults where a key is absent.
    ///
    /// # Errors
    /// When a value is absent or out of bounds, or the model does something that is not computed here.
    pub fn read(config: Config<'_>) -> Result<Self, ModelError> {
        const KEYS: ShapeKeys =
            ShapeKeys { d_model: "n_embd", n_layers: "n_layer", n_heads: "n_head", max_positions: "n_positions" };
        config.refuse(&["quantization_config"], "only unquantized weights are")?;
        config.refuse_flag("add_cross_attention", "only attention within the prompt is")?;
        // `reorder_and_upcast_attn` computes the same scores in f32, as is done here always.
        let shape = KEYS.read(config)?;
        Ok(Self {
            n_positions: config.required_count(KEYS.max_positions, 1..=MOST_NAMED_POSITIONS)?,
            d_ff: config.count("n_inner", 1..=MOST_WIDTH)?.unwrap_or(4 * shape.d_model),
            layer_norm_eps: config.positive("layer_norm_epsilon", 1e-5)?,
            activation: Activation::read(config, "activation_function", Activation::GeluTanh)?,
            score_scale: ScoreScale {
                by_dim: config.flag_or("scale_attn_weights", true)?,
                by_layer: config.flag("scale_attn_by_inverse_layer_idx")?,
            },
            unembedding: Unembedding::read(config, Unembedding::Tied)?,
            shape,
        })
    }
}

impl ScoreScale {
    fn at(self, layer: usize, head_dim: usize) -> f64 {
        let by_dim = if self.by_dim { 1.0 / (head_dim as f64).sqrt() } else { 1.0 };
        if self.by_layer { by_dim / (layer + 1) as f64 } else { by_dim }
    }
}

/// A GPT-2, in f32.
pub struct Gpt2 {
    shape: ModelShape,
    score_scale: ScoreScale,
    /// `[vocab, d_model]`
    embedding: Matrix,
    /// `[n_positions, d_model]`
    position_embedding: Matrix,
    layers: Vec<Layer>,
    final_norm: LayerNorm,
    unembedding: Linear,
}

struct Layer {
    attention_norm: LayerNorm,
    /// All heads' queries, then all keys, then all values.
    qkv: Linear,
    output: Linear,
    feed_forward_norm: LayerNorm,
    feed_forward: FeedForward,
}

impl Gpt2 {
    /// # Errors
    /// When a tensor is missing, has another shape than the configuration says, or is not accounted for.
    pub fn load(config: &Gpt2Config, weights: &Weights<'_>) -> Result<Self, ModelError> {
        let shape = &config.shape;
        // OpenAI's own files are saved from the model without its language-modelling head, which has no prefix.
        let prefix = if weights.contains("transformer.wte.weight") { "transformer." } else { "" };
        let matrix = |name: &str, rows| weights.matrix(&format!("{prefix}{name}.weight"), [rows, shape.d_model]);
        let embedding = matrix("wte", shape.vocab_size)?;
        let unembedding = match config.unembedding {
            Unembedding::Tied => Linear::new(embedding.clone()),
            Unembedding::Own => Linear::load(weights, "lm_head", shape.d_model, shape.vocab_size, Bias::Absent)?,
        };
        weights.refuse_unread("lm_head.", |name| name == "lm_head.weight")?;
        Ok(Self {
            shape: shape.clone(),
            score_scale: config.score_scale,
            position_embedding: matrix("wpe", config.n_positions)?,
            layers: (0..shape.n_layers)
                .map(|layer| Layer::load(config, weights, &format!("{prefix}h.{layer}.")))
                .collect::<Result<_, _>>()?,
            final_norm: LayerNorm::load(weights, &format!("{prefix}ln_f"), shape.d_model, config.layer_norm_eps)?,
            embedding,
            unembedding,
        })
    }
}

impl Layer {
    fn load(config: &Gpt2Config, weights: &Weights<'_>, prefix: &str) -> Result<Self, ModelError> {
        let (d_model, d_ff) = (config.shape.d_model, config.d_ff);
        let norm = |name: &str| LayerNorm::load(weights, &format!("{prefix}{name}"), d_model, config.layer_norm_eps);
        let linear = |name: &str, d_in, d_out| Linear::load_conv1d(weights, &format!("{prefix}{name}"), d_in, d_out);
        let layer = Self {
            attention_norm: norm("ln_1")?,
            qkv: linear("attn.c_attn", d_model, 3 * d_model)?,
            output: linear("attn.c_proj", d_model, d_model)?,
            feed_forward_norm: norm("ln_2")?,
            feed_forward: FeedForward {
                up: linear("mlp.c_fc", d_model, d_ff)?,
                activation: config.activation,
                down: linear("mlp.c_proj", d_ff, d_model)?,
            },
        };
        // The causal mask and what masked scores are set to.
        weights.refuse_unread(prefix, |name| name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias"))?;
        Ok(layer)
    }
}

impl Transformer for Gpt2 {
    fn shape(&self) -> &ModelShape {
        &self.shape
    }

    fn embed(&self, token_ids: &[u32]) -> Result<Residual, ModelError> {
        let mut x = embed_tokens(&self.shape, &self.embedding, token_ids)?;
        x += &self.position_embedding.select(0..token_ids.len())?;
        Ok(Residual(Arc::new(x)))
    }

    fn qkv(&self, layer: usize, residual: &Residual) -> Result<LayerQkv, ModelError> {
        let ModelShape { n_heads, head_dim, .. } = self.shape;
        let weights = layer_of(&self.layers, layer)?;
        self.shape.expect("query, key and value", residual)?;
        let projected = weights.qkv.forward("query, key and value", &weights.attention_norm.forward(&residual.0))?;
        let [query, key, value] =
            [0, n_heads, 2 * n_heads].map(|first| split_heads(&projected, head_dim, first..first + n_heads, unplaced));
        LayerQkv::new(query, key, Some(value), self.score_scale.at(layer, head_dim), Mask::Causal)
            .map_err(|cause| ModelError::Qkv { layer, cause })
    }

    fn finish(&self, layer: usize, residual: &Residual, head_outputs: Array2<f32>) -> Result<Residual, ModelError> {
        let weights = layer_of(&self.layers, layer)?;
        let mut x = weights.output.forward("output projection", &head_outputs)?;
        residual.expect("output projection", x.dim().into())?;
        x += &*residual.0;
        x += &weights.feed_forward.forward(&weights.feed_forward_norm.forward(&x))?;
        Ok(Residual(Arc::new(x)))
    }

    fn logits(&self, residual: &Residual) -> Result<Array2<f32>, ModelError> {
        self.shape.expect("logits", residual)?;
        self.unembedding.forward("logits", &self.final_norm.forward(&residual.0))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{common_config::MOST_POSITIONS, transformer::PositionLimit, weights::tests::HandMade};

    fn read(changes: Value) -> Result<Gpt2Config, ModelError> {
        let mut config = json!({
            "model_type": "gpt2", "n_embd": 4, "n_layer": 2, "n_head": 2, "n_positions": 3, "vocab_size": 2,
            "n_inner": 1
        });
        config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        Gpt2Config::read(Config::new(config.as_object().unwrap()))
    }

    fn refusal(changes: Value) -> String {
        read(changes).unwrap_err().to_string()
    }

    #[test]
    fn absent_keys_take_the_references_defaults() {
        let config = read(json!({"n_inner": null})).unwrap();
        assert_eq!((config.d_ff, config.layer_norm_eps, config.activation), (16, 1e-5, Activation::GeluTanh));
        assert_eq!(config.unembedding, Unembedding::Tied);
        assert_eq!(config.score_scale.at(1, 4), 0.5);
        let long = read(json!({"n_positions": 10_000})).unwrap();
        assert_eq!((long.shape.max_positions, long.n_positions), (MOST_POSITIONS, 10_000));
        assert_eq!(long.shape.position_limit, PositionLimit::Program);
    }

    #[test]
    fn scores_are_scaled_as_the_configuration_says() {
        let scale = |changes| read(changes).unwrap().score_scale.at(1, 4);
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
        assert!(refusal(json!({"activation_function": "relu"})).starts_with("activation_function relu is not"));
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

    fn load(store: &HandMade, changes: Value) -> Result<Gpt2, ModelError> {
        Gpt2::load(&read(changes)?, &Weights::new(store))
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
        assert_eq!(*x.0, array![[5.0, 16.0, 27.0, 38.0], [41.0, 52.0, 63.0, 74.0]]);
        assert!(model.embed(&[0; 4]).is_err(), "three positions have an embedding");
    }

    #[test]
    fn an_unembedding_of_its_own_must_be_there() {
        let error = load(&zeros(), json!({"n_layer": 1, "tie_word_embeddings": false})).err().unwrap();
        assert_eq!(error.to_string(), "the weights have no tensor lm_head.weight");
    }
}
