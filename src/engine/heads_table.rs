//! The table of heads: what it ranks by, and how it is written.

use std::{cmp::Ordering, fmt, io, path::Path, str::FromStr};

use serde_json::{Map, Value, json};

use super::{HeadSummary, LayerNumbers};
use crate::{
    attention::{Component, Epsilon, Operation},
    numbers::JsonNumber,
};

/// The column that says of how many queries the sink mass is the mean.
const SINK_QUERIES: &str = "sink_queries";

/// What heads are compared by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HeadMetric {
    /// See [`crate::attention::sink_mass`].
    #[default]
    SinkMass,
    /// See [`crate::attention::normalized_entropy`].
    Entropy,
    /// Mean weight of a token on itself.
    Diagonal,
    /// See [`crate::attention::previous_token`].
    PreviousToken,
    /// See [`crate::attention::induction`].
    Induction,
    /// See [`super::HeadShips`].
    Ships,
}

impl HeadMetric {
    /// All of them, in the order of the table's columns.
    pub const ALL: [Self; 6] =
        [Self::SinkMass, Self::Entropy, Self::Diagonal, Self::PreviousToken, Self::Induction, Self::Ships];

    /// On screen, as it reads in the middle of a sentence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SinkMass => "sink mass",
            Self::Entropy => "entropy",
            Self::Diagonal => "diagonal",
            Self::PreviousToken => "previous token",
            Self::Induction => "induction",
            Self::Ships => "Ships",
        }
    }

    /// In files, and the column of a table.
    pub const fn key(self) -> &'static str {
        match self {
            Self::SinkMass => "sink_mass",
            Self::Entropy => "entropy",
            Self::Diagonal => "diagonal",
            Self::PreviousToken => "previous_token",
            Self::Induction => "induction",
            Self::Ships => "ships",
        }
    }
}

/// A word that names no metric.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected layer, sink, entropy, diagonal, previous, induction or ships, found “{0}”")]
pub struct ParseMetricError(String);

/// One head with everything that it is compared by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadRow {
    /// Which head it is, and its metrics.
    pub summary: HeadSummary,
    /// `None` where it was not computed.
    pub ships: Option<f64>,
}

impl HeadRow {
    /// `None` where the prompt is too short for it, nothing repeats, or it was not computed.
    pub fn get(&self, metric: HeadMetric) -> Option<f64> {
        let HeadSummary { metrics, previous_token, induction, .. } = self.summary;
        match metric {
            HeadMetric::SinkMass => metrics.sink_mass,
            HeadMetric::Entropy => metrics.normalized_entropy,
            HeadMetric::Diagonal => Some(metrics.diagonal),
            HeadMetric::PreviousToken => previous_token,
            HeadMetric::Induction => induction,
            HeadMetric::Ships => self.ships,
        }
    }

    fn place(&self) -> (usize, usize) {
        (self.summary.layer, self.summary.head)
    }
}

/// The order of heads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ranking {
    /// By layer, then by head.
    #[default]
    ByLayer,
    /// From the highest value down.
    Highest(HeadMetric),
    /// From the lowest value up.
    Lowest(HeadMetric),
}

impl Ranking {
    /// Which comes first. What has no value, or one that is no number, comes last either way; equal values by layer.
    pub fn compare(self, a: &HeadRow, b: &HeadRow) -> Ordering {
        let by_value = |metric: HeadMetric, turn: fn(Ordering) -> Ordering| {
            let value = |row: &HeadRow| row.get(metric).filter(|value| !value.is_nan());
            match (value(a), value(b)) {
                (Some(a), Some(b)) => turn(a.total_cmp(&b)),
                (a, b) => a.is_none().cmp(&b.is_none()),
            }
        };
        let order = match self {
            Self::ByLayer => Ordering::Equal,
            Self::Highest(metric) => by_value(metric, Ordering::reverse),
            Self::Lowest(metric) => by_value(metric, |order| order),
        };
        order.then_with(|| a.place().cmp(&b.place()))
    }
}

impl FromStr for Ranking {
    type Err = ParseMetricError;

