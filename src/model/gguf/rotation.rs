//! Factors of rotary frequencies, which files have as tensors: Llama 3.1's, and Phi 3's for short and long prompts.

use super::{
    error::{Defect, Unnamed},
    header::Header,
    metadata::wrong,
    names::{LONG_FACTORS, ROPE_FACTORS, SHORT_FACTORS},
    parts::Part,
    tensors::rope_factors,
};
use crate::model::{
    config::{common_config::MOST_NAMED_POSITIONS, rope_config::RopeScaling},
    families::{description::Description, readers::gguf_names::Gguf},
};

pub const TYPE: &str = "rope.scaling.type";
pub const ORIGINAL: &str = "rope.scaling.original_context_length";
pub const LENGTH: &str = "rope.scaling.attn_factor";

/// Puts the factors that the file has into the rotation of every layer.
///
/// # Errors
/// When they are not one for each pair of dimensions, not above 0, or go with another scaling.
pub fn read(parts: &[Part], header: &Header<'_>, gguf: &Gguf, description: &mut Description) -> Result<(), Unnamed> {
    let rotary = description.layers.iter().find_map(|layer| layer.attention.rotary.as_ref());
    let n_pairs = rotary.map_or(0, |rotary| rotary.dims.n / 2);
    let factors = |name| rope_factors(parts, header, name, n_pairs);
    let scaling = match (factors(ROPE_FACTORS)?, factors(SHORT_FACTORS)?, factors(LONG_FACTORS)?) {
        (None, None, None) => return Ok(()),
        (Some(factors), None, None) => RopeScaling::Divided(factors),
        (None, Some(short), Some(long)) => long_rope(header, gguf, short, long)?,
        (None, Some(_), None) => return Err(Defect::MissingTensor { name: LONG_FACTORS.to_owned() }.into()),
        (None, None, Some(_)) => return Err(Defect::MissingTensor { name: SHORT_FACTORS.to_owned() }.into()),
        (Some(_), ..) => return Err(twice(gguf, "factors in two kinds of tensors")),
    };
    for rotary in description.layers.iter_mut().filter_map(|layer| layer.attention.rotary.as_mut()) {
        if rotary.rope.scaling != RopeScaling::None {
            return Err(twice(gguf, "another scaling and factors in tensors"));
        }
        rotary.rope.scaling = scaling.clone();
    }
    Ok(())
}

fn twice(gguf: &Gguf, found: &str) -> Unnamed {
    let (key, supported) = (format!("{}.{TYPE}", gguf.architecture), "one scaling of the rotation is");
    Defect::Unsupported { key, found: found.to_owned(), supported }.into()
}

fn long_rope(header: &Header<'_>, gguf: &Gguf, short: Vec<f32>, long: Vec<f32>) -> Result<RopeScaling, Unnamed> {
    let key = |name: &str| format!("{}.{name}", gguf.architecture);
    let original_positions = header.metadata.required_count(&key(ORIGINAL), 1..=MOST_NAMED_POSITIONS)?;
    let nothing = || wrong(&key(LENGTH), "a number above 0", "nothing");
    let attention_factor = header.metadata.positive(&key(LENGTH))?.ok_or_else(nothing)?;
    Ok(RopeScaling::LongRope { short, long, original_positions, attention_factor })
}
