//! The list of families: what opens, and what an error says is supported.

use std::{borrow::Cow, sync::LazyLock};

use serde_json::{Map, Value};

use super::{
    description::Description,
    encoders::{bert, distilbert, electra, modernbert, roberta},
    experts::{deepseek, gpt_oss, mixtral},
    family::Family,
    gpt_like::{bloom, falcon, gpt_bigcode, gpt_neo, gpt_neox, gpt2, gptj, mpt, opt},
    llama_like::{
        apertus, cohere, exaone4, gemma, glm4, granite, helium, hunyuan, llama, mistral, nemotron, olmo, phi, qwen,
        smollm3, stablelm, starcoder2,
    },
    readers::gguf_names::Gguf,
};
use crate::{
    base::Excerpt,
    model::{
        ModelError,
        config::{Config, parse_config, wrong},
    },
};

/// In the order in which an error names them.
pub const FAMILIES: &[Family] = &[
    llama::LLAMA,
    mistral::MISTRAL,
    mixtral::MIXTRAL,
    qwen::QWEN2,
    qwen::QWEN2_MOE,
    qwen::QWEN3,
    qwen::QWEN3_MOE,
    gemma::GEMMA,
    gemma::GEMMA2,
    gemma::GEMMA3,
    olmo::OLMO,
    olmo::OLMO2,
    olmo::OLMO3,
    olmo::OLMOE,
    phi::PHI,
    phi::PHI3,
    deepseek::DEEPSEEK_V2,
    deepseek::DEEPSEEK_V3,
    granite::GRANITE,
    granite::GRANITE_HYBRID,
    smollm3::SMOLLM3,
    stablelm::STABLELM,
    cohere::COHERE,
    cohere::COHERE2,
    nemotron::NEMOTRON,
    glm4::GLM4,
    exaone4::EXAONE4,
    helium::HELIUM,
    helium::ERNIE4_5,
    hunyuan::HUNYUAN,
    apertus::APERTUS,
    starcoder2::STARCODER2,
    gpt_oss::GPT_OSS,
    gpt2::GPT2,
    gpt_bigcode::GPT_BIGCODE,
    gpt_neo::GPT_NEO,
    gptj::GPTJ,
    gpt_neox::GPT_NEOX,
    opt::OPT,
    falcon::FALCON,
    bloom::BLOOM,
    mpt::MPT,
    bert::BERT,
    roberta::ROBERTA,
    distilbert::DISTILBERT,
    electra::ELECTRA,
    modernbert::MODERNBERT,
];

/// Under llama.cpp's architectures, of those that share one the special before the general.
pub const IN_GGUF: &[Gguf] = &[
    mixtral::MIXTRAL_GGUF,
    mistral::MISTRAL_GGUF,
    llama::LLAMA_GGUF,
    qwen::QWEN2_GGUF,
    qwen::QWEN2_MOE_GGUF,
    qwen::QWEN3_GGUF,
    qwen::QWEN3_MOE_GGUF,
    gemma::GEMMA_GGUF,
    gemma::GEMMA2_GGUF,
    gemma::GEMMA3_GGUF,
    olmo::OLMO_GGUF,
    olmo::OLMO3_GGUF,
    olmo::OLMO2_GGUF,
    olmo::OLMOE_GGUF,
    phi::PHI_GGUF,
    phi::PHI3_GGUF,
    deepseek::DEEPSEEK_V3_GGUF,
    deepseek::DEEPSEEK_V2_GGUF,
    granite::GRANITE_GGUF,
    smollm3::SMOLLM3_GGUF,
    stablelm::STABLELM_GGUF,
    cohere::COHERE_GGUF,
    cohere::COHERE2_GGUF,
    nemotron::NEMOTRON_GGUF,
    glm4::GLM4_GGUF,
    exaone4::EXAONE4_GGUF,
    helium::ERNIE4_5_GGUF,
    hunyuan::HUNYUAN_GGUF,
    apertus::APERTUS_GGUF,
    starcoder2::STARCODER2_GGUF,
    gpt_oss::GPT_OSS_GGUF,
    gpt2::GPT2_GGUF,
    gpt_bigcode::GPT_BIGCODE_GGUF,
    gpt_neox::GPT_NEOX_GGUF,
    falcon::FALCON_GGUF,
    bloom::BLOOM_GGUF,
    mpt::MPT_GGUF,
    bert::BERT_GGUF,
    modernbert::MODERNBERT_GGUF,
];

