//! What people open in the place of a capture, told by the names in it.

use super::error::Problem;
use crate::base::Names;

/// Why a file with tensors of these names, none of them a capture's, is no capture.
pub(super) fn problem(names: Names) -> Problem {
    let any = |is: fn(&str) -> bool| names.iter().any(is);
    if any(|name| name.ends_with("/data.pkl")) {
        Problem::Pickled
    } else if any(|name| name.contains("lora_A") || name.contains("lora_embedding_A")) {
        Problem::Adapter
    } else if any(|name| name == "tok_embeddings.weight" || name.ends_with(".attention.wq.weight")) {
        Problem::AuthorsWeights
    } else if any(|name| name.ends_with(".weight")) {
        Problem::Weights
    } else {
        Problem::NoTensors(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_by_mistake_is_called_by_its_name() {
        let said = |names: &[&str]| problem(Names::new(names.iter().map(ToString::to_string))).to_string();
        assert!(said(&["archive/data.pkl", "archive/version"]).contains("a pickle of PyTorch, which is never run"));
        assert!(said(&["base_model.model.layers.0.q_proj.lora_A.weight"]).contains("found an adapter (LoRA)"));
        assert!(said(&["layers.0.attention.wq.weight", "norm.weight"]).contains("authors' own layout"));
        assert!(said(&["lm_head.weight", "model.norm.weight"]).contains("open the folder that they are in"));
        assert!(said(&["scores"]).ends_with("found scores"));
    }
}
