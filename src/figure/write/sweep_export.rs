//! Curves over ε as a file: what the window exports and the command line writes.

use std::{io, path::Path};

use serde::Serialize;

use crate::{
    attention::{Component, Epsilon, InForce, Operation, Scope, SinkQueries},
    engine::{Outcome, RunSpec, Sweep, SweepMetrics, SweepPoint},
    figure::{
        Figure, FigureError, LEGIBLE, LeastText, Repair, SweepStyle, sweep_figure, text::legible::legible, to_pdf,
        to_png, to_svg,
    },
    numbers::JsonNumber,
};

/// The kinds of file that a sweep is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepFormat {
    /// Comma-separated values, a line for each ε.
    Csv,
    /// An object with a list of ε and lists of metrics.
    Json,
    /// The curves, as a raster.
    Png,
    /// The curves, as a vector graphic.
    Svg,
    /// The curves, as a vector graphic for papers.
    Pdf,
}

impl SweepFormat {
    /// Whether it holds curves in place of numbers.
    pub const fn is_picture(self) -> bool {
        matches!(self, Self::Png | Self::Svg | Self::Pdf)
    }

    /// As the file's name ends, in any case.
    ///
    /// # Errors
    /// When it ends otherwise; the message names the file and the endings.
    pub fn of(path: &Path) -> Result<Self, SweepExportError> {
        let ending = path.extension().unwrap_or_default();
        let all =
            [("csv", Self::Csv), ("json", Self::Json), ("png", Self::Png), ("svg", Self::Svg), ("pdf", Self::Pdf)];
        let found = all.into_iter().find(|(name, _)| ending.eq_ignore_ascii_case(name));
        found.map(|(_, format)| format).ok_or_else(|| SweepExportError::Format(path.to_owned()))
    }
}

/// Why a sweep cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepExportError {
    /// A file name with an ending that is no format of sweeps.
    #[error("{}: the name must end in .csv, .json, .png, .svg or .pdf", .0.display())]
    Format(std::path::PathBuf),
    /// A metric that a prompt so short does not have.
    #[error("there is no {metric}: the prompt has {n_positions} tokens")]
    Unmeasured {
        /// Name of the metric that is not defined here.
        metric: &'static str,
        /// T, the number of tokens of the prompt.
        n_positions: usize,
    },
    /// The curves cannot be drawn.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// The numbers cannot be written.
    #[error("cannot write the sweep: {0}")]
    Write(#[from] io::Error),
}

/// A sweep and what it is of.
#[derive(Clone, Copy, Debug)]
pub struct SweepExport<'a> {
    /// Metrics at every ε.
    pub sweep: &'a Sweep,
    /// The request that it answers.
    pub spec: &'a RunSpec,
    /// Of the same source, prompt, layer and head, whatever its ε.
    pub outcome: &'a Outcome,
    /// `[query, key]` of the weight that is followed.
    pub cell: Option<[usize; 2]>,
    /// How a picture looks, and what it shows.
    pub style: &'a SweepStyle,
}

