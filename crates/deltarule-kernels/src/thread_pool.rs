//! The threads that share a product.

mod task_queue;

use crate::flush::FlushToZero;
use crate::isa::Isa;
use crate::thread_pool::task_queue::{Task, TaskQueue};
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle, Thread};

/// Threads that share the tasks of a product among themselves. The result never depends on how many there are.
///
/// The threads start with the first product worth sharing, spin briefly while they wait for the next one and then sleep,
/// and end with the pool. A forked child process starts threads of its own. Where several threads ask one pool for
/// products at the same time, one of them is helped by the pool and the others compute theirs alone.
pub struct ThreadPool {
    threads: usize,
    isa: Isa,
    workers: Mutex<Option<Workers>>,
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPool")
            .field("threads", &self.threads)
            .field("isa", &self.isa)
            .finish_non_exhaustive()
    }
}

impl ThreadPool {
    /// The caller's thread alone.
    ///
    /// # Panics
    /// As [`ThreadPool::new`].
    pub fn single() -> Self {
        Self::new(1)
    }

    /// The caller's thread and `threads − 1` more; at least the caller's.
    ///
    /// # Panics
    /// When `DELTARULE_ISA` names no instruction set of this processor: ask [`Isa::selected`] before.
    pub fn new(threads: usize) -> Self {
        Self::with_isa(threads, Isa::selected().unwrap_or_else(|error| panic!("DELTARULE_ISA: {error}")))
    }

    /// As [`ThreadPool::new`], with the instruction set to use.
    pub fn with_isa(threads: usize, isa: Isa) -> Self {
        Self { threads: threads.max(1), isa, workers: Mutex::new(None) }
    }

    /// Number of threads, the caller's included.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The instruction set of the products.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Calls `task` with each number below `count`, on whichever thread is free, and returns when all calls have.
    pub(crate) fn for_each(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        let _flush = FlushToZero::on();
        if self.threads > 1 && count > 1 {
            let workers = match self.workers.try_lock() {
                Ok(workers) => Some(workers),
                Err(TryLockError::Poisoned(workers)) => Some(workers.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            };
            if let Some(mut workers) = workers {
                return self.started(&mut workers).for_each(count, task);
            }
        }
        (0..count).for_each(task);
    }

    /// The workers of this process, started if need be.
    fn started<'a>(&self, workers: &'a mut MutexGuard<'_, Option<Workers>>) -> &'a Workers {
        let process = std::process::id();
        if workers.as_ref().is_some_and(|workers| workers.process != process) {
            // Their threads stayed in the parent process: there is nothing to join, nor anyone to wake.
            std::mem::forget(workers.take());
        }
        workers.get_or_insert_with(|| Workers::start(self.threads - 1, process))
    }
}

/// How often a waiting thread looks for tasks before it sleeps: some 50 µs.
const SPINS: usize = 2000;

/// The threads beside the caller's.
struct Workers {
    shared: Arc<Shared>,
    handles: Vec<JoinHandle<()>>,
    process: u32,
}

/// What the threads share.
struct Shared {
    /// One for each thread, the caller's first. Each gets the same tasks from job to job, so that what they read and write
    /// is still in their thread's cache.
    queues: Vec<TaskQueue>,
    /// Whether a thread sleeps.
    sleeping: Vec<AtomicBool>,
    closing: AtomicBool,
    /// What a task panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Shared {
    /// Runs the tasks of thread `number`, and then those that other threads have not come to.
    fn run_tasks(&self, number: usize) {
        for queue in self.queues[number..].iter().chain(&self.queues[..number]) {
            queue.run_tasks();
        }
    }

    /// The whole life of a worker.
    fn work(&self, number: usize) {
        let _flush = FlushToZero::on();
        while self.wait_for_tasks(number) {
            self.run_tasks(number);
        }
    }

    /// Waits for tasks in the thread's own queue; false when the pool closes instead.
    fn wait_for_tasks(&self, number: usize) -> bool {
        let is_due = || !self.queues[number].is_empty() || self.closing.load(Ordering::Relaxed);
        let mut looks = 0;
        while !is_due() {
            looks += 1;
            if looks < SPINS {
                std::hint::spin_loop();
                continue;
            }
            let sleeping = &self.sleeping[number];
            sleeping.store(true, Ordering::SeqCst);
            if !is_due() {
                thread::park();
            }
            sleeping.store(false, Ordering::SeqCst);
            looks = 0;
        }
        !self.closing.load(Ordering::Relaxed)
    }

    /// Wakes a thread if it sleeps. One that is about to fall asleep may be missed and wakes for the next job; meanwhile the
    /// others run its tasks.
    fn wake(&self, number: usize, thread: &Thread) {
        let sleeping = &self.sleeping[number];
        if sleeping.load(Ordering::Relaxed) && sleeping.swap(false, Ordering::SeqCst) {
            thread.unpark();
        }
    }
}

impl Workers {
    fn start(count: usize, process: u32) -> Self {
        let shared = Arc::new(Shared {
            queues: (0..=count).map(|_| TaskQueue::new()).collect(),
            sleeping: (0..=count).map(|_| AtomicBool::new(false)).collect(),
            closing: AtomicBool::new(false),
            panic: Mutex::new(None),
        });
        // Where the system gives no thread, the others run its tasks.
        let handles = (1..=count)
            .map_while(|number| {
                let shared = Arc::clone(&shared);
                thread::Builder::new()
                    .name(format!("deltarule-{number}"))
                    .spawn(move || shared.work(number))
                    .ok()
            })
            .collect();
        Self { shared, handles, process }
    }

    /// Shares the tasks with whichever threads are awake in time. The caller holds the lock of the workers, so there is one
    /// job at a time.
    fn for_each(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        let shared = &*self.shared;
        let threads = shared.queues.len();
        let first =
            |queue: usize| u32::try_from(count * queue / threads).expect("tasks by the thousand million");
        // A panic is stored before its task counts as done, so that it is there when all tasks are.
        let task: &(dyn Fn(usize) + Sync) = &|number| {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| task(number))) {
                *shared.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
            }
        };
        // SAFETY: the closure's lifetime is erased here; `FinishOnDrop` below, which also runs when a task panics, waits
        // until all tasks that were taken are done.
        let task = unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), *const Task>(task) };
        {
            let _finish = FinishOnDrop(shared);
            for (n, queue) in shared.queues.iter().enumerate().rev() {
                // SAFETY: `FinishOnDrop` finished it after the job before, and will again.
                unsafe { queue.publish(first(n)..first(n + 1), task) };
            }
            for (number, handle) in (1..).zip(&self.handles).filter(|(n, _)| first(*n) < first(n + 1)) {
                shared.wake(number, handle.thread());
            }
            shared.run_tasks(0);
        }
        let panic = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

/// Ends a job when dropped: no task can be taken any more, and those that were are waited for.
struct FinishOnDrop<'a>(&'a Shared);

impl Drop for FinishOnDrop<'_> {
    fn drop(&mut self) {
        self.0.queues.iter().for_each(TaskQueue::finish);
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            return; // A forked child: the threads are the parent's.
        }
        self.shared.closing.store(true, Ordering::SeqCst);
        for handle in self.handles.drain(..) {
            handle.thread().unpark();
            // Panics of tasks were caught, so the thread ends normally.
            let _ = handle.join();
        }
    }
}
