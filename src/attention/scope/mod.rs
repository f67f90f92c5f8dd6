mod error;
mod head_set;
mod heads;

use std::{collections::BTreeSet, fmt, ops::Range, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

pub use error::ScopeError;
pub use head_set::HeadSet;
pub use heads::Heads;

/// Where an intervention acts, relative to the layer and head on screen. Default: [`Preset::ThisHead`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// In which layers.
    pub layers: LayerScope,
    /// In which heads of these layers.
    pub heads: HeadScope,
    /// Heads by their numbers, in place of `layers` and `heads`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<HeadSet>,
    /// At which positions of the prompt.
    pub positions: PositionScope,
}

/// The layers that a [`Scope`] reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LayerScope {
    /// The layer on screen.
    #[default]
    Shown,
    /// Every layer.
    All,
    /// `first..=last`, 0-based, both included.
    Range {
        /// 0-based, the first that is changed.
        first: usize,
        /// 0-based, the last that is changed; not below `first`.
        last: usize,
    },
}

/// The heads that a [`Scope`] reaches in each of its layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeadScope {
    /// The query head on screen alone; K and V are changed in this head's own copy, after GQA repetition. That is our
    /// choice: the models of arXiv 2410.13708 have no groups.
    #[default]
    Shown,
    /// All query heads that read the same kv head as the one on screen.
    Group,
    /// Every head.
    All,
}

/// The positions whose vectors a [`Scope`] changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PositionScope {
    /// Every position.
    #[default]
    All,
    /// Position 0.
    First,
    /// All but position 0.
    Rest,
    /// The listed ones.
    Selection(Positions),
}

/// A set of positions, 0-based.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "BTreeSet<usize>", into = "BTreeSet<usize>")]
pub struct Positions(Arc<BTreeSet<usize>>);

impl From<BTreeSet<usize>> for Positions {
    fn from(positions: BTreeSet<usize>) -> Self {
        Self(Arc::new(positions))
    }
}

impl From<Positions> for BTreeSet<usize> {
    fn from(positions: Positions) -> Self {
        (*positions.0).clone()
    }
}

impl PositionScope {
    /// Whether the vectors at `position` are changed.
    pub fn contains(&self, position: usize) -> bool {
        match self {
            Self::All => true,
            Self::First => position == 0,
            Self::Rest => position != 0,
            Self::Selection(Positions(selected)) => selected.contains(&position),
        }
    }
}

impl PositionScope {
    /// The last position that a selection names.
    pub fn last_selected(&self) -> Option<usize> {
        match self {
            Self::All | Self::First | Self::Rest => None,
            Self::Selection(Positions(selected)) => selected.last().copied(),
        }
    }
}

/// The scopes that have a name on screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Preset {
    /// The paper's: the shown head of the shown layer.
    ThisHead,
    /// All heads of the shown layer.
    ThisLayer,
    /// All heads of all layers.
    AllLayers,
}

impl Preset {
    /// All presets, from the narrowest to the widest.
    pub const ALL: [Self; 3] = [Self::ThisHead, Self::ThisLayer, Self::AllLayers];

    /// The name on screen, such as `This head`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ThisHead => "This head",
            Self::ThisLayer => "This layer",
            Self::AllLayers => "All layers",
        }
    }

    /// The scope that it stands for, at all positions.
    pub const fn scope(self) -> Scope {
        let (layers, heads) = match self {
            Self::ThisHead => (LayerScope::Shown, HeadScope::Shown),
            Self::ThisLayer => (LayerScope::Shown, HeadScope::All),
            Self::AllLayers => (LayerScope::All, HeadScope::All),
        };
        Scope { layers, heads, set: None, positions: PositionScope::All }
    }
}

/// The layer and head on screen, and what they are chosen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// 0-based layer on screen.
    pub layer: usize,
    /// 0-based query head on screen.
    pub head: usize,
    /// Number of layers.
    pub n_layers: usize,
    /// Number of query heads in each layer.
    pub n_heads: usize,
    /// Number of key and value heads in each layer; divides the number of query heads.
    pub n_kv_heads: usize,
}

/// A [`Scope`] resolved against a model.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reach {
    /// Which heads of which layers are changed.
    pub heads: Heads,
    /// At which positions.
    pub positions: PositionScope,
}

impl Scope {
    /// The preset with this scope, if it is one.
    pub fn preset(&self) -> Option<Preset> {
        Preset::ALL.into_iter().find(|preset| preset.scope() == *self)
    }

    /// What the scope means for the layer and head on screen. A layer range is cut to the layers that exist.
    pub fn resolve(&self, shown: Shown) -> Reach {
        let heads = match &self.set {
            Some(set) => set.resolve(shown.n_layers, shown.n_heads),
            None => Heads::block(self.layers(shown), self.heads(shown)),
        };
        Reach { heads, positions: self.positions.clone() }
    }

    /// The layers in which heads are changed where none are named by a set, cut to those that exist.
    pub fn layers(&self, shown: Shown) -> Range<usize> {
        match self.layers {
            LayerScope::Shown => shown.layer..shown.layer + 1,
            LayerScope::All => 0..shown.n_layers,
            LayerScope::Range { first, last } => first.min(shown.n_layers)..last.saturating_add(1).min(shown.n_layers),
        }
    }

    /// The heads that are changed in each of the layers where none are named by a set; they stand side by side.
    pub fn heads(&self, shown: Shown) -> Range<usize> {
        match self.heads {
            HeadScope::Shown => shown.head..shown.head + 1,
            HeadScope::Group => {
                let per_group = shown.n_heads / shown.n_kv_heads.max(1);
                let first = shown.head / per_group.max(1) * per_group;
                first..first + per_group
            }
            HeadScope::All => 0..shown.n_heads,
        }
    }
}

