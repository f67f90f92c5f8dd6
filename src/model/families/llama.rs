//! Llama, and what its many relatives share with it.
//!
//! - Touvron et al. 2023, arXiv 2302.13971.
//! - Reference: `modeling_llama.py` and `configuration_llama.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/llama>.
//!
//! ```text
//! x ← x + Attention(RMSNorm(x))        query and key rotated by position (RoPE)
//! x ← x + Down(silu(Gate(n)) · Up(n))  with n = RMSNorm(x)
//! ```

use super::{
    description::{
        Attention, Description, Embedding, FeedForward, Layer, Map, Names, Norm, Norms, Order, Output, Projections,
        QkNorm, Rotary, usual_scale,
    },
    family::Family,
};
use crate::{
    attention::Mask,
    model::{
        ModelError,
        activation::Activation,
        common_config::{
            Bias, MOST_HEAD_DIM, MOST_HEADS, MOST_LAYERS, MOST_NAMED_POSITIONS, MOST_TOKENS, MOST_WIDTH, ShapeKeys,
            Unembedding, even_share, within_program,
        },
        config::{Config, wrong},
        rope::RopeConfig,
        transformer::{ModelShape, PositionLimit},
    },
};

pub const LLAMA: Family = Family { model_types: &["llama", "smollm"], read };

const NAMES: Names = Names {
    prefix: "model.",
    layers: "layers.",
    complete: &[],
    // Old files carry the rotary frequencies, which follow from the configuration, and some the tied unembedding.
    redundant: &["rotary_emb.inv_freq", "lm_head.weight"],
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let attention_bias = Bias::from(config.flag("attention_bias")?);
    let llama = Llama {
        qkv_bias: attention_bias,
        output_bias: attention_bias,
        mlp_bias: Bias::from(config.flag("mlp_bias")?),
        ..Llama::read(config)?
    };
    Ok(llama.describe())
}

/// What distinguishes the relatives from each other, and their dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Llama {
    pub shape: ModelShape,
    /// Inner dimension of the feed-forward block.
    pub d_ff: usize,
    /// Added to the mean square in every norm.
    pub rms_norm_eps: f64,
    pub rope: RopeConfig,
    /// On the projections to query, key and value.
    pub qkv_bias: Bias,
    /// On the projection of the heads' outputs.
    pub output_bias: Bias,
    /// On the three projections of the feed-forward block.
    pub mlp_bias: Bias,
    /// Whether query and key vectors are normed, each head by itself, before they are rotated.
    pub has_qk_norm: bool,
    pub unembedding: Unembedding,
}

impl Llama {
    /// Without biases, with the defaults that most of the relatives have.
    ///
    /// # Errors
    /// When a value is absent or out of bounds, or the model does something that is not computed here.
    pub fn read(config: Config<'_>) -> Result<Self, ModelError> {
        Self::read_with(config, None)
    }

