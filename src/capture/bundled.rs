//! The capture that ships inside the program: the figure on a real language model.

use super::{Capture, CaptureError};

/// The layer of [`smollm2`] that shows the figure, 0-based.
pub const SMOLLM2_LAYER: usize = 14;
/// The head of [`SMOLLM2_LAYER`] that shows the figure, 0-based.
pub const SMOLLM2_HEAD: usize = 3;

/// The text that was read when [`smollm2`] was captured.
pub const SMOLLM2_PROMPT: &str = "Attention weights describe how strongly each token in a sentence looks at the earlier tokens before the model \
     predicts the next word.";

static SMOLLM2: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/captures/smollm2-135m.safetensors"));

/// Query, key and value vectors of SmolLM2-135M-Instruct for one prompt of 24 tokens: 30 layers, 9 heads, 3 kv heads.
/// Where they come from: `assets/captures/README.md`.
///
/// # Errors
/// None, as long as the embedded file is the one that is tested.
pub fn smollm2() -> Result<Capture, CaptureError> {
    Capture::from_bytes(SMOLLM2, "bundled:smollm2")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::attention::{Component, Edit, Epsilon, HeadEdit, Mask, Metrics, Operation, PositionScope, sink_mass};

    #[test]
    fn holds_what_its_readme_says() {
        let capture = smollm2().unwrap();
        assert_eq!((capture.n_layers(), capture.n_heads(), capture.n_kv_heads()), (30, 9, 3));
        assert_eq!((capture.n_positions(), capture.head_dim()), (24, 64));
        assert_eq!((capture.rule(0).unwrap().scale, &capture.rule(0).unwrap().mask), (0.125, &Mask::CAUSAL));
        assert_eq!(capture.tokens().unwrap()[..3], ["<|endoftext|>", "Attention", "Ġweights"]);
        assert_eq!(capture.token_ids().unwrap()[..3], [0, 41319, 10379]);
        assert_eq!(capture.prompt(), Some(SMOLLM2_PROMPT));
        assert!(capture.model().unwrap().starts_with("SmolLM2-135M-Instruct"));
    }

    /// Within 2e-3 of the f32 run's values in the README, as the f16 tensors allow.
    #[test]
    fn layer_14_head_3_is_the_figure() {
        let layer = smollm2().unwrap().layer(SMOLLM2_LAYER).unwrap();
        let scores = Arc::new(layer.head_scores(SMOLLM2_HEAD));
        let baseline = Metrics::of(&scores.pattern(&HeadEdit::NOTHING));
        assert!((baseline.sink_mass.unwrap() - 0.849).abs() < 2e-3, "{baseline:?}");
        assert!((baseline.normalized_entropy.unwrap() - 0.165).abs() < 2e-3, "{baseline:?}");
        for (epsilon, sink) in Epsilon::FIGURE.into_iter().zip([0.637, 0.093, 0.093]) {
            let (component, operation, positions) = (Component::Query, Operation::Scale, PositionScope::All);
            let edit = Edit { component, operation, epsilon, positions };
            let found = sink_mass(&scores.pattern(&HeadEdit::new(Some(&edit), None))).unwrap();
            assert!((found - sink).abs() < 2e-3, "{epsilon}: {found}");
        }
    }
}
