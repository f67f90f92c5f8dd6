//! `tokenizer.model`: `SentencePiece` (Kudo and Richardson 2018, arXiv 1808.06226), by merges or as a unigram model.
//!
//! Reference: `SpmConverter.build_tokenizer_from_spm_proto` in
//! <https://github.com/huggingface/transformers/blob/main/src/transformers/convert_slow_tokenizer.py>, and
//! `LlamaTokenizer` and `GemmaTokenizer` there.

use tokenizers::{
    AddedToken, DecoderWrapper, Error, NormalizerWrapper, PreTokenizerWrapper, SplitDelimiterBehavior, Tokenizer,
    decoders::{self, byte_fallback::ByteFallback, fuse::Fuse, strip::Strip},
    models::{
        bpe::{BPE, Merges, Vocab},
        unigram::Unigram,
    },
    normalizers::{self, Precompiled, Replace, replace::ReplacePattern},
    pre_tokenizers::{
        self,
        metaspace::{Metaspace, PrependScheme},
        split::{Split, SplitPattern},
    },
};

use super::{
    assembly::{self, Pair},
    class::Class,
    proto::{BPE as MERGES, CONTROL, Model, NORMAL, UNIGRAM, USER_DEFINED},
    settings::Settings,
};
use crate::model::ModelError;

const SPACE: char = '▁';

/// What one class of transformers makes of the file.
///
/// # Errors
/// When it is malformed, or asks for what is not computed here.
pub fn read(bytes: &[u8], class: Class, settings: &Settings) -> Result<Tokenizer, ModelError> {
    let malformed = |cause: Error| ModelError::Tokenizer(format!("tokenizer.model: {cause}").into());
    let model = Model::read(bytes).map_err(|cause| malformed(cause.into()))?;
    if model.pieces.is_empty() {
        return Err(malformed("expected pieces, found none".into()));
    }
    let adds_space = model.normalizer.clone().unwrap_or_default().add_dummy_prefix();
    // Added tokens cut the text before spaces are put in front of its parts.
    let raw = (class == Class::Own && adds_space).then(|| settings.clone().before_normalizing());
    let settings = raw.as_ref().unwrap_or(settings);
    let file = File { class, settings, trainer: model.trainer.clone().unwrap_or_default(), model };
    file.supported()?;
    let mut tokenizer = file.tokenizer().map_err(malformed)?;
    let special = file.special();
    let special: Vec<(&str, &str)> = special.iter().map(|(name, piece)| (*name, &**piece)).collect();
    settings.add_to(&mut tokenizer, &special, file.extra())?;
    super::pieces::enclose_as_set(&mut tokenizer, settings, &special)?;
    Ok(tokenizer)
}

struct File<'a> {
    class: Class,
    settings: &'a Settings,
    trainer: super::proto::Trainer,
    model: Model,
}

