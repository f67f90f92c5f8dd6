//! The JSON files of a model folder.

use std::{io, path::Path};

use super::super::folder_error::FolderError;
use crate::base::regular_file::{self, OpenError};

/// What says that a folder has an adapter.
pub const ADAPTER_CONFIG: &str = "adapter_config.json";
/// Larger than any `config.json`, `tokenizer.json` or index there is; a file beyond is not read.
const MOST_JSON: u64 = 256 << 20;

/// `None` where there is no such file.
pub fn json(path: &Path) -> Result<Option<Vec<u8>>, FolderError> {
    match regular_file::read(path, MOST_JSON) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(OpenError::TooLarge { most, found }) => Err(FolderError::TooLarge { path: path.to_owned(), most, found }),
        Err(error) => Err(FolderError::Unreadable { path: path.to_owned(), cause: error.into() }),
    }
}
