use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    change::Change,
    edges::{Blocked, Edges},
    edit::Edit,
};
use crate::attention::{Component, Epsilon, HeadSet, Heads, Operation, PositionScope, ScopeError};

const EXPECTED: &str = "COMPONENT@HEADS[@POSITIONS]=[OPERATION:]EPSILON such as key@14:*=0.5, value@3..=5:0@rest=mean-heads:0 or query@14:3=patch/\"A cat\":0";

/// What stays in force whatever is on screen.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a change {component, heads, epsilon} or blocked edges {block}")]
pub enum Kept {
    /// A change of vectors.
    Change(KeptChange),
    /// Edges that are blocked.
    Block(KeptBlock),
}

/// Edges that are blocked in some heads.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptBlock {
    /// From which queries to which keys.
    pub block: Edges,
    /// In which heads; `None` for those of the panels' scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heads: Option<HeadSet>,
}

impl Kept {
    /// The heads that are named.
    pub const fn heads(&self) -> Option<&HeadSet> {
        match self {
            Self::Change(change) => Some(&change.heads),
            Self::Block(block) => block.heads.as_ref(),
        }
    }

    /// The last position that is named.
    pub fn last_position(&self) -> Option<usize> {
        match self {
            Self::Change(change) => change.positions.last_selected(),
            Self::Block(block) => block.block.last_position(),
        }
    }
}

impl fmt::Display for Kept {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change(change) => change.fmt(f),
            Self::Block(KeptBlock { block, heads: Some(heads) }) => write!(f, "block@{heads}={block}"),
            Self::Block(KeptBlock { block, heads: None }) => write!(f, "block={block}"),
        }
    }
}

impl FromStr for Kept {
    type Err = ScopeError;

    /// A change, or `block[@HEADS]=QUERY->KEY,…`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let of_block = split_at_last(text, '=').and_then(|(place, edges)| {
            let (word, heads) = place.split_once('@').map_or((place, None), |(word, heads)| (word, Some(heads)));
            (word.trim() == "block").then_some((heads, edges))
        });
        let Some((heads, edges)) = of_block else { return text.parse().map(Self::Change) };
        Ok(Self::Block(KeptBlock { block: edges.parse()?, heads: heads.map(str::parse).transpose()? }))
    }
}

/// A change that stays in force whatever is on screen, with its heads by their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptChange {
    /// Which vectors.
    pub component: Component,
    /// Of which heads.
    pub heads: HeadSet,
    /// Those of which positions.
    #[serde(default)]
    pub positions: PositionScope,
    /// What takes their place.
    #[serde(default)]
    pub operation: Operation,
    /// How much is left of them.
    pub epsilon: Epsilon,
}

impl KeptChange {
    /// In a model of so many layers, each with so many heads.
    pub fn change(&self, n_layers: usize, n_heads: usize) -> Change {
        let Self { component, heads, positions, operation, epsilon } = self.clone();
        Change { edit: Edit { component, operation, epsilon, positions }, heads: heads.resolve(n_layers, n_heads) }
    }
}

impl fmt::Display for KeptChange {
    /// As it is read: `key@14:*@rest=mean-heads:5e-1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { component, heads, positions, operation, epsilon } = self;
        write!(f, "{}@{heads}", component.word())?;
        if *positions != PositionScope::All {
            write!(f, "@{positions}")?;
        }
        match operation {
            Operation::Scale => write!(f, "={epsilon}"),
            Operation::Noise { seed } if *seed != 0 => write!(f, "=noise/{seed}:{epsilon}"),
            Operation::Patch { from, .. } => write!(f, "=patch/{}:{epsilon}", quoted(from)),
            Operation::MeanPrompts { over, .. } => write!(f, "=mean-prompts/{}:{epsilon}", quoted(over)),
            other => write!(f, "={}:{epsilon}", other.kind().word()),
        }
    }
}

impl FromStr for KeptChange {
    type Err = ScopeError;

