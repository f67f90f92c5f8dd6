//! How byte-level vocabularies cut text into words before they merge anything.
//!
//! Reference: `llm_tokenizer_bpe` in <https://github.com/ggml-org/llama.cpp/blob/master/src/llama-vocab.cpp>, and the
//! `tokenizer.json` of the models that the names stand for.

use tokenizers::{
    NormalizerWrapper, PreTokenizerWrapper, SplitDelimiterBehavior,
    normalizers::NFC,
    pre_tokenizers::{
        byte_level::ByteLevel,
        digits::Digits,
        sequence::Sequence,
        split::{Split, SplitPattern},
    },
};

/// The name under which the file says how its words are cut, read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Of files from before they said so.
    Default,
    Gpt2,
    Llama3,
    Qwen2,
    /// Every digit by itself, otherwise as GPT-2.
    Digits,
}

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// One after the other.
const DEFAULT: [&str; 4] = [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"];

impl Words {
    pub const SUPPORTED: &'static str = "default, gpt-2, llama-bpe, qwen2 and smollm are";

    /// By `tokenizer.ggml.pre`; `None` where it is not known here.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "default" => Self::Default,
            "gpt-2" | "gpt2" => Self::Gpt2,
            "llama3" | "llama-v3" | "llama-bpe" => Self::Llama3,
            "qwen2" | "deepseek-r1-qwen" => Self::Qwen2,
            "smollm" | "starcoder" | "refact" | "command-r" => Self::Digits,
            _ => return None,
        })
    }

    /// Whether a beginning-of-sequence token is put in front where the file does not say.
    pub fn adds_bos(self) -> bool {
        self == Self::Llama3
    }

    /// Whether a word that is in the vocabulary is one token whatever the merges would make of it.
    pub fn ignores_merges(self) -> bool {
        self == Self::Llama3
    }

    pub fn normalizer(self) -> Option<NormalizerWrapper> {
        (self == Self::Qwen2).then(|| NFC.into())
    }

    /// # Errors
    /// When a pattern cannot be compiled.
    pub fn pre_tokenizer(self) -> Result<PreTokenizerWrapper, tokenizers::Error> {
        let (trim_offsets, prefix_space) = (true, false);
        let bytes = ByteLevel::new(prefix_space, trim_offsets, false);
        let gpt2 = ByteLevel::new(prefix_space, trim_offsets, true);
        let steps = match self {
            Self::Gpt2 => return Ok(gpt2.into()),
            Self::Digits => vec![Digits::new(true).into(), gpt2.into()],
            Self::Llama3 => vec![split(LLAMA3)?, bytes.into()],
            Self::Qwen2 => vec![split(QWEN2)?, bytes.into()],
            Self::Default => {
                let mut steps = DEFAULT.into_iter().map(split).collect::<Result<Vec<_>, _>>()?;
                steps.push(bytes.into());
                steps
            }
        };
        Ok(Sequence::new(steps).into())
    }
}

fn split(pattern: &str) -> Result<PreTokenizerWrapper, tokenizers::Error> {
    Ok(Split::new(SplitPattern::Regex(pattern.to_owned()), SplitDelimiterBehavior::Isolated, false)?.into())
}

#[cfg(test)]
mod tests {
    use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer as _};

    use super::*;

    fn words(name: &str, text: &str) -> Vec<String> {
        let mut cut = PreTokenizedString::from(text);
        Words::named(name).unwrap().pre_tokenizer().unwrap().pre_tokenize(&mut cut).unwrap();
        let splits = cut.get_splits(OffsetReferential::Original, OffsetType::Byte);
        splits.into_iter().map(|(word, ..)| word.replace('Ġ', " ").replace('Ċ', "\n")).collect()
    }

    #[test]
    fn each_cuts_in_its_own_way() {
        let text = "It's 1234!?  I'LL";
        assert_eq!(words("gpt-2", text), ["It", "'s", " 1234", "!?", " ", " I", "'", "LL"]);
        assert_eq!(words("smollm", text), ["It", "'s", " ", "1", "2", "3", "4", "!?", " ", " I", "'", "LL"]);
        assert_eq!(words("llama-bpe", text), ["It", "'s", " ", "123", "4", "!?", " ", " I", "'LL"]);
        assert_eq!(words("qwen2", text), ["It", "'s", " ", "1", "2", "3", "4", "!?", " ", " I", "'LL"]);
        assert_eq!(words("default", text), ["It", "'", "s", " ", "123", "4", "!?", " ", " I", "'", "LL"]);
        assert_eq!(words("qwen2", "a\n\n b"), ["a", "\n\n", " b"]);
        assert_eq!(words("gpt-2", "a\n\n b"), ["a", "\n\n", " b"]);
        assert_eq!(words("llama-bpe", "(a)"), ["(a", ")"]);
    }

    #[test]
    fn others_are_not_taken_for_known_ones() {
        for name in ["smaug-bpe", "tekken", "gpt-4o", "", "Qwen2"] {
            assert_eq!(Words::named(name), None, "{name}");
        }
    }
}
