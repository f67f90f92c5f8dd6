//! How strongly each token is tinted: what one of them reads, who reads it, or what ε changes in that.

use crate::{
    attention::PanelId,
    engine::Outcome,
    figure::{Measure, Quantity},
    session::TokenTint,
    ui::{
        jobs::pictures::Frame,
        memo::{Memo, Revision},
        numbers, theme,
        widgets::Tint,
    },
};

/// Of a longer prompt it takes too long to tell who reads a token.
const MOST_READERS: usize = 512;
/// Text on it stays legible.
const MOST_OPAQUE: f32 = 0.55;
/// What is fainter than this is not seen.
const FAINTEST: f32 = 0.02;

/// What is tinted by what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tinted {
    pub panel: PanelId,
    pub by: TokenTint,
    /// The token that reads, or is read.
    pub position: usize,
}

/// The values of all positions, evaluated when the picture or the token is another.
#[derive(Default)]
pub struct Tints(Memo<(Revision, Tinted), Vec<f64>>);

impl Tints {
    /// A value for each position; 0 where nothing is read.
    pub fn values(&mut self, frame: &Frame, tinted: Tinted) -> &[f64] {
        self.0.get((frame.revision, tinted), || values(frame, tinted))
    }
}

fn values(frame: &Frame, Tinted { panel, by, position }: Tinted) -> Vec<f64> {
    let outcome = &frame.outcome;
    let mut values = vec![0.0; outcome.n_positions()];
    if frame.panel(panel).is_none() || position >= values.len() {
        return values;
    }
    let quantity = if by == TokenTint::Difference { Quantity::Difference } else { Quantity::Weight };
    let measure = &Measure::of_panels(quantity, outcome)[panel];
    if by == TokenTint::ReadBy {
        if values.len() <= MOST_READERS {
            for (query, value) in values.iter_mut().enumerate() {
                *value = measure.exact(query, position).unwrap_or_default();
            }
        }
    } else {
        let first = measure.keys(position).span().start;
        for (value, weight) in values.iter_mut().skip(first).zip(measure.exact_row(position)) {
            *value = weight;
        }
    }
    values
}

/// The colour of a value, and the value in words.
pub fn tint(value: f64, tinted: Tinted, outcome: &Outcome) -> Option<Tint> {
    #[expect(clippy::cast_possible_truncation, reason = "the precision of pictures")]
    let weight = value as f32;
    // The eye sees small ones too: half the strength is a quarter of the weight.
    let opacity = weight.abs().sqrt().min(1.0) * MOST_OPAQUE;
    if opacity.is_nan() || opacity < FAINTEST {
        return None;
    }
    let token = numbers::token_as_it_is(outcome, tinted.position);
    let said = match tinted.by {
        TokenTint::Reads => format!("{} of what {token} reads", numbers::percent(weight)),
        TokenTint::ReadBy => format!("reads {} at {token}", numbers::percent(weight)),
        TokenTint::Difference => format!("{} of what {token} reads", numbers::signed(value)),
    };
    let color = if value < 0.0 { theme::READS_LESS } else { theme::READS_MORE };
    Some(Tint { color: color.gamma_multiply(opacity), said })
}
