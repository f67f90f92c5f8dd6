//! What two texts have in common, in words.

use crate::{
    engine::{Continuation, Stopped, Written},
    ui::panels::inspector::significant,
};

/// Digits of the mean KL.
const DIGITS: usize = 3;

/// `First difference at token 5, 61 % of tokens changed, mean KL 0.42 nats`; tokens are counted from 0.
pub fn summary(written: &Continuation) -> String {
    let is_whole = written.baseline.stopped.is_some() && written.modified.stopped.is_some();
    let first = match written.first_difference() {
        Some(token) => format!("First difference at token {token}"),
        None if is_whole => "No difference".to_owned(),
        None => "No difference so far".to_owned(),
    };
    let changed = written.changed().map(|changed| format!("{:.0} % of tokens changed", changed * 100.0));
    let kl = written.mean_kl().map(|kl| format!("mean KL {} nats", significant(kl, DIGITS)));
    [Some(first), changed, kl].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Why nothing follows, in words; empty while something does.
pub fn ending(written: &Written) -> String {
    match written.stopped {
        None => String::new(),
        Some(Stopped::EndOfText) => "end of text".to_owned(),
        Some(Stopped::AsAsked) if written.tokens.len() == 1 => "1 token, as asked".to_owned(),
        Some(Stopped::AsAsked) => format!("{} tokens, as asked", written.tokens.len()),
        Some(Stopped::LongestText) => "the model reads no longer text".to_owned(),
        Some(Stopped::NotANumber) => "the model’s output is not a number".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::WrittenToken;

    fn written(ids: &[u32], stopped: Option<Stopped>) -> Written {
        let token = |&id| WrittenToken { id, piece: format!(" {id}") };
        Written { tokens: ids.iter().map(token).collect(), stopped }
    }

    #[test]
    fn texts_are_compared_in_a_line() {
        let baseline = written(&[1, 2, 3, 4], Some(Stopped::AsAsked));
        let of = |modified: Written, kl: &[f64]| {
            summary(&Continuation { baseline: baseline.clone(), modified, kl: kl.to_vec(), ..Continuation::default() })
        };
        let other = written(&[1, 5, 3, 6], Some(Stopped::EndOfText));
        let line = "First difference at token 1, 50 % of tokens changed, mean KL 0.42 nats";
        assert_eq!(of(other, &[0.02, 0.82]), line);
        let line = "No difference, 0 % of tokens changed, mean KL 0 nats";
        assert_eq!(of(baseline.clone(), &[0.0; 4]), line);
        assert_eq!(of(written(&[1], None), &[]), "No difference so far, 0 % of tokens changed");
    }
}
