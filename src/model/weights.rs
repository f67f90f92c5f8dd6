//! Named tensors, as f32, with their shapes checked.

use std::{cell::RefCell, collections::BTreeSet};

use candle_core::{DType, Device, Tensor};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::ModelError;

/// Where tensors come from: a safetensors file in memory, and what is added next to it.
pub trait TensorStore {
    /// Names of all tensors, in no order.
    fn names(&self) -> Vec<&str>;

    /// `None` where there is no such tensor.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;

    /// Converted to f32. `None` where there is no such tensor.
    ///
    /// # Errors
    /// When its number format cannot be read.
    fn read(&self, name: &str) -> Result<Option<Tensor>, ModelError>;
}

/// The tensors of a model while it is loaded. It remembers what was read, so that nothing is left out unseen.
pub struct Weights<'a> {
    store: &'a dyn TensorStore,
    read: RefCell<BTreeSet<String>>,
}

impl<'a> Weights<'a> {
    pub fn new(store: &'a dyn TensorStore) -> Self {
        Self { store, read: RefCell::default() }
    }

    pub fn contains(&self, name: &str) -> bool {
        self.store.shape(name).is_some()
    }

    /// The tensor `name` in f32.
    ///
    /// # Errors
    /// When there is none, or not of the expected shape, or in a number format that cannot be read.
    pub fn tensor(&self, name: &str, expected: &[usize]) -> Result<Tensor, ModelError> {
        let missing = || ModelError::MissingTensor { name: name.to_owned() };
        let found = self.store.shape(name).ok_or_else(missing)?;
        if found != expected {
            return Err(ModelError::TensorShape { name: name.to_owned(), expected: expected.to_vec(), found });
        }
        self.read.borrow_mut().insert(name.to_owned());
        self.store.read(name)?.ok_or_else(missing)
    }

    /// Names below `prefix` that were not read.
    pub fn unread(&self, prefix: &str) -> Vec<&'a str> {
        let read = self.read.borrow();
        self.store.names().into_iter().filter(|&name| name.starts_with(prefix) && !read.contains(name)).collect()
    }
}

impl TensorStore for SafeTensors<'_> {
    fn names(&self) -> Vec<&str> {
        Self::names(self)
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.tensor(name).ok().map(|view| view.shape().to_vec())
    }

    fn read(&self, name: &str) -> Result<Option<Tensor>, ModelError> {
        self.tensor(name).ok().map(|view| to_f32(name, &view)).transpose()
    }
}

/// A safetensors file in memory or memory-mapped.
///
/// # Errors
/// When it is truncated or otherwise malformed.
pub fn open_safetensors(bytes: &[u8]) -> Result<SafeTensors<'_>, ModelError> {
    SafeTensors::deserialize(bytes).map_err(ModelError::WeightsFile)
}

fn to_f32(name: &str, view: &TensorView<'_>) -> Result<Tensor, ModelError> {
    let dtype = match view.dtype() {
        Dtype::F32 => DType::F32,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        other => {
            return Err(ModelError::Unsupported {
                what: "number format",
                found: format!("{other:?} of tensor {name}"),
                supported: "F32, F16 and BF16 are",
            });
        }
    };
    Tensor::from_raw_buffer(view.data(), dtype, view.shape(), &Device::Cpu)
        .and_then(|tensor| tensor.to_dtype(DType::F32))
        .map_err(ModelError::tensor(format!("reading tensor {name}")))
}
