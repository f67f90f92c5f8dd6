//! What is kept of prompts that may be asked about again: residual streams, layers, scores, all within one budget.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Bytes that all prompts together keep.
const BUDGET: usize = 1 << 30;

/// What takes memory with every prompt, layer and head, and can be made again.
pub(in crate::engine) trait Held: Send + Sync {
    /// Bytes by now: scores grow where they are shown in f64.
    fn bytes(&self) -> usize;

    /// The layer in front of which it is, if it is a residual stream: such are made again from the one kept before.
    fn stream_of(&self) -> Option<usize> {
        None
    }
}

/// Whether somebody may ask for the same again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Keep {
    /// A panel on screen.
    Answers,
    /// One ε, or one head, of many.
    Nothing,
}

/// The budget of all prompts. Whoever refers to a thing weakly finds it as long as there is room for it here.
pub(in crate::engine) struct Budget {
    most: usize,
    /// The newest first.
    items: Mutex<VecDeque<Item>>,
}

/// Keeps what one prompt makes.
#[derive(Clone)]
pub(in crate::engine) struct Keeper {
    budget: Arc<Budget>,
    prompt: u64,
}

struct Item {
    prompt: u64,
    held: Arc<dyn Held>,
}

impl Default for Budget {
    fn default() -> Self {
        Self::of(BUDGET)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").field("most", &self.most).finish_non_exhaustive()
    }
}

impl Budget {
    /// Of so many bytes.
    pub fn of(most: usize) -> Self {
        Self { most, items: Mutex::default() }
    }

    /// Bytes that are kept.
    pub fn bytes(&self) -> usize {
        bytes(&self.items())
    }

    fn items(&self) -> MutexGuard<'_, VecDeque<Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("prompt", &self.prompt).finish_non_exhaustive()
    }
}

impl Default for Keeper {
    /// With a budget that nobody shares.
    fn default() -> Self {
        Self::new(Arc::default())
    }
}

impl Keeper {
    /// For a prompt that has begun.
    pub fn new(budget: Arc<Budget>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { budget, prompt: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    /// Whether so many bytes leave most of the budget to others.
    pub fn is_little(&self, bytes: usize) -> bool {
        bytes <= self.budget.most / 4
    }

    /// Keeps `held` as the newest, and lets go of the oldest beyond the budget.
    pub fn keep(&self, held: Arc<dyn Held>) {
        let mut items = self.budget.items();
        items.retain(|item| !Arc::ptr_eq(&item.held, &held));
        items.push_front(Item { prompt: self.prompt, held });
        let mut rest = bytes(&items);
        while rest > self.budget.most
            && let Some(gone) = least_needed(&items).and_then(|place| items.remove(place))
        {
            rest = rest.saturating_sub(gone.held.bytes());
        }
    }

    /// Lets go of all that the prompt has.
    pub fn let_go(&self) {
        self.budget.items().retain(|item| item.prompt != self.prompt);
    }
}

fn bytes(items: &VecDeque<Item>) -> usize {
    items.iter().map(|item| item.held.bytes()).sum()
}

/// The place of what goes first: the oldest; but of a prompt's residual streams the one that is made again from the one
/// before it, with the next still following, in the fewest layers, so that those that stay are spread over the model.
fn least_needed(items: &VecDeque<Item>) -> Option<usize> {
    let oldest = items.back()?;
    let last = items.len() - 1;
    if oldest.held.stream_of().is_none() {
        return Some(last);
    }
    let of_prompt = items.iter().enumerate().filter(|(_, item)| item.prompt == oldest.prompt);
    let mut streams: Vec<(usize, usize)> =
        of_prompt.filter_map(|(place, item)| Some((item.held.stream_of()?, place))).collect();
    streams.sort_unstable();
    let layers = |at: usize| streams.get(at).map(|(layer, _)| *layer);
    // What enters layer 0 is always there. The last, which the next layer is made from, has none behind it.
    let gap = |at: usize| Some(layers(at + 1)? - at.checked_sub(1).and_then(layers).unwrap_or_default());
    let closest = (0..streams.len()).filter_map(|at| Some((gap(at)?, at))).min();
    Some(closest.and_then(|(_, at)| streams.get(at)).map_or(last, |(_, place)| *place))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes(AtomicU64);

    impl Held for Bytes {
        fn bytes(&self) -> usize {
            usize::try_from(self.0.load(Ordering::Relaxed)).unwrap()
        }
    }

    struct Stream(usize);

    impl Held for Stream {
        fn bytes(&self) -> usize {
            10
        }

        fn stream_of(&self) -> Option<usize> {
            Some(self.0)
        }
    }

    #[test]
    fn the_oldest_go_first_by_the_bytes_that_they_hold() {
        let budget = Arc::new(Budget::of(40));
        let [first, second] = [(); 2].map(|()| Keeper::new(budget.clone()));
        let all: Vec<_> = (0..6).map(|_| Arc::new(Bytes(10.into()))).collect();
        let is_kept = || all.iter().map(|held| Arc::strong_count(held) > 1).collect::<Vec<_>>();
        for (index, held) in all.iter().enumerate() {
            if index % 2 == 0 { &first } else { &second }.keep(held.clone());
        }
        assert_eq!(is_kept(), [false, false, true, true, true, true], "whichever prompt they are of");
        first.keep(all[2].clone());
        first.keep(all[0].clone());
        assert_eq!(is_kept(), [true, false, true, false, true, true], "asked for again is new again");
        all[0].0.store(30, Ordering::Relaxed);
        first.keep(all[2].clone());
        assert_eq!(is_kept(), [true, false, true, false, false, false], "what grew counts as what it has become");
        assert_eq!(budget.bytes(), 40);
        first.let_go();
        assert_eq!(budget.bytes(), 0);
    }

    #[test]
    fn residual_streams_that_stay_are_spread_over_the_layers() {
        let keeper = Keeper::new(Arc::new(Budget::of(40)));
        let streams: Vec<_> = (1..=16).map(|layer| Arc::new(Stream(layer))).collect();
        for stream in &streams {
            keeper.keep(stream.clone());
        }
        let kept: Vec<usize> = streams.iter().filter(|stream| Arc::strong_count(stream) > 1).map(|s| s.0).collect();
        assert_eq!((kept.len(), kept.last()), (4, Some(&16)), "{kept:?}");
        let ends = std::iter::once(&0).chain(&kept);
        let longest = ends.zip(&kept).map(|(before, layer)| layer - before).max().unwrap();
        assert!(longest <= 8, "{kept:?}");
    }
}
