//! How byte-level vocabularies cut text into words before they merge anything, by the names of `tokenizer.ggml.pre`.
//!
//! Reference: `llm_tokenizer_bpe` in <https://github.com/ggml-org/llama.cpp/blob/master/src/llama-vocab.cpp>, and the
//! `tokenizer.json` of the models that the names stand for, which comes first where both differ.

use tokenizers::{
    NormalizerWrapper, PreTokenizerWrapper, SplitDelimiterBehavior,
    normalizers::NFC,
    pre_tokenizers::{
        byte_level::ByteLevel,
        digits::Digits,
        punctuation::Punctuation,
        sequence::Sequence,
        split::{Split, SplitPattern},
    },
};

/// One way to cut, under the names that files have for it.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    names: &'static [&'static str],
    /// One after the other, each within the pieces that the one before left.
    steps: &'static [Step],
    /// Whether a beginning-of-sequence token is put in front where the file does not say.
    pub adds_bos: bool,
    /// Whether a word that is in the vocabulary is one token whatever the merges would make of it.
    pub ignores_merges: bool,
    /// Whether characters that are composed of several are put together first.
    composes: bool,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Matches are words, and so is what stands between them.
    Matches(&'static str),
    /// GPT-2's words.
    Gpt2,
    /// Every digit by itself.
    EachDigit,
    /// Digits in a row are a word.
    Digits,
    /// Punctuation in a row is a word.
    Punctuation,
}
use Step::{Digits as DigitRuns, EachDigit, Gpt2, Matches, Punctuation as PunctuationRuns};

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const GPT4O: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const TEKKEN: &str = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
const SEED_CODER: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+";
const BLOOM: &str = r" ?[^(\s|.,!?…。，、।۔،)]+";
/// Chinese, Japanese kana and, in the older vocabularies, Korean.
const EAST_ASIAN: &str = r"[一-龥ࠀ-一가-퟿]+";
const CHINESE_AND_KANA: &str = r"[一-龥぀-ゟ゠-ヿ]+";
const DEEPSEEK3: &str = r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"##;

const PLAIN: Words = Words { names: &[], steps: &[], adds_bos: false, ignores_merges: false, composes: false };

