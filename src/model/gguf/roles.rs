//! Names of a layer's tensors: what llama.cpp calls the part that each plays, and what the family's description calls it.
//!
//! Reference: `tensor_mapping.py` in <https://github.com/ggml-org/llama.cpp/tree/master/gguf-py>.

use crate::model::families::{
    description::{
        ExpertBlocks, FeedForward, GateUp, Gated, Layer, NormExtent, Norms, Projections, RouterScores, StackedMaps,
    },
    readers::gguf_names::{Gguf, RowOrder},
};

/// A tensor of a layer, in the file and in the description, without `.weight` or `.bias` at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub file: &'static str,
    pub ours: String,
    pub form: Form,
}

/// How the file has the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    AsTheyAre,
    /// The rows of each head's two halves alternate.
    Interleaved,
    /// As many tensors as this in one, whose numbers stand for `{}` in the name.
    Numbered(usize),
    /// `[columns]`, of a matrix of one row.
    OneRow,
    /// Head by head the part of a joined projection that makes keys, turned.
    KeyPart,
    /// The part that makes values.
    ValuePart,
    /// A tensor by itself, whose name in the description is whole, and ends like this in the file.
    Whole(&'static str),
}

/// All tensors that a layer can have.
pub fn roles(layer: &Layer, gguf: &Gguf) -> Vec<Role> {
    let mut roles = Roles(Vec::new());
    let rotated = match gguf.rows {
        RowOrder::Interleaved => Form::Interleaved,
        RowOrder::AsTheyAre => Form::AsTheyAre,
    };
    match &layer.attention.projections {
        Projections::Separate { query, key, value } => {
            roles.add("attn_q", query.name, rotated);
            roles.add("attn_k", key.name, rotated);
            roles.plain("attn_v", value.name);
        }
        Projections::Fused { map, .. } => roles.plain("attn_qkv", map.name),
        Projections::LowRank(_) => roles.low_rank(),
    }
    roles.plain("attn_output", layer.attention.output.name);
    if let Some(sinks) = layer.attention.rule.sinks {
        roles.add("attn_sinks", sinks, Form::Whole("weight"));
    }
    if let Some(norms) = &layer.attention.qk_norm {
        for (file, norm) in [("attn_q_norm", &norms.query), ("attn_k_norm", &norms.key)] {
            match norms.extent {
                NormExtent::NamedHead => roles.add(file, format!("{}.{{}}", norm.name), Form::Numbered(0)),
                _ => roles.plain(file, norm.name),
            }
        }
    }
    roles.norms(["attn_norm", "post_attention_norm", "attn_output_norm"], &layer.attention_norms);
    roles.norms(["ffn_norm", "post_ffw_norm", "layer_output_norm"], &layer.feed_forward_norms);
    roles.feed_forward(&layer.feed_forward);
    for (ours, file) in gguf.renamed {
        roles.0.iter_mut().filter(|role| role.ours == *ours).for_each(|role| role.file = file);
    }
    roles.0
}

struct Roles(Vec<Role>);

impl Roles {
    fn add(&mut self, file: &'static str, ours: impl Into<String>, form: Form) {
        self.0.push(Role { file, ours: ours.into(), form });
    }

    fn plain(&mut self, file: &'static str, ours: &str) {
        self.add(file, ours, Form::AsTheyAre);
    }

    /// As [`super::super::families::network`] names them.
    fn low_rank(&mut self) {
        for (file, ours) in [
            ("attn_q", "self_attn.q_proj"),
            ("attn_q_a", "self_attn.q_a_proj"),
            ("attn_q_a_norm", "self_attn.q_a_layernorm"),
            ("attn_q_b", "self_attn.q_b_proj"),
            ("attn_kv_a_mqa", "self_attn.kv_a_proj_with_mqa"),
            ("attn_kv_a_norm", "self_attn.kv_a_layernorm"),
            ("attn_kv_b", "self_attn.kv_b_proj"),
        ] {
            self.plain(file, ours);
        }
        self.add("attn_k_b", "self_attn.kv_b_proj", Form::KeyPart);
        self.add("attn_v_b", "self_attn.kv_b_proj", Form::ValuePart);
    }

    fn norms(&mut self, [before, behind, on_sum]: [&'static str; 3], norms: &Norms) {
        for (file, norm) in [(before, norms.before), (behind, norms.behind), (on_sum, norms.on_sum)] {
            if let Some(norm) = norm.filter(|norm| !norm.name.is_empty()) {
                self.plain(file, norm.name);
            }
        }
    }

    fn feed_forward(&mut self, block: &FeedForward) {
        match block {
            FeedForward::Plain { up, down, .. } | FeedForward::Xielu { up, down, .. } => {
                self.plain("ffn_up", up.name);
                self.plain("ffn_down", down.name);
            }
            FeedForward::Gated(gated) => self.gated(["ffn_gate", "ffn_up", "ffn_down"], "", gated, Form::AsTheyAre),
            FeedForward::Experts(experts) => {
                let router = &experts.router;
                self.plain("ffn_gate_inp", router.map.name);
                if let RouterScores::Sigmoid { correction } = router.scores {
                    self.add("exp_probs_b", correction, Form::Whole("bias"));
                }
                match &experts.blocks {
                    ExpertBlocks::Numbered { prefix, expert } => {
                        let names = ["ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"];
                        self.gated(names, &format!("{prefix}{{}}."), expert, Form::Numbered(router.n_experts));
                    }
                    ExpertBlocks::Stacked(stacked) => {
                        if let StackedMaps::Apart { gate, up, down } = stacked.maps {
                            for (file, ours) in [("ffn_gate_exps", gate), ("ffn_up_exps", up), ("ffn_down_exps", down)]
                            {
                                self.plain(file, ours);
                            }
                        }
                    }
                }
                if let Some(shared) = &experts.shared {
                    let names = ["ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp"];
                    self.gated(names, shared.prefix, &shared.block, Form::AsTheyAre);
                    if let Some(gate) = shared.gate {
                        self.add("ffn_gate_inp_shexp", gate, Form::OneRow);
                    }
                }
            }
        }
    }

    fn gated(&mut self, [gate, up, down]: [&'static str; 3], prefix: &str, gated: &Gated, form: Form) {
        match gated.gate_up {
            GateUp::Separate { gate: ours_gate, up: ours_up } => {
                self.add(gate, format!("{prefix}{}", ours_gate.name), form);
                self.add(up, format!("{prefix}{}", ours_up.name), form);
            }
            // Both in one are called as the second.
            GateUp::Fused(fused) => self.add(up, format!("{prefix}{}", fused.name), form),
        }
        self.add(down, format!("{prefix}{}", gated.down.name), form);
    }
}
