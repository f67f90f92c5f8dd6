use std::{collections::HashMap, fmt};

use tokenizers::{Decoder as _, DecoderWrapper, Tokenizer as Inner};

use super::{
    ModelError, Role,
    chat::Rendered,
    piece::{Spelling, readable},
};
use crate::base::contained;

/// One token of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VocabularyToken {
    /// In the vocabulary.
    pub id: u32,
    /// As the vocabulary writes it, e.g. `Ġlove`.
    pub piece: String,
    /// As a reader sees it, e.g. ` love`; control characters are escaped.
    pub text: String,
    /// Whose it is.
    pub role: Role,
}

/// Text to tokens, as the model's files say.
pub struct Tokenizer {
    inner: Inner,
    spelling: Spelling,
    /// The pieces of ids whose piece another id has too, which is the one that a text becomes.
    repeated: HashMap<u32, String>,
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer").field("spelling", &self.spelling).finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn from_bytes(json: &[u8]) -> Result<Self, ModelError> {
        let inner = careful(|| {
            let mut inner = Inner::from_bytes(json)?;
            // The file may ask to cut or fill prompts to some length: that is for training in batches.
            inner.with_padding(None);
            inner.with_truncation(None)?;
            Ok(inner)
        })?;
        Ok(Self::new(inner))
    }

    pub(super) fn new(inner: Inner) -> Self {
        let spelling =
            if inner.get_decoder().is_some_and(is_byte_level) { Spelling::ByteLevel } else { Spelling::Plain };
        Self { inner, spelling, repeated: HashMap::new() }
    }

    /// With the pieces of ids that the vocabulary cannot name, since it has one id for each piece.
    pub(super) fn with_repeated(self, repeated: HashMap<u32, String>) -> Self {
        Self { repeated, ..self }
    }

    /// Tokens of `text`. With `bos` come those that the tokenizer puts around every sequence, such as `<s>` in front, but
    /// not in front of a text that begins with it; without `bos` none are added.
    ///
    /// # Errors
    /// When the tokenizer fails on this text.
    pub fn encode(&self, text: &str, bos: bool) -> Result<Vec<VocabularyToken>, ModelError> {
        let encoding = careful(|| self.inner.encode_fast(text, bos))?;
        let added = encoding.get_special_tokens_mask().iter().map(|&mask| mask == 1);
        let role = |is_added| if is_added { Role::Added } else { Role::Text };
        let tokens = encoding.get_ids().iter().zip(added);
        let mut tokens: Vec<_> = tokens.map(|(&id, is_added)| self.token(id).of(role(is_added))).collect();
        let begins = tokens.iter().find(|token| token.role == Role::Text);
        if tokens.first().zip(begins).is_some_and(|(first, begins)| first.role == Role::Added && first.id == begins.id)
        {
            tokens.remove(0);
        }
        Ok(tokens)
    }

    /// Whether it puts a token in front of every sequence.
    pub fn has_bos(&self) -> bool {
        // Of no text nobody could say which of the tokens are in front of it.
        self.encode("a", true).is_ok_and(|tokens| tokens.first().is_some_and(|token| token.role == Role::Added))
    }

    /// Tokens of what a chat template wrote, with no others around them.
    ///
    /// # Errors
    /// When the tokenizer fails on this text.
    pub fn encode_chat(&self, chat: &Rendered) -> Result<Vec<VocabularyToken>, ModelError> {
        let encoding = careful(|| self.inner.encode(&*chat.text, false))?;
        let tokens = encoding.get_ids().iter().zip(encoding.get_offsets());
        Ok(tokens.map(|(&id, &(start, end))| self.token(id).of(chat.role(start..end))).collect())
    }

    /// The id of a piece; `None` where the vocabulary has none like it.
    pub fn id(&self, piece: &str) -> Option<u32> {
        self.inner.token_to_id(piece)
    }

    /// What tokens spell, as the tokenizer's decoder has it: bytes that are split over tokens make one character, special
    /// tokens are written out, ids that the vocabulary does not name are left out. What is no text in UTF-8 stands as
    /// U+FFFD.
    ///
    /// # Errors
    /// When the decoder fails on these tokens.
    pub fn decode(&self, token_ids: &[u32]) -> Result<String, ModelError> {
        let pieces: Vec<String> = token_ids.iter().filter_map(|&id| self.piece(id)).collect();
        careful(|| match self.inner.get_decoder() {
            Some(decoder) => decoder.decode(pieces),
            None => Ok(pieces.join(" ")),
        })
    }

    fn piece(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id).or_else(|| self.repeated.get(&id).cloned())
    }

    /// The token with this id; one that the vocabulary does not name is written as its id.
    pub fn token(&self, id: u32) -> VocabularyToken {
        let Some(piece) = self.piece(id) else { return VocabularyToken::unnamed(id) };
        // Added tokens such as `<s>` are written as themselves in every vocabulary.
        let added = self.inner.get_added_vocabulary().get_added_tokens_decoder().contains_key(&id);
        let text = readable(&piece, if added { Spelling::Plain } else { self.spelling });
        VocabularyToken { id, piece, text, role: Role::Text }
    }
}

