//! The real language model inside the program, SmolLM2-135M-Instruct: see `assets/model/smollm2/README.md`.
//!
//! Its bytes are the program's, not this library's: whoever opens it brings them.

use std::{path::Path, sync::Arc};

use super::{
    LanguageModel,
    gguf::{self, GgufError},
    loading::Watch,
};
use crate::base::MappedFile;

/// Its name for people.
pub const TITLE: &str = "SmolLM2-135M-Instruct";

/// What it reads until a prompt is typed: `<|endoftext|>` and the sentence of [`crate::capture::bundled`].
pub const TOKEN_IDS: [u32; 24] = [
    0, 41319, 10379, 5125, 638, 7757, 971, 9624, 281, 253, 6330, 5117, 418, 260, 3685, 17837, 1092, 260, 1743, 23555,
    260, 1867, 2229, 30,
];

/// Opens `file`, whose weights are read in place: only norms are copied.
///
/// # Errors
/// When it is another file, or `watch` gave up.
pub fn open(file: Arc<MappedFile>, watch: Watch<'_>) -> Result<LanguageModel, GgufError> {
    gguf::open_mapped(file, Path::new("bundled:smollm2"), watch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture;

    #[test]
    fn it_reads_what_was_captured_of_it() {
        assert_eq!(capture::bundled::smollm2().unwrap().token_ids().unwrap(), TOKEN_IDS);
    }
}
