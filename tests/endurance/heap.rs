//! Counts what a connection holds: the octets that this thread allocates while it
//! counts, and has not released, whoever releases them.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static IS_COUNTING: Cell<bool> = const { Cell::new(false) };
    static HELD: Cell<isize> = const { Cell::new(0) };
}

/// A mark before each block says whether the block was counted. It is as large as the
/// strictest alignment in use.
const MARK: usize = 16;

fn with_mark(layout: Layout) -> Option<Layout> {
    if layout.align() > MARK {
        return None;
    }
    Layout::from_size_align(layout.size().checked_add(MARK)?, MARK).ok()
}

fn add(octets: isize) {
    let _ = HELD.try_with(|held| held.set(held.get() + octets));
}

// SAFETY: each block comes from the system's allocator and goes back to it with the
// same layout. The mark lies before the octets that the caller sees.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(marked) = with_mark(layout) else { return unsafe { System.alloc(layout) } };
        let block = unsafe { System.alloc(marked) };
        if block.is_null() {
            return block;
        }
        let counts = IS_COUNTING.try_with(Cell::get).unwrap_or(false);
        if counts {
            add(layout.size() as isize);
        }
        unsafe {
            block.write(u8::from(counts));
            block.add(MARK)
        }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        let Some(marked) = with_mark(layout) else {
            return unsafe { System.dealloc(place, layout) };
        };
        let block = unsafe { place.sub(MARK) };
        if unsafe { block.read() } == 1 {
            add(-(layout.size() as isize));
        }
        unsafe { System.dealloc(block, marked) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Counts what `work` allocates.
pub fn counted<T>(work: impl FnOnce() -> T) -> T {
    let before = IS_COUNTING.replace(true);
    let result = work();
    IS_COUNTING.set(before);
    result
}

/// Does something beside the count, within [`counted`].
pub fn uncounted<T>(work: impl FnOnce() -> T) -> T {
    let before = IS_COUNTING.replace(false);
    let result = work();
    IS_COUNTING.set(before);
    result
}

/// The octets that were counted and are not released.
pub fn held() -> isize {
    HELD.get()
}
