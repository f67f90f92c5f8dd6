//! Families of models. Each is a short file: links to the paper and the reference implementation, and the way from a
//! configuration to a [`description::Description`] of its layers and tensors. [`registry`] lists them all, [`network`]
//! computes them all.

pub mod description;
mod encoders;
mod experts;
mod family;
mod gpt_like;
mod llama_like;
pub mod network;
pub mod readers;
pub mod registry;
