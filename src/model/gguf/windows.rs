//! Which layers of a file's model attend within a window: as the file lists them, or else llama.cpp's constant.

use serde_json::Value as Json;

use super::{
    error::Defect,
    keys::{Keys, WINDOW},
    metadata::Value,
    translation::Translation,
};
use crate::model::{
    config::common_config::{MOST_LAYERS, MOST_NAMED_POSITIONS},
    families::readers::gguf_names::{FullLayer, Windows},
};

const PATTERN: &str = "attention.sliding_window_pattern";

impl Keys<'_, '_> {
    /// The window, where the family obeys the key, and the layers that have it. A window of 0 says that there is none.
    ///
    /// # Errors
    /// When it is no whole number, or layers are listed that are not as many as the model has.
    pub fn windows(&self, to: &mut Translation) -> Result<(), Defect> {
        let Some((_, config)) = self.gguf.keys.iter().find(|(name, _)| *name == WINDOW) else { return Ok(()) };
        let windows = self.gguf.windows;
        let window = self.count(WINDOW, MOST_NAMED_POSITIONS)?.or(windows.and_then(|windows| windows.default));
        let window = window.filter(|&window| window > 0);
        to.set(config, window.map_or(Json::Null, Json::from));
        if let Some(windows) = windows {
            let of_layer = |slides| if slides && window.is_some() { "sliding_attention" } else { "full_attention" };
            to.set("layer_types", self.sliding(windows)?.into_iter().map(of_layer).collect::<Vec<_>>());
        }
        Ok(())
    }

    /// Whether each layer has the window.
    fn sliding(&self, windows: Windows) -> Result<Vec<bool>, Defect> {
        let metadata = &self.header.metadata;
        let n_layers = metadata.required_count(&self.key("block_count"), 1..=MOST_LAYERS)?;
        let key = self.key(PATTERN);
        if let Some(Value::List(_)) = self.get(PATTERN) {
            return metadata.flags(&key, n_layers);
        }
        let period = metadata.count(&key, 0..=MOST_LAYERS)?.unwrap_or(windows.period);
        let nth = match windows.full {
            FullLayer::First => 0,
            FullLayer::Last => 1,
        };
        Ok((0..n_layers).map(|layer| period == 0 || !(layer + nth).is_multiple_of(period)).collect())
    }
}
