//! The vocabulary out of a file's metadata: tokens, merges, and the tokens put around every text.

use std::{borrow::Cow, collections::HashMap};

use tokenizers::models::bpe::{Merges, Vocab};

use crate::model::{
    gguf::{
        error::Defect,
        metadata::{Metadata, short, wrong},
    },
    vocabularies::assembly,
};

pub const TOKENS: &str = "tokenizer.ggml.tokens";
pub const MERGES: &str = "tokenizer.ggml.merges";
const TOKEN_KINDS: &str = "tokenizer.ggml.token_type";

/// The tokens, each with its kind.
pub struct Vocabulary<'a> {
    pub tokens: Vec<Cow<'a, str>>,
    kinds: Vec<u64>,
}

const NORMAL: u64 = 1;
const UNKNOWN: u64 = 2;
const CONTROL: u64 = 3;
const USER_DEFINED: u64 = 4;

impl<'a> Vocabulary<'a> {
    /// Reads the tokens and their kinds.
    ///
    /// # Errors
    /// When there is no list of tokens, or their kinds are not as many.
    pub fn read(metadata: &Metadata<'a>) -> Result<Self, Defect> {
        let tokens = metadata.texts(TOKENS)?.filter(|tokens| !tokens.is_empty());
        let tokens = tokens.ok_or_else(|| wrong(TOKENS, "a list of texts", "nothing"))?;
        let kinds = metadata.counts(TOKEN_KINDS)?.unwrap_or_else(|| vec![NORMAL; tokens.len()]);
        as_many(TOKEN_KINDS, tokens.len(), kinds.len())?;
        Ok(Self { tokens, kinds })
    }

    /// With other texts of the tokens that are not found in the text as they are.
    #[must_use]
    pub fn respelled(mut self, respell: impl Fn(&str) -> String) -> Self {
        for (token, kind) in self.tokens.iter_mut().zip(&self.kinds) {
            if !matches!(*kind, UNKNOWN | CONTROL) {
                *token = Cow::Owned(respell(token));
            }
        }
        self
    }

    /// The id of each token.
    pub fn ids(&self) -> Vocab {
        self.tokens.iter().zip(0..).map(|(token, id)| (token.clone().into_owned(), id)).collect()
    }

    /// The texts of ids whose text a later id has too: the later one is what the text is read as, as in llama.cpp.
    pub fn repeated(&self) -> HashMap<u32, String> {
        let ids = self.ids();
        let by_id = (0..).zip(&self.tokens).filter(|(id, token)| ids.get(&***token) != Some(id));
        by_id.map(|(id, token)| (id, token.clone().into_owned())).collect()
    }

    /// Tokens that text is merged to, by id.
    pub fn normal(&self) -> impl Iterator<Item = (usize, &str)> {
        let kinds = self.kinds.iter().copied();
        self.tokens
            .iter()
            .zip(kinds)
            .enumerate()
            .filter(|(_, (_, kind))| *kind == NORMAL)
            .map(|(id, (t, _))| (id, &**t))
    }

    /// Tokens that are found in the text as they are, before it is cut.
    ///
    /// # Errors
    /// When they cannot be added.
    pub fn add_whole_tokens(&self, tokenizer: &mut tokenizers::Tokenizer) -> Result<(), Defect> {
        let of_kinds = |kinds: &'static [u64], special: bool| {
            let of_kind = self.tokens.iter().zip(&self.kinds).filter(move |(_, kind)| kinds.contains(kind));
            of_kind.map(move |(token, _)| assembly::whole(token, special))
        };
        tokenizer.add_special_tokens(of_kinds(&[UNKNOWN, CONTROL], true)).map_err(Defect::Tokenizer)?;
        tokenizer.add_tokens(of_kinds(&[USER_DEFINED], false)).map_err(Defect::Tokenizer)?;
        Ok(())
    }

    /// The token that the metadata names under `key`.
    ///
    /// # Errors
    /// When there is no such token.
    pub fn token(&self, metadata: &Metadata<'_>, key: &str) -> Result<Option<(u32, &str)>, Defect> {
        let Some(id) = metadata.count(key, 0..=self.tokens.len() - 1)? else { return Ok(None) };
        let token = self.tokens.get(id).map(|token| &**token);
        Ok(u32::try_from(id).ok().zip(token))
    }
}

/// Checks that a list that goes with the tokens is as long as theirs.
///
/// # Errors
/// When a list that goes with the tokens is not as long.
pub fn as_many(key: &str, tokens: usize, found: usize) -> Result<(), Defect> {
    if found == tokens { Ok(()) } else { Err(wrong(key, format!("a list of {tokens}, one for each token"), found)) }
}

/// Pairs of tokens that become one, the first before the others; `None` where the file lists none.
///
/// # Errors
/// When a pair, or what it becomes, is not in the vocabulary.
pub fn merges(metadata: &Metadata<'_>, ids: &Vocab) -> Result<Option<Merges>, Defect> {
    let Some(lines) = metadata.texts(MERGES)? else { return Ok(None) };
    let pair = |line: &Cow<'_, str>| {
        // A token may begin with a space, but not have one further on.
        let space = line.char_indices().skip(1).find(|(_, c)| *c == ' ').map(|(at, _)| at);
        let (left, right) = space.map(|at| (&line[..at], &line[at + 1..]))?;
        let known = ids.contains_key(left) && ids.contains_key(right) && ids.contains_key(&format!("{left}{right}"));
        known.then(|| (left.to_owned(), right.to_owned()))
    };
    let expected = "pairs of tokens whose union is a token";
    let merge = |line| pair(line).ok_or_else(|| wrong(MERGES, expected, format!("“{}”", short(line))));
    lines.iter().map(merge).collect::<Result<_, _>>().map(Some)
}

/// Puts the tokens in front of and behind every sequence that the file wants there.
///
/// # Errors
/// When it names tokens that do not exist.
pub fn put_around(
    tokenizer: &mut tokenizers::Tokenizer,
    metadata: &Metadata<'_>,
    vocabulary: &Vocabulary<'_>,
    bos_by_default: bool,
) -> Result<(), Defect> {
    let wanted = |name: &str, by_default: bool| {
        let is_wanted = metadata.flag(&format!("tokenizer.ggml.add_{name}_token"))?.unwrap_or(by_default);
        let token = vocabulary.token(metadata, &format!("tokenizer.ggml.{name}_token_id"))?;
        Ok::<_, Defect>(token.filter(|_| is_wanted))
    };
    assembly::enclose(tokenizer, [wanted("bos", bos_by_default)?, wanted("eos", false)?]).map_err(Defect::Tokenizer)
}
