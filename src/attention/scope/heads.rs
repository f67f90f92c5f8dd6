use std::{collections::BTreeSet, ops::Range, sync::Arc};

/// Query heads of one or several layers, 0-based: what a scope comes to in a model. Equal sets are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Heads(Arc<[Neighbours]>);

/// Heads of one layer that stand side by side; between two of these there is a head that is not in the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Neighbours {
    layer: usize,
    first: usize,
    end: usize,
}

impl Heads {
    /// The same heads in each of these layers, both half-open.
    pub fn block(layers: Range<usize>, heads: Range<usize>) -> Self {
        let Range { start: first, end } = heads;
        if first >= end {
            Self::default()
        } else {
            Self(layers.map(|layer| Neighbours { layer, first, end }).collect())
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are in all layers.
    pub fn len(&self) -> usize {
        self.0.iter().map(|heads| heads.end - heads.first).sum()
    }

    /// Whether `head` of `layer` is one of them.
    pub fn contains(&self, layer: usize, head: usize) -> bool {
        let behind = self.0.partition_point(|heads| (heads.layer, heads.first) <= (layer, head));
        self.0[..behind].last().is_some_and(|heads| heads.layer == layer && head < heads.end)
    }

    /// Those of one layer, in ascending order.
    pub fn in_layer(&self, layer: usize) -> impl Iterator<Item = usize> {
        let first = self.0.partition_point(|heads| heads.layer < layer);
        self.0[first..].iter().take_while(move |heads| heads.layer == layer).flat_map(|heads| heads.first..heads.end)
    }

    /// Layer and head of each, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize)> {
        self.0.iter().flat_map(|heads| (heads.first..heads.end).map(|head| (heads.layer, head)))
    }

    /// The first layer with one of them.
    pub fn first_layer(&self) -> Option<usize> {
        self.0.first().map(|heads| heads.layer)
    }

    /// Those of the layers before `layer`.
    #[must_use]
    pub fn before(&self, layer: usize) -> Self {
        let end = self.0.partition_point(|heads| heads.layer < layer);
        if end == self.0.len() { self.clone() } else { Self(self.0[..end].into()) }
    }

    /// Whether some layer has heads of both.
    pub fn share_a_layer(&self, other: &Self) -> bool {
        self.0.iter().any(|heads| other.in_layer(heads.layer).next().is_some())
    }
}

impl FromIterator<(usize, usize)> for Heads {
    /// Of layers and heads, in any order and however often.
    fn from_iter<I: IntoIterator<Item = (usize, usize)>>(heads: I) -> Self {
        let mut all: Vec<Neighbours> = Vec::new();
        for (layer, head) in heads.into_iter().collect::<BTreeSet<_>>() {
            match all.last_mut() {
                Some(last) if (last.layer, last.end) == (layer, head) => last.end += 1,
                _ => all.push(Neighbours { layer, first: head, end: head + 1 }),
            }
        }
        Self(all.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_the_set_of_its_heads() {
        let block = Heads::block(2..5, 1..4);
        let listed: Heads =
            [(4, 3), (2, 1), (3, 2), (2, 3), (2, 2), (3, 1), (3, 3), (4, 1), (4, 2), (2, 1)].into_iter().collect();
        assert_eq!(block, listed);
        assert_eq!((block.len(), block.first_layer()), (9, Some(2)));
        assert_eq!(Heads::block(2..5, 1..1), Heads::default());
        assert_eq!(Heads::block(3..3, 0..4), [].into_iter().collect());
    }

    #[test]
    fn a_set_has_what_is_listed_and_nothing_else() {
        let listed = [(1, 0), (1, 2), (1, 3), (4, 7)];
        let heads: Heads = listed.into_iter().collect();
        assert_eq!(heads.iter().collect::<Vec<_>>(), listed);
        for layer in 0..6 {
            let expected: Vec<usize> = listed.iter().filter(|(at, _)| *at == layer).map(|&(_, head)| head).collect();
            assert_eq!(heads.in_layer(layer).collect::<Vec<_>>(), expected);
            assert!((0..9).all(|head| heads.contains(layer, head) == expected.contains(&head)));
            let before: Heads = listed.into_iter().filter(|(at, _)| *at < layer).collect();
            assert_eq!(heads.before(layer), before);
        }
        assert!(heads.share_a_layer(&Heads::block(4..5, 0..1)) && !heads.share_a_layer(&Heads::block(2..4, 0..9)));
    }
}
