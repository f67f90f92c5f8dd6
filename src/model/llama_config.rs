//! The configuration of the Llama family.
//!
//! Reference: transformers `configuration_{llama,mistral,qwen2,qwen3}.py`, whose defaults are taken where a key is
//! absent.

use super::{
    ModelError,
    common_config::{
        Bias, MODEL_TYPES, MOST_HEAD_DIM, MOST_HEADS, MOST_LAYERS, MOST_NAMED_POSITIONS, MOST_TOKENS, MOST_WIDTH,
        ShapeKeys, Unembedding, even_share, within_program,
    },
    config::{Config, wrong},
    rope::RopeConfig,
    transformer::{ModelShape, PositionLimit},
};

/// What distinguishes the members of the family from each other, and their dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct LlamaConfig {
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
    pub qk_norm: QkNorm,
    pub unembedding: Unembedding,
}

/// Whether query and key vectors are normed, each head by itself, before they are rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QkNorm {
    Absent,
    PerHead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Llama,
    Mistral,
    Qwen2,
    Qwen3,
}

impl LlamaConfig {
    /// # Errors
    /// When a value is absent or out of bounds, or the model does something that is not computed here.
    pub fn read(config: Config<'_>) -> Result<Self, ModelError> {
        let family = Family::read(config)?;
        refuse_unsupported(config)?;

        let d_model = config.required_count("hidden_size", 1..=MOST_WIDTH)?;
        let n_layers = config.required_count("num_hidden_layers", 1..=MOST_LAYERS)?;
        let n_heads = config.required_count("num_attention_heads", 1..=MOST_HEADS)?;
        let n_kv_heads = config.count("num_key_value_heads", 1..=n_heads)?.unwrap_or(n_heads);
        if !n_heads.is_multiple_of(n_kv_heads) {
            let expected = format!("a divisor of num_attention_heads, {n_heads}");
            return Err(wrong("num_key_value_heads", expected, n_kv_heads));
        }
        let (max_positions, position_limit) = max_positions(config, family, n_layers)?;
        let attention_bias = Bias::from(config.flag("attention_bias")?);
        let mlp_bias = Bias::from(config.flag("mlp_bias")?);

        Ok(Self {
            shape: ModelShape {
                n_layers,
                n_heads,
                n_kv_heads,
                head_dim: head_dim(config, family, d_model, n_heads)?,
                d_model,
                max_positions,
                position_limit,
                vocab_size: config.required_count("vocab_size", 1..=MOST_TOKENS)?,
            },
            d_ff: config.required_count("intermediate_size", 1..=MOST_WIDTH)?,
            rms_norm_eps: config.positive("rms_norm_eps", 1e-6)?,
            rope: RopeConfig::read(config)?,
            qkv_bias: match family {
                Family::Llama | Family::Qwen3 => attention_bias,
                Family::Qwen2 => Bias::Present,
                Family::Mistral => Bias::Absent,
            },
            output_bias: match family {
                Family::Llama | Family::Qwen3 => attention_bias,
                Family::Qwen2 | Family::Mistral => Bias::Absent,
            },
            mlp_bias: if family == Family::Llama { mlp_bias } else { Bias::Absent },
            qk_norm: if family == Family::Qwen3 { QkNorm::PerHead } else { QkNorm::Absent },
            unembedding: Unembedding::read(config, Unembedding::Own)?,
        })
    }
}

impl Family {
    fn read(config: Config<'_>) -> Result<Self, ModelError> {
        match config.text("model_type")? {
            Some("llama" | "smollm") => Ok(Self::Llama),
            Some("mistral") => Ok(Self::Mistral),
            Some("qwen2") => Ok(Self::Qwen2),
            Some("qwen3") => Ok(Self::Qwen3),
            Some(other) => {
                Err(ModelError::Unsupported { what: "model_type", found: other.to_owned(), supported: MODEL_TYPES })
            }
            None => Err(wrong("model_type", "a text", "nothing")),
        }
    }
}

fn refuse_unsupported(config: Config<'_>) -> Result<(), ModelError> {
    config.refuse(&["quantization_config"], "only unquantized weights are")?;
    config.refuse(&["attn_logit_softcapping", "final_logit_softcapping"], "logits must not be capped")?;
    match config.text("hidden_act")? {
        None | Some("silu" | "swish") => Ok(()),
        Some(other) => {
            Err(ModelError::Unsupported { what: "hidden_act", found: other.to_owned(), supported: "only silu is" })
        }
    }
}

