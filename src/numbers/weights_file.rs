use ndarray::{Array1, Array2, Array3, ArrayView2, Axis, Zip};

use crate::attention::{Component, Experiment, Grid, Mask, Pattern};

/// The numbers of one grid, as `attenuate weights` writes them.
///
/// Weights are evaluated in f64 and rounded once, to f32. Masked cells hold 0 here; each format says how it writes
/// them.
#[derive(Clone, Debug)]
pub struct WeightsFile {
    /// One for each of the T positions, as the tokenizer has it: `Ġweights`.
    pub tokens: Vec<String>,
    /// The same as text: ` weights`.
    pub token_texts: Vec<String>,
    /// `None` where the source gives no ids.
    pub token_ids: Option<Vec<u32>>,
    /// The shown head, its layer by the number that it is called by, the intervention, and ε of every panel.
    pub experiment: Experiment,
    /// Number of layers.
    pub n_layers: usize,
    /// Number of query heads in each layer.
    pub n_heads: usize,
    /// Number of key and value heads in each layer; divides the number of query heads.
    pub n_kv_heads: usize,
    /// Which cells of every panel are masked.
    pub mask: Mask,
    /// As on the command line: `bundled:smollm2`, or a path.
    pub source: String,
    /// The model's name for people.
    pub model: String,
    /// `[query, key]`
    pub baseline: Array2<f32>,
    /// One for each row of the grid, from top to bottom, each `[column, query, key]`; none where nothing can be modified,
    /// and the baseline is all there is.
    pub panels: Vec<Array3<f32>>,
    /// `None` where the head has no sink logit.
    pub rest: Option<Rest>,
    /// What the panels were evaluated from, for the scores.
    pub patterns: Grid<Pattern>,
}

/// The weight of every row that goes to no key but to the head's sink logit: with it a row sums to 1.
#[derive(Clone, Debug)]
pub struct Rest {
    /// `[query]`
    pub baseline: Array1<f32>,
    /// One for each row of the grid, from top to bottom, each `[column, query]`.
    pub panels: Vec<Array2<f32>>,
}

impl Rest {
    /// `None` where the head has no sink logit.
    pub fn of(baseline: &Pattern, patterns: &Grid<Pattern>) -> Option<Self> {
        baseline.scores().rule().sink?;
        let panels = patterns.rows().map(|(_, columns)| {
            let mut rows = Array2::zeros((columns.len(), baseline.n_positions()));
            for (mut row, pattern) in rows.outer_iter_mut().zip(columns) {
                row.assign(&exact_rest(pattern));
            }
            rows
        });
        Some(Self { baseline: exact_rest(baseline), panels: panels.collect() })
    }
}

impl WeightsFile {
    /// Whether there is an intervention: an operation, a scope, ε of every panel.
    pub(super) fn is_modified(&self) -> bool {
        !self.panels.is_empty()
    }

    pub(super) fn named_panels(&self) -> impl Iterator<Item = (&'static str, &Array3<f32>)> {
        self.experiment.shape().rows().iter().map(Component::word).zip(&self.panels)
    }

    /// What goes to the sink logit in the panels of each row, `[column, query]`, under the names `query_rest` and so on.
    pub(super) fn named_rest(&self) -> impl Iterator<Item = (&'static str, &Array2<f32>)> {
        let name = |component| match component {
            Component::Query => "query_rest",
            Component::Key => "key_rest",
            Component::Value => "value_rest",
            Component::Output => "output_rest",
        };
        let rows = self.rest.iter().flat_map(|rest| &rest.panels);
        self.experiment.shape().rows().iter().map(name).zip(rows)
    }

    /// Every panel with its component's name and ε; of a source that nothing can modify the baseline, without ε.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&'static str, Option<f64>, &Pattern, ArrayView2<'_, f32>)> {
        let weights =
            self.named_panels().flat_map(|(name, panels)| panels.outer_iter().map(move |panel| (name, panel)));
        let modified = self.patterns.iter().zip(weights).map(|((panel, pattern), (name, weights))| {
            (name, Some(self.experiment.epsilon[panel].get()), pattern, weights)
        });
        let baseline = self.patterns.values().filter(|_| !self.is_modified());
        modified.chain(baseline.map(|pattern| ("baseline", None, pattern, self.baseline.view())))
    }

    /// ε `[rows, columns]`, from top to bottom.
    pub(super) fn epsilon(&self) -> Vec<Vec<f64>> {
        self.experiment.epsilon.rows().map(|(_, row)| row.iter().map(|epsilon| epsilon.get()).collect()).collect()
    }

    pub(super) fn is_causal(&self) -> bool {
        self.mask.is_causal()
    }

    /// Patterns as the panels of one component, `[column, query, key]`. Equal ones are evaluated once.
    pub fn panels_of(columns: &[Pattern]) -> Array3<f32> {
        let n = columns.first().map_or(0, Pattern::n_positions);
        let mut panels = Array3::zeros((columns.len(), n, n));
        for (column, pattern) in columns.iter().enumerate() {
            let weights = match columns.iter().position(|other| other == pattern) {
                Some(earlier) if earlier < column => panels.index_axis(Axis(0), earlier).to_owned(),
                _ => exact_weights(pattern),
            };
            panels.index_axis_mut(Axis(0), column).assign(&weights);
        }
        panels
    }
}

/// Weights `[query, key]` evaluated in f64 and rounded once, to f32; masked cells 0.
pub fn exact_weights(pattern: &Pattern) -> Array2<f32> {
    let n = pattern.n_positions();
    let mut weights = Array2::zeros((n, n));
    Zip::indexed(weights.rows_mut()).par_for_each(|query, mut row| {
        let first_key = pattern.span(query).start;
        for (cell, weight) in row.iter_mut().skip(first_key).zip(pattern.exact_row(query)) {
            #[expect(clippy::cast_possible_truncation, reason = "the one rounding from f64 to the weights of files")]
            let rounded = weight as f32;
            *cell = rounded;
        }
    });
    weights
}

/// What goes to the sink logit, `[query]`, evaluated as [`exact_weights`]; 0 for a query without keys.
fn exact_rest(pattern: &Pattern) -> Array1<f32> {
    let rest = (0..pattern.n_positions()).map(|query| pattern.exact_rest(query).unwrap_or(0.0));
    #[expect(clippy::cast_possible_truncation, reason = "the one rounding from f64 to the weights of files")]
    rest.map(|weight| weight as f32).collect()
}
