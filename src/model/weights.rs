//! Named tensors, as f32, with their shapes checked.

use std::{cell::RefCell, collections::BTreeSet};

use half::{bf16, f16, slice::HalfFloatSliceExt};
use ndarray::Array2;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::ModelError;

/// Where tensors come from: a safetensors file in memory, and what is added next to it.
pub trait TensorStore {
    /// Names of all tensors, in no order.
    fn names(&self) -> Vec<&str>;

    /// `None` where there is no such tensor.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;

    /// Its numbers as f32, the last dimension running fastest. `None` where there is no such tensor.
    ///
    /// # Errors
    /// When its number format cannot be read.
    fn read(&self, name: &str) -> Result<Option<Vec<f32>>, ModelError>;
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

    /// The matrix `name`, `[rows, columns]`.
    ///
    /// # Errors
    /// When there is none, or not of the expected shape, or in a number format that cannot be read.
    pub fn matrix(&self, name: &str, expected: [usize; 2]) -> Result<Array2<f32>, ModelError> {
        let values = self.read(name, &expected)?;
        let n_values = values.len();
        let misshapen =
            |_| ModelError::TensorShape { name: name.to_owned(), expected: expected.to_vec(), found: vec![n_values] };
        Array2::from_shape_vec(expected, values).map_err(misshapen)
    }

    /// The vector `name`, `[length]`.
    ///
    /// # Errors
    /// Those of [`Self::matrix`].
    pub fn vector(&self, name: &str, length: usize) -> Result<Vec<f32>, ModelError> {
        self.read(name, &[length])
    }

    fn read(&self, name: &str, expected: &[usize]) -> Result<Vec<f32>, ModelError> {
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

    fn read(&self, name: &str) -> Result<Option<Vec<f32>>, ModelError> {
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

fn to_f32(name: &str, view: &TensorView<'_>) -> Result<Vec<f32>, ModelError> {
    let bytes = view.data();
    match view.dtype() {
        Dtype::F32 => Ok(numbers(bytes, f32::from_le_bytes)),
        // Many at once: one by one, each would ask again what the processor can do.
        Dtype::F16 => Ok(numbers(bytes, f16::from_le_bytes).to_f32_vec()),
        Dtype::BF16 => Ok(numbers(bytes, bf16::from_le_bytes).to_f32_vec()),
        other => Err(ModelError::Unsupported {
            what: "number format",
            found: format!("{other:?} of tensor {name}"),
            supported: "F32, F16 and BF16 are",
        }),
    }
}

/// Numbers of N bytes each.
fn numbers<const N: usize, T>(bytes: &[u8], number: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (numbers, _) = bytes.as_chunks::<N>();
    numbers.iter().map(|&bytes| number(bytes)).collect()
}
