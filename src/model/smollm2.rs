//! The real language model inside the program, SmolLM2-135M-Instruct: see `assets/model/smollm2/README.md`.
//!
//! Its bytes are the program's, not this library's: whoever opens it brings them.

use std::sync::Arc;

use super::{
    LanguageModel, Spelling, VocabularyToken,
    gguf::{self, GgufError},
    lazy_tokenizer::Preview,
    loading::Watch,
    readable,
};
use crate::base::MappedFile;

/// Its name for people.
pub const TITLE: &str = "SmolLM2-135M-Instruct";

/// What it reads until a prompt is typed: `<|endoftext|>` and the sentence of [`crate::capture::bundled`].
pub const TOKEN_IDS: [u32; 24] = [
    0, 41319, 10379, 5125, 638, 7757, 971, 9624, 281, 253, 6330, 5117, 418, 260, 3685, 17837, 1092, 260, 1743, 23555,
    260, 1867, 2229, 30,
];

/// As its vocabulary writes [`TOKEN_IDS`]: the first picture needs no more of a tokenizer that takes as long to build as all
/// else that it takes.
const PIECES: [&str; TOKEN_IDS.len()] = [
    "<|endoftext|>",
    "Attention",
    "Ġweights",
    "Ġdescribe",
    "Ġhow",
    "Ġstrongly",
    "Ġeach",
    "Ġtoken",
    "Ġin",
    "Ġa",
    "Ġsentence",
    "Ġlooks",
    "Ġat",
    "Ġthe",
    "Ġearlier",
    "Ġtokens",
    "Ġbefore",
    "Ġthe",
    "Ġmodel",
    "Ġpredicts",
    "Ġthe",
    "Ġnext",
    "Ġword",
    ".",
];

/// Opens `file`, whose weights are read in place: only norms are copied. Its tokenizer is built when a text is typed.
///
/// # Errors
/// When it is another file, or `watch` gave up.
pub fn open(file: Arc<MappedFile>, watch: Watch<'_>) -> Result<LanguageModel, GgufError> {
    gguf::open_mapped(file, "bundled:smollm2", preview(), watch)
}

fn preview() -> Preview {
    let token = |(id, piece): (u32, &str)| {
        let text = readable(piece, Spelling::ByteLevel);
        VocabularyToken { piece: piece.to_owned(), text, ..VocabularyToken::unnamed(id) }
    };
    Preview { tokens: TOKEN_IDS.into_iter().zip(PIECES).map(token).collect(), has_bos: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{capture, model::loading::unwatched};

    /// What is known of the tokenizer before it is built is what it says itself.
    #[test]
    fn the_tokenizer_says_what_was_known_of_it() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/model/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
        let model = open(Arc::new(MappedFile::open(path.as_ref()).unwrap()), &unwatched).unwrap();
        let known = (model.tokens(&TOKEN_IDS), model.has_bos());
        assert_eq!(known.0[2].text, " weights");
        let read = model.tokenize(capture::bundled::SMOLLM2_PROMPT, true).unwrap();
        assert_eq!(read, known.0[1..], "no token is put in front");
        assert_eq!((model.tokens(&TOKEN_IDS), model.has_bos()), known);
    }

    #[test]
    fn it_reads_what_was_captured_of_it() {
        assert_eq!(capture::bundled::smollm2().unwrap().token_ids().unwrap(), TOKEN_IDS);
    }
}
