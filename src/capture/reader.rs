use std::{borrow::Cow, ops::Range, path::Path, sync::Arc};

use super::{
    error::{CaptureError, Problem},
    metadata::Metadata,
    npz,
    parts::Parts,
    rules::{Rules, Sizes},
    safetensors,
    tensor::{Bytes, StoredTensor},
};
use crate::{
    attention::{LayerQkv, Rule},
    base::MappedFile,
};

/// Query, key and value vectors of one prompt, from a file: of one or more layers, as the model's attention saw them.
///
/// Query `[layers, heads, T, d]`, key `[layers, kv_heads, T, d]`, value `[layers, kv_heads, T, value_dim]`, where query
/// head h reads kv head `h / (heads / kv_heads)`. Numbers that are not finite are kept and show as such.
#[derive(Clone, Debug)]
pub struct Capture {
    origin: String,
    query: StoredTensor,
    key: StoredTensor,
    value: Option<StoredTensor>,
    metadata: Metadata,
    rules: Rules,
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
    /// Opens a safetensors or NPZ file with tensors `q`, `k` and optionally `v` (or `query`, `key`, `value`). The file
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
        let n_tokens = Metadata::n_tokens(&parts.entries);
        let axes = parts.query.axes(&parts.entries, n_tokens)?;
        let query = parts.query.read("query", &axes)?;
        let [n_layers, n_heads, n_positions, head_dim] = query.dimensions();

        let key = parts.key.read("key", &axes)?;
        let [key_layers, n_kv_heads, key_positions, key_dim] = key.dimensions();
        if (key_layers, key_dim) == (n_layers, head_dim) && key_positions > n_positions {
            return Err(Problem::CachedStep { n_queries: n_positions, n_keys: key_positions });
        }
        if (key_layers, key_positions, key_dim) != (n_layers, n_positions, head_dim) {
            let expected = format!("[{n_layers}, kv_heads, {n_positions}, {head_dim}] like the query");
            return Err(Problem::Shape { tensor: "key", expected, found: key.dimensions().to_vec() });
        }
        if !n_heads.is_multiple_of(n_kv_heads) {
            return Err(Problem::Groups { n_heads, n_kv_heads });
        }

        let value = parts.value.map(|value| value.read("value", &axes)).transpose()?;
        if let Some(found) = value.as_ref().map(StoredTensor::dimensions)
            && found[..3] != [n_layers, n_kv_heads, n_positions]
        {
            let expected = format!("[{n_layers}, {n_kv_heads}, {n_positions}, any] like the key");
            return Err(Problem::Shape { tensor: "value", expected, found: found.to_vec() });
        }

        let metadata = Metadata::parse(&parts.entries, n_positions)?;
        let rules = Rules::parse(&parts.entries, Sizes { n_layers, n_heads, n_positions, head_dim })?;
        Ok(Self { origin: origin.to_owned(), query, key, value, metadata, rules, file: None })
    }

    /// The file's path, or the name of the embedded capture.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of layers in the file.
    pub fn n_layers(&self) -> usize {
        self.query.dimensions()[0]
    }

    /// Number of query heads in each layer.
    pub fn n_heads(&self) -> usize {
        self.query.dimensions()[1]
    }

    /// Number of key and value heads in each layer.
    pub fn n_kv_heads(&self) -> usize {
        self.key.dimensions()[1]
    }

    /// T, the number of tokens.
    pub fn n_positions(&self) -> usize {
        self.query.dimensions()[2]
    }

    /// Dimensions of each query and key vector.
    pub fn head_dim(&self) -> usize {
        self.query.dimensions()[3]
    }

    /// Whether the capture holds value vectors.
    pub fn has_values(&self) -> bool {
        self.value.is_some()
    }

    /// By which rule the scores of a layer, 0-based, become weights; `None` where there is no such layer.
    pub fn rule(&self, layer: usize) -> Option<&Rule> {
        self.rules.layer(layer)
    }

    /// The positions that are no padding.
    pub fn tokens_without_padding(&self) -> Range<usize> {
        let n_positions = self.n_positions();
        self.rule(0).map_or(0..n_positions, |rule| rule.mask.tokens(n_positions))
    }

    /// Whether the file has its positions in front of its heads.
    pub fn has_positions_first(&self) -> bool {
        self.query.has_positions_first()
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

    /// The vectors of one layer, 0-based, converted to f32.
    ///
    /// # Errors
    /// When there is no such layer, or the file was changed since it was opened.
    pub fn layer(&self, layer: usize) -> Result<LayerQkv, CaptureError> {
        let n_layers = self.n_layers();
        let no_layer = || Problem::NoLayer { layer, n_layers }.at(&self.origin);
        let rule = self.rule(layer).ok_or_else(no_layer)?.clone();
        self.check_file()?;
        let value = self.value.as_ref().map(|value| value.layer(layer));
        LayerQkv::with_rule(self.query.layer(layer), self.key.layer(layer), value, rule)
            .map_err(|error| Problem::from(error).at(&self.origin))
    }
}
