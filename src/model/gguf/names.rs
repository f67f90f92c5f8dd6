//! Names of tensors: the file's, and those of the model's description.

use super::roles::{Form, Role, roles};
use crate::model::families::{description::Description, readers::gguf_names::Gguf};

/// What rotary frequencies are divided by, as Llama 3.1 has it.
pub const ROPE_FACTORS: &str = "rope_freqs.weight";
/// The same for prompts up to the original length, and beyond, as Phi 3 has it.
pub const SHORT_FACTORS: &str = "rope_factors_short.weight";
pub const LONG_FACTORS: &str = "rope_factors_long.weight";

/// What is added for each type of token, without `.weight`.
pub const TOKEN_TYPES: &str = "token_types";

/// The names of one model's tensors.
pub struct Names<'d> {
    description: &'d Description,
    gguf: &'d Gguf,
}

/// A tensor's name in the description, and how the file has its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// With `{}` for the number of each of several tensors in one.
    pub name: String,
    pub form: Form,
}

impl<'d> Names<'d> {
    pub fn new(description: &'d Description, gguf: &'d Gguf) -> Self {
        Self { description, gguf }
    }

    /// Of tensors outside of the layers, the file's first; without `.weight` or `.bias`.
    fn outside(&self) -> impl Iterator<Item = (&'static str, String)> {
        let Description { names, embedding, output, .. } = self.description;
        let below = |name: &str| format!("{}{name}", names.prefix);
        let norm = output.norm.filter(|norm| !norm.name.is_empty());
        let pairs = [
            Some(("token_embd", below(embedding.tokens))),
            embedding.norm.map(|norm| ("token_embd_norm", below(norm.name))),
            embedding.positions.map(|positions| ("position_embd", below(positions.name))),
            embedding.token_types.map(|types| (TOKEN_TYPES, below(types.name))),
            norm.map(|norm| ("output_norm", below(norm.name))),
            Some(("output", output.name.to_owned())),
        ];
        pairs.into_iter().flatten()
    }

    /// Whether a tensor of the file makes something else than logits, and is passed over.
    pub fn is_of_other_head(&self, name: &str) -> bool {
        self.gguf.other_heads.iter().any(|head| name.starts_with(head))
    }

    fn roles(&self, layer: usize) -> Vec<Role> {
        let mut found = self.description.layers.get(layer).map(|layer| roles(layer, self.gguf)).unwrap_or_default();
        let shape = &self.description.shape;
        for role in &mut found {
            // Norms of named heads, as many as there are heads.
            if role.form == Form::Numbered(0) {
                role.form = Form::Numbered(if role.file == "attn_q_norm" { shape.n_heads } else { shape.n_kv_heads });
            }
        }
        found
    }

    /// Where a tensor of the file is in the model; `None` where it has no place in one.
    pub fn place(&self, name: &str) -> Option<Place> {
        let (base, kind) = name.rsplit_once('.').filter(|(_, kind)| matches!(*kind, "weight" | "bias"))?;
        if let Some((_, ours)) = self.outside().find(|(file, _)| *file == base) {
            return Some(Place { name: format!("{ours}.{kind}"), form: Form::AsTheyAre });
        }
        let (number, part) = base.strip_prefix("blk.")?.split_once('.')?;
        let layer: usize = number.parse().ok()?;
        // A number has one spelling, so that no two tensors get the same name.
        if layer.to_string() != number {
            return None;
        }
        let role = self.roles(layer).into_iter().find(|role| role.file == part)?;
        let names = self.description.names;
        let ours = format!("{}{}{layer}.{}", names.prefix, names.layers, role.ours);
        let name = if matches!(role.form, Form::Whole(_)) { ours } else { format!("{ours}.{kind}") };
        Some(Place { name, form: role.form })
    }

    /// The file's name for one of the description's.
    pub fn in_file(&self, name: &str) -> Option<String> {
        let names = self.description.names;
        if let Some((base, kind)) = name.rsplit_once('.')
            && let Some((file, _)) = self.outside().find(|(_, ours)| ours == base)
        {
            return Some(format!("{file}.{kind}"));
        }
        let (number, rest) = name.strip_prefix(names.prefix)?.strip_prefix(names.layers)?.split_once('.')?;
        for role in self.roles(number.parse().ok()?) {
            let kind = match role.form {
                Form::Whole(kind) => (role.ours == rest).then_some(kind),
                Form::Numbered(_) => numbered(&role.ours, rest),
                _ => rest.strip_prefix(&role.ours).and_then(|kind| kind.strip_prefix('.')),
            };
            if let Some(kind) = kind.filter(|kind| matches!(*kind, "weight" | "bias")) {
                return Some(format!("blk.{number}.{}.{kind}", role.file));
            }
        }
        None
    }
}

/// What stands behind a name that has a number where `pattern` has `{}`.
fn numbered<'n>(pattern: &str, name: &'n str) -> Option<&'n str> {
    let (before, behind) = pattern.split_once("{}")?;
    let rest = name.strip_prefix(before)?.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.strip_prefix(behind)?.strip_prefix('.')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::families::registry;

    fn llama(n_layers: usize) -> Description {
        let config = serde_json::json!({
            "model_type": "llama", "hidden_size": 8, "num_hidden_layers": n_layers, "num_attention_heads": 2,
            "intermediate_size": 4, "vocab_size": 2, "max_position_embeddings": 4
        });
        registry::parse(config.to_string().as_bytes()).unwrap()
    }

    fn gguf() -> &'static Gguf {
        registry::IN_GGUF.iter().find(|gguf| gguf.model_type == "llama").unwrap()
    }

    #[test]
    fn every_name_has_one_counterpart() {
        let description = llama(8);
        let names = Names::new(&description, gguf());
        let parts = names.roles(7).into_iter().map(|role| format!("blk.7.{}", role.file));
        let files: Vec<String> = names
            .outside()
            .map(|(file, _)| file.to_owned())
            .chain(parts)
            .map(|name| format!("{name}.weight"))
            .collect();
        let theirs: BTreeSet<String> = files.iter().map(|name| names.place(name).unwrap().name).collect();
        assert_eq!((theirs.len(), files.len()), (12, 12));
        for file in &files {
            assert_eq!(names.in_file(&names.place(file).unwrap().name).as_ref(), Some(file));
        }
        let place = names.place("blk.3.ffn_norm.weight").unwrap();
        assert_eq!(place.name, "model.layers.3.post_attention_layernorm.weight");
    }

    #[test]
    fn what_has_no_place_has_no_name() {
        let description = llama(8);
        let names = Names::new(&description, gguf());
        for name in [
            "blk.8.attn_q.weight",
            "blk.07.attn_q.weight",
            "blk.+7.attn_q.weight",
            "blk.-1.attn_q.weight",
            "blk.7.attn_q",
            "blk.7.attn_q.scale",
            "blk.7.ffn_gate_exps.weight",
            "token_embd_norm.weight",
            "",
        ] {
            assert_eq!(names.place(name), None, "{name}");
        }
        assert_eq!(names.in_file("model.rotary_emb.inv_freq"), None);
    }
}