/// The architectures of GGUF files that open, as an error says them.
pub static IN_GGUF_NAMES: LazyLock<String> = LazyLock::new(|| {
    let name = |gguf: &Gguf| match gguf.also {
        [] => gguf.architecture.to_owned(),
        also => format!("{} (also {})", gguf.architecture, also.join(" and ")),
    };
    let mut names: Vec<String> = IN_GGUF.iter().map(name).collect();
    names.dedup();
    all_are(&names.iter().map(String::as_str).collect::<Vec<_>>()).replacen(
        "llama",
        "llama (also Mistral, Mixtral and SmolLM)",
        1,
    )
});

/// From the text of `config.json` to what the model is made of.
///
/// # Errors
/// When it is malformed or the model is not supported.
pub fn parse(config: &[u8]) -> Result<Description, ModelError> {
    let config = parse_config(config)?;
    read(Config::new(&text_part(&config)))
}

/// What a configuration calls its kind of model, known or not; that of its text part where this is what opens.
pub fn model_type(config: &[u8]) -> Option<String> {
    let config = parse_config(config).ok()?;
    let model_type = text_part(&config).get("model_type").and_then(Value::as_str).map(Excerpt::new);
    model_type.map(|model_type| model_type.to_string())
}

/// The part that describes the text model, of a configuration that also describes what sees or hears.
fn text_part(config: &Map<String, Value>) -> Cow<'_, Map<String, Value>> {
    const TIED: &str = "tie_word_embeddings";
    let is_known = |config: &Map<String, Value>| {
        config.get("model_type").and_then(Value::as_str).is_some_and(|model_type| find(model_type).is_some())
    };
    match config.get("text_config").and_then(Value::as_object) {
        Some(text) if !is_known(config) && is_known(text) => {
            let mut text = text.clone();
            if let (None, Some(tied)) = (text.get(TIED), config.get(TIED)) {
                text.insert(TIED.to_owned(), tied.clone());
            }
            Cow::Owned(text)
        }
        _ => Cow::Borrowed(config),
    }
}

fn find(model_type: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.model_types.contains(&model_type))
}

/// By `model_type`.
///
/// # Errors
/// Those of [`parse`].
pub fn read(config: Config<'_>) -> Result<Description, ModelError> {
    let found = config.text("model_type")?.ok_or_else(|| wrong("model_type", "a text", "nothing"))?;
    match (find(found), FOREIGN.iter().find(|(model_types, _)| model_types.contains(&found))) {
        (Some(family), _) => (family.read)(config),
        (None, Some(&(_, why))) => {
            Err(ModelError::Unsupported { what: "model_type", found: found.to_owned(), supported: why })
        }
        (None, None) => {
            Err(ModelError::Unsupported { what: "model_type", found: found.to_owned(), supported: SUPPORTED.as_str() })
        }
    }
}

/// Models that other programs open and this one does not, with the reason.
const FOREIGN: &[(&[&str], &str)] = &[
    (
        &["mamba", "mamba2", "falcon_mamba", "rwkv", "rwkv7", "xlstm"],
        "its layers carry a state from token to token and have no attention pattern",
    ),
    (
        &["jamba", "bamba", "zamba", "zamba2", "nemotron_h", "recurrent_gemma", "lfm2"],
        "only some of its layers have an attention pattern, and those in front of the first are not computed",
    ),
    (&["falcon_h1"], "its layers add what a state writes to what attention writes, and that is not computed"),
    (&["qwen3_next", "minimax", "kimi_linear"], "most of its layers have linear attention, which has no softmax"),
    (
        &["t5", "mt5", "umt5", "longt5", "bart", "mbart", "pegasus", "marian", "m2m_100", "whisper", "t5gemma"],
        "encoders with a decoder that reads from them are not computed",
    ),
];

