//! The multiplication table of one weight as text: each number follows from those above it.

use super::digits::{PLACES, at_least, fixed, places_lost, significant};
use crate::attention::{Capped, Component, Epsilon, OperationKind, ScoreChange, Why};

/// Digits of exp; one more for what it is divided by, one less for what that makes.
const EXP_DIGITS: usize = 8;
/// Digits that a score keeps under a factor, however small it is: one less from each line to the next.
const SCORE_DIGITS: usize = 8;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Number {
        name: String,
        /// How it follows from those above; empty where it is given.
        formula: &'static str,
        number: String,
        hint: String,
    },
    /// In place of a number: why there is none.
    Remark(String),
}

/// Why ε leaves the score as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unchanged {
    /// Neither value nor output is multiplied here at all.
    NotInScores,
    /// This ε changes nothing.
    Neutral(Epsilon),
    /// The shown layer is beside the scope.
    Layer,
    /// The query or key is beside the scope.
    Position,
}

impl Unchanged {
    fn remark(self, component: Component) -> String {
        match self {
            Self::NotInScores => format!("{component} does not enter the pattern."),
            Self::Neutral(epsilon) => format!("ε = {epsilon} changes nothing."),
            Self::Layer => "ε: this layer is not in scope, unchanged.".to_owned(),
            Self::Position => format!("ε: this {}’s position is not in scope, unchanged.", component.word()),
        }
    }
}

/// The lines for the weight `why` in a panel of `component`. `unchanged` says why, where ε does nothing to it.
pub fn steps(why: &Why, component: Component, unchanged: Unchanged) -> Vec<Step> {
    // A number that is multiplied needs more digits than what becomes of it.
    let epsilon = why.change.map_or(1.0, |change| change.epsilon);
    let places = PLACES + places_lost(epsilon);
    let of_dot = places + places_lost(why.scale.abs());
    let scale_name = scale_name(why);
    let mut steps = vec![
        number(
            "q·k",
            "",
            at_least(why.dot, of_dot, SCORE_DIGITS + 2),
            "The dot product of the query and the key, before ε",
        ),
        number(&scale_name, "", format!("{}", why.scale), "What multiplies every q·k before the softmax"),
    ];
    let unmodified = at_least(why.unmodified, places, SCORE_DIGITS + 1);
    match why.change {
        None => {
            steps.push(Step::Remark(unchanged.remark(component)));
            steps.push(number(product_name(why), "q·k × scale", score(why, why.product), product_hint(why)));
        }
        Some(change) => {
            steps.push(number("score before ε", "q·k × scale", unmodified, ""));
            steps.extend(of_change(why, change, component, places));
        }
    }
    steps.extend(of_rule(why));
    steps.extend([
        number("row max", "", score(why, why.row_max), "The largest score of the row, over all its keys"),
        number(
            "exp",
            "exp(score − row max)",
            significant(why.exp, EXP_DIGITS),
            "At most 1: the row’s maximum is taken off first",
        ),
        number("row sum", "", significant(why.row_sum, EXP_DIGITS + 1), row_sum_hint(why)),
        number("weight", "exp / row sum", significant(why.weight, EXP_DIGITS - 1), "What the panel shows"),
    ]);
    steps
}

