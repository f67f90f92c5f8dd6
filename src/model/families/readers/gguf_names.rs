//! What llama.cpp's files call a family, where that does not follow from its description.
//!
//! A family is described once. Names of tensors follow from the part that each plays in the description
//! (`gguf/roles.rs`); here is what the metadata is called, and what the converter did to the weights.
//!
//! Reference: `conversion` and `gguf-py/gguf/constants.py` in <https://github.com/ggml-org/llama.cpp>.

use crate::model::config::common_config::ShapeKeys;

/// A family under one of llama.cpp's architectures.
#[derive(Clone, Copy, Debug)]
pub struct Gguf {
    /// `general.architecture`
    pub architecture: &'static str,
    /// The family, by what `config.json` calls it.
    pub model_type: &'static str,
    /// Other families whose models are converted to what this one computes.
    pub also: &'static [&'static str],
    /// Which files of the architecture are meant, where several families share it.
    pub when: When,
    pub shape: ShapeNames,
    /// What is added in norms: the file's key, without the architecture, and the configuration's.
    pub eps: Option<(&'static str, &'static str)>,
    pub rotated: Rotated,
    /// Other keys of the file, without the architecture, that are keys of the configuration; `a.b` is key b of object a.
    pub keys: &'static [(&'static str, &'static str)],
    /// Keys that mean something in this architecture alone, at which nothing happens with these values (a truth value is 0
    /// or 1), and what is supported.
    pub neutral: &'static [Neutral],
    /// Truth values of the configuration that no file says.
    pub constants: &'static [(&'static str, bool)],
    /// Truth values of the configuration that are so where the first layer has the tensor, or where it has not.
    pub told_by_tensors: &'static [(&'static str, &'static str, bool)],
    /// The key of a list of the layers that have one feed-forward block, where others have experts; seen in the tensors.
    pub dense_layers: Option<&'static str>,
    pub rows: RowOrder,
    /// Where only some layers have the file's window.
    pub windows: Option<Windows>,
    pub query_scale: QueryScale,
    /// Parts of a layer that have other names than most families', with these.
    pub renamed: &'static [(&'static str, &'static str)],
    /// How names of tensors begin that make no logits, but classes or sentence embeddings.
    pub other_heads: &'static [&'static str],
}

/// A key, without the architecture, the values that change nothing, and what an error says instead of another.
pub type Neutral = (&'static str, &'static [f64], &'static str);

/// Which files of an architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Always,
    /// Those with a sliding window.
    Windowed,
    /// Those with experts.
    Experts,
    /// Those whose router takes sigmoids.
    Sigmoid,
}

/// Which layers attend within the file's window, where it does not list them, and what it does not say of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Windows {
    /// Of so many layers one sees all keys.
    pub period: usize,
    pub full: FullLayer,
    /// The window of files that name none.
    pub default: Option<usize>,
    pub rotation: WindowRotation,
}

/// Which of the layers of a period sees all keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FullLayer {
    First,
    Last,
}

/// How layers with a window are rotated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WindowRotation {
    /// As the others.
    Same,
    /// Without the others' scaling, and with this base, or the others', where the file names none.
    Unscaled { theta: Option<f64> },
}

/// The number whose root divides scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryScale {
    /// The dimension of a head, or what the file's keys say.
    Usual,
    /// `query_pre_attn_scalar` is the dimension of a head, but in a model of so many layers an even share of the width:
    /// constants of llama.cpp, by the size of the model.
    ShareOfWidth { n_layers: usize },
}

/// How many dimensions of each head are rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotated {
    All,
    /// As many as `rope.dimension_count` says.
    Some,
    /// Those behind what is not rotated: multi-head latent attention.
    LowRank,
}

/// The order of the rows of query and key projections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    AsTheyAre,
    /// Head by head, row 2i of the file is row i of the head, row 2i + 1 is row `head_dim`/2 + i: the converter
    /// (`permute`) puts dimensions that are rotated together side by side.
    Interleaved,
}

/// The configuration's keys of the dimensions that every file names.
#[derive(Clone, Copy, Debug)]
pub struct ShapeNames {
    /// Those that the family itself reads a model's dimensions by.
    pub common: ShapeKeys,
    pub d_ff: &'static str,
    pub n_kv_heads: Option<&'static str>,
    pub head_dim: Option<&'static str>,
}

impl ShapeNames {
    pub const USUAL: Self = Self {
        common: ShapeKeys::USUAL,
        d_ff: "intermediate_size",
        n_kv_heads: Some("num_key_value_heads"),
        head_dim: Some("head_dim"),
    };

    pub const GPT2: Self = Self { common: ShapeKeys::GPT2, d_ff: "n_inner", n_kv_heads: None, head_dim: None };
}

/// `attention.layer_norm_epsilon`, of layer norms.
pub const LAYER_EPS: &str = "attention.layer_norm_epsilon";

impl Gguf {
    /// As most relatives of Llama are.
    pub const USUAL: Self = Self {
        architecture: "",
        model_type: "",
        also: &[],
        when: When::Always,
        shape: ShapeNames::USUAL,
        eps: Some(("attention.layer_norm_rms_epsilon", "rms_norm_eps")),
        rotated: Rotated::All,
        keys: &[],
        neutral: &[],
        constants: &[],
        told_by_tensors: &[],
        dense_layers: None,
        rows: RowOrder::AsTheyAre,
        windows: None,
        query_scale: QueryScale::Usual,
        renamed: &[],
        other_heads: &[],
    };

    /// An architecture that is called as the family is.
    pub const fn named(name: &'static str) -> Self {
        Self { architecture: name, model_type: name, ..Self::USUAL }
    }

    /// An architecture with a name of its own.
    pub const fn called(architecture: &'static str, model_type: &'static str) -> Self {
        Self { architecture, model_type, ..Self::USUAL }
    }
}
