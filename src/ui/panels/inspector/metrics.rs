//! What the panels' patterns are summed up by.

use egui::Ui;

use super::{
    digits::significant,
    panel_table::{Entry, panel_table},
    texts::hint,
};
use crate::{
    attention::{Metrics, PanelId, SinkQueries},
    engine::Outcome,
    ui::{jobs::pictures::Details, shell::action::Actions},
};

const DIGITS: usize = 3;
const HINT_DIGITS: usize = 7;

/// Sink mass, entropy, diagonal, and the rest where the head has a sink logit, for every panel.
pub fn metrics_ui(ui: &mut Ui, outcome: &Outcome, selected: PanelId, details: Option<&Details>, actions: &mut Actions) {
    let Some(details) = details else {
        hint(ui, "not computed yet");
        return;
    };
    let mut table = |what: &str, text: &str, of: &dyn Fn(&Metrics) -> Option<f64>| {
        hint(ui, text);
        panel_table(ui, what, outcome, selected, actions, |panel| {
            let value = details.panels.get(panel).and_then(of).filter(|value| value.is_finite());
            value.map_or_else(Entry::none, |value| Entry {
                text: significant(value, DIGITS),
                hint: significant(value, HINT_DIGITS),
            })
        });
    };
    table("sink mass", &sink_text(outcome), &|metrics| metrics.sink_mass);
    table("entropy", "Normalized entropy: 0 at one key, 1 over all alike", &|metrics| metrics.normalized_entropy);
    table("diagonal", "Mean weight of a token on itself", &|metrics| Some(metrics.diagonal));
    if outcome.baseline.pattern.scores().rule().sink.is_some() {
        table("rest", "Rest: what goes to the sink logit and to no token", &|metrics| metrics.rest);
    }
}

/// What the sink mass is the mean of, and of how many.
fn sink_text(outcome: &Outcome) -> String {
    let n_positions = outcome.n_positions();
    let SinkQueries { counted, of } = SinkQueries::of(outcome.mask(), n_positions);
    let first = outcome.mask().tokens(n_positions).start;
    let queries = if counted == 1 { "1 query".to_owned() } else { format!("{counted} queries") };
    let all = if counted < of { format!(" (of {of}) that see it") } else { String::new() };
    format!("Sink mass: mean weight on token {first}, over {queries}{all}")
}
