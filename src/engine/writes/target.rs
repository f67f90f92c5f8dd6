//! The token whose logit is looked at, and the one that it is compared with.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    engine::{EngineError, effect},
    model::{LanguageModel, ModelError},
};

/// A token of a vocabulary, as it is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenName {
    /// By a text that is this one token, space in front included.
    Text(String),
    /// By its number in the vocabulary.
    Id(u32),
}

/// What a target's logit is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rival {
    /// Nothing.
    None,
    /// The likeliest token beside the target, by the unmodified model.
    #[default]
    Likeliest,
    /// A certain token.
    Named(TokenName),
}

/// The token whose logit is looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Target {
    /// `None` is the likeliest token, by the unmodified model.
    pub token: Option<TokenName>,
    /// What its logit is compared with.
    pub rival: Rival,
}

/// How the target's chances change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetChange {
    /// The target's id.
    pub token: u32,
    /// The rival's id, where there is one.
    pub rival: Option<u32>,
    /// ln p(target) under the change, less that without it, in nats.
    pub log_probability: f64,
    /// ln p(target) − ln p(rival) under the change, less that without it, in nats.
    pub over_rival: Option<f64>,
}

/// A text that names no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a token, or two with a comma between, each as its text or id, found “{0}”")]
pub struct ParseTargetError(String);

impl TokenName {
    /// A number is an id, and anything else a text, spaces included; `None` of nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let by_text = || Self::Text(text.to_owned());
        (!text.is_empty()).then(|| text.parse().map_or_else(|_| by_text(), Self::Id))
    }

    /// What is typed for it: [`Self::parse`] reads it back.
    pub fn typed(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Id(id) => id.to_string(),
        }
    }

    /// Its id in a model's vocabulary.
    ///
    /// # Errors
    /// When there is no such token, or the text is none or several.
    pub(super) fn id(&self, model: &LanguageModel) -> Result<u32, EngineError> {
        let id = match self {
            Self::Id(id) => *id,
            Self::Text(text) => {
                let tokens = model.tokenize(text, false)?;
                let [token] = &tokens[..] else {
                    let spaced = model.tokenize(&format!(" {text}"), false)?;
                    let found = tokens.iter().map(|token| format!("“{}” ({})", token.text, token.id)).collect();
                    return Err(EngineError::NotOneToken {
                        text: text.clone(),
                        found,
                        with_space: matches!(&spaced[..], [_]),
                    });
                };
                token.id
            }
        };
        let vocab_size = model.shape().vocab_size;
        if usize::try_from(id).is_ok_and(|id| id < vocab_size) {
            Ok(id)
        } else {
            Err(ModelError::UnknownToken { id, vocab_size }.into())
        }
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "“{text}”"),
            Self::Id(id) => write!(f, "token {id}"),
        }
    }
}

impl FromStr for Target {
    type Err = ParseTargetError;

    /// `TOKEN` or `TOKEN,RIVAL`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || ParseTargetError(text.to_owned());
        let (token, rival) = match text.split_once(',') {
            Some((token, rival)) => (token, Some(rival)),
            None => (text, None),
        };
        let rival = match rival {
            Some(rival) if rival.contains(',') => return Err(refused()),
            Some(rival) => Rival::Named(TokenName::parse(rival).ok_or_else(refused)?),
            None => Rival::None,
        };
        Ok(Self { token: Some(TokenName::parse(token).ok_or_else(refused)?), rival })
    }
}

impl fmt::Display for Target {
    /// In the midst of a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.token {
            Some(token) => token.fmt(f),
            None => f.write_str("the likeliest token"),
        }
    }
}

impl Target {
    /// This token in the place of the one that it is, compared with the same as before; with the likeliest other where that
    /// is itself.
    #[must_use]
    pub fn with_token(&self, id: u32) -> Self {
        let token = TokenName::Id(id);
        let rival = if self.rival == Rival::Named(token.clone()) { Rival::Likeliest } else { self.rival.clone() };
        Self { token: Some(token), rival }
    }

