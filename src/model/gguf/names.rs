//! Names of tensors: ggml's and those of Hugging Face.
//!
//! Reference: `tensor_mapping.py` in <https://github.com/ggml-org/llama.cpp/tree/master/gguf-py>.

const WHOLE: [(&str, &str); 3] = [
    ("token_embd.weight", "model.embed_tokens.weight"),
    ("output_norm.weight", "model.norm.weight"),
    ("output.weight", "lm_head.weight"),
];

/// What a layer is made of, each with a weight and maybe a bias.
const IN_LAYER: [(&str, &str); 11] = [
    ("attn_norm", "input_layernorm"),
    ("attn_q", "self_attn.q_proj"),
    ("attn_k", "self_attn.k_proj"),
    ("attn_v", "self_attn.v_proj"),
    ("attn_output", "self_attn.o_proj"),
    ("attn_q_norm", "self_attn.q_norm"),
    ("attn_k_norm", "self_attn.k_norm"),
    ("ffn_norm", "post_attention_layernorm"),
    ("ffn_gate", "mlp.gate_proj"),
    ("ffn_up", "mlp.up_proj"),
    ("ffn_down", "mlp.down_proj"),
];

/// What rotary frequencies are divided by, as Llama 3.1 has it.
pub const ROPE_FACTORS: &str = "rope_freqs.weight";

/// Hugging Face's name for a tensor of the file, in a model of `n_layers`; `None` where it has no place in one.
pub fn hugging_face(name: &str, n_layers: usize) -> Option<String> {
    if let Some((_, whole)) = WHOLE.iter().find(|(ours, _)| *ours == name) {
        return Some((*whole).to_owned());
    }
    let (layer, part) = name.strip_prefix("blk.")?.split_once('.')?;
    let number: usize = layer.parse().ok().filter(|&number| number < n_layers)?;
    let (part, kind) = part.rsplit_once('.').filter(|(_, kind)| matches!(*kind, "weight" | "bias"))?;
    let (_, part) = IN_LAYER.iter().find(|(ours, _)| *ours == part)?;
    // A number has one spelling, so that no two tensors get the same name.
    (number.to_string() == layer).then(|| format!("model.layers.{number}.{part}.{kind}"))
}

/// The file's name for a tensor of Hugging Face's.
pub fn in_file(name: &str) -> Option<String> {
    if let Some((whole, _)) = WHOLE.iter().find(|(_, theirs)| *theirs == name) {
        return Some((*whole).to_owned());
    }
    let (layer, part) = name.strip_prefix("model.layers.")?.split_once('.')?;
    let (part, kind) = part.rsplit_once('.')?;
    let (part, _) = IN_LAYER.iter().find(|(_, theirs)| *theirs == part)?;
    Some(format!("blk.{layer}.{part}.{kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_one_counterpart() {
        let parts = IN_LAYER.iter().flat_map(|(part, _)| ["weight", "bias"].map(|kind| format!("blk.7.{part}.{kind}")));
        let names: Vec<String> = WHOLE.iter().map(|(name, _)| (*name).to_owned()).chain(parts).collect();
        let theirs: std::collections::BTreeSet<String> =
            names.iter().map(|name| hugging_face(name, 8).unwrap()).collect();
        assert_eq!(theirs.len(), names.len());
        for name in &names {
            assert_eq!(in_file(&hugging_face(name, 8).unwrap()).as_ref(), Some(name));
        }
        assert_eq!(hugging_face("blk.3.ffn_norm.weight", 4).unwrap(), "model.layers.3.post_attention_layernorm.weight");
    }

    #[test]
    fn what_has_no_place_has_no_name() {
        for name in [
            "blk.8.attn_q.weight",
            "blk.07.attn_q.weight",
            "blk.+7.attn_q.weight",
            "blk.-1.attn_q.weight",
            "blk.7.attn_q",
            "blk.7.attn_q.scale",
            "blk.7.ffn_gate_exps.weight",
            "token_embd_norm.weight",
            "output.bias",
            "",
        ] {
            assert_eq!(hugging_face(name, 8), None, "{name}");
        }
        assert_eq!(in_file("model.rotary_emb.inv_freq"), None);
    }
}
