//! Llama and its relatives: Mistral, `SmolLM`, Qwen2, Qwen3.
//!
//! - Touvron et al. 2023, arXiv 2302.13971 (Llama); Jiang et al. 2023, arXiv 2310.06825 (Mistral); Yang et al. 2024,
//!   arXiv 2407.10671 (Qwen2); Yang et al. 2025, arXiv 2505.09388 (Qwen3).
//! - Reference: `modeling_llama.py`, `modeling_mistral.py`, `modeling_qwen2.py`, `modeling_qwen3.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models>.
//!
//! ```text
//! x ← x + Attention(RMSNorm(x))        query and key rotated by position (RoPE)
//! x ← x + Down(silu(Gate(n)) · Up(n))  with n = RMSNorm(x)
//! ```

use std::sync::Arc;

use ndarray::Array2;

use super::{
    ModelError,
    common_config::{Bias, Unembedding},
    feed_forward::swiglu,
    heads::{split_heads, unplaced},
    linear::Linear,
    llama_config::{LlamaConfig, QkNorm},
    matrix::Matrix,
    ops::{rms_norm, rms_norm_in_place},
    rope::Rope,
    transformer::{ModelShape, Residual, Transformer, embed_tokens, layer_of},
    weights::Weights,
};
use crate::attention::{LayerQkv, Mask};

/// A model of the family, in f32.
pub struct Llama {
    shape: ModelShape,
    rms_norm_eps: f32,
    rope: Rope,
    /// `[vocab, d_model]`
    embedding: Matrix,
    layers: Vec<Layer>,
    final_norm: Vec<f32>,
    unembedding: Linear,
}

struct Layer {
    attention_norm: Vec<f32>,
    /// Query, key and value projections, one above the other: one matrix product instead of three.
    qkv: Linear,
    /// Weights of the norms of query and key vectors, `[head_dim]` each.
    qk_norm: Option<[Vec<f32>; 2]>,
    output: Linear,
    feed_forward_norm: Vec<f32>,
    /// Gate projection above up projection.
    gate_up: Linear,
    down: Linear,
}

impl Llama {
    /// # Errors
    /// When a tensor is missing, has another shape than the configuration says, or is not accounted for.
    pub fn load(config: &LlamaConfig, weights: &Weights<'_>) -> Result<Self, ModelError> {
        let shape = &config.shape;
        // Files saved from the model without its language-modelling head leave the prefix out.
        let prefix = if weights.contains("model.embed_tokens.weight") { "model." } else { "" };
        let embedding_shape = [shape.vocab_size, shape.d_model];
        let embedding = weights.matrix(&format!("{prefix}embed_tokens.weight"), embedding_shape)?;
        let unembedding = match config.unembedding {
            Unembedding::Tied => Linear::new(embedding.clone()),
            Unembedding::Own => Linear::load(weights, "lm_head", shape.d_model, shape.vocab_size, Bias::Absent)?,
        };
        refuse_unread(weights, "lm_head.")?;
        let layers = (0..shape.n_layers)
            .map(|layer| Layer::load(config, weights, &format!("{prefix}layers.{layer}.")))
            .collect::<Result<_, _>>()?;
        #[expect(clippy::cast_possible_truncation, reason = "norms are computed in f32")]
        let rms_norm_eps = config.rms_norm_eps as f32;
        Ok(Self {
            shape: shape.clone(),
            rms_norm_eps,
            rope: Rope::new(&config.rope, shape.head_dim, shape.max_positions),
            embedding,
            layers,
            final_norm: weights.vector(&format!("{prefix}norm.weight"), shape.d_model)?,
            unembedding,
        })
    }

    /// Norms, where the model does, and rotates one head's query or key vector.
    fn place(&self, position: usize, norm: Option<&[f32]>, vector: &mut [f32]) {
        if let Some(weight) = norm {
            rms_norm_in_place(vector, weight, self.rms_norm_eps);
        }
        self.rope.rotate(position, vector);
    }
}

