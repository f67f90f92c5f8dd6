//! What other prompts bring into a prompt: their vectors or means over them, as the unmodified model reads them.

mod asking;
mod means;
mod patch;
mod recipient;

pub(super) use means::Means;
