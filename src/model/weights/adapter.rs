//! Low-rank adapters (`LoRA`) over the tensors of their model: W + scale·B·A, as peft merges them, a row at a time.
//!
//! References: `get_delta_weight` and `update_layer` in
//! <https://github.com/huggingface/peft/blob/main/src/peft/tuners/lora/layer.py>.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};

use super::{
    low_rank::LowRank,
    matrix::Matrix,
    safetensors_file::Shards,
    tensors::{TensorStore, rows_and_columns},
};
use crate::{
    base::{Excerpt, MappedFile},
    model::{ModelError, config::parse_config},
};

/// What is in front of a module's name in an adapter's file.
const WRAPPED: &str = "base_model.model.";
/// Larger than any rank.
const MOST_RANK: usize = 1 << 16;
/// Settings under which a merge is more than W + scale·B·A, and values that leave it so.
const NEUTRAL: [(&str, &[&str]); 7] = [
    ("use_dora", &["false"]),
    ("lora_bias", &["false"]),
    ("use_qalora", &["false"]),
    ("layer_replication", &[]),
    ("trainable_token_indices", &[]),
    ("alora_invocation_tokens", &[]),
    // Others, such as PiSSA's, change the weights of the model before they are trained.
    ("init_lora_weights", &["true", "false", "\"gaussian\"", "\"orthogonal\"", "\"eva\""]),
];

/// How the factors of an adapter are scaled.
#[derive(Clone, Debug, PartialEq)]
struct Scaling {
    alpha: f64,
    /// Of modules whose name is this, or ends with it behind a dot.
    alphas: BTreeMap<String, f64>,
    is_stabilized: bool,
    is_turned: bool,
}

/// What takes the place of a tensor.
enum Change {
    /// A and B, of the module of this name.
    LowRank { down: String, up: String, module: String },
    /// The adapter has it whole.
    Whole(String),
}

/// A model's tensors with those that an adapter changes.
pub struct Adapted {
    base: Shards,
    adapter: Shards,
    scaling: Scaling,
    /// By the names of the model's tensors.
    changes: BTreeMap<String, Change>,
}

impl Adapted {
    /// `config` is the text of `adapter_config.json`.
    ///
    /// # Errors
    /// When the adapter does what is not carried, or changes what the model does not have.
    pub fn new(base: Shards, adapter: Shards, config: &[u8]) -> Result<Self, ModelError> {
        let scaling = Scaling::read(&parse_config(config)?)?;
        let mut changes = BTreeMap::new();
        for name in adapter.names() {
            let (module, change) = change(name, &adapter)?;
            let Some(change) = change else { continue };
            let changed =
                base_name(&base, &module).ok_or_else(|| ModelError::MissingTensor { name: module.clone() })?;
            changes.insert(changed, change);
        }
        Ok(Self { base, adapter, scaling, changes })
    }

    fn needed(&self, name: &str) -> Result<Matrix, ModelError> {
        self.adapter.matrix(name)?.ok_or_else(|| ModelError::MissingTensor { name: name.to_owned() })
    }

    fn low_rank(&self, module: &str, down: &str, up: &str) -> Result<LowRank, ModelError> {
        let (down, up) = (self.needed(down)?, self.needed(up)?);
        let rank = down.n_rows();
        if rank == 0 || rank > MOST_RANK || up.n_columns() != rank {
            return Err(ModelError::Operand {
                operation: "the two factors of an adapter",
                expected: [up.n_rows(), rank],
                found: [up.n_rows(), up.n_columns()],
            });
        }
        let scale = self.scaling.of(module, rank);
        let [down, up] = [&down, &up].map(|factor| factor.select(0..factor.n_rows()));
        let (down, up) = (down?, up?);
        Ok(if self.scaling.is_turned {
            LowRank { left: down.reversed_axes(), right: up.reversed_axes(), scale }
        } else {
            LowRank { left: up, right: down, scale }
        })
    }
}

impl TensorStore for Adapted {
    fn names(&self) -> Vec<&str> {
        self.base.names()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        match self.changes.get(name) {
            Some(Change::Whole(saved)) => self.adapter.shape(saved),
            _ => self.base.shape(name),
        }
    }

    fn matrix(&self, name: &str) -> Result<Option<Matrix>, ModelError> {
        let Some(base) = self.base.matrix(name)? else { return Ok(None) };
        match self.changes.get(name) {
            None => Ok(Some(base)),
            Some(Change::Whole(saved)) => self.adapter.matrix(saved),
            Some(Change::LowRank { down, up, module }) => {
                let change = self.low_rank(module, down, up)?;
                let found = [change.left.nrows(), change.right.ncols()];
                let expected = rows_and_columns(&self.base.shape(name).unwrap_or_default());
                base.adapted(change).map(Some).ok_or_else(|| {
                    let (name, expected, found) = (module.clone(), expected.to_vec(), found.to_vec());
                    ModelError::TensorShape { name, expected, found }
                })
            }
        }
    }

