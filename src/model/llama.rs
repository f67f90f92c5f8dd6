//! Llama and its relatives: Mistral, SmolLM, Qwen2, Qwen3.
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

use candle_core::{D, Tensor};
use candle_nn::ops::rms_norm;
use ndarray::{Array2, Array3};

use super::{
    ModelError,
    llama_config::{Bias, LlamaConfig, QkNorm, Unembedding},
    rope::Rope,
    transformer::{ModelShape, Residual, Transformer},
    weights::Weights,
};
use crate::attention::{LayerQkv, Mask};

/// A model of the family, in f32.
pub struct Llama {
    shape: ModelShape,
    rms_norm_eps: f32,
    rope: Rope,
    /// `[vocab, d_model]`
    embedding: Tensor,
    layers: Vec<Layer>,
    final_norm: Tensor,
    unembedding: Linear,
}

struct Layer {
    attention_norm: Tensor,
    /// Query, key and value projections, one above the other: one matrix product instead of three.
    qkv: Linear,
    /// Weights of the norms of query and key vectors, `[head_dim]` each.
    qk_norm: Option<[Vec<f32>; 2]>,
    output: Linear,
    feed_forward_norm: Tensor,
    gate: Linear,
    up: Linear,
    down: Linear,
}

/// y = x·Wᵀ + b
struct Linear {
    /// Wᵀ `[in, out]`, a view of W as it is stored
    transposed: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    fn new(weight: &Tensor, bias: Option<Tensor>) -> candle_core::Result<Self> {
        Ok(Self { transposed: weight.t()?, bias })
    }

    fn load(weights: &Weights<'_>, name: &str, d_in: usize, d_out: usize, bias: Bias) -> Result<Self, ModelError> {
        let weight = weights.tensor(&format!("{name}.weight"), &[d_out, d_in])?;
        let bias = match bias {
            Bias::Absent => None,
            Bias::Present => Some(weights.tensor(&format!("{name}.bias"), &[d_out])?),
        };
        Self::new(&weight, bias).map_err(ModelError::tensor(format!("loading {name}")))
    }

    /// `[T, in]` to `[T, out]`
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let product = x.matmul(&self.transposed)?;
        match &self.bias {
            None => Ok(product),
            Some(bias) => product.broadcast_add(bias),
        }
    }

    /// Several maps of the same input as one.
    fn stack(parts: &[Self]) -> candle_core::Result<Self> {
        let transposed: Vec<&Tensor> = parts.iter().map(|part| &part.transposed).collect();
        let biases: Vec<&Tensor> = parts.iter().filter_map(|part| part.bias.as_ref()).collect();
        let bias = if biases.is_empty() { None } else { Some(Tensor::cat(&biases, 0)?) };
        Ok(Self { transposed: Tensor::cat(&transposed, D::Minus1)?, bias })
    }
}

impl Llama {
    /// # Errors
    /// When a tensor is missing, has another shape than the configuration says, or is not accounted for.
    pub fn load(config: &LlamaConfig, weights: &Weights<'_>) -> Result<Self, ModelError> {
        let shape = &config.shape;
        // Files saved from the model without its language-modelling head leave the prefix out.
        let prefix = if weights.contains("model.embed_tokens.weight") { "model." } else { "" };
        let embedding_shape = [shape.vocab_size, shape.d_model];
        let embedding = weights.tensor(&format!("{prefix}embed_tokens.weight"), &embedding_shape)?;
        let unembedding = match config.unembedding {
            Unembedding::Tied => {
                Linear::new(&embedding, None).map_err(ModelError::tensor("loading the unembedding"))?
            }
            Unembedding::Own => Linear::load(weights, "lm_head", shape.d_model, shape.vocab_size, Bias::Absent)?,
        };
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
            final_norm: weights.tensor(&format!("{prefix}norm.weight"), &[shape.d_model])?,
            unembedding,
        })
    }

    fn layer(&self, layer: usize) -> Result<&Layer, ModelError> {
        self.layers.get(layer).ok_or(ModelError::UnknownLayer { layer, n_layers: self.shape.n_layers })
    }

    /// Norms and rotates one head's query or key vector.
    fn place(&self, position: usize, norm: Option<&Vec<f32>>, vector: &mut [f32]) {
        if let Some(weight) = norm {
            norm_in_place(vector, weight, self.rms_norm_eps);
        }
        self.rope.rotate(position, vector);
    }

    /// From `[T, (n_heads + 2·n_kv_heads) · head_dim]`, as the stacked projection gives it.
    fn split(&self, layer: usize, projected: &[f32]) -> Result<LayerQkv, ModelError> {
        let ModelShape { n_heads, n_kv_heads, head_dim, .. } = self.shape;
        let width = (n_heads + 2 * n_kv_heads) * head_dim;
        let n_positions = projected.len() / width;
        let [query_norm, key_norm] = match &self.layer(layer)?.qk_norm {
            Some([query, key]) => [Some(query), Some(key)],
            None => [None, None],
        };
        let part = |first: usize, heads: usize, place: &dyn Fn(usize, &mut [f32])| {
            let mut vectors = Array3::<f32>::zeros((heads, n_positions, head_dim));
            for (index, vector) in vectors.as_slice_mut().unwrap_or_default().chunks_exact_mut(head_dim).enumerate() {
                let (head, position) = (index / n_positions, index % n_positions);
                let start = position * width + (first + head) * head_dim;
                vector.copy_from_slice(&projected[start..start + head_dim]);
                place(position, vector);
            }
            vectors
        };
        let query = part(0, n_heads, &|position, vector| self.place(position, query_norm, vector));
        let key = part(n_heads, n_kv_heads, &|position, vector| self.place(position, key_norm, vector));
        let value = part(n_heads + n_kv_heads, n_kv_heads, &|_, _| {});
        let scale = 1.0 / (head_dim as f64).sqrt();
        LayerQkv::new(query, key, Some(value), scale, Mask::Causal).map_err(|cause| ModelError::Qkv { layer, cause })
    }
}