    /// Like [`Self::read`]; where the configuration does not say how many dimensions a head has, it has `head_dim`, or
    /// without that an even share of the width.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub fn read_with(config: Config<'_>, head_dim: Option<usize>) -> Result<Self, ModelError> {
        refuse_unsupported(config)?;
        let d_model = config.required_count("hidden_size", 1..=MOST_WIDTH)?;
        let n_layers = config.required_count("num_hidden_layers", 1..=MOST_LAYERS)?;
        let n_heads = config.required_count("num_attention_heads", 1..=MOST_HEADS)?;
        let n_kv_heads = config.count("num_key_value_heads", 1..=n_heads)?.unwrap_or(n_heads);
        if !n_heads.is_multiple_of(n_kv_heads) {
            let expected = format!("a divisor of num_attention_heads, {n_heads}");
            return Err(wrong("num_key_value_heads", expected, n_kv_heads));
        }
        let model = config.required_count("max_position_embeddings", 1..=MOST_NAMED_POSITIONS)?;
        let (max_positions, position_limit) = within_program(model, PositionLimit::Model);
        Ok(Self {
            shape: ModelShape {
                n_layers,
                n_heads,
                n_kv_heads,
                head_dim: read_head_dim(config, head_dim, d_model, n_heads)?,
                d_model,
                max_positions,
                position_limit,
                vocab_size: config.required_count("vocab_size", 1..=MOST_TOKENS)?,
            },
            d_ff: config.required_count("intermediate_size", 1..=MOST_WIDTH)?,
            rms_norm_eps: config.positive("rms_norm_eps", 1e-6)?,
            rope: RopeConfig::read(config)?,
            qkv_bias: Bias::Absent,
            output_bias: Bias::Absent,
            mlp_bias: Bias::Absent,
            has_qk_norm: false,
            unembedding: Unembedding::read(config, Unembedding::Own)?,
        })
    }

    /// Beyond a sliding window the model would mask keys, which is not computed: prompts are no longer than it.
    #[must_use]
    pub fn within_window(mut self, window: Option<usize>) -> Self {
        if let Some(window) = window
            && window < self.shape.max_positions
        {
            (self.shape.max_positions, self.shape.position_limit) = (window, PositionLimit::SlidingWindow);
        }
        self
    }

    /// The layers and the names of their tensors.
    pub fn describe(self) -> Description {
        let Self { shape, d_ff, rms_norm_eps, rope, qkv_bias, output_bias, mlp_bias, has_qk_norm, unembedding } = self;
        let norm = |name| Norm::rms(name, rms_norm_eps);
        let layer = Layer {
            attention: Attention {
                projections: Projections::Separate {
                    query: Map::new("self_attn.q_proj", qkv_bias),
                    key: Map::new("self_attn.k_proj", qkv_bias),
                    value: Map::new("self_attn.v_proj", qkv_bias),
                },
                qk_norm: has_qk_norm.then(|| QkNorm { query: norm("self_attn.q_norm"), key: norm("self_attn.k_norm") }),
                rotary: Some(Rotary::whole(rope, &shape)),
                scale: usual_scale(shape.head_dim),
                mask: Mask::Causal,
                output: Map::new("self_attn.o_proj", output_bias),
            },
            attention_norms: Norms::before(norm("input_layernorm")),
            feed_forward: FeedForward::Gated {
                gate: Map::new("mlp.gate_proj", mlp_bias),
                up: Map::new("mlp.up_proj", mlp_bias),
                activation: Activation::Silu,
                down: Map::new("mlp.down_proj", mlp_bias),
                d_ff,
            },
            feed_forward_norms: Norms::before(norm("post_attention_layernorm")),
            order: Order::Sequential,
        };
        Description {
            names: NAMES,
            embedding: Embedding { tokens: "embed_tokens", positions: None, token_types: None, norm: None },
            layers: vec![layer; shape.n_layers],
            output: Output {
                norm: Some(norm("norm")),
                transform: None,
                unembedding,
                name: "lm_head",
                bias: None,
                head: "lm_head.",
            },
            shape,
        }
    }
}

fn refuse_unsupported(config: Config<'_>) -> Result<(), ModelError> {
    config.refuse(&["quantization_config"], "only unquantized weights are")?;
    config.refuse(&["attn_logit_softcapping", "final_logit_softcapping"], "logits must not be capped")?;
    let types = config.texts("layer_types")?.unwrap_or_default();
    if let Some(other) = types.iter().find(|kind| !matches!(**kind, "full_attention" | "sliding_attention")) {
        return Err(ModelError::Unsupported {
            what: "layer_types",
            found: (*other).to_owned(),
            supported: "full_attention and sliding_attention are",
        });
    }
    match config.text("hidden_act")? {
        None | Some("silu" | "swish") => Ok(()),
        Some(other) => {
            Err(ModelError::Unsupported { what: "hidden_act", found: other.to_owned(), supported: "only silu is" })
        }
    }
}

