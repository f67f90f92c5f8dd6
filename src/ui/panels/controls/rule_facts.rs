//! Sentences about a layer's attention rule: its window, soft cap, bias and sink logit, where they have a say in what is
//! shown.

use crate::{engine::Outcome, session::Session};

/// From which ε on a soft cap's saturation is worth a sentence.
const LARGE: f64 = 1.0;

/// How much a norm may change what it makes of a factor and still be said to undo it.
const UNDONE: f64 = 1e-2;

/// What rows tend to as all scores go to 0, in words that follow "As ε → 0".
pub fn limit_at_zero(outcome: &Outcome) -> String {
    let rule = outcome.baseline.pattern.scores().rule();
    let mask = outcome.mask();
    if rule.bias.is_some() {
        let rest = if rule.sink.is_some() { " and the sink logit" } else { "" };
        return format!("all scores become equal and every row tends to the softmax of the bias (ALiBi){rest} alone");
    }
    if rule.sink.is_some() {
        return "all scores become equal and every key of a row of n tends to 1/(n + exp(sink logit)), the rest to the \
                sink"
            .to_owned();
    }
    let limit = match (mask.window().filter(|&window| window < outcome.n_positions()), mask.is_causal()) {
        (Some(window), _) => format!("every row tends to the uniform over the keys of this layer’s window of {window}"),
        (None, true) => "row i tends to the uniform 1/(i+1): the fade from the top-left corner".to_owned(),
        (None, false) => "every row tends to the uniform 1/T".to_owned(),
    };
    format!("all scores become equal and {limit}")
}

/// What a norm behind the attention makes of ε on all values of the layer, of which it keeps `kept`.
pub fn behind_norm(kept: f64) -> String {
    const NORM: &str = "The norm behind this layer’s attention";
    if (kept - 1.0).abs() <= UNDONE {
        let percent = format!("{:.3}", 100.0 * kept);
        let percent = percent.trim_end_matches('0').trim_end_matches('.');
        return format!("{NORM} undoes ε: {percent} % is left of what the layer adds to the residual stream, or more.");
    }
    if kept == 0.0 {
        return format!("{NORM} cannot undo ε = 0: the layer’s heads add nothing to the residual stream.");
    }
    format!(
        "{NORM} does not undo this ε: what enters it is as small as its own eps, and down to {:.2} % is left of what the \
         layer adds to the residual stream.",
        100.0 * kept
    )
}

/// What is particular to the shown layer, a sentence each.
pub fn of_layer(session: &Session, outcome: &Outcome) -> Vec<String> {
    let rule = outcome.baseline.pattern.scores().rule();
    let mut facts = Vec::new();
    if let Some(cap) = rule.softcap.filter(|_| session.selected_epsilon().get() > LARGE) {
        facts.push(format!(
            "This layer’s soft cap bends every score towards ±{cap}: as ε grows the pattern saturates and sharpens no more."
        ));
    }
    if let Some(window) = outcome.mask().window().filter(|&window| window < outcome.n_positions()) {
        facts.push(format!(
            "This layer’s window is {window} tokens: key 0 is out of sight from query {window} on, and each row is spread \
             over its own window."
        ));
    }
    if rule.sink.is_some() {
        facts.push(
            "This head has a sink logit: what it draws goes to no key, so the weights of a row sum to less than 1."
                .to_owned(),
        );
    }
    facts
}
