//! The window's behaviour, without a screen: gestures and accessibility requests go in, the accessibility tree comes
//! out, and its numbers are compared with the engine's own.

mod agree;
mod captures;
mod cells;
mod chat;
mod circuits;
mod compare;
mod computing;
mod disk_models;
mod epsilon;
mod export;
pub mod files;
mod following;
mod heads;
mod inspector;
mod keyboard;
mod lessons;
mod loading;
mod notation;
mod opening;
mod operations;
mod outcome;
mod palette;
mod play;
mod preferences;
mod prompts;
mod protected;
mod quantities;
mod recent;
mod scope;
mod scripts;
mod sessions;
mod sizes;

pub mod slow;
pub mod support;
mod sweep;
mod taking;
mod text;
mod tokens;
mod tour;
mod undo;
mod view;

use crate::gguf_files;
