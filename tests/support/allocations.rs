//! How much memory a piece of work takes, by the allocator of the test program; each test has a thread of its own.

#![allow(unsafe_code, reason = "an allocator cannot be written without")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

struct Counting;

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

/// Memory that another thread took may be given back here: counting stops at 0.
fn count(freed: usize, taken: usize) {
    LARGEST.set(LARGEST.get().max(taken));
    let live = LIVE.get().saturating_sub(freed).saturating_add(taken);
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
}

// SAFETY: every call is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(0, layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(layout.size(), 0);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(layout.size(), size);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that `work` had at once on this thread, beyond what was there before, and its result.
pub fn peak<R>(work: impl FnOnce() -> R) -> (usize, R) {
    let before = LIVE.get();
    PEAK.set(before);
    let result = work();
    (PEAK.get() - before, result)
}

/// No single allocation of this thread was larger than 32 MiB: far above what a tiny model needs, far below what damaged
/// files ask for.
pub fn assert_small() {
    let largest = LARGEST.get();
    assert!(largest < 32 << 20, "{largest} bytes at once");
}

#[test]
fn memory_is_counted() {
    let (bytes, kept) = peak(|| {
        drop(vec![1_u8; 1 << 20]);
        vec![0_u8; 1 << 10]
    });
    assert!((1 << 20..(1 << 20) + 4096).contains(&bytes), "{bytes} for {}", kept.len());
}
