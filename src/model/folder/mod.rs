//! A model folder in Hugging Face layout: `config.json`, one or more `*.safetensors`, and `tokenizer.json` or the
//! vocabulary that came before it, if there is one.

mod adapter;
mod text;

use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

pub use self::adapter::{NamedBase, base_named, is_adapter_alone};
use self::{
    adapter::{AdapterText, adapter_is_merged},
    text::{ADAPTER_CONFIG, json},
};
pub use super::folder_error::FolderError;
use super::{
    Adapter, LanguageModel, ModelError, Notice, Tokenizer, chat, ends,
    families::{description::Description, registry},
    folder_error::{INDEX, SINGLE},
    loading::Watch,
    summary::Summary,
    vocabularies,
    weights::{TensorStore, adapter::Adapted, safetensors_file::Shards},
};

const TOKENIZER: &str = "tokenizer.json";
/// The tensors of an adapter.
const ADAPTER: &str = "adapter_model.safetensors";
/// The tensors of a model under the names that its authors gave them.
const CONSOLIDATED: &str = "consolidated.safetensors";
/// Names that mean something in a model folder, whether or not this program reads them.
const KNOWN: [&str; 16] = [
    "chat_template.jinja",
    "config.json",
    TOKENIZER,
    SINGLE,
    INDEX,
    "added_tokens.json",
    ADAPTER_CONFIG,
    ADAPTER,
    "generation_config.json",
    "merges.txt",
    "preprocessor_config.json",
    "special_tokens_map.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
];

/// Opens the model. Its weights stay in their files, which are mapped into memory: only norms and biases are copied.
///
/// # Errors
/// When a file is missing, unreadable or malformed, or the model is not supported, which is known before its weights
/// are read, or `watch` gave up.
pub fn open(folder: &Path, watch: Watch<'_>) -> Result<LanguageModel, FolderError> {
    open_configured(folder, config(folder)?, watch)
}

/// Opens the model in the folder `base` with the adapter in another. Tokenizer and chat template are the base's.
///
/// # Errors
/// Those of [`open`], and when there is no adapter, or the base has one itself.
pub fn open_adapter(adapter: &Path, base: &Path, watch: Watch<'_>) -> Result<LanguageModel, FolderError> {
    open_configured(base, config_over(adapter, base)?, watch)
}

fn config_over(adapter: &Path, base: &Path) -> Result<ConfigText, FolderError> {
    let text = json(&adapter.join(ADAPTER_CONFIG))?.ok_or_else(|| FolderError::NoAdapter(adapter.to_owned()))?;
    let config = config(base)?;
    if config.adapter.is_some() {
        return Err(FolderError::TwoAdapters(base.to_owned()));
    }
    Ok(ConfigText { adapter: Some(AdapterText { text, folder: adapter.to_owned() }), ..config })
}

/// Opens the model in a folder as if there were no adapter beside it.
///
/// # Errors
/// Those of [`open`].
pub fn open_unadapted(folder: &Path, watch: Watch<'_>) -> Result<LanguageModel, FolderError> {
    open_configured(folder, ConfigText { adapter: None, ..config(folder)? }, watch)
}

/// Whether an adapter lies in the folder of a model.
pub fn has_adapter(folder: &Path) -> bool {
    folder.join("config.json").exists() && folder.join(ADAPTER_CONFIG).exists()
}

fn open_configured(folder: &Path, config: ConfigText, watch: Watch<'_>) -> Result<LanguageModel, FolderError> {
    let explain = |cause| FolderError::Model { path: folder.to_owned(), cause };
    let generation = json(&folder.join("generation_config.json"))?.unwrap_or_default();
    let ends: Vec<u32> = [&config.text, &generation].into_iter().flat_map(|json| ends::in_config(json)).collect();
    let tokenizer = tokenizer_of(folder, &config.text)?;
    let adapter = config.adapter.as_ref().map_or(Adapter::None, |_| Adapter::Merged);
    let Headers { description, tensors, notices } = Headers::read(folder, config)?;
    let model = LanguageModel::load(&description, &*tensors, tokenizer, watch).map_err(explain)?;
    // What is wrong with these is said where a chat is read: without one, the model needs none of them.
    let chat = chat::in_folder(&|name| json(&folder.join(name)).map_err(|error| error.to_string()));
    Ok(model.with_chat(chat).with_ends(ends).with_notices(notices).with_adapter(adapter))
}