    /// `COMPONENT@HEADS[@POSITIONS]=[OPERATION:]EPSILON`; `noise/7` is noise with seed 7, `patch/"A cat"` patches from that
    /// prompt or from token ids, `patch/[1,2]`, as JSON has them, and `mean-prompts/{"prompts":["A cat"]}` likewise.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let error = || ScopeError::new(EXPECTED, text);
        // A range of layers has the same sign in it, and so may a prompt.
        let (place, amount) = split_at_last(text, '=').ok_or_else(error)?;
        let mut place = place.split('@');
        let component = place.next().and_then(|word| word.parse().ok()).ok_or_else(error)?;
        let heads = place.next().ok_or_else(error)?.parse()?;
        let positions = place.next().map(str::parse).transpose()?.unwrap_or_default();
        if place.next().is_some() {
            return Err(error());
        }
        let (operation, epsilon) = match split_at_last(amount, ':') {
            Some((operation, epsilon)) => (parsed_operation(operation).ok_or_else(error)?, epsilon),
            None => (Operation::Scale, amount),
        };
        let epsilon = epsilon.trim().parse().map_err(|_| error())?;
        Ok(Self { component, heads, positions, operation, epsilon })
    }
}

fn parsed_operation(text: &str) -> Option<Operation> {
    match text.split_once('/').map(|(word, of)| (word.trim(), of.trim())) {
        Some(("noise", seed)) => Some(Operation::Noise { seed: seed.parse().ok()? }),
        Some(("patch", from)) => Some(Operation::patch(serde_json::from_str(from).ok()?)),
        Some(("mean-prompts", over)) => Some(Operation::mean_prompts(serde_json::from_str(over).ok()?)),
        Some(_) => None,
        None => Operation::of_the_prompt(text.parse().ok()?),
    }
}

/// As JSON, whose texts stand in quotation marks.
fn quoted<T: Serialize>(value: &T) -> String {
    // Texts and numbers can be said in JSON.
    serde_json::to_string(value).unwrap_or_default()
}

/// Whether each character stands outside of a text in quotation marks, where `\` takes its meaning from the next.
fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.char_indices().filter(move |&(_, c)| {
        let was_quoted = is_quoted;
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = was_quoted && c == '\\' && !is_escaped;
        !was_quoted && !is_quoted
    })
}

/// In front of and behind the last `sign` outside of quotation marks.
fn split_at_last(text: &str, sign: char) -> Option<(&str, &str)> {
    let (place, _) = outside_quotes(text).filter(|(_, c)| *c == sign).last()?;
    Some((text.get(..place)?, text.get(place + sign.len_utf8()..)?))
}

/// The parts between every `sign` outside of quotation marks.
fn split(text: &str, sign: char) -> Vec<&str> {
    let mut start = 0;
    let mut parts = Vec::new();
    for (place, _) in outside_quotes(text).filter(|(_, c)| *c == sign) {
        parts.extend(text.get(start..place));
        start = place + sign.len_utf8();
    }
    parts.extend(text.get(start..));
    parts
}

/// Changes that are in force beneath those of the panels, in the order in which they act.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InForce(Vec<Kept>);

impl InForce {
    /// Whether nothing is.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many changes there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// From the first to the last.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Kept> {
        self.0.iter()
    }

    /// In a model of so many layers, each with so many heads.
    pub fn changes(&self, n_layers: usize, n_heads: usize) -> impl Iterator<Item = Change> {
        self.0.iter().filter_map(move |kept| match kept {
            Kept::Change(change) => Some(change.change(n_layers, n_heads)),
            Kept::Block(_) => None,
        })
    }

    /// Edges that are blocked, in a model of so many layers, each with so many heads, of which a panel changes `scope`.
    pub fn blocked(&self, n_layers: usize, n_heads: usize, scope: &Heads) -> impl Iterator<Item = Blocked> {
        self.0.iter().filter_map(move |kept| match kept {
            Kept::Change(_) => None,
            Kept::Block(KeptBlock { block, heads }) => {
                let heads = heads.as_ref().map_or_else(|| scope.clone(), |heads| heads.resolve(n_layers, n_heads));
                Some(Blocked { edges: block.clone(), heads })
            }
        })
    }

    /// Whether edges are blocked.
    pub fn blocks_any(&self) -> bool {
        self.0.iter().any(|kept| matches!(kept, Kept::Block(_)))
    }

    /// With other operations in the place of those that there are.
    #[must_use]
    pub fn with_operations(&self, operation: impl Fn(&Operation) -> Operation) -> Self {
        let changed = |kept: &Kept| match kept {
            Kept::Change(change) => {
                Kept::Change(KeptChange { operation: operation(&change.operation), ..change.clone() })
            }
            Kept::Block(block) => Kept::Block(block.clone()),
        };
        Self(self.0.iter().map(changed).collect())
    }

    /// The operations, in the order of the changes.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.0.iter().filter_map(|kept| match kept {
            Kept::Change(change) => Some(&change.operation),
            Kept::Block(_) => None,
        })
    }

    /// One more, behind all others.
    #[must_use]
    pub fn with(&self, change: Kept) -> Self {
        Self(self.0.iter().cloned().chain([change]).collect())
    }

    /// Without the one at this place.
    #[must_use]
    pub fn without(&self, place: usize) -> Self {
        let others = self.0.iter().enumerate().filter(|(at, _)| *at != place);
        Self(others.map(|(_, change)| change.clone()).collect())
    }

    /// With the one at this place in front of the one before it.
    #[must_use]
    pub fn with_earlier(&self, place: usize) -> Self {
        let mut changes = self.0.clone();
        if (1..changes.len()).contains(&place) {
            changes.swap(place - 1, place);
        }
        Self(changes)
    }
}

