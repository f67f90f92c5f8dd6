//! The table of heads, and how it is written.

use std::{fmt, io, path::Path, sync::Arc};

use serde_json::{Map, Value, json};

use super::{
    metric::HeadMetric,
    ranking::{HeadEffect, HeadRow, Ranking},
};
use crate::{
    attention::{Component, Epsilon, Operation},
    engine::{LayerNumbers, PartKind, TokenWrites, Writes, WrittenTokens},
    numbers::JsonNumber,
};

/// The column that says of how many queries the sink mass is the mean.
const SINK_QUERIES: &str = "sink_queries";

/// What was done to each head alone to find its Ships.
#[derive(Clone, Debug, PartialEq)]
pub struct ShipsOf {
    /// What is changed in one head after the other.
    pub component: Component,
    /// What takes its place.
    pub operation: Operation,
    /// How much is left of it.
    pub epsilon: Epsilon,
}

impl fmt::Display for ShipsOf {
    /// As over the column: `Query, ε = 1e-3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, ε = {}", self.component, self.epsilon)?;
        if self.operation == Operation::Scale { Ok(()) } else { write!(f, ", {}", self.operation) }
    }
}

/// Heads in some order.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadsTable {
    /// One for each head.
    pub rows: Vec<HeadRow>,
    /// What layers are called.
    pub layers: LayerNumbers,
    /// `None` where Ships was not computed: then there is no column for it.
    pub ships: Option<ShipsOf>,
    /// What all parts of the model write; `None` where that was not computed.
    pub writes: Option<Arc<Writes>>,
    /// The tokens that each head promotes and suppresses most, by layer and head; empty where that was not computed.
    pub tokens: Arc<[WrittenTokens]>,
}

impl HeadsTable {
    /// Puts the rows in the order of `ranking`; heads without a value come last.
    pub fn sort(&mut self, ranking: Ranking) {
        self.rows.sort_by(|a, b| ranking.compare(a, b));
    }

    /// The number that a row's layer is called by, and its head.
    pub fn named_place(&self, row: &HeadRow) -> (usize, usize) {
        let (layer, head) = row.place();
        (self.layers.of(layer), head)
    }

    /// The columns with a number, from the left.
    pub fn metrics(&self) -> impl Iterator<Item = HeadMetric> {
        let has = |column: fn(&HeadEffect) -> bool| self.rows.iter().any(|row| column(&row.effect));
        let has_change = has(|effect| effect.change.is_some());
        let has_change_of_rival = has(|effect| effect.change.is_some_and(|change| change.over_rival.is_some()));
        let has_ships = self.ships.is_some();
        let (has_writes, has_rival) =
            (self.writes.is_some(), self.writes.as_ref().is_some_and(|writes| writes.rival.is_some()));
        HeadMetric::ALL.into_iter().filter(move |&metric| match metric {
            HeadMetric::Ships => has_ships,
            HeadMetric::TargetChange => has_change,
            HeadMetric::RivalChange => has_change_of_rival,
            HeadMetric::Writes => has_writes,
            HeadMetric::WritesOverRival => has_rival,
            _ => true,
        })
    }

    /// The tokens that a row's head promotes and suppresses most.
    pub fn tokens_of(&self, row: &HeadRow) -> Option<&WrittenTokens> {
        let n_heads = self.writes.as_ref()?.n_heads();
        self.tokens.get(row.summary.layer * n_heads + row.summary.head)
    }

