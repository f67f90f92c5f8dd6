//! An adapter and the model that it is over, in folders.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Token ids that both read.
pub const IDS: [u32; 8] = [0, 5, 17, 40, 99, 250, 5, 17];

/// The files of a model in `folder`.
pub fn model(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for name in ["config.json", "model.safetensors"] {
        fs::copy(root().join("goldens/llama").join(name), folder.join(name)).unwrap();
    }
}

/// An adapter in `folder`, whose base has this name.
pub fn adapter(folder: &Path, base: &str) {
    fs::create_dir_all(folder).unwrap();
    let plain = root().join("parity/adapters/plain");
    fs::copy(plain.join("adapter_model.safetensors"), folder.join("adapter_model.safetensors")).unwrap();
    let mut config: serde_json::Value =
        serde_json::from_slice(&fs::read(plain.join("adapter_config.json")).unwrap()).unwrap();
    config["base_model_name_or_path"] = base.into();
    fs::write(folder.join("adapter_config.json"), config.to_string()).unwrap();
}
