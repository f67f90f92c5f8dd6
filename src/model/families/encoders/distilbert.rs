//! `DistilBERT`: BERT with fewer layers and without token types.
//!
//! - Sanh et al. 2019, arXiv 1910.01108.
//! - Reference: `modeling_distilbert.py` and `configuration_distilbert.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/distilbert>.

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
                Output, PositionRows, Positions, Projections, Transform, usual_scale,
            },
            family::Family,
        },
        layers::activation::Activation,
    },
};

pub const DISTILBERT: Family = Family { model_types: &["distilbert"], models: "DistilBERT (no causal mask)", read };

const NAMES: Names = Names {
    prefix: "distilbert.",
    layers: "transformer.layer.",
    complete: &["embeddings."],
    // The numbers 0, 1, 2 ….
    redundant: &[".position_ids"],
};

const EPS: f64 = 1e-12;

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    const KEYS: ShapeKeys = ShapeKeys { d_model: "dim", n_layers: "n_layers", n_heads: "n_heads", ..ShapeKeys::USUAL };
    config.refuse(&["quantization_config"], "only unquantized weights are")?;
    // `sinusoidal_pos_embds` says how the table of positions was made, which is in the file.
    let shape = KEYS.read(config)?;
    let activation = Activation::read(config, "activation", Activation::Gelu)?;
    let layer = Layer {
        attention: Attention {
            projections: Projections::Separate {
                query: Map::biased("attention.q_lin"),
                key: Map::biased("attention.k_lin"),
                value: Map::biased("attention.v_lin"),
            },
            clamp: None,
            qk_norm: None,
            rotary: None,
            rule: LayerRule::plain(usual_scale(shape.head_dim), Mask::BIDIRECTIONAL),
            output: Map::biased("attention.out_lin"),
        },
        attention_norms: Norms::on_sum(Norm::layer("sa_layer_norm", EPS)),
        feed_forward: FeedForward::Plain {
            up: Map::biased("ffn.lin1"),
            activation,
            down: Map::biased("ffn.lin2"),
            d_ff: config.count("hidden_dim", 1..=MOST_WIDTH)?.unwrap_or(3072),
        },
        feed_forward_norms: Norms::on_sum(Norm::layer("output_layer_norm", EPS)),
        order: Order::Sequential,
        residual_multiplier: None,
    };
    Ok(Description {
        names: NAMES,
        embedding: Embedding {
            positions: Some(Positions {
                name: "embeddings.position_embeddings",
                n_rows: config.required_count(KEYS.max_positions, 1..=MOST_NAMED_POSITIONS)?,
                rows: PositionRows::From(0),
            }),
            norm: Some(Norm::layer("embeddings.LayerNorm", EPS)),
            ..Embedding::new("embeddings.word_embeddings", shape.d_model)
        },
        layers: vec![layer; shape.n_layers],
        output: Output {
            transform: Some(Transform {
                map: Map::biased("vocab_transform"),
                activation,
                norm: Norm::layer("vocab_layer_norm", EPS),
            }),
            bias: Some("vocab_projector.bias"),
            ..Output::new(None, "vocab_projector", Unembedding::read(config, Unembedding::Tied)?)
        },
        shape,
    })
}