impl Layer {
    fn load(config: &LlamaConfig, weights: &Weights<'_>, prefix: &str) -> Result<Self, ModelError> {
        let ModelShape { n_heads, n_kv_heads, head_dim, d_model, .. } = config.shape;
        let (d_heads, d_kv_heads, d_ff) = (n_heads * head_dim, n_kv_heads * head_dim, config.d_ff);
        let linear =
            |name: &str, d_in, d_out, bias| Linear::load(weights, &format!("{prefix}{name}"), d_in, d_out, bias);
        let norm = |name: &str, width| weights.vector(&format!("{prefix}{name}.weight"), width);
        let layer = Self {
            attention_norm: norm("input_layernorm", d_model)?,
            qkv: Linear::stack([
                linear("self_attn.q_proj", d_model, d_heads, config.qkv_bias)?,
                linear("self_attn.k_proj", d_model, d_kv_heads, config.qkv_bias)?,
                linear("self_attn.v_proj", d_model, d_kv_heads, config.qkv_bias)?,
            ])?,
            qk_norm: match config.qk_norm {
                QkNorm::Absent => None,
                QkNorm::PerHead => Some([norm("self_attn.q_norm", head_dim)?, norm("self_attn.k_norm", head_dim)?]),
            },
            output: linear("self_attn.o_proj", d_heads, d_model, config.output_bias)?,
            feed_forward_norm: norm("post_attention_layernorm", d_model)?,
            gate_up: Linear::stack([
                linear("mlp.gate_proj", d_model, d_ff, config.mlp_bias)?,
                linear("mlp.up_proj", d_model, d_ff, config.mlp_bias)?,
            ])?,
            down: linear("mlp.down_proj", d_ff, d_model, config.mlp_bias)?,
        };
        refuse_unread(weights, prefix)?;
        Ok(layer)
    }
}

/// Refuses tensors below `prefix` that the model would need and this code does not know.
fn refuse_unread(weights: &Weights<'_>, prefix: &str) -> Result<(), ModelError> {
    // Old files carry the rotary frequencies, which follow from the configuration, and some the tied unembedding.
    weights.refuse_unread(prefix, |name| name.ends_with("rotary_emb.inv_freq") || name == "lm_head.weight")
}

impl Transformer for Llama {
    fn shape(&self) -> &ModelShape {
        &self.shape
    }

    fn embed(&self, token_ids: &[u32]) -> Result<Residual, ModelError> {
        Ok(Residual(Arc::new(embed_tokens(&self.shape, &self.embedding, token_ids)?)))
    }

    fn qkv(&self, layer: usize, residual: &Residual) -> Result<LayerQkv, ModelError> {
        let ModelShape { n_heads, n_kv_heads, head_dim, .. } = self.shape;
        let weights = layer_of(&self.layers, layer)?;
        self.shape.expect("query, key and value", residual)?;
        let normed = rms_norm(&residual.0, &weights.attention_norm, self.rms_norm_eps);
        let projected = weights.qkv.forward("query, key and value", &normed)?;

        let [query_norm, key_norm] =
            weights.qk_norm.as_ref().map_or([None; 2], |norms| norms.each_ref().map(|n| Some(&n[..])));
        let (first_key, first_value) = (n_heads, n_heads + n_kv_heads);
        let query = split_heads(&projected, head_dim, 0..first_key, |position, vector| {
            self.place(position, query_norm, vector);
        });
        let key = split_heads(&projected, head_dim, first_key..first_value, |position, vector| {
            self.place(position, key_norm, vector);
        });
        let value = split_heads(&projected, head_dim, first_value..first_value + n_kv_heads, unplaced);
        #[expect(clippy::cast_precision_loss, reason = "head_dim is far below 2⁵³")]
        let scale = 1.0 / (head_dim as f64).sqrt();
        LayerQkv::new(query, key, Some(value), scale, Mask::Causal).map_err(|cause| ModelError::Qkv { layer, cause })
    }

    fn finish(&self, layer: usize, residual: &Residual, head_outputs: Array2<f32>) -> Result<Residual, ModelError> {
        let weights = layer_of(&self.layers, layer)?;
        let mut x = weights.output.forward("output projection", &head_outputs)?;
        residual.expect("output projection", x.dim().into())?;
        x += &*residual.0;
        let normed = rms_norm(&x, &weights.feed_forward_norm, self.rms_norm_eps);
        let gated = swiglu(&weights.gate_up.forward("feed-forward block", &normed)?);
        x += &weights.down.forward("feed-forward block", &gated)?;
        Ok(Residual(Arc::new(x)))
    }

    fn logits(&self, residual: &Residual) -> Result<Array2<f32>, ModelError> {
        self.shape.expect("logits", residual)?;
        self.unembedding.forward("logits", &rms_norm(&residual.0, &self.final_norm, self.rms_norm_eps))
    }
}
