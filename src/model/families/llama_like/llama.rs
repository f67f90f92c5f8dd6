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

use crate::{
    attention::Mask,
    model::{
        ModelError,
        config::{
            Config,
            common_config::{
                Bias, MOST_HEAD_DIM, MOST_HEADS, MOST_LAYERS, MOST_NAMED_POSITIONS, MOST_TOKENS, MOST_WIDTH, ShapeKeys,
                Unembedding, even_share, within_program,
            },
            rope_config::{RopeConfig, RopeKeys, RopeScaling},
            wrong,
        },
        families::{
            description::{
                Attention, Description, Embedding, FeedForward, GateUp, Gated, Layer, LayerRule, Map, Names, Norm,
                Norms, Order, Output, Projections, QkNorm, Rotary, usual_scale,
            },
            family::Family,
            readers::{
                gguf_names::{Gguf, RowOrder},
                quantization::check_quantization,
                rotary,
                windows::sliding_layers,
            },
        },
        layers::activation::Activation,
        transformer::{ModelShape, PositionLimit},
    },
};

pub const LLAMA: Family = Family {
    model_types: &["llama", "smollm"],
    models: "Llama 1 to 3, Yi, Vicuna, TinyLlama, SmolLM, SmolLM2, DeepSeek-R1-Distill-Llama",
    read,
};

pub const LLAMA_GGUF: Gguf = Gguf { rows: RowOrder::Interleaved, ..Gguf::named("llama") };

const NAMES: Names = Names {
    prefix: "model.",
    layers: "layers.",
    complete: &[],
    // Old files carry the rotary frequencies, which follow from the configuration.
    redundant: &["rotary_emb.inv_freq"],
};

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let mlp_bias = Bias::from(config.flag("mlp_bias")?);
    let llama = Llama::read(config, &Defaults::LLAMA)?.with_attention_bias(config)?;
    Ok(Llama { mlp_bias, ..llama }.describe())
}

/// What the relatives' configurations mean where a key is absent, and how some of the keys are called.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// Without it, an even share of the width.
    pub head_dim: Option<usize>,
    /// Without it, as many as query heads.
    pub n_kv_heads: Option<usize>,
    pub eps_key: &'static str,
    pub eps: f64,
    pub theta: f64,
    /// The share of each head's dimensions that is rotated, where the family has one.
    pub rotated_share: Option<f64>,
    pub activation_key: &'static str,
    pub activation: Activation,
    pub unembedding: Unembedding,
    /// Whether the family has soft caps; in others they are refused.
    pub has_softcaps: bool,
}

impl Defaults {
    pub const LLAMA: Self = Self {
        head_dim: None,
        n_kv_heads: None,
        eps_key: "rms_norm_eps",
        eps: 1e-6,
        theta: 10_000.0,
        rotated_share: None,
        activation_key: "hidden_act",
        activation: Activation::Silu,
        unembedding: Unembedding::Own,
        has_softcaps: false,
    };
}

