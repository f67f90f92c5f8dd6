//! Every head of every layer: its pattern, and what that is summed up by.

use std::{collections::HashMap, ops::Range, sync::Arc};

use rayon::prelude::*;

use super::{
    Engine, EngineError, Prompt, RunSpec, SourceSpec, Token,
    prompt_run::PromptRun,
    run,
    source::{OpenSource, Reader},
};
use crate::attention::{
    Component, Edit, Epsilon, Experiment, Intervention, LayerAttention, LayerScope, LayersUnder, Metrics, Pattern,
    SinkQueries, induction, previous_token,
};

/// One head, summed up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadSummary {
    /// 0-based layer.
    pub layer: usize,
    /// 0-based query head.
    pub head: usize,
    /// Of its pattern.
    pub metrics: Metrics,
    /// Of how many queries the sink mass is the mean.
    pub sink_queries: SinkQueries,
    /// See [`crate::attention::previous_token`].
    pub previous_token: Option<f64>,
    /// See [`crate::attention::induction`].
    pub induction: Option<f64>,
}

/// One head with its pattern, which is lazy and shares nothing with other heads.
#[derive(Clone, Debug)]
pub struct HeadPattern {
    /// Which head it is, and its metrics.
    pub summary: HeadSummary,
    /// Its weights, evaluated row by row.
    pub pattern: Pattern,
}

/// What the heads are looked at under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Under {
    /// Nothing: the unmodified run.
    #[default]
    Baseline,
    /// A change to one component, in the scope that a request names. Where that scope is relative to the layer or head
    /// on screen, it is so to each head in turn.
    Change(Component, Epsilon),
}

impl Engine {
    /// Every head's baseline, summed up, by layer and head.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn heads(
        &mut self,
        source: &SourceSpec,
        prompt: &Prompt,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Vec<HeadSummary>, EngineError> {
        let mut summaries = Vec::new();
        let mut each = |heads: Vec<HeadPattern>| summaries.extend(heads.into_iter().map(|head| head.summary));
        self.baseline_heads(source, prompt, &mut each, cancelled)?;
        Ok(summaries)
    }

    /// The pattern of every head under the operation and scope of `spec`, whose layer, head and ε do not matter. Heads
    /// are handed to `each` a few at a time, as soon as they are there and from the first layer down; each comes once.
    ///
    /// `cancelled` is asked before each layer.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn head_patterns(
        &mut self,
        spec: &RunSpec,
        under: Under,
        each: &mut dyn FnMut(Vec<HeadPattern>),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(), EngineError> {
        let Under::Change(component, epsilon) = under else {
            return self.baseline_heads(&spec.source, &spec.prompt, each, cancelled);
        };
        let facts = self.facts(&spec.source)?;
        if !facts.kind.has_vectors() {
            return Err(EngineError::PatternsOnly { title: facts.title.clone() });
        }
        run::check_reach(spec, &facts)?;
        let run = self.prompt(&spec.source, &spec.prompt)?;
        run::check_positions(spec, run.tokens.len())?;
        let key_after = key_after(&run);
        let heads = (0..facts.n_layers).flat_map(|layer| (0..facts.n_heads).map(move |head| (layer, head)));
        let of_heads =
            heads.map(|(layer, head)| spec.experiment.intervention_at(facts.shown(layer, head), component, epsilon));
        let spec = &self.donated(spec, &run, of_heads, cancelled)?;
        let intervention = |layer, head| spec.experiment.intervention_at(facts.shown(layer, head), component, epsilon);
        let Experiment { scope, in_force, .. } = &spec.experiment;
        let is_of_own_layer = scope.set.is_none() && scope.layers == LayerScope::Shown;
        if facts.kind.is_model() && is_of_own_layer && !in_force.is_empty() {
            // Before the head's own layer nothing happens but what is in force.
            let beneath = spec.experiment.beneath(facts.n_layers, facts.n_heads);
            let mut look_at = |layer: usize, attention: &LayerAttention| {
                let under = |head| intervention(layer, head);
                each(look(attention, layer, 0..facts.n_heads, under, &key_after));
            };
            return run.all_under(&beneath, &mut look_at, cancelled);
        }
        if !facts.kind.is_model() || is_of_own_layer {
            // Nothing happens before the head's own layer.
            for layer in 0..facts.n_layers {
                let layer_run = layer_of(&run, layer, cancelled)?;
                let under = |head| intervention(layer, head);
                each(look(layer_run.attention(), layer, 0..facts.n_heads, under, &key_after));
            }
            return Ok(());
        }
        let mut head = 0;
        while head < facts.n_heads {
            // What is done does not depend on the layer, and is the same for all of these heads.
            let end = if scope.set.is_some() { facts.n_heads } else { scope.heads(facts.shown(0, head)).end };
            let heads = head..end;
            let intervention = intervention(0, head);
            let mut look_at = |layer: usize, attention: &LayerAttention| {
                each(look(attention, layer, heads.clone(), |_| intervention.clone(), &key_after));
            };
            run.all_under(&intervention, &mut look_at, cancelled)?;
            head = heads.end;
        }
        Ok(())
    }

