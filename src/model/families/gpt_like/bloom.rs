//! BLOOM: like GPT-2 with a bias of scores in place of position embeddings.
//!
//! - BigScience 2022, arXiv 2211.05100.
//! - Reference: `modeling_bloom.py` and `configuration_bloom.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/bloom>.

use crate::{
    attention::Mask,
    model::{
        ModelError,
        config::{
            Config,
            common_config::{MOST_POSITIONS, MOST_WIDTH, ShapeKeys, Unembedding},
        },
        families::{
            description::{
                Alibi, AlibiForm, Attention, Description, Embedding, FeedForward, Layer, LayerRule, Layout, Map, Names,
                Norm, Norms, Order, Output, Projections, usual_scale,
            },
            family::Family,
            readers::{
                alibi,
                gguf_names::{Gguf, LAYER_EPS, ShapeNames},
            },
        },
        layers::activation::Activation,
        transformer::{ModelShape, PositionLimit},
    },
};

pub const BLOOM: Family = Family { model_types: &["bloom"], models: "BLOOM, BLOOMZ", read };

/// Whatever length a file names: the bias has none.
pub const BLOOM_GGUF: Gguf = Gguf {
    shape: ShapeNames {
        common: ShapeKeys { max_positions: "seq_length", ..KEYS },
        n_kv_heads: None,
        head_dim: None,
        ..ShapeNames::USUAL
    },
    eps: Some((LAYER_EPS, "layer_norm_epsilon")),
    ..Gguf::named("bloom")
};

const NAMES: Names = Names { prefix: "transformer.", layers: "h.", complete: &[], redundant: &[] };

const KEYS: ShapeKeys = ShapeKeys { n_layers: "n_layer", n_heads: "n_head", ..ShapeKeys::USUAL };

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    /// As the first files call the width.
    const OLD_WIDTH: &str = "n_embed";
    config.refuse(&["quantization_config"], "only unquantized weights are")?;
    config.refuse_flag("apply_residual_connection_post_layernorm", "adding to what is not normed is")?;
    let keys = if config.count(OLD_WIDTH, 1..=MOST_WIDTH)?.is_some() {
        ShapeKeys { d_model: OLD_WIDTH, ..KEYS }
    } else {
        KEYS
    };
    // A bias falls with the distance, however long the prompt is.
    let shape = keys.read_with(config, Some(MOST_POSITIONS))?;
    let shape = ModelShape { position_limit: PositionLimit::Program, ..shape };
    let eps = config.positive("layer_norm_epsilon", 1e-5)?;
    let slopes = alibi::from_smaller_power(shape.n_heads);
    let layer = Layer {
        attention: Attention {
            projections: Projections::Fused {
                map: Map::biased("self_attention.query_key_value"),
                layout: Layout::Groups,
            },
            clamp: None,
            qk_norm: None,
            rotary: None,
            rule: LayerRule {
                alibi: Some(Alibi { slopes, form: AlibiForm::Absolute }),
                ..LayerRule::plain(usual_scale(shape.head_dim), Mask::CAUSAL)
            },
            output: Map::biased("self_attention.dense"),
        },
        attention_norms: Norms::before(Norm::layer("input_layernorm", eps)),
        feed_forward: FeedForward::Plain {
            up: Map::biased("mlp.dense_h_to_4h"),
            activation: Activation::GeluTanh,
            down: Map::biased("mlp.dense_4h_to_h"),
            d_ff: 4 * shape.d_model,
        },
        feed_forward_norms: Norms::before(Norm::layer("post_attention_layernorm", eps)),
        order: Order::Sequential,
        residual_multiplier: None,
    };
    Ok(Description {
        names: NAMES,
        embedding: Embedding {
            norm: Some(Norm::layer("word_embeddings_layernorm", eps)),
            ..Embedding::new("word_embeddings", shape.d_model)
        },
        layers: vec![layer; shape.n_layers],
        output: Output::new(Some(Norm::layer("ln_f", eps)), "lm_head", Unembedding::read(config, Unembedding::Tied)?),
        shape,
    })
}