/// The tokenizer of the model in a folder; `None` where there is none.
///
/// # Errors
/// When a file cannot be read or is malformed, or the tokenizer is not supported.
pub fn tokenizer(folder: &Path) -> Result<Option<Tokenizer>, FolderError> {
    let config = json(&folder.join("config.json"))?.unwrap_or_default();
    tokenizer_of(folder, &config)?.map_err(|cause| FolderError::Model { path: folder.to_owned(), cause })
}

/// Out of `tokenizer.json`, else out of what there was before it.
fn tokenizer_of(folder: &Path, config: &[u8]) -> Result<Result<Option<Tokenizer>, ModelError>, FolderError> {
    Ok(match json(&folder.join(TOKENIZER))? {
        Some(text) => Tokenizer::from_bytes(&text).map(Some),
        None => vocabularies::in_folder(&|name| json(&folder.join(name)).map_err(|error| error.to_string()), config),
    })
}

/// What the folder's headers say of the model, and whether they are those of one that opens. Neither weights nor tokenizer
/// are read.
pub fn summary(folder: &Path) -> (Summary, Result<(), FolderError>) {
    let config = config(folder);
    let files = weight_files(folder).unwrap_or_default();
    let sizes = files.iter().filter_map(|file| Some(file.metadata().ok()?.len()));
    let family = config.as_ref().ok().and_then(|config| registry::model_type(&config.text));
    let summary = Summary { family, n_bytes: sizes.sum() };
    (summary, config.and_then(|config| Headers::read(folder, config)).map(|_| ()))
}

/// What the headers say of the adapter in a folder of its own, with the size of its own file, and whether it opens over
/// the model in `base`.
pub fn summary_of_adapter(adapter: &Path, base: &Path) -> (Summary, Result<(), FolderError>) {
    let config = config_over(adapter, base);
    let family = config.as_ref().ok().and_then(|config| registry::model_type(&config.text));
    let n_bytes = adapter.join(ADAPTER).metadata().map_or(0, |metadata| metadata.len());
    (Summary { family, n_bytes }, config.and_then(|config| Headers::read(base, config)).map(|_| ()))
}

/// The text of `config.json`, and the adapter over the model.
struct ConfigText {
    text: Vec<u8>,
    adapter: Option<AdapterText>,
}

/// Everything but the weights' numbers and the tokenizer.
struct Headers {
    description: Description,
    tensors: Box<dyn TensorStore>,
    notices: Vec<Notice>,
}

impl Headers {
    fn read(folder: &Path, config: ConfigText) -> Result<Self, FolderError> {
        let explain = |cause| FolderError::Model { path: folder.to_owned(), cause };
        let description = registry::parse(&config.text).map_err(explain)?;
        let shards = Shards::open(weight_files(folder)?)?;
        let mut notices: Vec<Notice> = shards.has_f8().then(only_weights_in_f8).into_iter().collect();
        let tensors: Box<dyn TensorStore> = match config.adapter {
            None => Box::new(shards),
            Some(adapter) => {
                notices.push(adapter_is_merged());
                let path = adapter.folder.join(ADAPTER);
                let explain = |cause| FolderError::Model { path: path.clone(), cause };
                Box::new(Adapted::new(shards, Shards::open(vec![path.clone()])?, &adapter.text).map_err(explain)?)
            }
        };
        Ok(Self { description, tensors, notices })
    }
}

fn config(folder: &Path) -> Result<ConfigText, FolderError> {
    match fs::read_dir(folder) {
        Ok(_) => {}
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Err(FolderError::Missing(folder.to_owned())),
        Err(cause) => return Err(FolderError::Unreadable { path: folder.to_owned(), cause }),
    }
    let adapter = json(&folder.join(ADAPTER_CONFIG))?;
    let text = json(&folder.join("config.json"))?.ok_or_else(|| match &adapter {
        Some(adapter) => FolderError::Adapter { path: folder.to_owned(), base: adapter::base_of(adapter) },
        None if folder.join("params.json").exists() => FolderError::AuthorsLayout(folder.to_owned()),
        None => FolderError::NoConfig(folder.to_owned()),
    })?;
    Ok(ConfigText { text, adapter: adapter.map(|text| AdapterText { text, folder: folder.to_owned() }) })
}