/// What distinguishes the relatives from each other, and their dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Llama {
    pub shape: ModelShape,
    /// Inner dimension of the feed-forward block.
    pub d_ff: usize,
    /// Added to the mean square in every norm.
    pub eps: f64,
    pub activation: Activation,
    pub rotary: Rotary,
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
    /// Without biases.
    ///
    /// # Errors
    /// When a value is absent or out of bounds, or the model does something that is not computed here.
    pub fn read(config: Config<'_>, defaults: &Defaults) -> Result<Self, ModelError> {
        let keys = RopeKeys { default_theta: defaults.theta, ..RopeKeys::USUAL };
        Self::read_with(config, defaults, |head_dim| match defaults.rotated_share {
            Some(share) => rotary::partial(config, RopeKeys { default_share: share, ..keys }, head_dim),
            None => rotary::whole(config, keys, head_dim),
        })
    }

    /// Like [`Self::read`], of a family whose layers rotate in different ways, each of which is given later.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub fn read_unrotated(config: Config<'_>, defaults: &Defaults) -> Result<Self, ModelError> {
        let rope = RopeConfig { theta: defaults.theta, scaling: RopeScaling::None };
        Self::read_with(config, defaults, |head_dim| Ok(Rotary::halves(rope, head_dim)))
    }

    /// `rotate` gets the dimensions of a head.
    fn read_with(
        config: Config<'_>,
        defaults: &Defaults,
        rotate: impl FnOnce(usize) -> Result<Rotary, ModelError>,
    ) -> Result<Self, ModelError> {
        check_quantization(config)?;
        let n_layers = config.required_count("num_hidden_layers", 1..=MOST_LAYERS)?;
        // Whatever a family makes of them, no other kinds are computed.
        sliding_layers(config, n_layers, |_| false)?;
        if !defaults.has_softcaps {
            config.refuse(&["attn_logit_softcapping", "final_logit_softcapping"], "logits must not be capped")?;
        }
        let d_model = config.required_count("hidden_size", 1..=MOST_WIDTH)?;
        let n_heads = config.required_count("num_attention_heads", 1..=MOST_HEADS)?;
        let n_kv_heads = read_kv_heads(config, defaults, n_heads)?;
        let head_dim = read_head_dim(config, defaults, d_model, n_heads)?;
        let rotary = rotate(head_dim)?;
        let positions = config.required_count("max_position_embeddings", 1..=MOST_NAMED_POSITIONS)?;
        let (max_positions, position_limit) = within_program(scaled(positions, &rotary), PositionLimit::Model);
        Ok(Self {
            shape: ModelShape {
                n_layers,
                n_heads,
                n_kv_heads,
                head_dim,
                d_model,
                max_positions,
                position_limit,
                vocab_size: config.required_count("vocab_size", 1..=MOST_TOKENS)?,
            },
            d_ff: config.required_count("intermediate_size", 1..=MOST_WIDTH)?,
            eps: config.positive(defaults.eps_key, defaults.eps)?,
            activation: Activation::read(config, defaults.activation_key, defaults.activation)?,
            rotary,
            qkv_bias: Bias::Absent,
            output_bias: Bias::Absent,
            mlp_bias: Bias::Absent,
            has_qk_norm: false,
            unembedding: Unembedding::read(config, defaults.unembedding)?,
        })
    }

    /// With biases on all projections of attention, where `attention_bias` says so.
    ///
    /// # Errors
    /// When it is no truth value.
    pub fn with_attention_bias(self, config: Config<'_>) -> Result<Self, ModelError> {
        let bias = Bias::from(config.flag("attention_bias")?);
        Ok(Self { qkv_bias: bias, output_bias: bias, ..self })
    }

    /// A norm of this model's kind.
    pub fn norm(&self, name: &'static str) -> Norm {
        Norm::rms(name, self.eps)
    }

    /// The layers and the names of their tensors.
    pub fn describe(&self) -> Description {
        let shape = self.shape.clone();
        let layer = Layer {
            attention: Attention {
                projections: Projections::Separate {
                    query: Map::new("self_attn.q_proj", self.qkv_bias),
                    key: Map::new("self_attn.k_proj", self.qkv_bias),
                    value: Map::new("self_attn.v_proj", self.qkv_bias),
                },
                clamp: None,
                qk_norm: self
                    .has_qk_norm
                    .then(|| QkNorm::per_head(self.norm("self_attn.q_norm"), self.norm("self_attn.k_norm"))),
                rotary: Some(self.rotary.clone()),
                rule: LayerRule::plain(usual_scale(shape.head_dim), Mask::CAUSAL),
                output: Map::new("self_attn.o_proj", self.output_bias),
            },
            attention_norms: Norms::before(self.norm("input_layernorm")),
            feed_forward: FeedForward::Gated(self.gated()),
            feed_forward_norms: Norms::before(self.norm("post_attention_layernorm")),
            order: Order::Sequential,
            residual_multiplier: None,
        };
        Description {
            names: NAMES,
            embedding: Embedding::new("embed_tokens", shape.d_model),
            layers: vec![layer; shape.n_layers],
            output: Output::new(Some(self.norm("norm")), "lm_head", self.unembedding),
            shape,
        }
    }

    fn gated(&self) -> Gated {
        Gated {
            gate_up: GateUp::Separate {
                gate: Map::new("mlp.gate_proj", self.mlp_bias),
                up: Map::new("mlp.up_proj", self.mlp_bias),
            },
            activation: self.activation,
            down: Map::new("mlp.down_proj", self.mlp_bias),
            d_ff: self.d_ff,
        }
    }
}

