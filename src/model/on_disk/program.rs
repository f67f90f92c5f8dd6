//! The programs whose models are found.

/// Whose folders they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The cache that transformers and `hf download` fill.
    HuggingFace,
    /// Ollama's store.
    Ollama,
    /// LM Studio's folder of models.
    LmStudio,
    /// The cache of llama.cpp.
    LlamaCpp,
}

impl Program {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HuggingFace => "Hugging Face",
            Self::Ollama => "Ollama",
            Self::LmStudio => "LM Studio",
            Self::LlamaCpp => "llama.cpp",
        }
    }
}
