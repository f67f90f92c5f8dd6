//! OPT: like GPT-2 with a relu; the 350-million model norms behind the blocks and has narrower embeddings.
//!
//! - Zhang et al. 2022, arXiv 2205.01068.
//! - Reference: `modeling_opt.py` and `configuration_opt.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/opt>.

use crate::{
    attention::Mask,
    model::{
        ModelError,
        config::{
            Config,
            common_config::{Bias, MOST_NAMED_POSITIONS, MOST_WIDTH, ShapeKeys, Unembedding},
        },
        families::{
            description::{
                Attention, Description, Embedding, FeedForward, Layer, LayerRule, Map, Names, Norm, NormKind, Norms,
                Order, Output, PositionRows, Positions, Projections, usual_scale,
            },
            family::Family,
        },
        layers::activation::Activation,
    },
};

pub const OPT: Family = Family { model_types: &["opt"], models: "OPT, Galactica", read };

const NAMES: Names = Names { prefix: "model.decoder.", layers: "layers.", complete: &[], redundant: &[] };

/// The first rows of the table of positions belong to none.
const FIRST_POSITION: usize = 2;

const EPS: f64 = 1e-5;

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    config.refuse(&["quantization_config"], "only unquantized weights are")?;
    let shape = ShapeKeys::USUAL.read(config)?;
    let bias = Bias::from(config.flag_or("enable_bias", true)?);
    let has_weights = config.flag_or("layer_norm_elementwise_affine", true)?;
    let kind = if has_weights { NormKind::Layer } else { NormKind::LayerWithoutWeight };
    let norm = |name| Norm::new(name, kind, EPS);
    let is_before = config.flag_or("do_layer_norm_before", true)?;
    let norms = |name| if is_before { Norms::before(norm(name)) } else { Norms::on_sum(norm(name)) };
    let layer = Layer {
        attention: Attention {
            projections: Projections::Separate {
                query: Map::new("self_attn.q_proj", bias),
                key: Map::new("self_attn.k_proj", bias),
                value: Map::new("self_attn.v_proj", bias),
            },
            clamp: None,
            qk_norm: None,
            rotary: None,
            rule: LayerRule::plain(usual_scale(shape.head_dim), Mask::CAUSAL),
            output: Map::new("self_attn.out_proj", bias),
        },
        attention_norms: norms("self_attn_layer_norm"),
        feed_forward: FeedForward::Plain {
            up: Map::new("fc1", bias),
            activation: Activation::read(config, "activation_function", Activation::Relu)?,
            down: Map::new("fc2", bias),
            d_ff: config.count("ffn_dim", 1..=MOST_WIDTH)?.unwrap_or(3072),
        },
        feed_forward_norms: norms("final_layer_norm"),
        order: Order::Sequential,
        residual_multiplier: None,
    };
    let width = config.count("word_embed_proj_dim", 1..=MOST_WIDTH)?.unwrap_or(shape.d_model);
    let projection = |name| (width != shape.d_model).then(|| Map::plain(name));
    let has_final_norm = is_before && !config.flag("_remove_final_layer_norm")?;
    let n_positions = config.required_count(ShapeKeys::USUAL.max_positions, 1..=MOST_NAMED_POSITIONS)?;
    Ok(Description {
        names: NAMES,
        embedding: Embedding {
            token_projection: projection("project_in"),
            positions: Some(Positions {
                name: "embed_positions",
                n_rows: n_positions.saturating_add(FIRST_POSITION),
                rows: PositionRows::From(FIRST_POSITION),
            }),
            ..Embedding::new("embed_tokens", width)
        },
        layers: vec![layer; shape.n_layers],
        output: Output {
            projection: projection("project_out"),
            ..Output::new(
                has_final_norm.then(|| norm("final_layer_norm")),
                "lm_head",
                Unembedding::read(config, Unembedding::Tied)?,
            )
        },
        shape,
    })
}