    fn files(&self) -> Vec<Arc<MappedFile>> {
        self.base.files().into_iter().chain(self.adapter.files()).collect()
    }
}

impl Scaling {
    fn read(config: &Map<String, Value>) -> Result<Self, ModelError> {
        let get = |key: &str| config.get(key).filter(|value| !value.is_null());
        let kind = get("peft_type").and_then(Value::as_str).unwrap_or("LORA");
        if kind != "LORA" {
            return Err(refused("peft_type", kind, "LORA is"));
        }
        for (key, neutral) in NEUTRAL {
            if let Some(found) = get(key).map(Value::to_string).filter(|found| !neutral.contains(&&**found)) {
                return Err(refused(key, &found, "merging B·A alone is"));
            }
        }
        let rank = get("r").and_then(Value::as_f64).unwrap_or(8.0);
        let plain = |key: &str| -> Result<BTreeMap<String, f64>, ModelError> {
            let patterns = get(key).and_then(Value::as_object).into_iter().flatten();
            let pattern = |(name, value): (&String, &Value)| {
                let is_name =
                    name.chars().all(|character| character.is_ascii_alphanumeric() || "._".contains(character));
                let value = value.as_f64().filter(|_| is_name);
                value
                    .map(|value| (name.clone(), value))
                    .ok_or_else(|| refused("alpha_pattern", name, "names of modules are"))
            };
            patterns.map(pattern).collect()
        };
        let is = |key: &str| get(key).and_then(Value::as_bool).unwrap_or(false);
        Ok(Self {
            alpha: get("lora_alpha").and_then(Value::as_f64).unwrap_or(rank),
            alphas: plain("alpha_pattern")?,
            is_stabilized: is("use_rslora"),
            is_turned: is("fan_in_fan_out"),
        })
    }

    /// alpha/r, or alpha/√r where it is rank-stabilized.
    #[expect(clippy::cast_possible_truncation, reason = "the reference multiplies in f32")]
    fn of(&self, module: &str, rank: usize) -> f32 {
        let is_meant =
            |name: &str| module.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.'));
        let own = self.alphas.iter().find(|(name, _)| is_meant(name)).map(|(_, alpha)| *alpha);
        let alpha = own.unwrap_or(self.alpha);
        let rank = rank as f64;
        (if self.is_stabilized { alpha / rank.sqrt() } else { alpha / rank }) as f32
    }
}

fn refused(what: &'static str, found: &str, supported: &'static str) -> ModelError {
    ModelError::Unsupported { what, found: Excerpt::new(found).to_string(), supported }
}

/// Which tensor of the model a tensor of the adapter changes, and how; none for the second factor of a pair.
fn change(name: &str, adapter: &Shards) -> Result<(String, Option<Change>), ModelError> {
    let inner = name.strip_prefix(WRAPPED).unwrap_or(name);
    let inner = inner.replace(".modules_to_save.default.", ".").replace(".modules_to_save.", ".");
    if inner.contains("lora_embedding_") || inner.contains("lora_magnitude_vector") || inner.contains("lora_B.bias") {
        return Err(ModelError::UnexpectedTensor { name: Excerpt::new(name).to_string() });
    }
    for own in ["", ".default"] {
        let [down, up] = ["A", "B"].map(|side| format!(".lora_{side}{own}.weight"));
        if let Some(module) = inner.strip_suffix(&down) {
            let up = name.strip_suffix(&down).map(|before| format!("{before}{up}")).unwrap_or_default();
            if adapter.shape(&up).is_none() {
                return Err(ModelError::MissingTensor { name: up });
            }
            let change = Change::LowRank { down: name.to_owned(), up, module: module.to_owned() };
            return Ok((format!("{module}.weight"), Some(change)));
        }
        if let Some(module) = inner.strip_suffix(&up) {
            return Ok((format!("{module}.weight"), None));
        }
    }
    let change = Change::Whole(name.to_owned());
    Ok((inner, Some(change)))
}

/// What the model's own files call a tensor: they may lack what the wrapped model has in front, or have more.
fn base_name(base: &Shards, name: &str) -> Option<String> {
    if base.shape(name).is_some() {
        return Some(name.to_owned());
    }
    let is_end = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|before| before.ends_with('.'));
    let mut alike = base.names().into_iter().filter(|other| is_end(other, name) || is_end(name, other));
    let found = alike.next()?;
    alike.next().is_none().then(|| found.to_owned())
}