    /// Whether it is this token by its id.
    pub fn is(&self, id: u32) -> bool {
        self.token == Some(TokenName::Id(id))
    }

    /// Whether it is what is meant where nothing is said.
    pub(crate) fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// The ids of target and rival, given the logits of the unmodified model, `[vocab]`.
    ///
    /// # Errors
    /// When a token is named that the vocabulary does not have.
    pub(in crate::engine) fn ids(
        &self,
        model: &LanguageModel,
        logits: impl IntoIterator<Item = f64>,
    ) -> Result<(u32, Option<u32>), EngineError> {
        let named = self.token.as_ref().map(|name| name.id(model)).transpose()?;
        let [first, second] = likeliest(logits);
        let target = named.unwrap_or(first);
        let rival = match &self.rival {
            Rival::None => None,
            Rival::Likeliest => Some(if target == first { second } else { first }),
            Rival::Named(name) => Some(name.id(model)?),
        };
        Ok((target, rival.filter(|_| model.shape().vocab_size > 1)))
    }
}

impl TargetChange {
    /// From two rows of logits `[vocab]`.
    pub(in crate::engine) fn of(
        (token, rival): (u32, Option<u32>),
        baseline: ndarray::ArrayView1<'_, f32>,
        modified: ndarray::ArrayView1<'_, f32>,
    ) -> Self {
        let change = |id: u32| effect::log_probability(modified, id) - effect::log_probability(baseline, id);
        let logit = |logits: ndarray::ArrayView1<'_, f32>, id: u32| {
            usize::try_from(id).ok().and_then(|id| logits.get(id)).map_or(f64::NAN, |&logit| f64::from(logit))
        };
        // What both are divided by is the same: the difference of logits is exact.
        let over = |rival| {
            let difference = |logits| logit(logits, token) - logit(logits, rival);
            difference(modified) - difference(baseline)
        };
        Self { token, rival, log_probability: change(token), over_rival: rival.map(over) }
    }
}

/// The two largest; of equal ones the first.
fn likeliest(logits: impl IntoIterator<Item = f64>) -> [u32; 2] {
    let mut best = [(0, f64::NEG_INFINITY); 2];
    for (id, logit) in (0_u32..).zip(logits) {
        if logit > best[0].1 {
            best = [(id, logit), best[0]];
        } else if logit > best[1].1 {
            best[1] = (id, logit);
        }
    }
    best.map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_target_is_a_token_or_two() {
        let text = |text: &str| TokenName::Text(text.to_owned());
        let alone = Target { token: Some(text(" love")), rival: Rival::None };
        assert_eq!(" love".parse(), Ok(alone));
        let both = Target { token: Some(TokenName::Id(12)), rival: Rival::Named(text(" dance")) };
        assert_eq!("12, dance".parse(), Ok(both));
        for refused in ["", ",", "a,", ",a", "a,b,c"] {
            let error = refused.parse::<Target>().unwrap_err().to_string();
            assert!(
                error.starts_with("expected a token, or two") && error.ends_with(&format!("“{refused}”")),
                "{error}"
            );
        }
    }

    #[test]
    fn the_likeliest_two_are_the_largest() {
        assert_eq!(likeliest([1.0, 3.0, 2.0, 3.0]), [1, 3]);
        assert_eq!(likeliest([4.0, 3.0, 2.0]), [0, 1]);
    }

    #[test]
    fn a_change_is_of_log_probabilities() {
        // Probabilities 3/4 and 1/4 become 1/2 and 1/2.
        let change = TargetChange::of((0, Some(1)), array![3.0_f32.ln(), 0.0].view(), array![0.0, 0.0].view());
        assert!((change.log_probability - (2.0_f64 / 3.0).ln()).abs() < 1e-7);
        assert!((change.over_rival.unwrap() + 3.0_f64.ln()).abs() < 1e-7);
        let alone = TargetChange::of((1, None), array![3.0_f32.ln(), 0.0].view(), array![0.0, 0.0].view());
        assert!((alone.log_probability - 2.0_f64.ln()).abs() < 1e-7 && alone.over_rival.is_none());
    }
}
