use std::io::{self, Write};

use csv::{ErrorKind, Writer};
use serde::Serialize;

use super::WeightsFile;
use crate::attention::Component;

/// One attended cell of one panel.
#[derive(Serialize)]
struct Line<'a> {
    component: &'static str,
    epsilon: f64,
    query_pos: usize,
    query_token: &'a str,
    key_pos: usize,
    key_token: &'a str,
    weight: f32,
    /// The cell's weight without intervention.
    baseline: f32,
    /// Before the softmax, with ε in it.
    score: f64,
}

impl WeightsFile {
    /// Writes a table with a header line and one line for each attended cell of each of the nine panels, quoted after
    /// RFC 4180; a masked cell has no line. A number is the shortest decimal that reads back as the same f32 (weights)
    /// or f64 (ε, scores); those that are not finite are `NaN`, `inf` and `-inf`.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut csv = Writer::from_writer(out);
        let token = |position: usize| self.tokens.get(position).map_or("", String::as_str);
        for (component, (name, panels)) in Component::ALL.into_iter().zip(self.named_panels()) {
            for (column, weights) in panels.outer_iter().enumerate() {
                let pattern = &self.patterns[component.row()][column];
                for (query, row) in weights.outer_iter().enumerate() {
                    // As many as the query attends to, so that masked cells drop out.
                    let scores = pattern.exact_scores(query);
                    let cells = row.iter().zip(self.baseline.row(query)).zip(scores).enumerate();
                    for (key, ((&weight, &baseline), score)) in cells {
                        let line = Line {
                            component: name,
                            epsilon: self.epsilon[component.row()][column],
                            query_pos: query,
                            query_token: token(query),
                            key_pos: key,
                            key_token: token(key),
                            weight,
                            baseline,
                            score,
                        };
                        csv.serialize(line).map_err(io_error)?;
                    }
                }
            }
        }
        csv.flush()
    }
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