impl FromStr for LayerScope {
    type Err = ScopeError;

    /// `shown`, `all`, or an inclusive range `A..=B` with A ≤ B.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ScopeError::new("shown, all or A..=B with A at most B", text);
        match text.trim() {
            "shown" => Ok(Self::Shown),
            "all" => Ok(Self::All),
            range => {
                let (first, last) = range.split_once("..=").ok_or_else(error)?;
                let first = first.trim().parse().map_err(|_| error())?;
                let last = last.trim().parse().map_err(|_| error())?;
                if first > last { Err(error()) } else { Ok(Self::Range { first, last }) }
            }
        }
    }
}

impl FromStr for HeadScope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "shown" => Ok(Self::Shown),
            "group" => Ok(Self::Group),
            "all" => Ok(Self::All),
            other => Err(ScopeError::new("shown, group or all", other)),
        }
    }
}

impl FromStr for PositionScope {
    type Err = ScopeError;

    /// `all`, `first`, `rest`, or positions separated by commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "all" => Ok(Self::All),
            "first" => Ok(Self::First),
            "rest" => Ok(Self::Rest),
            list => list
                .split(',')
                .map(|position| position.trim().parse())
                .collect::<Result<BTreeSet<usize>, _>>()
                .map(|positions| Self::Selection(positions.into()))
                .map_err(|_| ScopeError::new("all, first, rest or positions such as 0,3,7", list)),
        }
    }
}

impl fmt::Display for PositionScope {
    /// As it is read: `rest`, `0,3,7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::First => f.write_str("first"),
            Self::Rest => f.write_str("rest"),
            Self::Selection(Positions(selected)) => {
                f.write_str(&selected.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl fmt::Display for Scope {
    /// In words, as the status line says it: `This head`, `layers 2 to 4, all heads`, …
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(preset) = self.preset() {
            return f.write_str(preset.name());
        }
        if let Some(set) = &self.set {
            let name = set.name();
            let (first, rest) = name.split_at(1);
            write!(f, "{}{rest}", first.to_uppercase())?;
        } else {
            match self.layers {
                LayerScope::Shown => f.write_str("this layer")?,
                LayerScope::All => f.write_str("all layers")?,
                LayerScope::Range { first, last } if first == last => write!(f, "layer {first}")?,
                LayerScope::Range { first, last } => write!(f, "layers {first} to {last}")?,
            }
            f.write_str(match self.heads {
                HeadScope::Shown => ", this head",
                HeadScope::Group => ", this KV group",
                HeadScope::All => ", all heads",
            })?;
        }
        match &self.positions {
            PositionScope::All => Ok(()),
            PositionScope::First => f.write_str(", first position"),
            PositionScope::Rest => f.write_str(", all but the first position"),
            PositionScope::Selection(Positions(selected)) => match selected.len() {
                0 => f.write_str(", no position"),
                1 => f.write_str(", 1 position"),
                chosen => write!(f, ", {chosen} positions"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: Shown = Shown { layer: 14, head: 5, n_layers: 30, n_heads: 9, n_kv_heads: 3 };

    #[test]
    fn presets_resolve_to_the_papers_scopes() {
        let heads = |preset: Preset| preset.scope().resolve(SHOWN).heads;
        assert_eq!(heads(Preset::ThisHead), Heads::block(14..15, 5..6));
        assert_eq!(heads(Preset::ThisLayer), Heads::block(14..15, 0..9));
        assert_eq!(heads(Preset::AllLayers), Heads::block(0..30, 0..9));
        assert_eq!(Scope::default().preset(), Some(Preset::ThisHead));
    }

    #[test]
    fn a_kv_group_is_the_query_heads_that_share_a_kv_head() {
        let scope = Scope { heads: HeadScope::Group, ..Scope::default() };
        assert_eq!(scope.resolve(SHOWN).heads, Heads::block(14..15, 3..6));
    }

    #[test]
    fn a_range_is_cut_to_the_layers_that_exist() {
        let scope = Scope { layers: "12..=99".parse().unwrap(), ..Scope::default() };
        assert_eq!(scope.resolve(SHOWN).heads, Heads::block(12..30, 5..6));
        assert!("5..=2".parse::<LayerScope>().is_err());
        assert!("0..4".parse::<LayerScope>().is_err());
    }

    #[test]
    fn a_set_takes_the_place_of_layers_and_heads() {
        let scope = Scope { set: Some("3:1,20:8,99:0".parse().unwrap()), ..Preset::AllLayers.scope() };
        assert_eq!(scope.resolve(SHOWN).heads, [(3, 1), (20, 8)].into_iter().collect());
        assert_eq!((scope.preset(), scope.to_string().as_str()), (None, "These 3 heads"));
        let scope = Scope { positions: PositionScope::Rest, ..scope };
        assert_eq!(scope.to_string(), "These 3 heads, all but the first position");
        let json = serde_json::to_string(&scope).unwrap();
        assert_eq!(json, r#"{"layers":"all","heads":"all","set":"3:1,20:8,99:0","positions":"rest"}"#);
        assert_eq!(serde_json::from_str::<Scope>(&json).unwrap(), scope);
    }

    #[test]
    fn positions_parse_and_contain() {
        let selection: PositionScope = "0, 3,7".parse().unwrap();
        assert_eq!(selection.to_string(), "0,3,7");
        let chosen: Vec<usize> = (0..9).filter(|&p| selection.contains(p)).collect();
        assert_eq!(chosen, [0, 3, 7]);
        assert!(PositionScope::Rest.contains(1) && !PositionScope::Rest.contains(0));
        assert!("0,x".parse::<PositionScope>().is_err());
    }
}
