//! What several subjects share.

pub mod adapters;
pub mod allocations;
pub mod alone;
pub mod chatty;
pub mod gguf;
pub mod grids;
pub mod outcomes;
pub mod raster;

use std::path::Path;

use attenuate::{
    engine::{Bundled, ModelInside},
    session::Session,
};

/// The figure, of a source that costs nothing: the capture.
pub fn captured_figure() -> Session {
    Session::example(Bundled::Smollm2Capture)
}

/// The file that the program embeds.
pub const MODEL_INSIDE: &str = "assets/model/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";

/// The model inside, of its file.
pub fn model_inside() -> ModelInside {
    ModelInside::in_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join(MODEL_INSIDE)).unwrap()
}
