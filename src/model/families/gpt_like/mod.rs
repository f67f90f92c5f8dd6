//! Decoders in the succession of GPT-2: `LayerNorm` with biases, a plain feed-forward block.

pub mod bloom;
pub mod falcon;
pub mod gpt2;
pub mod gpt_bigcode;
pub mod gpt_neo;
pub mod gpt_neox;
pub mod gptj;
pub mod mpt;
pub mod opt;
