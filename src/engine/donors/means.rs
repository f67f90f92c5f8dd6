//! Means of a model's vectors over the tokens of many prompts.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use ndarray::{Array2, Array3, Axis, s};

use crate::{
    attention::{Component, Donor, FirstToken, LayerQkv},
    engine::{EngineError, Prompt, memory, prompt_run::read},
    model::{self, LanguageModel, Residual},
};

/// Sums over the prompts that were read so far. Held while one prompt is read: two threads do not read the same, and whoever
/// comes later goes on where another gave up.
#[derive(Default)]
pub struct Means(Mutex<Sums>);

impl fmt::Debug for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Means")
    }
}

#[derive(Default)]
struct Sums {
    n_prompts: usize,
    n_tokens: usize,
    /// By layer and component, `[heads, d]`.
    layers: Vec<OfLayer>,
}

type OfLayer = [Array2<f64>; Component::ALL.len()];

impl Means {
    /// Reads the prompt of this number, 0-based, unless it was read already.
    pub fn read(
        &self,
        model: &LanguageModel,
        number: usize,
        prompt: &Prompt,
        first: FirstToken,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(), EngineError> {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sums.n_prompts > number {
            return Ok(());
        }
        let ids: Vec<u32> = read(model, prompt)?.iter().map(|token| token.id).collect();
        let skipped = match first {
            FirstToken::LeftOut => 1,
            FirstToken::Counted => 0,
        };
        let n_tokens = ids.len().saturating_sub(skipped);
        let mut of_prompt: Vec<OfLayer> = Vec::new();
        if n_tokens > 0 {
            memory::check(ids.len(), memory::run_bytes(model.shape(), ids.len()))?;
            let (transformer, n_layers) = (model.transformer(), model.shape().n_layers);
            let mut add = |_: usize, _: &Residual, qkv: &Arc<LayerQkv>| {
                of_prompt.push(Component::ALL.map(|component| sum(qkv.of_all_heads(component), skipped)));
            };
            model::run::advance(transformer, 0..n_layers, transformer.embed(&ids)?, None, cancelled, &mut add)?;
        }
        // Nothing of a prompt counts that was given up.
        sums.n_prompts += 1;
        sums.n_tokens += n_tokens;
        if sums.layers.is_empty() {
            sums.layers = of_prompt;
        } else {
            for (sums, of_prompt) in sums.layers.iter_mut().zip(of_prompt) {
                for (sum, of_prompt) in sums.iter_mut().zip(of_prompt) {
                    *sum += &of_prompt;
                }
            }
        }
        Ok(())
    }

    /// The same vector for every position; `None` where there was no token.
    #[expect(clippy::cast_possible_truncation, reason = "back to the precision of the vectors")]
    pub fn mean(&self, layer: usize, component: Component) -> Option<Donor> {
        let sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_layer = sums.layers.get(layer)?;
        let mean = of_layer[component.row()].mapv(|sum| (sum / sums.n_tokens as f64) as f32);
        Some(Donor::everywhere(mean.insert_axis(Axis(1))))
    }
}

/// The sum of each head's vectors from position `first` on, `[heads, d]`.
fn sum(vectors: Option<&Array3<f32>>, first: usize) -> Array2<f64> {
    let of = |vectors: &Array3<f32>| vectors.slice(s![.., first.., ..]).mapv(f64::from).sum_axis(Axis(1));
    vectors.map_or_else(|| Array2::zeros((0, 0)), of)
}