    /// Writes the table in `format`: each row says what its Ships are of, of whose logit it writes a part and what the
    /// other parts of that are, which tokens the head promotes and suppresses most (in separated values each a JSON list),
    /// and of how many queries its sink mass is the mean. What has no value is empty, `null` in JSON; see [`JsonNumber`]
    /// for what is not finite.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write(&self, format: TableFormat, out: &mut dyn io::Write) -> io::Result<()> {
        match format {
            TableFormat::Csv => self.write_separated(b',', out),
            TableFormat::Json => self.write_json(out),
        }
    }

    /// Tab-separated, for the clipboard.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn write_tabs(&self, out: &mut dyn io::Write) -> io::Result<()> {
        self.write_separated(b'\t', out)
    }

    fn write_separated(&self, separator: u8, out: &mut dyn io::Write) -> io::Result<()> {
        let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(out);
        let keys = self.metrics().map(HeadMetric::key);
        let of_ships = self.ships.as_ref().map(|_| ["component", "epsilon", "operation"]);
        let of_ships = of_ships.into_iter().flatten();
        let of_writes: Vec<(&str, Value)> = self.of_writes();
        let names = of_writes.iter().map(|(name, _)| *name);
        let of_tokens: &[&str] = if self.tokens.is_empty() { &[] } else { &TOKEN_COLUMNS };
        let heading = ["layer", "head"].into_iter().chain(keys).chain(of_ships).chain(names);
        writer.write_record(heading.chain(of_tokens.iter().copied()).chain([SINK_QUERIES]))?;
        for row in &self.rows {
            let (layer, head) = self.named_place(row);
            let number = |metric| row.get(metric).map_or_else(String::new, |value| value.to_string());
            let of_ships = self.ships.as_ref().map(|ships| {
                [ships.component.name().to_lowercase(), ships.epsilon.to_string(), ships.operation.to_string()]
            });
            let places = [layer.to_string(), head.to_string()].into_iter();
            let numbers = places.chain(self.metrics().map(number)).chain(of_ships.into_iter().flatten());
            let of_writes = of_writes.iter().map(|(_, value)| plain(value));
            let of_tokens = self.tokens_of(row).into_iter().flat_map(token_cells);
            let sink_queries = row.summary.sink_queries.counted.to_string();
            writer.write_record(numbers.chain(of_writes).chain(of_tokens).chain([sink_queries]))?;
        }
        writer.flush()
    }

    /// Whose logit the heads write parts of, and what the other parts of it are: all of them sum to it.
    fn of_writes(&self) -> Vec<(&'static str, Value)> {
        let Some(writes) = &self.writes else { return Vec::new() };
        let mut fields = vec![
            ("position", json!(writes.position)),
            ("target", json!(writes.target.text)),
            ("target_id", json!(writes.target.id)),
        ];
        if let Some(rival) = &writes.rival {
            fields.extend([("rival", json!(rival.text)), ("rival_id", json!(rival.id))]);
        }
        let kinds = [
            (PartKind::Embeddings, ["embeddings", "embeddings_over_rival"]),
            (PartKind::FeedForwards, ["feed_forwards", "feed_forwards_over_rival"]),
            (PartKind::Biases, ["biases", "biases_over_rival"]),
        ];
        for (kind, [to_target, over_rival]) in kinds {
            fields.push((to_target, json!(JsonNumber(writes.to_target(kind)))));
            fields.extend(writes.kind_over_rival(kind).map(|number| (over_rival, json!(JsonNumber(number)))));
        }
        fields.push(("logit", json!(JsonNumber(writes.logit()))));
        let over_rival = writes.rival.as_ref().and_then(|_| writes.over_rival());
        fields.extend(over_rival.map(|number| ("logit_over_rival", json!(JsonNumber(number)))));
        fields
    }

    fn write_json(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let row = |row: &HeadRow| {
            let (layer, head) = self.named_place(row);
            let mut fields = Map::from_iter([("layer".to_owned(), json!(layer)), ("head".to_owned(), json!(head))]);
            let number = |metric| json!(row.get(metric).map(JsonNumber));
            fields.extend(self.metrics().map(|metric| (metric.key().to_owned(), number(metric))));
            fields.insert(SINK_QUERIES.to_owned(), json!(row.summary.sink_queries.counted));
            if let Some(ShipsOf { component, operation, epsilon }) = &self.ships {
                fields.insert("component".to_owned(), json!(component));
                fields.insert("epsilon".to_owned(), json!(epsilon.get()));
                fields.insert("operation".to_owned(), json!(operation.to_string()));
            }
            fields.extend(self.of_writes().into_iter().map(|(name, value)| (name.to_owned(), value)));
            if let Some(WrittenTokens { promoted, suppressed }) = self.tokens_of(row) {
                for (name, tokens) in [("promoted", promoted), ("suppressed", suppressed)] {
                    let token = |token: &TokenWrites| json!({ "id": token.id, "text": token.text, "logits": JsonNumber(token.modified) });
                    fields.insert(name.to_owned(), tokens.iter().map(token).collect());
                }
            }
            Value::Object(fields)
        };
        let rows: Vec<Value> = self.rows.iter().map(row).collect();
        serde_json::to_writer_pretty(&mut *out, &rows)?;
        writeln!(out)
    }
}

/// The tokens that a head promotes and suppresses most, as JSON lists: texts, ids, and what it adds to their logits.
const TOKEN_COLUMNS: [&str; 6] =
    ["promoted", "promoted_ids", "promoted_logits", "suppressed", "suppressed_ids", "suppressed_logits"];

/// As in [`TOKEN_COLUMNS`].
fn token_cells(WrittenTokens { promoted, suppressed }: &WrittenTokens) -> impl Iterator<Item = String> {
    let list = |tokens: &[TokenWrites], cell: fn(&TokenWrites) -> Value| {
        Value::Array(tokens.iter().map(cell).collect()).to_string()
    };
    let of_kind = |tokens: &[TokenWrites]| {
        let logits = list(tokens, |token| json!(JsonNumber(token.modified)));
        [list(tokens, |token| json!(token.text)), list(tokens, |token| json!(token.id)), logits]
    };
    of_kind(promoted).into_iter().chain(of_kind(suppressed))
}