fn read_head_dim(
    config: Config<'_>,
    default: Option<usize>,
    d_model: usize,
    n_heads: usize,
) -> Result<usize, ModelError> {
    let head_dim = match config.count("head_dim", 1..=MOST_HEAD_DIM)?.or(default) {
        Some(head_dim) => head_dim,
        None => even_share(d_model, n_heads, ShapeKeys::USUAL)?,
    };
    if head_dim.is_multiple_of(2) {
        Ok(head_dim)
    } else {
        Err(wrong("head_dim", "even, for the rotary embedding turns pairs of dimensions", head_dim))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{
        super::registry,
        Bias::{Absent, Present},
        PositionLimit::{Model, Program, SlidingWindow},
        *,
    };
    use crate::model::common_config::MOST_POSITIONS;

    fn small(changes: Value) -> Value {
        let mut config = json!({
            "model_type": "llama", "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3,
            "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 256, "max_position_embeddings": 64
        });
        if let (Value::Object(config), Value::Object(changes)) = (&mut config, changes) {
            config.extend(changes);
        }
        config
    }

    fn read(changes: Value) -> Result<Description, ModelError> {
        registry::parse(small(changes).to_string().as_bytes())
    }

    fn refusal(changes: Value) -> String {
        read(changes).unwrap_err().to_string()
    }

    /// Of query, key and value, of the heads' outputs, of the feed-forward block.
    fn biases(llama: &Description) -> (Bias, Bias, Bias) {
        let Layer { attention, feed_forward, .. } = &llama.layers[0];
        let Projections::Separate { query, key, value } = attention.projections else { panic!("fused") };
        let &FeedForward::Gated { gate, up, down, .. } = feed_forward else { panic!("not gated") };
        assert_eq!([query.bias, gate.bias, gate.bias], [value.bias, up.bias, down.bias]);
        assert_eq!(query.bias, key.bias);
        (query.bias, attention.output.bias, gate.bias)
    }

    #[test]
    fn absent_keys_take_the_references_defaults() {
        let llama = read(json!({"num_key_value_heads": null})).unwrap();
        assert_eq!((llama.shape.head_dim, llama.shape.n_kv_heads), (8, 4));
        assert_eq!(llama.output.unembedding, Unembedding::Own);
        assert_eq!(llama.output.norm, Some(Norm::rms("norm", 1e-6)));
        assert_eq!((biases(&llama), llama.layers[2].attention.qk_norm), ((Absent, Absent, Absent), None));
    }

    #[test]
    fn members_of_the_family_differ_as_they_should() {
        let bias = |changes| biases(&read(changes).unwrap());
        assert_eq!(bias(json!({"attention_bias": true, "mlp_bias": true})), (Present, Present, Present));
        assert_eq!(bias(json!({"model_type": "qwen2"})), (Present, Absent, Absent));
        assert_eq!(bias(json!({"model_type": "mistral", "attention_bias": true})), (Absent, Absent, Absent));
        let qwen3 = read(json!({"model_type": "qwen3"})).unwrap();
        assert!(qwen3.layers[0].attention.qk_norm.is_some());
        assert_eq!(qwen3.shape.head_dim, 128);
    }

    #[test]
    fn what_is_not_computed_is_refused_by_name() {
        assert_eq!(refusal(json!({"hidden_act": "gelu"})), "hidden_act gelu is not supported: only silu is");
        assert!(refusal(json!({"rope_scaling": {"type": "dynamic", "factor": 2}})).contains("rope_type dynamic"));
        assert!(refusal(json!({"attn_logit_softcapping": 50.0})).starts_with("attn_logit_softcapping 50.0"));
        assert!(refusal(json!({"quantization_config": {"bits": 4}})).starts_with("quantization_config"));
        assert!(refusal(json!({"layer_types": ["linear_attention"]})).contains("layer_types linear_attention"));
    }

    #[test]
    fn wrong_values_name_key_expectation_and_finding() {
        assert_eq!(
            refusal(json!({"hidden_size": 0})),
            "config.json: hidden_size must be a whole number from 1 to 1048576, found 0"
        );
        assert_eq!(
            refusal(json!({"num_key_value_heads": 3})),
            "config.json: num_key_value_heads must be a divisor of num_attention_heads, 4, found 3"
        );
        assert!(refusal(json!({"vocab_size": 1e300})).contains("vocab_size"));
        assert!(refusal(json!({"num_hidden_layers": u64::MAX})).contains("num_hidden_layers"));
        assert!(refusal(json!({"num_attention_heads": -4})).contains("num_attention_heads"));
        assert!(refusal(json!({"max_position_embeddings": null})).ends_with("found nothing"));
        assert!(refusal(json!({"head_dim": 7})).contains("head_dim must be even"));
        assert!(refusal(json!({"hidden_size": 30})).contains("hidden_size must be a multiple"));
        assert!(refusal(json!({"tie_word_embeddings": "yes"})).contains("true or false, found \"yes\""));
        let long = refusal(json!({"model_type": "é".repeat(500), "hidden_act": 3}));
        assert!(long.contains("model_type"));
        assert!(refusal(json!({"hidden_size": "é".repeat(500)})).len() < 250, "cut short");
    }

    #[test]
    fn a_sliding_window_shortens_the_prompt_only_where_it_is_used() {
        let limit = |changes| read(changes).map(|c| (c.shape.max_positions, c.shape.position_limit)).unwrap();
        assert_eq!(limit(json!({"sliding_window": 16})), (64, Model));
        assert_eq!(limit(json!({"model_type": "mistral", "sliding_window": 16})), (16, SlidingWindow));
        assert_eq!(limit(json!({"model_type": "mistral", "sliding_window": 4096})), (64, Model));
        assert_eq!(limit(json!({"model_type": "mistral", "sliding_window": null})), (64, Model));
        let qwen2 = |used: bool, from: usize| json!({"model_type": "qwen2", "sliding_window": 16, "use_sliding_window": used, "max_window_layers": from});
        assert_eq!(limit(qwen2(false, 0)), (64, Model));
        assert_eq!(limit(qwen2(true, 3)), (64, Model));
        assert_eq!(limit(qwen2(true, 2)), (16, SlidingWindow));
        assert_eq!(limit(json!({"max_position_embeddings": 131_072})), (MOST_POSITIONS, Program));
    }
}
