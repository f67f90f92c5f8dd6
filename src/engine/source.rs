//! Opening sources.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    Bundled, EngineError, Job, LayerNumbers, Located, Notice, PATTERNS_ONLY, SourceFacts, SourceKind, SourceSpec,
    SourceStamp, Token,
};
use crate::{
    capture::{self, Capture},
    model::{self, Adapter, LanguageModel, Role, Spelling, loading::Watch},
};

/// Tells one opening of a source from another, also of the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceId(u64);

impl SourceId {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// How sources are opened: [`OpenSource::open`], [`super::ModelInside::open`], or what a test puts in its place.
pub type OpenFn = Arc<dyn Fn(&SourceSpec, &Job<'_>) -> Result<OpenSource, EngineError> + Send + Sync>;

/// A source that is open for reading. It can be opened on any thread and handed to [`super::Engine::adopt`].
///
/// ```
/// use attenuate::engine::{Bundled, Job, OpenSource, SourceKind, SourceSpec};
///
/// // Or a path: a model folder, a .gguf file, a capture in .safetensors or .npz.
/// let source: SourceSpec = "bundled:austen".parse()?;
/// let open = OpenSource::open(&source, &Job::unwatched())?;
/// assert_eq!(open.facts().kind, SourceKind::Model);
/// println!("{}: {} layers of {} heads", open.facts().title, open.facts().n_layers, open.facts().n_heads);
/// # assert_eq!(source, SourceSpec::Bundled(Bundled::Austen));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OpenSource {
    id: SourceId,
    pub(super) facts: Arc<SourceFacts>,
    pub(super) reader: Reader,
    stamp: SourceStamp,
}

pub(super) enum Reader {
    Model(Box<LanguageModel>),
    Capture { capture: Box<Capture>, tokens: Arc<[Token]> },
}

impl OpenSource {
    /// Whether its files were written to since it was opened.
    pub fn is_outdated(&self) -> bool {
        match &self.reader {
            Reader::Model(model) => model.check_files().is_err(),
            Reader::Capture { capture, .. } => capture.check_file().is_err(),
        }
    }

    /// Opens a source, checking all of its headers. A model's weights are read at once, and `job` is told how many of
    /// its tensors are; a capture's vectors are read as they are needed. The live `bundled:smollm2` is opened by
    /// [`super::ModelInside`], which has its bytes.
    ///
    /// # Errors
    /// When the source cannot be read, or [`EngineError::Cancelled`] when the job was cancelled.
    pub fn open(source: &SourceSpec, job: &Job<'_>) -> Result<Self, EngineError> {
        profiling::scope!("OpenSource::open");
        // Before anything is read: what changes meanwhile is seen afterwards.
        let stamp = SourceStamp::of(source);
        Ok(Self { stamp, ..Self::read(source, job)? })
    }

    fn read(source: &SourceSpec, job: &Job<'_>) -> Result<Self, EngineError> {
        let watch: Watch<'_> = &|loaded| job.watch(loaded);
        match source.located()? {
            Located::Bundled(Bundled::Austen) => Ok(Self::live(source, model::bundled::TITLE, model::bundled::load()?)),
            Located::Bundled(Bundled::Smollm2) if Bundled::Smollm2.is_live() => Err(EngineError::NoModelInside),
            Located::Bundled(Bundled::Smollm2 | Bundled::Smollm2Capture) => {
                Ok(captured(source, capture::bundled::smollm2()?))
            }
            Located::Folder(path) => Ok(Self::live(source, &source.name(), model::folder::open(&path, watch)?)),
            Located::Adapter { adapter, base } => {
                Ok(Self::live(source, &source.name(), model::folder::open_adapter(&adapter, &base, watch)?))
            }
            Located::Unadapted(path) => {
                let model = model::folder::open_unadapted(&path, watch)?;
                if source.has_adapter() {
                    Ok(Self::live(source, &source.name(), model))
                } else {
                    Err(EngineError::NoAdapter { title: path.display().to_string() })
                }
            }
            Located::Gguf(path) => Ok(Self::live(source, &source.name(), model::gguf::open(&path, watch)?)),
            Located::Capture(path) => Ok(captured(source, Capture::open(&path)?)),
        }
    }