const KNOWN: [Words; 18] = [
    // Of files from before they said so.
    Words {
        names: &["default"],
        steps: &[Matches(r"[\p{P}\$\+<=>\^~\|]+"), Matches(GPT2), Matches(r"\p{N}+"), Matches("[0-9][0-9][0-9]")],
        ..PLAIN
    },
    Words {
        names: &[
            "gpt-2",
            "gpt2",
            "phi-2",
            "exaone4",
            "jais",
            "trillion",
            "granite-docling",
            "gigachat",
            "a.x-4.0",
            "mellum",
        ],
        steps: &[Gpt2],
        ..PLAIN
    },
    // GPT-NeoX's.
    Words { names: &["olmo", "mpt", "modern-bert"], steps: &[Gpt2], composes: true, ..PLAIN },
    Words {
        names: &["llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "midm-2.0"],
        steps: &[Matches(LLAMA3)],
        adds_bos: true,
        ignores_merges: true,
        ..PLAIN
    },
    Words { names: &["dbrx", "smaug-bpe", "chatglm-bpe", "glm4"], steps: &[Matches(LLAMA3)], ..PLAIN },
    Words {
        names: &["qwen2", "deepseek-r1-qwen", "megrez", "kormo", "stablelm2"],
        steps: &[Matches(QWEN2)],
        composes: true,
        ..PLAIN
    },
    Words { names: &["hunyuan", "solar-open"], steps: &[Matches(QWEN2)], ..PLAIN },
    Words { names: &["seed-coder"], steps: &[Matches(SEED_CODER)], ..PLAIN },
    Words {
        names: &["smollm", "starcoder", "refact", "codeshell", "exaone", "minerva-7b"],
        steps: &[EachDigit, Gpt2],
        ..PLAIN
    },
    Words { names: &["command-r"], steps: &[EachDigit, Gpt2], composes: true, ..PLAIN },
    Words { names: &["falcon"], steps: &[PunctuationRuns, Gpt2, DigitRuns, Matches("[0-9][0-9][0-9]")], ..PLAIN },
    Words { names: &["bloom", "poro-chat", "gpt3-finnish"], steps: &[Matches(BLOOM)], ..PLAIN },
    Words { names: &["viking"], steps: &[Matches(BLOOM), EachDigit], ..PLAIN },
    Words { names: &["tekken"], steps: &[Matches(TEKKEN)], adds_bos: true, ignores_merges: true, ..PLAIN },
    Words { names: &["gpt-4o", "llama4", "kanana2"], steps: &[Matches(GPT4O)], ..PLAIN },
    Words {
        names: &["deepseek-coder"],
        steps: &[Matches(r"[\r\n]"), Matches(r"\s?\p{L}+"), Matches(r"\s?\p{P}+"), Matches(EAST_ASIAN), EachDigit],
        ..PLAIN
    },
    Words {
        names: &["deepseek-v3", "hunyuan-dense"],
        steps: &[Matches(r"\p{N}{1,3}"), Matches(CHINESE_AND_KANA), Matches(DEEPSEEK3)],
        ..PLAIN
    },
    // Letters that have an upper and a lower case, and punctuation, ASCII or wide.
    Words {
        names: &["deepseek-llm"],
        steps: &[
            Matches(r"[\r\n]"),
            Matches(r"\s?[\p{Lu}\p{Ll}\p{Lt}]+"),
            Matches(r"\s?[!-/:-~！-／：-～‘-‟　-。]+"),
            Matches(r"\s+$"),
            Matches(EAST_ASIAN),
            EachDigit,
        ],
        ..PLAIN
    },
];

impl Words {
    /// By `tokenizer.ggml.pre`; `None` where it is not known here.
    pub fn named(name: &str) -> Option<Self> {
        KNOWN.into_iter().find(|words| words.names.contains(&name))
    }

    /// The names that are known, as an error says them.
    pub fn supported() -> String {
        let names: Vec<&str> = KNOWN.iter().flat_map(|words| words.names).copied().collect();
        format!("{} are", names.join(", "))
    }

    pub fn normalizer(self) -> Option<NormalizerWrapper> {
        self.composes.then(|| NFC.into())
    }

    /// # Errors
    /// When a pattern cannot be compiled.
    pub fn pre_tokenizer(self) -> Result<PreTokenizerWrapper, tokenizers::Error> {
        let mut steps = self.steps.iter().map(|step| step.pre_tokenizer()).collect::<Result<Vec<_>, _>>()?;
        if !self.steps.iter().any(|step| matches!(step, Gpt2)) {
            steps.push(bytes(Cut::Nowhere));
        }
        Ok(Sequence::new(steps).into())
    }
}

impl Step {
    fn pre_tokenizer(self) -> Result<PreTokenizerWrapper, tokenizers::Error> {
        Ok(match self {
            Matches(pattern) => {
                let pattern = SplitPattern::Regex(pattern.to_owned());
                Split::new(pattern, SplitDelimiterBehavior::Isolated, false)?.into()
            }
            Gpt2 => bytes(Cut::AsGpt2),
            EachDigit => Digits::new(true).into(),
            DigitRuns => Digits::new(false).into(),
            PunctuationRuns => Punctuation::new(SplitDelimiterBehavior::Contiguous).into(),
        })
    }
}

/// Whether words are cut where bytes become characters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    AsGpt2,
    Nowhere,
}