/// A value as text without quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// The formats that the table is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// Comma-separated values, a row for each head.
    Csv,
    /// An object with a list of heads.
    Json,
}

/// A name from which no format follows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name must end in .csv or .json")]
pub struct UnknownTableFormat;

impl TableFormat {
    /// The format that the extension says, in small or capital letters.
    ///
    /// # Errors
    /// When it is neither.
    pub fn of(path: &Path) -> Result<Self, UnknownTableFormat> {
        let is = |name: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(name));
        match (is("csv"), is("json")) {
            (true, _) => Ok(Self::Csv),
            (_, true) => Ok(Self::Json),
            _ => Err(UnknownTableFormat),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        attention::{Metrics, SinkQueries},
        engine::HeadSummary,
    };

    fn row(layer: usize, head: usize, sink_mass: Option<f64>) -> HeadRow {
        let metrics = Metrics { sink_mass, normalized_entropy: Some(0.25), diagonal: 0.5, rest: None };
        let sink_queries = SinkQueries { counted: 2, of: 9 };
        let summary = HeadSummary { layer, head, metrics, sink_queries, previous_token: Some(0.125), induction: None };
        HeadRow { summary, effect: HeadEffect::default() }
    }

    fn table(rows: Vec<HeadRow>) -> HeadsTable {
        HeadsTable { rows, layers: LayerNumbers::default(), ships: None, writes: None, tokens: Arc::default() }
    }

    fn places(table: &HeadsTable) -> Vec<(usize, usize)> {
        table.rows.iter().map(HeadRow::place).collect()
    }

    #[test]
    fn what_has_no_value_comes_last_either_way_and_equals_by_layer() {
        let rows = vec![
            row(1, 1, Some(0.5)),
            row(0, 1, None),
            row(1, 0, Some(0.5)),
            row(0, 2, Some(f64::NAN)),
            row(0, 0, Some(0.25)),
        ];
        let mut table = table(rows);
        table.sort(Ranking::Highest(HeadMetric::SinkMass));
        assert_eq!(places(&table), [(1, 0), (1, 1), (0, 0), (0, 1), (0, 2)]);
        table.sort(Ranking::Lowest(HeadMetric::SinkMass));
        assert_eq!(places(&table), [(0, 0), (1, 0), (1, 1), (0, 1), (0, 2)]);
        table.sort(Ranking::ByLayer);
        assert_eq!(places(&table), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]);
    }

    #[test]
    fn is_written_with_what_its_ships_are_of() {
        let text = |table: &HeadsTable, format| {
            let mut bytes = Vec::new();
            table.write(format, &mut bytes).unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let mut table = table(vec![row(3, 1, Some(0.75))]);
        let heading = "layer,head,sink_mass,entropy,diagonal,previous_token,induction";
        assert_eq!(text(&table, TableFormat::Csv), format!("{heading},sink_queries\n3,1,0.75,0.25,0.5,0.125,,2\n"));
        table.rows[0].effect.ships = Some(1.5);
        let epsilon = Epsilon::new(1e-3).unwrap();
        table.ships = Some(ShipsOf { component: Component::Query, operation: Operation::Scale, epsilon });
        let expected =
            "ships,component,epsilon,operation,sink_queries\n3,1,0.75,0.25,0.5,0.125,,1.5,query,1e-3,scale,2\n";
        assert_eq!(text(&table, TableFormat::Csv), format!("{heading},{expected}"));
        let json: Value = serde_json::from_str(&text(&table, TableFormat::Json)).unwrap();
        assert_eq!(json[0]["induction"], Value::Null);
        assert_eq!((&json[0]["ships"], &json[0]["epsilon"]), (&json!(1.5), &json!(0.001)));
        assert_eq!(json[0]["sink_queries"], json!(2));
        table.rows[0].effect.ships = Some(f64::INFINITY);
        let json: Value = serde_json::from_str(&text(&table, TableFormat::Json)).unwrap();
        assert_eq!(json[0]["ships"], json!("Infinity"));
    }

    #[test]
    fn metrics_are_named_by_their_words() {
        for metric in HeadMetric::ALL {
            let is_change = matches!(metric, HeadMetric::TargetChange | HeadMetric::RivalChange);
            let expected = if is_change { Ranking::Lowest(metric) } else { Ranking::Highest(metric) };
            assert_eq!(metric.key().parse(), Ok(expected));
            assert_eq!(metric.key().replace('_', "-").parse(), Ok(expected));
        }
        assert_eq!("layer".parse(), Ok(Ranking::ByLayer));
        assert!("size".parse::<Ranking>().is_err_and(|error| error.to_string().contains("“size”")));
        assert_eq!(TableFormat::of(Path::new("a.CSV")), Ok(TableFormat::Csv));
        assert_eq!(TableFormat::of(Path::new("csv")), Err(UnknownTableFormat));
    }
}
