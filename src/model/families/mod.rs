//! Families of models. Each is a short file: links to the paper and the reference implementation, and the way from a
//! configuration to a [`description::Description`] of its layers and tensors. [`registry`] lists them all, [`network`]
//! computes them all.

mod bert;
pub mod description;
mod family;
mod gpt2;
mod gpt_neox;
pub mod llama;
mod mistral;
pub mod network;
mod qwen;
pub mod registry;
