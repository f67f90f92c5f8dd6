//! Decoders that are described as Llama with differences.

pub mod apertus;
pub mod cohere;
pub mod exaone4;
pub mod gemma;
pub mod glm4;
pub mod granite;
pub mod helium;
pub mod hunyuan;
pub mod llama;
pub mod mistral;
pub mod nemotron;
pub mod olmo;
pub mod phi;
pub mod qwen;
pub mod smollm3;
pub mod stablelm;
pub mod starcoder2;