impl Layer {
    fn load(config: &LlamaConfig, weights: &Weights<'_>, prefix: &str) -> Result<Self, ModelError> {
        let ModelShape { n_heads, n_kv_heads, head_dim, d_model, .. } = config.shape;
        let (d_heads, d_kv_heads, d_ff) = (n_heads * head_dim, n_kv_heads * head_dim, config.d_ff);
        let linear =
            |name: &str, d_in, d_out, bias| Linear::load(weights, &format!("{prefix}{name}"), d_in, d_out, bias);
        let norm = |name: &str| weights.tensor(&format!("{prefix}{name}.weight"), &[d_model]);
        let head_norm = |name: &str| {
            let name = format!("{prefix}self_attn.{name}.weight");
            weights.tensor(&name, &[head_dim])?.to_vec1().map_err(ModelError::tensor(format!("loading {name}")))
        };
        let layer = Self {
            attention_norm: norm("input_layernorm")?,
            qkv: Linear::stack(&[
                linear("self_attn.q_proj", d_model, d_heads, config.qkv_bias)?,
                linear("self_attn.k_proj", d_model, d_kv_heads, config.qkv_bias)?,
                linear("self_attn.v_proj", d_model, d_kv_heads, config.qkv_bias)?,
            ])
            .map_err(ModelError::tensor(format!("loading {prefix}self_attn")))?,
            qk_norm: match config.qk_norm {
                QkNorm::Absent => None,
                QkNorm::PerHead => Some([head_norm("q_norm")?, head_norm("k_norm")?]),
            },
            output: linear("self_attn.o_proj", d_heads, d_model, config.output_bias)?,
            feed_forward_norm: norm("post_attention_layernorm")?,
            gate: linear("mlp.gate_proj", d_model, d_ff, config.mlp_bias)?,
            up: linear("mlp.up_proj", d_model, d_ff, config.mlp_bias)?,
            down: linear("mlp.down_proj", d_ff, d_model, config.mlp_bias)?,
        };
        // Old files carry the rotary frequencies, which follow from the configuration.
        match weights.unread(prefix).into_iter().find(|name| !name.ends_with("rotary_emb.inv_freq")) {
            Some(name) => Err(ModelError::UnexpectedTensor { name: name.to_owned() }),
            None => Ok(layer),
        }
    }

    fn project(&self, residual: &Tensor, eps: f32) -> candle_core::Result<Vec<f32>> {
        self.qkv.forward(&rms_norm(residual, &self.attention_norm, eps)?)?.flatten_all()?.to_vec1()
    }

    fn finish(&self, residual: &Tensor, head_outputs: Array2<f32>, eps: f32) -> candle_core::Result<Tensor> {
        let shape = head_outputs.dim();
        let (head_outputs, _offset) = head_outputs.as_standard_layout().into_owned().into_raw_vec_and_offset();
        let head_outputs = Tensor::from_vec(head_outputs, shape, residual.device())?;
        let residual = (residual + self.output.forward(&head_outputs)?)?;
        let normed = rms_norm(&residual, &self.feed_forward_norm, eps)?;
        let gated = (self.gate.forward(&normed)?.silu()? * self.up.forward(&normed)?)?;
        &residual + self.down.forward(&gated)?
    }
}

/// x ← weight · x / √(mean(x²) + eps)
fn norm_in_place(vector: &mut [f32], weight: &[f32], eps: f32) {
    #[expect(clippy::cast_precision_loss, reason = "head_dim is far below 2²⁴")]
    let mean_square = vector.iter().map(|x| x * x).sum::<f32>() / vector.len() as f32;
    let factor = 1.0 / (mean_square + eps).sqrt();
    for (x, weight) in vector.iter_mut().zip(weight) {
        *x = *x * factor * weight;
    }
}

impl Transformer for Llama {
    fn shape(&self) -> &ModelShape {
        &self.shape
    }

    fn embed(&self, token_ids: &[u32]) -> Result<Residual, ModelError> {
        self.shape.check_ids(token_ids)?;
        Tensor::new(token_ids, self.embedding.device())
            .and_then(|ids| self.embedding.index_select(&ids, 0))
            .map(Residual)
            .map_err(ModelError::tensor("token embeddings"))
    }

    fn qkv(&self, layer: usize, residual: &Residual) -> Result<LayerQkv, ModelError> {
        let projected = self
            .layer(layer)?
            .project(&residual.0, self.rms_norm_eps)
            .map_err(ModelError::tensor(format!("query, key and value of layer {layer}")))?;
        self.split(layer, &projected)
    }

    fn finish(&self, layer: usize, residual: &Residual, head_outputs: Array2<f32>) -> Result<Residual, ModelError> {
        self.layer(layer)?
            .finish(&residual.0, head_outputs, self.rms_norm_eps)
            .map(Residual)
            .map_err(ModelError::tensor(format!("output and feed-forward block of layer {layer}")))
    }

    fn logits(&self, residual: &Residual) -> Result<Array2<f32>, ModelError> {
        let logits = rms_norm(&residual.0, &self.final_norm, self.rms_norm_eps)
            .and_then(|normed| self.unembedding.forward(&normed)?.flatten_all()?.to_vec1())
            .map_err(ModelError::tensor("logits"))?;
        let shape = (residual.n_positions(), self.shape.vocab_size);
        Array2::from_shape_vec(shape, logits)
            .map_err(|cause| ModelError::tensor("logits")(candle_core::Error::Msg(cause.to_string())))
    }
}