impl FromIterator<Kept> for InForce {
    fn from_iter<I: IntoIterator<Item = Kept>>(changes: I) -> Self {
        Self(changes.into_iter().collect())
    }
}

impl fmt::Display for InForce {
    /// Changes with `; ` between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }
}

impl FromStr for InForce {
    type Err = ScopeError;

    /// Changes with `;` between them.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        split(text, ';').into_iter().map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for (text, written) in [
            ("key@14:*=0.5", "key@14:*=5e-1"),
            (
                "Query@3..=5:0,7:1@rest=mean-heads:0; value@0:0@0,3=2",
                "query@3..=5:0,7:1@rest=mean-heads:0; value@0:0@0,3=2e0",
            ),
            (" output @ 1:2 @ first = noise/7:1e-1 ", "output@1:2@first=noise/7:1e-1"),
            ("key@0:0=noise:1", "key@0:0=noise:1e0"),
            (
                r#"query@14:3 = patch/"A; \"cat\" = 1: \\":0 ; key@0:0=patch/[3,1]:0.5"#,
                r#"query@14:3=patch/"A; \"cat\" = 1: \\":0; key@0:0=patch/[3,1]:5e-1"#,
            ),
            (
                r#"value@14:*=mean-prompts/{"prompts":["A;b",[2]]}:0"#,
                r#"value@14:*=mean-prompts/{"prompts":["A;b",[2]],"first":"left-out"}:0"#,
            ),
            (
                "block@14:*, 3..=5:0=7->0,5->0; block=*->0; key@0:0=0",
                "block@14:*,3..=5:0=5->0,7->0; block=*->0; key@0:0=0",
            ),
        ] {
            let changes: InForce = text.parse().unwrap();
            assert_eq!(changes.to_string(), written);
            assert_eq!(written.parse(), Ok(changes.clone()));
            let json = serde_json::to_string(&changes).unwrap();
            assert_eq!(serde_json::from_str::<InForce>(&json).unwrap(), changes, "{json}");
        }
        let short = r#"[{"component": "key", "heads": "14:*", "epsilon": 0.5}]"#;
        assert_eq!(serde_json::from_str::<InForce>(short).unwrap(), "key@14:*=0.5".parse().unwrap());
        for text in [
            "",
            ";",
            "key=1",
            "key@14=1",
            "keys@1:2=1",
            "key@1:2",
            "key@1:2@all@all=1",
            "key@1:2=-1",
            "key@1:2=mean:1",
            "key@1:2=scale/3:1",
            "key@1:2@x=1",
            "key@1:2=patch:0",
            "key@1:2=patch/cat:0",
            "key@1:2=patch/\"cat:0",
            "key@1:2=mean-prompts/[\"cat\"]:0",
            "block",
            "block=5",
            "block@1=5->0",
        ] {
            assert!(text.parse::<InForce>().is_err(), "{text}");
        }
        assert!(
            serde_json::from_str::<InForce>(r#"[{"component": "key", "heads": "14:*", "epsilon": 0.5, "layers": 3}]"#)
                .is_err()
        );
    }

    #[test]
    fn changes_are_added_taken_out_and_moved() {
        let all: InForce = "key@0:0=0.5; query@0:0=0.25; value@0:0=0".parse().unwrap();
        assert_eq!(all.without(1), "key@0:0=0.5; value@0:0=0".parse().unwrap());
        assert_eq!(all.with_earlier(2), "key@0:0=0.5; value@0:0=0; query@0:0=0.25".parse().unwrap());
        assert_eq!((all.with_earlier(0), all.with_earlier(3), all.without(3)), (all.clone(), all.clone(), all.clone()));
        assert_eq!(all.without(2).with("value@0:0=0".parse().unwrap()), all);
    }
}