fn head_dim(config: Config<'_>, family: Family, d_model: usize, n_heads: usize) -> Result<usize, ModelError> {
    const QWEN3_DEFAULT: usize = 128;
    let head_dim = match config.count("head_dim", 1..=MOST_HEAD_DIM)? {
        Some(head_dim) => head_dim,
        None if family == Family::Qwen3 => QWEN3_DEFAULT,
        None => even_share(d_model, n_heads, ShapeKeys::USUAL)?,
    };
    if head_dim.is_multiple_of(2) {
        Ok(head_dim)
    } else {
        Err(wrong("head_dim", "even, for the rotary embedding turns pairs of dimensions", head_dim))
    }
}

/// How many tokens can be read, and why no more.
fn max_positions(config: Config<'_>, family: Family, n_layers: usize) -> Result<(usize, PositionLimit), ModelError> {
    let model = config.required_count("max_position_embeddings", 1..=MOST_NAMED_POSITIONS)?;
    let mut limit = (model, PositionLimit::Model);
    if let Some(window) = sliding_window(config, family, n_layers)?
        && window < limit.0
    {
        limit = (window, PositionLimit::SlidingWindow);
    }
    Ok(within_program(limit.0, limit.1))
}

/// How many positions, itself included, a token attends to at most, in any layer: up to there a window is full causal
/// attention.
fn sliding_window(config: Config<'_>, family: Family, n_layers: usize) -> Result<Option<usize>, ModelError> {
    let types = config.texts("layer_types")?.unwrap_or_default();
    if let Some(other) = types.iter().find(|kind| !matches!(**kind, "full_attention" | "sliding_attention")) {
        return Err(ModelError::Unsupported {
            what: "layer_types",
            found: (*other).to_owned(),
            supported: "full_attention and sliding_attention are",
        });
    }
    let in_use = match family {
        // The reference ignores the key.
        Family::Llama => false,
        Family::Mistral => true,
        Family::Qwen2 | Family::Qwen3 => {
            let first_sliding = config.count("max_window_layers", 0..=MOST_NAMED_POSITIONS)?.unwrap_or(0);
            let any_sliding =
                if types.is_empty() { first_sliding < n_layers } else { types.contains(&"sliding_attention") };
            config.flag("use_sliding_window")? && any_sliding
        }
    };
    let window = config.count("sliding_window", 1..=MOST_NAMED_POSITIONS);
    if in_use { window } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{
        Bias::{Absent, Present},
        PositionLimit::{Model, Program, SlidingWindow},
        *,
    };
    use crate::model::{common_config::MOST_POSITIONS, config::parse_config};

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

    fn read(changes: Value) -> Result<LlamaConfig, ModelError> {
        let keys = parse_config(small(changes).to_string().as_bytes()).unwrap();
        LlamaConfig::read(Config::new(&keys))
    }

    fn refusal(changes: Value) -> String {
        read(changes).unwrap_err().to_string()
    }

    #[test]
    fn absent_keys_take_the_references_defaults() {
        let config = read(json!({"num_key_value_heads": null})).unwrap();
        assert_eq!((config.shape.head_dim, config.shape.n_kv_heads), (8, 4));
        assert_eq!((config.unembedding, config.rms_norm_eps), (Unembedding::Own, 1e-6));
        assert_eq!((config.qkv_bias, config.qk_norm), (Absent, QkNorm::Absent));
    }

    #[test]
    fn members_of_the_family_differ_as_they_should() {
        let bias = |changes| read(changes).map(|c| (c.qkv_bias, c.output_bias, c.mlp_bias)).unwrap();
        assert_eq!(bias(json!({"attention_bias": true, "mlp_bias": true})), (Present, Present, Present));
        assert_eq!(bias(json!({"model_type": "qwen2"})), (Present, Absent, Absent));
        assert_eq!(bias(json!({"model_type": "mistral", "attention_bias": true})), (Absent, Absent, Absent));
        let qwen3 = read(json!({"model_type": "qwen3"})).unwrap();
        assert_eq!((qwen3.qk_norm, qwen3.shape.head_dim), (QkNorm::PerHead, 128));
    }

    #[test]
    fn what_is_not_computed_is_refused_by_name() {
        assert_eq!(
            refusal(json!({"model_type": "gemma2"})),
            format!("model_type gemma2 is not supported: {MODEL_TYPES}")
        );
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
    fn malformed_json_is_said_to_be_so() {
        for text in [&b"{"[..], b"[]", b"\xff", b"", b"{\"a\": NaN}"] {
            assert!(parse_config(text).unwrap_err().to_string().starts_with("config.json cannot be read: "));
        }
        assert!(parse_config("[".repeat(100_000).as_bytes()).is_err(), "no stack overflow");
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