static SUPPORTED: LazyLock<String> = LazyLock::new(|| {
    let names: Vec<&str> = FAMILIES.iter().flat_map(|family| family.model_types).copied().collect();
    all_are(&names)
});

fn all_are(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, others)) => format!("{} and {last} are", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_model_type_is_listed_once() {
        let names: Vec<&str> = FAMILIES.iter().flat_map(|family| family.model_types).copied().collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn what_has_no_pattern_is_refused_with_the_reason() {
        let refusal = |model_type: &str| parse(format!(r#"{{"model_type": "{model_type}"}}"#).as_bytes()).unwrap_err();
        assert!(refusal("mamba").to_string().ends_with("have no attention pattern"));
        for model_type in FOREIGN.iter().flat_map(|(model_types, _)| *model_types) {
            assert!(find(model_type).is_none(), "{model_type}");
            assert!(
                refusal(model_type).to_string().starts_with(&format!("model_type {model_type} is not supported: "))
            );
        }
    }

    #[test]
    fn a_text_part_is_read_in_its_wrapper() {
        let text = r#""hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2,
            "intermediate_size": 4, "vocab_size": 2, "max_position_embeddings": 4, "sliding_window": null"#;
        let alone = parse(format!(r#"{{"model_type": "mistral", "tie_word_embeddings": true, {text}}}"#).as_bytes());
        let wrapped = format!(
            r#"{{"model_type": "mistral3", "tie_word_embeddings": true, "vision_config": {{}},
                "text_config": {{"model_type": "mistral", {text}}}}}"#
        );
        assert_eq!(parse(wrapped.as_bytes()).unwrap(), alone.unwrap());
        let unknown = parse(br#"{"model_type": "a", "text_config": {"model_type": "b"}}"#).unwrap_err().to_string();
        assert!(unknown.starts_with("model_type a is not supported"), "{unknown}");
    }

    /// The table of families in the docs. `ATTENUATE_BLESS=1` writes it anew.
    #[test]
    fn the_docs_list_the_families() {
        const BEGIN: &str = "<!-- families -->\n";
        const END: &str = "<!-- end of families -->";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/models.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (found, after) = rest.split_once(END).unwrap();
        let quoted = |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let row = |family: &Family| {
            let is_family = |gguf: &&Gguf| {
                family.model_types.iter().any(|known| *known == gguf.model_type || gguf.also.contains(known))
            };
            let architectures = IN_GGUF.iter().filter(is_family).map(|gguf| gguf.architecture).collect();
            let [model_types, architectures] = [family.model_types.to_vec(), architectures].map(quoted);
            format!("| {model_types} | {} | {architectures} |\n", family.models)
        };
        let rows: String = FAMILIES.iter().map(row).collect();
        let table = format!("| `model_type` | models | in GGUF files |\n| --- | --- | --- |\n{rows}");
        if std::env::var_os("ATTENUATE_BLESS").is_some() {
            std::fs::write(path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        } else {
            assert_eq!(found, table, "ATTENUATE_BLESS=1 writes the table anew");
        }
    }

    #[test]
    fn an_unknown_model_type_is_refused_with_the_list() {
        assert_eq!(
            parse(br#"{"model_type": "nobody"}"#).unwrap_err().to_string(),
            format!("model_type nobody is not supported: {}", *SUPPORTED)
        );
        assert!(SUPPORTED.starts_with("llama, smollm, mistral, ") && SUPPORTED.ends_with(" are"));
        let nothing = parse(b"{}").unwrap_err().to_string();
        assert_eq!(nothing, "config.json: model_type must be a text, found nothing");
    }
}
