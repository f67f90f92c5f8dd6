//! The program as a person at a terminal meets it: the real binary in an empty folder, without a display.

mod adapters;
mod animate;
mod chat;
mod circuits;
mod continuing;
mod export;
mod failures;
mod folders;
mod formats;
mod goldens;
mod heads;
mod help;
mod kinds;
mod models;
mod operations;
mod options;
mod package;
mod patterns;
mod protected;
mod reference;
mod sandbox;
mod sessions;
mod streams;
mod sweep;
mod weights;
mod weights_file;
mod writes;

use crate::gguf_files;
