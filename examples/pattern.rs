//! The attention pattern of one head of the bundled language model, before and after its Query is turned down.
//!
//! ```sh
//! cargo run --release --example pattern
//! ```

use attenuate::{
    attention::{Component, Metrics, Pattern},
    engine::{Bundled, Engine, Outcome},
    session::Session,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A session is plain data: source, prompt, layer, head, scope, ε. This is the one that the window starts with.
    let session = Session::example(Bundled::Austen);
    let outcome = Engine::default().run(&session.run_spec(), &|| false)?;

    let shown = &outcome.experiment;
    println!("layer {}, head {}, the last row of the pattern", shown.layer, shown.head);
    print_row("unmodified", &outcome, &outcome.baseline.pattern);
    for (epsilon, panel) in shown.epsilon.row(Component::Query).iter().zip(outcome.panels.row(Component::Query)) {
        print_row(&format!("Query, ε = {epsilon}"), &outcome, &panel.pattern);
    }
    Ok(())
}

/// Prints the three tokens that the last one attends to most, and how the whole pattern is spread.
fn print_row(title: &str, outcome: &Outcome, pattern: &Pattern) {
    // Evaluated in f64 from the query and key vectors; a row sums to 1.
    let row = pattern.exact_row(pattern.n_positions() - 1);
    let mut keys: Vec<usize> = (0..row.len()).collect();
    keys.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
    let most: Vec<String> =
        keys.iter().take(3).map(|&key| format!("{:.3} {:?}", row[key], outcome.tokens[key].text)).collect();
    let entropy = Metrics::of(pattern).normalized_entropy.unwrap_or(f64::NAN);
    println!("{title:>18}: {}   (normalized entropy {entropy:.3})", most.join(", "));
}
