//! The classes of transformers that read a vocabulary, by the name that `tokenizer_config.json` or `config.json` has for
//! them, or by the model's type.

use serde_json::Value;

use super::settings::Settings;
use crate::{base::Excerpt, model::ModelError};

/// How a vocabulary is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `vocab.json` and `merges.txt`: bytes, in GPT-2's words.
    Gpt2,
    /// The same in Qwen2's words.
    Qwen2,
    /// GPT-2's, with a token in front of every sequence and one behind it.
    Roberta,
    /// `vocab.txt`: word pieces.
    Bert,
    /// `tokenizer.model`, whatever it says of spaces.
    Llama,
    /// `tokenizer.model` with spaces that are cut off behind words.
    Gemma,
    /// `tokenizer.model` by its own settings.
    Own,
}

/// The names of each, without the `Fast` at their end, and the types of models that have it where nothing is said.
const CLASSES: [(Class, &[&str], &[&str]); 7] = [
    (
        Class::Gpt2,
        &["GPT2Tokenizer", "CodeGenTokenizer"],
        &["gpt2", "gpt_neo", "gptj", "opt", "phi", "starcoder2", "gpt_bigcode"],
    ),
    (Class::Qwen2, &["Qwen2Tokenizer"], &["qwen2", "qwen2_moe", "qwen3", "qwen3_moe"]),
    (Class::Roberta, &["RobertaTokenizer"], &["roberta"]),
    (Class::Bert, &["BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer"], &["bert", "distilbert", "electra"]),
    (Class::Llama, &["LlamaTokenizer"], &[]),
    (Class::Gemma, &["GemmaTokenizer"], &["gemma", "gemma2", "gemma3", "gemma3_text"]),
    (Class::Own, &["TokenizersBackend", "PreTrainedTokenizer"], &[]),
];

/// Types of models whose class in transformers is none of a model's: what the files call theirs is not looked at.
const BY_THE_FILE: [&str; 12] = [
    "ernie4_5",
    "glm4",
    "granite",
    "granitemoehybrid",
    "mistral",
    "mixtral",
    "modernbert",
    "nemotron",
    "olmo2",
    "olmo3",
    "phi3",
    "stablelm",
];

impl Class {
    /// The class that reads the vocabulary; `None` where neither files nor model have one.
    ///
    /// # Errors
    /// When it is one that is not read here.
    pub fn of(settings: &Settings, config: &Value) -> Result<Option<Self>, ModelError> {
        let model_type = config.get("model_type").and_then(Value::as_str).unwrap_or_default();
        let declared = settings.text("tokenizer_class").or_else(|| config.get("tokenizer_class")?.as_str());
        let Some(declared) = declared else {
            let of_model = CLASSES.iter().find(|(_, _, models)| models.contains(&model_type));
            return Ok(of_model.map(|(class, _, _)| *class));
        };
        let name = declared.strip_suffix("Fast").unwrap_or(declared);
        match CLASSES.iter().find(|(_, names, _)| names.contains(&name)) {
            Some((Self::Llama | Self::Gemma, _, _)) if BY_THE_FILE.contains(&model_type) => Ok(Some(Self::Own)),
            Some((class, _, _)) => Ok(Some(*class)),
            None => {
                let names: Vec<&str> = CLASSES.iter().flat_map(|(_, names, _)| *names).copied().collect();
                let what = format!(
                    "without tokenizer.json, tokenizer_class {} is not supported: {} are",
                    Excerpt::new(declared),
                    names.join(", ")
                );
                Err(ModelError::UnsupportedTokenizer { what })
            }
        }
    }

    /// What transformers calls it.
    pub fn name(self) -> &'static str {
        let names = CLASSES.iter().find(|(class, _, _)| *class == self).map(|(_, names, _)| *names);
        names.and_then(|names| names.first()).copied().unwrap_or_default()
    }

    /// What it is read from.
    pub fn files(self) -> &'static [&'static str] {
        match self {
            Self::Gpt2 | Self::Qwen2 | Self::Roberta => &["vocab.json", "merges.txt"],
            Self::Bert => &["vocab.txt"],
            Self::Llama | Self::Gemma | Self::Own => &["tokenizer.model"],
        }
    }

    /// Its special tokens where the settings name no others, under transformers' names for them.
    pub fn named(self) -> &'static [(&'static str, &'static str)] {
        const END: &str = "<|endoftext|>";
        match self {
            Self::Gpt2 => &[("bos_token", END), ("eos_token", END), ("unk_token", END)],
            Self::Qwen2 => &[("eos_token", END), ("unk_token", END), ("pad_token", END)],
            Self::Roberta => &[
                ("bos_token", "<s>"),
                ("eos_token", "</s>"),
                ("unk_token", "<unk>"),
                ("sep_token", "</s>"),
                ("pad_token", "<pad>"),
                ("cls_token", "<s>"),
                ("mask_token", "<mask>"),
            ],
            Self::Bert => &[
                ("unk_token", "[UNK]"),
                ("sep_token", "[SEP]"),
                ("pad_token", "[PAD]"),
                ("cls_token", "[CLS]"),
                ("mask_token", "[MASK]"),
            ],
            Self::Llama => &[("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>")],
            Self::Gemma => &[
                ("bos_token", "<bos>"),
                ("eos_token", "<eos>"),
                ("unk_token", "<unk>"),
                ("pad_token", "<pad>"),
                ("mask_token", "<mask>"),
            ],
            // The file's own.
            Self::Own => &[],
        }
    }
}
