//! BERT, an encoder: every token attends to every other.
//!
//! - Devlin et al. 2018, arXiv 1810.04805.
//! - Reference: `modeling_bert.py` and `configuration_bert.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/bert>.
//!
//! ```text
//! x = LayerNorm(token embedding + position embedding + embedding of token type 0)
//! x ← LayerNorm(x + Attention(x))
//! x ← LayerNorm(x + Down(gelu(Up(x))))
//! ```
//!
//! All tokens are of the first type: the prompt is one sentence.

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

/// What distinguishes one BERT from another.
#[derive(Clone, Debug, PartialEq)]
pub struct BertConfig {
    shape: ModelShape,
    /// How many positions have an embedding, be the prompts that are read longer or shorter.
    n_positions: usize,
    n_token_types: usize,
    d_ff: usize,
    layer_norm_eps: f64,
    activation: Activation,
    unembedding: Unembedding,
}

impl BertConfig {
    /// With the reference's defaults where a key is absent.
    ///
    /// # Errors
    /// When a value is absent or out of bounds, or the model does something that is not computed here.
    pub fn read(config: Config<'_>) -> Result<Self, ModelError> {
        config.refuse(&["quantization_config"], "only unquantized weights are")?;
        config.refuse_flag("is_decoder", "only encoders are")?;
        config.refuse_flag("add_cross_attention", "only attention within the prompt is")?;
        match config.text("position_embedding_type")? {
            None | Some("absolute") => {}
            Some(other) => {
                let (what, found) = ("position_embedding_type", other.to_owned());
                return Err(ModelError::Unsupported { what, found, supported: "only absolute is" });
            }
        }
        let shape = ShapeKeys::USUAL.read(config)?;
        Ok(Self {
            n_positions: config.required_count(ShapeKeys::USUAL.max_positions, 1..=MOST_NAMED_POSITIONS)?,
            n_token_types: config.count("type_vocab_size", 1..=MOST_WIDTH)?.unwrap_or(2),
            d_ff: config.required_count("intermediate_size", 1..=MOST_WIDTH)?,
            layer_norm_eps: config.positive("layer_norm_eps", 1e-12)?,
            activation: Activation::read(config, "hidden_act", Activation::Gelu)?,
            unembedding: Unembedding::read(config, Unembedding::Tied)?,
            shape,
        })
    }
}

/// A BERT, in f32.
pub struct Bert {
    shape: ModelShape,
    /// `[vocab, d_model]`
    embedding: Matrix,
    /// `[n_positions, d_model]`
    position_embedding: Matrix,
    /// `[n_token_types, d_model]`
    token_type_embedding: Matrix,
    embedding_norm: LayerNorm,
    layers: Vec<Layer>,
    /// `None` of a model that was saved without it, as those that make sentence embeddings are.
    head: Option<MaskedHead>,
}

struct Layer {
    /// Query, key and value projections, one above the other.
    qkv: Linear,
    output: Linear,
    attention_norm: LayerNorm,
    feed_forward: FeedForward,
    feed_forward_norm: LayerNorm,
}

/// From the residual stream to logits of the token that a mask has taken the place of.
struct MaskedHead {
    transform: Linear,
    activation: Activation,
    norm: LayerNorm,
    unembedding: Linear,
}

impl Bert {
    /// # Errors
    /// When a tensor is missing, has another shape than the configuration says, or is not accounted for.
    pub fn load(config: &BertConfig, weights: &Weights<'_>) -> Result<Self, ModelError> {
        let shape = &config.shape;
        let prefix = if weights.contains("bert.embeddings.word_embeddings.weight") { "bert." } else { "" };
        let embeddings = |name: &str, rows| {
            weights.matrix(&format!("{prefix}embeddings.{name}_embeddings.weight"), [rows, shape.d_model])
        };
        let embedding = embeddings("word", shape.vocab_size)?;
        let position_embedding = embeddings("position", config.n_positions)?;
        let token_type_embedding = embeddings("token_type", config.n_token_types)?;
        let embedding_norm = format!("{prefix}embeddings.LayerNorm");
        let embedding_norm = LayerNorm::load(weights, &embedding_norm, shape.d_model, config.layer_norm_eps)?;
        // The numbers 0, 1, 2 … and a zero for each.
        weights.refuse_unread(&format!("{prefix}embeddings."), |name| {
            name.ends_with(".position_ids") || name.ends_with(".token_type_ids")
        })?;
        Ok(Self {
            shape: shape.clone(),
            position_embedding,
            token_type_embedding,
            embedding_norm,
            layers: (0..shape.n_layers)
                .map(|layer| Layer::load(config, weights, &format!("{prefix}encoder.layer.{layer}.")))
                .collect::<Result<_, _>>()?,
            head: MaskedHead::load(config, weights, &embedding)?,
            embedding,
        })
    }
}