impl File<'_> {
    fn supported(&self) -> Result<(), ModelError> {
        let kind = self.trainer.kind();
        let has_charsmap = !self.charsmap().is_empty();
        let what = if !matches!(kind, UNIGRAM | MERGES) {
            format!(
                "tokenizer.model is of kind {kind}: {UNIGRAM}, a unigram model, and {MERGES}, merges, are supported"
            )
        } else if self.class != Class::Own && kind != MERGES {
            format!("tokenizer.model is a unigram model, which is not what a {} reads", self.class.name())
        } else if self.class != Class::Own && has_charsmap {
            format!("tokenizer.model replaces characters, which a {} leaves as they are", self.class.name())
        } else if self.trainer.treat_whitespace_as_suffix() {
            "tokenizer.model has treat_whitespace_as_suffix, which is not supported".to_owned()
        } else {
            return Ok(());
        };
        Err(ModelError::UnsupportedTokenizer { what })
    }

    fn charsmap(&self) -> &[u8] {
        self.model.normalizer.as_ref().map_or(&[], |normalizer| normalizer.precompiled_charsmap())
    }

    fn tokenizer(&self) -> Result<Tokenizer, Error> {
        match self.class {
            Class::Llama => self.as_llama(),
            Class::Gemma => self.as_gemma(),
            _ => self.by_its_own(),
        }
    }

    /// Special tokens that are none of the settings': the class's, or the file's own.
    fn special(&self) -> Vec<(&'static str, String)> {
        if self.class != Class::Own {
            return self.class.named().iter().map(|(name, piece)| (*name, (*piece).to_owned())).collect();
        }
        let of_file = [
            ("bos_token", self.trainer.bos_id(), self.trainer.bos_piece()),
            ("eos_token", self.trainer.eos_id(), self.trainer.eos_piece()),
            ("unk_token", self.trainer.unk_id(), self.trainer.unk_piece()),
        ];
        let there = of_file.into_iter().filter(|(_, id, _)| *id >= 0);
        there.map(|(name, _, piece)| (name, piece.to_owned())).collect()
    }

    /// Pieces that are found in the text as they are.
    fn extra(&self) -> Vec<AddedToken> {
        let pieces = self.model.pieces.iter();
        let of_file = pieces.filter(|piece| match piece.kind() {
            CONTROL => true,
            // By its own settings such a piece is none that cuts a text into several.
            USER_DEFINED => self.class != Class::Own,
            _ => false,
        });
        of_file.map(|piece| assembly::whole(piece.text(), piece.kind() == CONTROL)).collect()
    }

    /// Ids of pieces, of equal ones the last.
    fn ids(&self) -> Vocab {
        self.model.pieces.iter().zip(0..).map(|(piece, id)| (piece.text().to_owned(), id)).collect()
    }

    /// Merges in the order of the pieces that they make; of one piece that with the shorter beginning first
    /// (transformers' `generate_merges`).
    fn merges_by_id(ids: &Vocab) -> Result<Merges, Error> {
        let pieces = ids.iter().map(|(piece, id)| (*id as usize, &**piece));
        let mut pairs = assembly::pairs(pieces, |piece| ids.contains_key(piece))?;
        pairs.sort_by_key(|pair| (pair.id, pair.left.len()));
        Ok(pairs.iter().map(Pair::owned).collect())
    }

    fn as_llama(&self) -> Result<Tokenizer, Error> {
        let ids = self.ids();
        let merges = Self::merges_by_id(&ids)?;
        let model = BPE::builder().vocab_and_merges(ids, merges).fuse_unk(true).byte_fallback(true).build()?;
        let mut tokenizer = Tokenizer::new(model);
        let flag = |key| self.settings.flag(key).map_err(|error| error.to_string());
        let adds_space = flag("add_prefix_space")?.unwrap_or(true);
        let scheme = match (adds_space, flag("legacy")?.unwrap_or(false)) {
            (false, _) => PrependScheme::Never,
            (true, true) => PrependScheme::Always,
            (true, false) => PrependScheme::First,
        };
        tokenizer.with_pre_tokenizer(Some(Metaspace::new(SPACE, scheme, false)));
        tokenizer.with_decoder(Some(decoder(true, adds_space)?));
        Ok(tokenizer)
    }

    fn as_gemma(&self) -> Result<Tokenizer, Error> {
        let ids = self.ids();
        let merges = Self::merges_by_id(&ids)?;
        let unknown = self.settings.named("unk_token", Class::Gemma.named()).unwrap_or_default();
        let model = BPE::builder().vocab_and_merges(ids, merges).fuse_unk(true).byte_fallback(true);
        let mut tokenizer = Tokenizer::new(model.unk_token(unknown.to_owned()).build()?);
        tokenizer.with_normalizer(Some(Replace::new(" ", SPACE)?))?;
        let spaces = Split::new(SplitPattern::String(" ".into()), SplitDelimiterBehavior::MergedWithPrevious, false)?;
        tokenizer.with_pre_tokenizer(Some(spaces));
        tokenizer.with_decoder(Some(decoder(true, false)?));
        Ok(tokenizer)
    }

    fn by_its_own(&self) -> Result<Tokenizer, Error> {
        let trainer = &self.trainer;
        let names = self.names();
        let user_defined: Vec<&str> = self.of_kind(USER_DEFINED).map(|id| &*names[id]).collect();
        let mut tokenizer = if trainer.kind() == UNIGRAM {
            let pieces = self.model.pieces.iter();
            let pieces = pieces.map(|piece| (piece.text().to_owned(), f64::from(piece.score()))).collect();
            let unknown = usize::try_from(trainer.unk_id()).ok();
            Tokenizer::new(Unigram::from(pieces, unknown, trainer.byte_fallback())?)
        } else {
            let ids: Vocab = names.iter().cloned().zip(0..).collect();
            let merges = self.merges_by_score(&names)?;
            let model = BPE::builder().vocab_and_merges(ids, merges).unk_token(trainer.unk_piece().to_owned());
            let model = model.fuse_unk(true).byte_fallback(trainer.byte_fallback());
            Tokenizer::new(model.ignore_merges(!user_defined.is_empty()).build()?)
        };
        let normalizer = self.model.normalizer.clone().unwrap_or_default();
        // Every part of a text between added tokens gets a space in front.
        let is_legacy = self.settings.flag("legacy").map_err(|error| error.to_string())?.unwrap_or(true);
        let mut steps: Vec<NormalizerWrapper> = Vec::new();
        let pattern = |pattern: &str| ReplacePattern::Regex(pattern.to_owned());
        if !self.charsmap().is_empty() {
            let charsmap = Precompiled::from(self.charsmap()).map_err(|cause| format!("its table: {cause}"))?;
            steps.push(charsmap.into());
        }
        if normalizer.remove_extra_whitespaces() {
            steps.push(Replace::new(pattern(r"\A +| +\z"), "")?.into());
            steps.push(Replace::new(pattern(" {2,}"), " ")?.into());
        }
        if normalizer.escape_whitespaces() {
            steps.push(Replace::new(" ", SPACE)?.into());
        }
        if normalizer.add_dummy_prefix() && is_legacy {
            // Another is put in front of a text that begins with a space, where the next step would leave it out.
            steps.push(Replace::new(pattern(r"\A▁"), "▁▁")?.into());
        }
        tokenizer.with_normalizer(Some(normalizers::Sequence::new(steps)))?;
        let mut cuts: Vec<PreTokenizerWrapper> = Vec::new();
        if normalizer.add_dummy_prefix() {
            let scheme = if is_legacy { PrependScheme::Always } else { PrependScheme::First };
            cuts.push(Metaspace::new(SPACE, scheme, false).into());
        }
        if !user_defined.is_empty() {
            let mut longest_first = user_defined;
            longest_first.sort_by_key(|piece| std::cmp::Reverse(piece.chars().count()));
            let any = longest_first.iter().map(|piece| escaped(piece)).collect::<Vec<_>>().join("|");
            cuts.push(Split::new(SplitPattern::Regex(any), SplitDelimiterBehavior::Isolated, false)?.into());
        }
        if !cuts.is_empty() {
            tokenizer.with_pre_tokenizer(Some(pre_tokenizers::sequence::Sequence::new(cuts)));
        }
        tokenizer.with_decoder(Some(decoder(trainer.byte_fallback(), normalizer.add_dummy_prefix())?));
        Ok(tokenizer)
    }

    fn of_kind(&self, kind: i32) -> impl Iterator<Item = usize> {
        self.model.pieces.iter().enumerate().filter(move |(_, piece)| piece.kind() == kind).map(|(id, _)| id)
    }

    /// The pieces by id. Of merges, those that the settings name otherwise have that name, where no other piece has it.
    fn names(&self) -> Vec<String> {
        let pieces = self.model.pieces.iter().zip(0_u32..);
        let given = |id: u32| self.settings.added().get(&id).map(|token| &*token.content);
        let kept: std::collections::HashSet<&str> =
            pieces.clone().filter(|(_, id)| given(*id).is_none()).map(|(piece, _)| piece.text()).collect();
        let name = |(piece, id): (&'_ super::proto::Piece, u32)| {
            let given = given(id).filter(|name| !kept.contains(name));
            given.unwrap_or_else(|| piece.text()).to_owned()
        };
        pieces.map(name).collect()
    }

    /// Merges of what training made, that of the highest score first.
    fn merges_by_score(&self, names: &[String]) -> Result<Merges, Error> {
        let normal: std::collections::HashMap<&str, usize> = self.of_kind(NORMAL).map(|id| (&*names[id], id)).collect();
        let pieces = normal.iter().map(|(piece, id)| (*id, *piece));
        let mut pairs = assembly::pairs(pieces, |piece| normal.contains_key(piece))?;
        let score = |pair: &Pair<'_>| self.model.pieces[pair.id].score();
        pairs.sort_by(|a, b| {
            let by_score = score(b).total_cmp(&score(a)).then_with(|| a.id.cmp(&b.id));
            by_score.then_with(|| (a.left, a.right).cmp(&(b.left, b.right)))
        });
        Ok(pairs.iter().map(Pair::owned).collect())
    }
}

/// From pieces to text: `▁` is a space, bytes make characters, and a space that was put in front is taken away.
fn decoder(has_bytes: bool, has_space: bool) -> Result<decoders::sequence::Sequence, Error> {
    let mut steps: Vec<DecoderWrapper> = vec![Replace::new(SPACE.to_string(), " ")?.into()];
    if has_bytes {
        steps.push(ByteFallback::new().into());
    }
    if has_bytes || has_space {
        steps.push(Fuse::new().into());
    }
    if has_space {
        steps.push(Strip::new(' ', 1, 0).into());
    }
    Ok(decoders::sequence::Sequence::new(steps))
}

/// A text as the pattern of itself.
fn escaped(text: &str) -> String {
    let escape = |c: char| if r"\.+*?()|[]{}^$".contains(c) { format!("\\{c}") } else { c.to_string() };
    text.chars().map(escape).collect()
}
