//! Which heads are shown, as a person writes it: `layer 12-20 head 3`.

use std::ops::RangeInclusive;

/// Layers and heads that pass, each 0-based.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Any of these; all where there are none.
    layers: Vec<RangeInclusive<usize>>,
    /// Any of these; all where there are none.
    heads: Vec<RangeInclusive<usize>>,
}

/// A text that is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected such as “layer 12-20” or “L14 H3”, found “{0}”")]
pub struct FilterError(String);

#[derive(Clone, Copy)]
enum What {
    Layers,
    Heads,
}

impl Filter {
    pub const ALL: Self = Self { layers: Vec::new(), heads: Vec::new() };

    /// Words `layer` (`l`) and `head` (`h`), each before numbers and ranges: `layer 3 12-20 head 0`, `L14 H3`. Numbers
    /// in front of all words are layers. Nothing lets all heads pass.
    ///
    /// # Errors
    /// Names the part that is not understood.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut filter = Self::ALL;
        let mut what = What::Layers;
        for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
            let lower = word.to_lowercase();
            let digits = lower.find(|c: char| c.is_ascii_digit()).unwrap_or(lower.len());
            let (name, numbers) = lower.split_at(digits);
            what = match name {
                "" => what,
                "l" | "layer" | "layers" => What::Layers,
                "h" | "head" | "heads" => What::Heads,
                _ => return Err(FilterError(word.to_owned())),
            };
            if numbers.is_empty() {
                continue;
            }
            let range = range(numbers).ok_or_else(|| FilterError(word.to_owned()))?;
            match what {
                What::Layers => filter.layers.push(range),
                What::Heads => filter.heads.push(range),
            }
        }
        Ok(filter)
    }

    pub fn passes(&self, layer: usize, head: usize) -> bool {
        let any = |ranges: &[RangeInclusive<usize>], value: usize| {
            ranges.is_empty() || ranges.iter().any(|range| range.contains(&value))
        };
        any(&self.layers, layer) && any(&self.heads, head)
    }
}

/// `12`, `12-20` or `12..=20`, from either end.
fn range(text: &str) -> Option<RangeInclusive<usize>> {
    let ends = text.split_once("..=").or_else(|| text.split_once('-'));
    let (first, last) = match ends {
        None => (text.parse().ok()?, text.parse().ok()?),
        Some((first, last)) => (first.parse().ok()?, last.parse().ok()?),
    };
    Some(std::cmp::min(first, last)..=std::cmp::max(first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of four layers with three heads each.
    fn passing(text: &str) -> Vec<(usize, usize)> {
        let filter = Filter::parse(text).unwrap();
        let heads = (0..4).flat_map(|layer| (0..3).map(move |head| (layer, head)));
        heads.filter(|&(layer, head)| filter.passes(layer, head)).collect()
    }

    #[test]
    fn layers_and_heads_by_number_and_range() {
        assert_eq!(passing("").len(), 12);
        assert_eq!(passing("  layer ").len(), 12, "not finished yet");
        assert_eq!(passing("layer 1"), [(1, 0), (1, 1), (1, 2)]);
        assert_eq!(passing("layer 1-2").len(), 6);
        assert_eq!(passing("2-1"), passing("Layers 1..=2"));
        assert_eq!(passing("L3 H2"), [(3, 2)]);
        assert_eq!(passing("l0,h1,2"), [(0, 1), (0, 2)]);
        assert_eq!(passing("head 0"), [(0, 0), (1, 0), (2, 0), (3, 0)]);
        assert_eq!(passing("layer 7"), []);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (text, named) in
            [("sink", "sink"), ("layer 1-", "1-"), ("layer 1-2-3", "1-2-3"), ("l99999999999999999999", "l999")]
        {
            let message = Filter::parse(text).unwrap_err().to_string();
            assert!(message.contains(named), "{message}");
        }
    }
}