/// Libraries round also what such weights are multiplied with, each in its own way.
fn only_weights_in_f8() -> Notice {
    Notice {
        brief: "weights in FP8",
        sentence:
            "weights are those of the file, in FP8; what they are multiplied with is not rounded to FP8, as some \
                   libraries do"
                .to_owned(),
    }
}

#[derive(Deserialize)]
struct Index {
    weight_map: HashMap<String, String>,
}

/// The files that make the model what it is: `config.json`, those of the tokenizer, an adapter's, and those with weights.
/// Of the tokenizer that is `tokenizer.json`, else whatever there is that one may be read from. A chat template is none: it
/// makes another prompt, and no other model.
///
/// # Errors
/// When the folder is no model or its index cannot be read.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let [config, tokenizer] = ["config.json", TOKENIZER].map(|name| folder.join(name));
    if !config.exists() {
        return Err(FolderError::NoConfig(folder.to_owned()));
    }
    let of_tokenizer: &[&str] = if tokenizer.exists() { &[TOKENIZER] } else { &vocabularies::FILES };
    let names = of_tokenizer.iter().chain(&[ADAPTER_CONFIG, ADAPTER]);
    let others = names.map(|name| folder.join(name)).filter(|path| path.exists());
    Ok([config].into_iter().chain(others).chain(weight_files(folder)?).collect())
}

/// [`files`], but an adapter's.
///
/// # Errors
/// Those of [`files`].
pub fn files_without_adapter(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let mut files = files(folder)?;
    files.retain(|file| file.file_name().is_none_or(|name| name != ADAPTER_CONFIG && name != ADAPTER));
    Ok(files)
}

/// The files that make an adapter what it is, and those of its base.
///
/// # Errors
/// Those of [`files`], of the base.
pub fn files_of_adapter(adapter: &Path, base: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let own = [ADAPTER_CONFIG, ADAPTER].map(|name| adapter.join(name));
    Ok(own.into_iter().chain(files(base)?).collect())
}

/// Every path in `folder` that is read when it is opened, or that would change what is read if it came into being: the
/// names that this layout knows, the parts that an index lists, and the single file of weights by whatever name. Of a
/// folder that cannot be read, what is known.
pub fn protected_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = KNOWN.iter().map(|name| folder.join(name)).collect();
    files.extend(weight_files(folder).unwrap_or_default());
    files
}

/// The files that hold the weights, in order of their names. As in transformers a whole file goes before an index, which
/// may be left over; parts without an index are those that their names count.
fn weight_files(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let single = folder.join(SINGLE);
    if single.is_file() {
        return Ok(vec![single]);
    }
    let index = folder.join(INDEX);
    if let Some(bytes) = json(&index)? {
        let parsed: Index =
            serde_json::from_slice(&bytes).map_err(|cause| FolderError::Index { path: index.clone(), cause })?;
        let names: BTreeSet<String> = parsed.weight_map.into_values().collect();
        return names.into_iter().map(|name| shard(folder, &index, name)).collect();
    }
    let unreadable = |cause| FolderError::Unreadable { path: folder.to_owned(), cause };
    let mut others = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_other = path.file_name().is_some_and(|name| name == ADAPTER || name == CONSOLIDATED);
        if !is_other && path.extension().is_some_and(|extension| extension == "safetensors") {
            others.push(path);
        }
    }
    others.sort_unstable();
    if others.len() == 1 || are_all_parts(&others) {
        return Ok(others);
    }
    if others.is_empty() && folder.join(CONSOLIDATED).exists() {
        return Err(FolderError::AuthorsLayout(folder.to_owned()));
    }
    let pickles = ["pytorch_model.bin", "pytorch_model.bin.index.json"];
    Err(match pickles.into_iter().find(|name| folder.join(name).exists()) {
        Some(found) => FolderError::Pickled { path: folder.to_owned(), found },
        None => FolderError::NoWeights(folder.to_owned()),
    })
}

