//! Families of models. Each is a short file: links to the paper and the reference implementation, and the way from a
//! configuration to a [`description::Description`] of its layers and tensors. [`registry`] lists them all, [`network`]
//! computes them all.

mod alibi;
mod apertus;
mod bert;
mod bloom;
mod cohere;
mod deepseek;
pub mod description;
mod distilbert;
mod electra;
mod exaone4;
mod falcon;
mod family;
mod feed_forward;
mod gemma;
pub mod gguf_names;
mod glm4;
mod gpt2;
mod gpt_bigcode;
mod gpt_neo;
mod gpt_neox;
mod gpt_oss;
mod gptj;
mod granite;
mod helium;
mod hunyuan;
mod linear_map;
pub mod llama;
mod mistral;
mod mixtral;
mod modernbert;
mod mpt;
mod nemotron;
pub mod network;
mod olmo;
mod opt;
mod phi;
mod qwen;
pub mod registry;
mod roberta;
mod rotary;
mod smollm3;
mod stablelm;
mod starcoder2;
mod windows;
