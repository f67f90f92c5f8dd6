//! Values that are made again only when what they depend on has changed.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A value and what it was made from.
#[derive(Debug)]
pub struct Memo<K, V>(Option<(K, V)>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: PartialEq, V> Memo<K, V> {
    /// The value for `key`; made by `make` unless the last one was for an equal key.
    pub fn get(&mut self, key: K, make: impl FnOnce() -> V) -> &V {
        let known = self.0.take().filter(|(known, _)| *known == key);
        let (_, value) = self.0.insert(known.unwrap_or_else(|| {
            #[cfg(test)]
            MADE.set(MADE.get() + 1);
            (key, make())
        }));
        value
    }
}

#[cfg(test)]
thread_local! {
    /// How many values this thread has made for a [`Memo`].
    pub static MADE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Names an answer that was taken in: equal to no other one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Revision(u64);

impl Revision {
    /// One that was never given before.
    pub fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A shared value as a key: equal where it is the very same one, which is kept so that no other can have its address.
#[derive(Debug)]
pub struct Same<T: ?Sized>(Arc<T>);

impl<T: ?Sized> Same<T> {
    pub fn of(shared: &Arc<T>) -> Self {
        Self(shared.clone())
    }
}

impl<T: ?Sized> PartialEq for Same<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_for_a_key() {
        let (mut memo, mut n_made) = (Memo::default(), 0);
        for (key, value) in [(1, 10), (1, 10), (2, 20), (1, 10)] {
            let made = memo.get(key, || {
                n_made += 1;
                key * 10
            });
            assert_eq!(*made, value);
        }
        assert_eq!(n_made, 3);
        let [first, second] = [Arc::new("equal"), Arc::new("equal")];
        assert!(Same::of(&first) == Same::of(&first.clone()) && Same::of(&first) != Same::of(&second));
        assert!(Revision::next() != Revision::next());
    }
}