    /// A model that is loaded already, under the name `source`; `title` is its name for people.
    pub fn live(source: &SourceSpec, title: &str, model: LanguageModel) -> Self {
        let shape = model.transformer().shape();
        let facts = SourceFacts {
            source: source.clone(),
            kind: SourceKind::Model,
            title: title.to_owned(),
            n_layers: shape.n_layers,
            layers: LayerNumbers::default(),
            n_heads: shape.n_heads,
            n_kv_heads: shape.n_kv_heads,
            head_dim: shape.head_dim,
            max_positions: shape.max_positions,
            has_bos: model.has_bos(),
            has_chat: model.has_chat(),
            adapter: model.adapter(),
            adds_positions: model.transformer().adds_positions(),
            notices: model.notices().to_vec(),
        };
        let reader = Reader::Model(Box::new(model));
        Self { id: SourceId::next(), facts: Arc::new(facts), reader, stamp: SourceStamp::default() }
    }

    /// Tells this opening from every other.
    pub fn id(&self) -> SourceId {
        self.id
    }

    /// Its files as they were when it was opened.
    pub fn stamp(&self) -> &SourceStamp {
        &self.stamp
    }

    /// What the source offers.
    pub fn facts(&self) -> &Arc<SourceFacts> {
        &self.facts
    }
}

impl fmt::Debug for OpenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenSource").field("facts", &self.facts).finish_non_exhaustive()
    }
}

fn captured(source: &SourceSpec, capture: Capture) -> OpenSource {
    let title = capture.model().map_or_else(|| source.to_string(), ToOwned::to_owned);
    let facts = SourceFacts {
        source: source.clone(),
        kind: if capture.has_vectors() { SourceKind::Capture } else { SourceKind::Patterns },
        title,
        n_layers: capture.n_layers(),
        layers: LayerNumbers::new(capture.layer_numbers()),
        n_heads: capture.n_heads(),
        n_kv_heads: capture.n_kv_heads(),
        head_dim: capture.head_dim(),
        max_positions: capture.n_positions(),
        has_bos: false,
        has_chat: false,
        adapter: Adapter::None,
        adds_positions: false,
        notices: not_live(source).into_iter().chain(notices(&capture)).collect(),
    };
    let ids = capture.token_ids();
    let spelling = Spelling::of(capture.tokens().unwrap_or_default().iter().map(String::as_str));
    let tokens = capture
        .pieces()
        .enumerate()
        .map(|(position, piece)| Token {
            id: ids.and_then(|ids| ids.get(position).copied()),
            text: model::readable(&piece, spelling),
            piece: piece.into_owned(),
            role: Role::default(),
        })
        .collect();
    let reader = Reader::Capture { capture: Box::new(capture), tokens };
    OpenSource { id: SourceId::next(), facts: Arc::new(facts), reader, stamp: SourceStamp::default() }
}

/// What somebody who asked for a model should know of the capture in its place.
fn not_live(source: &SourceSpec) -> Option<Notice> {
    (*source == SourceSpec::Bundled(Bundled::Smollm2)).then(|| Notice {
        brief: "no model inside",
        sentence:
            "the program was built without its language model (feature “model”): this is a capture of it, of one \
                   prompt"
                .to_owned(),
    })
}

/// What was understood of a capture that is not as most are.
fn notices(capture: &Capture) -> Vec<Notice> {
    let mut notices = Vec::new();
    if let Some(numbers) = capture.layer_numbers() {
        let named: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        notices.push(Notice {
            brief: "layers have the model’s numbers",
            sentence: format!("layers are called by their numbers in the model: {}", named.join(", ")),
        });
    }
    if !capture.has_vectors() {
        let mask = capture.rule(0).is_none_or(|rule| rule.mask.is_causal());
        let inferred = if mask {
            "causal, as every cell above the diagonal is 0"
        } else {
            "not causal, as there is weight above the diagonal"
        };
        notices.push(Notice {
            brief: "patterns only",
            sentence: if capture.has_inferred_mask() {
                format!("{PATTERNS_ONLY}; its mask was inferred: {inferred}")
            } else {
                PATTERNS_ONLY.to_owned()
            },
        });
    }
    let (n_queries, n_positions) = (capture.n_queries(), capture.n_positions());
    if n_queries < n_positions {
        notices.push(Notice {
            brief: "fewer queries than keys",
            sentence: format!(
                "there are {n_queries} queries for {n_positions} keys: they were taken for those of the last positions"
            ),
        });
    }
    let n_padding = capture.n_padding();
    if n_padding > 0 {
        notices.push(Notice {
            brief: "has padding",
            sentence: format!("{n_padding} of {} positions are padding: no row and no key", capture.n_positions()),
        });
    }
    if capture.has_positions_first() {
        notices.push(Notice {
            brief: "read as [T, heads, d]",
            sentence: "the axis as long as there are tokens was taken for the positions, in front of the heads"
                .to_owned(),
        });
    }
    notices
}

impl From<model::VocabularyToken> for Token {
    fn from(token: model::VocabularyToken) -> Self {
        Self { id: Some(token.id), piece: token.piece, text: token.text, role: token.role }
    }
}