impl Layer {
    fn load(config: &BertConfig, weights: &Weights<'_>, prefix: &str) -> Result<Self, ModelError> {
        let (d_model, d_ff) = (config.shape.d_model, config.d_ff);
        let norm = |name: &str| LayerNorm::load(weights, &format!("{prefix}{name}"), d_model, config.layer_norm_eps);
        let linear =
            |name: &str, d_in, d_out| Linear::load(weights, &format!("{prefix}{name}"), d_in, d_out, Bias::Present);
        let layer = Self {
            qkv: Linear::stack([
                linear("attention.self.query", d_model, d_model)?,
                linear("attention.self.key", d_model, d_model)?,
                linear("attention.self.value", d_model, d_model)?,
            ])?,
            output: linear("attention.output.dense", d_model, d_model)?,
            attention_norm: norm("attention.output.LayerNorm")?,
            feed_forward: FeedForward {
                up: linear("intermediate.dense", d_model, d_ff)?,
                activation: config.activation,
                down: linear("output.dense", d_ff, d_model)?,
            },
            feed_forward_norm: norm("output.LayerNorm")?,
        };
        weights.refuse_unread(prefix, |_| false)?;
        Ok(layer)
    }
}

impl MaskedHead {
    /// `None` where no tensor of it is there.
    fn load(config: &BertConfig, weights: &Weights<'_>, embedding: &Matrix) -> Result<Option<Self>, ModelError> {
        const TRANSFORM: &str = "cls.predictions.transform.dense";
        let ModelShape { d_model, vocab_size, .. } = config.shape;
        let head = if weights.contains(&format!("{TRANSFORM}.weight")) {
            let unembedding = match config.unembedding {
                Unembedding::Tied => Linear::new(embedding.clone()),
                Unembedding::Own => {
                    Linear::load(weights, "cls.predictions.decoder", d_model, vocab_size, Bias::Absent)?
                }
            };
            let norm = LayerNorm::load(weights, "cls.predictions.transform.LayerNorm", d_model, config.layer_norm_eps)?;
            Some(Self {
                transform: Linear::load(weights, TRANSFORM, d_model, d_model, Bias::Present)?,
                activation: config.activation,
                norm,
                unembedding: unembedding.with_bias(weights.vector("cls.predictions.bias", vocab_size)?),
            })
        } else {
            None
        };
        // The same numbers as the token embeddings and the bias, under their other names.
        weights.refuse_unread("cls.predictions.", |name| {
            matches!(name, "cls.predictions.decoder.weight" | "cls.predictions.decoder.bias")
        })?;
        Ok(head)
    }
}

impl Transformer for Bert {
    fn shape(&self) -> &ModelShape {
        &self.shape
    }

    fn embed(&self, token_ids: &[u32]) -> Result<Residual, ModelError> {
        let mut x = embed_tokens(&self.shape, &self.embedding, token_ids)?;
        x += &self.position_embedding.select(0..token_ids.len())?;
        // Every token is of type 0.
        x += &self.token_type_embedding.select(0..1)?;
        Ok(Residual(Arc::new(self.embedding_norm.forward(&x))))
    }

    fn qkv(&self, layer: usize, residual: &Residual) -> Result<LayerQkv, ModelError> {
        let ModelShape { n_heads, head_dim, .. } = self.shape;
        let weights = layer_of(&self.layers, layer)?;
        self.shape.expect("query, key and value", residual)?;
        let projected = weights.qkv.forward("query, key and value", &residual.0)?;
        let [query, key, value] =
            [0, n_heads, 2 * n_heads].map(|first| split_heads(&projected, head_dim, first..first + n_heads, unplaced));
        let scale = 1.0 / (head_dim as f64).sqrt();
        LayerQkv::new(query, key, Some(value), scale, Mask::Bidirectional)
            .map_err(|cause| ModelError::Qkv { layer, cause })
    }

    fn finish(&self, layer: usize, residual: &Residual, head_outputs: Array2<f32>) -> Result<Residual, ModelError> {
        let weights = layer_of(&self.layers, layer)?;
        let mut x = weights.output.forward("output projection", &head_outputs)?;
        residual.expect("output projection", x.dim().into())?;
        x += &*residual.0;
        let mut x = weights.attention_norm.forward(&x);
        x += &weights.feed_forward.forward(&x)?;
        Ok(Residual(Arc::new(weights.feed_forward_norm.forward(&x))))
    }

