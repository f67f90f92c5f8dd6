//! A session as a file, and inside exported figures: readable JSON with a version.
//!
//! ```json
//! { "format": "attenuate-session", "version": 2, "program": "0.1.0",
//!   "source": { "title": "…", "beside": "../models/x", "content": "sha256-folder:…" },
//!   "session": { "source": { "folder": "/models/x" }, "prompt": …, "layer": 14, "epsilon": …, "view": … },
//!   "tokens": ["<|endoftext|>", "Attention"], "token_ids": [0, 41319] }
//! ```
//!
//! What is read is a [`Session`](crate::session::Session) like any that commands lead to: everything is checked here, and nothing afterwards
//! but what only the source knows (how many layers and heads it has, T).

mod ascii_json;
mod error;
mod file;
mod format;
#[cfg(test)]
mod hostile;
mod inputs;
mod migrate;
mod openable;
mod png_text;
mod relative_path;
mod session_document;
mod source_location;
#[cfg(test)]
mod tests;
mod xml_depth;
mod xml_metadata;

pub use error::{DocumentError, Problem};
pub use file::{payload, read};
pub use format::{KEYWORD, MOST_BYTES, NAMESPACE, VERSION};
pub use inputs::Inputs;
pub use openable::{Follow, Named, NamedError, Start};
pub use session_document::{SessionDocument, SourceRecord};
pub use source_location::{Whereabouts, locate};