impl VocabularyToken {
    /// Written as its id, where no vocabulary names it.
    pub fn unnamed(id: u32) -> Self {
        Self { id, piece: id.to_string(), text: id.to_string(), role: Role::Text }
    }

    /// The same token, whosever it is.
    fn of(self, role: Role) -> Self {
        Self { role, ..self }
    }
}

/// A tokenizer that contradicts itself can make the crate panic, while it is read or only at some text.
pub(super) fn careful<R>(work: impl FnOnce() -> Result<R, tokenizers::Error>) -> Result<R, ModelError> {
    contained(work).unwrap_or_else(|panic| Err(panic.into())).map_err(ModelError::Tokenizer)
}

fn is_byte_level(decoder: &DecoderWrapper) -> bool {
    match decoder {
        DecoderWrapper::ByteLevel(_) => true,
        DecoderWrapper::Sequence(sequence) => sequence.get_decoders().iter().any(is_byte_level),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bundled;

    fn tokenizer() -> Tokenizer {
        Tokenizer::from_bytes(bundled::TOKENIZER).unwrap()
    }

    /// What the byte-level pieces spell, joined: byte-level tokenizers lose nothing.
    fn spelled(tokens: &[VocabularyToken]) -> String {
        tokens.iter().map(|token| token.text.as_str()).collect()
    }

    #[test]
    fn bos_is_what_the_post_processor_adds() {
        let with = tokenizer().encode("in love", true).unwrap();
        let without = tokenizer().encode("in love", false).unwrap();
        assert_eq!((with[0].id, with[0].piece.as_str(), with[0].text.as_str()), (0, "<s>", "<s>"));
        assert_eq!(with[1..], without);
        assert_eq!(spelled(&without), "in love");
        assert!(without.iter().any(|token| token.piece == "Ġlove" && token.text == " love"));
    }

    #[test]
    fn no_text_is_no_tokens() {
        assert_eq!(tokenizer().encode("", false).unwrap(), []);
        assert_eq!(tokenizer().encode("", true).unwrap().len(), 1);
    }

    #[test]
    fn every_text_is_spelled_back_with_escapes() {
        for (text, expected) in
            [("a\nb\tc", "a\\nb\\tc"), ("NUL\0.", "NUL\\u{0}."), ("\u{301}", "\\xCC\\x81"), ("   \r\n", "   \\r\\n")]
        {
            let tokens = tokenizer().encode(text, false).unwrap();
            assert_eq!(spelled(&tokens), expected, "{text:?}");
        }
        // An emoji is four tokens here, none of them a whole character.
        let emoji = tokenizer().encode("😀", false).unwrap();
        assert_eq!(spelled(&emoji), "\\xF0\\x9F\\x98\\x80");
    }

    #[test]
    fn a_hundred_kilobytes_are_no_trouble() {
        for text in ["a".repeat(100_000), " ".repeat(100_000), "love 😀\u{301}\n".repeat(8_000)] {
            let tokens = tokenizer().encode(&text, true).unwrap();
            let n_bytes = |token: &VocabularyToken| token.piece.chars().count();
            assert_eq!(tokens[1..].iter().map(n_bytes).sum::<usize>(), text.len(), "one character for each byte");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_tokens_that_cover_it(text in ".{0,40}|(\\PC|\\pM|\\pC| |\n){0,40}") {
            let tokens = tokenizer().encode(&text, false).unwrap();
            let n_bytes: usize = tokens.iter().map(|token| token.piece.chars().count()).sum();
            proptest::prop_assert_eq!(n_bytes, text.len());
        }
    }

    #[test]
    fn malformed_files_are_refused() {
        for json in [&b""[..], b"{}", b"null", b"{\"model\": {\"type\": \"BPE\"}}", b"\xff\xfe"] {
            let message = Tokenizer::from_bytes(json).unwrap_err().to_string();
            assert!(message.starts_with("the tokenizer: "), "{message}");
        }
    }

    #[test]
    fn an_id_without_a_name_is_written_as_a_number() {
        assert_eq!(tokenizer().token(999_999).text, "999999");
    }
}
