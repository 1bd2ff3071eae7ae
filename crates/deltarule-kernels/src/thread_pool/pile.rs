//! The parts of a job that are meant for one thread, and what is done of them.

use std::cell::UnsafeCell;
use std::hint;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// What is to be done with each number of a part.
pub(super) type Work = dyn Fn(usize) + Sync;

/// Parts that one thread takes first and others when they have none left.
///
/// All that this thread needs to begin lies in one line of the cache, since a line that another processor wrote takes
/// hundreds of cycles to come: which parts are left, and what to do with them. Two lines, as some processors fetch pairs.
#[repr(align(128))]
pub(super) struct Pile {
    /// The next part in the lower half, and in the upper half the one where the pile ends.
    left: AtomicU64,
    /// How many of the parts taken are done.
    done: AtomicU64,
    /// Written only while no part is left and all that were taken are done; read only by whoever has taken a part and has
    /// not yet counted it as done.
    work: UnsafeCell<*const Work>,
}

// SAFETY: `work` is read and written at the times that its description names, which `left` and `done` order; what it points
// to may be called from any thread.
unsafe impl Sync for Pile {}
// SAFETY: as for `Sync`.
unsafe impl Send for Pile {}

fn packed(parts: Range<u32>) -> u64 {
    u64::from(parts.end) << 32 | u64::from(parts.start)
}

fn unpacked(left: u64) -> Range<u32> {
    left as u32..(left >> 32) as u32
}

impl Pile {
    pub(super) fn new() -> Self {
        fn nothing(_: usize) {}
        Self { left: AtomicU64::new(0), done: AtomicU64::new(0), work: UnsafeCell::new(&nothing) }
    }

    /// Lays these parts out to be taken.
    ///
    /// # Safety
    /// The pile is finished ([`Pile::finish`]) or new, and finished again before the work ends to exist.
    pub(super) unsafe fn lay(&self, parts: Range<u32>, work: *const Work) {
        // SAFETY: nobody reads it, as no part can be taken yet and none is being done.
        unsafe { *self.work.get() = work };
        self.done.store(u64::from(parts.start), Ordering::Relaxed);
        self.left.store(packed(parts), Ordering::Release);
    }

    pub(super) fn is_empty(&self) -> bool {
        unpacked(self.left.load(Ordering::Relaxed)).is_empty()
    }

    /// Does parts until none are left.
    pub(super) fn work(&self) {
        let mut left = self.left.load(Ordering::Relaxed);
        loop {
            let Range { start: part, end } = unpacked(left);
            if part >= end {
                return;
            }
            let rest = packed(part + 1..end);
            if let Err(other) =
                self.left.compare_exchange_weak(left, rest, Ordering::Acquire, Ordering::Relaxed)
            {
                left = other;
                continue;
            }
            let _done = Done(self);
            // SAFETY: a part has been taken, so the work was laid out before and exists until the part is counted as done.
            let work = unsafe { &**self.work.get() };
            work(part as usize);
            left = self.left.load(Ordering::Relaxed);
        }
    }

    /// Leaves no part to be taken, and waits until those that were are done.
    pub(super) fn finish(&self) {
        const LOOKS: usize = 2000;
        let taken = |left: u64| unpacked(left).start;
        let nothing_left = |left: u64| Some(packed(taken(left)..taken(left)));
        let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, nothing_left);
        let taken = u64::from(taken(left.unwrap_or_else(|left| left)));
        let mut looks = 0;
        while self.done.load(Ordering::Acquire) < taken {
            looks += 1;
            if looks < LOOKS {
                hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }
}

/// Counts a part as done when dropped, also by a panic.
struct Done<'a>(&'a Pile);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.done.fetch_add(1, Ordering::Release);
    }
}
