//! From the metadata and the tensors of a file to the configuration of its model.
//!
//! Reference: `LLM_KV_NAMES` in <https://github.com/ggml-org/llama.cpp/blob/master/src/llama-arch.cpp>.

use std::ops::RangeInclusive;

use super::{
    error::Defect,
    header::Header,
    metadata::{Metadata, short, wrong},
};
use crate::model::{
    activation::Activation,
    common_config::{
        Bias, MOST_HEAD_DIM, MOST_HEADS, MOST_LAYERS, MOST_NAMED_POSITIONS, MOST_TOKENS, MOST_WIDTH, Unembedding,
        within_program,
    },
    families::{description::Rotary, llama::Llama},
    rope_config::{RopeConfig, RopeScaling},
    transformer::{ModelShape, PositionLimit},
};

const ARCHITECTURE: &str = "general.architecture";

/// What the file calls the model's family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// And Mistral, `SmolLM` and others with the same layers.
    Llama,
    Qwen2,
    Qwen3,
}

impl Architecture {
    const ALL: [Self; 3] = [Self::Llama, Self::Qwen2, Self::Qwen3];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
        }
    }

    /// Whether the rotary embedding turns dimension 2i together with 2i + 1, for which the rows of query and key
    /// projections were reordered.
    pub const fn is_interleaved(self) -> bool {
        matches!(self, Self::Llama)
    }

    fn read(metadata: &Metadata<'_>) -> Result<Self, Defect> {
        let Some(found) = metadata.text(ARCHITECTURE)? else { return Err(wrong(ARCHITECTURE, "a text", "nothing")) };
        Self::ALL.into_iter().find(|architecture| architecture.name() == found).ok_or_else(|| Defect::Unsupported {
            key: ARCHITECTURE.to_owned(),
            found: short(found),
            supported: "llama (also Mistral and SmolLM), qwen2 and qwen3 are",
        })
    }
}

/// What is asked of a file that is about to be opened as this architecture.
struct Keys<'h, 'a> {
    header: &'h Header<'a>,
    architecture: Architecture,
}

/// # Errors
/// When a value is absent or out of bounds, or the model does something that is not computed here.
pub fn read(header: &Header<'_>) -> Result<(Architecture, Llama), Defect> {
    let architecture = Architecture::read(&header.metadata)?;
    let keys = Keys { header, architecture };
    keys.refuse_unsupported()?;
    let shape = keys.shape()?;
    let bias = |tensor: &str| Bias::from(keys.has(&format!("blk.0.{tensor}.bias")));
    let rms_norm_eps = keys.key("attention.layer_norm_rms_epsilon");
    let nothing = || wrong(&rms_norm_eps, "a number above 0", "nothing");
    let config = Llama {
        d_ff: keys.required_count("feed_forward_length", 1..=MOST_WIDTH)?,
        eps: header.metadata.positive(&rms_norm_eps)?.ok_or_else(nothing)?,
        activation: Activation::Silu,
        rotary: Rotary::halves(
            RopeConfig { theta: keys.positive("rope.freq_base")?.unwrap_or(10_000.0), scaling: RopeScaling::None },
            shape.head_dim,
        ),
        qkv_bias: bias("attn_q"),
        output_bias: bias("attn_output"),
        mlp_bias: bias("ffn_gate"),
        has_qk_norm: architecture == Architecture::Qwen3,
        unembedding: if keys.has("output.weight") { Unembedding::Own } else { Unembedding::Tied },
        shape,
    };
    Ok((architecture, config))
}

