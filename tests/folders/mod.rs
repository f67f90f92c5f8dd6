//! Model folders that are damaged, contradict themselves or ask for the absurd: one clear error each, never a panic,
//! never memory beyond a small multiple of what is in the folder.

mod configs;
mod sandbox;
mod weights;
