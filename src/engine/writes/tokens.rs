//! The tokens that a head promotes and suppresses most.

use ndarray::{Array1, Array2, Axis};

use crate::model::{LanguageModel, ModelError};

/// What a head adds to one token's logit.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenWrites {
    /// In the vocabulary.
    pub id: u32,
    /// As a reader sees it.
    pub text: String,
    /// Without the intervention.
    pub baseline: f64,
    /// Under it.
    pub modified: f64,
}

/// The tokens whose logits a head raises and lowers most, without the intervention.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WrittenTokens {
    /// The most raised first.
    pub promoted: Vec<TokenWrites>,
    /// The most lowered first.
    pub suppressed: Vec<TokenWrites>,
}

impl WrittenTokens {
    /// Tokens of either kind that a table of heads has.
    pub const IN_TABLES: usize = 5;
}

/// The `count` tokens that each of `rows` raises and lowers most; `rows` and `modified` are as the unembedding reads them,
/// `[heads, width]`.
pub(super) fn written_tokens(
    model: &LanguageModel,
    rows: &Array2<f64>,
    modified: &Array2<f64>,
    count: usize,
) -> Result<Vec<WrittenTokens>, ModelError> {
    #[expect(clippy::cast_possible_truncation, reason = "f32 is enough to find the largest")]
    let narrow = rows.mapv(|x| x as f32);
    let all = model.transformer().parts().all_logits(&narrow)?;
    let mut found = Vec::with_capacity(rows.nrows());
    for ((row, modified), logits) in rows.outer_iter().zip(modified.outer_iter()).zip(all.axis_iter(Axis(0))) {
        let both = ndarray::stack(Axis(0), &[row, modified]).map_err(|_| ModelError::Operand {
            operation: "what a head writes",
            expected: [1, row.len()],
            found: [1, modified.len()],
        })?;
        let of = |sign: f32| written(model, &both, most(logits.iter().map(|logit| sign * logit), count));
        found.push(WrittenTokens { promoted: of(1.0)?, suppressed: of(-1.0)? });
    }
    Ok(found)
}

/// Exact numbers of tokens, `both` being without and with the intervention.
fn written(model: &LanguageModel, both: &Array2<f64>, ids: Vec<u32>) -> Result<Vec<TokenWrites>, ModelError> {
    let logits = model.transformer().parts().logits(both, &ids)?;
    let of_token = |(token, logits): (crate::model::VocabularyToken, Array1<f64>)| TokenWrites {
        id: token.id,
        text: token.text,
        baseline: logits[0],
        modified: logits[1],
    };
    let columns = logits.axis_iter(Axis(1)).map(|column| column.to_owned());
    Ok(model.tokens(&ids).into_iter().zip(columns).map(of_token).collect())
}

/// The ids of the largest numbers, the largest first.
fn most(logits: impl Iterator<Item = f32>, count: usize) -> Vec<u32> {
    let mut all: Vec<(u32, f32)> = (0_u32..).zip(logits).collect();
    let by_size = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if all.len() > count {
        all.select_nth_unstable_by(count, by_size);
        all.truncate(count);
    }
    all.sort_unstable_by(by_size);
    all.into_iter().map(|(id, _)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_come_first() {
        assert_eq!(most([1.0, 5.0, -2.0, 5.0].into_iter(), 3), [1, 3, 0]);
        assert_eq!(most([1.0, 5.0].into_iter(), 3), [1, 0]);
    }
}
