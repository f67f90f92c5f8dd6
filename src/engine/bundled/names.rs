use serde::{Deserialize, Serialize};

use crate::{capture, model};

/// What ships inside the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bundled {
    /// SmolLM2-135M-Instruct, a live language model: the figure on a real one. Without the feature `model` it is what
    /// [`Self::Smollm2Capture`] is.
    Smollm2,
    /// Captured query, key and value vectors of the same model, on the prompt that it opens on.
    Smollm2Capture,
    /// A small live language model, trained on Jane Austen and the King James Bible.
    Austen,
}

impl Bundled {
    /// All bundled sources.
    pub const ALL: [Self; 3] = [Self::Smollm2, Self::Smollm2Capture, Self::Austen];

    /// The one that reads a prompt for which no source is named.
    pub const READER: Self = if Self::Smollm2.is_live() { Self::Smollm2 } else { Self::Austen };

    /// `bundled:NAME`, as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smollm2 => "bundled:smollm2",
            Self::Smollm2Capture => "bundled:smollm2-capture",
            Self::Austen => "bundled:austen",
        }
    }

    /// Whether it reads any prompt.
    pub const fn is_live(self) -> bool {
        match self {
            Self::Smollm2 => cfg!(feature = "model"),
            Self::Smollm2Capture => false,
            Self::Austen => true,
        }
    }

    /// What it opens on.
    pub const fn default_view(self) -> DefaultView {
        let (layer, head) = (capture::bundled::SMOLLM2_LAYER, capture::bundled::SMOLLM2_HEAD);
        let captured = DefaultView { prompt: capture::bundled::SMOLLM2_PROMPT, token_ids: None, layer, head };
        match self {
            Self::Smollm2 => DefaultView { token_ids: Some(&model::smollm2::TOKEN_IDS), ..captured },
            Self::Smollm2Capture => captured,
            Self::Austen => DefaultView {
                prompt: model::bundled::DEFAULT_PROMPT,
                token_ids: None,
                layer: model::bundled::DEFAULT_LAYER,
                head: model::bundled::DEFAULT_HEAD,
            },
        }
    }
}

/// What a source opens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultView {
    /// The text that is read.
    pub prompt: &'static str,
    /// What is read of it exactly, where the tokenizer would make something else of the text.
    pub token_ids: Option<&'static [u32]>,
    /// 0-based layer.
    pub layer: usize,
    /// 0-based query head.
    pub head: usize,
}
