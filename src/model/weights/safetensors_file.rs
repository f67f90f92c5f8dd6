//! Safetensors files, mapped.

use std::{path::PathBuf, sync::Arc};

use safetensors::{SafeTensors, tensor::Metadata};

use super::{TensorStore, matrix::MappedNumbers, number_format::NumberFormat, tensors::malformed};
use crate::{
    base::MappedFile,
    model::{ModelError, folder_error::FolderError},
};

/// The tensors of one file.
struct Shard {
    file: Arc<MappedFile>,
    metadata: Metadata,
    names: Vec<String>,
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
        Ok(Self { file: Arc::new(file), names: metadata.offset_keys(), metadata, start: size_of::<u64>() + header })
    }

    fn numbers(&self, name: &str) -> Result<Option<MappedNumbers>, ModelError> {
        let Some(info) = self.metadata.info(name) else { return Ok(None) };
        let (start, end) = info.data_offsets;
        let bytes = self.start + start..self.start + end;
        Ok(Some(MappedNumbers { file: self.file.clone(), bytes, format: NumberFormat::of(name, info.dtype)? }))
    }
}

/// The tensors of several files as those of one.
pub struct Shards(Vec<Shard>);

impl Shards {
    /// Reads the headers.
    ///
    /// # Errors
    /// When a file cannot be mapped, or is truncated or otherwise malformed.
    pub fn open(paths: Vec<PathBuf>) -> Result<Self, FolderError> {
        paths.into_iter().map(Shard::open).collect::<Result<_, _>>().map(Self)
    }

    fn with(&self, name: &str) -> Option<&Shard> {
        self.0.iter().find(|shard| shard.metadata.info(name).is_some())
    }
}

impl TensorStore for Shards {
    fn names(&self) -> Vec<&str> {
        self.0.iter().flat_map(|shard| &shard.names).map(String::as_str).collect()
    }

    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.with(name)?.metadata.info(name)?.shape.clone())
    }

    fn read(&self, name: &str) -> Result<Option<Vec<f32>>, ModelError> {
        let Some(numbers) = self.mapped(name)? else { return Ok(None) };
        numbers.file.check()?;
        Ok(Some(numbers.to_vec()))
    }

    fn mapped(&self, name: &str) -> Result<Option<MappedNumbers>, ModelError> {
        self.with(name).map_or(Ok(None), |shard| shard.numbers(name))
    }

    fn files(&self) -> Vec<Arc<MappedFile>> {
        self.0.iter().map(|shard| shard.file.clone()).collect()
    }
}
