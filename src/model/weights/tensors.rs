//! Named tensors, with their shapes checked.

use std::{cell::RefCell, collections::BTreeSet, ops::ControlFlow, sync::Arc};

use safetensors::{SafeTensorError, SafeTensors};

use super::{encoding::Encoding, matrix::Matrix};
use crate::{
    base::{Excerpt, MappedFile},
    model::{
        ModelError,
        loading::{Loaded, Watch},
    },
};

/// Where tensors come from: safetensors files, mapped or in memory, and what is added next to them.
pub trait TensorStore {
    /// Names of all tensors, in no order.
    fn names(&self) -> Vec<&str>;

    /// `None` where there is no such tensor.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;

    /// Its numbers: the last dimension are columns, all others rows. `None` where there is no such tensor.
    ///
    /// # Errors
    /// When its encoding cannot be read.
    fn matrix(&self, name: &str) -> Result<Option<Matrix>, ModelError>;

    /// The files that stay mapped as long as the model is open.
    fn files(&self) -> Vec<Arc<MappedFile>> {
        Vec::new()
    }
}

/// The tensors of a model while it is loaded. It remembers what was read, so that nothing is left out unseen.
pub struct Weights<'a> {
    store: &'a dyn TensorStore,
    read: RefCell<BTreeSet<String>>,
    watch: Watch<'a>,
}

impl<'a> Weights<'a> {
    #[cfg(test)]
    pub fn new(store: &'a dyn TensorStore) -> Self {
        Self::watched(store, &crate::model::loading::unwatched)
    }

    /// `watch` is asked after each tensor.
    pub fn watched(store: &'a dyn TensorStore, watch: Watch<'a>) -> Self {
        Self { store, read: RefCell::default(), watch }
    }

    pub fn contains(&self, name: &str) -> bool {
        self.store.shape(name).is_some()
    }

    /// The matrix `name`, `[rows, columns]`.
    ///
    /// # Errors
    /// When there is none, or not of the expected shape, or in an encoding that cannot be read.
    pub fn matrix(&self, name: &str, expected: [usize; 2]) -> Result<Matrix, ModelError> {
        self.expected(name, &expected)
    }

    /// The matrices of the tensor `name`, `[n, rows, columns]`.
    ///
    /// # Errors
    /// Those of [`Self::matrix`].
    pub fn matrices(&self, name: &str, [n, n_rows, n_columns]: [usize; 3]) -> Result<Vec<Matrix>, ModelError> {
        let expected = [n, n_rows, n_columns];
        let all = self.expected(name, &expected)?;
        let parts = (0..n).map(|part| all.part(part * n_rows..(part + 1) * n_rows)).collect::<Option<_>>();
        parts.ok_or_else(|| wrong_shape(name, &expected, vec![all.n_rows(), all.n_columns()]))
    }

    /// The vector `name`, `[length]`.
    ///
    /// # Errors
    /// Those of [`Self::matrix`], and when one of its numbers is not finite.
    pub fn vector(&self, name: &str, length: usize) -> Result<Vec<f32>, ModelError> {
        self.expected(name, &[length])?.to_vec()
    }

    /// The number `name`, be its shape `[]` or `[1]`.
    ///
    /// # Errors
    /// Those of [`Self::vector`].
    pub fn number(&self, name: &str) -> Result<f32, ModelError> {
        let shape: &[usize] = if self.store.shape(name).is_some_and(|shape| shape.is_empty()) { &[] } else { &[1] };
        Ok(self.expected(name, shape)?.to_vec()?.first().copied().unwrap_or_default())
    }

    fn expected(&self, name: &str, expected: &[usize]) -> Result<Matrix, ModelError> {
        let missing = || ModelError::MissingTensor { name: name.to_owned() };
        let found = self.store.shape(name).ok_or_else(missing)?;
        if found != expected {
            return Err(wrong_shape(name, expected, found));
        }
        let matrix = self.store.matrix(name)?.ok_or_else(missing)?;
        self.count(name)?;
        Ok(matrix)
    }

    /// Remembers that the tensor was read, and asks whether to go on.
    fn count(&self, name: &str) -> Result<(), ModelError> {
        let tensors = {
            let mut read = self.read.borrow_mut();
            read.insert(name.to_owned());
            read.len()
        };
        match (self.watch)(Loaded { tensors, of: self.store.names().len() }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ModelError::Cancelled),
        }
    }

    /// Whether there is a tensor below `prefix`.
    pub fn has_any(&self, prefix: &str) -> bool {
        self.store.names().iter().any(|name| name.starts_with(prefix))
    }

    /// # Errors
    /// When a tensor below `prefix` was not read and is not `known` to change nothing.
    pub fn refuse_unread(&self, prefix: &str, known: impl Fn(&str) -> bool) -> Result<(), ModelError> {
        let read = self.read.borrow();
        let unread = |name: &&str| name.starts_with(prefix) && !read.contains(*name) && !known(name);
        match self.store.names().into_iter().find(unread) {
            Some(name) => Err(ModelError::UnexpectedTensor { name: Excerpt::new(name).to_string() }),
            None => Ok(()),
        }
    }
}