impl SweepExport<'_> {
    /// The bytes of the file. The same arguments give the same bytes.
    ///
    /// # Errors
    /// When a picture is to show a metric that was not measured, or cannot be encoded.
    pub fn bytes(&self, format: SweepFormat) -> Result<Vec<u8>, SweepExportError> {
        match format {
            SweepFormat::Csv => Ok(csv(self.sweep, self.sink_queries())?),
            SweepFormat::Json => Ok(json(self).map_err(io::Error::from)?),
            SweepFormat::Png => Ok(to_png(&self.figure()?, self.style.dpi, None)?),
            SweepFormat::Svg => Ok(to_svg(&self.figure()?, self.style.text, None)?.into_bytes()),
            SweepFormat::Pdf => Ok(to_pdf(&self.figure()?, self.style.text, None)?),
        }
    }

    fn sink_queries(&self) -> SinkQueries {
        SinkQueries::of(self.outcome.mask(), self.outcome.n_positions())
    }

    /// The curves, laid out.
    ///
    /// # Errors
    /// When a metric was not measured, or the page has no room.
    pub fn figure(&self) -> Result<Figure, SweepExportError> {
        let Self { sweep, spec, outcome, style, .. } = *self;
        if let Some(missing) = style.metrics.iter().find(|metric| metric.of(&sweep.baseline).is_none()) {
            let n_positions = outcome.n_positions();
            return Err(SweepExportError::Unmeasured { metric: missing.name(), n_positions });
        }
        let epsilon = &spec.experiment.epsilon;
        // Those of the first row stand for all.
        let columns = epsilon.row(epsilon.shape().rows().first());
        let title = style.title.clone().unwrap_or_else(|| self.title());
        Ok(sweep_figure(sweep, columns, &legible(&title, &style.fonts), style)?)
    }

    /// What makes the curves legible, or lets them be drawn at all; `None` where they are, or where no size helps.
    pub fn repair(&self) -> Option<Repair> {
        let is_legible = |style: &SweepStyle| match (SweepExport { style, ..*self }).figure() {
            Ok(figure) => Some(figure.smallest_text().is_none_or(|smallest| smallest >= LEGIBLE - 1e-9)),
            Err(SweepExportError::Figure(FigureError::NoRoom { .. } | FigureError::NoRoomForPlots { .. })) => {
                Some(false)
            }
            Err(_) => None,
        };
        if is_legible(self.style)? {
            return None;
        }
        let font_size = self.style.font_size.filter(|size| size.points() >= LEGIBLE);
        let larger = Repair::pages(self.style.page).map(Repair::Page);
        let mut repairs = std::iter::once(Repair::LeastText(LeastText::LEGIBLE)).chain(larger);
        repairs.find(|repair| {
            let page = if let Repair::Page(page) = repair { *page } else { self.style.page };
            is_legible(&SweepStyle { page, font_size, ..self.style.clone() }) == Some(true)
        })
    }

    /// `SmolLM2-135M-Instruct, layer 14, head 3: sink mass over ε`; of several metrics, which stand beside their curves,
    /// only what they are of.
    fn title(&self) -> String {
        let Self { spec, outcome, style, .. } = *self;
        let of = format!("{}, layer {}, head {}", outcome.facts.title, outcome.layer_number(), spec.experiment.head);
        match style.metrics.as_slice() {
            [metric] => format!("{of}: {} over ε", metric.name()),
            _ => format!("{of}: curves over ε"),
        }
    }
}

/// One point of one component.
#[derive(Serialize)]
struct Line {
    component: &'static str,
    epsilon: Epsilon,
    sink_mass: Option<f64>,
    normalized_entropy: Option<f64>,
    kl: f64,
    js: f64,
    max_weight: Option<f64>,
    weight: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_change: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rival_change: Option<f64>,
    sink_queries: usize,
}

/// A header line and one line for each point; what was not measured is empty.
fn csv(sweep: &Sweep, sink_queries: SinkQueries) -> io::Result<Vec<u8>> {
    let sink_queries = sink_queries.counted;
    let mut csv = csv::Writer::from_writer(Vec::new());
    for (component, curve) in Component::ALL.into_iter().zip(&sweep.curves) {
        for SweepPoint { epsilon, metrics } in curve {
            let SweepMetrics { sink_mass, normalized_entropy, kl, js, max_weight, weight, target } = *metrics;
            let line = Line {
                component: component.word(),
                epsilon: *epsilon,
                sink_mass,
                normalized_entropy,
                kl,
                js,
                max_weight,
                weight,
                target_change: target.map(|change| change.log_probability),
                rival_change: target.and_then(|change| change.over_rival),
                sink_queries,
            };
            csv.serialize(line).map_err(io::Error::other)?;
        }
    }
    csv.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// The JSON file. What was not measured is `null`, a number that is not finite a text ([`JsonNumber`]).
#[derive(Serialize)]
struct SweepFile<'a> {
    source: String,
    model: &'a str,
    tokens: Vec<&'a str>,
    token_ids: Option<Vec<u32>>,
    layer: usize,
    head: usize,
    n_layers: usize,
    n_heads: usize,
    n_kv_heads: usize,
    operation: &'a Operation,
    scope: &'a Scope,
    #[serde(skip_serializing_if = "InForce::is_empty")]
    in_force: &'a InForce,
    /// `[query, key]`
    cell: Option<[usize; 2]>,
    /// The ids of the token whose chances are followed, and of the one that it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    target_id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rival_id: Option<u32>,
    /// Of how many queries the sink mass is the mean.
    sink_queries: usize,
    baseline: JsonMetrics,
    uniform: JsonMetrics,
    transition: ByComponent<Option<[Epsilon; 2]>>,
    #[serde(flatten)]
    curves: ByComponent<Vec<PointRow>>,
}

