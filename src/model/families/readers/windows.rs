//! Which layers attend within a sliding window, and how wide it is.

use crate::model::{
    ModelError,
    config::{Config, common_config::MOST_NAMED_POSITIONS, wrong},
    families::description::Description,
};

const FULL: &str = "full_attention";
const SLIDING: &str = "sliding_attention";

/// Whether each layer has a window: as `layer_types` says, or else `default`, by the layer's number from 0.
///
/// # Errors
/// When the list is not as long as there are layers, or names layers of another kind, which have no softmax over
/// earlier tokens.
pub fn sliding_layers(
    config: Config<'_>,
    n_layers: usize,
    default: impl Fn(usize) -> bool,
) -> Result<Vec<bool>, ModelError> {
    const KEY: &str = "layer_types";
    let Some(types) = config.texts(KEY)? else { return Ok((0..n_layers).map(default).collect()) };
    if let Some(other) = types.iter().find(|kind| **kind != SLIDING && !is_full_attention(kind)) {
        return Err(ModelError::Unsupported {
            what: KEY,
            found: (*other).to_owned(),
            supported: "full_attention and sliding_attention are",
        });
    }
    if types.len() != n_layers {
        return Err(wrong(KEY, format!("a list of {n_layers}, one for each layer"), format!("{}", types.len())));
    }
    Ok(types.into_iter().map(|kind| kind == SLIDING).collect())
}

/// Whether a kind of layer attends to all keys; transformers reads both spellings.
pub fn is_full_attention(kind: &str) -> bool {
    [FULL, "attention"].contains(&kind)
}

/// How many keys a window has, the query's own among them: `default` where the key is left out; null says that there is
/// none.
///
/// # Errors
/// When it is no whole number above 0.
pub fn window(config: Config<'_>, key: &'static str, default: Option<usize>) -> Result<Option<usize>, ModelError> {
    if config.has(key) { config.count(key, 1..=MOST_NAMED_POSITIONS) } else { Ok(default) }
}

impl Description {
    /// With a window in some layers. One that is as wide as the longest prompt masks nothing.
    #[must_use]
    pub fn within(mut self, window: Option<usize>, is_sliding: impl Fn(usize) -> bool) -> Self {
        if let Some(window) = window.filter(|&window| window < self.shape.max_positions) {
            for (_, layer) in self.layers.iter_mut().enumerate().filter(|&(index, _)| is_sliding(index)) {
                layer.attention.rule.mask = layer.attention.rule.mask.clone().within(window);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn layers(config: Value) -> Result<Vec<bool>, ModelError> {
        sliding_layers(Config::new(config.as_object().unwrap()), 2, |layer| layer == 1)
    }

    #[test]
    fn layers_slide_as_they_say_or_else_by_default() {
        assert_eq!(layers(json!({})).unwrap(), [false, true]);
        assert_eq!(layers(json!({"layer_types": [SLIDING, FULL]})).unwrap(), [true, false]);
        let refusal = |types: Value| layers(json!({ "layer_types": types })).unwrap_err().to_string();
        assert!(refusal(json!([FULL])).contains("layer_types must be a list of 2, one for each layer, found 1"));
        assert!(
            refusal(json!([FULL, "linear_attention"])).starts_with("layer_types linear_attention is not supported")
        );
        assert!(refusal(json!(3)).contains("layer_types must be a list of texts"));
    }

    #[test]
    fn a_window_that_is_left_out_is_not_one_that_is_null() {
        let read = |config: Value| window(Config::new(config.as_object().unwrap()), "sliding_window", Some(7));
        assert_eq!(read(json!({})).unwrap(), Some(7));
        assert_eq!(read(json!({"sliding_window": null})).unwrap(), None);
        for wrong in [json!(0), json!(-1), json!(1e300), json!("4")] {
            let error = read(json!({ "sliding_window": wrong })).unwrap_err().to_string();
            assert!(error.contains("sliding_window must be a whole number from 1"), "{error}");
        }
    }
}