/// Whether files, in the order of their names, are all parts of one model: `NAME-00001-of-00003.safetensors` and so on.
fn are_all_parts(files: &[PathBuf]) -> bool {
    let parts = |file: &PathBuf| {
        let (start, count) = file.file_stem()?.to_str()?.rsplit_once("-of-")?;
        let (name, number) = start.rsplit_once('-')?;
        Some((name.to_owned(), number.parse::<usize>().ok()?, count.parse::<usize>().ok()?))
    };
    let expected = |number: usize| Some((parts(files.first()?)?.0, number + 1, files.len()));
    !files.is_empty() && files.iter().enumerate().all(|(i, file)| parts(file).is_some() && parts(file) == expected(i))
}

/// A shard is a plain file name: an index must not lead out of its folder.
fn shard(folder: &Path, index: &Path, name: String) -> Result<PathBuf, FolderError> {
    if Path::new(&name).file_name().is_some_and(|file| file == name.as_str()) {
        Ok(folder.join(name))
    } else {
        Err(FolderError::Shard { path: index.to_owned(), name })
    }
}

#[cfg(test)]
mod tests {
    use safetensors::{SafeTensors, serialize, tensor::TensorView};

    use super::*;
    use crate::model::{bundled, loading::unwatched};

    fn folder(weights: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.json"), bundled::CONFIG).unwrap();
        fs::write(folder.path().join("tokenizer.json"), bundled::TOKENIZER).unwrap();
        for (name, bytes) in weights {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    fn refusal(folder: &Path) -> String {
        open(folder, &unwatched).err().expect("refused").to_string()
    }

    #[test]
    fn one_file_and_shards_are_the_same_model() {
        let tensors = SafeTensors::deserialize(bundled::WEIGHTS).unwrap();
        let (first, second): (Vec<_>, Vec<_>) = tensors.iter().partition(|(name, _)| name.contains("mlp"));
        let map: HashMap<&str, &str> = (first.iter().map(|(name, _)| (*name, "a.safetensors")))
            .chain(second.iter().map(|(name, _)| (*name, "b.safetensors")))
            .collect();
        let index = serde_json::to_vec(&serde_json::json!({ "weight_map": map })).unwrap();
        let (first, second) = (serialize(first, None).unwrap(), serialize(second, None).unwrap());
        let sharded = folder(&[("a.safetensors", &first), ("b.safetensors", &second), (INDEX, &index)]);
        let single = folder(&[(SINGLE, bundled::WEIGHTS)]);
        let logits = |folder: &Path| {
            let model = open(folder, &unwatched).unwrap();
            let tokens = model.tokenize("in love", true).unwrap();
            let ids: Vec<u32> = tokens.iter().map(|token| token.id).collect();
            let embedded = model.transformer().embed(&ids).unwrap();
            model.next_token_logits(&embedded).unwrap()
        };
        assert_eq!(logits(sharded.path()), logits(single.path()));
        // Parts that their names count, without an index.
        let parts = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
        let counted = folder(&[(parts[0], &first), (parts[1], &second)]);
        assert_eq!(logits(counted.path()), logits(single.path()));
        let not_all = folder(&[(parts[0], &first), ("model-00002-of-00003.safetensors", &second)]);
        assert!(refusal(not_all.path()).contains(INDEX), "{}", refusal(not_all.path()));
        // An index that is left over from parts that are gone, and what its authors call the same weights.
        let left_over = folder(&[(SINGLE, bundled::WEIGHTS), (INDEX, &index), (CONSOLIDATED, b"")]);
        assert_eq!(logits(left_over.path()), logits(single.path()));
    }

    /// Files that say what is written around a prompt: fingerprints that are stored stay true.
    #[test]
    fn a_chat_template_makes_no_other_model() {
        let folder = folder(&[(SINGLE, bundled::WEIGHTS)]);
        let before = files(folder.path()).unwrap();
        for name in ["tokenizer_config.json", "chat_template.jinja"] {
            fs::write(folder.path().join(name), "{}").unwrap();
            assert!(protected_files(folder.path()).contains(&folder.path().join(name)));
        }
        assert_eq!(files(folder.path()).unwrap(), before);
    }

    #[test]
    fn a_layout_that_is_not_read_is_named() {
        let alone = folder(&[(CONSOLIDATED, bundled::WEIGHTS)]);
        assert!(refusal(alone.path()).contains("authors' own layout"), "{}", refusal(alone.path()));
        fs::remove_file(alone.path().join("config.json")).unwrap();
        fs::write(alone.path().join("params.json"), "{}").unwrap();
        assert!(refusal(alone.path()).contains("authors' own layout"), "{}", refusal(alone.path()));
    }

    #[test]
    fn an_adapter_alone_names_its_base_and_one_that_is_not_carried_what_it_is() {
        let config = br#"{"base_model_name_or_path": "org/base", "r": 4}"#;
        let beside = folder(&[(SINGLE, bundled::WEIGHTS), ("adapter_config.json", config)]);
        assert!(refusal(beside.path()).contains(ADAPTER), "{}", refusal(beside.path()));
        fs::write(beside.path().join(ADAPTER), serialize(Vec::<(&str, TensorView<'_>)>::new(), None).unwrap()).unwrap();
        assert_eq!(open(beside.path(), &unwatched).unwrap().notices(), [adapter_is_merged()]);
        for (config, part) in [
            (r#"{"peft_type": "IA3"}"#, "peft_type IA3 is not supported: LORA is"),
            (r#"{"peft_type": "LORA", "use_dora": true}"#, "use_dora true is not supported"),
            (r#"{"peft_type": "LORA", "init_lora_weights": "pissa"}"#, "init_lora_weights"),
        ] {
            fs::write(beside.path().join("adapter_config.json"), config).unwrap();
            assert!(refusal(beside.path()).starts_with(part), "{}", refusal(beside.path()));
        }
        fs::write(beside.path().join("adapter_config.json"), config).unwrap();
        fs::remove_file(beside.path().join("config.json")).unwrap();
        assert!(refusal(beside.path()).starts_with("not a model folder but an adapter of “org/base”: "));
        fs::write(beside.path().join("adapter_config.json"), "[]").unwrap();
        assert!(refusal(beside.path()).contains("an adapter of a model that it does not name"));
    }

    #[test]
    fn a_pickle_and_a_pointer_are_named_for_what_they_are() {
        let pickled = folder(&[("pytorch_model.bin", b"PK")]);
        assert!(refusal(pickled.path()).contains("pytorch_model.bin alone, a pickle"), "{}", refusal(pickled.path()));
        let pointer = folder(&[(SINGLE, b"version https://git-lfs.github.com/spec/v1\noid sha256:0a\nsize 9\n")]);
        assert!(refusal(pointer.path()).contains("a pointer of Git LFS"), "{}", refusal(pointer.path()));
    }

    #[test]
    fn what_is_no_model_is_named_with_its_path() {
        let empty = tempfile::tempdir().unwrap();
        assert!(refusal(empty.path()).contains("no config.json"));
        let missing = empty.path().join("gone");
        assert_eq!(refusal(&missing), format!("there is no such folder: {}", missing.display()));
        let file = empty.path().join("file");
        fs::write(&file, "").unwrap();
        let found = refusal(&file);
        assert!(found.starts_with("cannot read (") && found.ends_with(&file.display().to_string()), "{found}");
        assert!(refusal(folder(&[]).path()).contains(SINGLE));
        let truncated = folder(&[(SINGLE, &bundled::WEIGHTS[..100])]);
        assert!(refusal(truncated.path()).contains(&truncated.path().display().to_string()));
        let escaping = folder(&[(INDEX, br#"{"weight_map": {"x": "../../etc/passwd"}}"#)]);
        assert!(refusal(escaping.path()).contains("../../etc/passwd"));
        let lost = folder(&[(INDEX, br#"{"weight_map": {"x": "gone.safetensors"}}"#)]);
        assert!(refusal(lost.path()).contains("gone.safetensors"));
        let garbled = folder(&[(INDEX, b"[]")]);
        assert!(refusal(garbled.path()).contains("index"));
    }
}
