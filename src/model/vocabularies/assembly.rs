//! Tokenizers put together from pieces, ids and merges.

use tokenizers::{
    AddedToken, Error, Tokenizer,
    decoders::byte_level::ByteLevel,
    models::{
        bpe::{BPE, Merges, Vocab},
        wordpiece::WordPiece,
    },
    normalizers::BertNormalizer,
    pre_tokenizers::bert::BertPreTokenizer,
    processors::template::{SpecialToken, TemplateProcessing},
};

use super::pre_tokenizers::Words;

/// In front of pieces that go on with a word, in a vocabulary of word pieces.
pub const GOES_ON: &str = "##";
/// Vocabularies have pieces of up to 16 characters, and runs of spaces. Every way to cut a piece in two is tried.
const LONGEST_PIECE: usize = 256;

/// Byte-pair encoding of bytes, as GPT-2 has it (Radford et al. 2019).
///
/// # Errors
/// When the merges are not of the vocabulary, or a pattern cannot be compiled.
pub fn byte_level(ids: Vocab, merges: Merges, words: Words) -> Result<Tokenizer, Error> {
    let model = BPE::builder().vocab_and_merges(ids, merges).ignore_merges(words.ignores_merges);
    let mut tokenizer = Tokenizer::new(model.build()?);
    tokenizer.with_normalizer(words.normalizer())?;
    tokenizer.with_pre_tokenizer(Some(words.pre_tokenizer()?));
    tokenizer.with_decoder(Some(ByteLevel::default()));
    Ok(tokenizer)
}

/// Word pieces, as BERT cuts words into them, the longest first (Wu et al. 2016, arXiv 1609.08144).
///
/// # Errors
/// When `unknown` is not in the vocabulary.
pub fn word_pieces(ids: Vocab, unknown: String, normalizer: BertNormalizer) -> Result<Tokenizer, Error> {
    let model = WordPiece::builder().vocab(ids).unk_token(unknown).continuing_subword_prefix(GOES_ON.to_owned());
    let mut tokenizer = Tokenizer::new(model.build()?);
    tokenizer.with_normalizer(Some(normalizer))?;
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    Ok(tokenizer)
}

/// Two pieces whose union is a piece.
pub struct Pair<'a> {
    /// The id of the union.
    pub id: usize,
    pub left: &'a str,
    pub right: &'a str,
}

impl Pair<'_> {
    pub fn owned(&self) -> (String, String) {
        (self.left.to_owned(), self.right.to_owned())
    }
}

/// Every way to make one of `pieces` out of two that `is_piece` knows, in their order, the shorter beginning first.
///
/// # Errors
/// The length of a piece that is too long to be one.
pub fn pairs<'a>(
    pieces: impl IntoIterator<Item = (usize, &'a str)>,
    is_piece: impl Fn(&str) -> bool,
) -> Result<Vec<Pair<'a>>, TooLong> {
    let mut pairs = Vec::new();
    for (id, piece) in pieces {
        if piece.len() > LONGEST_PIECE {
            return Err(TooLong { found: piece.len() });
        }
        let cuts = piece.char_indices().skip(1).map(|(at, _)| piece.split_at(at));
        let known = cuts.filter(|(left, right)| is_piece(left) && is_piece(right));
        pairs.extend(known.map(|(left, right)| Pair { id, left, right }));
    }
    Ok(pairs)
}

/// A piece that is longer than those of any vocabulary.
#[derive(Debug, thiserror::Error)]
#[error("expected pieces of at most {LONGEST_PIECE} bytes, found {found}")]
pub struct TooLong {
    pub found: usize,
}

impl TooLong {
    /// What was expected, in words.
    pub fn expected() -> String {
        format!("pieces of at most {LONGEST_PIECE} bytes")
    }
}

/// Puts a token in front of every sequence, and one behind it, where there are such.
///
/// # Errors
/// When they cannot be put there.
pub fn enclose(tokenizer: &mut Tokenizer, [front, behind]: [Option<(u32, &str)>; 2]) -> Result<(), Error> {
    let (mut template, mut special) = ("$A".to_owned(), Vec::new());
    for (name, token) in [("front", front), ("behind", behind)] {
        if let Some((id, token)) = token {
            template = if name == "front" { format!("{name} {template}") } else { format!("{template} {name}") };
            special.push(SpecialToken::new(name.to_owned(), vec![id], vec![token.to_owned()])?);
        }
    }
    if !special.is_empty() {
        let mut processing = TemplateProcessing::builder();
        processing.try_single(template)?.special_tokens(special);
        let processing = processing.build().map_err(|cause| cause.to_string())?;
        tokenizer.with_post_processor(Some(processing));
    }
    Ok(())
}

/// A token that is found in the text as it is, before anything is made of the text.
pub fn whole(content: &str, special: bool) -> AddedToken {
    AddedToken::from(content, special).normalized(false)
}
