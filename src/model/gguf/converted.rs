//! What llama.cpp's converter made of a family's tensors: norms of whole weights, maps `[out, in]`, projections in blocks,
//! gates apart from what they multiply, and biases where the file has them.

use super::{header::Header, names::TOKEN_TYPES};
use crate::model::{
    config::common_config::Bias,
    families::{
        description::{
            Description, ExpertBlocks, FeedForward, GateUp, Gated, Layer, Layout, Map, Norm, NormKind, Norms,
            Projections, StackedMaps, Stored,
        },
        readers::gguf_names::Gguf,
    },
};

/// The description of the model as its tensors are in the file. Whether maps have biases is seen in the first layer.
pub fn described(mut description: Description, header: &Header<'_>, gguf: &Gguf) -> Description {
    let first = description.layers.first().map(|layer| super::roles::roles(layer, gguf)).unwrap_or_default();
    let has = |name: &str| header.tensors.iter().any(|info| info.name == name);
    let bias_of = |ours: &str| {
        let role = first.iter().find(|role| role.ours == ours);
        role.map(|role| Bias::from(has(&format!("blk.0.{}.bias", role.file))))
    };
    for layer in &mut description.layers {
        convert_layer(layer, &|map| {
            map.stored = Stored::OutIn;
            map.bias = bias_of(map.name).unwrap_or(map.bias);
        });
    }
    description.embedding.norm.iter_mut().chain(&mut description.output.norm).for_each(convert_norm);
    let types = description.embedding.token_types;
    description.embedding.token_types = types.filter(|_| has(&format!("{TOKEN_TYPES}.weight")));
    description.output.bias = description.output.bias.filter(|_| has("output.bias"));
    description
}

fn convert_layer(layer: &mut Layer, convert_map: &dyn Fn(&mut Map)) {
    match &mut layer.attention.projections {
        Projections::Separate { query, key, value } => [query, key, value].into_iter().for_each(convert_map),
        Projections::Fused { map, layout } => {
            convert_map(map);
            *layout = Layout::Blocks;
        }
        Projections::LowRank(_) => {}
    }
    convert_map(&mut layer.attention.output);
    if let Some(norms) = &mut layer.attention.qk_norm {
        convert_norm(&mut norms.query);
        convert_norm(&mut norms.key);
    }
    for Norms { before, behind, on_sum } in [&mut layer.attention_norms, &mut layer.feed_forward_norms] {
        before.iter_mut().chain(behind).chain(on_sum).for_each(convert_norm);
    }
    match &mut layer.feed_forward {
        FeedForward::Plain { up, down, .. } | FeedForward::Xielu { up, down, .. } => {
            convert_map(up);
            convert_map(down);
        }
        FeedForward::Gated(Gated { gate_up, down, .. }) => {
            match gate_up {
                GateUp::Separate { gate, up } => [gate, up].into_iter().for_each(convert_map),
                GateUp::Fused(fused) => convert_map(fused),
            }
            convert_map(down);
        }
        FeedForward::Experts(experts) => {
            if let ExpertBlocks::Stacked(stacked) = &mut experts.blocks {
                stacked.maps = StackedMaps::Apart {
                    gate: "mlp.experts.gate_proj",
                    up: "mlp.experts.up_proj",
                    down: "mlp.experts.down_proj",
                };
            }
        }
    }
}

/// The 1 is in the file's weights.
fn convert_norm(norm: &mut Norm) {
    norm.kind = match norm.kind {
        NormKind::RmsPlusOne => NormKind::Rms,
        NormKind::LayerPlusOne => NormKind::Layer,
        kind => kind,
    };
}