    fn baseline_heads(
        &mut self,
        source: &SourceSpec,
        prompt: &Prompt,
        each: &mut dyn FnMut(Vec<HeadPattern>),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<(), EngineError> {
        let facts = self.facts(source)?;
        let run = self.prompt(source, prompt)?;
        let key_after = key_after(&run);
        for layer in 0..facts.n_layers {
            let layer_run = layer_of(&run, layer, cancelled)?;
            each(look(layer_run.attention(), layer, 0..facts.n_heads, |_| Intervention::default(), &key_after));
        }
        Ok(())
    }
}

/// The unmodified layer. Asks `cancelled` also where nothing has to be computed.
fn layer_of(
    run: &PromptRun,
    layer: usize,
    cancelled: &dyn Fn() -> bool,
) -> Result<Arc<super::layer_run::LayerRun>, EngineError> {
    if cancelled() { Err(EngineError::Cancelled) } else { run.baseline(layer, cancelled) }
}

/// Some heads of a layer. Their scores are kept by nobody else: those of all heads of a long prompt would fill the
/// memory.
fn look(
    attention: &LayerAttention,
    layer: usize,
    heads: Range<usize>,
    under: impl Fn(usize) -> Intervention,
    key_after: &[Option<usize>],
) -> Vec<HeadPattern> {
    let mut made = LayersUnder::default();
    let on_top = |head: usize| {
        let intervention = under(head);
        let stacked = intervention.of_vectors(layer);
        let edit = stacked.top_at(layer, head).cloned();
        (head, attention.under(layer, &stacked.beneath, &mut made), edit)
    };
    let heads: Vec<_> = heads.map(on_top).collect();
    let look_at = |(head, attention, edit): (usize, LayerAttention, Option<Edit>)| {
        // No other changes the pattern.
        let edit = edit.filter(|edit| edit.component.makes_scores());
        let pattern = Arc::new(attention.head_scores(head)).pattern(&attention.head_edit(layer, head, edit.as_ref()));
        let summary = HeadSummary {
            layer,
            head,
            metrics: Metrics::of(&pattern),
            sink_queries: SinkQueries::of(attention.mask(), pattern.n_positions()),
            previous_token: previous_token(&pattern),
            induction: induction(&pattern, key_after),
        };
        HeadPattern { summary, pattern }
    };
    heads.into_par_iter().map(look_at).collect()
}

/// For each position the key right after the latest earlier occurrence of its token, which may be the position itself.
/// Tokens that the tokenizer puts around every sequence repeat nothing.
fn key_after(run: &PromptRun) -> Vec<Option<usize>> {
    let frame = frame(&run.source, &run.tokens);
    let mut latest: HashMap<(Option<u32>, &str), usize> = HashMap::new();
    run.tokens
        .iter()
        .enumerate()
        .map(|(position, token)| {
            // Where a capture has ids, they alone say what the token is.
            let name = (token.id, token.id.map_or(token.piece.as_str(), |_| ""));
            let is_frame =
                frame.iter().any(|other| (other.id, other.piece.as_str()) == (token.id, token.piece.as_str()));
            if is_frame { None } else { Some(latest.insert(name, position)? + 1) }
        })
        .collect()
}

/// What stands around every sequence, such as the beginning-of-sequence token.
fn frame(source: &OpenSource, tokens: &[Token]) -> Vec<Token> {
    match &source.reader {
        Reader::Model(model) => model.tokenize("", true).unwrap_or_default().into_iter().map(Token::from).collect(),
        // A capture does not say; special tokens are written like this by all tokenizers in use.
        Reader::Capture { .. } => {
            let is_special = |token: &&Token| {
                let piece = token.piece.as_str();
                [('<', '>'), ('[', ']')].iter().any(|&(open, close)| piece.starts_with(open) && piece.ends_with(close))
            };
            tokens.first().filter(is_special).cloned().into_iter().collect()
        }
    }
}
