//! The text that a model writes, token by token and without broken characters.

use super::{LanguageModel, ModelError};

/// Tokens of the prompt that are decoded along: what the first one written spells may depend on those in front, as a space
/// does, and the bytes of a character may have begun there.
const CONTEXT: usize = 8;

/// What tokens behind a prompt spell. Each of them adds a piece, which is empty while a character is not whole; joined,
/// the pieces are the text.
pub struct TextStream<'m> {
    model: &'m LanguageModel,
    token_ids: Vec<u32>,
    /// What the prompt's tokens among them spell. It may end with U+FFFD, as a character or as a part of one.
    prompt: String,
    /// What all of them spell, as far as its characters are whole.
    whole: String,
}

impl LanguageModel {
    /// The text of the tokens that are written behind `prompt`.
    ///
    /// # Errors
    /// When the tokenizer fails on the prompt.
    pub fn text_behind(&self, prompt: &[u32]) -> Result<TextStream<'_>, ModelError> {
        let token_ids = prompt[prompt.len().saturating_sub(CONTEXT)..].to_vec();
        let prompt = self.spelled(&token_ids)?;
        Ok(TextStream { model: self, token_ids, whole: without_fragment(prompt.clone()), prompt })
    }
}

impl TextStream<'_> {
    /// One more token: the text that is readable by it.
    ///
    /// # Errors
    /// When the tokenizer fails on it.
    pub fn push(&mut self, id: u32) -> Result<String, ModelError> {
        self.token_ids.push(id);
        let spelled = self.model.spelled(&self.token_ids)?;
        Ok(self.advance(without_fragment(spelled)))
    }

    /// What is left at the end: a character that was not completed, as U+FFFD.
    ///
    /// # Errors
    /// When the tokenizer fails on the tokens.
    pub fn finish(&mut self) -> Result<String, ModelError> {
        let spelled = self.model.spelled(&self.token_ids)?;
        Ok(self.advance(spelled))
    }

    fn advance(&mut self, spelled: String) -> String {
        let is_common = |((_, ours), theirs): &((usize, char), char)| ours == theirs;
        let common = spelled.char_indices().zip(self.whole.chars()).take_while(is_common).last();
        let known = common.map_or(0, |((at, character), _)| at + character.len_utf8());
        // Where nothing completes it, what the prompt ends with is the prompt's.
        let known = if spelled.starts_with(&self.prompt) { known.max(self.prompt.len()) } else { known };
        let further = spelled[known..].to_owned();
        self.whole = spelled;
        further
    }
}

/// Without the beginning of a character at the end, which stands as U+FFFD until the rest of it comes.
fn without_fragment(mut spelled: String) -> String {
    spelled.truncate(spelled.trim_end_matches(char::REPLACEMENT_CHARACTER).len());
    spelled
}

#[cfg(test)]
mod tests {
    use crate::model::{LanguageModel, Tokenizer, bundled};

    /// What each token of `text` adds behind `prompt`, and what is left at the end.
    fn pieces(prompt: &str, text: &str) -> (Vec<String>, String) {
        let model = bundled::load().unwrap();
        let ids = |text| model.tokenize(text, false).unwrap().iter().map(|token| token.id).collect::<Vec<_>>();
        let mut stream = model.text_behind(&ids(prompt)).unwrap();
        let pieces = ids(text).into_iter().map(|id| stream.push(id).unwrap()).collect();
        (pieces, stream.finish().unwrap())
    }

    #[test]
    fn a_character_comes_when_it_is_whole() {
        let (pieces, rest) = pieces("in", " 😀 love");
        assert_eq!((pieces.concat().as_str(), rest.as_str()), (" 😀 love", ""));
        assert!(pieces.iter().all(|piece| !piece.contains('\u{FFFD}')));
        assert!(pieces.iter().filter(|piece| piece.is_empty()).count() >= 3, "an emoji is four tokens: {pieces:?}");
    }

    #[test]
    fn a_character_that_is_not_completed_is_marked_at_the_end() {
        let model = bundled::load().unwrap();
        let emoji: Vec<u32> = model.tokenize("😀", false).unwrap().iter().map(|token| token.id).collect();
        let mut stream = model.text_behind(&[]).unwrap();
        assert_eq!((stream.push(emoji[0]).unwrap(), stream.finish().unwrap()), (String::new(), "\u{FFFD}".to_owned()));
        // One that the prompt has begun is the text's when it is whole.
        let mut stream = model.text_behind(&emoji[..2]).unwrap();
        assert_eq!([emoji[2], emoji[3]].map(|id| stream.push(id).unwrap()), ["", "😀"]);
    }

    #[test]
    fn without_a_tokenizer_tokens_are_numbers() {
        let model = LanguageModel::from_bytes(bundled::CONFIG, bundled::WEIGHTS, None).unwrap();
        let mut stream = model.text_behind(&[1, 2]).unwrap();
        assert_eq!([7, 12].map(|id| stream.push(id).unwrap()), [" 7", " 12"]);
    }

    proptest::proptest! {
        #[test]
        fn pieces_are_the_text(prompt in ".{0,12}", text in ".{0,24}|(\\PC|\\pM| |\n){0,24}") {
            let (pieces, rest) = pieces(&prompt, &text);
            proptest::prop_assert_eq!(pieces.concat() + &rest, text);
        }
    }

    /// A vocabulary whose words begin with `▁`, and whose bytes stand where it has no piece: as `SentencePiece`'s.
    #[test]
    fn a_space_in_front_belongs_to_the_text_and_not_to_a_prompt() {
        let json = r#"{"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null,
            "post_processor": null,
            "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
            "model": {"type": "BPE", "vocab": {"▁a": 0, "▁b": 1, "<0xC3>": 2, "<0xA9>": 3}, "merges": []}}"#;
        let tokenizer = Tokenizer::from_bytes(json.as_bytes()).unwrap();
        assert_eq!(tokenizer.decode(&[0, 1, 2, 3, 9]).unwrap(), "a bé");
        let model = LanguageModel::from_bytes(bundled::CONFIG, bundled::WEIGHTS, Some(json.as_bytes())).unwrap();
        let mut stream = model.text_behind(&[0]).unwrap();
        assert_eq!([1, 2, 3].map(|id| stream.push(id).unwrap()), [" b", "", "é"]);
    }
}
