//! What the engine answers with.

use std::sync::{Arc, OnceLock};

use super::{Reference, SourceSpec};
use crate::attention::{
    Component, Experiment, Grid, HeadEdit, InForce, Intervention, LayerAttention, LayerQkv, Mask, Operation, PanelId,
    Pattern, Scope, Shape, Shown, output_norm,
};
pub use crate::model::{Adapter, Notice, Role};

/// What kind of source it is, which decides what can move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// Live: takes any prompt, and every scope works.
    Model,
    /// Vectors of one prompt from a file: an intervention knows only the shown layer.
    Capture,
    /// Attention weights of one prompt from a file: there is nothing to intervene on.
    Patterns,
}

/// Why nothing can be changed of a source that has no vectors.
pub const PATTERNS_ONLY: &str = "this file holds patterns only, no query, key or value";

impl SourceKind {
    /// Whether there are query, key and value vectors, which an intervention changes.
    pub const fn has_vectors(self) -> bool {
        !matches!(self, Self::Patterns)
    }

    /// Whether there is a model that carries a change into later layers, and reads any prompt.
    pub const fn is_model(self) -> bool {
        matches!(self, Self::Model)
    }
}

/// What layers are called: the model's own numbers, where a capture holds some of its layers. Everything else counts the
/// layers of the source from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerNumbers(Option<Arc<[usize]>>);

impl LayerNumbers {
    /// One number for each layer; `None` where they are 0, 1, 2, …
    pub fn new(numbers: Option<&[usize]>) -> Self {
        Self(numbers.map(Arc::from))
    }

    /// The number of a layer, 0-based.
    pub fn of(&self, layer: usize) -> usize {
        self.0.as_ref().and_then(|numbers| numbers.get(layer)).copied().unwrap_or(layer)
    }

    /// The layer of this number, 0-based; `None` where there is none.
    pub fn layer(&self, number: usize) -> Option<usize> {
        match &self.0 {
            Some(numbers) => numbers.iter().position(|&other| other == number),
            None => Some(number),
        }
    }

    /// A reference with the number that its head's layer is called by, for people.
    pub fn named(&self, reference: &Reference) -> Reference {
        match reference {
            &Reference::Head { layer, head } => Reference::Head { layer: self.of(layer), head },
            other => other.clone(),
        }
    }

    /// All of them: `0 to 29`, or `1, 3`.
    pub fn text(&self, n_layers: usize) -> String {
        match &self.0 {
            Some(numbers) => numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            None => format!("0 to {}", n_layers.saturating_sub(1)),
        }
    }
}

/// What a source offers, known once it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFacts {
    /// Where it is.
    pub source: SourceSpec,
    /// What it is, which decides what can move.
    pub kind: SourceKind,
    /// The model's name for people, e.g. `SmolLM2-135M-Instruct`.
    pub title: String,
    /// Number of layers.
    pub n_layers: usize,
    /// What its layers are called.
    pub layers: LayerNumbers,
    /// Number of query heads in each layer.
    pub n_heads: usize,
    /// Number of key and value heads in each layer; divides the number of query heads.
    pub n_kv_heads: usize,
    /// Dimensions of each query and key vector.
    pub head_dim: usize,
    /// Most tokens that fit: the model's positions, or the capture's length.
    pub max_positions: usize,
    /// Whether the tokenizer puts a beginning-of-sequence token in front.
    pub has_bos: bool,
    /// Whether its files have a template for chats, be it one that fails.
    pub has_chat: bool,
    /// Whether an adapter is merged into its weights.
    pub adapter: Adapter,
    /// Whether a table of positions is added to the tokens, which their vectors then have in them.
    pub adds_positions: bool,
    /// What whoever opened it should know.
    pub notices: Vec<Notice>,
}

impl SourceFacts {
    /// A head of the source on screen.
    pub const fn shown(&self, layer: usize, head: usize) -> Shown {
        Shown { layer, head, n_layers: self.n_layers, n_heads: self.n_heads, n_kv_heads: self.n_kv_heads }
    }
}

/// One token of the prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// `None` in a capture that names its tokens only.
    pub id: Option<u32>,
    /// As the vocabulary writes it, e.g. `Ġlove`.
    pub piece: String,
    /// As a reader sees it, e.g. ` love`; control characters are escaped.
    pub text: String,
    /// Whose it is.
    pub role: Role,
}

impl AsRef<str> for Token {
    /// As a reader sees it.
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// One panel of the grid, or the baseline: a pattern and what goes with it.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Attention weights of the shown head under the panel's intervention, `[query, key]`.
    pub pattern: Pattern,
    /// Vectors of the shown layer as they enter attention, or its weights, after whatever happened upstream.
    pub(super) attention: LayerAttention,
    pub(super) head: usize,
    pub(super) edit: HeadEdit,
    norms: ValueNorms,
    /// Where outputs are changed after other vectors of the layer: what the head writes is not read off its pattern.
    written: Option<Written>,
}

