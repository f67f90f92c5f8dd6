//! A copy of a tiny model of the goldens that a test may damage.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use attenuate::{
    attention::Preset,
    engine::{Engine, EngineError, Outcome, Prompt, RunSpec, SourceSpec},
    model::{folder, loading::unwatched},
    session::Session,
};
use safetensors::{Dtype, SafeTensors, View};
use serde_json::Value;
use tempfile::TempDir;

use crate::grids::at;

/// More than all tests of this crate together need, far less than what the absurd ones ask for.
const MOST_RESIDENT: u64 = 400 << 20;
const MOST_ADDRESSED: u64 = 4 << 30;

/// A tensor that a test may change.
#[derive(Clone)]
pub struct Raw {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub data: Vec<u8>,
}

impl View for Raw {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.data)
    }

    fn data_len(&self) -> usize {
        self.data.len()
    }
}

pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// A copy of the golden of this name.
    pub fn of(golden: &str) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(golden);
        let folder = tempfile::tempdir().unwrap();
        for name in ["config.json", "model.safetensors"] {
            fs::copy(from.join(name), folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.file(name), bytes).unwrap();
    }

    pub fn weights(&self) -> Vec<u8> {
        fs::read(self.file("model.safetensors")).unwrap()
    }

    pub fn configure(&self, key: &str, value: Value) {
        let mut config: Value = serde_json::from_slice(&fs::read(self.file("config.json")).unwrap()).unwrap();
        config[key] = value;
        self.write("config.json", config.to_string());
    }

    pub fn change_tensors(&self, change: impl FnOnce(&mut BTreeMap<String, Raw>)) {
        let bytes = self.weights();
        let raw = |(name, view): (&str, safetensors::tensor::TensorView<'_>)| {
            let raw = Raw { dtype: view.dtype(), shape: view.shape().to_vec(), data: view.data().to_vec() };
            (name.to_owned(), raw)
        };
        let mut tensors: BTreeMap<String, Raw> = SafeTensors::deserialize(&bytes).unwrap().iter().map(raw).collect();
        change(&mut tensors);
        self.write("model.safetensors", safetensors::serialize(tensors, None).unwrap());
    }

    /// Why the folder cannot be opened; says its path.
    #[track_caller]
    pub fn refusal(&self) -> String {
        let error = folder::open(self.path(), &unwatched).err().expect("refused").to_string();
        assert!(error.contains(&self.path().display().to_string()), "{error}");
        assert!(!error.contains('\n'), "one line: {error}");
        check_memory();
        error
    }

    /// The grid in scope *All layers*, and the effect on the output: everything that a model is asked for.
    pub fn run(&self, prompt: Prompt) -> Result<Outcome, EngineError> {
        run(&mut Engine::default(), self.path(), prompt)
    }
}

pub fn run(engine: &mut Engine, folder: &Path, prompt: Prompt) -> Result<Outcome, EngineError> {
    let spec = RunSpec { source: SourceSpec::Folder(folder.to_owned()), prompt, ..Session::default().run_spec() }.with(
        |experiment| {
            experiment.layer = 2;
            experiment.head = 1;
            experiment.scope = Preset::AllLayers.scope();
        },
    );
    let outcome = engine.run(&spec, &|| false)?;
    engine.effect(&spec, at(attenuate::attention::Component::Value, 1), &|| false)?;
    check_memory();
    Ok(outcome)
}

/// The most memory that this process ever had.
#[track_caller]
fn check_memory() {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return };
    let bytes = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
    };
    let (resident, addressed) = (bytes("VmHWM:"), bytes("VmPeak:"));
    assert!(resident <= MOST_RESIDENT, "{resident} bytes of memory were in use");
    assert!(addressed <= MOST_ADDRESSED, "{addressed} bytes were reserved");
}
