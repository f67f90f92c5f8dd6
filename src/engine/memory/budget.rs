//! What is kept of prompts that may be asked about again: residual streams, layers, scores, all within one budget.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use lru::LruCache;

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
    items: Mutex<Items>,
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
    /// When it was counted last.
    bytes: usize,
}

/// What is kept. A drag keeps several things for each ε, small models many thousands of them: none of it but counting
/// looks at all.
#[derive(Default)]
struct Items {
    /// By age, the oldest first.
    by_age: BTreeMap<u64, Item>,
    /// By where they are.
    ages: HashMap<usize, u64>,
    /// Residual streams: prompt, layer and age.
    streams: BTreeSet<(u64, usize, u64)>,
    next: u64,
    /// Bytes of all, by when each was counted last.
    bytes: usize,
    /// How many were kept since all were counted.
    kept_since: usize,
}

/// Things grow while they are kept. All are counted again whenever this part of them was kept anew: each time where they
/// are few.
const COUNT_AFTER: usize = 16;

impl Items {
    fn insert(&mut self, prompt: u64, held: Arc<dyn Held>) {
        if let Some(age) = self.ages.get(&address(&held)).copied() {
            self.remove(age);
        }
        let (age, bytes) = (self.next, held.bytes());
        self.next += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        self.ages.insert(address(&held), age);
        self.streams.extend(held.stream_of().map(|layer| (prompt, layer, age)));
        self.by_age.insert(age, Item { prompt, held, bytes });
        self.kept_since += 1;
        if self.kept_since * COUNT_AFTER >= self.by_age.len() {
            self.count();
        }
    }

    /// What is returned is to be dropped when nobody is kept waiting for the items: it may let go of others in turn.
    fn remove(&mut self, age: u64) -> Option<Item> {
        let item = self.by_age.remove(&age)?;
        self.bytes = self.bytes.saturating_sub(item.bytes);
        self.ages.remove(&address(&item.held));
        if let Some(layer) = item.held.stream_of() {
            self.streams.remove(&(item.prompt, layer, age));
        }
        Some(item)
    }

    fn count(&mut self) {
        for item in self.by_age.values_mut() {
            item.bytes = item.held.bytes();
        }
        self.bytes = self.by_age.values().map(|item| item.bytes).sum();
        self.kept_since = 0;
    }

    /// The age of what goes first: the oldest; but of a prompt's residual streams the one that is made again from the one
    /// before it, with the next still following, in the fewest layers, so that those that stay are spread over the model.
    fn least_needed(&self) -> Option<u64> {
        let (&age, oldest) = self.by_age.first_key_value()?;
        if oldest.held.stream_of().is_none() {
            return Some(age);
        }
        let of_prompt = self.streams.range((oldest.prompt, 0, 0)..(oldest.prompt.saturating_add(1), 0, 0));
        let streams: Vec<(usize, u64)> = of_prompt.map(|&(_, layer, age)| (layer, age)).collect();
        let layers = |at: usize| streams.get(at).map(|(layer, _)| *layer);
        // What enters layer 0 is always there. The last, which the next layer is made from, has none behind it.
        let gap = |at: usize| Some(layers(at + 1)? - at.checked_sub(1).and_then(layers).unwrap_or_default());
        let closest = (0..streams.len()).filter_map(|at| Some((gap(at)?, at))).min();
        Some(closest.and_then(|(_, at)| streams.get(at)).map_or(age, |(_, age)| *age))
    }
}

/// Where a thing is, which no other has while it is kept.
fn address(held: &Arc<dyn Held>) -> usize {
    Arc::as_ptr(held).cast::<()>().addr()
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
        self.items().by_age.values().map(|item| item.held.bytes()).sum()
    }

    fn items(&self) -> MutexGuard<'_, Items> {
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
        let mut gone = Vec::new();
        let mut items = self.budget.items();
        items.insert(self.prompt, held);
        while items.bytes > self.budget.most
            && let Some(least) = items.least_needed()
        {
            gone.extend(items.remove(least));
        }
        drop(items);
    }

    /// Keeps `held` where it is found again, under `key` in `known`; what nobody can find any more for that goes.
    pub fn keep_under<K: Hash + Eq, T: Held + 'static>(&self, known: &mut LruCache<K, Weak<T>>, key: K, held: &Arc<T>) {
        self.keep(held.clone());
        let gone = known.push(key, Arc::downgrade(held)).and_then(|(_, gone)| gone.upgrade());
        if let Some(gone) = gone.filter(|gone| !Arc::ptr_eq(gone, held)) {
            self.forget(gone);
        }
    }

    /// Lets go of a thing, if it is kept.
    pub fn forget(&self, held: Arc<dyn Held>) {
        let mut items = self.budget.items();
        let gone = items.ages.get(&address(&held)).copied().and_then(|age| items.remove(age));
        drop(items);
        drop((gone, held));
    }

    /// Lets go of all that the prompt has.
    pub fn let_go(&self) {
        let mut items = self.budget.items();
        let of_prompt = items.by_age.iter().filter(|(_, item)| item.prompt == self.prompt);
        let ages: Vec<u64> = of_prompt.map(|(&age, _)| age).collect();
        let gone: Vec<Item> = ages.into_iter().filter_map(|age| items.remove(age)).collect();
        drop(items);
        drop(gone);
    }
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
    fn what_nobody_finds_any_more_goes_at_once() {
        let keeper = Keeper::new(Arc::new(Budget::of(1_000)));
        let mut known = LruCache::new(std::num::NonZeroUsize::new(2).unwrap());
        let all: Vec<_> = (0..4).map(|_| Arc::new(Bytes(10.into()))).collect();
        for (key, held) in all.iter().enumerate().take(3) {
            keeper.keep_under(&mut known, key, held);
        }
        let is_kept = || all.iter().map(|held| Arc::strong_count(held) > 1).collect::<Vec<_>>();
        assert_eq!(is_kept(), [false, true, true, false], "pushed out");
        keeper.keep_under(&mut known, 2, &all[2]);
        assert_eq!(is_kept(), [false, true, true, false], "the same once more");
        keeper.keep_under(&mut known, 2, &all[3]);
        assert_eq!(is_kept(), [false, true, false, true], "replaced");
        assert_eq!(keeper.budget.bytes(), 20);
    }

    /// Counts how often it is asked.
    struct Asked(Arc<AtomicU64>);

    impl Held for Asked {
        fn bytes(&self) -> usize {
            self.0.fetch_add(1, Ordering::Relaxed);
            1
        }
    }

    #[test]
    fn keeping_looks_at_few_of_many() {
        let keeper = Keeper::new(Arc::new(Budget::of(5_000)));
        let asked = Arc::new(AtomicU64::new(0));
        for _ in 0..20_000 {
            keeper.keep(Arc::new(Asked(asked.clone())));
        }
        assert_eq!(keeper.budget.items().by_age.len(), 5_000);
        let most = 20_000 * (COUNT_AFTER as u64 + 2);
        assert!(asked.load(Ordering::Relaxed) <= most, "{asked:?}");
        assert_eq!(keeper.budget.items().ages.len(), 5_000);
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
