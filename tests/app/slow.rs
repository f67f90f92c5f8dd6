//! Sources that are as slow as a test wants: they open tensor by tensor and compute layer by layer, when they are let.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread::sleep,
    time::Duration,
};

use attenuate::{
    attention::Rule,
    engine::{Clock, EngineError, Job, OpenSource, Progress, SourceSpec},
    model::{
        LanguageModel, LayerParts, ModelError, ModelShape, NormInput, Parts, Residual, Tokenizer, Transformer, Vectors,
        bundled,
    },
    ui::Setup,
};
use ndarray::Array2;

use crate::support::model_inside;

/// Tensors of a slow source.
pub const TENSORS: usize = 10;
const TICK: Duration = Duration::from_millis(1);

/// Counts what was begun, and lets so much of it be done. Its clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<[AtomicUsize; 2]>);

impl Gate {
    /// Lets so many more through.
    pub fn allow(&self, more: usize) {
        self.0[1].fetch_add(more, SeqCst);
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.0[1].store(usize::MAX / 2, SeqCst);
    }

    /// Lets nothing more through.
    pub fn close(&self) {
        self.0[1].store(self.begun(), SeqCst);
    }

    /// Whether somebody waits to be let through.
    pub fn is_waited_at(&self) -> bool {
        self.begun() > self.0[1].load(SeqCst)
    }

    /// How many have come to the gate.
    pub fn begun(&self) -> usize {
        self.0[0].load(SeqCst)
    }

    fn pass(&self, gives_up: impl Fn() -> bool) -> bool {
        let turn = self.0[0].fetch_add(1, SeqCst);
        while self.0[1].load(SeqCst) <= turn {
            if gives_up() {
                return false;
            }
            sleep(TICK);
        }
        true
    }
}

/// Opens its gates when a test ends, so that no thread is left waiting.
#[derive(Debug, Default)]
pub struct Gates {
    pub tensors: Gate,
    pub layers: Gate,
    /// Prompts that were begun; never closed.
    pub prompts: Gate,
    /// Set, the next layer of a slow source panics, and it is set no more.
    pub fuse: Arc<AtomicBool>,
}

impl Drop for Gates {
    fn drop(&mut self) {
        self.tensors.open();
        self.layers.open();
    }
}

impl Gates {
    /// Opens model folders called `slow` through the gates, as the bundled model; everything else as ever. Time stands
    /// still until it is advanced.
    pub fn setup(&self) -> Setup {
        let (tensors, layers, prompts) = (self.tensors.clone(), self.layers.clone(), self.prompts.clone());
        prompts.open();
        let (fuse, model) = (self.fuse.clone(), model_inside());
        let open = move |source: &SourceSpec, job: &Job<'_>| match source {
            SourceSpec::Folder(path) if path.ends_with("slow") => {
                load(&tensors, job)?;
                let model = Gated {
                    inner: bundled::load()?,
                    layers: layers.clone(),
                    prompts: prompts.clone(),
                    fuse: fuse.clone(),
                };
                let tokenizer = Tokenizer::from_bytes(bundled::TOKENIZER)?;
                Ok(OpenSource::live(source, "Slow", LanguageModel::new(Box::new(model), Some(tokenizer))))
            }
            SourceSpec::Folder(path) if path.ends_with("broken") => {
                load(&tensors, job)?;
                OpenSource::open(source, &Job::unwatched())
            }
            _ => model.open(source, job),
        };
        Setup { open: Arc::new(open), clock: Clock::stopped(), ..Setup::default() }
    }
}

pub fn slow() -> SourceSpec {
    SourceSpec::Folder(Path::new("/nowhere/slow").to_owned())
}

fn load(tensors: &Gate, job: &Job<'_>) -> Result<(), EngineError> {
    for done in 0..TENSORS {
        let gives_up = || {
            job.progress(Progress { done, of: TENSORS });
            job.is_cancelled()
        };
        if gives_up() || !tensors.pass(gives_up) {
            return Err(EngineError::Cancelled);
        }
    }
    Ok(())
}

/// The bundled model, with a gate in front of what each layer ends with.
struct Gated {
    inner: LanguageModel,
    layers: Gate,
    prompts: Gate,
    fuse: Arc<AtomicBool>,
}

impl Transformer for Gated {
    fn shape(&self) -> &ModelShape {
        self.inner.shape()
    }

    fn embed_from(&self, token_ids: &[u32], first: usize) -> Result<Residual, ModelError> {
        self.prompts.pass(|| false);
        self.inner.transformer().embed_from(token_ids, first)
    }

    fn vectors_of_runs(&self, layer: usize, residual: &Residual) -> Result<Vec<Vectors>, ModelError> {
        self.inner.transformer().vectors_of_runs(layer, residual)
    }

    fn rule(&self, layer: usize, n_positions: usize) -> Result<Rule, ModelError> {
        self.inner.transformer().rule(layer, n_positions)
    }

    fn keeps_vectors(&self, shorter: usize, longer: usize) -> bool {
        self.inner.transformer().keeps_vectors(shorter, longer)
    }

    fn turns_last(&self, layer: usize) -> Result<bool, ModelError> {
        self.inner.transformer().turns_last(layer)
    }

    fn adds_positions(&self) -> bool {
        self.inner.transformer().adds_positions()
    }

    fn finish(&self, layer: usize, residual: &Residual, head_outputs: Array2<f32>) -> Result<Residual, ModelError> {
        self.layers.pass(|| false);
        assert!(!self.fuse.swap(false, SeqCst), "on purpose");
        self.inner.transformer().finish(layer, residual, head_outputs)
    }

    fn behind_attention(
        &self,
        layer: usize,
        head_outputs: &dyn Fn() -> Result<Array2<f32>, ModelError>,
    ) -> Result<Option<NormInput>, ModelError> {
        self.inner.transformer().behind_attention(layer, head_outputs)
    }

    fn layer_parts(
        &self,
        layer: usize,
        residual: &Residual,
        head_outputs: &Array2<f32>,
    ) -> Result<LayerParts, ModelError> {
        self.inner.transformer().layer_parts(layer, residual, head_outputs)
    }

    fn parts(&self) -> &dyn Parts {
        self.inner.transformer().parts()
    }

    fn logits(&self, residual: &Residual) -> Result<Array2<f32>, ModelError> {
        self.inner.transformer().logits(residual)
    }

    /// So slow that each run is made by itself.
    fn multiplications(&self) -> u64 {
        u64::MAX
    }
}
