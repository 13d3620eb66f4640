//! Counts what a thread allocates: how much memory something takes at its peak.
#![expect(unsafe_code, reason = "there is no safe way to be the allocator")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    // Tests run side by side; each looks at its own thread only.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

/// What it returns, and the bytes that were held at its peak beyond those held before.
pub(crate) fn peak_bytes<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = HELD.get();
    MOST.set(before);
    let result = work();
    (result, (MOST.get() - before).max(0) as u64)
}

fn count(bytes: isize) {
    let held = HELD.get() + bytes;
    HELD.set(held);
    MOST.set(MOST.get().max(held));
}

struct Counting;

// SAFETY: all calls are handed on to the system's allocator as they are.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, bytes: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(bytes, layout) }
    }

    unsafe fn realloc(&self, bytes: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // While it is copied, both are there.
        count(size as isize);
        count(-(layout.size() as isize));
        unsafe { System.realloc(bytes, layout, size) }
    }
}

#[test]
fn what_is_held_at_the_same_time_is_added_up() {
    let ((), peak) = peak_bytes(|| {
        drop(vec![0_u8; 1 << 20]);
        let both = (vec![0_u8; 1 << 20], Vec::<u8>::with_capacity(1 << 20));
        drop(both);
    });
    assert_eq!(peak, 2 << 20);
}
