use std::{borrow::Cow, path::Path, sync::Arc};

use super::{
    content::Content,
    error::{CaptureError, Problem},
    metadata::Metadata,
    npz,
    parts::Parts,
    rules::{Rules, Sizes},
    safetensors,
    tensor::Bytes,
};
use crate::{
    attention::{LayerAttention, Rule},
    base::MappedFile,
};

/// Query, key and value vectors of one prompt, from a file: of one or more layers, as the model's attention saw them; or
/// attention weights `[layers, heads, T, T]` alone.
///
/// Query `[layers, heads, T, d]`, key `[layers, kv_heads, T, d]`, value `[layers, kv_heads, T, value_dim]`, where query
/// head h reads kv head `h / (heads / kv_heads)`. Numbers of vectors that are not finite are kept and show as such. Where
/// there are fewer queries than keys, they are those of the last positions.
#[derive(Clone, Debug)]
pub struct Capture {
    origin: String,
    content: Content,
    metadata: Metadata,
    rules: Rules,
    /// Whether the mask follows from the weights, as the file does not say it.
    infers_mask: bool,
    /// The mapped file; `None` for a capture that was in memory already.
    file: Option<Arc<MappedFile>>,
}

/// How a file holds its tensors.
enum Container {
    Safetensors,
    Npz,
}

impl Container {
    /// A zip archive says what it is; everything else has to hold as safetensors.
    fn of(bytes: &Bytes) -> Self {
        if npz::is_archive(bytes.as_slice()) { Self::Npz } else { Self::Safetensors }
    }
}

