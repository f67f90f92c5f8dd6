//! Helium and ERNIE 4.5: Llama with a rotation of neighbouring dimensions.
//!
//! - Kyutai 2025, <https://kyutai.org/2025/04/30/helium.html>; Baidu 2025, <https://ernie.baidu.com/blog/posts/ernie4.5>.
//! - Reference: `modeling_helium.py`, `modeling_ernie4_5.py` and their configurations under
//!   <https://github.com/huggingface/transformers/tree/main/src/transformers/models>.

use super::llama::{Defaults, Llama};
use crate::model::{
    ModelError,
    config::{
        Config,
        common_config::{Bias, Unembedding},
    },
    families::{description::Description, family::Family, readers::gguf_names::Gguf},
};

pub const HELIUM: Family = Family { model_types: &["helium"], models: "Helium 1", read: read_helium };
pub const ERNIE4_5: Family = Family { model_types: &["ernie4_5"], models: "ERNIE 4.5 0.3B", read: read_ernie };

pub const ERNIE4_5_GGUF: Gguf = Gguf::named("ernie4_5");

fn read_helium(config: Config<'_>) -> Result<Description, ModelError> {
    let defaults =
        Defaults { head_dim: Some(128), n_kv_heads: Some(20), eps: 1e-8, theta: 100_000.0, ..Defaults::LLAMA };
    let (qkv_bias, mlp_bias) = (config.flag("attention_bias")?, config.flag("mlp_bias")?);
    let llama = Llama::read(config, &defaults)?;
    Ok(adjacent(Llama { qkv_bias: qkv_bias.into(), mlp_bias: mlp_bias.into(), ..llama }))
}

fn read_ernie(config: Config<'_>) -> Result<Description, ModelError> {
    let defaults = Defaults {
        head_dim: Some(128),
        n_kv_heads: Some(2),
        eps: 1e-5,
        theta: 500_000.0,
        unembedding: Unembedding::Tied,
        ..Defaults::LLAMA
    };
    let bias = Bias::from(config.flag("use_bias")?);
    let llama = Llama::read(config, &defaults)?;
    Ok(adjacent(Llama { qkv_bias: bias, output_bias: bias, mlp_bias: bias, ..llama }))
}

fn adjacent(llama: Llama) -> Description {
    let rotary = llama.rotary.clone().adjacent();
    Llama { rotary, ..llama }.describe()
}
