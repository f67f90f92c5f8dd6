//! Groups of configuration keys that several families share: rotary positions, windows, `ALiBi` slopes, quantization, GGUF
//! names.

pub mod alibi;
pub mod gguf_names;
pub mod quantization;
pub mod rotary;
pub mod windows;
