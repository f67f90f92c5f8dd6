//! HunYuan: Llama with norms of query and key behind the rotation.
//!
//! - Tencent 2025, <https://github.com/Tencent-Hunyuan/Hunyuan-7B>.
//! - Reference: `modeling_hunyuan_v1_dense.py` and `configuration_hunyuan_v1_dense.py` under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models/hunyuan_v1_dense>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{
        Config,
        rope_config::{RopeConfig, RopeScaling},
    },
    families::{
        description::{Description, NormPlace, QkNorm},
        family::Family,
        readers::gguf_names::Gguf,
    },
};

pub const HUNYUAN: Family = Family { model_types: &["hunyuan_v1_dense"], models: "HunYuan 0.5B to 7B", read };

pub const HUNYUAN_GGUF: Gguf = Gguf::called("hunyuan-dense", "hunyuan_v1_dense");

const DEFAULTS: Defaults = Defaults { eps: 1e-5, ..Defaults::LLAMA };

fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let mut llama = Llama::read(config, &DEFAULTS)?.with_attention_bias(config)?;
    if let Some(alpha) = alpha(config)? {
        let n_dims = llama.rotary.dims.n as f64;
        let theta = llama.rotary.rope.theta * alpha.powf(n_dims / (n_dims - 2.0));
        llama.rotary.rope = RopeConfig { theta, scaling: RopeScaling::None };
    }
    let norms = QkNorm::per_head(llama.norm("self_attn.query_layernorm"), llama.norm("self_attn.key_layernorm"));
    let mut hunyuan = llama.describe();
    for layer in &mut hunyuan.layers {
        layer.attention.qk_norm = Some(QkNorm { place: NormPlace::BehindRotation, ..norms });
    }
    Ok(hunyuan)
}

/// What raises the base of the rotation, where it is called dynamic and has such a number.
fn alpha(config: Config<'_>) -> Result<Option<f64>, ModelError> {
    let rope = config.object("rope_scaling")?.map_or_else(|| config.object("rope_parameters"), |o| Ok(Some(o)))?;
    let Some(rope) = rope else { return Ok(None) };
    let kind = rope.text("rope_type")?.map_or_else(|| rope.text("type"), |kind| Ok(Some(kind)))?;
    Ok(rope.number("alpha")?.filter(|&alpha| kind == Some("dynamic") && alpha > 0.0))
}
