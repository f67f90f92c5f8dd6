//! BERT, an encoder: every token attends to every other.
//!
//! - Devlin et al. 2018, arXiv 1810.04805.
//! - Reference: `modeling_bert.py` and `configuration_bert.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/bert>.
//!
//! ```text
//! x = LayerNorm(token embedding + position embedding + embedding of the token's type)
//! x ← LayerNorm(x + Attention(x))
//! x ← LayerNorm(x + Down(gelu(Up(x))))
//! ```
//!
//! Tokens behind a `[SEP]` that more tokens follow are of type 1, the second sentence of a pair; all others of type 0.

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
                Attention, Description, Embedding, FeedForward, Layer, LayerRule, Map, Names, Norm, Norms, Order,
                Output, PositionRows, Positions, Projections, TokenTypes, Transform, usual_scale,
            },
            family::Family,
            readers::gguf_names::{Gguf, LAYER_EPS, ShapeNames},
        },
        layers::activation::Activation,
        transformer::ModelShape,
    },
};

pub const BERT: Family = Family { model_types: &["bert"], models: "BERT (no causal mask)", read };

/// `RoBERTa` and `DistilBERT` are converted to it too: from the table of positions the rows are cut that no prompt without
/// padding uses, and the types of tokens are left out where there are none. No output head is converted.
pub const BERT_GGUF: Gguf = Gguf {
    also: &["roberta", "distilbert"],
    shape: ShapeNames { n_kv_heads: None, head_dim: None, ..ShapeNames::USUAL },
    eps: Some((LAYER_EPS, "layer_norm_eps")),
    other_heads: &["cls.", "dense_2."],
    ..Gguf::named("bert")
};

const NAMES: Names = Names {
    prefix: "bert.",
    layers: "encoder.layer.",
    complete: &["embeddings."],
    // The numbers 0, 1, 2 … and a zero for each; the head's bias under its other name.
    redundant: &[".position_ids", ".token_type_ids", "cls.predictions.decoder.weight", "cls.predictions.decoder.bias"],
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let bert = Bert::read(config)?;
    let output = Output {
        transform: Some(Transform {
            map: Map::biased("cls.predictions.transform.dense"),
            activation: bert.activation,
            norm: bert.norm("cls.predictions.transform.LayerNorm"),
        }),
        bias: Some("cls.predictions.bias"),
        head: "cls.predictions",
        ..Output::new(None, "cls.predictions.decoder", bert.unembedding)
    };
    Ok(bert.describe(NAMES, output))
}

/// What BERT and its relatives share.
pub struct Bert {
    pub shape: ModelShape,
    pub n_positions: usize,
    pub n_token_types: usize,
    pub d_ff: usize,
    pub eps: f64,
    pub activation: Activation,
    pub unembedding: Unembedding,
}

impl Bert {
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
        Ok(Self {
            shape: ShapeKeys::USUAL.read(config)?,
            n_positions: config.required_count(ShapeKeys::USUAL.max_positions, 1..=MOST_NAMED_POSITIONS)?,
            n_token_types: config.count("type_vocab_size", 1..=MOST_WIDTH)?.unwrap_or(2),
            d_ff: config.required_count("intermediate_size", 1..=MOST_WIDTH)?,
            eps: config.positive("layer_norm_eps", 1e-12)?,
            activation: Activation::read(config, "hidden_act", Activation::Gelu)?,
            unembedding: Unembedding::read(config, Unembedding::Tied)?,
        })
    }

    /// A norm of this model's kind.
    pub fn norm(&self, name: &'static str) -> Norm {
        Norm::layer(name, self.eps)
    }

    /// The layers and the names of their tensors.
    pub fn describe(self, names: Names, output: Output) -> Description {
        let layer = Layer {
            attention: Attention {
                projections: Projections::Separate {
                    query: Map::biased("attention.self.query"),
                    key: Map::biased("attention.self.key"),
                    value: Map::biased("attention.self.value"),
                },
                clamp: None,
                qk_norm: None,
                rotary: None,
                rule: LayerRule::plain(usual_scale(self.shape.head_dim), Mask::BIDIRECTIONAL),
                output: Map::biased("attention.output.dense"),
            },
            attention_norms: Norms::on_sum(self.norm("attention.output.LayerNorm")),
            feed_forward: FeedForward::Plain {
                up: Map::biased("intermediate.dense"),
                activation: self.activation,
                down: Map::biased("output.dense"),
                d_ff: self.d_ff,
            },
            feed_forward_norms: Norms::on_sum(self.norm("output.LayerNorm")),
            order: Order::Sequential,
            residual_multiplier: None,
        };
        Description {
            names,
            embedding: Embedding {
                positions: Some(Positions {
                    name: "embeddings.position_embeddings",
                    n_rows: self.n_positions,
                    rows: PositionRows::From(0),
                }),
                token_types: Some(TokenTypes {
                    name: "embeddings.token_type_embeddings",
                    n_rows: self.n_token_types,
                    separator: (self.n_token_types > 1).then_some("[SEP]"),
                }),
                norm: Some(self.norm("embeddings.LayerNorm")),
                ..Embedding::new("embeddings.word_embeddings", self.shape.d_model)
            },
            layers: vec![layer; self.shape.n_layers],
            output,
            shape: self.shape,
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{
        families::network::Network,
        transformer::Transformer as _,
        weights::{Weights, tensors::tests::HandMade},
    };

    fn read(changes: Value) -> Result<Description, ModelError> {
        let mut config = json!({
            "model_type": "bert", "hidden_size": 2, "num_hidden_layers": 1, "num_attention_heads": 2,
            "max_position_embeddings": 3, "vocab_size": 2, "intermediate_size": 1
        });
        config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        super::read(Config::new(config.as_object().unwrap()))
    }

    fn refusal(changes: Value) -> String {
        read(changes).unwrap_err().to_string()
    }

    #[test]
    fn absent_keys_take_the_references_defaults() {
        let bert = read(json!({})).unwrap();
        assert_eq!(bert.embedding.token_types.unwrap().n_rows, 2);
        assert_eq!(bert.embedding.norm.unwrap().eps, 1e-12);
        assert_eq!(bert.output.transform.unwrap().activation, Activation::Gelu);
        assert_eq!(bert.output.unembedding, Unembedding::Tied);
        assert_eq!((bert.shape.max_positions, bert.shape.n_kv_heads), (3, 2));
    }

    #[test]
    fn what_is_not_computed_is_refused_by_name() {
        assert_eq!(refusal(json!({"is_decoder": true})), "is_decoder true is not supported: only encoders are");
        assert_eq!(
            refusal(json!({"position_embedding_type": "relative_key"})),
            "position_embedding_type relative_key is not supported: only absolute is"
        );
        assert!(refusal(json!({"add_cross_attention": true})).starts_with("add_cross_attention true"));
        assert!(refusal(json!({"hidden_act": "mish"})).starts_with("hidden_act mish is not supported"));
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

    fn load(store: &HandMade) -> Result<Network, ModelError> {
        Network::load(&read(json!({}))?, &Weights::new(store), None)
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
        assert_eq!(x.rows.mapv(f32::round), array![[-1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]]);
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
