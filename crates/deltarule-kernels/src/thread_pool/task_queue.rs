//! The tasks of a job that are meant for one thread, and how many of them are done.

use std::cell::UnsafeCell;
use std::hint;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// What is called with the number of each task.
pub(super) type Task = dyn Fn(usize) + Sync;

/// Tasks that one thread takes first, and others when their own queues are empty.
///
/// All that a thread needs to begin lies in one cache line, since a line that another processor wrote takes hundreds of
/// cycles to arrive: which tasks are left, and what to call. Aligned to two lines, as some processors fetch pairs.
#[repr(align(128))]
pub(super) struct TaskQueue {
    /// The next task in the lower half, and the end of the queue in the upper half.
    left: AtomicU64,
    /// How many of the tasks taken are done.
    done: AtomicU64,
    /// Written only while no task is left and all that were taken are done; read only by a thread that has taken a task and
    /// not yet counted it as done.
    task: UnsafeCell<*const Task>,
}

// SAFETY: `task` is read and written at the times that its description names, which `left` and `done` order; what it points
// to may be called from any thread.
unsafe impl Sync for TaskQueue {}
// SAFETY: as for `Sync`.
unsafe impl Send for TaskQueue {}

fn packed(tasks: Range<u32>) -> u64 {
    u64::from(tasks.end) << 32 | u64::from(tasks.start)
}

fn unpacked(left: u64) -> Range<u32> {
    left as u32..(left >> 32) as u32
}

impl TaskQueue {
    pub(super) fn new() -> Self {
        fn nothing(_: usize) {}
        Self { left: AtomicU64::new(0), done: AtomicU64::new(0), task: UnsafeCell::new(&nothing) }
    }

    /// Makes the tasks `numbers` available to all threads.
    ///
    /// # Safety
    /// The queue is new or finished ([`TaskQueue::finish`]), and is finished again before `task` ceases to exist.
    pub(super) unsafe fn publish(&self, numbers: Range<u32>, task: *const Task) {
        // SAFETY: nobody reads it, as no task can be taken yet and none is running.
        unsafe { *self.task.get() = task };
        self.done.store(u64::from(numbers.start), Ordering::Relaxed);
        self.left.store(packed(numbers), Ordering::Release);
    }

    pub(super) fn is_empty(&self) -> bool {
        unpacked(self.left.load(Ordering::Relaxed)).is_empty()
    }

    /// Takes and runs tasks until none is left.
    pub(super) fn run_tasks(&self) {
        let mut left = self.left.load(Ordering::Relaxed);
        loop {
            let Range { start: number, end } = unpacked(left);
            if number >= end {
                return;
            }
            let rest = packed(number + 1..end);
            if let Err(other) =
                self.left.compare_exchange_weak(left, rest, Ordering::Acquire, Ordering::Relaxed)
            {
                left = other;
                continue;
            }
            let _done = CountOnDrop(self);
            // SAFETY: a task was taken, so `task` was published before and exists until the task is counted as done.
            let task = unsafe { &**self.task.get() };
            task(number as usize);
            left = self.left.load(Ordering::Relaxed);
        }
    }

    /// Leaves no task to be taken, and waits until those that were are done.
    pub(super) fn finish(&self) {
        const SPINS: usize = 2000;
        let taken = |left: u64| unpacked(left).start;
        let nothing_left = |left: u64| Some(packed(taken(left)..taken(left)));
        let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, nothing_left);
        let taken = u64::from(taken(left.unwrap_or_else(|left| left)));
        let mut looks = 0;
        while self.done.load(Ordering::Acquire) < taken {
            looks += 1;
            if looks < SPINS {
                hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }
}

/// Counts a task as done when dropped, also after a panic.
struct CountOnDrop<'a>(&'a TaskQueue);

impl Drop for CountOnDrop<'_> {
    fn drop(&mut self) {
        self.0.done.fetch_add(1, Ordering::Release);
    }
}
