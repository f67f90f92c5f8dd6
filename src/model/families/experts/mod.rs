//! Decoders whose models are all mixtures of experts.

pub mod deepseek;
pub mod gpt_oss;
pub mod mixtral;
