//! Requests, and outcomes as numbers that can be compared.

use std::sync::Arc;

use attenuate::{
    attention::{Component, Epsilon, Grid, Pattern, Preset, Rule},
    engine::{Bundled, Engine, EngineError, OpenSource, Outcome, Panel, Prompt, RunSpec, SourceSpec},
    model::{
        LanguageModel, LayerParts, ModelError, ModelShape, NormInput, Parts, Residual, Tokenizer, Transformer, Vectors,
        bundled,
    },
    session::Session,
};
use ndarray::Array2;

pub const NEVER: &dyn Fn() -> bool = &|| false;

/// A bundled source at its default view with the figure's ε.
pub fn spec(bundled: Bundled, preset: Preset) -> RunSpec {
    Session::example(bundled).run_spec().with(|experiment| experiment.scope = preset.scope())
}

pub fn text(text: &str) -> Prompt {
    Prompt::Text { text: text.into(), bos: true }
}

pub fn epsilon(value: f64) -> Epsilon {
    Epsilon::new(value).unwrap()
}

/// The answer of an engine that was asked nothing before.
pub fn fresh(spec: &RunSpec) -> Result<Outcome, EngineError> {
    Engine::default().run(spec, NEVER)
}

/// The bundled model, as if it were so slow that each run is made by itself.
struct Slow(LanguageModel);

impl Transformer for Slow {
    fn shape(&self) -> &ModelShape {
        self.0.shape()
    }

    fn embed_from(&self, token_ids: &[u32], first: usize) -> Result<Residual, ModelError> {
        self.0.transformer().embed_from(token_ids, first)
    }

    fn vectors_of_runs(&self, layer: usize, residual: &Residual) -> Result<Vec<Vectors>, ModelError> {
        assert_eq!(residual.n_runs(), 1, "by itself");
        self.0.transformer().vectors_of_runs(layer, residual)
    }

    fn rule(&self, layer: usize, n_positions: usize) -> Result<Rule, ModelError> {
        self.0.transformer().rule(layer, n_positions)
    }

    fn keeps_vectors(&self, shorter: usize, longer: usize) -> bool {
        self.0.transformer().keeps_vectors(shorter, longer)
    }

    fn turns_last(&self, layer: usize) -> Result<bool, ModelError> {
        self.0.transformer().turns_last(layer)
    }

    fn adds_positions(&self) -> bool {
        self.0.transformer().adds_positions()
    }

    fn finish(&self, layer: usize, residual: &Residual, head_outputs: Array2<f32>) -> Result<Residual, ModelError> {
        self.0.transformer().finish(layer, residual, head_outputs)
    }

    fn behind_attention(
        &self,
        layer: usize,
        head_outputs: &dyn Fn() -> Result<Array2<f32>, ModelError>,
    ) -> Result<Option<NormInput>, ModelError> {
        self.0.transformer().behind_attention(layer, head_outputs)
    }

    fn layer_parts(
        &self,
        layer: usize,
        residual: &Residual,
        head_outputs: &Array2<f32>,
    ) -> Result<LayerParts, ModelError> {
        self.0.transformer().layer_parts(layer, residual, head_outputs)
    }

    fn parts(&self) -> &dyn Parts {
        self.0.transformer().parts()
    }

    fn logits(&self, residual: &Residual) -> Result<Array2<f32>, ModelError> {
        self.0.transformer().logits(residual)
    }

    fn multiplications(&self) -> u64 {
        u64::MAX
    }
}

/// An engine that makes each run of the bundled model by itself.
pub fn one_by_one() -> Engine {
    let tokenizer = Tokenizer::from_bytes(bundled::TOKENIZER).unwrap();
    let model = LanguageModel::new(Box::new(Slow(bundled::load().unwrap())), Some(tokenizer));
    let mut engine = Engine::default();
    engine.adopt(Arc::new(OpenSource::live(&SourceSpec::Bundled(Bundled::Austen), bundled::TITLE, model)));
    engine
}

/// Baseline and nine panels, in this order.
pub fn panels(outcome: &Outcome) -> impl Iterator<Item = &Panel> {
    std::iter::once(&outcome.baseline).chain(outcome.panels.values())
}

/// `[query, key]`, both evaluations of a pattern, as bits.
pub fn bits(pattern: &Pattern) -> Vec<u64> {
    let pictured = pattern.dense().into_iter().map(|weight| u64::from(weight.to_bits()));
    let exact = (0..pattern.n_positions()).flat_map(|query| pattern.exact_row(query)).map(f64::to_bits);
    pictured.chain(exact).collect()
}

/// All that a view shows of an outcome, to the last bit.
#[derive(Debug, PartialEq)]
pub struct Numbers {
    place: (String, usize, usize),
    tokens: Vec<(Option<u32>, String, String)>,
    epsilon: Grid<Epsilon>,
    panels: Vec<(Vec<u64>, Option<u64>)>,
}

pub fn numbers(outcome: &Outcome) -> Numbers {
    Numbers {
        place: (outcome.facts.source.to_string(), outcome.experiment.layer, outcome.experiment.head),
        tokens: outcome.tokens.iter().map(|token| (token.id, token.piece.clone(), token.text.clone())).collect(),
        epsilon: outcome.experiment.epsilon.clone(),
        panels: panels(outcome).map(|panel| (bits(&panel.pattern), panel.output_norm().map(f64::to_bits))).collect(),
    }
}

/// Every panel of the grid.
pub fn grid() -> impl Iterator<Item = (Component, usize)> {
    Component::FIGURE.into_iter().flat_map(|component| (0..3).map(move |column| (component, column)))
}
