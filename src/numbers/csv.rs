use std::io::{self, Write};

use ::csv::{ErrorKind, WriterBuilder};
use serde::Serialize;

use super::weights_file::WeightsFile;

/// One attended cell of one panel.
#[derive(Serialize)]
struct Line<'a> {
    component: &'static str,
    epsilon: Option<f64>,
    query_pos: usize,
    query_token: &'a str,
    /// Nothing for what goes to the head's sink logit.
    key_pos: Option<usize>,
    key_token: &'a str,
    weight: f32,
    /// The cell's weight without intervention.
    baseline: f32,
    /// What enters the softmax, with ε in it; nothing where weights are given.
    score: Option<f64>,
}

impl WeightsFile {
    /// Writes a table with a header line and one line for each attended cell of each panel, quoted after
    /// RFC 4180; a masked cell has no line. Where the head has a
    /// sink logit, one more line of each row, `rest` without a position, is what goes to it. A number is the shortest decimal that reads back as the same f32 (weights)
    /// or f64 (ε, scores); those that are not finite are `NaN`, `inf` and `-inf`.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        self.write_separated(b',', out)
    }

    /// [`Self::write_csv`] with tabs, for the clipboard.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write_tabs(&self, out: &mut dyn Write) -> io::Result<()> {
        self.write_separated(b'\t', out)
    }

    fn write_separated(&self, separator: u8, out: &mut dyn Write) -> io::Result<()> {
        let mut csv = WriterBuilder::new().delimiter(separator).from_writer(out);
        let token = |position: usize| self.tokens.get(position).map_or("", String::as_str);
        for (name, epsilon, pattern, weights) in self.lines() {
            let has_scores = pattern.scores().has_vectors();
            for (query, row) in weights.outer_iter().enumerate() {
                let keys = pattern.keys(query);
                let scores = keys.span().zip(pattern.exact_scores(query));
                // Masked cells have no line.
                for (key, score) in scores.filter(|&(key, _)| keys.contains(key)) {
                    let line = Line {
                        component: name,
                        epsilon,
                        query_pos: query,
                        query_token: token(query),
                        key_pos: Some(key),
                        key_token: token(key),
                        weight: row[key],
                        baseline: self.baseline[[query, key]],
                        score: has_scores.then_some(score),
                    };
                    csv.serialize(line).map_err(io_error)?;
                }
                if let (Some(rest), Some(of_baseline)) = (pattern.exact_rest(query), &self.rest) {
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "the one rounding from f64 to the weights of files"
                    )]
                    let weight = rest as f32;
                    let line = Line {
                        component: name,
                        epsilon,
                        query_pos: query,
                        query_token: token(query),
                        key_pos: None,
                        key_token: "rest",
                        weight,
                        baseline: of_baseline.baseline[query],
                        score: pattern.scores().rule().sink,
                    };
                    csv.serialize(line).map_err(io_error)?;
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

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{file, pattern},
        *,
    };
    use crate::attention::{Grid, Shape};

    fn csv(file: &WeightsFile) -> (String, Vec<Vec<String>>) {
        let mut text = Vec::new();
        file.write_csv(&mut text).unwrap();
        let lines = csv::Reader::from_reader(text.as_slice())
            .records()
            .map(|line| line.unwrap().iter().map(str::to_owned).collect())
            .collect();
        (String::from_utf8(text).unwrap(), lines)
    }

    #[test]
    fn a_line_for_each_attended_cell() {
        let file = file();
        let (text, lines) = csv(&file);
        let header = "component,epsilon,query_pos,query_token,key_pos,key_token,weight,baseline,score\n";
        assert!(text.starts_with(&format!("{header}query,0.5,0,<s>,0,<s>,1.0,1.0,0.0\n")), "{text}");
        assert_eq!(lines.len(), 3 * 3 * 3, "three of four cells of nine panels");
        let mut lines = lines.into_iter();
        let panels = file.named_panels().flat_map(|(name, panels)| panels.outer_iter().map(move |panel| (name, panel)));
        for ((panel, pattern), (name, weights)) in file.patterns.iter().zip(panels) {
            for [query, key] in [[0, 0], [1, 0], [1, 1]] {
                let line = lines.next().unwrap();
                assert_eq!(line[0], name);
                assert_eq!(line[1].parse(), Ok(file.experiment.epsilon[panel].get()));
                assert_eq!([line[2].parse(), line[4].parse()], [Ok(query), Ok(key)]);
                assert_eq!([&line[3], &line[5]], [&file.tokens[query], &file.tokens[key]], "quotes and line breaks");
                let bits = |text: &str| text.parse().map(f32::to_bits);
                assert_eq!(bits(&line[6]), Ok(weights[[query, key]].to_bits()));
                assert_eq!(bits(&line[7]), Ok(file.baseline[[query, key]].to_bits()));
                let score = pattern.exact_cell(query, key).unwrap().score;
                assert_eq!(line[8].parse().ok(), score);
            }
        }
    }

    #[test]
    fn every_f32_reads_back() {
        let mut odd = WeightsFile { patterns: Grid::filled(Shape::FIGURE, pattern(1.0)), ..file() };
        let mut state = 1_u32;
        for _ in 0..2000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            odd.baseline[[1, 0]] = f32::from_bits(state);
            odd.baseline[[1, 1]] = f32::MIN_POSITIVE / 2.0;
            odd.baseline[[0, 0]] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][state as usize % 3];
            let (_, lines) = csv(&odd);
            for (line, weight) in lines.iter().zip([odd.baseline[[0, 0]], odd.baseline[[1, 0]], odd.baseline[[1, 1]]]) {
                let read: f32 = line[7].parse().unwrap();
                assert!(
                    read.to_bits() == weight.to_bits() || (read.is_nan() && weight.is_nan()),
                    "{weight:e}: {line:?}"
                );
            }
        }
    }
}
