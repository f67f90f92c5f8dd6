use std::{fmt, path::Path, sync::Arc};

use super::Bundled;
use crate::{
    base::{MappedFile, regular_file::OpenError},
    engine::{EngineError, Job, OpenFn, OpenSource, SourceSpec},
    model,
};

/// Where the bytes of the language model inside the program are.
///
/// The program embeds them and says so at its start. Were they part of this library, whatever links it would carry 98 MB:
/// every test, every benchmark.
///
/// ```
/// use attenuate::engine::{Engine, ModelInside};
///
/// let file = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/model/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
/// let model = ModelInside::in_file(file.as_ref())?;
/// let facts = Engine::opening(model.opener()).facts(&"bundled:smollm2".parse()?)?;
/// assert_eq!((facts.n_layers, facts.n_heads), (30, 9));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ModelInside(Arc<MappedFile>);

impl ModelInside {
    /// Bytes that are part of the program, of the file `assets/model/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf`. They are
    /// read in place: aligned as a mapped file's are, at least by the four bytes of an f32.
    pub fn embedded(bytes: &'static [u8]) -> Self {
        Self(Arc::new(MappedFile::embedded(bytes)))
    }

    /// The file itself.
    ///
    /// # Errors
    /// When it cannot be mapped.
    pub fn in_file(path: &Path) -> Result<Self, OpenError> {
        Ok(Self(Arc::new(MappedFile::open(path)?)))
    }

    /// [`OpenSource::open`], with the model inside at hand.
    ///
    /// # Errors
    /// As [`OpenSource::open`].
    pub fn open(&self, source: &SourceSpec, job: &Job<'_>) -> Result<OpenSource, EngineError> {
        if *source != SourceSpec::Bundled(Bundled::Smollm2) || !Bundled::Smollm2.is_live() {
            return OpenSource::open(source, job);
        }
        profiling::scope!("ModelInside::open");
        let model = model::smollm2::open(self.0.clone(), &|loaded| job.watch(loaded))?;
        Ok(OpenSource::live(source, model::smollm2::TITLE, model))
    }

    /// [`Self::open`], for whoever opens sources.
    pub fn opener(self) -> OpenFn {
        Arc::new(move |source, job| self.open(source, job))
    }
}

impl fmt::Debug for ModelInside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelInside({} bytes)", self.0.bytes().len())
    }
}