/// ε, what it brings in, and the score that it makes.
fn of_change(why: &Why, change: ScoreChange, component: Component, places: usize) -> Vec<Step> {
    let epsilon = Epsilon::new(change.epsilon).map_or_else(|_| change.epsilon.to_string(), |e| e.to_string());
    let word = component.word();
    let product = |what: &str| match component {
        Component::Query => format!("({what})·k × scale"),
        _ => format!("q·({what}) × scale"),
    };
    let (brought_in, formula, hint) = match change.operation {
        OperationKind::Scale => {
            let hint = match component {
                Component::Query => "Every query in scope is multiplied: (ε·q)·k",
                _ => "Every key in scope is multiplied: q·(ε·k)",
            };
            (None, "ε × score before ε", hint.to_owned())
        }
        OperationKind::MeanHeads | OperationKind::MeanPositions | OperationKind::MeanPrompts => {
            let over = match change.operation {
                OperationKind::MeanHeads => "heads",
                OperationKind::MeanPositions => "positions",
                _ => "prompts",
            };
            let what = product(&format!("mean {word} over {over}"));
            let hint = format!("The {word} is moved towards the mean over {over}");
            (Some(("score of the mean", what)), "mean + ε × (before ε − mean)", hint)
        }
        OperationKind::Patch => {
            let what = product(&format!("{word} of the other prompt"));
            let hint = format!("The {word} is moved towards that of the other prompt; where it has none, it stays");
            (Some(("score of the patch", what)), "patch + ε × (before ε − patch)", hint)
        }
        OperationKind::Noise => {
            let what = product(&format!("noise on the {word}"));
            let hint = format!("ε times the noise is added to the {word}");
            (Some(("score of the noise", what)), "before ε + ε × noise", hint)
        }
    };
    let mut steps = Vec::new();
    if let Some(((name, hint), other)) = brought_in.zip(change.other) {
        steps.push(number(name, "", fixed(other, places), &hint));
    }
    steps.push(number("ε", "", epsilon, change.operation.formula()));
    steps.push(number(product_name(why), formula, score(why, why.product), &hint));
    steps
}

/// A score that is subtracted from another. Under a factor alone it also keeps its digits where it is small; a sum has
/// only as many as what it is made of.
fn score(why: &Why, score: f64) -> String {
    let is_product = why.change.is_none_or(|change| change.other.is_none());
    if is_product { at_least(score, PLACES, SCORE_DIGITS) } else { fixed(score, PLACES) }
}

/// What happens between the product and the softmax: soft cap, bias, and the sink logit beside the row.
fn of_rule(why: &Why) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(Capped { cap, score: capped }) = why.softcap {
        steps.push(number("soft cap", "", format!("{cap}"), "What scores are bent towards, however large they are"));
        let name = if why.bias.is_some() { "capped score" } else { "score" };
        let formula = "cap × tanh(product / cap)";
        steps.push(number(name, formula, fixed(capped, PLACES), "What enters the softmax"));
    }
    if let Some(bias) = why.bias {
        steps.push(number("bias", "", fixed(bias, PLACES), "What the model adds for the key’s position (ALiBi)"));
        let formula = if why.softcap.is_some() { "capped score + bias" } else { "product + bias" };
        steps.push(number("score", formula, fixed(why.score, PLACES), "What enters the softmax"));
    }
    if let Some([sink, _]) = why.sink {
        let hint = "A learned logit of this head: what it draws in the softmax goes to no key";
        steps.push(number("sink logit", "", fixed(sink, PLACES), hint));
    }
    steps
}

/// The score before soft cap and bias, which is the score itself where there are none.
fn product_name(why: &Why) -> &'static str {
    if why.softcap.is_none() && why.bias.is_none() { "score" } else { "product" }
}

fn product_hint(why: &Why) -> &'static str {
    if why.softcap.is_none() && why.bias.is_none() { "What enters the softmax" } else { "Before soft cap and bias" }
}

fn row_sum_hint(why: &Why) -> &'static str {
    if why.sink.is_some() {
        "The sum of exp over all keys of the row and the sink logit"
    } else {
        "The sum of exp over all keys of the row"
    }
}

/// `1/√64`, where that is what it is.
fn scale_name(why: &Why) -> String {
    let usual = 1.0 / (why.query.len() as f64).sqrt();
    if (why.scale - usual).abs() <= 1e-9 * usual {
        format!("scale = 1/√{}", why.query.len())
    } else {
        "scale".to_owned()
    }
}

fn number(name: &str, formula: &'static str, number: String, hint: &str) -> Step {
    Step::Number { name: name.to_owned(), formula, number, hint: hint.to_owned() }
}

/// Tab-separated lines: name, formula, number.
pub fn table(steps: &[Step]) -> String {
    let line = |step: &Step| match step {
        Step::Number { name, formula, number, .. } => format!("{name}\t{formula}\t{number}"),
        Step::Remark(remark) => remark.clone(),
    };
    steps.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