impl TensorStore for SafeTensors<'_> {
    fn names(&self) -> Vec<&str> {
        Self::names(self)
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.tensor(name).ok().map(|view| view.shape().to_vec())
    }

    fn matrix(&self, name: &str) -> Result<Option<Matrix>, ModelError> {
        let Ok(view) = self.tensor(name) else { return Ok(None) };
        let numbers = Encoding::of(name, view.dtype())?.numbers(view.data());
        Ok(Matrix::held(rows_and_columns(view.shape()), numbers))
    }
}

/// The shape of a tensor as that of a matrix: the last dimension are columns, all others rows.
pub fn rows_and_columns(shape: &[usize]) -> [usize; 2] {
    match shape {
        [] => [1, 1],
        [rows @ .., columns] => [rows.iter().product(), *columns],
    }
}

/// A safetensors file in memory.
///
/// # Errors
/// When it is truncated or otherwise malformed.
pub fn open_safetensors(bytes: &[u8]) -> Result<SafeTensors<'_>, ModelError> {
    SafeTensors::deserialize(bytes).map_err(|cause| malformed(bytes, cause))
}

/// What is wrong with a safetensors file, more closely than the library says where its metadata is the reason.
pub fn malformed(bytes: &[u8], cause: SafeTensorError) -> ModelError {
    match wrong_metadata(bytes) {
        Some(found) => ModelError::WeightsMetadata { found },
        None => ModelError::WeightsFile(cause),
    }
}

/// What the header has in place of an object of texts.
fn wrong_metadata(bytes: &[u8]) -> Option<String> {
    let (length, rest) = bytes.split_first_chunk()?;
    let header = rest.get(..usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let header: serde_json::Value = serde_json::from_slice(header).ok()?;
    let found = match header.get("__metadata__")? {
        serde_json::Value::Object(entries) => {
            let (key, value) = entries.iter().find(|(_, value)| !value.is_string())?;
            format!("{value} as “{key}”")
        }
        other => other.to_string(),
    };
    Some(Excerpt::new(&found).to_string())
}

fn wrong_shape(name: &str, expected: &[usize], found: Vec<usize>) -> ModelError {
    ModelError::TensorShape { name: name.to_owned(), expected: expected.to_vec(), found }
}

#[cfg(test)]
pub mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Tensors made by hand: name, shape, values.
    #[derive(Default)]
    pub struct HandMade(BTreeMap<String, (Vec<usize>, Vec<f32>)>);

    impl HandMade {
        /// All of them zero.
        pub fn zeros(shapes: &[(&str, &[usize])]) -> Self {
            let zeros = |shape: &[usize]| (shape.to_vec(), vec![0.0; shape.iter().product()]);
            Self(shapes.iter().map(|&(name, shape)| (name.to_owned(), zeros(shape))).collect())
        }

        /// Other values for a tensor that is there.
        pub fn set(mut self, name: &str, values: impl IntoIterator<Item = f32>) -> Self {
            let (shape, old) = self.0.get_mut(name).unwrap();
            *old = values.into_iter().collect();
            assert_eq!(old.len(), shape.iter().product::<usize>(), "{name}");
            self
        }

        /// One more tensor of zeros.
        pub fn with(mut self, name: &str, shape: &[usize]) -> Self {
            self.0.insert(name.to_owned(), (shape.to_vec(), vec![0.0; shape.iter().product()]));
            self
        }

        pub fn remove(mut self, name: &str) -> Self {
            self.0.remove(name).unwrap();
            self
        }
    }

    impl TensorStore for HandMade {
        fn names(&self) -> Vec<&str> {
            self.0.keys().map(String::as_str).collect()
        }

        fn shape(&self, name: &str) -> Option<Vec<usize>> {
            self.0.get(name).map(|(shape, _)| shape.clone())
        }

        fn matrix(&self, name: &str) -> Result<Option<Matrix>, ModelError> {
            let Some((shape, values)) = self.0.get(name) else { return Ok(None) };
            Ok(Matrix::held(rows_and_columns(shape), values.clone()))
        }
    }

    #[test]
    fn what_was_not_read_is_refused_unless_it_is_known() {
        let store = HandMade::zeros(&[("h.1.a", &[2]), ("h.1.b", &[1]), ("h.10.c", &[1])]);
        let weights = Weights::new(&store);
        weights.vector("h.1.a", 2).unwrap();
        assert_eq!(
            weights.refuse_unread("h.1.", |_| false).unwrap_err().to_string(),
            "the weights have a tensor h.1.b that the configuration does not account for"
        );
        assert!(weights.refuse_unread("h.1.", |name| name == "h.1.b").is_ok());
    }
}
