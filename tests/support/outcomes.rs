//! Outcomes to draw, made without the engine.

use std::{path::Path, sync::Arc};

use attenuate::{
    attention::{
        Components, Edit, Epsilon, Experiment, Grid, HeadEdit, LayerAttention, LayerQkv, Mask, Operation, Preset, Shown,
    },
    engine::{Bundled, LayerNumbers, Outcome, Panel, Role, SourceFacts, SourceKind, SourceSpec, Token},
};
use half::f16;
use ndarray::{Array3, Axis, Ix4};
use safetensors::SafeTensors;

/// Query, key and value vectors of layer 14 of the bundled capture, `[heads, T, d]`.
pub fn captured_vectors() -> [Array3<f32>; 3] {
    let file = std::fs::read(captured_path()).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    ["q", "k", "v"].map(|name| {
        let tensor = tensors.tensor(name).unwrap();
        let values = tensor.data().chunks(2).map(|bytes| f16::from_le_bytes([bytes[0], bytes[1]]).to_f32()).collect();
        let all = ndarray::ArrayD::from_shape_vec(tensor.shape(), values).unwrap();
        all.into_dimensionality::<Ix4>().unwrap().index_axis_move(Axis(0), 14)
    })
}

fn captured_path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/captures/smollm2-135m.safetensors")
}

/// The figure on a real model: layer 14, head 3 of the bundled capture.
pub fn captured() -> Outcome {
    let file = std::fs::read(captured_path()).unwrap();
    let (_, header) = SafeTensors::read_metadata(&file).unwrap();
    let tokens: Vec<String> = serde_json::from_str(&header.metadata().as_ref().unwrap()["tokens"]).unwrap();
    let [query, key, value] = captured_vectors();
    let qkv = LayerQkv::new(query, key, Some(value), 0.125, Mask::CAUSAL).unwrap();
    outcome(qkv, 3, tokens.iter().map(|piece| piece.replace('Ġ', " ")).collect())
}

/// Two tokens, one head, by hand: scores ln 3 and 0 in the second row, so that its weights are 3/4 and 1/4; value vectors
/// of length 5 and 2. ε is 1/2, 0 and 1.
pub fn two_tokens() -> Outcome {
    let vectors = |values: [f32; 4], n: usize| Array3::from_shape_vec((1, 2, n), values[..2 * n].to_vec()).unwrap();
    let query = vectors([1.0, 1.0, 0.0, 0.0], 1);
    let key = vectors([3.0_f32.ln(), 0.0, 0.0, 0.0], 1);
    let value = vectors([3.0, 4.0, 0.0, -2.0], 2);
    let qkv = LayerQkv::new(query, key, Some(value), 1.0, Mask::CAUSAL).unwrap();
    let epsilon = [0.5, 0.0, 1.0].map(|epsilon| Epsilon::new(epsilon).unwrap());
    outcome_at(&epsilon, qkv, 0, vec!["a".to_owned(), "b".to_owned()])
}

/// [`synthetic`] vectors under another grid of ε, with these tokens.
pub fn gridded(epsilon: Grid<Epsilon>, tokens: Vec<String>) -> Outcome {
    outcome_of(epsilon, swinging(tokens.len(), Mask::CAUSAL), 0, tokens)
}

/// A head of `n_positions` whose queries and keys swing at different rates, with a sink at key 0.
pub fn synthetic(n_positions: usize, mask: Mask) -> Outcome {
    let words = ["attention", " is", " a", " distribution", " over", " earlier", " tokens", ",", " always"];
    let tokens = (0..n_positions).map(|position| words[position % words.len()].to_owned()).collect();
    outcome(swinging(n_positions, mask), 0, tokens)
}

fn swinging(n_positions: usize, mask: Mask) -> LayerQkv {
    let vectors = |rate: f32, sink: f32| {
        Array3::from_shape_fn((1, n_positions, 4), |(_, position, dimension)| {
            let place = position as f32;
            match dimension {
                0 => 3.0,
                1 => {
                    if position == 0 {
                        sink
                    } else {
                        0.0
                    }
                }
                2 => 4.0 * (place * rate).sin(),
                _ => 4.0 * (place * rate).cos(),
            }
        })
    };
    let (mut query, key) = (vectors(0.37, 0.0), vectors(0.31, 12.0));
    query.slice_mut(ndarray::s![.., .., 1]).fill(1.0);
    LayerQkv::new(query, key, None, 0.5, mask).unwrap()
}

fn outcome(qkv: LayerQkv, head: usize, tokens: Vec<String>) -> Outcome {
    outcome_at(&Epsilon::FIGURE, qkv, head, tokens)
}

/// The columns have ε of `epsilon`, every row alike.
pub fn outcome_at(epsilon: &[Epsilon], qkv: LayerQkv, head: usize, tokens: Vec<String>) -> Outcome {
    outcome_of(Grid::repeated(Components::FIGURE, epsilon).unwrap(), qkv, head, tokens)
}

/// The same, of any grid.
pub fn outcome_of(epsilon: Grid<Epsilon>, qkv: LayerQkv, head: usize, tokens: Vec<String>) -> Outcome {
    let qkv = Arc::new(qkv);
    let scores = Arc::new(qkv.head_scores(head));
    let panel = |edit: Option<&Edit>| {
        let edit = HeadEdit::new(edit, None);
        Panel::new(scores.pattern(&edit), LayerAttention::Vectors(qkv.clone()), head, edit)
    };
    let facts = SourceFacts {
        source: SourceSpec::Bundled(Bundled::Smollm2Capture),
        kind: SourceKind::Capture,
        title: "SmolLM2-135M-Instruct".to_owned(),
        n_layers: 1,
        layers: LayerNumbers::default(),
        n_heads: qkv.n_heads(),
        n_kv_heads: qkv.n_kv_heads(),
        head_dim: qkv.head_dim(),
        max_positions: qkv.n_positions(),
        has_bos: false,
        has_chat: false,
        adapter: attenuate::engine::Adapter::None,
        adds_positions: false,
        notices: Vec::new(),
    };
    let (n_heads, n_kv_heads) = (facts.n_heads, facts.n_kv_heads);
    let shown = Shown { layer: 0, head, n_layers: 1, n_heads, n_kv_heads };
    let experiment = Experiment {
        layer: 0,
        head,
        operation: Operation::Scale,
        scope: Preset::ThisHead.scope(),
        in_force: attenuate::attention::InForce::default(),
        epsilon,
    };
    let panels = Grid::from_fn(experiment.shape(), |id| panel(experiment.intervention(shown, id).at(0, head).next()));
    let tokens =
        tokens.into_iter().map(|text| Token { id: None, piece: text.clone(), text, role: Role::default() }).collect();
    Outcome {
        facts: Arc::new(facts),
        tokens,
        patched_from: None,
        experiment,
        baseline: panel(None),
        reference: attenuate::engine::Reference::Baseline,
        reference_panels: None,
        panels,
    }
}