    /// `layer`, or a metric: the highest first.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let metric = match text.trim().to_ascii_lowercase().as_str() {
            "layer" => return Ok(Self::ByLayer),
            "sink" | "sink_mass" => HeadMetric::SinkMass,
            "entropy" => HeadMetric::Entropy,
            "diagonal" => HeadMetric::Diagonal,
            "previous" | "previous_token" => HeadMetric::PreviousToken,
            "induction" => HeadMetric::Induction,
            "ships" => HeadMetric::Ships,
            _ => return Err(ParseMetricError(text.to_owned())),
        };
        Ok(Self::Highest(metric))
    }
}

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
        let has_ships = self.ships.is_some();
        HeadMetric::ALL.into_iter().filter(move |&metric| metric != HeadMetric::Ships || has_ships)
    }

    /// Writes the table in `format`: each row says what its Ships are of, and of how many queries its sink mass is the
    /// mean. What has no value is empty, `null` in JSON; see [`JsonNumber`] for what is not finite.
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
        writer.write_record(["layer", "head"].into_iter().chain(keys).chain(of_ships).chain([SINK_QUERIES]))?;
        for row in &self.rows {
            let (layer, head) = self.named_place(row);
            let number = |metric| row.get(metric).map_or_else(String::new, |value| value.to_string());
            let of_ships = self.ships.as_ref().map(|ships| {
                [ships.component.name().to_lowercase(), ships.epsilon.to_string(), ships.operation.to_string()]
            });
            let places = [layer.to_string(), head.to_string()].into_iter();
            let numbers = places.chain(self.metrics().map(number)).chain(of_ships.into_iter().flatten());
            writer.write_record(numbers.chain([row.summary.sink_queries.counted.to_string()]))?;
        }
        writer.flush()
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
            Value::Object(fields)
        };
        let rows: Vec<Value> = self.rows.iter().map(row).collect();
        serde_json::to_writer_pretty(&mut *out, &rows)?;
        writeln!(out)
    }
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
    use crate::attention::{Metrics, SinkQueries};

    fn row(layer: usize, head: usize, sink_mass: Option<f64>) -> HeadRow {
        let metrics = Metrics { sink_mass, normalized_entropy: Some(0.25), diagonal: 0.5, rest: None };
        let sink_queries = SinkQueries { counted: 2, of: 9 };
        let summary = HeadSummary { layer, head, metrics, sink_queries, previous_token: Some(0.125), induction: None };
        HeadRow { summary, ships: None }
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
        let mut table = HeadsTable { rows, layers: LayerNumbers::default(), ships: None };
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
        let mut table = HeadsTable { rows: vec![row(3, 1, Some(0.75))], layers: LayerNumbers::default(), ships: None };
        let heading = "layer,head,sink_mass,entropy,diagonal,previous_token,induction";
        assert_eq!(text(&table, TableFormat::Csv), format!("{heading},sink_queries\n3,1,0.75,0.25,0.5,0.125,,2\n"));
        table.rows[0].ships = Some(1.5);
        let epsilon = Epsilon::new(1e-3).unwrap();
        table.ships = Some(ShipsOf { component: Component::Query, operation: Operation::Scale, epsilon });
        let expected =
            "ships,component,epsilon,operation,sink_queries\n3,1,0.75,0.25,0.5,0.125,,1.5,query,1e-3,scale,2\n";
        assert_eq!(text(&table, TableFormat::Csv), format!("{heading},{expected}"));
        let json: Value = serde_json::from_str(&text(&table, TableFormat::Json)).unwrap();
        assert_eq!(json[0]["induction"], Value::Null);
        assert_eq!((&json[0]["ships"], &json[0]["epsilon"]), (&json!(1.5), &json!(0.001)));
        assert_eq!(json[0]["sink_queries"], json!(2));
        table.rows[0].ships = Some(f64::INFINITY);
        let json: Value = serde_json::from_str(&text(&table, TableFormat::Json)).unwrap();
        assert_eq!(json[0]["ships"], json!("Infinity"));
    }

    #[test]
    fn metrics_are_named_by_their_words() {
        for metric in HeadMetric::ALL {
            assert_eq!(metric.key().parse(), Ok(Ranking::Highest(metric)));
        }
        assert_eq!("layer".parse(), Ok(Ranking::ByLayer));
        assert!("size".parse::<Ranking>().is_err_and(|error| error.to_string().contains("“size”")));
        assert_eq!(TableFormat::of(Path::new("a.CSV")), Ok(TableFormat::Csv));
        assert_eq!(TableFormat::of(Path::new("csv")), Err(UnknownTableFormat));
    }
}