#[derive(Serialize)]
struct ByComponent<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<T>,
}

impl<T> ByComponent<T> {
    fn of(sweep: &Sweep, of: impl Fn(Component) -> T) -> Self {
        let of_row = |component| sweep.components().any(|swept| swept == component).then(|| of(component));
        Self {
            query: of_row(Component::Query),
            key: of_row(Component::Key),
            value: of_row(Component::Value),
            output: of_row(Component::Output),
        }
    }
}

#[derive(Serialize)]
struct PointRow {
    epsilon: Epsilon,
    #[serde(flatten)]
    metrics: JsonMetrics,
}

#[derive(Serialize)]
struct JsonMetrics {
    sink_mass: Option<JsonNumber>,
    normalized_entropy: Option<JsonNumber>,
    kl: JsonNumber,
    js: JsonNumber,
    max_weight: Option<JsonNumber>,
    weight: Option<JsonNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_change: Option<JsonNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rival_change: Option<JsonNumber>,
}

impl From<SweepMetrics> for JsonMetrics {
    fn from(metrics: SweepMetrics) -> Self {
        let SweepMetrics { sink_mass, normalized_entropy, kl, js, max_weight, weight, target } = metrics;
        Self {
            sink_mass: sink_mass.map(JsonNumber),
            normalized_entropy: normalized_entropy.map(JsonNumber),
            kl: JsonNumber(kl),
            js: JsonNumber(js),
            max_weight: max_weight.map(JsonNumber),
            weight: weight.map(JsonNumber),
            target_change: target.map(|change| JsonNumber(change.log_probability)),
            rival_change: target.and_then(|change| change.over_rival).map(JsonNumber),
        }
    }
}

fn json(export: &SweepExport<'_>) -> serde_json::Result<Vec<u8>> {
    let SweepExport { sweep, spec, outcome, cell, .. } = *export;
    let row = |&SweepPoint { epsilon, metrics }: &SweepPoint| PointRow { epsilon, metrics: metrics.into() };
    let file = SweepFile {
        source: spec.source.to_string(),
        model: &outcome.facts.title,
        tokens: outcome.tokens.iter().map(|token| token.piece.as_str()).collect(),
        token_ids: outcome.tokens.iter().map(|token| token.id).collect(),
        layer: outcome.layer_number(),
        head: outcome.experiment.head,
        n_layers: outcome.facts.n_layers,
        n_heads: outcome.facts.n_heads,
        n_kv_heads: outcome.facts.n_kv_heads,
        operation: &spec.experiment.operation,
        scope: &spec.experiment.scope,
        in_force: &spec.experiment.in_force,
        cell,
        target_id: sweep.baseline.target.map(|change| change.token),
        rival_id: sweep.baseline.target.and_then(|change| change.rival),
        sink_queries: export.sink_queries().counted,
        baseline: sweep.baseline.into(),
        uniform: sweep.uniform.into(),
        transition: ByComponent::of(sweep, |component| sweep.transition(component)),
        curves: ByComponent::of(sweep, |component| sweep.curves[component.row()].iter().map(row).collect()),
    };
    let mut bytes = serde_json::to_vec_pretty(&file)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn numbers_that_are_not_finite_are_texts_and_missing_ones_null() {
        let metrics = SweepMetrics {
            sink_mass: None,
            normalized_entropy: Some(f64::NAN),
            kl: f64::INFINITY,
            js: 0.5,
            max_weight: Some(f64::NEG_INFINITY),
            weight: Some(1e-300),
            target: None,
        };
        let row = PointRow { epsilon: Epsilon::ONE, metrics: metrics.into() };
        let read: Value = serde_json::from_str(&serde_json::to_string(&row).unwrap()).unwrap();
        let expected = json!({
            "epsilon": 1.0, "sink_mass": null, "normalized_entropy": "NaN", "kl": "Infinity", "js": 0.5,
            "max_weight": "-Infinity", "weight": 1e-300,
        });
        assert_eq!(read, expected);
    }
}