    fn logits(&self, residual: &Residual) -> Result<Array2<f32>, ModelError> {
        self.shape.expect("logits", residual)?;
        let head = self.head.as_ref().ok_or(ModelError::NoLogits { head: "cls.predictions" })?;
        let x = head.activation.of(&head.transform.forward("logits", &residual.0)?);
        head.unembedding.forward("logits", &head.norm.forward(&x))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::weights::tests::HandMade;

    fn read(changes: Value) -> Result<BertConfig, ModelError> {
        let mut config = json!({
            "model_type": "bert", "hidden_size": 2, "num_hidden_layers": 1, "num_attention_heads": 2,
            "max_position_embeddings": 3, "vocab_size": 2, "intermediate_size": 1
        });
        config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        BertConfig::read(Config::new(config.as_object().unwrap()))
    }

    fn refusal(changes: Value) -> String {
        read(changes).unwrap_err().to_string()
    }

    #[test]
    fn absent_keys_take_the_references_defaults() {
        let config = read(json!({})).unwrap();
        assert_eq!((config.n_token_types, config.layer_norm_eps), (2, 1e-12));
        assert_eq!((config.activation, config.unembedding), (Activation::Gelu, Unembedding::Tied));
        assert_eq!((config.shape.max_positions, config.shape.n_kv_heads), (3, 2));
    }

    #[test]
    fn what_is_not_computed_is_refused_by_name() {
        assert_eq!(refusal(json!({"is_decoder": true})), "is_decoder true is not supported: only encoders are");
        assert_eq!(
            refusal(json!({"position_embedding_type": "relative_key"})),
            "position_embedding_type relative_key is not supported: only absolute is"
        );
        assert!(refusal(json!({"add_cross_attention": true})).starts_with("add_cross_attention true"));
        assert!(refusal(json!({"hidden_act": "relu"})).starts_with("hidden_act relu is not supported"));
        assert!(refusal(json!({"quantization_config": {}})).starts_with("quantization_config"));
        assert!(refusal(json!({"hidden_size": 3})).contains("hidden_size must be a multiple of num_attention_heads"));
        assert!(refusal(json!({"type_vocab_size": 0})).contains("type_vocab_size must be a whole number"));
        assert!(refusal(json!({"is_decoder": "no"})).contains("is_decoder must be true or false"));
    }

    /// One layer of width 2 with nothing but zeros in it, and no head.
    fn zeros() -> HandMade {
        HandMade::zeros(&[
            ("embeddings.word_embeddings.weight", &[2, 2]),
            ("embeddings.position_embeddings.weight", &[3, 2]),
            ("embeddings.token_type_embeddings.weight", &[2, 2]),
            ("embeddings.LayerNorm.gamma", &[2]),
            ("embeddings.LayerNorm.beta", &[2]),
            ("encoder.layer.0.attention.self.query.weight", &[2, 2]),
            ("encoder.layer.0.attention.self.query.bias", &[2]),
            ("encoder.layer.0.attention.self.key.weight", &[2, 2]),
            ("encoder.layer.0.attention.self.key.bias", &[2]),
            ("encoder.layer.0.attention.self.value.weight", &[2, 2]),
            ("encoder.layer.0.attention.self.value.bias", &[2]),
            ("encoder.layer.0.attention.output.dense.weight", &[2, 2]),
            ("encoder.layer.0.attention.output.dense.bias", &[2]),
            ("encoder.layer.0.attention.output.LayerNorm.gamma", &[2]),
            ("encoder.layer.0.attention.output.LayerNorm.beta", &[2]),
            ("encoder.layer.0.intermediate.dense.weight", &[1, 2]),
            ("encoder.layer.0.intermediate.dense.bias", &[1]),
            ("encoder.layer.0.output.dense.weight", &[2, 1]),
            ("encoder.layer.0.output.dense.bias", &[2]),
            ("encoder.layer.0.output.LayerNorm.gamma", &[2]),
            ("encoder.layer.0.output.LayerNorm.beta", &[2]),
        ])
    }

    fn load(store: &HandMade) -> Result<Bert, ModelError> {
        Bert::load(&read(json!({}))?, &Weights::new(store))
    }

    #[test]
    fn tokens_positions_and_the_first_type_are_added_and_normed() {
        // The norm of (a, b) is (1, −1) where a > b and (−1, 1) where a < b.
        let store = zeros()
            .set("embeddings.LayerNorm.gamma", [1.0, 1.0])
            .set("embeddings.word_embeddings.weight", [0.0, 0.0, 5.0, 0.0])
            .set("embeddings.position_embeddings.weight", [0.0, 0.0, 0.0, 9.0, 0.0, 0.0])
            .set("embeddings.token_type_embeddings.weight", [0.0, 1.0, 100.0, 0.0]);
        let x = load(&store).unwrap().embed(&[0, 1, 1]).unwrap();
        // (0, 1), (5, 10), (5, 1)
        assert_eq!(x.0.mapv(f32::round), array![[-1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]]);
    }

    #[test]
    fn every_token_attends_to_every_other() {
        let store = zeros()
            .set("encoder.layer.0.attention.self.query.bias", [2.0, 3.0])
            .set("encoder.layer.0.attention.self.key.bias", [5.0, 7.0])
            .set("encoder.layer.0.attention.self.value.bias", [11.0, 13.0]);
        let model = load(&store).unwrap();
        let qkv = model.qkv(0, &model.embed(&[0, 1]).unwrap()).unwrap();
        assert_eq!(qkv.head_scores(0).exact_row(0), [10.0, 10.0]);
        assert_eq!(qkv.head_scores(1).exact_row(0), [21.0, 21.0]);
        assert_eq!(qkv.value(1).unwrap(), array![[13.0], [13.0]]);
    }

    #[test]
    fn without_its_head_a_model_has_attention_but_no_logits() {
        let model = load(&zeros()).unwrap();
        let x = model.embed(&[0]).unwrap();
        assert!(model.qkv(0, &x).is_ok());
        let error = model.logits(&x).unwrap_err().to_string();
        assert!(error.starts_with("the weights have no cls.predictions, so that there are no logits"), "{error}");
    }
}
