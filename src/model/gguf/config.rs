//! From the metadata and the tensors of a file to the configuration of its family, and what that describes.
//!
//! Reference: `LLM_KV_NAMES` in <https://github.com/ggml-org/llama.cpp/blob/master/src/llama-arch.cpp>.

use super::{
    error::Defect,
    header::{Header, TensorInfo},
    keys::{GATING, Keys, WINDOW},
    metadata::{Metadata, Value, short, wrong},
    names::TOKEN_TYPES,
    refusals,
    translation::Translation,
};
use crate::model::{
    config::{
        Config,
        common_config::{MOST_HEAD_DIM, MOST_NAMED_POSITIONS, MOST_TOKENS},
    },
    families::{
        description::Description,
        readers::gguf_names::{Gguf, QueryScale, Rotated, When},
        registry,
    },
};

const ARCHITECTURE: &str = "general.architecture";

/// The family and what the model is made of.
///
/// # Errors
/// When a value is absent or out of bounds, or the model does something that is not computed here.
pub fn read(header: &Header<'_>) -> Result<(&'static Gguf, Description), Defect> {
    let gguf = family(&header.metadata)?;
    let keys = Keys { header, gguf };
    refusals::check(&keys)?;
    let mut translation = Translation::new(gguf);
    keys.translate(&mut translation)?;
    let described = registry::read(Config::new(translation.config()));
    match described {
        Ok(description) => {
            refusals::check_directions(&keys, &description)?;
            Ok((gguf, description))
        }
        Err(error) => Err(translation.in_files_words(error)),
    }
}

/// What the file calls its kind of model, known or not.
pub fn architecture<'a>(header: &Header<'a>) -> Option<&'a str> {
    header.metadata.text(ARCHITECTURE).ok().flatten()
}