/// Each byte as a character of its own, as vocabularies have them.
fn bytes(cut: Cut) -> PreTokenizerWrapper {
    let (prefix_space, trim_offsets) = (false, true);
    ByteLevel::new(prefix_space, trim_offsets, cut == Cut::AsGpt2).into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer as _};

    use super::*;

    fn words(name: &str, text: &str) -> Vec<String> {
        let mut cut = PreTokenizedString::from(text);
        Words::named(name).unwrap().pre_tokenizer().unwrap().pre_tokenize(&mut cut).unwrap();
        let splits = cut.get_splits(OffsetReferential::Original, OffsetType::Byte);
        splits.into_iter().map(|(_, (start, end), _)| text[start..end].to_owned()).collect()
    }

    #[test]
    fn each_cuts_in_its_own_way() {
        let text = "It's 1234!?  I'LL";
        for (name, expected) in [
            ("gpt-2", &["It", "'s", " 1234", "!?", " ", " I", "'", "LL"][..]),
            ("olmo", &["It", "'s", " 1234", "!?", " ", " I", "'", "LL"]),
            ("smollm", &["It", "'s", " ", "1", "2", "3", "4", "!?", " ", " I", "'", "LL"]),
            ("command-r", &["It", "'s", " ", "1", "2", "3", "4", "!?", " ", " I", "'", "LL"]),
            ("llama-bpe", &["It", "'s", " ", "123", "4", "!?", " ", " I", "'LL"]),
            ("dbrx", &["It", "'s", " ", "123", "4", "!?", " ", " I", "'LL"]),
            ("qwen2", &["It", "'s", " ", "1", "2", "3", "4", "!?", " ", " I", "'LL"]),
            ("stablelm2", &["It", "'s", " ", "1", "2", "3", "4", "!?", " ", " I", "'LL"]),
            ("default", &["It", "'", "s", " ", "123", "4", "!?", " ", " I", "'", "LL"]),
            ("falcon", &["It", "'", "s", " ", "123", "4", "!?", " ", " I", "'", "LL"]),
            ("gpt-4o", &["It's", " ", "123", "4", "!?", " ", " I'LL"]),
            ("tekken", &["It", "'s", " ", "1", "2", "3", "4", "!?", " ", " I", "'LL"]),
            ("bloom", &["It's", " 1234", "!? ", " I'LL"]),
            ("viking", &["It's", " ", "1", "2", "3", "4", "!? ", " I'LL"]),
            ("deepseek-coder", &["It", "'", "s", " ", "1", "2", "3", "4", "!?", " ", " I", "'", "LL"]),
            ("deepseek-llm", &["It", "'", "s", " ", "1", "2", "3", "4", "!?", " ", " I", "'", "LL"]),
            ("deepseek-v3", &["It", "'s", " ", "123", "4", "!?", " ", " I", "'LL"]),
        ] {
            assert_eq!(words(name, text), expected, "{name}");
        }
    }

    #[test]
    fn line_ends_and_brackets_stay_with_what_stands_before_or_behind() {
        for (name, expected) in [
            ("gpt-2", &["f", "(", "aB", ")", "\n\n", " c"][..]),
            ("llama-bpe", &["f", "(aB", ")\n\n", " c"]),
            ("qwen2", &["f", "(aB", ")\n\n", " c"]),
            ("gpt-4o", &["f", "(a", "B", ")\n\n", " c"]),
            ("tekken", &["f", "(a", "B", ")\n\n", " c"]),
            ("seed-coder", &["f", "(aB", ")", "\n\n", " c"]),
            ("bloom", &["f", "(", "aB", ")\n\n", " c"]),
            ("deepseek-v3", &["f", "(aB", ")\n\n", " c"]),
            ("deepseek-llm", &["f", "(", "aB", ")", "\n", "\n", " c"]),
        ] {
            assert_eq!(words(name, "f(aB)\n\n c"), expected, "{name}");
        }
        assert_eq!(words("deepseek-v3", "日本語です。"), ["日本語です", "。"]);
        assert_eq!(words("deepseek-coder", "日本 x"), ["日本", " x"]);
    }

    #[test]
    fn every_name_has_one_meaning() {
        let names: Vec<&str> = KNOWN.iter().flat_map(|words| words.names).copied().collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        for name in names {
            assert_eq!(words(name, "To be fond of dancing").concat(), "To be fond of dancing", "{name}");
        }
    }

    #[test]
    fn others_are_not_taken_for_known_ones() {
        for name in ["kimi-k2", "superbpe", "gpt-5", "", "Qwen2"] {
            assert!(Words::named(name).is_none(), "{name}");
        }
    }
}