impl Keys<'_, '_> {
    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture.name())
    }

    fn has(&self, tensor: &str) -> bool {
        self.header.tensors.iter().any(|info| info.name == tensor)
    }

    fn count(&self, name: &str, bounds: RangeInclusive<usize>) -> Result<Option<usize>, Defect> {
        self.header.metadata.count(&self.key(name), bounds)
    }

    fn required_count(&self, name: &str, bounds: RangeInclusive<usize>) -> Result<usize, Defect> {
        self.header.metadata.required_count(&self.key(name), bounds)
    }

    fn positive(&self, name: &str) -> Result<Option<f64>, Defect> {
        self.header.metadata.positive(&self.key(name))
    }

    fn shape(&self) -> Result<ModelShape, Defect> {
        let d_model = self.required_count("embedding_length", 1..=MOST_WIDTH)?;
        let n_heads = self.required_count("attention.head_count", 1..=MOST_HEADS)?;
        let n_kv_heads = self.count("attention.head_count_kv", 1..=n_heads)?.unwrap_or(n_heads);
        if !n_heads.is_multiple_of(n_kv_heads) {
            let expected = format!("a divisor of {}, {n_heads}", self.key("attention.head_count"));
            return Err(wrong(&self.key("attention.head_count_kv"), expected, n_kv_heads));
        }
        let (max_positions, position_limit) = self.max_positions()?;
        Ok(ModelShape {
            n_layers: self.required_count("block_count", 1..=MOST_LAYERS)?,
            n_heads,
            n_kv_heads,
            head_dim: self.head_dim(d_model, n_heads)?,
            d_model,
            max_positions,
            position_limit,
            vocab_size: self.vocab_size()?,
        })
    }

    fn head_dim(&self, d_model: usize, n_heads: usize) -> Result<usize, Defect> {
        let head_dim = match self.count("attention.key_length", 1..=MOST_HEAD_DIM)? {
            Some(head_dim) => head_dim,
            None if d_model.is_multiple_of(n_heads) => d_model / n_heads,
            None => {
                let expected = format!("a multiple of {}, {n_heads}", self.key("attention.head_count"));
                return Err(wrong(&self.key("embedding_length"), expected, d_model));
            }
        };
        if !head_dim.is_multiple_of(2) || head_dim > MOST_HEAD_DIM {
            let expected =
                format!("even and at most {MOST_HEAD_DIM}, for the rotary embedding turns pairs of dimensions");
            return Err(wrong(&self.key("attention.key_length"), expected, head_dim));
        }
        for (name, supported) in [
            ("attention.value_length", "only the length of keys is"),
            ("rope.dimension_count", "only the rotation of whole heads is"),
        ] {
            if let Some(other) = self.count(name, 0..=MOST_NAMED_POSITIONS)?.filter(|&count| count != head_dim) {
                return Err(Defect::Unsupported { key: self.key(name), found: other.to_string(), supported });
            }
        }
        Ok(head_dim)
    }

    /// How many tokens can be read, and why no more.
    fn max_positions(&self) -> Result<(usize, PositionLimit), Defect> {
        let model = self.required_count("context_length", 1..=MOST_NAMED_POSITIONS)?;
        // Up to the window's length it is full causal attention; 0 says that there is none.
        let window = self.count("attention.sliding_window", 0..=MOST_NAMED_POSITIONS)?.filter(|&window| window > 0);
        let (max, limit) = match window {
            Some(window) if window < model => (window, PositionLimit::SlidingWindow),
            _ => (model, PositionLimit::Model),
        };
        Ok(within_program(max, limit))
    }

    /// The rows of the embedding: the key is not always there.
    fn vocab_size(&self) -> Result<usize, Defect> {
        const EMBEDDING: &str = "token_embd.weight";
        let embedding = self.header.tensors.iter().find(|info| info.name == EMBEDDING);
        let missing = || Defect::MissingTensor { name: EMBEDDING.to_owned() };
        let vocab_size = embedding.ok_or_else(missing)?.shape.first().copied().unwrap_or_default();
        match self.count("vocab_size", 1..=MOST_TOKENS)? {
            Some(named) if named != vocab_size => {
                Err(wrong(&self.key("vocab_size"), format!("the rows of {EMBEDDING}, {vocab_size}"), named))
            }
            _ => Ok(vocab_size),
        }
    }

    /// What would be computed wrongly if it were passed over.
    fn refuse_unsupported(&self) -> Result<(), Defect> {
        const OFF_AT_0: [(&str, &str); 6] = [
            ("expert_count", "one feed-forward block a layer is"),
            ("attn_logit_softcapping", "logits must not be capped"),
            ("final_logit_softcapping", "logits must not be capped"),
            ("attention.clamp_kqv", "vectors must not be clamped"),
            ("attention.max_alibi_bias", "rotary embeddings alone are"),
            ("attention.scale", "only 1/√head_dim is"),
        ];
        const OFF_AT_1: [&str; 5] =
            ["logit_scale", "residual_scale", "embedding_scale", "rope.scale_linear", "rope.scaling.attn_factor"];
        let changes = OFF_AT_0.into_iter().chain(OFF_AT_1.map(|name| (name, "only 1 is")));
        for (name, supported) in changes {
            let off = if OFF_AT_1.contains(&name) { 1.0 } else { 0.0 };
            if let Some(found) = self.header.metadata.get(&self.key(name))
                && found.number() != Some(off)
            {
                return Err(Defect::Unsupported { key: self.key(name), found: found.to_string(), supported });
            }
        }
        if self.header.metadata.flag(&self.key("attention.causal"))? == Some(false) {
            let (key, found) = (self.key("attention.causal"), "false".to_owned());
            return Err(Defect::Unsupported { key, found, supported: "only causal attention is" });
        }
        self.refuse_rope_scaling()
    }

    /// Llama 3.1's scaling is in a tensor instead.
    fn refuse_rope_scaling(&self) -> Result<(), Defect> {
        let key = self.key("rope.scaling.type");
        match self.header.metadata.text(&key)? {
            None | Some("none" | "") => Ok(()),
            Some(other) => {
                let supported = "none, and factors in the tensor rope_freqs.weight, are";
                Err(Defect::Unsupported { key, found: short(other), supported })
            }
        }
    }
}
