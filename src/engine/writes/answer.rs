//! The parts of a logit by name.

/// Who adds to a logit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// What enters the first layer: tokens, and positions where the model adds them.
    Embeddings,
    /// A query head of a layer, through the output projection.
    Head {
        /// 0-based layer.
        layer: usize,
        /// 0-based query head.
        head: usize,
    },
    /// The bias of a layer's output projection, and of a norm that follows it.
    AttentionBias {
        /// 0-based layer.
        layer: usize,
    },
    /// The feed-forward block of a layer, with its own biases.
    FeedForward {
        /// 0-based layer.
        layer: usize,
    },
    /// The bias of the final norm.
    FinalNormBias,
    /// The bias of the unembedding.
    OutputBias,
}

/// Parts of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartKind {
    /// [`Part::Embeddings`]
    Embeddings,
    /// All heads of all layers.
    Heads,
    /// All feed-forward blocks.
    FeedForwards,
    /// All biases that are parts by themselves.
    Biases,
}

impl PartKind {
    /// All of them, in the order of what is written about them.
    pub const ALL: [Self; 4] = [Self::Embeddings, Self::Heads, Self::FeedForwards, Self::Biases];

    /// On screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embeddings => "embeddings",
            Self::Heads => "heads",
            Self::FeedForwards => "feed-forward blocks",
            Self::Biases => "biases",
        }
    }
}

impl Part {
    /// What kind of part it is.
    pub const fn kind(self) -> PartKind {
        match self {
            Self::Embeddings => PartKind::Embeddings,
            Self::Head { .. } => PartKind::Heads,
            Self::FeedForward { .. } => PartKind::FeedForwards,
            Self::AttentionBias { .. } | Self::FinalNormBias | Self::OutputBias => PartKind::Biases,
        }
    }
}

/// What one part adds, in logits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PartWrites {
    /// Which part it is.
    pub part: Part,
    /// To the target's logit.
    pub to_target: f64,
    /// To the target's logit less the rival's.
    pub over_rival: Option<f64>,
}

/// A token by its id and as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedToken {
    /// In the vocabulary.
    pub id: u32,
    /// With control characters escaped.
    pub text: String,
}

/// What all parts of a model add to the logit of a token at one position. They sum to the logit in front of the final
/// soft cap.
#[derive(Clone, Debug, PartialEq)]
pub struct Writes {
    /// Whose logit it is.
    pub target: NamedToken,
    /// What that is compared with.
    pub rival: Option<NamedToken>,
    /// Whose next token it is.
    pub position: usize,
    /// In the order of the layers: embeddings, heads, bias and feed-forward block of each, biases of the output.
    pub parts: Vec<PartWrites>,
    pub(super) n_heads: usize,
}

impl Writes {
    /// Query heads of each layer.
    pub const fn n_heads(&self) -> usize {
        self.n_heads
    }

    /// A head's, if there is such a head.
    pub fn head(&self, layer: usize, head: usize) -> Option<&PartWrites> {
        let is_it = |part: &&PartWrites| part.part == Part::Head { layer, head };
        // Each layer has its heads, a bias that may be missing, and a block.
        let first = 1 + layer * (self.n_heads + 1) + head;
        self.parts.get(first.min(self.parts.len())..)?.iter().take(layer + 1).find(is_it)
    }

    /// The target's logit, in front of the final soft cap.
    pub fn logit(&self) -> f64 {
        self.parts.iter().map(|part| part.to_target).sum()
    }

    /// The target's logit less the rival's.
    pub fn over_rival(&self) -> Option<f64> {
        self.parts.iter().map(|part| part.over_rival).sum()
    }

    /// What all parts of a kind add to the target's logit.
    pub fn to_target(&self, kind: PartKind) -> f64 {
        self.of_kind(kind).map(|part| part.to_target).sum()
    }

    /// What all parts of a kind add to the target's logit less the rival's.
    pub fn kind_over_rival(&self, kind: PartKind) -> Option<f64> {
        self.rival.as_ref()?;
        self.of_kind(kind).map(|part| part.over_rival).sum()
    }

    fn of_kind(&self, kind: PartKind) -> impl Iterator<Item = &PartWrites> {
        self.parts.iter().filter(move |part| part.part.kind() == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(has_bias: bool) -> Writes {
        let mut parts = vec![Part::Embeddings];
        for layer in 0..5 {
            parts.extend((0..3).map(|head| Part::Head { layer, head }));
            parts.extend(has_bias.then_some(Part::AttentionBias { layer }));
            parts.push(Part::FeedForward { layer });
        }
        parts.push(Part::FinalNormBias);
        let part = |(at, part)| PartWrites { part, to_target: at as f64, over_rival: None };
        let parts = parts.into_iter().enumerate().map(part).collect();
        let target = NamedToken { id: 0, text: String::new() };
        Writes { target, rival: None, position: 0, parts, n_heads: 3 }
    }

    #[test]
    fn every_head_is_found_with_and_without_biases() {
        for writes in [writes(true), writes(false)] {
            for layer in 0..5 {
                for head in 0..3 {
                    assert_eq!(writes.head(layer, head).map(|part| part.part), Some(Part::Head { layer, head }));
                }
                assert_eq!(writes.head(layer, 3), None);
            }
            assert_eq!((writes.head(5, 0), writes.head(50, 0)), (None, None));
            let sum: f64 = PartKind::ALL.into_iter().map(|kind| writes.to_target(kind)).sum();
            assert_eq!(sum, writes.logit());
            assert_eq!((writes.over_rival(), writes.kind_over_rival(PartKind::Heads)), (None, None));
        }
    }
}
