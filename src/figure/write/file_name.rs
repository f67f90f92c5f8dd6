//! What files of a head are called unless somebody calls them otherwise.

use std::path::Path;

use crate::engine::SourceSpec;

/// The longest name of a model in characters.
const LONGEST: usize = 60;
/// Of files of models and captures.
const ENDINGS: [&str; 3] = ["gguf", "safetensors", "npz"];

/// The name of a file with what is seen of a head, without its ending: `smollm2-L14H3`. `layer` is the number that the
/// layer is called by.
pub fn file_stem(source: &SourceSpec, layer: usize, head: usize) -> String {
    format!("{}-L{layer}H{head}", model(source))
}

/// The source's name as a part of a file's name on every system.
fn model(source: &SourceSpec) -> String {
    let name = source.name();
    let name = name.strip_prefix("bundled:").unwrap_or(&name);
    // Of a model in a cache, without its owner.
    let name = name.rsplit('/').next().unwrap_or(name);
    let ending =
        Path::new(name).extension().filter(|found| ENDINGS.iter().any(|ending| found.eq_ignore_ascii_case(ending)));
    let name = ending.map_or(name, |ending| &name[..name.len() - ending.len() - 1]);
    let plain = name.chars().map(|character| {
        let is_plain = character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
        if is_plain { character } else { '-' }
    });
    let plain: String = plain.take(LONGEST).collect();
    let plain = plain.trim_matches(['-', '.']);
    if plain.is_empty() { "attenuate".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Bundled;

    #[test]
    fn files_are_named_after_model_layer_and_head() {
        for (source, stem) in [
            (SourceSpec::Bundled(Bundled::Smollm2), "smollm2-L14H3"),
            (SourceSpec::Bundled(Bundled::Smollm2Capture), "smollm2-capture-L14H3"),
            (SourceSpec::Gguf("/m/Qwen2.5-0.5B.Q4_1.gguf".into()), "Qwen2.5-0.5B.Q4_1-L14H3"),
            (SourceSpec::Folder("/m/Qwen2.5-0.5B".into()), "Qwen2.5-0.5B-L14H3"),
            (SourceSpec::Folder("/m/my model: new?".into()), "my-model--new-L14H3"),
            (SourceSpec::Folder("..".into()), "attenuate-L14H3"),
            (SourceSpec::Cached("hf:Qwen/Qwen3-0.6B".parse().unwrap()), "Qwen3-0.6B-L14H3"),
        ] {
            assert_eq!(file_stem(&source, 14, 3), stem);
        }
    }
}