/// What a head writes under an intervention.
#[derive(Clone, Debug)]
struct Written {
    /// Of the layer as it is without.
    qkv: Arc<LayerQkv>,
    layer: usize,
    intervention: Intervention,
}

impl PartialEq for Written {
    /// Equal by construction: the same vectors under the same intervention.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.qkv, &other.qkv) && self.layer == other.layer && self.intervention == other.intervention
    }
}

/// Lengths of the value vectors under one edit, computed when they are first asked for. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct ValueNorms(Arc<OnceLock<Arc<[f64]>>>);

impl Panel {
    /// `pattern` is that of `head` under `edit`, from what `attention` is in the shown layer.
    pub fn new(pattern: Pattern, attention: LayerAttention, head: usize, edit: HeadEdit) -> Self {
        Self { pattern, attention, head, edit, norms: ValueNorms::default(), written: None }
    }

    /// The same, whose head writes what `intervention` makes of the vectors of layer `layer`.
    pub(super) fn writing_under(self, qkv: Arc<LayerQkv>, layer: usize, intervention: Intervention) -> Self {
        Self { written: Some(Written { qkv, layer, intervention }), ..self }
    }

    /// The same, whose lengths of the value vectors are `norms`.
    pub(super) fn with_norms(self, norms: ValueNorms) -> Self {
        Self { norms, ..self }
    }

    /// Whether the head's output is the same by construction: the same vectors under the same edit.
    pub fn has_same_output(&self, other: &Self) -> bool {
        let same_vectors = self.attention.is(&other.attention) && self.head == other.head;
        let same_edits = self.edit == other.edit && self.written == other.written;
        same_vectors && same_edits && self.pattern == other.pattern
    }

    /// Whether there are value vectors.
    pub fn has_values(&self) -> bool {
        self.attention.value(self.head).is_some()
    }

    /// `[T]`: Euclidean length of each position's value vector under the intervention; `None` where the capture has no
    /// values. Computed once for all panels with the same vectors and edit.
    pub fn value_norms(&self) -> Option<Arc<[f64]>> {
        let values = self.attention.value(self.head)?;
        Some(self.norms.0.get_or_init(|| self.edit.norms(Component::Value, values)).clone())
    }

    /// Mean Euclidean length of the head's output over positions; follows ε for every component. `None` where the
    /// capture has no values. Costs a matrix product, `[T, T] · [T, d]`.
    pub fn output_norm(&self) -> Option<f64> {
        let output = match &self.written {
            Some(Written { qkv, layer, intervention }) => qkv.output_under(*layer, self.head, intervention),
            None => self.attention.head_output(self.head, &self.pattern, &self.edit),
        };
        Some(output_norm(&output?, self.attention.mask()))
    }
}

/// The panels of a reference, which those of a view are compared with.
pub type ReferencePanels = Arc<Grid<Panel>>;

/// All that a view needs. Cheap to clone and to keep: patterns share their scores and hold no weights.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What the source offers.
    pub facts: Arc<SourceFacts>,
    /// The prompt, `[T]`.
    pub tokens: Arc<[Token]>,
    /// The prompt that vectors are patched from; `None` where the operation is another.
    pub patched_from: Option<Arc<[Token]>>,
    /// What it answers; panels that are older than the rest say so in its ε.
    pub experiment: Experiment,
    /// The shown head without any intervention.
    pub baseline: Panel,
    /// What differences are taken from.
    pub reference: Reference,
    /// Its panels; `None` for the baseline.
    pub reference_panels: Option<ReferencePanels>,
    /// The shown head under each panel's intervention.
    pub panels: Grid<Panel>,
}

impl Outcome {
    /// The experiment that a source of this kind answers: where nothing can be changed, one panel, of the baseline.
    pub(super) fn possible(kind: SourceKind, experiment: &Experiment) -> Experiment {
        if kind.has_vectors() {
            return experiment.clone();
        }
        let (operation, scope, in_force) = (Operation::default(), Scope::default(), InForce::default());
        Experiment {
            operation,
            scope,
            in_force,
            epsilon: Grid::filled(Shape::ONE, Operation::default().neutral()),
            ..experiment.clone()
        }
    }

    /// Which panels there are.
    pub fn shape(&self) -> Shape {
        self.panels.shape()
    }

    /// What a panel's difference is taken from; the baseline where the reference has no such panel.
    pub fn compared_with(&self, panel: PanelId) -> &Panel {
        self.reference_panels.as_ref().and_then(|panels| panels.get(panel)).unwrap_or(&self.baseline)
    }

    /// T
    pub fn n_positions(&self) -> usize {
        self.tokens.len()
    }

    /// What the shown layer is called.
    pub fn layer_number(&self) -> usize {
        self.facts.layers.of(self.experiment.layer)
    }

    /// Which keys each query may attend to.
    pub fn mask(&self) -> &Mask {
        self.baseline.pattern.scores().mask()
    }

    /// The shown head, and how many there are of each kind.
    pub fn shown(&self) -> Shown {
        self.facts.shown(self.experiment.layer, self.experiment.head)
    }
}