impl Capture {
    /// Opens a safetensors or NPZ file with tensors `q`, `k` and optionally `v` (or `query`, `key`, `value`), or with one
    /// named `attention` or `attentions`. The file
    /// is mapped into memory: what is not deflated is read from it as layers are asked for.
    ///
    /// A zip archive is NPZ whatever its name; a file that is named so has to be one.
    ///
    /// # Errors
    /// When the file cannot be read or does not hold a capture.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let origin = path.display().to_string();
        let file = MappedFile::open(path).map_err(|error| Problem::from(error).at(&origin))?;
        let file = Arc::new(file);
        let bytes = Bytes::from(file.clone());
        let named_npz = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz"));
        let container = if named_npz { Container::Npz } else { Container::of(&bytes) };
        let capture = Self::read(&bytes, container, &origin)?;
        Ok(Self { file: Some(file), ..capture })
    }

    /// Reads a safetensors or NPZ file that is in memory already; it is kept as it is. `origin` stands for it in
    /// messages.
    ///
    /// # Errors
    /// When the bytes do not hold a capture.
    pub fn from_bytes(bytes: impl AsRef<[u8]> + Send + Sync + 'static, origin: &str) -> Result<Self, CaptureError> {
        let bytes = Bytes::new(bytes);
        Self::read(&bytes, Container::of(&bytes), origin)
    }

    fn read(bytes: &Bytes, container: Container, origin: &str) -> Result<Self, CaptureError> {
        let parts = match container {
            Container::Safetensors => safetensors::read(bytes),
            Container::Npz => npz::read(bytes),
        };
        parts.and_then(|parts| Self::new(parts, origin)).map_err(|problem| problem.at(origin))
    }

    fn new(parts: Parts, origin: &str) -> Result<Self, Problem> {
        let Parts { tensors, entries } = parts;
        let content = Content::new(tensors, &entries, Metadata::n_tokens(&entries))?;
        let (n_queries, n_positions) = (content.n_queries(), content.n_positions());
        let metadata = Metadata::parse(&entries, [n_queries, n_positions])?;
        let sizes = Sizes {
            n_layers: content.n_layers(),
            n_heads: content.n_heads(),
            n_queries,
            n_positions,
            head_dim: content.head_dim(),
        };
        let infers_mask = matches!(content, Content::Weights(_)) && !entries.contains_key("causal");
        let is_causal = !infers_mask || content.is_lower_triangle();
        let rules = Rules::parse(&entries, sizes, is_causal)?;
        content.check_weights(rules.iter())?;
        Ok(Self { origin: origin.to_owned(), content, metadata, rules, infers_mask, file: None })
    }

    /// The file's path, or the name of the embedded capture.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of layers in the file.
    pub fn n_layers(&self) -> usize {
        self.content.n_layers()
    }

    /// Number of query heads in each layer.
    pub fn n_heads(&self) -> usize {
        self.content.n_heads()
    }

    /// Number of key and value heads in each layer.
    pub fn n_kv_heads(&self) -> usize {
        self.content.n_kv_heads()
    }

    /// T, the number of tokens.
    pub fn n_positions(&self) -> usize {
        self.content.n_positions()
    }

    /// Dimensions of each query and key vector.
    pub fn head_dim(&self) -> usize {
        self.content.head_dim()
    }

    /// Whether the capture holds value vectors.
    pub fn has_values(&self) -> bool {
        matches!(self.content, Content::Vectors { value: Some(_), .. })
    }

    /// Whether the capture holds vectors; else it holds attention weights alone, which nothing can change.
    pub fn has_vectors(&self) -> bool {
        matches!(self.content, Content::Vectors { .. })
    }

    /// Whether the mask was inferred from the weights, as the file does not say it.
    pub fn has_inferred_mask(&self) -> bool {
        self.infers_mask
    }

    /// The number of queries: those of the last positions.
    pub fn n_queries(&self) -> usize {
        self.content.n_queries()
    }

    /// By which rule the scores of a layer, 0-based, become weights; `None` where there is no such layer.
    pub fn rule(&self, layer: usize) -> Option<&Rule> {
        self.rules.layer(layer)
    }

    /// How many positions are padding.
    pub fn n_padding(&self) -> usize {
        let is_padding = |&position: &usize| self.rule(0).is_some_and(|rule| !rule.mask.is_token(position));
        (0..self.n_positions()).filter(is_padding).count()
    }

    /// Whether the file has its positions in front of its heads.
    pub fn has_positions_first(&self) -> bool {
        self.content.has_positions_first()
    }

    /// The model's own number of each layer; `None` where they are numbered as in the file.
    pub fn layer_numbers(&self) -> Option<&[usize]> {
        self.rules.numbers.as_deref()
    }

    /// The T tokens as the vocabulary writes them; `None` where the file does not name them.
    pub fn tokens(&self) -> Option<&[String]> {
        self.metadata.tokens.as_deref()
    }

    /// A name for each position: its token, or its number where the file names no tokens.
    pub fn pieces(&self) -> impl Iterator<Item = Cow<'_, str>> {
        (0..self.n_positions()).map(|position| match self.tokens().and_then(|tokens| tokens.get(position)) {
            Some(token) => Cow::Borrowed(token.as_str()),
            None => Cow::Owned(position.to_string()),
        })
    }

    /// The T token ids; `None` where the file does not give them.
    pub fn token_ids(&self) -> Option<&[u32]> {
        self.metadata.token_ids.as_deref()
    }

    /// The model's name for people.
    pub fn model(&self) -> Option<&str> {
        self.metadata.model.as_deref()
    }

    /// The text that the tokens are of.
    pub fn prompt(&self) -> Option<&str> {
        self.metadata.prompt.as_deref()
    }

    /// Whether the file is still as it was when it was opened; a capture in memory always is.
    ///
    /// # Errors
    /// When the file was changed: the capture must be opened again.
    pub fn check_file(&self) -> Result<(), CaptureError> {
        match self.file.as_ref().map(|file| file.check()) {
            Some(Err(_)) => Err(Problem::FileChanged.at(&self.origin)),
            _ => Ok(()),
        }
    }

    /// The vectors of one layer, 0-based, or its weights, converted to f32.
    ///
    /// # Errors
    /// When there is no such layer, or the file was changed since it was opened.
    pub fn layer(&self, layer: usize) -> Result<LayerAttention, CaptureError> {
        let n_layers = self.n_layers();
        let no_layer = || Problem::NoLayer { layer, n_layers }.at(&self.origin);
        let rule = self.rule(layer).ok_or_else(no_layer)?.clone();
        self.check_file()?;
        self.content.layer(layer, rule).map_err(|error| Problem::from(error).at(&self.origin))
    }
}
