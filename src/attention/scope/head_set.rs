use std::{fmt, ops::Range, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{error::ScopeError, heads::Heads};

const EXPECTED: &str = "heads such as 14:3,20:5 (LAYER:HEAD), 14:* (all of a layer) or 3..=5:0 (of some layers)";

/// Heads by their numbers, 0-based, whatever is on screen: `14:3,20:5`, `14:*`, `3..=5:0`. At least one.
///
/// ```
/// use attenuate::attention::{HeadSet, Heads};
///
/// let set: HeadSet = "2:*,0..=1:3".parse()?;
/// let heads: Heads = [(0, 3), (1, 3), (2, 0), (2, 1), (2, 2), (2, 3)].into_iter().collect();
/// assert_eq!(set.resolve(3, 4), heads);
/// assert_eq!(set.missing(2, 4).as_deref(), Some("2:*"));
/// # Ok::<(), attenuate::attention::ScopeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeadSet(Arc<[Entry]>);

/// A head, or all, of some layers that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Entry {
    first: usize,
    /// Not below `first`.
    last: usize,
    /// `None` for all heads.
    head: Option<usize>,
}

impl HeadSet {
    /// As short as it goes, given that each layer has `n_heads` heads; `None` of none.
    pub fn of(heads: &Heads, n_heads: usize) -> Option<Self> {
        let mut groups: Vec<(Range<usize>, Vec<usize>)> = Vec::new();
        for (layer, head) in heads.iter() {
            match groups.last_mut() {
                Some((layers, of_layer)) if layers.end == layer + 1 => of_layer.push(head),
                _ => groups.push((layer..layer + 1, vec![head])),
            }
        }
        let mut merged: Vec<(Range<usize>, Vec<usize>)> = Vec::new();
        for (layers, of_layer) in groups {
            match merged.last_mut() {
                Some((before, same)) if before.end == layers.start && *same == of_layer => before.end = layers.end,
                _ => merged.push((layers, of_layer)),
            }
        }
        let entries = merged.into_iter().flat_map(|(layers, of_layer)| {
            let entry = move |head| Entry { first: layers.start, last: layers.end - 1, head };
            let heads = if of_layer.len() == n_heads { vec![None] } else { of_layer.into_iter().map(Some).collect() };
            heads.into_iter().map(entry)
        });
        let entries: Arc<[Entry]> = entries.collect();
        (!entries.is_empty()).then_some(Self(entries))
    }

    /// Those of its heads that a model has.
    pub fn resolve(&self, n_layers: usize, n_heads: usize) -> Heads {
        let of_entry = |entry: &Entry| {
            let heads = entry.head.map_or(0..n_heads, |head| head..head.saturating_add(1).min(n_heads));
            let layers = entry.first..entry.last.saturating_add(1).min(n_layers);
            layers.flat_map(move |layer| heads.clone().map(move |head| (layer, head)))
        };
        self.0.iter().flat_map(of_entry).collect()
    }

    /// What it names first that a model of so many layers and heads does not have, as it is written.
    pub fn missing(&self, n_layers: usize, n_heads: usize) -> Option<String> {
        let is_missing = |entry: &&Entry| entry.last >= n_layers || entry.head.is_some_and(|head| head >= n_heads);
        self.0.iter().find(is_missing).map(ToString::to_string)
    }

    /// Its heads where each is named by itself.
    fn single(&self) -> Option<Vec<(usize, usize)>> {
        self.0.iter().map(|entry| Some((entry.first, entry.head?)).filter(|_| entry.first == entry.last)).collect()
    }

    /// In the midst of a sentence: `head 14:3`, `these 7 heads`, `heads 14:*,20:5`.
    pub fn name(&self) -> String {
        match self.single().as_deref() {
            Some([(layer, head)]) => format!("head {layer}:{head}"),
            Some(heads) => format!("these {} heads", heads.iter().copied().collect::<Heads>().len()),
            None => format!("heads {self}"),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}:", self.first)
        } else {
            write!(f, "{}..={}:", self.first, self.last)
        }?;
        match self.head {
            Some(head) => write!(f, "{head}"),
            None => f.write_str("*"),
        }
    }
}

impl fmt::Display for HeadSet {
    /// `14:3,20:5`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, entry) in self.0.iter().enumerate() {
            write!(f, "{}{entry}", if at > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

impl FromStr for Entry {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ScopeError::new(EXPECTED, text);
        let number = |text: &str| text.trim().parse::<usize>().map_err(|_| error());
        let (layers, head) = text.split_once(':').ok_or_else(error)?;
        let (first, last) = match layers.split_once("..=") {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(layers)?, number(layers)?),
        };
        let head = if head.trim() == "*" { None } else { Some(number(head)?) };
        if first > last { Err(error()) } else { Ok(Self { first, last, head }) }
    }
}

impl FromStr for HeadSet {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(',').map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl TryFrom<String> for HeadSet {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<HeadSet> for String {
    fn from(set: HeadSet) -> Self {
        set.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> HeadSet {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_written_reads_back_and_names_its_heads() {
        for (text, written, heads, name) in [
            ("14:3", "14:3", 1, "head 14:3"),
            (" 1:2 , 0:3,1:2", "1:2,0:3,1:2", 2, "these 2 heads"),
            ("2:*", "2:*", 4, "heads 2:*"),
            ("3..=5:0", "3..=5:0", 3, "heads 3..=5:0"),
            ("3..=3:*,0:0", "3:*,0:0", 5, "heads 3:*,0:0"),
        ] {
            let set = set(text);
            assert_eq!((set.to_string().as_str(), set.name().as_str()), (written, name));
            assert_eq!(set.resolve(20, 4).len(), heads, "{text}");
            let json = serde_json::to_string(&set).unwrap();
            assert_eq!(json, format!("\"{written}\""));
            assert_eq!(serde_json::from_str::<HeadSet>(&json).unwrap(), set);
        }
        for text in ["", ",", "3", "3:", ":3", "3:x", "5..=3:0", "3..5:0", "1:2,", "*:1", "-1:0"] {
            assert!(text.parse::<HeadSet>().is_err(), "{text}");
        }
        assert!(serde_json::from_str::<HeadSet>("\"\"").is_err());
    }

    #[test]
    fn what_a_model_does_not_have_is_named_and_left_out() {
        let absurd = set("1:2,0..=18446744073709551615:*,7:18446744073709551615");
        assert_eq!(absurd.missing(8, 4).as_deref(), Some("0..=18446744073709551615:*"));
        assert_eq!(absurd.resolve(8, 4), Heads::block(0..8, 0..4));
        assert_eq!(set("7:4").missing(8, 4).as_deref(), Some("7:4"));
        assert_eq!(set("8:*").missing(8, 4).as_deref(), Some("8:*"));
        assert_eq!((set("7:3").missing(8, 4), set("8:0").resolve(8, 4)), (None, Heads::default()));
    }

    #[test]
    fn heads_are_written_as_shortly_as_it_goes() {
        for text in ["14:3", "0..=29:*", "3..=5:0", "1:0,1:2,2:*,4:1", "1..=2:0,1..=2:2,3:0"] {
            let heads = set(text).resolve(30, 4);
            assert_eq!(HeadSet::of(&heads, 4).unwrap().to_string(), text);
        }
        assert_eq!(HeadSet::of(&Heads::default(), 4), None);
    }
}
