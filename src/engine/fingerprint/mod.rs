//! What tells one source from another, wherever it lies: a digest of its files.
//!
//! | written | of what |
//! | --- | --- |
//! | `sha256:HEX` | a file of at most 64 MiB: SHA-256 of all of it, as `sha256sum` prints it |
//! | `sha256-sampled:HEX` | a larger file: SHA-256 of its length (8 bytes, little-endian), its first 16 MiB, where formats keep their headers, 254 blocks of 64 KiB at equal distances, and its last MiB |
//! | `sha256-folder:HEX` | a model folder: SHA-256 of a line `NAME FINGERPRINT\n` for `config.json`, `tokenizer.json` (without one, each file of the tokenizer before it that is there), and each file of weights, in this order; of an adapter in a folder of its own, `adapter_config.json` and `adapter_model.safetensors` in front of those of its base |
//!
//! Another model, another fine-tuning and a half-written file differ. A change of a few bytes between the blocks of a
//! large file is not seen: that is what it costs not to read gigabytes for every figure.

mod cache;
mod digest;

pub use cache::{FingerprintError, Fingerprints};
pub use digest::{Fingerprint, ParseFingerprintError};