fn family(metadata: &Metadata<'_>) -> Result<&'static Gguf, Defect> {
    let Some(found) = metadata.text(ARCHITECTURE)? else { return Err(wrong(ARCHITECTURE, "a text", "nothing")) };
    let number = |name: &str| metadata.get(&format!("{found}.{name}")).and_then(Value::number).unwrap_or(0.0);
    let is_meant = |when: When| match when {
        When::Always => true,
        When::Windowed => number(WINDOW) > 0.0,
        When::Experts => number("expert_count") > 0.0,
        When::Sigmoid => number(GATING) == 2.0,
    };
    let family = registry::IN_GGUF.iter().find(|gguf| gguf.architecture == found && is_meant(gguf.when));
    family.ok_or_else(|| Defect::Unsupported {
        key: ARCHITECTURE.to_owned(),
        found: short(found),
        supported: registry::IN_GGUF_NAMES.as_str(),
    })
}

impl Keys<'_, '_> {
    fn translate(&self, to: &mut Translation) -> Result<(), Defect> {
        let Gguf { shape, eps, keys, constants, told_by_tensors, .. } = self.gguf;
        to.set("model_type", self.gguf.model_type);
        for (config, value) in *constants {
            to.set(config, *value);
        }
        for (name, config) in [
            ("block_count", shape.common.n_layers),
            ("embedding_length", shape.common.d_model),
            ("feed_forward_length", shape.d_ff),
            ("attention.head_count", shape.common.n_heads),
            ("context_length", shape.common.max_positions),
        ] {
            self.copy(to, name, config)?;
        }
        for (name, config) in *keys {
            self.copy(to, name, config)?;
        }
        if let Some((name, config)) = *eps {
            self.copy(to, name, config)?;
            if self.get(name).is_none() {
                return Err(wrong(&self.key(name), "a number above 0", "nothing"));
            }
        }
        for (config, part, is) in *told_by_tensors {
            to.set(config, self.has(&format!("blk.0.{part}.weight")) == *is);
        }
        if let Some(config) = self.gguf.dense_layers {
            to.set(config, self.dense_layers());
        }
        self.windows(to)?;
        self.heads(to)?;
        self.rotation(to)?;
        to.set("vocab_size", self.vocab_size()?);
        if let Some(n_types) = self.rows(TOKEN_TYPES) {
            to.set("type_vocab_size", n_types);
        }
        to.set("tie_word_embeddings", !self.has("output.weight"));
        Ok(())
    }

    /// The layers with one feed-forward block.
    fn dense_layers(&self) -> Vec<usize> {
        let layer = |name: &str| name.strip_prefix("blk.")?.strip_suffix(".ffn_up.weight")?.parse().ok();
        self.header.tensors.iter().filter_map(|info| layer(info.name)).collect()
    }

    fn heads(&self, to: &mut Translation) -> Result<(), Defect> {
        let shape = &self.gguf.shape;
        if self.gguf.rotated == Rotated::LowRank {
            return self.low_rank_heads(to);
        }
        if let Some(config) = shape.n_kv_heads {
            self.copy(to, "attention.head_count_kv", config)?;
            to.set_default(config, shape.common.n_heads);
        }
        let named = self.count("attention.key_length", MOST_HEAD_DIM)?;
        let [d_model, n_heads] = [shape.common.d_model, shape.common.n_heads].map(|key| to.count(key));
        let is_even = |&(d_model, n_heads): &(usize, usize)| n_heads > 0 && d_model.is_multiple_of(n_heads);
        // Where heads share the width unevenly, the family's own reading says so.
        let share = d_model.zip(n_heads).filter(is_even).map(|(d_model, n_heads)| d_model / n_heads);
        let head_dim = named.or(share);
        if let Some(odd) = named.filter(|named| !named.is_multiple_of(2)) {
            let expected = "even, for the rotary embedding turns pairs of dimensions";
            return Err(wrong(&self.key("attention.key_length"), expected, odd));
        }
        for (name, is_refused) in
            [("attention.value_length", true), ("rope.dimension_count", self.gguf.rotated == Rotated::All)]
        {
            let supported = if name.starts_with("rope") {
                "only the rotation of whole heads is"
            } else {
                "only the length of keys is"
            };
            let other = self
                .count(name, MOST_NAMED_POSITIONS)?
                .filter(|&count| head_dim.is_some_and(|head_dim| count != head_dim));
            if let Some(other) = other.filter(|_| is_refused) {
                return Err(Defect::Unsupported { key: self.key(name), found: other.to_string(), supported });
            }
        }
        if let Some(config) = shape.head_dim {
            to.name(config, "attention.key_length");
            if let Some(head_dim) = head_dim {
                to.set(config, head_dim);
            }
        }
        if let QueryScale::ShareOfWidth { n_layers } = self.gguf.query_scale {
            let is_share = to.count(shape.common.n_layers) == Some(n_layers);
            if let Some(scalar) = if is_share { share } else { head_dim } {
                to.set("query_pre_attn_scalar", scalar);
            }
        }
        if self.gguf.rotated == Rotated::Some {
            self.rotated_share(to, head_dim.unwrap_or(0))?;
        }
        Ok(())
    }

    fn rotated_share(&self, to: &mut Translation, head_dim: usize) -> Result<(), Defect> {
        const NAME: &str = "rope.dimension_count";
        let n_dims = self.count(NAME, MOST_HEAD_DIM)?.unwrap_or(head_dim);
        if n_dims == 0 || n_dims > head_dim || !n_dims.is_multiple_of(2) {
            return Err(wrong(&self.key(NAME), format!("an even number of the {head_dim} dimensions"), n_dims));
        }
        // Families take the share of the dimensions and round down.
        let share = if n_dims == head_dim { 1.0 } else { (n_dims as f64 + 0.5) / head_dim as f64 };
        for config in ["partial_rotary_factor", "rotary_pct"] {
            to.set(config, share);
        }
        Ok(())
    }

    /// Of multi-head latent attention: the whole length of keys, and that of their rotated part.
    fn low_rank_heads(&self, to: &mut Translation) -> Result<(), Defect> {
        let required = |name: &str| {
            let expected = format!("a whole number from 1 to {MOST_HEAD_DIM}");
            let found = self.count(name, MOST_HEAD_DIM)?.filter(|&count| count > 0);
            found.ok_or_else(|| wrong(&self.key(name), expected, "nothing"))
        };
        // Files from before the keys and values of all heads were made one.
        let is_new = self.get("attention.key_length_mla").is_some();
        let [key, value] = if is_new {
            ["attention.key_length_mla", "attention.value_length_mla"]
        } else {
            ["attention.key_length", "attention.value_length"]
        };
        let (n_dims, n_rotated) = (required(key)?, required("rope.dimension_count")?);
        let n_plain = n_dims.checked_sub(n_rotated).filter(|&n_plain| n_plain > 0).ok_or_else(|| {
            let expected = format!("more than {}, {n_rotated}", self.key("rope.dimension_count"));
            wrong(&self.key(key), expected, n_dims)
        })?;
        to.name("qk_rope_head_dim", "rope.dimension_count");
        to.name("qk_nope_head_dim", "attention.key_length_mla");
        to.name("v_head_dim", "attention.value_length_mla");
        to.set("qk_nope_head_dim", n_plain);
        to.set("qk_rope_head_dim", n_rotated);
        to.set("v_head_dim", required(value)?);
        to.set_default("num_key_value_heads", self.gguf.shape.common.n_heads);
        to.set("head_dim", n_rotated);
        // Absent is none.
        to.set_null("q_lora_rank");
        let is_grouped = to.count("n_group").unwrap_or(0) > 1;
        to.set("topk_method", if is_grouped { "group_limited_greedy" } else { "greedy" });
        for config in ["n_group", "topk_group"] {
            if !is_grouped {
                to.set(config, 1);
            }
        }
        Ok(())
    }

    /// How many rows the weight of this name has.
    fn rows(&self, name: &str) -> Option<usize> {
        let is_it = |info: &&TensorInfo<'_>| info.name.strip_suffix(".weight") == Some(name);
        Some(self.header.tensors.iter().find(is_it)?.shape.first().copied().unwrap_or_default())
    }

    /// The rows of the embedding: the key is not always there.
    fn vocab_size(&self) -> Result<usize, Defect> {
        const EMBEDDING: &str = "token_embd";
        let missing = || Defect::MissingTensor { name: format!("{EMBEDDING}.weight") };
        let vocab_size = self.rows(EMBEDDING).ok_or_else(missing)?;
        match self.count("vocab_size", MOST_TOKENS)? {
            Some(named) if named != vocab_size => {
                Err(wrong(&self.key("vocab_size"), format!("the rows of {EMBEDDING}.weight, {vocab_size}"), named))
            }
            _ => Ok(vocab_size),
        }
    }
}
