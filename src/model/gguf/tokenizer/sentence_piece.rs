//! `SentencePiece`'s byte-pair encoding (Kudo and Richardson 2018, arXiv 1808.06226), as Llama and Mistral use it:
//! pieces with scores, `▁` for a space, bytes where there is no piece.

use tokenizers::{
    DecoderWrapper, NormalizerWrapper,
    decoders::{self, byte_fallback::ByteFallback, fuse::Fuse, strip::Strip},
    models::bpe::{BPE, Merges, Vocab},
    normalizers::{Prepend, Replace, Sequence},
};

use super::vocabulary::{TOKENS, Vocabulary, as_many, merges, put_around};
use crate::model::{
    gguf::{
        error::Defect,
        metadata::{Metadata, wrong},
    },
    vocabularies::assembly::{self, Pair, TooLong},
};

const SCORES: &str = "tokenizer.ggml.scores";
const SPACE: &str = "▁";

/// # Errors
/// When tokens or scores are missing or do not fit together.
pub fn read(metadata: &Metadata<'_>, vocabulary: &Vocabulary<'_>) -> Result<tokenizers::Tokenizer, Defect> {
    let ids = vocabulary.ids();
    let merges = match merges(metadata, &ids)? {
        Some(merges) => merges,
        None => merges_by_score(vocabulary, &ids, &scores(metadata, vocabulary)?)?,
    };
    let unknown = vocabulary.token(metadata, "tokenizer.ggml.unknown_token_id")?;
    let unknown = unknown.map_or_else(|| vocabulary.tokens[0].clone().into_owned(), |(_, token)| token.to_owned());
    let model = BPE::builder().vocab_and_merges(ids, merges).byte_fallback(true).fuse_unk(true).unk_token(unknown);
    let mut tokenizer = tokenizers::Tokenizer::new(model.build().map_err(Defect::Tokenizer)?);
    let mut normalizers: Vec<NormalizerWrapper> = Vec::new();
    let spaces = Replace::new(SPACE, " ").map_err(Defect::Tokenizer)?;
    let mut decoders: Vec<DecoderWrapper> = vec![spaces.into(), ByteFallback::new().into(), Fuse::new().into()];
    if metadata.flag("tokenizer.ggml.add_space_prefix")?.unwrap_or(true) {
        normalizers.push(Prepend::new(SPACE.to_owned()).into());
        // The space that every text was given in front.
        decoders.push(Strip::new(' ', 1, 0).into());
    }
    normalizers.push(Replace::new(" ", SPACE).map_err(Defect::Tokenizer)?.into());
    tokenizer.with_decoder(Some(decoders::sequence::Sequence::new(decoders)));
    tokenizer.with_normalizer(Some(Sequence::new(normalizers))).map_err(Defect::Tokenizer)?;
    vocabulary.add_whole_tokens(&mut tokenizer)?;
    put_around(&mut tokenizer, metadata, vocabulary, true)?;
    Ok(tokenizer)
}

fn scores(metadata: &Metadata<'_>, vocabulary: &Vocabulary<'_>) -> Result<Vec<f64>, Defect> {
    let scores = metadata.floats(SCORES)?.ok_or_else(|| wrong(SCORES, "a list of numbers", "nothing"))?;
    as_many(SCORES, vocabulary.tokens.len(), scores.len())?;
    match scores.iter().find(|score| !score.is_finite()) {
        Some(found) => Err(wrong(SCORES, "finite", found)),
        None => Ok(scores),
    }
}

/// Pairs of pieces whose union is a piece, that of the highest score first; of one score, that with the longer
/// beginning (as transformers' `generate_merges` orders them).
fn merges_by_score(vocabulary: &Vocabulary<'_>, ids: &Vocab, scores: &[f64]) -> Result<Merges, Defect> {
    let pairs = assembly::pairs(vocabulary.normal(), |piece| ids.contains_key(piece));
    let mut pairs = pairs.map_err(|too_long| wrong(TOKENS, TooLong::expected(), too_long.found))?;
    pairs.sort_by(|a, b| {
        let by_score = scores[b.id].total_cmp(&scores[a.id]);
        by_score.then_with(|| b.left.chars().count().cmp(&a.left.chars().count()))
    });
    Ok(pairs.iter().map(Pair::owned).collect())
}