fn read_kv_heads(config: Config<'_>, defaults: &Defaults, n_heads: usize) -> Result<usize, ModelError> {
    const KEY: &str = "num_key_value_heads";
    let n_kv_heads = match (config.has(KEY), defaults.n_kv_heads) {
        (false, Some(default)) => default,
        _ => config.count(KEY, 1..=n_heads)?.unwrap_or(n_heads),
    };
    if n_heads.is_multiple_of(n_kv_heads) {
        Ok(n_kv_heads)
    } else {
        Err(wrong(KEY, format!("a divisor of num_attention_heads, {n_heads}"), n_kv_heads))
    }
}

fn read_head_dim(config: Config<'_>, defaults: &Defaults, d_model: usize, n_heads: usize) -> Result<usize, ModelError> {
    let head_dim = match config.count("head_dim", 1..=MOST_HEAD_DIM)?.or(defaults.head_dim) {
        Some(head_dim) => head_dim,
        None => even_share(d_model, n_heads, ShapeKeys::USUAL)?,
    };
    if head_dim.is_multiple_of(2) {
        Ok(head_dim)
    } else {
        Err(wrong("head_dim", "even, for the rotary embedding turns pairs of dimensions", head_dim))
    }
}

/// How many positions a rotation reaches that grows with the prompt.
fn scaled(positions: usize, rotary: &Rotary) -> usize {
    match rotary.rope.scaling {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; the factor is above 0")]
        RopeScaling::Dynamic { factor, .. } => (positions as f64 * factor.max(1.0)) as usize,
        _ => positions,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{
        Bias::{Absent, Present},
        PositionLimit::{Model, Program},
        *,
    };
    use crate::model::config::common_config::MOST_POSITIONS;
    use crate::model::families::registry;

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
        let FeedForward::Gated(Gated { gate_up: GateUp::Separate { gate, up }, down, .. }) = feed_forward else {
            panic!("not gated")
        };
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
        assert!(refusal(json!({"hidden_act": "mish"})).starts_with("hidden_act mish is not supported: gelu, "));
        assert!(refusal(json!({"rope_scaling": {"type": "ntk", "factor": 2}})).contains("rope_type ntk"));
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
    fn layers_have_a_window_only_where_it_is_used() {
        let windows = |changes: Value| {
            let windows = read(changes).unwrap().layers;
            windows.iter().map(|layer| layer.attention.rule.mask.window()).collect::<Vec<_>>()
        };
        assert_eq!(windows(json!({"sliding_window": 16})), [None; 3], "the reference passes over the key");
        assert_eq!(windows(json!({"model_type": "mistral", "sliding_window": 16})), [Some(16); 3]);
        assert_eq!(windows(json!({"model_type": "mistral", "sliding_window": 4096})), [None; 3], "masks nothing");
        assert_eq!(windows(json!({"model_type": "mistral", "sliding_window": null})), [None; 3]);
        let long = json!({"model_type": "mistral", "max_position_embeddings": 5000});
        assert_eq!(windows(long), [Some(4096); 3], "where the key is left out");
        let qwen2 = |used: bool, from: usize| json!({"model_type": "qwen2", "sliding_window": 16, "use_sliding_window": used, "max_window_layers": from});
        assert_eq!(windows(qwen2(false, 0)), [None; 3]);
        assert_eq!(windows(qwen2(true, 3)), [None; 3]);
        assert_eq!(windows(qwen2(true, 2)), [None, None, Some(16)]);
    }

    #[test]
    fn prompts_are_as_long_as_the_model_or_the_program_reads() {
        let limit = |changes| read(changes).map(|c| (c.shape.max_positions, c.shape.position_limit)).unwrap();
        assert_eq!(limit(json!({})), (64, Model));
        assert_eq!(limit(json!({"model_type": "mistral", "sliding_window": 16})), (64, Model));
        assert_eq!(limit(json!({"max_position_embeddings": 131_072})), (MOST_POSITIONS, Program));
    }
}
