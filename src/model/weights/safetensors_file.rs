//! Safetensors files, mapped.

use std::{path::PathBuf, sync::Arc};

use safetensors::{
    Dtype, SafeTensors,
    tensor::{Metadata, TensorInfo},
};

use super::{
    encoding::Encoding,
    matrix::Matrix,
    scales::Scaling,
    stored::Stored,
    tensors::{TensorStore, malformed, rows_and_columns},
};
use crate::{
    base::MappedFile,
    model::{ModelError, folder_error::FolderError},
};

/// The tensors of one file.
struct Shard {
    file: Arc<MappedFile>,
    metadata: Metadata,
    /// Where the numbers begin, behind the header.
    start: usize,
}

impl Shard {
    fn open(path: PathBuf) -> Result<Self, FolderError> {
        let file = match MappedFile::open(&path) {
            Ok(file) => file,
            Err(cause) => return Err(FolderError::Unreadable { path, cause: cause.into() }),
        };
        let malformed = |cause| FolderError::Model { path, cause: malformed(file.bytes(), cause) };
        let (header, metadata) = SafeTensors::read_metadata(file.bytes()).map_err(malformed)?;
        Ok(Self { file: Arc::new(file), metadata, start: size_of::<u64>() + header })
    }
}

/// The tensors of several files as those of one. Tensors that are scales of others are not listed by themselves.
pub struct Shards {
    shards: Vec<Shard>,
    names: Vec<String>,
}

impl Shards {
    /// Reads the headers.
    ///
    /// # Errors
    /// When a file cannot be mapped, or is truncated or otherwise malformed.
    pub fn open(paths: Vec<PathBuf>) -> Result<Self, FolderError> {
        let shards = paths.into_iter().map(Shard::open).collect::<Result<_, _>>()?;
        let mut all = Self { shards, names: Vec::new() };
        let names = all.shards.iter().flat_map(|shard| shard.metadata.offset_keys());
        all.names = names.filter(|name| !Scaling::is_scales(name, |name| all.dtype(name))).collect();
        Ok(all)
    }

    /// Whether there are matrices in FP8.
    pub fn has_f8(&self) -> bool {
        self.names.iter().any(|name| self.dtype(name) == Some(Dtype::F8_E4M3))
    }

    fn find(&self, name: &str) -> Option<(&Shard, &TensorInfo)> {
        self.shards.iter().find_map(|shard| Some((shard, shard.metadata.info(name)?)))
    }

    fn dtype(&self, name: &str) -> Option<Dtype> {
        self.find(name).map(|(_, info)| info.dtype)
    }

    fn scaling(&self, name: &str) -> Option<Scaling> {
        Scaling::of(name, |name| self.dtype(name))
    }

    fn stored(&self, name: &str, encoding: Encoding, shape: [usize; 2]) -> Result<Stored, ModelError> {
        let missing = || ModelError::MissingTensor { name: name.to_owned() };
        let (shard, info) = self.find(name).ok_or_else(missing)?;
        let (start, end) = info.data_offsets;
        Stored::new(name, shard.file.clone(), shard.start + start..shard.start + end, encoding, shape)
    }

    /// With the scales that are a tensor by themselves.
    fn scaled(&self, name: &str, scaling: &Scaling) -> Result<Stored, ModelError> {
        let shape = |name| self.find(name).map(|(_, info)| &info.shape[..]).unwrap_or_default();
        let (numbers, factors) = (shape(name), shape(&scaling.scales));
        let (encoding, of_scales) = scaling.encodings(self.dtype(&scaling.scales))?;
        let [n_rows, n_columns] = rows_and_columns(&scaling.shape(numbers));
        let factors = self.stored(&scaling.scales, of_scales, rows_and_columns(factors))?;
        let block = scaling.block(numbers, &factors)?;
        self.stored(name, encoding, [n_rows, n_columns])?.scaled(factors, block)
    }
}

impl TensorStore for Shards {
    fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let (_, info) = self.find(name)?;
        Some(self.scaling(name).map_or_else(|| info.shape.clone(), |scaling| scaling.shape(&info.shape)))
    }

    fn matrix(&self, name: &str) -> Result<Option<Matrix>, ModelError> {
        let Some((_, info)) = self.find(name) else { return Ok(None) };
        let stored = match self.scaling(name) {
            Some(scaling) => self.scaled(name, &scaling)?,
            None => self.stored(name, Encoding::of(name, info.dtype)?, rows_and_columns(&info.shape))?,
        };
        Ok(Some(Matrix::stored(stored)))
    }

    fn files(&self) -> Vec<Arc<MappedFile>> {
        self.shards.iter().map(|shard| shard.file.clone()).collect()
    }
}
